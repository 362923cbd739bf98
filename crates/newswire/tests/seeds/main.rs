//! What the tests of five earlier systems pin down, kept or bettered: one module a system, each with a table
//! of behaviours. What belongs to their stores, players, exporters and web servers is tested where Newswire
//! has that.

mod agent_runtime;
mod aitaskagent;
mod picoclaw;
mod praxis;
mod promptkit;

use std::sync::Arc;
use std::time::{Duration, Instant};

use newswire::{
    Bus, Delivery, Event, EventBuilder, HandlerOptions, Kind, Mode, Published, SubscribeOptions,
    Subscription, WhenFull,
};
use parking_lot::{Condvar, Mutex};

/// Far longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);
/// A handler's time, of which calls that don't overrun take microseconds, unless the machine is elsewhere.
const AMPLE: Option<Duration> = Some(Duration::from_secs(2));

fn event(kind: &str) -> EventBuilder {
    Event::builder(Kind::parse(kind).unwrap())
}

fn publish(bus: &Bus, kind: &str) -> Published {
    bus.publish(event(kind).build().unwrap()).unwrap()
}

/// A queue of that many events.
fn holding(buffer: usize, when_full: WhenFull) -> SubscribeOptions {
    SubscribeOptions { buffer, when_full, ..SubscribeOptions::default() }
}

fn queued(queue: SubscribeOptions) -> HandlerOptions {
    HandlerOptions { queue, ..HandlerOptions::default() }
}

fn inline() -> HandlerOptions {
    HandlerOptions { mode: Mode::Inline, ..HandlerOptions::default() }
}

/// What is there now; gaps are left out.
fn events(subscription: &mut Subscription) -> Vec<Event> {
    std::iter::from_fn(|| subscription.try_next().ok().flatten()).filter_map(Delivery::event).collect()
}

#[track_caller]
fn eventually(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never came about");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Counts calls, as a handler.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<String>>>);

impl Calls {
    fn handler(&self) -> impl Fn(&Event) + Send + Sync + 'static {
        let calls = self.clone();
        move |event: &Event| calls.0.lock().push(event.kind().to_string())
    }

    fn count(&self) -> usize {
        self.0.lock().len()
    }
}

/// A door that a handler waits at.
#[derive(Clone, Default)]
struct Door(Arc<(Mutex<(bool, usize)>, Condvar)>);

impl Door {
    fn pass(&self) {
        let mut state = self.0.0.lock();
        state.1 += 1;
        self.0.1.notify_all();
        while !state.0 {
            assert!(!self.0.1.wait_for(&mut state, LONG).timed_out(), "nobody opened the door");
        }
    }

    fn await_visitor(&self) {
        let mut state = self.0.0.lock();
        while state.1 == 0 {
            assert!(!self.0.1.wait_for(&mut state, LONG).timed_out(), "nobody came to the door");
        }
    }

    fn open(&self) {
        self.0.0.lock().0 = true;
        self.0.1.notify_all();
    }
}
