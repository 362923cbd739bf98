//! Files that are no stores, or made to harm: each is refused with an error that says why, or read as far as it goes;
//! nothing panics, hangs, or is changed that isn't ours.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use newswire::{Bus, BusOptions, Error, ErrorKind, Event, Kind};
use newswire_store::{RepairOptions, SqliteStore, Store, repair};

const LONG: Duration = Duration::from_secs(60);

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("hostile").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn fill(file: &Path, count: u64) {
    newswire_store::register().unwrap();
    let bus = Bus::with(BusOptions { name: "main".into(), ..BusOptions::default() }).unwrap();
    bus.attach(&format!("sqlite:{}?durability=off", file.display())).unwrap();
    for n in 0..count {
        let kind = Kind::parse("tick.heard").unwrap();
        bus.publish(Event::builder(kind).json(n.to_string()).build().unwrap()).unwrap();
    }
    assert!(bus.close(LONG).complete);
}

/// Every door, each with the error that it gave.
fn refused(path: &Path) -> [Error; 3] {
    [
        SqliteStore::open(path).map(drop).unwrap_err(),
        SqliteStore::read(path).map(drop).unwrap_err(),
        repair(path, RepairOptions::default()).map(drop).unwrap_err(),
    ]
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = folder("no_file");
    let pipe = folder.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [&folder, &pipe, Path::new("/dev/null"), Path::new("/dev/zero")] {
        for error in refused(path) {
            assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
            assert!(error.message().contains("no file"), "{error}");
        }
    }
    symlink(folder.join("nowhere"), folder.join("dangling")).unwrap();
    for error in refused(&folder.join("dangling")) {
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    }
}

#[test]
fn files_of_other_kinds_are_refused_and_left_as_they_are() {
    let folder = folder("others");
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.join(name), bytes).unwrap();
        folder.join(name)
    };
    let foreign = folder.join("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE event (pos, kind)").unwrap();
    let ours_by_name = folder.join("claims.db");
    let connection = rusqlite::Connection::open(&ours_by_name).unwrap();
    // Says that it is a store, and has another program's tables.
    connection
        .execute_batch("PRAGMA application_id = 1314345812; PRAGMA user_version = 1; CREATE TABLE event (a)")
        .unwrap();
    drop(connection);
    let others = [
        write("text", "no store, but long enough to be one\n".repeat(300).as_bytes()),
        write("short", b"SQLite format 3\0"),
        write(
            "noise",
            &(0..9000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>(),
        ),
        foreign,
    ];
    for path in others {
        let before = fs::read(&path).unwrap();
        for error in refused(&path) {
            assert!(error.path().is_some(), "{error}");
        }
        assert!(fs::read(&path).unwrap() == before, "{}", path.display());
    }
    let store = SqliteStore::read(&ours_by_name);
    assert!(store.and_then(|store| store.past("main").map(drop)).is_err());
}

#[test]
fn a_file_that_may_not_be_read_is_refused() {
    let folder = folder("permission");
    let file = folder.join("events.db");
    fill(&file, 10);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&file).is_ok() {
        eprintln!("SKIPPED: this user may read everything");
        return;
    }
    for error in refused(&file) {
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    }
}

#[test]
fn one_file_has_one_lease_by_whatever_link_it_is_opened() {
    let folder = folder("links");
    let (file, link) = (folder.join("events.db"), folder.join("link.db"));
    fill(&file, 10);
    symlink(&file, &link).unwrap();
    let store = SqliteStore::open(&file).unwrap();
    let _writer = store.writer("main").unwrap();
    let other = SqliteStore::open(&link).unwrap();
    assert_eq!(other.writer("main").map(drop).unwrap_err().kind(), ErrorKind::Full);
}

#[test]
fn a_schema_that_does_something_is_not_trusted() {
    let folder = folder("schema");
    for (name, trick) in [
        ("trigger", "CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM event; END"),
        (
            "view",
            "ALTER TABLE bus RENAME TO hidden; CREATE VIEW bus AS SELECT 1 id, load_extension('x') name, 0 last, 0 events, 0 bytes",
        ),
        ("type", "UPDATE event SET body = 17, crc = 'text'"),
        ("null", "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '')"),
        ("gone", "DROP TABLE epoch"),
        ("root", "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 4294967295"),
        ("loop", "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 1"),
    ] {
        let file = folder.join(format!("{name}.db"));
        fill(&file, 10);
        rusqlite::Connection::open(&file).unwrap().execute_batch(trick).unwrap();
        // An error or whatever of it can still be read; never a panic.
        if let Ok(store) = SqliteStore::read(&file) {
            let _ = (store.buses(), store.past("main").and_then(|past| past.first()), store.verify());
        }
        if let Ok(store) = SqliteStore::open(&file) {
            let _ = store.writer("main").map(|writer| writer.last());
        }
        let _ = repair(&file, RepairOptions { always: true });
    }
}

#[test]
fn mutated_files_never_panic() {
    let folder = folder("mutated");
    let good = folder.join("good.db");
    fill(&good, 60);
    let bytes = fs::read(&good).unwrap();
    let (mut state, mut refusals) = (0x9e37_79b9_7f4a_7c15_u64, 0);
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 8) as usize
    };
    for _ in 0..60 {
        let mut copy = bytes.clone();
        // Most of them where the structure is told.
        for _ in 0..=random() % 8 {
            let page = random() % (copy.len() / 4096);
            let at = page * 4096 + random() % if random() % 4 == 0 { 4096 } else { 120 };
            copy[at] = random() as u8;
        }
        let file = folder.join("mutated.db");
        for entry in fs::read_dir(&folder).unwrap().map_while(Result::ok) {
            if entry.file_name().to_string_lossy().starts_with("mutated") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        fs::write(&file, &copy).unwrap();
        match SqliteStore::read(&file) {
            Ok(store) => {
                _ = (store.buses(), store.past("main").and_then(|past| past.first()), store.verify())
            }
            Err(_) => refusals += 1,
        }
        let _ = repair(&file, RepairOptions::default());
        if let Ok(store) = SqliteStore::open(&file) {
            let _ = store.writer("main").map(|writer| writer.last());
        }
    }
    assert!(refusals > 0);
}
