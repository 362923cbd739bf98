//! What the chapters share: short ways to make events and to tell what came.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use newswire::{
    Bus, Delivery, Event, Gap, GapReason, HandlerOptions, Kind, Mode, SubscribeOptions, Subscription,
    WhenFull,
};

/// Longer than anything here takes; a wait of this length has failed.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) fn kind(name: &str) -> Kind {
    Kind::parse(name).unwrap()
}

pub(crate) fn event(name: &str) -> Event {
    Event::builder(kind(name)).build().unwrap()
}

/// An event with a payload of about that many bytes.
pub(crate) fn large_event(bytes: usize) -> Event {
    Event::builder(kind("log.written")).serialize(&"x".repeat(bytes)).build().unwrap()
}

pub(crate) fn publish(bus: &Bus, count: usize) {
    for _ in 0..count {
        bus.publish(event("log.written")).unwrap();
    }
}

/// A queue of that many places, and what happens beyond.
pub(crate) fn queue(buffer: usize, when_full: WhenFull) -> SubscribeOptions {
    SubscribeOptions { buffer, when_full, ..SubscribeOptions::default() }
}

/// A queue that publishers wait for, for ever as far as a test can tell.
pub(crate) fn blocking(buffer: usize) -> SubscribeOptions {
    SubscribeOptions { max_wait: LONG, ..queue(buffer, WhenFull::Block) }
}

pub(crate) fn inline(queue: SubscribeOptions) -> HandlerOptions {
    HandlerOptions { queue, mode: Mode::Inline, ..HandlerOptions::default() }
}

/// One item, short enough to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// An event's seq.
    Seq(u64),
    /// First, last, count, reason.
    Lost(u64, u64, u64, GapReason),
}

impl From<Delivery> for Item {
    fn from(delivery: Delivery) -> Self {
        match delivery {
            Delivery::Event(event) => Self::Seq(event.seq()),
            Delivery::Gap(Gap { first, last, count, reason }) => Self::Lost(first, last, count, reason),
        }
    }
}

/// All that is there now.
pub(crate) fn drain(subscription: &mut Subscription) -> Vec<Item> {
    std::iter::from_fn(|| subscription.try_next().ok().flatten()).map(Item::from).collect()
}

/// Seqs of the events that are there now; gaps are refused.
pub(crate) fn seqs(subscription: &mut Subscription) -> Vec<u64> {
    drain(subscription)
        .into_iter()
        .map(|item| match item {
            Item::Seq(seq) => seq,
            lost => panic!("a gap where none may be: {lost:?}"),
        })
        .collect()
}

/// Waits until it is so.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never came about: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What `attempt` gives once it says that a publisher waited for the queue that it had filled with that `max_wait`: one
/// that has been full for so long is stalled, and nobody waits for it. Where the machine took that long between filling
/// it and publishing, it is tried again.
pub(crate) fn before_it_stalls<R>(max_wait: Duration, attempt: impl Fn() -> (bool, R)) -> R {
    for _ in 0..50 {
        let began = Instant::now();
        let (has_waited, result) = attempt();
        if has_waited {
            return result;
        }
        assert!(began.elapsed() >= max_wait, "nobody waited for a queue that had not been full for long");
    }
    panic!("the machine is too slow to fill a queue and publish within {max_wait:?}");
}

/// A gate that a handler waits at: it says when it has come, and goes on when told.
pub(crate) fn gate() -> (mpsc::Receiver<()>, mpsc::Sender<()>, impl Fn() + Send + Sync + 'static) {
    let (arrive, arrived) = mpsc::channel();
    let (open, opened) = mpsc::channel::<()>();
    let opened = std::sync::Mutex::new(opened);
    let wait = move || {
        let _ = arrive.send(());
        let _ = opened.lock().unwrap().recv_timeout(LONG);
    };
    (arrived, open, wait)
}
