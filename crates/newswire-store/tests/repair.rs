//! Repair: what can still be read is there again, what can't is told as a gap, and the damaged file is set aside whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use newswire::{
    Bus, BusOptions, Cursor, Delivery, ErrorKind, Event, GapReason, Kind, Start, SubscribeOptions,
};
use newswire_store::{RepairOptions, RepairReport, SqliteStore, Store, repair};

const LONG: Duration = Duration::from_secs(60);
const ALWAYS: RepairOptions = RepairOptions { always: true };

fn file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("repair").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder.join("events.db")
}

fn attached(name: &str, file: &Path, options: &str) -> Bus {
    newswire_store::register().unwrap();
    let bus = Bus::with(BusOptions { name: name.into(), ..BusOptions::default() }).unwrap();
    bus.attach(&format!("sqlite:{}{options}", file.display())).unwrap();
    bus
}

fn publish(bus: &Bus, count: u64) {
    for n in 0..count {
        let kind = Kind::parse(["tick.heard", "tool.call.started", "message.delta"][n as usize % 3]).unwrap();
        // Some have more than a page.
        let filler = "z".repeat(if n % 50 == 7 { 9000 } else { 150 });
        let event = Event::builder(kind).json(format!(r#"{{"n":{n},"filler":"{filler}"}}"#)).build().unwrap();
        bus.publish(event).unwrap();
    }
}

/// A store of that many events, in one file, in a few epochs.
fn fill(file: &Path, count: u64) -> BTreeMap<u64, String> {
    for _ in 0..4 {
        let bus = attached("main", file, "?durability=off");
        publish(&bus, count / 4);
        assert!(bus.close(LONG).complete);
    }
    let good = read("main", file).0;
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    good
}

/// Events by seq, and the gaps between them.
type Found = (BTreeMap<u64, String>, Vec<(u64, u64, GapReason)>);

/// All events of a bus, and the gaps between them.
fn read(name: &str, file: &Path) -> Found {
    let bus = attached(name, file, "");
    let options = SubscribeOptions { start: Start::Earliest, ..SubscribeOptions::default() };
    let mut all = bus.subscribe_with("*", options).unwrap();
    let (mut events, mut gaps) = (BTreeMap::new(), Vec::new());
    while let Some(delivery) = all.try_next().unwrap() {
        match delivery {
            Delivery::Event(event) => _ = events.insert(event.seq(), event.to_json()),
            Delivery::Gap(gap) => gaps.push((gap.first, gap.last, gap.reason)),
        }
    }
    assert!(bus.close(LONG).complete);
    (events, gaps)
}

/// The repaired store has nothing wrong, and what the report says.
fn is_sound(file: &Path, report: &RepairReport) {
    let verified = SqliteStore::read(file).unwrap().verify().unwrap();
    assert_eq!((verified.good, verified.damaged, verified.structure), (report.events, vec![], vec![]));
}

/// The damaged file lies beside the new one, byte for byte.
fn is_aside(report: &RepairReport, before: &[u8]) {
    assert!(fs::read(report.aside.as_ref().unwrap()).unwrap() == before);
}

#[test]
fn a_store_that_is_whole_is_left_alone() {
    let file = file("whole");
    fill(&file, 500);
    let before = fs::read(&file).unwrap();
    let report = repair(&file, RepairOptions::default()).unwrap();
    assert_eq!((report.aside, report.events, report.lost), (None, 500, 0));
    assert_eq!((report.buses[0].first, report.buses[0].last), (Some(1), 500));
    assert!(fs::read(&file).unwrap() == before);
}

#[test]
fn a_store_that_is_built_anew_says_the_same_as_before() {
    let file = file("anew");
    let good = fill(&file, 2000);
    let before = fs::read(&file).unwrap();
    let report = repair(&file, ALWAYS).unwrap();
    assert_eq!((report.events, report.lost), (2000, 0));
    is_aside(&report, &before);
    is_sound(&file, &report);
    assert_eq!(read("main", &file), (good, vec![]));
}

#[test]
fn a_torn_head_costs_no_event() {
    for torn in [16, 100, 4096, 8192] {
        let file = file(&format!("head_{torn}"));
        let good = fill(&file, 2000);
        let mut bytes = fs::read(&file).unwrap();
        bytes[..torn].fill(0xa5);
        fs::write(&file, &bytes).unwrap();
        let report = repair(&file, RepairOptions::default()).unwrap();
        is_aside(&report, &bytes);
        is_sound(&file, &report);
        assert_eq!(read("main", &file), (good, vec![]), "{torn} bytes");
    }
}

#[test]
fn a_torn_head_costs_no_event_of_a_store_with_smaller_pages() {
    let file = file("smaller");
    let good = fill(&file, 2000);
    let connection = rusqlite::Connection::open(&file).unwrap();
    // Whoever wrote or read it may still be letting go of it, and SQLite waits for nobody here.
    let until = Instant::now() + LONG;
    while let Err(error) = connection.execute_batch("PRAGMA journal_mode = DELETE") {
        assert!(Instant::now() < until, "{error}");
    }
    connection.execute_batch("PRAGMA page_size = 4096; VACUUM").unwrap();
    let size: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0)).unwrap();
    assert_eq!(size, 4096);
    drop(connection);
    let mut bytes = fs::read(&file).unwrap();
    bytes[..4096].fill(0xa5);
    fs::write(&file, &bytes).unwrap();
    let report = repair(&file, RepairOptions::default()).unwrap();
    is_sound(&file, &report);
    assert_eq!(read("main", &file), (good, vec![]));
}

