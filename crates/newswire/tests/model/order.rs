//! One total order: several publishers, several subscribers, and the same sequence for each of them.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use newswire::{Bus, Delivery, Event, Kind, SubscribeOptions, Subscription, WhenFull};

/// Subscriptions wait for so many events; publishers stay within that, so that nothing is lost on a tape.
const BUFFER: usize = 1 << 14;

/// What one subscriber saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sight {
    events: u64,
    inversions: u64,
    sequence: u64,
}

/// What must not be, counted over all subscribers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Disorder {
    /// Events whose seq, or number from their own publisher, was not the next.
    pub(crate) inversions: u64,
    /// Events that a subscriber did not see.
    pub(crate) missing: u64,
    /// Subscribers whose sequence was not the first one's.
    pub(crate) differing: u64,
}

/// `publishers` publish `each` events apiece, to `subscribers` of which every eighth has a queue of its own.
pub(crate) fn disorder(publishers: usize, subscribers: usize, each: u64) -> Disorder {
    let bus = Bus::new();
    let taken: Vec<AtomicU64> = (0..subscribers).map(|_| AtomicU64::new(0)).collect();
    let sights = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for (at, taken) in taken.iter().enumerate() {
            let when_full = if at % 8 == 0 { WhenFull::Block } else { WhenFull::DropOldest };
            let max_wait = Duration::from_secs(600);
            let options =
                SubscribeOptions { buffer: BUFFER, when_full, max_wait, ..SubscribeOptions::default() };
            let subscription = bus.subscribe_with("order.*", options).unwrap();
            let sights = &sights;
            scope.spawn(move || {
                let sight = watch(subscription, publishers, taken);
                sights.lock().unwrap().push(sight);
            });
        }
        let publishing: Vec<_> = (0..publishers)
            .map(|publisher| {
                let (bus, taken) = (&bus, &taken);
                scope.spawn(move || publish(bus, publisher, each, taken))
            })
            .collect();
        publishing.into_iter().for_each(|publisher| publisher.join().unwrap());
        bus.close(Duration::from_secs(60));
    });
    let sights = sights.into_inner().unwrap();
    let published = publishers as u64 * each;
    Disorder {
        inversions: sights.iter().map(|sight| sight.inversions).sum(),
        missing: sights.iter().map(|sight| sight.events.abs_diff(published)).sum(),
        differing: sights.iter().filter(|sight| sight.sequence != sights[0].sequence).count() as u64,
    }
}

fn publish(bus: &Bus, publisher: usize, each: u64, taken: &[AtomicU64]) {
    let kind = Kind::parse(&format!("order.p{publisher}")).unwrap();
    for number in 1..=each {
        let event = Event::builder(kind.clone()).time_ns(number as i64).build().unwrap();
        let seq = bus.publish(event).unwrap().seq.unwrap();
        while number % 64 == 0
            && taken.iter().any(|taken| taken.load(Ordering::Relaxed) + BUFFER as u64 / 2 < seq)
        {
            thread::yield_now();
        }
    }
}

fn watch(mut subscription: Subscription, publishers: usize, taken: &AtomicU64) -> Sight {
    let kinds: Vec<_> = (0..publishers).map(|at| Kind::parse(&format!("order.p{at}")).unwrap()).collect();
    let mut last = vec![0; publishers];
    let mut hasher = DefaultHasher::new();
    let mut sight = Sight { events: 0, inversions: 0, sequence: 0 };
    // Publishers wait for a place in the order, which also one who misses events reaches.
    let mut reached = 0;
    let mut batch = Vec::new();
    while subscription.next_batch(&mut batch, 256) > 0 {
        for delivery in batch.drain(..) {
            let event = match delivery {
                Delivery::Event(event) => event,
                Delivery::Gap(gap) => {
                    reached = gap.last;
                    continue;
                }
            };
            reached = event.seq();
            let publisher = kinds.iter().position(|kind| kind == event.kind()).unwrap();
            sight.events += 1;
            last[publisher] += 1;
            let in_order = event.seq() == sight.events && event.time_ns() == last[publisher];
            sight.inversions += u64::from(!in_order);
            hasher.write_usize(publisher);
            hasher.write_i64(event.time_ns());
        }
        taken.store(reached, Ordering::Relaxed);
    }
    sight.sequence = hasher.finish();
    sight
}
