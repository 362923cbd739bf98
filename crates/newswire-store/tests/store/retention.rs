//! What is deleted, and how a replay tells it.

use std::path::Path;
use std::time::{Duration, Instant};

use newswire::{Bus, Delivery, ErrorKind, Filter, GapReason, Start};
use newswire_store::{Retention, SqliteStore, Store, Writer};

use crate::common::{Item, LONG, close, event, file, from, items, publish, stored};

/// Stores events 1 to `count`, every third a tool's, in batches of exactly ten: what retention deletes goes by batches,
/// and a bus makes them of whatever has come when its writer looks.
fn fill(file: &Path, count: u64) {
    let source = Bus::new();
    let mut taken = source.subscribe("*").unwrap();
    let mut writer = SqliteStore::open(file).unwrap().writer("main").unwrap();
    let mut batch = Vec::new();
    for n in 1..=count {
        let kind = if n % 3 == 0 { "tool.call.started" } else { "message.delta" };
        source.publish(event(kind, n)).unwrap();
        if n % 10 == 0 {
            assert_eq!(taken.next_batch(&mut batch, 10), 10);
            writer.append(&batch).unwrap();
            batch.clear();
        }
    }
}

/// Prunes to the end, by hand; gives the number of steps.
fn prune(file: &Path, retention: &Retention) -> usize {
    let store = SqliteStore::open(file).unwrap();
    let mut writer: Box<dyn Writer> = store.writer("main").unwrap();
    let mut steps = 1;
    while writer.prune(retention).unwrap() {
        steps += 1;
        assert!(steps < 10_000);
    }
    steps
}

fn read(bus: &Bus, filter: &str, start: Start) -> Vec<Item> {
    items(&mut bus.subscribe_with(filter, from(start)).unwrap())
}

fn deltas(age: Duration) -> Vec<(Filter, Duration)> {
    vec![(Filter::parse("message.*").unwrap(), age)]
}

#[test]
fn what_is_over_the_number_goes_from_the_oldest_on() {
    let file = file("number");
    fill(&file, 100);
    prune(&file, &Retention { max_events: Some(35), ..Retention::default() });
    let (bus, _) = stored("main", &file, "");
    assert_eq!(read(&bus, "*", Start::Earliest), (61..=100).map(Item::Seq).collect::<Vec<_>>());
    let early = Start::After(newswire::Cursor::new("main", 1, 20).unwrap());
    let error = bus.subscribe_with("*", from(early)).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfRange);
    assert!(error.to_string().contains("between 60 and 100"), "{error}");
}

#[test]
fn what_is_over_the_bytes_goes_from_the_oldest_on() {
    let file = file("bytes");
    fill(&file, 1000);
    let size = || {
        let connection = rusqlite::Connection::open(&file).unwrap();
        let sum = "SELECT (SELECT sum(octet_length(body)) FROM event), (SELECT bytes FROM bus)";
        connection.query_row(sum, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).unwrap()
    };
    let limit = size().0 / 2;
    prune(&file, &Retention { max_bytes: Some(limit as u64), ..Retention::default() });
    let (left, booked) = size();
    assert_eq!(left, booked);
    assert!(left >= limit && left < limit + limit / 10, "{left} of {limit}");
}

#[test]
fn what_is_too_old_goes_by_the_time_of_storing() {
    let file = file("age");
    fill(&file, 50);
    let month = Retention { max_age: Some(Duration::from_secs(30 * 86_400)), ..Retention::default() };
    prune(&file, &month);
    let (bus, _) = stored("main", &file, "");
    assert_eq!(read(&bus, "*", Start::Earliest).len(), 50);
    close(&bus);
    let connection = rusqlite::Connection::open(&file).unwrap();
    let old = "UPDATE batch SET stored_ns = stored_ns - 31 * 86400 * 1000000000 WHERE last & 255 <= 30";
    connection.execute(old, []).unwrap();
    drop(connection);
    prune(&file, &month);
    let (bus, _) = stored("main", &file, "");
    assert_eq!(read(&bus, "*", Start::Earliest), (31..=50).map(Item::Seq).collect::<Vec<_>>());
}