#[test]
fn damaged_trees_and_indexes_cost_no_event() {
    let file = file("trees");
    let good = fill(&file, 4000);
    let mut bytes = fs::read(&file).unwrap();
    let mut damaged = 0;
    for page in bytes.chunks_mut(8192).skip(2) {
        // Inner pages of tables, inner pages and leaves of indexes: those with texts are the big indexes.
        if page[0] == 0x05 || page[0] == 0x02 || page[0] == 0x0a && page[3..5] > [0, 50][..] {
            page[8..].fill(0x5a);
            damaged += 1;
        }
    }
    assert!(damaged > 5, "{damaged}");
    fs::write(&file, &bytes).unwrap();
    let report = repair(&file, RepairOptions::default()).unwrap();
    assert!(!report.damage.is_empty());
    is_aside(&report, &bytes);
    is_sound(&file, &report);
    assert_eq!(read("main", &file), (good, vec![]));
}

#[test]
fn what_was_cut_off_is_lost_and_the_rest_is_there() {
    let file = file("cut");
    let good = fill(&file, 4000);
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2 + 1000]).unwrap();
    let report = repair(&file, RepairOptions::default()).unwrap();
    is_sound(&file, &report);
    let (events, gaps) = read("main", &file);
    assert!(events.len() > 1500 && events.iter().all(|(seq, json)| good[seq] == *json));
    assert_eq!(report.events + report.lost, report.buses[0].last);
    assert_eq!(gaps.iter().map(|gap| gap.1 + 1 - gap.0).sum::<u64>(), report.lost);
    assert!(gaps.iter().all(|gap| gap.2 == GapReason::Unreadable));
}

#[test]
fn what_only_the_log_has_is_there_and_damage_in_it_costs_one_page() {
    let file = file("log");
    let bus = attached("main", &file, "?durability=off");
    publish(&bus, 3000);
    bus.close(LONG);
    let good = read("main", &file).0;
    // A reader keeps the log from going into the file.
    let holder = rusqlite::Connection::open(&file).unwrap();
    holder.execute_batch("BEGIN").unwrap();
    holder.query_row("SELECT count(*) FROM event", [], |_| Ok(())).unwrap();
    let bus = attached("main", &file, "?durability=off");
    publish(&bus, 3000);
    bus.close(LONG);
    let copy = file.with_file_name("copy.db");
    let log = |file: &Path| PathBuf::from(format!("{}-wal", file.display()));
    fs::copy(&file, &copy).unwrap();
    let mut bytes = fs::read(log(&file)).unwrap();
    assert!(bytes.len() > 500_000, "{}", bytes.len());
    bytes[300_000] ^= 4;
    fs::write(log(&copy), &bytes).unwrap();
    drop(holder);
    let whole = read("main", &file).0;
    assert!(good.iter().all(|(seq, json)| whole[seq] == *json));
    let verified = SqliteStore::read(&copy).unwrap().verify().unwrap();
    assert!(verified.structure.iter().any(|what| what.contains("log")), "{:?}", verified.structure);
    let report = repair(&copy, RepairOptions::default()).unwrap();
    is_sound(&copy, &report);
    let (events, _) = read("main", &copy);
    assert!(events.iter().all(|(seq, json)| whole[seq] == *json));
    assert!(events.len() > 5950, "{}", events.len());
    assert!(fs::read(log(report.aside.as_ref().unwrap())).unwrap() == bytes);
    // Who writes to it unrepaired has a copy of what SQLite doesn't see.
    let unrepaired = file.with_file_name("unrepaired.db");
    fs::copy(report.aside.as_ref().unwrap(), &unrepaired).unwrap();
    fs::write(log(&unrepaired), &bytes).unwrap();
    assert!(read("main", &unrepaired).0.len() < 5000);
    let kept = PathBuf::from(format!("{}.damaged-000001", log(&unrepaired).display()));
    assert!(fs::read(kept).unwrap() == bytes);
}

