//! The log (`-wal`) of a store: what a process leaves that is killed at any moment isn't told as damage, and what only
//! damage can leave is.
//!
//! The logs are real ones, cut and put together as a kill leaves them: each write of SQLite (a frame's head, then its
//! page) is there or not, or there up to some byte.

use std::fs;
use std::path::{Path, PathBuf};

use newswire::store::Wanted;
use newswire::{Bus, Delivery, Event, Filter, Kind, Subscription};
use newswire_store::{RepairOptions, SqliteStore, Store, Writer, repair};

const HEADER: usize = 32;
const FRAME: usize = 24 + 8192;

fn file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("log").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder.join("events.db")
}

fn log(file: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", file.display()))
}

/// Writes a store, a transaction at a time.
struct Process {
    source: Bus,
    taken: Subscription,
    writer: Box<dyn Writer>,
}

impl Process {
    fn on(file: &Path) -> Self {
        let source = Bus::new();
        let mut process = Self {
            taken: source.subscribe("*").unwrap(),
            source,
            writer: SqliteStore::open(file).unwrap().writer("main").unwrap(),
        };
        let stored = process.writer.last();
        (0..stored).for_each(|_| _ = process.next());
        process
    }

    fn next(&mut self) -> Delivery {
        let seq = self.source.position().seq() + 1;
        let filler = "z".repeat(300 + seq as usize % 200);
        let kind = Kind::parse("tick.heard").unwrap();
        let event = Event::builder(kind).json(format!(r#"{{"n":{seq},"z":"{filler}"}}"#)).build().unwrap();
        self.source.publish(event).unwrap();
        self.taken.try_next().unwrap().unwrap()
    }

    /// Stores that many events in one transaction.
    fn store(&mut self, count: usize) {
        let deliveries: Vec<_> = (0..count).map(|_| self.next()).collect();
        self.writer.append(&deliveries).unwrap();
    }
}

/// A store and its log as a kill would leave them now.
#[derive(Clone)]
struct Left {
    database: Vec<u8>,
    log: Vec<u8>,
}

impl Left {
    fn by(file: &Path) -> Self {
        Self { database: fs::read(file).unwrap(), log: fs::read(log(file)).unwrap() }
    }

    fn put(&self, file: &Path) {
        for entry in fs::read_dir(file.parent().unwrap()).unwrap().map(Result::unwrap) {
            fs::remove_file(entry.path()).unwrap();
        }
        fs::write(file, &self.database).unwrap();
        fs::write(log(file), &self.log).unwrap();
    }

    /// What `verify` says of it, and how many events are good.
    fn verified(&self, file: &Path) -> (Vec<String>, u64) {
        self.put(file);
        let verified = SqliteStore::read(file).unwrap().verify().unwrap();
        assert!(verified.damaged.is_empty(), "{:?}", verified.damaged);
        (verified.structure, verified.good)
    }

    /// The places of the frames that end a transaction.
    fn ends(&self) -> Vec<usize> {
        let frames = (HEADER..self.log.len()).step_by(FRAME);
        frames.filter(|at| self.log[at + 4..at + 8] != [0; 4]).collect()
    }
}

/// A place for copies, in a folder of its own.
fn place(file: &Path) -> PathBuf {
    let folder = file.with_file_name("copy");
    fs::create_dir_all(&folder).unwrap();
    folder.join("copy.db")
}

/// Bytes up to which a transaction may have been written: around each head, at each boundary of sectors, and at
/// others.
fn cuts(from: usize, to: usize) -> impl Iterator<Item = usize> {
    (from..to).filter(move |cut| {
        let in_frame = (cut - HEADER) % FRAME;
        in_frame < 2 || in_frame.abs_diff(24) < 2 || in_frame % 1024 == 24 || cut % 1021 == 0 || to - cut < 3
    })
}

/// A store with a transaction at the end of its log, as it was before it and after it.
fn with_a_last_transaction(file: &Path, earlier: &[usize], last: usize) -> (Left, Left) {
    let mut process = Process::on(file);
    earlier.iter().for_each(|count| process.store(*count));
    let before = Left::by(file);
    process.store(last);
    let after = Left::by(file);
    assert!(after.log.len() > before.log.len() && before.database == after.database);
    (before, after)
}

#[test]
fn a_transaction_that_was_cut_short_by_a_kill_is_no_damage() {
    let file = file("cut");
    let (before, after) = with_a_last_transaction(&file, &[3, 20], 60);
    let (copy, good) = (place(&file), before.verified(&place(&file)).1);
    for cut in cuts(before.log.len(), after.log.len()) {
        let left = Left { log: after.log[..cut].to_vec(), ..after.clone() };
        assert_eq!(left.verified(&copy), (vec![], good), "cut at {cut}");
        drop(SqliteStore::open(&copy).unwrap());
        assert!(!log(&copy).with_extension("db-wal.damaged-000001").exists(), "cut at {cut}");
    }
    assert!(after.verified(&copy).1 > good);
}

#[test]
fn what_a_former_log_left_behind_a_shorter_one_is_no_damage() {
    let file = file("former");
    let mut process = Process::on(&file);
    (0..6).for_each(|_| process.store(60));
    let former = fs::metadata(log(&file)).unwrap().len();
    let other = rusqlite::Connection::open(&file).unwrap();
    other.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).unwrap();
    process.store(2);
    let before = Left::by(&file);
    process.store(40);
    let after = Left::by(&file);
    assert_eq!((before.log.len() as u64, after.log.len() as u64), (former, former));
    let changed = before.log.iter().zip(&after.log).enumerate().filter(|(_, (one, other))| one != other);
    let (from, to) = changed.fold((usize::MAX, 0), |(from, to), (at, _)| (from.min(at), to.max(at + 1)));
    let (copy, good) = (place(&file), before.verified(&place(&file)).1);
    for cut in cuts(from, to) {
        let mut left = after.clone();
        left.log[cut..].copy_from_slice(&before.log[cut..]);
        assert_eq!(left.verified(&copy), (vec![], good), "cut at {cut}");
    }
    assert_eq!(after.verified(&copy).0, Vec::<String>::new());
}

#[test]
fn what_a_killed_transaction_left_behind_later_ones_is_neither_damage_nor_ever_read() {
    let file = file("left");
    let (before, after) = with_a_last_transaction(&file, &[3, 20], 400);
    let copy = place(&file);
    // Up to its last frame's head: that one says that the transaction ends there.
    for cut in [12, 15, 20].map(|frames| before.log.len() + frames * FRAME).into_iter().chain([
        after.log.len() - FRAME + 24,
        after.log.len() - 4096,
        after.log.len() - 1,
    ]) {
        Left { log: after.log[..cut].to_vec(), ..after.clone() }.put(&copy);
        // Else who opens it writes the log back first.
        let reader = SqliteStore::read(&copy).unwrap().past("main").unwrap();
        let mut next = Process::on(&copy);
        next.store(1);
        let (left, said) = (Left::by(&copy), events(&copy));
        drop((next, reader));
        assert_eq!(left.log.len(), cut, "what was left is behind what came later");
        assert_eq!(left.verified(&copy).0, Vec::<String>::new(), "cut at {cut}");
        // A repair goes by what came to its end, too.
        left.put(&copy);
        let report = repair(&copy, RepairOptions { always: true }).unwrap();
        assert_eq!((report.events, report.lost), (said.len() as u64, 0), "cut at {cut}");
        assert_eq!(events(&copy), said, "cut at {cut}");
    }
}

/// All events of a store.
fn events(file: &Path) -> Vec<String> {
    let (past, filter) = (SqliteStore::read(file).unwrap().past("main").unwrap(), Filter::all());
    let all = past.read(1, &Wanted { filter: &filter, internal: true }, 10_000).unwrap();
    all.deliveries.into_iter().map(|delivery| delivery.event().expect("a gap").to_json()).collect()
}

#[test]
fn a_flipped_bit_before_what_came_to_its_end_is_told_wherever_it_is() {
    let file = file("flipped");
    let (_, whole) = with_a_last_transaction(&file, &[3, 20, 1], 60);
    let (copy, end) = (place(&file), *whole.ends().last().unwrap());
    assert!(whole.ends().len() >= 4, "{:?}", whole.ends());
    assert_eq!(whole.verified(&copy).0, Vec::<String>::new());
    let heads = (HEADER..end).step_by(FRAME).flat_map(|frame| (frame..frame + 24).step_by(3));
    for at in (0..HEADER).chain(heads).chain((HEADER..end).step_by(1021)) {
        let mut rotten = whole.clone();
        rotten.log[at] ^= 1 << (at / 3 % 8);
        let (said, _) = rotten.verified(&copy);
        assert!(said.iter().any(|what| what.contains("log (-wal) is damaged")), "at {at}: {said:?}");
    }
}
