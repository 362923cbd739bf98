//! Waiting publishers, and close: everyone is released, once, and nothing happens afterwards.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use loom::thread;

use super::{LONG, assert_accounts_for, check, event, publish, rest_of, subscribe};
use crate::bus::Bus;
use crate::event::Event;
use crate::handler::{Failure, Handler};
use crate::options::{HandlerOptions, Mode, SubscribeOptions, WhenFull};
use crate::subscription::pull::Subscription;

/// A bus with a queue that blocks, and is full.
fn full() -> (Bus, Subscription) {
    let bus = Bus::new();
    let options = SubscribeOptions { buffer: 1, when_full: WhenFull::Block, ..SubscribeOptions::default() };
    let subscription = subscribe(&bus, options);
    publish(&bus);
    (bus, subscription)
}

#[test]
fn a_publisher_that_waits_for_room_is_let_in_when_there_is_some() {
    check(|| {
        let (bus, mut subscription) = full();
        let publisher = thread::spawn(move || publish(&bus));
        let mut got = rest_of(&mut subscription);
        let published = publisher.join().expect("the publisher ends");
        got.extend(rest_of(&mut subscription));
        assert_eq!((published.matched, published.delivered, published.dropped), (1, 1, 0));
        assert_accounts_for(&got, 1, 2);
        assert_eq!(subscription.stats().books.handled, 2);
    });
}

#[test]
fn a_publisher_that_gives_up_was_let_in_or_dropped_never_both() {
    check(|| {
        let (bus, mut subscription) = full();
        let publisher = thread::spawn(move || drop(bus.publish_async(event()).map(drop)));
        let mut got = rest_of(&mut subscription);
        publisher.join().expect("the publisher ends");
        got.extend(rest_of(&mut subscription));
        assert_accounts_for(&got, 1, 2);
        let books = subscription.stats().books;
        assert!(books.balance() && books.handled + books.dropped == 2, "{books:?}");
    });
}

#[test]
fn a_publisher_that_waits_is_released_when_the_subscription_leaves() {
    check(|| {
        let (bus, subscription) = full();
        let other = bus.clone();
        let publisher = thread::spawn(move || publish(&other));
        drop(subscription);
        let published = publisher.join().expect("the publisher ends");
        assert_eq!((published.delivered, published.dropped), (0, published.matched));
        let books = bus.stats().ended.first().expect("it is remembered").books;
        assert!(books.balance() && books.waiting == 0, "{books:?}");
    });
}

#[test]
fn a_publisher_that_waits_is_released_by_close_and_a_later_one_refused() {
    check(|| {
        let (bus, mut subscription) = full();
        let other = bus.clone();
        let publisher = thread::spawn(move || other.publish(event()).ok());
        let report = bus.close(LONG);
        let published = publisher.join().expect("the publisher ends");
        assert!(report.complete);
        let last = published.map_or(1, |published| {
            assert_eq!((published.delivered, published.dropped), (0, 1));
            2
        });
        assert_eq!(report.last_seq, last);
        assert_accounts_for(&rest_of(&mut subscription), 1, last);
        assert!(subscription.next().is_none());
    });
}

#[test]
fn a_consumer_that_goes_to_sleep_meanwhile_sees_the_close() {
    check(|| {
        let bus = Bus::new();
        let mut subscription = subscribe(&bus, SubscribeOptions::default());
        let consumer = thread::spawn(move || subscription.next().is_none());
        bus.close(LONG);
        assert!(consumer.join().expect("the consumer ends"));
    });
}

#[test]
fn a_consumer_that_goes_to_sleep_meanwhile_sees_the_last_handle_go() {
    check(|| {
        let bus = Bus::new();
        let mut subscription = subscribe(&bus, SubscribeOptions::default());
        let other = bus.clone();
        let consumer = thread::spawn(move || (subscription.next().is_some(), subscription.next().is_none()));
        let publisher = thread::spawn(move || publish(&other));
        drop(bus);
        publisher.join().expect("the publisher ends");
        assert_eq!(consumer.join().expect("the consumer ends"), (true, true));
    });
}

/// Counts its calls; `on_close` must be the last, and must be over when the report is complete.
#[derive(Default)]
struct Closes {
    calls: Arc<AtomicU64>,
    closing: AtomicBool,
    closed: Arc<AtomicU64>,
}

impl Handler for Closes {
    fn on_event(&self, _: &Event) -> Result<(), Failure> {
        assert!(!self.closing.load(Ordering::Relaxed), "called after on_close");
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn on_close(&self) {
        assert!(!self.closing.swap(true, Ordering::Relaxed), "closed twice");
        self.closed.fetch_add(1, Ordering::Relaxed);
    }
}

fn close_waits_for(mode: fn() -> Mode) {
    check(move || {
        let bus = Bus::new();
        let handler = Closes::default();
        let (calls, closed) = (handler.calls.clone(), handler.closed.clone());
        let options = HandlerOptions { mode: mode(), ..HandlerOptions::default() };
        let listener = bus.on_with("model.*", options, handler).expect("a listener");
        publish(&bus);
        publish(&bus);
        let other = bus.clone();
        let worker = thread::spawn(move || while other.core.pool.work() {});
        let mut closing = pin!(bus.close_async(LONG));
        while bus.core.pool.work() {}
        if closing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            assert_eq!((calls.load(Ordering::Relaxed), closed.load(Ordering::Relaxed)), (2, 1));
        }
        worker.join().expect("the worker ends");
        while bus.core.pool.work() {}
        let report = bus.close(LONG);
        assert!(report.complete && report.discarded == 0, "{report:?}");
        assert_eq!((calls.load(Ordering::Relaxed), closed.load(Ordering::Relaxed)), (2, 1));
        drop(listener);
    });
}

#[test]
fn close_waits_for_the_call_of_a_worker() {
    close_waits_for(|| Mode::Locked);
}

#[test]
fn close_waits_for_the_calls_of_several_workers() {
    close_waits_for(|| Mode::Concurrent(2));
}

#[test]
fn close_waits_for_the_call_of_a_publisher() {
    check(|| {
        let bus = Bus::new();
        let handler = Closes::default();
        let (calls, closed) = (handler.calls.clone(), handler.closed.clone());
        let options = HandlerOptions { mode: Mode::Inline, ..HandlerOptions::default() };
        bus.on_with("model.*", options, handler).expect("a listener").forever();
        let other = bus.clone();
        let publisher = thread::spawn(move || u64::from(other.publish(event()).is_ok()));
        assert!(bus.close(LONG).complete);
        let done = (calls.load(Ordering::Relaxed), closed.load(Ordering::Relaxed));
        let published = publisher.join().expect("the publisher ends");
        assert_eq!(done, (published, 1));
    });
}
