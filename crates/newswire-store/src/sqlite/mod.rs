//! The store in one SQLite file.
//!
//! Rows are found by `pos`, which holds the bus's number above and the seq below: the events of a bus lie one
//! after the other, and every index ends in the order of the bus.

mod append;
mod fault;
mod lease;
mod page;
mod past;
mod prune;
mod renew;
mod repair;
mod salvage;
mod schema;
mod verify;
mod way;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use newswire::store::Past;
use newswire::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, params};

use crate::clock::{Clock, SystemClock};
use crate::options::Durability;
use crate::store::{BusInfo, Store, Verified, Writer};
use append::SqliteWriter;
use fault::{Outcome, error_at, io_error};
use past::SqlitePast;
use renew::FileMark;
pub(crate) use repair::repair;

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

/// A store in one SQLite file, which several processes may use at a time.
pub struct SqliteStore {
    /// The path that it was opened at.
    path: PathBuf,
    durability: Durability,
    clock: Arc<dyn Clock>,
    file: Mutex<OpenFile>,
}

/// The file that is there now.
struct OpenFile {
    /// Where it is: elsewhere, once it has been set aside.
    path: Arc<Mutex<PathBuf>>,
    mark: FileMark,
}

impl SqliteStore {
    /// The store in the file at `path`, which is made if it isn't there: readable to its owner only, as is a
    /// folder that has to be made for it.
    ///
    /// # Errors
    /// `Invalid` where the file is no store, or of a later version; `Io` where it can't be used.
    pub fn open(path: impl AsRef<Path>, durability: Durability) -> Result<Self> {
        schema::prepare(path.as_ref())?;
        let path = schema::file_at(path.as_ref())?;
        schema::keep_damaged_log(&path)?;
        schema::open(&path, durability)?;
        Self::at(path, durability)
    }

    /// The store in the file at `path`, which has to be there and is only read.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = schema::file_at(path.as_ref())?;
        schema::open_to_read(&path)?;
        Self::at(path, Durability::Full)
    }

    fn at(path: PathBuf, durability: Durability) -> Result<Self> {
        let file = OpenFile { path: Arc::new(Mutex::new(path.clone())), mark: FileMark::of(&path)? };
        Ok(Self { path, durability, clock: Arc::new(SystemClock), file: Mutex::new(file) })
    }

    /// Goes by that clock instead of the system's.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    fn number_of(&self, connection: &Connection, bus: &str) -> Outcome<Option<i64>> {
        connection.query_row("SELECT id FROM bus WHERE name = ?1", [bus], |row| row.get(0)).optional()
    }
}

impl Store for SqliteStore {
    fn writer(&self, bus: &str) -> Result<Box<dyn Writer>> {
        Ok(Box::new(SqliteWriter::open(&self.path, self.durability, bus, &*self.clock)?))
    }

    fn past(&self, bus: &str) -> Result<Arc<dyn Past>> {
        let connection = schema::open_to_read(&self.path)?;
        let number = self.number_of(&connection, bus).map_err(|error| error_at(&self.path, &error))?;
        let number = number.ok_or_else(|| {
            let message = format!("the store has no bus {bus:?}");
            Error::new(ErrorKind::OutOfRange, message).at_path(self.path.display().to_string())
        })?;
        Ok(Arc::new(SqlitePast::new(self.file.lock().path.clone(), number, connection)))
    }

    fn renew(&self, bus: &str, last: u64) -> Result<()> {
        let mut file = self.file.lock();
        let aside = renew::set_aside(&self.path, file.mark)?;
        // Who reads it goes on there.
        if let Some(aside) = &aside {
            file.path.lock().clone_from(aside);
        }
        let is_ours = schema::prepare(&self.path)?;
        let begun = renew::begin(&self.path, self.durability, aside.as_deref(), bus, last);
        if begun.is_err() && is_ours {
            // What the disk failed to keep of it, nobody knows either.
            for end in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(schema::beside(&self.path, end));
            }
        }
        begun?;
        *file = OpenFile { path: Arc::new(Mutex::new(self.path.clone())), mark: FileMark::of(&self.path)? };
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
