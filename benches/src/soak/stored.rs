//! What the runs with a store share: buses on a file, events that can be told from their seq, all that a file has.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use newswire::store::{Past, Wanted};
use newswire::{Bus, BusOptions, Delivery, Event, Filter, Kind, Receipt, Result};
use newswire_store::{SqliteStore, Store};

/// Longer than anything here takes.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// An empty folder for a run, on the disk that the program is built on. No other process has it as long as this one
/// lives: a run beside another, of a debug build perhaps, takes the next free one.
pub(crate) fn folder(name: &str) -> PathBuf {
    let soaks = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/soak"));
    std::fs::create_dir_all(&soaks).expect("a folder");
    let mut folders = (1..).map(|number| soaks.join(format!("{name}-{number}")));
    let folder = folders.find(|folder| is_ours(folder)).expect("a free one");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder.canonicalize().expect("a folder")
}

/// Takes a folder for this process, if no other has it, by the lock on a file beside it. The system takes that back
/// however the process ends; children have no part in it, since they don't inherit the file.
fn is_ours(folder: &Path) -> bool {
    let lock = File::create(folder.with_extension("lock")).expect("a file");
    match lock.try_lock() {
        Ok(()) => {
            std::mem::forget(lock);
            true
        }
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(error)) => panic!("a folder can't be taken: {error}"),
    }
}

/// A bus on the store in that file; waits for the lease of a process that is being buried.
pub(crate) fn attached(name: &str, file: &Path, options: &str) -> Bus {
    // Twice is an error that says so.
    let _ = newswire_store::register();
    let bus = Bus::with(BusOptions { name: name.into(), ..BusOptions::default() }).expect("a name");
    let until = Instant::now() + LONG;
    loop {
        match bus.attach(&format!("sqlite:{}{options}", file.display())) {
            Ok(_) => return bus,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The payload of the event with that seq.
pub(crate) fn payload(seq: u64) -> String {
    format!(r#"{{"n":{seq},"filler":"{}"}}"#, "x".repeat((seq * 7919 % 300) as usize))
}

pub(crate) fn event(seq: u64) -> Event {
    let kind = Kind::parse("tick.heard").expect("a kind");
    Event::builder(kind).json(payload(seq)).build().expect("an event")
}

/// Publishes so many events behind `seq`, all before anybody waits for a receipt.
pub(crate) fn publish(bus: &Bus, seq: &mut u64, count: u64) -> Vec<Receipt> {
    let receipts =
        (*seq + 1..=*seq + count).map(|seq| bus.publish_durable(event(seq)).expect("an open bus")).collect();
    *seq += count;
    receipts
}

/// What a store has of a bus.
#[derive(Default)]
pub(crate) struct Found {
    /// The events that are as they were published.
    pub(crate) seqs: Vec<u64>,
    /// Events that aren't.
    pub(crate) altered: u64,
    /// Seqs that are told as missing.
    pub(crate) lost: u64,
}

impl Found {
    /// Seqs from 1 to `last` that aren't there.
    pub(crate) fn missing(&self, last: u64) -> u64 {
        last - self.seqs.iter().filter(|seq| **seq <= last).count() as u64
    }

    /// Whether each seq comes once, in order.
    pub(crate) fn is_in_order(&self) -> bool {
        self.seqs.is_sorted_by(|one, next| one < next)
    }
}

/// Reads all that a store has of the bus `main`; nothing where there is no such bus yet.
pub(crate) fn read(file: &Path) -> Result<Found> {
    let past = match SqliteStore::read(file)?.past("main") {
        Ok(past) => past,
        Err(error) if error.kind() == newswire::ErrorKind::OutOfRange => return Ok(Found::default()),
        Err(error) => return Err(error),
    };
    let mut found = Found::default();
    each(&past, |delivery| match delivery {
        Delivery::Event(event) if event.payload_json() == Some(&*payload(event.seq())) => {
            found.seqs.push(event.seq());
        }
        Delivery::Event(_) => found.altered += 1,
        Delivery::Gap(gap) => found.lost += gap.count,
    })?;
    Ok(found)
}

/// Goes through a bus from its first seq on.
pub(crate) fn each(past: &Arc<dyn Past>, mut each: impl FnMut(Delivery)) -> Result<()> {
    let filter = Filter::all();
    let wanted = Wanted { filter: &filter, internal: true };
    let mut next = 1;
    loop {
        let page = past.read(next, &wanted, 1024)?;
        page.deliveries.into_iter().for_each(&mut each);
        if page.through < next {
            return Ok(());
        }
        next = page.through + 1;
    }
}

/// Numbers that look random and are the same every time.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 1
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }
}
