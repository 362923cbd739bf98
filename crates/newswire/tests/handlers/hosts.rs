//! Handlers of another language: where they are served, and that its runtime is entered once for many events.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::thread;

use newswire::{Bus, Event, HandlerOptions, Host, Mode};

use super::{Log, eventually, said, say, served};

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    /// How often this thread has entered.
    static ENTERED: Cell<usize> = const { Cell::new(0) };
}

fn hosted(mode: Mode) -> HandlerOptions {
    let enter = |serve: &mut dyn FnMut()| {
        ENTERED.set(ENTERED.get() + 1);
        INSIDE.set(true);
        serve();
        INSIDE.set(false);
    };
    HandlerOptions { host: Some(Host { is_here: || INSIDE.get(), enter }), ..served(mode) }
}

#[test]
fn an_inline_handler_is_called_by_publishers_inside_its_runtime_and_else_by_a_worker() {
    let (bus, log) = (Bus::new(), Log::default());
    let (own, notes) = (thread::current().id(), log.clone());
    let handler = move |event: &Event| {
        assert!(INSIDE.get());
        notes.note(format!("{} {}", said(event), thread::current().id() == own));
    };
    let _listener = bus.on_with("work.*", hosted(Mode::Inline), handler).unwrap();
    let outside = say(&bus, "work.done", "outside");
    assert_eq!((outside.delivered, outside.deferred), (0, 1));
    eventually("a worker has served it", || log.lines().len() == 1);
    INSIDE.set(true);
    let mut inside = say(&bus, "work.done", "inside");
    while inside.deferred > 0 {
        // The worker may not have noticed yet that there is nothing more to do.
        inside = say(&bus, "work.done", "inside");
    }
    INSIDE.set(false);
    let lines = log.lines();
    assert_eq!((lines[0].as_str(), lines.last().unwrap().as_str()), ("outside false", "inside true"));
}

#[test]
fn a_worker_enters_the_runtime_once_for_a_run_of_events() {
    let (bus, log) = (Bus::new(), Log::default());
    let notes = log.clone();
    let handler = move |_: &Event| notes.note(format!("{:?} {}", thread::current().id(), ENTERED.get()));
    let listener = bus.on_with("work.*", hosted(Mode::Locked), handler).unwrap();
    listener.pause();
    for number in 0..50 {
        say(&bus, "work.done", number);
    }
    listener.resume();
    eventually("all are served", || log.lines().len() == 50);
    let entries: BTreeSet<_> = log.lines().into_iter().collect();
    assert!(entries.len() < 10, "{entries:?}");
}