#[test]
fn a_lost_log_takes_with_it_only_what_it_had() {
    let file = file("no_log");
    let good = fill(&file, 1000);
    let bus = attached("main", &file, "?durability=off");
    publish(&bus, 10);
    let copy = file.with_file_name("copy.db");
    fs::copy(&file, &copy).unwrap();
    let seen = bus.position();
    bus.close(LONG);
    let report = repair(&copy, ALWAYS).unwrap();
    is_sound(&copy, &report);
    let bus = attached("main", &copy, "");
    publish(&bus, 50);
    // What was seen of the lost end isn't taken for what has its seqs now.
    for cursor in [seen, Cursor::new("main", 6, 1005).unwrap(), Cursor::new("main", 4, 1005).unwrap()] {
        let options = SubscribeOptions { start: Start::After(cursor), ..SubscribeOptions::default() };
        assert_eq!(bus.subscribe_with("*", options).map(drop).unwrap_err().kind(), ErrorKind::OutOfRange);
    }
    let kept = Start::After(Cursor::new("main", 4, 999).unwrap());
    let mut rest = bus.subscribe_with("*", SubscribeOptions { start: kept, ..Default::default() }).unwrap();
    assert_eq!(rest.next_timeout(LONG).unwrap().event().unwrap().to_json(), good[&1000]);
}

#[test]
fn what_retention_has_deleted_stays_deleted_and_is_told_as_that() {
    let file = file("pruned");
    let good = fill(&file, 4000);
    let store = SqliteStore::open(&file).unwrap();
    let mut writer = store.writer("main").unwrap();
    let kinds = vec![(newswire::Filter::parse("message.delta").unwrap(), Duration::ZERO)];
    for retention in [
        newswire_store::Retention { max_events: Some(2500), ..Default::default() },
        newswire_store::Retention { kinds, ..Default::default() },
    ] {
        while writer.prune(&retention).unwrap() {}
    }
    drop((writer, store));
    let (before, gaps) = read("main", &file);
    let (first, last) = (*before.keys().next().unwrap(), *before.keys().last().unwrap());
    assert!(first > 100 && gaps.iter().all(|gap| gap.2 == GapReason::Retention));
    let report = repair(&file, ALWAYS).unwrap();
    assert_eq!((report.lost, report.buses[0].first), (0, Some(first)));
    let (events, told) = read("main", &file);
    assert_eq!((events.len(), told.len()), (before.len(), gaps.len()));
    let other = told.iter().zip(&gaps).find(|(one, other)| one != other);
    assert_eq!(other, None);
    assert!(events == before);
    assert!(good.len() as u64 >= last);
    is_sound(&file, &report);
}

#[test]
fn several_buses_keep_their_names_numbers_and_gaps() {
    let file = file("several");
    for name in ["one", "two", "three"] {
        let late = Bus::with(BusOptions { name: name.into(), ..BusOptions::default() }).unwrap();
        publish(&late, 5);
        newswire_store::register().unwrap();
        late.attach(&format!("sqlite:{}", file.display())).unwrap();
        publish(&late, 100);
        assert!(late.close(LONG).complete);
    }
    let before: Vec<_> = ["one", "two", "three"].map(|name| read(name, &file)).into();
    let report = repair(&file, ALWAYS).unwrap();
    assert_eq!(report.buses.iter().map(|bus| &*bus.name).collect::<Vec<_>>(), ["one", "three", "two"]);
    assert_eq!((report.events, report.lost), (300, 0));
    let after: Vec<_> = ["one", "two", "three"].map(|name| read(name, &file)).into();
    assert_eq!(before, after);
}

#[test]
fn a_sound_store_is_left_alone_whoever_writes_it() {
    let file = file("written");
    let bus = attached("main", &file, "?durability=off");
    publish(&bus, 500);
    for _ in 0..10 {
        std::thread::scope(|scope| {
            scope.spawn(|| publish(&bus, 50));
            let report = repair(&file, RepairOptions::default()).unwrap();
            assert_eq!((report.aside, report.damage, report.lost), (None, vec![], 0));
        });
    }
    let last = bus.position().seq();
    assert!(bus.close(LONG).complete);
    let (events, gaps) = read("main", &file);
    assert_eq!((events.len() as u64, gaps), (last, vec![]));
}

#[test]
fn a_store_that_somebody_writes_and_what_is_no_store_are_refused_and_left_alone() {
    let file = file("refused");
    let bus = attached("main", &file, "");
    let error = repair(&file, ALWAYS).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full, "{error}");
    assert!(error.message().contains("process"), "{error}");
    bus.close(LONG);
    drop(bus);
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let text = file.with_file_name("text.db");
    fs::write(&text, "no store at all\n".repeat(1000)).unwrap();
    let foreign = file.with_file_name("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (a, b, c, d, e)").unwrap();
    for path in [&file, &text, &foreign, &file.with_file_name("none.db"), &file.parent().unwrap().to_owned()]
    {
        let before = fs::read(path).ok();
        repair(path, ALWAYS).map(drop).unwrap_err();
        assert_eq!(fs::read(path).ok(), before);
    }
    let names = fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().contains("damaged")));
}
