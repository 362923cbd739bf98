//! The store in one SQLite file.
//!
//! Rows are found by `pos`, which holds the bus's number above and the seq below: the events of a bus lie one
//! after the other, and every index ends in the order of the bus.

mod append;
mod fault;
mod helper;
mod lease;
mod log;
mod opened;
mod page;
mod past;
mod prune;
mod renew;
mod repair;
mod rows;
mod runs;
mod salvage;
mod schema;
mod verify;
mod way;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use newswire::store::Past;
use newswire::{Error, ErrorKind, Result};
use rusqlite::{Connection, OptionalExtension, params};

use crate::clock::{Clock, StoreClock, SystemClock};
use crate::lock::lock;
use crate::options::Retention;
use crate::runs::{RunInfo, RunQuery};
use crate::store::{BusInfo, Store, Verified, Writer};
use append::{SqliteWriter, last_stored};
use fault::{Outcome, error_at, io_error};
use opened::Looked;
use past::SqlitePast;
use renew::{FileMark, Known};
pub(crate) use repair::repair;

/// How every database of SQLite begins.
const HEAD: &[u8; 16] = b"SQLite format 3\0";

/// How many bits of a `pos` are the seq.
const SEQ_BITS: u32 = 44;

/// The place of an event: its bus's number, then its seq.
fn pos(bus: i64, seq: u64) -> i64 {
    let seq = seq.min((1 << SEQ_BITS) - 1);
    bus << SEQ_BITS | i64::try_from(seq).unwrap_or(i64::MAX)
}

fn seq_of(pos: i64) -> u64 {
    u64::try_from(pos & ((1 << SEQ_BITS) - 1)).unwrap_or_default()
}

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// How many events.
    pub events: u64,
    /// Their bytes, without their indexes.
    pub bytes: u64,
    /// Whether there is more to do.
    pub has_more: bool,
}

impl Pruned {
    fn of((events, bytes): (i64, i64), has_more: bool) -> Self {
        let number = |number| u64::try_from(number).unwrap_or_default();
        Self { events: number(events), bytes: number(bytes), has_more }
    }
}

/// Whether the file begins as a database of SQLite does, as every store does; whether it is one of ours, only opening
/// it tells.
pub fn is_store(path: impl AsRef<Path>) -> bool {
    let path = path.as_ref();
    let mut head = [0; HEAD.len()];
    // Opening a pipe would wait for somebody to write.
    path.is_file()
        && Looked::at(path).and_then(|mut looked| looked.file()?.read_exact(&mut head)).is_ok()
        && head == *HEAD
}

/// A store in one SQLite file, which several processes may use at a time.
pub struct SqliteStore {
    /// The path that it was opened at.
    path: PathBuf,
    clock: Arc<dyn Clock>,
    file: Mutex<OpenFile>,
}

/// The file that is there now.
struct OpenFile {
    /// Where it is: elsewhere, once it has been set aside.
    path: Arc<Mutex<PathBuf>>,
    mark: FileMark,
    /// What is written: each bus's log, and what the file knows of the bus. It may be gone when that is wanted.
    written: BTreeMap<String, (FileMark, Option<Known>)>,
}

impl OpenFile {
    fn at(path: &Path) -> Result<Self> {
        let (mark, path) = (FileMark::of(path)?, Arc::new(Mutex::new(path.to_owned())));
        Ok(Self { path, mark, written: BTreeMap::new() })
    }
}

impl SqliteStore {
    /// The store in the file at `path`, which is made if it isn't there: readable to its owner only, as is a
    /// folder that has to be made for it.
    ///
    /// # Errors
    /// `Invalid` where the file is no store, or of a later version; `Io` where it can't be used.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        schema::prepare(path.as_ref())?;
        let path = schema::file_at(path.as_ref())?;
        schema::keep_damaged_log(&path)?;
        schema::open(&path)?;
        Self::at(path)
    }

    /// The store in the file at `path`, which has to be there and is only read.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = schema::file_at(path.as_ref())?;
        schema::open_to_read(&path)?;
        Self::at(path)
    }

    fn at(path: PathBuf) -> Result<Self> {
        let file = Mutex::new(OpenFile::at(&path)?);
        Ok(Self { path, clock: Arc::new(SystemClock), file })
    }

    /// Goes by that clock instead of the system's.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Deletes a small piece of what `retention` doesn't keep of a bus, also beside the one who writes it; says how
    /// much it was, and whether there is more to do.
    ///
    /// # Errors
    /// `OutOfRange` where the store has no such bus; `Io`.
    pub fn prune(&self, bus: &str, retention: &Retention) -> Result<Pruned> {
        let mut connection = schema::open(&self.path)?;
        let number = self.known(&connection, bus)?;
        let mut prune = || -> Outcome<Pruned> {
            let now = StoreClock::new(last_stored(&connection, number)?, self.clock.now_ns()).now();
            let (gone, has_more) = prune::step(&mut connection, number, retention, now)?;
            Ok(Pruned::of(gone, has_more))
        };
        prune().map_err(|error| error_at(&self.path, &error))
    }

    /// What [`SqliteStore::prune`] would delete in all, which it looks at only.
    ///
    /// # Errors
    /// As [`SqliteStore::prune`].
    pub fn would_prune(&self, bus: &str, retention: &Retention) -> Result<Pruned> {
        let connection = schema::open_to_read(&self.path)?;
        let number = self.known(&connection, bus)?;
        let look = || -> Outcome<Pruned> {
            let now = StoreClock::new(last_stored(&connection, number)?, self.clock.now_ns()).now();
            Ok(Pruned::of(prune::would(&connection, number, retention, now)?, false))
        };
        look().map_err(|error| error_at(&self.path, &error))
    }

    fn known(&self, connection: &Connection, bus: &str) -> Result<i64> {
        let number = self.number_of(connection, bus).map_err(|error| error_at(&self.path, &error))?;
        number.ok_or_else(|| {
            let message = format!("the store has no bus {bus:?}");
            Error::new(ErrorKind::OutOfRange, message).at_path(self.path.display().to_string())
        })
    }

    fn number_of(&self, connection: &Connection, bus: &str) -> Outcome<Option<i64>> {
        connection.query_row("SELECT id FROM bus WHERE name = ?1", [bus], |row| row.get(0)).optional()
    }
}

