//! Handlers: how they are called, in which order, how often, and what becomes of those that go wrong.

mod emitting;
mod hosts;
mod inline;
mod keyed;
mod lives;
mod outcomes;
mod owned;
mod typed;
mod unwinding;
mod workers;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use newswire::{Bus, Event, EventBuilder, Failure, HandlerOptions, Kind, Mode, Published, Scope, ScopeField};
use parking_lot::{Condvar, Mutex};

/// Far longer than anything here takes; only a test that fails waits so long.
const LONG: Duration = Duration::from_secs(60);

/// Begins an event of that kind.
fn event(kind: &str) -> EventBuilder {
    Event::builder(Kind::parse(kind).unwrap())
}

/// Publishes an event that says `text`.
fn say(bus: &Bus, kind: &str, text: impl ToString) -> Published {
    bus.publish(event(kind).message(text.to_string()).build().unwrap()).unwrap()
}

/// Publishes an event of that session.
fn say_in(bus: &Bus, session: &str, text: impl ToString) -> Published {
    let scope = Scope::new().with(ScopeField::Session, session).unwrap();
    bus.publish(event("work.done").scope(scope).message(text.to_string()).build().unwrap()).unwrap()
}

fn said(event: &Event) -> String {
    event.message().unwrap_or_default().to_owned()
}

fn served(mode: Mode) -> HandlerOptions {
    HandlerOptions { mode, ..HandlerOptions::default() }
}

/// Waits until something is so.
#[track_caller]
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never came about that {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What handlers noted, in order; a clone is the same log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn note(&self, what: impl ToString) {
        self.0.lock().push(what.to_string());
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().clone()
    }

    fn len(&self) -> usize {
        self.0.lock().len()
    }

    /// A handler that notes what events say.
    fn listener(&self) -> impl Fn(&Event) + Send + Sync + 'static {
        let log = self.clone();
        move |event: &Event| log.note(said(event))
    }
}

/// A door that handlers wait at until it is opened.
#[derive(Clone, Default)]
struct Door(Arc<(Mutex<(bool, usize)>, Condvar)>);

impl Door {
    /// Waits until the door is open.
    fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock();
        state.1 += 1;
        changed.notify_all();
        while !state.0 {
            assert!(!changed.wait_for(&mut state, LONG).timed_out(), "nobody opened the door");
        }
    }

    /// Waits until that many have come to it.
    fn await_visitors(&self, count: usize) {
        let (state, changed) = &*self.0;
        let mut state = state.lock();
        while state.1 < count {
            assert!(!changed.wait_for(&mut state, LONG).timed_out(), "too few came to the door");
        }
    }

    fn visitors(&self) -> usize {
        self.0.0.lock().1
    }

    fn open(&self) {
        self.0.0.lock().0 = true;
        self.0.1.notify_all();
    }
}

/// A channel whose sender any handler can use.
fn reports<T: Send>() -> (Arc<Mutex<Sender<T>>>, Receiver<T>) {
    let (sender, receiver) = channel();
    (Arc::new(Mutex::new(sender)), receiver)
}

fn failure(text: &str) -> Result<(), Failure> {
    Err(text.into())
}
