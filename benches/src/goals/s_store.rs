//! S-1 to S-4: what the store costs, beside bare SQLite doing the same.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use newswire::store::Wanted;
use newswire::{Bus, BusOptions, Event, Filter, Kind, Scope, ScopeField};
use newswire_store::{SqliteStore, Store};
use rusqlite::{Connection, params};

use crate::contest::Contest;
use crate::report::{Limit, Line};
use crate::sample;
use crate::scale::Scale;

const LONG: Duration = Duration::from_secs(600);
/// How many events of a burst stay under the bound of the store's queue.
const BURST: usize = 8192;
/// How many events each session of the large store has.
const SESSION: usize = 1000;
const RATE: [&str; 1] = ["events/s"];

/// An empty file on the disk that the program is built on.
fn fresh(name: &str) -> PathBuf {
    let file = folder().join(name);
    for end in ["", "-wal", "-shm", "-lease-1"] {
        let _ = std::fs::remove_file(format!("{}{end}", file.display()));
    }
    file
}

fn folder() -> PathBuf {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench"));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

pub(super) fn attached(file: &Path, options: &str) -> Bus {
    // Twice is an error that says so.
    let _ = newswire_store::register();
    let bus = Bus::with(BusOptions { name: "main".into(), ..BusOptions::default() }).expect("a name");
    bus.attach(&format!("sqlite:{}{options}", file.display())).expect("a store");
    bus
}

/// The tables and indexes of the store, and nothing else of it.
fn bare(file: &Path) -> Connection {
    let connection = Connection::open(file).expect("a file");
    let schema = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;
        CREATE TABLE event (pos INTEGER PRIMARY KEY, kind INTEGER NOT NULL, time_ns INTEGER NOT NULL,
            session TEXT, run TEXT, crc INTEGER NOT NULL, body TEXT NOT NULL);
        CREATE INDEX event_kind ON event (kind);
        CREATE INDEX event_session ON event (session) WHERE session IS NOT NULL;
        CREATE INDEX event_run ON event (run) WHERE run IS NOT NULL;";
    connection.execute_batch(schema).expect("tables");
    connection
}

fn insert(connection: &mut Connection, from: usize, count: usize, body: &str) {
    let transaction = connection.transaction().expect("a transaction");
    {
        let sql = "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let mut statement = transaction.prepare_cached(sql).expect("a statement");
        for pos in from..from + count {
            statement.execute(params![pos as i64, 1, 0, "s-8fK2", "r-51c", 0, body]).expect("a row");
        }
    }
    transaction.commit().expect("a commit");
}

/// S-1: written with `full`, indexed, against a bare loop with batches of 1000.
pub(crate) fn written(scale: Scale) -> Vec<Line> {
    let events = scale.pick(20_000, 400_000);
    let rate = |took: Duration| [events as f64 / took.as_secs_f64()];
    let outcome = Contest::new("S-1: events written with full durability", RATE)
        .enter("rusqlite", || {
            let mut connection = bare(&fresh("s1-bare.db"));
            let body = sample::event(0).to_json();
            let began = Instant::now();
            (0..events / 1000).for_each(|batch| insert(&mut connection, batch * 1000, 1000, &body));
            rate(began.elapsed())
        })
        .enter("newswire", || {
            let bus = attached(&fresh("s1.db"), "");
            let ready = sample::events(0, events);
            let began = Instant::now();
            for event in ready {
                bus.publish(event).expect("an open bus");
            }
            assert!(bus.close(LONG).complete);
            rate(began.elapsed())
        })
        .hold(scale.pick(1, 5));
    let line = Line::new("S-1", outcome.ratio("newswire", "rusqlite", 0), Limit::AtLeast(0.8), "ratio");
    vec![line.beside("rusqlite").with("events_per_s", outcome.medians())]
}

/// S-2: what a store adds to a publish call, beside the same bus with a history.
pub(crate) fn added(scale: Scale) -> Vec<Line> {
    let bursts = scale.pick(3, 20);
    let publish = |bus: &Bus, settle: &dyn Fn()| {
        let mut spent = Duration::ZERO;
        for _ in 0..bursts {
            let ready = sample::events(0, BURST);
            let began = Instant::now();
            for event in ready {
                bus.publish(event).expect("an open bus");
            }
            spent += began.elapsed();
            settle();
        }
        [spent.as_secs_f64() * 1e9 / (bursts * BURST) as f64]
    };
    let stored = |options| {
        let bus = attached(&fresh("s2.db"), options);
        publish(&bus, &|| {
            let receipt = bus.publish_durable(sample::event(0)).expect("an open bus");
            receipt.wait(LONG).expect("a disk that works");
        })
    };
    let outcome = Contest::new("S-2: a publish call", ["ns"])
        .enter("history", || {
            let options = BusOptions { history: BURST, ..BusOptions::default() };
            publish(&Bus::with(options).expect("a bus"), &|| {})
        })
        .enter("store", || stored("?durability=normal"))
        .enter("store that deletes", || stored("?durability=normal&max_events=10000"))
        .hold(scale.rounds());
    let added = |name| outcome.median(name, 0) - outcome.median("history", 0);
    let line = Line::new("S-2", added("store"), Limit::AtMost(50.0), "ns").beside("history");
    vec![line.with("ns", outcome.medians()).with("while_deleting", added("store that deletes"))]
}

/// S-3: 256 events at a time on their way, each awaiting its receipt, against one transaction for each.
pub(crate) fn awaited(scale: Scale) -> Vec<Line> {
    const PUBLISHERS: usize = 256;
    let (events, alone) = (scale.pick(5_000, 100_000), scale.pick(100, 2_000));
    let outcome = Contest::new("S-3: events whose publishers await durability", RATE)
        .enter("rusqlite", || {
            let mut connection = bare(&fresh("s3-bare.db"));
            let body = sample::event(0).to_json();
            let began = Instant::now();
            (0..alone).for_each(|event| insert(&mut connection, event, 1, &body));
            [alone as f64 / began.elapsed().as_secs_f64()]
        })
        // What SQLite would make of it if all of them were ready at once, and nobody had to be woken.
        .enter("rusqlite, all at once", || {
            let mut connection = bare(&fresh("s3-bare.db"));
            let body = sample::event(0).to_json();
            let began = Instant::now();
            (0..alone).for_each(|batch| insert(&mut connection, batch * PUBLISHERS, PUBLISHERS, &body));
            [(alone * PUBLISHERS) as f64 / began.elapsed().as_secs_f64()]
        })
        .enter("newswire", || {
            let bus = attached(&fresh("s3.db"), "");
            let (mut waiting, ready) = (VecDeque::new(), sample::events(0, events));
            let began = Instant::now();
            for event in ready {
                if waiting.len() == PUBLISHERS {
                    let receipt: Option<newswire::Receipt> = waiting.pop_front();
                    receipt.expect("one that waits").wait(LONG).expect("a disk that works");
                }
                waiting.push_back(bus.publish_durable(event).expect("an open bus"));
            }
            waiting.iter().for_each(|receipt| receipt.wait(LONG).expect("a disk that works"));
            [events as f64 / began.elapsed().as_secs_f64()]
        })
        .hold(scale.pick(1, 5));
    let line = Line::new("S-3", outcome.ratio("newswire", "rusqlite", 0), Limit::AtLeast(100.0), "ratio");
    let bound = outcome.ratio("rusqlite, all at once", "rusqlite", 0);
    vec![line.beside("rusqlite").with("all_at_once", bound).with("events_per_s", outcome.medians())]
}

/// The store that is large, made once.
pub(super) fn large(scale: Scale) -> (PathBuf, usize) {
    let events = scale.pick(1_000_000, 10_000_000);
    let file = folder().join(format!("store-{events}.db"));
    let is_whole = |file: &Path| {
        let buses = SqliteStore::read(file).and_then(|store| store.buses());
        buses.is_ok_and(|buses| buses.first().is_some_and(|bus| bus.last == events as u64))
    };
    if !is_whole(&file) {
        let file = fresh(&format!("store-{events}.db"));
        let bus = attached(&file, "?durability=off&max_wait_ms=600000");
        let rare = Kind::parse("deploy.finished").expect("a kind");
        for session in 0..events / SESSION {
            let scope = Scope::new().with(ScopeField::Session, format!("s-{session}")).expect("an id");
            let scope = scope.with(ScopeField::Run, format!("r-{}", session / 10)).expect("an id");
            for event in 0..SESSION {
                let kind = if event == 500 { rare.clone() } else { sample::kind() };
                let event = Event::builder(kind).scope(scope.clone()).json(sample::PAYLOAD).build();
                bus.publish(event.expect("an event")).expect("an open bus");
            }
        }
        assert!(bus.close(LONG).complete);
    }
    (file, events)
}

/// S-4: read back, all of it and what a filter wants.
pub(crate) fn replayed(scale: Scale) -> Vec<Line> {
    let (file, events) = large(scale);
    let past = SqliteStore::read(&file).and_then(|store| store.past("main")).expect("a store");
    let read = |filter: &str, from: u64, limit: usize| {
        let filter = Filter::parse(filter).expect("a filter");
        past.read(from, &Wanted { filter: &filter, internal: true }, limit).expect("a store")
    };
    let began = Instant::now();
    let (mut next, mut seen) = (1, 0);
    while seen < events {
        let page = read("*", next, 1024);
        seen += page.deliveries.len();
        next = page.through + 1;
    }
    let rate = events as f64 / began.elapsed().as_secs_f64();
    let mut slowest = Duration::ZERO;
    for session in (0..events / SESSION).step_by(events / SESSION / 20) {
        let began = Instant::now();
        let page = read(&format!("session=s-{session}"), 1, SESSION);
        slowest = slowest.max(began.elapsed());
        assert_eq!(page.deliveries.len(), SESSION);
    }
    vec![
        Line::new("S-4.raw", rate, Limit::AtLeast(1e6), "events/s").with("events", events),
        Line::new("S-4.filtered", slowest.as_secs_f64() * 1e3, Limit::AtMost(10.0), "ms")
            .with("events", events),
    ]
}
