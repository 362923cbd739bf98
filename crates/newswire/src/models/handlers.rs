//! Handlers: every event is served, by one thread at a time, and `once` is spent once.

use std::sync::Arc;

use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use loom::thread;

use super::{LONG, check, publish};
use crate::bus::{Bus, Listener, Unsubscribed};
use crate::event::Event;
use crate::options::{HandlerOptions, Mode, SubscribeOptions};

/// A handler that counts its calls, and fails when two are under way or one comes out of order.
fn count(bus: &Bus, options: HandlerOptions) -> (Arc<AtomicU64>, Listener) {
    let (calls, last, inside) = (Arc::new(AtomicU64::new(0)), AtomicU64::new(0), AtomicBool::new(false));
    let counted = calls.clone();
    let handler = move |event: &Event| {
        assert!(!inside.swap(true, Ordering::Relaxed), "two calls at a time");
        assert!(last.swap(event.seq(), Ordering::Relaxed) < event.seq(), "out of order");
        counted.fetch_add(1, Ordering::Relaxed);
        inside.store(false, Ordering::Relaxed);
    };
    (calls, bus.on_with("model.*", options, handler).expect("a listener"))
}

fn inline() -> HandlerOptions {
    HandlerOptions { mode: Mode::Inline, ..HandlerOptions::default() }
}

#[test]
fn no_event_is_left_unserved_between_two_publishers() {
    check(|| {
        let bus = Bus::new();
        let (calls, listener) = count(&bus, inline());
        let other = bus.clone();
        let publisher = thread::spawn(move || publish(&other));
        publish(&bus);
        publisher.join().expect("the publisher ends");
        let stats = listener.stats();
        assert_eq!((calls.load(Ordering::Relaxed), stats.books.handled), (2, 2), "{stats:?}");
    });
}

#[test]
fn once_is_spent_by_one_of_two_publishers() {
    check(|| {
        let bus = Bus::new();
        let (calls, _listener) = count(&bus, HandlerOptions { once: true, ..inline() });
        let other = bus.clone();
        let publisher = thread::spawn(move || publish(&other));
        let mine = publish(&bus);
        let theirs = publisher.join().expect("the publisher ends");
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert_eq!(mine.matched + theirs.matched, 1);
        assert_eq!(bus.stats().ended.first().map(|stats| stats.books.handled), Some(1));
    });
}

#[test]
fn a_worker_that_goes_to_rest_misses_no_event() {
    check(|| {
        let bus = Bus::new();
        let (calls, _listener) = count(&bus, HandlerOptions::default());
        publish(&bus);
        let core = bus.core.clone();
        let worker = thread::spawn(move || while core.pool.work() {});
        publish(&bus);
        worker.join().expect("the worker ends");
        while bus.core.pool.work() {}
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn a_handler_with_two_lanes_is_served_by_two_workers_to_the_last_event() {
    check(|| {
        let bus = Bus::new();
        let calls = Arc::new(AtomicU64::new(0));
        let counted = calls.clone();
        let options = HandlerOptions { mode: Mode::Concurrent(2), ..HandlerOptions::default() };
        let handler = move |_: &Event| _ = counted.fetch_add(1, Ordering::Relaxed);
        let listener = bus.on_with("model.*", options, handler).expect("a listener");
        publish(&bus);
        publish(&bus);
        let core = bus.core.clone();
        let worker = thread::spawn(move || while core.pool.work() {});
        while bus.core.pool.work() {}
        worker.join().expect("the worker ends");
        while bus.core.pool.work() {}
        assert_eq!(calls.load(Ordering::Relaxed), 2);
        assert!(listener.stats().books.balance());
    });
}

/// Unsubscribes while a publisher or worker may be about to call.
fn nothing_is_called_after_unsubscribe(options: fn() -> HandlerOptions) {
    check(move || {
        let bus = Bus::new();
        let (calls, listener) = count(&bus, options());
        publish(&bus);
        let other = bus.clone();
        let publisher = thread::spawn(move || {
            publish(&other);
            while other.core.pool.work() {}
        });
        assert_eq!(listener.unsubscribe(LONG), Unsubscribed::Quiet);
        let called = calls.load(Ordering::Relaxed);
        publisher.join().expect("the publisher ends");
        while bus.core.pool.work() {}
        assert_eq!(calls.load(Ordering::Relaxed), called);
        let books = bus.stats().ended.first().expect("it is remembered").books;
        assert!(books.balance() && books.handled == called && books.in_flight == 0, "{books:?}");
    });
}

#[test]
fn no_publisher_calls_a_handler_that_has_unsubscribed() {
    nothing_is_called_after_unsubscribe(inline);
}

#[test]
fn no_worker_calls_a_handler_that_has_unsubscribed() {
    nothing_is_called_after_unsubscribe(HandlerOptions::default);
}

#[test]
fn no_worker_tells_a_gap_to_a_handler_that_has_unsubscribed() {
    struct GapsOnly(Arc<AtomicU64>);
    impl crate::Handler for GapsOnly {
        fn on_event(&self, _: &Event) -> Result<(), crate::Failure> {
            Ok(())
        }
        fn on_gap(&self, _: &crate::Gap) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    check(|| {
        let bus = Bus::new();
        let gaps = Arc::new(AtomicU64::new(0));
        let queue = SubscribeOptions { buffer: 1, ..SubscribeOptions::default() };
        let options = HandlerOptions { queue, ..HandlerOptions::default() };
        let listener = bus.on_with("model.*", options, GapsOnly(gaps.clone())).expect("a listener");
        publish(&bus);
        publish(&bus);
        let core = bus.core.clone();
        let worker = thread::spawn(move || while core.pool.work() {});
        assert_eq!(listener.unsubscribe(LONG), Unsubscribed::Quiet);
        let told = gaps.load(Ordering::Relaxed);
        worker.join().expect("the worker ends");
        assert_eq!(gaps.load(Ordering::Relaxed), told);
    });
}
