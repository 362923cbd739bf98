//! Files that earlier versions have written open, and say what they said then (tests/golden). A file of a version to
//! come is refused, and left as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use newswire::store::Wanted;
use newswire::{Bus, BusOptions, Delivery, Event, Filter, Kind, Scope, ScopeField};
use newswire_store::{RepairOptions, SqliteStore, Store, repair};

const LONG: Duration = Duration::from_secs(60);

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden")
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("golden").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn attached(name: &str, file: &Path) -> Bus {
    newswire_store::register().unwrap();
    let bus = Bus::with(BusOptions { name: name.into(), ..BusOptions::default() }).unwrap();
    bus.attach(&format!("sqlite:{}", file.display())).unwrap();
    bus
}

/// All that a store has, a line each: its buses, their events and gaps.
fn told(file: &Path) -> String {
    let store = SqliteStore::read(file).unwrap();
    let (filter, mut text) = (Filter::all(), String::new());
    let wanted = Wanted { filter: &filter, internal: true };
    for bus in store.buses().unwrap() {
        text += &format!("{} {} {:?} {}\n", bus.name, bus.epochs, bus.first, bus.last);
        let past = store.past(&bus.name).unwrap();
        for delivery in past.read(1, &wanted, 1000).unwrap().deliveries {
            match delivery {
                Delivery::Event(event) => text += &(event.to_json() + "\n"),
                Delivery::Gap(gap) => {
                    text += &format!("gap {} {} {}\n", gap.first, gap.last, gap.reason.as_str())
                }
            }
        }
    }
    text
}

/// The version that this program writes.
fn version_of(file: &Path) -> i64 {
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// A store of this version, with a bit of everything.
fn make(file: &Path) {
    for epoch in 0..2_i64 {
        let bus = attached("main", file);
        for n in 0..8_i64 {
            let scope = Scope::new().with(ScopeField::Session, format!("s-{}", n % 2)).unwrap();
            let scope = scope.with(ScopeField::Run, format!("r-{epoch}")).unwrap();
            let kind = Kind::parse(["tool.call.started", "deploy.finished"][n as usize % 2]).unwrap();
            let filler = "ä".repeat(if n == 3 { 5000 } else { 3 });
            let event = Event::builder(kind).scope(scope).time_ns(1_795_000_000_000_000_000 + n * 1_000_000);
            let event = event.json(format!(r#"{{"n":{n},"filler":"{filler}"}}"#)).build().unwrap();
            bus.publish(event).unwrap();
        }
        assert!(bus.close(LONG).complete);
    }
    let late = Bus::with(BusOptions { name: "late".into(), ..BusOptions::default() }).unwrap();
    let event = || Event::builder(Kind::parse("tick.heard").unwrap()).time_ns(0).build().unwrap();
    late.publish(event()).unwrap();
    late.attach(&format!("sqlite:{}", file.display())).unwrap();
    late.publish(event()).unwrap();
    assert!(late.close(LONG).complete);
}

#[test]
fn this_version_has_a_golden_file() {
    let file = folder("made").join("events.db");
    make(&file);
    let name = format!("store-v{}", version_of(&file));
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    fs::write(file.with_file_name("told.txt"), told(&file)).unwrap();
    let golden = golden().join(format!("{name}.db"));
    let made = file.display();
    assert!(golden.exists(), "copy {made} to {}, and told.txt beside it to {name}.txt", golden.display());
}

#[test]
fn files_of_every_version_open_and_say_what_they_said() {
    let folder = folder("read");
    let mut versions = 0;
    for entry in fs::read_dir(golden()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "db") {
            continue;
        }
        versions += 1;
        let expected = fs::read_to_string(path.with_extension("txt")).unwrap();
        let file = folder.join(path.file_name().unwrap());
        fs::copy(&path, &file).unwrap();
        assert_eq!(told(&file), expected, "read only");
        let verified = SqliteStore::read(&file).unwrap().verify().unwrap();
        assert_eq!((verified.good, verified.damaged, verified.structure), (17, vec![], vec![]));
        // Written by this version, it goes on where it was.
        let bus = attached("main", &file);
        assert_eq!(bus.position().seq(), 16);
        assert!(bus.close(LONG).complete);
        assert_eq!(told(&file), expected.replace("main 2 ", "main 3 "));
        let report = repair(&file, RepairOptions { always: true }).unwrap();
        assert_eq!((report.events, report.lost), (17, 0));
        assert_eq!(told(&file), expected.replace("main 2 ", "main 4 ").replace("late 1 ", "late 2 "));
    }
    assert!(versions > 0);
}

#[test]
fn a_file_of_a_version_to_come_is_refused_and_left_as_it_is() {
    let file = folder("newer").join("events.db");
    make(&file);
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.pragma_update(None, "user_version", 57).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    let before = fs::read(&file).unwrap();
    for error in [
        SqliteStore::open(&file).map(drop).unwrap_err(),
        SqliteStore::read(&file).map(drop).unwrap_err(),
        repair(&file, RepairOptions { always: true }).map(drop).unwrap_err(),
    ] {
        assert!(error.to_string().contains("version 57"), "{error}");
    }
    assert!(fs::read(&file).unwrap() == before);
}
