//! Replay from a store: from any start, in order, without gap or duplicate, also while publishers run.

use std::time::Duration;

use newswire::{Cursor, ErrorKind, Event, GapReason, Kind, Start, Subscription};

use crate::common::{Item, LONG, close, event, file, from, items, publish, seqs, stored};

fn take(subscription: &mut Subscription, count: usize) -> Vec<u64> {
    let seq = |delivery: newswire::Delivery| match delivery {
        newswire::Delivery::Event(event) => event.seq(),
        newswire::Delivery::Gap(gap) => panic!("{gap:?}"),
    };
    (0..count).map(|_| seq(subscription.next_timeout(LONG).unwrap())).collect()
}

#[test]
fn a_replay_joins_the_live_events_without_gap_or_duplicate_while_publishers_run() {
    const EACH: u64 = 30_000;
    let file = file("joins");
    // However slow the disk is: what is looked at are replays, not a full queue.
    let options = "?durability=off&max_wait_ms=60000";
    let (before, _) = stored("main", &file, options);
    publish(&before, EACH);
    close(&before);
    let (bus, _) = stored("main", &file, options);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| publish(&bus, EACH));
        }
        for start in [0, 17, EACH, EACH + 9] {
            let cursor = match start > EACH {
                true => Start::Last(usize::try_from(EACH / 2).unwrap()),
                false => Start::After(Cursor::new("main", 1, start).unwrap()),
            };
            let mut options = from(cursor);
            options.buffer = 1 << 20;
            let mut replay = bus.subscribe_with("*", options).unwrap();
            scope.spawn(move || {
                let first = take(&mut replay, 1)[0];
                assert!(start > EACH || first == start + 1);
                let rest = take(&mut replay, usize::try_from(3 * EACH - first).unwrap());
                assert_eq!(rest, (first + 1..=3 * EACH).collect::<Vec<_>>());
            });
        }
    });
}

#[test]
fn every_start_finds_its_place_in_the_store() {
    let file = file("starts");
    let (first, _) = stored("main", &file, "");
    for n in 1..=3000_u64 {
        let kind = if n % 3 == 0 { "tool.call.started" } else { "tick.heard" };
        let time = i64::try_from(n).unwrap() * 1000;
        let event = Event::builder(Kind::parse(kind).unwrap()).time_ns(time).build().unwrap();
        first.publish(event).unwrap();
    }
    close(&first);
    let (bus, _) = stored("main", &file, "");
    publish(&bus, 1);
    let read = |filter: &str, start| seqs(&mut bus.subscribe_with(filter, from(start)).unwrap());
    assert_eq!(read("*", Start::Earliest).len(), 3001);
    assert_eq!(read("tool.*", Start::Earliest), (1..=1000).map(|n| n * 3).collect::<Vec<_>>());
    assert_eq!(read("tool.*", Start::Last(2)), [2997, 3000]);
    assert_eq!(read("*", Start::Last(3)), [2999, 3000, 3001]);
    assert_eq!(read("tick.*", Start::Last(5000)).len(), 2001);
    assert_eq!(read("*", Start::Since(2_999_001)), [3000, 3001]);
    assert!(read("*", Start::Since(i64::MAX)).is_empty());
    assert_eq!(read("*", Start::After(Cursor::new("main", 1, 2998).unwrap())), [2999, 3000, 3001]);
    assert_eq!(read("*", Start::After(Cursor::new("main", 2, 3000).unwrap())), [3001]);
}

#[test]
fn a_cursor_that_was_never_stored_is_out_of_range() {
    let file = file("cursors");
    let (first, _) = stored("main", &file, "");
    publish(&first, 10);
    close(&first);
    let (bus, _) = stored("main", &file, "");
    publish(&bus, 10);
    for (name, epoch, seq) in [
        ("main", 1, 11),
        ("main", 2, 21),
        ("main", 2, 9_999),
        ("main", 3, 15),
        ("main", 0, 1),
        ("other", 1, 1),
    ] {
        let start = from(Start::After(Cursor::new(name, epoch, seq).unwrap()));
        let error = bus.subscribe_with("*", start).err().unwrap_or_else(|| panic!("{name} {epoch} {seq}"));
        assert_eq!(error.kind(), ErrorKind::OutOfRange, "{error}");
        assert!(error.to_string().contains("between 0 and 20"), "{error}");
    }
    for (epoch, seq, next) in [(1, 0, 1), (1, 10, 11), (2, 10, 11), (2, 19, 20)] {
        let start = from(Start::After(Cursor::new("main", epoch, seq).unwrap()));
        let mut events = bus.subscribe_with("*", start).unwrap();
        assert_eq!(seqs(&mut events).first(), Some(&next));
    }
}

