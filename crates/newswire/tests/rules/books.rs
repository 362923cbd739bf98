//! Chapter 10: the books.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use newswire::{Bus, Event, HandlerOptions, SubscribeOptions, WhenFull};

use super::common::{LONG, blocking, drain, event, eventually, gate, publish, queue};

#[test]
fn a_pulled_event_counts_as_handled_when_it_is_handed_over() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    publish(&bus, 3);
    assert_eq!((all.stats().books.queued, all.stats().books.handled), (3, 0));
    all.try_next().unwrap();
    assert_eq!((all.stats().books.queued, all.stats().books.handled), (2, 1));
    let mut batch = Vec::new();
    assert_eq!(all.next_batch(&mut batch, 10), 2);
    assert_eq!((all.stats().books.queued, all.stats().books.handled), (0, 3));
}

#[test]
fn every_outcome_of_a_handler_has_its_term() {
    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let options = HandlerOptions {
        queue: SubscribeOptions {
            predicate: Some(Arc::new(|event: &Event| event.kind().as_str() != "run.progress")),
            ..SubscribeOptions::default()
        },
        ..HandlerOptions::default()
    };
    let listener = bus.on_with("run.*", options, move |event: &Event| match event.kind().as_str() {
        "run.failed" => Err("no".to_owned()),
        "run.canceled" => panic!("as told"),
        "run.completed" => {
            wait();
            Ok(())
        }
        _ => Ok(()),
    });
    let listener = listener.unwrap();
    for name in ["run.started", "run.progress", "run.failed", "run.canceled", "run.completed", "run.started"]
    {
        bus.publish(event(name)).unwrap();
    }
    arrived.recv_timeout(LONG).unwrap();
    let books = listener.stats().books;
    assert!(books.balance(), "{books:?}");
    assert_eq!((books.matched, books.handled, books.skipped), (6, 1, 1));
    assert_eq!((books.failed, books.panicked, books.in_flight, books.queued), (1, 1, 1, 1));
    open.send(()).unwrap();
    let closed = &bus.close(LONG).subscriptions[0].books;
    assert_eq!((closed.handled, closed.in_flight, closed.queued), (3, 0, 0));
}

#[test]
fn a_call_past_its_deadline_is_booked_once_as_timed_out() {
    let bus = Bus::new();
    let (arrived, open, wait) = gate();
    let options = HandlerOptions { timeout: Some(Duration::from_millis(5)), ..HandlerOptions::default() };
    let listener = bus.on_with("*", options, move |_: &Event| wait()).unwrap();
    publish(&bus, 1);
    arrived.recv_timeout(LONG).unwrap();
    eventually("the deadline is booked", || listener.stats().books.timed_out == 1);
    assert_eq!((listener.stats().books.in_flight, listener.stats().overrunning), (0, 1));
    open.send(()).unwrap();
    eventually("the call has returned", || listener.stats().overrunning == 0);
    let books = listener.stats().books;
    assert_eq!((books.matched, books.timed_out, books.handled), (1, 1, 0));
}

#[test]
fn waiting_publishers_are_a_term_of_their_own() {
    let bus = Bus::new();
    let mut full = bus.subscribe_with("*", blocking(1)).unwrap();
    publish(&bus, 1);
    let waiting = bus.publish_async(event("run.started")).unwrap();
    let books = full.stats().books;
    assert_eq!((books.matched, books.queued, books.waiting), (2, 1, 1));
    assert!(books.balance());
    assert_eq!(full.try_next().unwrap().unwrap().event().unwrap().seq(), 1);
    assert_eq!((full.stats().books.queued, full.stats().books.waiting), (1, 0));
    drop(waiting);
}

#[test]
fn every_snapshot_balances_while_everything_moves() {
    let bus = Bus::new();
    let mut pulled: Vec<_> = [WhenFull::DropOldest, WhenFull::DropNewest]
        .map(|when_full| bus.subscribe_with("*", queue(64, when_full)).unwrap())
        .into();
    pulled.push(bus.subscribe_with("*", blocking(64)).unwrap());
    let _failing =
        bus.on("*", |event: &Event| if event.seq().is_multiple_of(3) { Err("third") } else { Ok(()) });
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let publishers: Vec<_> = (0..2).map(|_| scope.spawn(|| publish(&bus, 3_000))).collect();
        let pullers: Vec<_> = pulled
            .iter_mut()
            .map(|subscription| {
                scope.spawn(|| {
                    while !over.load(Ordering::SeqCst) {
                        drain(subscription);
                    }
                    drain(subscription);
                })
            })
            .collect();
        while publishers.iter().any(|publisher| !publisher.is_finished()) {
            for subscription in bus.stats().subscriptions {
                assert!(subscription.books.balance(), "{subscription:?}");
            }
        }
        over.store(true, Ordering::SeqCst);
        drop(pullers);
    });
    for subscription in &pulled {
        let books = subscription.stats().books;
        assert_eq!((books.matched, books.handled + books.dropped), (6_000, 6_000));
    }
    assert_eq!(pulled[2].stats().books.dropped, 0);
}

#[test]
fn the_bus_adds_up_what_its_publishes_meant() {
    let bus = Bus::new();
    let _one = bus.subscribe_with("*", queue(1, WhenFull::DropNewest)).unwrap();
    let _other = bus.subscribe("*").unwrap();
    publish(&bus, 3);
    let stats = bus.stats();
    assert_eq!((stats.published, stats.matched, stats.dropped), (3, 6, 2));
}
