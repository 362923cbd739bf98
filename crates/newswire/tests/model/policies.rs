//! Small queues in full: every bound and every number of events, and exactly what is left.

use std::time::Duration;

use newswire::{Bus, Delivery, GapReason, LoopThread, SubscribeOptions, WhenFull};

use super::program::event_of;
use super::reference::Sample;

const EVENT: Sample = Sample { kind: 0, session: None, internal: false, n: 0, depth: 0 };

/// What is done to a queue.
#[derive(Clone, Copy, Debug)]
enum Use {
    /// All events are published before any is taken.
    Fills(WhenFull),
    /// A consumer takes while the publisher waits.
    Drains,
}

/// One queue and its events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    places: usize,
    count: u64,
    /// Gives even the queue that drops its oldest a place of its own, instead of one on a tape.
    internal: bool,
    used: Use,
}

/// Every queue of up to `largest` places, on a tape and with a queue of its own, under every policy, with up
/// to `events` events.
pub(crate) fn enumerate(largest: usize, events: u64) -> impl Iterator<Item = Case> {
    (1..=largest).flat_map(move |places| (0..=events).flat_map(move |count| Case::all(places, count)))
}

impl Case {
    /// All uses of a queue of `places` places by `count` events.
    pub(crate) fn all(places: usize, count: u64) -> impl Iterator<Item = Self> {
        let fills = [WhenFull::DropOldest, WhenFull::DropNewest, WhenFull::Block].map(Use::Fills);
        let used = fills.into_iter().chain([Use::Drains]);
        used.flat_map(move |used| [false, true].map(|internal| Self { places, count, internal, used }))
    }

    /// # Panics
    /// If the queue keeps or tells anything else than it should.
    pub(crate) fn check(self) {
        let Self { places, count, internal, used } = self;
        match used {
            Use::Fills(when_full) => fills(places, count, internal, when_full),
            Use::Drains => drains(places, count, internal),
        }
    }
}

/// Exactly the first or the last are left, and the others are told of in their place.
fn fills(places: usize, count: u64, internal: bool, when_full: WhenFull) {
    let _on_loop = (when_full == WhenFull::Block).then(LoopThread::enter);
    let (bus, mut subscription) = subscribe(places, internal, when_full);
    for _ in 0..count {
        bus.publish(event_of(EVENT)).unwrap();
    }
    let kept = count.min(places as u64);
    let lost = count - kept;
    let (kept, lost_from, reason) = match when_full {
        WhenFull::DropOldest => (lost + 1..=count, 1, GapReason::Full),
        WhenFull::DropNewest => (1..=kept, kept + 1, GapReason::Full),
        WhenFull::Block => (1..=kept, kept + 1, GapReason::WouldBlock),
    };
    let (mut events, mut gaps) = (Vec::new(), Vec::new());
    while let Some(delivery) = subscription.try_next().unwrap() {
        match delivery {
            Delivery::Event(event) => events.push(event.seq()),
            Delivery::Gap(gap) => {
                let place = if when_full == WhenFull::DropOldest { 0 } else { kept.clone().count() };
                assert_eq!(events.len(), place, "the gap is in its position");
                gaps.push((gap.first, gap.last, gap.count, gap.reason));
            }
        }
    }
    let name = format!("{when_full:?}, {places} places, {count} events, internal {internal}");
    assert_eq!(events, kept.collect::<Vec<_>>(), "{name}");
    let told = (lost > 0).then_some((lost_from, lost_from + lost.max(1) - 1, lost, reason));
    assert_eq!(gaps, told.into_iter().collect::<Vec<_>>(), "{name}");
    let books = subscription.stats().books;
    assert_eq!((books.matched, books.dropped, books.handled), (count, lost, count - lost), "{name}");
}

/// Who waits loses nothing.
fn drains(places: usize, count: u64, internal: bool) {
    let (bus, subscription) = subscribe(places, internal, WhenFull::Block);
    let taker = std::thread::spawn(move || subscription.filter_map(Delivery::event).count() as u64);
    let dropped: u32 = (0..count).map(|_| bus.publish(event_of(EVENT)).unwrap().dropped).sum();
    bus.close(Duration::from_secs(60));
    assert_eq!((taker.join().unwrap(), dropped), (count, 0), "{places} places, {count} events");
}

fn subscribe(places: usize, internal: bool, when_full: WhenFull) -> (Bus, newswire::Subscription) {
    let bus = Bus::new();
    let max_wait = Duration::from_secs(600);
    let options =
        SubscribeOptions { buffer: places, when_full, internal, max_wait, ..SubscribeOptions::default() };
    let subscription = bus.subscribe_with("m.*", options).unwrap();
    (bus, subscription)
}