#[test]
fn filters_say_the_same_of_the_store_as_of_what_is_live() {
    let file = file("filters");
    let (first, _) = stored("main", &file, "");
    let mut live: Vec<_> = Vec::new();
    let filters = [
        "*",
        "tool.*",
        "tool.* and session=s-3",
        "session=s-1 or session=s-2",
        "not tick.*",
        "payload>500",
        "session=s-5 and payload<100",
        "nothing.like_it",
        "run=r-1",
    ];
    for filter in filters {
        live.push(
            first
                .subscribe_with(filter, newswire::SubscribeOptions { buffer: 1 << 16, ..Default::default() })
                .unwrap(),
        );
    }
    for n in 0..2500 {
        first.publish(event(["tick.heard", "tool.call.started", "run.started"][n as usize % 3], n)).unwrap();
    }
    close(&first);
    let (bus, _) = stored("main", &file, "");
    for (filter, live) in filters.iter().zip(&mut live) {
        let mut past = bus.subscribe_with(*filter, from(Start::Earliest)).unwrap();
        let past: Vec<_> = std::iter::from_fn(|| past.try_next().unwrap()).collect();
        let live: Vec<_> = std::iter::from_fn(|| live.try_next().ok().flatten()).collect();
        let json = |all: Vec<newswire::Delivery>| -> Vec<String> {
            all.into_iter().map(|delivery| delivery.event().expect("no gap").to_json()).collect()
        };
        assert_eq!(json(past), json(live), "{filter}");
    }
}

#[test]
fn a_subscription_resumes_where_it_stopped_after_a_restart() {
    let file = file("resume");
    let mut position = None;
    let mut seen = Vec::new();
    for round in 0..5 {
        let (bus, _) = stored("main", &file, "");
        let start = position.take().map_or(Start::Earliest, Start::After);
        let mut events = bus.subscribe_with("*", from(start)).unwrap();
        publish(&bus, 100);
        let wanted = if round == 4 { 500 - seen.len() } else { 70 };
        seen.extend(take(&mut events, wanted));
        position = Some(events.position());
        close(&bus);
    }
    assert_eq!(seen, (1..=500).collect::<Vec<_>>());
}

