//! The tables, their version, and how a connection is opened.

use std::fs;
use std::path::Path;
use std::time::Duration;

use newswire::{Error, ErrorKind, Result};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::fault::{Outcome, error_at, io_error};
use super::runs;
use crate::options::Durability;

/// "NWST": says that a database is one of ours.
const APPLICATION: i32 = 0x4e57_5354;
/// The version of the tables; one step of [`MIGRATIONS`] leads to each.
const VERSION: i32 = 2;
/// Versions from 3.7.0 to 3.51.2 can damage a file that two connections write to.
const OLDEST_SQLITE: i32 = 3_051_003;
/// How long a connection waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(5);

const MIGRATIONS: [&str; VERSION as usize] = ["
CREATE TABLE bus (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, last INTEGER NOT NULL DEFAULT 0,
    events INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0);
CREATE TABLE epoch (bus INTEGER NOT NULL, epoch INTEGER NOT NULL, before INTEGER NOT NULL,
    opened_ns INTEGER NOT NULL, PRIMARY KEY (bus, epoch)) WITHOUT ROWID;
CREATE TABLE kind (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE event (pos INTEGER PRIMARY KEY, kind INTEGER NOT NULL, time_ns INTEGER NOT NULL,
    session TEXT, run TEXT, crc INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX event_kind ON event (kind);
CREATE INDEX event_session ON event (session) WHERE session IS NOT NULL;
CREATE INDEX event_run ON event (run) WHERE run IS NOT NULL;
CREATE TABLE gap (pos INTEGER PRIMARY KEY, last INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE TABLE batch (pos INTEGER PRIMARY KEY, last INTEGER NOT NULL, stored_ns INTEGER NOT NULL,
    max_ns INTEGER NOT NULL);
CREATE TABLE pruned (bus INTEGER NOT NULL, kind INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (bus, kind)) WITHOUT ROWID;
", runs::TABLE];

/// Makes folder and file where they aren't there, for their owner only.
pub(super) fn prepare(path: &Path) -> Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|error| io_error(folder, "the folder can't be made", &error))?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(io_error(path, "the file can't be made", &error)),
    }
}

/// A connection that writes; the tables are made or brought up to this version.
pub(super) fn open(path: &Path, durability: Durability) -> Result<Connection> {
    check_library()?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(|error| error_at(path, &error))?;
    let found = look(&connection).map_err(|error| error_at(path, &error))?;
    judge(path, &found)?;
    set_up(&mut connection, &found, durability).map_err(|error| error_at(path, &error))?;
    Ok(connection)
}

/// A connection that reads.
pub(super) fn open_to_read(path: &Path) -> Result<Connection> {
    check_library()?;
    let open = |flags| Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    // Only who may write can read beside a writer; where the file is read-only, so is the connection.
    let connection = open(OpenFlags::SQLITE_OPEN_READ_WRITE)
        .or_else(|_| open(OpenFlags::SQLITE_OPEN_READ_ONLY))
        .map_err(|error| error_at(path, &error))?;
    let found = look(&connection).map_err(|error| error_at(path, &error))?;
    judge(path, &found)?;
    if found.version == 0 {
        let message = "the file is empty, and no store yet";
        return Err(Error::invalid(message).at_path(path.display().to_string()));
    }
    let set_up = || -> Outcome<()> {
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -8192)
    };
    set_up().map_err(|error| error_at(path, &error))?;
    Ok(connection)
}

fn check_library() -> Result<()> {
    match rusqlite::version_number() {
        version if version >= OLDEST_SQLITE => Ok(()),
        _ => Err(Error::new(
            ErrorKind::Io,
            format!("SQLite {} has a bug that damages files: 3.51.3 is needed", rusqlite::version()),
        )),
    }
}

/// What a file says that it is.
struct Found {
    application: i32,
    version: i32,
    tables: i64,
}

fn look(connection: &Connection) -> Outcome<Found> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(Found {
        application: connection.pragma_query_value(None, "application_id", |row| row.get(0))?,
        version: connection.pragma_query_value(None, "user_version", |row| row.get(0))?,
        tables: connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?,
    })
}

/// Refuses, untouched, what isn't ours or of a later version.
fn judge(path: &Path, found: &Found) -> Result<()> {
    let is_new = found.application == 0 && found.version == 0 && found.tables == 0;
    let refuse = |message: String, expected: &str| {
        Err(Error::invalid(message).at_path(path.display().to_string()).expecting(expected))
    };
    if !is_new && found.application != APPLICATION {
        return refuse(
            "the file is another program's database".into(),
            "a store, or a file that isn't there yet",
        );
    }
    if found.version > VERSION {
        let message =
            format!("the store has version {}, and this program knows up to {VERSION}", found.version);
        return refuse(message, "a later version of this program");
    }
    Ok(())
}

fn set_up(connection: &mut Connection, found: &Found, durability: Durability) -> Outcome<()> {
    if found.version == 0 {
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.pragma_update(None, "cache_size", -16384)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    set_synchronous(connection, durability)?;
    if found.version < VERSION {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been faster.
        let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        for step in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or_default()) {
            transaction.execute_batch(step)?;
        }
        if version == 1 {
            runs::sum_up(&transaction)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
    }
    Ok(())
}

/// When commits wait for the disk.
pub(super) fn set_synchronous(connection: &Connection, durability: Durability) -> Outcome<()> {
    let word = match durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
        Durability::Off => "OFF",
    };
    connection.pragma_update(None, "synchronous", word)
}
