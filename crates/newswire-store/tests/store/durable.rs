//! Receipts: when they are given, and what they say when they can't be.

use std::time::{Duration, Instant};

use newswire::{ErrorKind, Start};

use crate::common::{LONG, bus, close, event, file, from, publish, seqs, stored};

/// What another process would find now.
fn on_disk(file: &std::path::Path) -> u64 {
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.query_row("SELECT max(last) FROM bus", [], |row| row.get::<_, i64>(0)).unwrap() as u64
}

#[test]
fn a_receipt_is_given_once_the_event_can_be_read_by_others() {
    for durability in ["full", "normal", "off"] {
        let file = file(&format!("receipt_{durability}"));
        let (bus, _) = stored("main", &file, &format!("?durability={durability}"));
        for n in 0..50 {
            let receipt = bus.publish_durable(event("tick.heard", n)).unwrap();
            receipt.wait(LONG).unwrap();
            assert!(on_disk(&file) >= receipt.published().seq.unwrap());
        }
    }
}

#[test]
fn receipts_can_be_awaited_by_many_at_a_time() {
    let file = file("awaited");
    let (bus, _) = stored("main", &file, "");
    let receipts: Vec<_> = (0..500).map(|n| bus.publish_durable(event("tick.heard", n)).unwrap()).collect();
    for (n, receipt) in receipts.into_iter().enumerate() {
        let published = futures_executor::block_on(receipt).unwrap();
        assert_eq!(published.seq, Some(n as u64 + 1));
    }
    assert_eq!(on_disk(&file), 500);
}

#[test]
fn a_bus_without_a_store_gives_no_receipts() {
    let rejected = bus("main").publish_durable(event("tick.heard", 1)).map(drop).unwrap_err();
    assert_eq!(rejected.error.kind(), ErrorKind::Invalid);
    let (closed, _) = stored("main", &file("closed_bus"), "");
    close(&closed);
    let rejected = closed.publish_durable(event("tick.heard", 1)).map(drop).unwrap_err();
    assert_eq!(rejected.error.kind(), ErrorKind::Closed);
}

#[test]
fn a_close_waits_for_the_store_and_all_is_there() {
    let file = file("close");
    for round in 1..=5 {
        let (bus, _) = stored("main", &file, "?durability=normal");
        publish(&bus, 3000);
        close(&bus);
        assert_eq!(on_disk(&file), round * 3000);
    }
}

#[test]
fn the_last_handle_that_goes_lets_the_store_write_what_is_left() {
    let file = file("last_handle");
    let (bus, _) = stored("main", &file, "");
    publish(&bus, 3000);
    drop(bus);
    let until = Instant::now() + LONG;
    while on_disk(&file) < 3000 {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_store_that_is_busy_makes_publishers_wait_and_then_loses_what_it_tells() {
    let file = file("busy");
    let (bus, store) = stored("main", &file, "?queue=10&max_wait_ms=50");
    publish(&bus, 5);
    store.flush(LONG).unwrap();
    // Another process's transaction holds the file.
    let holder = rusqlite::Connection::open(&file).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut live = bus.subscribe("*").unwrap();
    let mut receipts = Vec::new();
    for n in 0..40 {
        receipts.push(bus.publish_durable(event("tick.heard", n)).unwrap());
    }
    assert_eq!(seqs(&mut live).len(), 40, "the bus goes on live");
    assert!(store.stats().dropped > 0);
    holder.execute_batch("COMMIT").unwrap();
    let outcomes: Vec<_> = receipts.iter().map(|receipt| receipt.wait(LONG)).collect();
    let kept = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::Full)),
        "{outcomes:?}"
    );
    close(&bus);
    let (next, _) = stored("main", &file, "");
    let mut all = next.subscribe_with("*", from(Start::Earliest)).unwrap();
    let found = crate::common::items(&mut all);
    let events = found.iter().filter(|item| matches!(item, crate::common::Item::Seq(_))).count();
    assert_eq!(events, 5 + kept);
    let lost: u64 = found
        .iter()
        .map(|item| if let crate::common::Item::Lost(first, last, _) = item { last + 1 - first } else { 0 })
        .sum();
    assert_eq!(lost, 40 - kept as u64, "{found:?}");
}

#[test]
fn all_or_nothing_counts_the_store_among_those_that_must_have_room() {
    let file = file("all_or_nothing");
    let (bus, store) = stored("main", &file, "?queue=10&max_wait_ms=5000");
    let holder = rusqlite::Connection::open(&file).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut refused = None;
    for n in 0..100 {
        if let Err(rejected) = bus.try_publish(event("tick.heard", n)) {
            refused = Some((n, rejected.error));
            break;
        }
    }
    let (n, error) = refused.unwrap();
    assert_eq!((n, error.kind(), error.message()), (10, ErrorKind::Full, "the queue of the store is full"));
    holder.execute_batch("COMMIT").unwrap();
    store.flush(LONG).unwrap();
    bus.try_publish(event("tick.heard", 0)).unwrap();
    assert_eq!(store.stats().dropped, 0);
}

#[test]
fn a_batch_larger_than_the_queue_waits_for_room_and_is_stored_whole() {
    let file = file("batch");
    // However slow the disk is.
    let (bus, store) = stored("main", &file, "?queue=10&max_wait_ms=60000");
    let published = bus.publish_batch((0..1000).map(|n| event("tick.heard", n)).collect()).unwrap();
    assert!(published.iter().any(|published| published.blocked > 0));
    store.flush(LONG).unwrap();
    assert_eq!((store.stats().taken, store.stats().dropped), (1000, 0));
    assert_eq!(on_disk(&file), 1000);
}