#[test]
fn a_closed_bus_is_still_read_to_its_end() {
    let file = file("closed");
    let (bus, _) = stored("main", &file, "");
    publish(&bus, 5000);
    let mut all = bus.subscribe_with("*", from(Start::Earliest)).unwrap();
    close(&bus);
    assert_eq!(take(&mut all, 5000).last(), Some(&5000));
    assert_eq!(all.next_timeout(Duration::ZERO).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn a_handler_and_a_stream_can_begin_in_the_past() {
    let file = file("handler");
    let (first, _) = stored("main", &file, "");
    publish(&first, 2000);
    close(&first);
    let (bus, _) = stored("main", &file, "");
    let (sender, receiver) = std::sync::mpsc::channel();
    let options = newswire::HandlerOptions { queue: from(Start::Earliest), ..Default::default() };
    let _listener =
        bus.on_with("*", options, move |event: &Event| sender.send(event.seq()).unwrap()).unwrap();
    publish(&bus, 10);
    let seen: Vec<u64> = (0..2010).map(|_| receiver.recv_timeout(LONG).unwrap()).collect();
    assert_eq!(seen, (1..=2010).collect::<Vec<_>>());
}

/// A store whose disk takes a while, and which knows who reads it.
struct SlowPast {
    past: std::sync::Arc<dyn newswire::store::Past>,
    readers: std::sync::Arc<std::sync::Mutex<Vec<std::thread::ThreadId>>>,
}

impl newswire::store::Past for SlowPast {
    fn first(&self) -> newswire::Result<Option<u64>> {
        self.past.first()
    }

    fn epoch_end(&self, epoch: u64) -> newswire::Result<Option<u64>> {
        self.past.epoch_end(epoch)
    }

    fn read(
        &self,
        from: u64,
        wanted: &newswire::store::Wanted<'_>,
        limit: usize,
    ) -> newswire::Result<newswire::store::Page> {
        self.readers.lock().unwrap().push(std::thread::current().id());
        std::thread::sleep(Duration::from_millis(30));
        self.past.read(from, wanted, limit)
    }

    fn nth_last(
        &self,
        count: usize,
        end: u64,
        wanted: &newswire::store::Wanted<'_>,
    ) -> newswire::Result<Option<u64>> {
        self.past.nth_last(count, end, wanted)
    }

    fn since(&self, time_ns: i64) -> newswire::Result<Option<u64>> {
        self.past.since(time_ns)
    }
}

/// The usual keeper, reading slowly.
struct SlowKeeper(
    newswire_store::StoreKeeper<newswire_store::SqliteStore>,
    std::sync::Arc<std::sync::Mutex<Vec<std::thread::ThreadId>>>,
);

impl newswire::store::Keeper for SlowKeeper {
    fn open(&mut self, bus: &str) -> newswire::Result<newswire::store::Opening> {
        let mut opening = self.0.open(bus)?;
        opening.past = std::sync::Arc::new(SlowPast { past: opening.past, readers: self.1.clone() });
        Ok(opening)
    }

    fn keep(self: Box<Self>, feed: newswire::store::Feed) {
        Box::new(self.0).keep(feed);
    }
}

#[test]
fn a_task_that_replays_a_store_is_never_kept_by_the_disk() {
    let file = file("task");
    let (first, _) = stored("main", &file, "");
    publish(&first, 5000);
    close(&first);
    let bus = crate::common::bus("main");
    let readers = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let store = newswire_store::SqliteStore::open(&file).unwrap();
    let keeper = newswire_store::StoreKeeper::new(store, newswire_store::StoreOptions::default());
    bus.attach_store("slow", Box::new(SlowKeeper(keeper, readers.clone()))).unwrap();
    publish(&bus, 100);
    let mut all = bus.subscribe_with("*", from(Start::Earliest)).unwrap().stream();
    let mut slowest = Duration::ZERO;
    let mut seen = Vec::new();
    let polled = std::future::poll_fn(|context| {
        loop {
            let began = std::time::Instant::now();
            let polled = all.poll_next(context);
            slowest = slowest.max(began.elapsed());
            match polled {
                std::task::Poll::Ready(Some(delivery)) => seen.push(delivery.event().expect("a gap").seq()),
                std::task::Poll::Ready(None) => panic!("it ended"),
                std::task::Poll::Pending if seen.len() < 5100 => return std::task::Poll::Pending,
                std::task::Poll::Pending => return std::task::Poll::Ready(()),
            }
        }
    });
    futures_executor::block_on(polled);
    assert_eq!(seen, (1..=5100).collect::<Vec<_>>());
    assert!(readers.lock().unwrap().len() >= 10);
    let own = std::thread::current().id();
    assert!(readers.lock().unwrap().iter().all(|reader| *reader != own), "the task has read by itself");
    eprintln!("no poll took longer than {slowest:?}");
}

#[test]
fn a_bus_without_a_name_writes_a_stream_of_its_own() {
    let file = file("unnamed");
    for _ in 0..2 {
        let (bus, _) = stored("", &file, "");
        publish(&bus, 3);
        let mut all = bus.subscribe_with("*", from(Start::Earliest)).unwrap();
        assert_eq!(seqs(&mut all), [1, 2, 3]);
        close(&bus);
    }
}

#[test]
fn an_event_that_rotted_is_told_as_a_gap_and_never_returned() {
    let file = file("rot");
    let (first, _) = stored("main", &file, "");
    publish(&first, 10);
    close(&first);
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection
        .execute("UPDATE event SET body = replace(body, 'tick.heard', 'tick.hoard') WHERE pos & 15 = 4", [])
        .unwrap();
    connection.execute("UPDATE event SET crc = 5 WHERE pos & 15 = 7", []).unwrap();
    drop(connection);
    let (bus, _) = stored("main", &file, "");
    for filter in ["*", "tick.heard"] {
        let mut all = bus.subscribe_with(filter, from(Start::Earliest)).unwrap();
        let lost = |seq| Item::Lost(seq, seq, GapReason::Unreadable);
        let expected: Vec<_> =
            (1..=10).map(|seq| if seq == 4 || seq == 7 { lost(seq) } else { Item::Seq(seq) }).collect();
        assert_eq!(items(&mut all), expected);
    }
    let verified = newswire_store::Store::verify(&newswire_store::SqliteStore::read(&file).unwrap()).unwrap();
    assert_eq!(verified.good, 8);
    assert_eq!(verified.damaged.iter().map(|damage| damage.seq).collect::<Vec<_>>(), [4, 7]);
}