impl Store for SqliteStore {
    fn writer(&self, bus: &str) -> Result<Box<dyn Writer>> {
        let writer = SqliteWriter::open(&self.path, bus, &*self.clock)?;
        lock(&self.file).written.insert(bus.to_owned(), (writer.log(), writer.known(bus)));
        Ok(Box::new(writer))
    }

    fn past(&self, bus: &str) -> Result<Arc<dyn Past>> {
        let connection = schema::open_to_read(&self.path)?;
        let number = self.known(&connection, bus)?;
        let file = lock(&self.file);
        Ok(Arc::new(SqlitePast::new(file.path.clone(), file.mark, number, connection)))
    }

    fn renew(&self, bus: &str, last: u64) -> Result<()> {
        let mut file = lock(&self.file);
        let aside = renew::set_aside(&self.path, file.mark)?;
        // Who reads it goes on there.
        if let Some(aside) = &aside {
            lock(&file.path).clone_from(aside);
        }
        let (log, known) = file.written.get(bus).cloned().unzip();
        log.map_or(Ok(()), |log| renew::set_log_aside(&self.path, log))?;
        let is_ours = schema::prepare(&self.path)?;
        let begun = renew::begin(&self.path, aside.as_deref(), known.flatten().as_ref(), bus, last);
        if begun.is_err() && is_ours {
            // What the disk failed to keep of it, nobody knows either.
            for end in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(schema::beside(&self.path, end));
            }
        }
        begun?;
        *file = OpenFile::at(&self.path)?;
        Ok(())
    }

    fn buses(&self) -> Result<Vec<BusInfo>> {
        let connection = schema::open_to_read(&self.path)?;
        let read = || -> Outcome<Vec<BusInfo>> {
            let mut statement = connection.prepare(
                "SELECT id, name, last, (SELECT count(*) FROM epoch WHERE epoch.bus = bus.id) FROM bus ORDER BY name",
            )?;
            let buses = statement.query_map([], |row| {
                let (id, last, epochs): (i64, i64, i64) = (row.get(0)?, row.get(2)?, row.get(3)?);
                let first = connection
                    .query_row(
                        "SELECT pos FROM event WHERE pos > ?1 AND pos <= ?2 ORDER BY pos LIMIT 1",
                        params![pos(id, 0), pos(id, u64::MAX)],
                        |row| row.get(0),
                    )
                    .optional()?;
                Ok(BusInfo {
                    name: row.get(1)?,
                    epochs: u64::try_from(epochs).unwrap_or_default(),
                    first: first.map(seq_of),
                    last: u64::try_from(last).unwrap_or_default(),
                })
            })?;
            buses.collect()
        };
        read().map_err(|error| error_at(&self.path, &error))
    }

    fn runs(&self, query: &RunQuery, each: &mut dyn FnMut(RunInfo) -> bool) -> Result<u64> {
        let connection = schema::open_to_read(&self.path)?;
        runs::list(&connection, query, each).map_err(|error| error_at(&self.path, &error))
    }

    fn verify(&self) -> Result<Verified> {
        let connection = schema::open_to_read(&self.path)?;
        let mut verified = verify::verify(&connection).map_err(|error| error_at(&self.path, &error))?;
        let log = schema::beside(&self.path, "-wal");
        let failed = |error: std::io::Error| io_error(&log, "the log can't be read", &error);
        if salvage::is_damaged(&log).map_err(failed)? {
            verified.structure.push("the log (-wal) is damaged, and what follows in it is out of reach (after a loss of power: what had no receipt)".into());
        }
        Ok(verified)
    }
}