#[test]
fn a_clock_that_is_years_wrong_deletes_nothing() {
    let month = Retention { max_age: Some(Duration::from_secs(30 * 86_400)), ..Retention::default() };
    for (name, years) in [("ahead", 10_i64), ("behind", -10)] {
        let file = file(name);
        fill(&file, 30);
        // A clock ahead of the store is a store behind the clock.
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection
            .execute("UPDATE batch SET stored_ns = stored_ns - ?1", [years * 366 * 86_400 * 1_000_000_000])
            .unwrap();
        drop(connection);
        prune(&file, &month);
        let (bus, _) = stored("main", &file, "");
        publish(&bus, 5);
        assert_eq!(read(&bus, "*", Start::Earliest).len(), 35);
        close(&bus);
        prune(&file, &month);
        let connection = rusqlite::Connection::open(&file).unwrap();
        let backwards =
            "SELECT count(*) FROM batch a JOIN batch b ON b.pos > a.pos AND b.stored_ns < a.stored_ns";
        assert_eq!(connection.query_row(backwards, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
        let (bus, _) = stored("main", &file, "");
        assert_eq!(read(&bus, "*", Start::Earliest).len(), 35);
    }
}

#[test]
fn kinds_that_are_kept_for_less_long_leave_gaps_and_the_others_stay() {
    let file = file("kinds");
    fill(&file, 30);
    prune(&file, &Retention { kinds: deltas(Duration::ZERO), ..Retention::default() });
    let (bus, _) = stored("main", &file, "");
    let expected: Vec<_> = (1..=10)
        .flat_map(|tool| {
            let lost = Item::Lost(tool * 3 - 2, tool * 3 - 1, GapReason::Retention);
            [lost, Item::Seq(tool * 3)]
        })
        .collect();
    let position = Start::After(newswire::Cursor::new("main", 1, 0).unwrap());
    let error = bus.subscribe_with("*", from(position)).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfRange, "1 and 2 aren't kept: {error}");
    assert_eq!(read(&bus, "*", Start::Earliest), expected[1..]);
    // Nothing of this filter was deleted, so nothing is missing.
    assert_eq!(read(&bus, "tool.*", Start::Earliest), (1..=10).map(|n| Item::Seq(n * 3)).collect::<Vec<_>>());
}

#[test]
fn a_replay_that_retention_overtakes_is_told_what_it_misses() {
    let file = file("overtaken");
    fill(&file, 3000);
    let (bus, _) = stored("main", &file, "");
    let mut slow = bus.subscribe_with("*", from(Start::Earliest)).unwrap();
    let Some(Delivery::Event(first)) = slow.next() else { panic!("no event") };
    // By hand: a bus that deletes by itself may be done before its replay has begun.
    let beside = SqliteStore::read(&file).unwrap();
    let retention = Retention { max_events: Some(1000), ..Retention::default() };
    while beside.prune("main", &retention).unwrap().has_more {}
    assert_eq!(beside.buses().unwrap()[0].first, Some(2001));
    let rest = items(&mut slow);
    let mut next = first.seq() + 1;
    let mut lost = 0;
    for item in rest {
        next = match item {
            Item::Seq(seq) => {
                assert_eq!(seq, next);
                seq + 1
            }
            Item::Lost(first, last, reason) => {
                assert_eq!((first, reason), (next, GapReason::Retention));
                lost += last + 1 - first;
                last + 1
            }
        };
    }
    assert_eq!(next, 3001);
    assert!(lost > 1000, "{lost}");
}

/// Publishes a hundred events, pauses, and so on until most of the 20,000 that were there are deleted; says how many had
/// to wait for room, or found none.
fn waits_while_deleting(pause: Duration) -> u64 {
    let file = file("waits");
    fill(&file, 20_000);
    let (bus, store) = stored("main", &file, "?durability=normal&max_events=1000&keep=message.*:1s");
    let oldest = || SqliteStore::read(&file).unwrap().buses().unwrap()[0].first.unwrap();
    let until = Instant::now() + 5 * LONG;
    let (mut n, mut longest, mut blocked) = (0, Duration::ZERO, 0);
    while oldest() < 15_000 {
        for _ in 0..100 {
            let began = Instant::now();
            blocked += u64::from(bus.publish(event("tool.call.started", n)).unwrap().blocked);
            longest = longest.max(began.elapsed());
            n += 1;
        }
        std::thread::sleep(pause);
        assert!(Instant::now() < until);
    }
    eprintln!("{n} events were published meanwhile, none of which took longer than {longest:?}");
    blocked + store.stats().dropped
}

#[test]
fn nobody_who_publishes_waits_for_what_is_being_deleted() {
    // Which of these the store keeps up with where it deletes nothing, the disk and those beside say.
    let paces = [5, 5, 20, 80].map(Duration::from_millis);
    let waited: Vec<_> =
        paces.into_iter().map(waits_while_deleting).take_while(|waited| *waited > 0).collect();
    assert!(waited.len() < paces.len(), "{waited:?}");
}

#[test]
fn pruning_goes_by_small_steps_and_gives_the_room_back() {
    let file = file("steps");
    let (bus, _) = stored("main", &file, "?durability=off&max_wait_ms=60000");
    for n in 0..20_000 {
        bus.publish(event("message.delta", n)).unwrap();
    }
    close(&bus);
    let before = std::fs::metadata(&file).unwrap().len();
    let steps = prune(&file, &Retention { kinds: deltas(Duration::ZERO), ..Retention::default() });
    assert!(steps >= 10, "{steps}");
    // Pages are given back a few at a time, by the steps that follow.
    for _ in 0..20 {
        prune(&file, &Retention { kinds: deltas(Duration::ZERO), ..Retention::default() });
    }
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let after = std::fs::metadata(&file).unwrap().len();
    assert!(after < before / 4, "{after} of {before}");
    let (next, _) = stored("main", &file, "");
    assert_eq!(next.position().seq(), 20_000, "seqs go on, though nothing is kept");
    next.publish(event("tool.call.started", 1)).unwrap();
    assert_eq!(read(&next, "*", Start::Last(1)), [Item::Seq(20_001)]);
}

#[test]
fn a_bound_is_kept_while_much_comes_and_when_the_bus_is_closed() {
    for (bound, most) in [("max_events=1000", 1000), ("max_bytes=100000", 1000)] {
        let file = file(&format!("bound_{bound}"));
        let options = format!("?durability=off&max_wait_ms=60000&{bound}");
        let (bus, store) = stored("main", &file, &options);
        for _ in 0..4 {
            publish(&bus, 10_000);
            store.flush(LONG).unwrap();
        }
        let on_disk = || {
            let connection = rusqlite::Connection::open(&file).unwrap();
            connection.query_row("SELECT events FROM bus", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        // 4 MiB are as many events as were published.
        assert!(bound.starts_with("max_bytes") || on_disk() < 20_000, "{bound}: {}", on_disk());
        close(&bus);
        // It has a quarter of a second for that; what a slow disk leaves then, the next ones delete.
        let until = Instant::now() + LONG;
        while on_disk() > most + 4095 {
            assert!(Instant::now() < until, "{bound}: {}", on_disk());
            close(&stored("main", &file, &options).0);
        }
    }
}
