//! The tables, their version, and how a connection is opened.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use newswire::{Error, ErrorKind, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::fault::{Outcome, error_at, io_error};
use super::opened::{Database, Looked};
use super::runs;
use super::salvage::is_damaged;

/// "NWST": says that a database is one of ours.
const APPLICATION: i32 = 0x4e57_5354;
/// The version of the tables; one step of [`MIGRATIONS`] leads to each.
const VERSION: i32 = 2;
/// Versions from 3.7.0 to 3.51.2 can damage a file that two connections write to.
const OLDEST_SQLITE: i32 = 3_051_003;
/// How long a connection waits for another process's transaction.
pub(super) const BUSY: Duration = Duration::from_secs(5);

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

/// The file itself, behind links: what lies beside it (log, leases) goes by its own name, whoever opens it how.
///
/// # Errors
/// `Invalid` where something else than a file is there; `Io`.
pub(super) fn file_at(path: &Path) -> Result<PathBuf> {
    let file = path.canonicalize().map_err(|error| io_error(path, "the file can't be found", &error))?;
    let about = fs::metadata(&file).map_err(|error| io_error(path, "the file can't be looked at", &error))?;
    match about.is_file() {
        true => Ok(file),
        false => Err(Error::invalid("it is no file")
            .at_path(path.display().to_string())
            .expecting("a store, or the path of a file that isn't there yet")),
    }
}

/// Refuses a file whose head says that it is a store of a version to come.
pub(super) fn refuse_later(path: &Path) -> Result<()> {
    let mut head = [0; 72];
    let read = Looked::at(path).and_then(|mut looked| looked.file()?.read_exact(&mut head));
    let number = |at| head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(i32::from_be_bytes);
    // What is larger is no version, but damage.
    match (number(60), number(68)) {
        (Some(version @ 0..1000), Some(APPLICATION))
            if read.is_ok() && head.starts_with(b"SQLite format 3\0") =>
        {
            judge(path, &Found { application: APPLICATION, version, tables: 1 })
        }
        _ => Ok(()),
    }
}

/// Makes folder and file where they aren't there, for their owner only; says whether it has made the file.
pub(super) fn prepare(path: &Path) -> Result<bool> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.exists() {
        let missing: Vec<_> = folder.ancestors().take_while(|above| !above.exists()).collect();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|error| io_error(folder, "the folder can't be made", &error))?;
        missing.into_iter().filter_map(Path::parent).try_for_each(sync_folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        // A file that is on the disk is lost all the same while its name isn't.
        Ok(_) => sync_folder(folder).map(|()| true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => own_empty(path).map(|()| false),
        Err(error) => Err(io_error(path, "the file can't be made", &error)),
    }
}

/// Has a file without anything in it, which becomes a store, for its owner only.
fn own_empty(path: &Path) -> Result<()> {
    #[cfg(unix)]
    if let Ok(about) = fs::metadata(path)
        && (about.is_file() && about.len() == 0)
    {
        let owners = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(path, owners)
            .map_err(|error| io_error(path, "the file can't be made its owner's only", &error))?;
    }
    Ok(())
}

/// Refuses to write a file that has several names: log and leases go by the name, so who knows it by another would have
/// others.
fn refuse_links(path: &Path) -> Result<()> {
    #[cfg(unix)]
    if fs::metadata(path).is_ok_and(|about| std::os::unix::fs::MetadataExt::nlink(&about) > 1) {
        let message = "the file has another name (a hard link), by which others may write it";
        return Err(Error::new(ErrorKind::Io, message)
            .at_path(path.display().to_string())
            .expecting("a file with one name: a symbolic link, or a copy, for the other"));
    }
    Ok(())
}

/// Has the names in a folder survive a loss of power.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let synced =
        if cfg!(unix) { fs::File::open(folder).and_then(|folder| folder.sync_all()) } else { Ok(()) };
    synced.map_err(|error| io_error(folder, "the disk failed to keep the names", &error))
}

/// A connection that writes; the tables are made or brought up to this version.
pub(super) fn open(path: &Path) -> Result<Database> {
    check_library()?;
    refuse_links(path)?;
    let failed = |error: rusqlite::Error| {
        let why = is_unwritable(&error).then(|| why_unwritable(path)).flatten();
        why.unwrap_or_else(|| error_at(path, &error))
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Database::open(path, path, flags).map_err(failed)?;
    // SQLite is content with reading where it may not write.
    if connection.is_readonly("main").map_err(failed)? {
        let message = "the file can't be written: it is for reading only";
        let plain = || Error::new(ErrorKind::Io, message).at_path(path.display().to_string());
        return Err(why_unwritable(path).unwrap_or_else(plain));
    }
    let found = look(&connection).map_err(failed)?;
    judge(path, &found)?;
    set_up(&mut connection, &found).map_err(failed)?;
    Ok(connection)
}

/// The system's own word for why nothing can be written there, which is plainer than SQLite's. The file itself isn't
/// opened for that: closing it would give up the locks that this process has on it.
fn why_unwritable(path: &Path) -> Option<Error> {
    let probe = free_name(path, "probe");
    let made = fs::OpenOptions::new().write(true).create_new(true).open(&probe);
    match made {
        Err(why) => Some(io_error(path, "the file can't be written", &why)),
        Ok(_) => {
            let _ = fs::remove_file(&probe);
            None
        }
    }
}

/// A connection that reads.
pub(super) fn open_to_read(path: &Path) -> Result<Database> {
    check_library()?;
    let open = |flags| -> Outcome<(Database, Found)> {
        let connection = Database::open(path, path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        let found = look(&connection)?;
        Ok((connection, found))
    };
    // Only who may write can read beside a writer; where the file is read-only, so is the connection.
    refuse_empty(path)?;
    let (connection, found) = open(OpenFlags::SQLITE_OPEN_READ_WRITE)
        .or_else(
            |error| if is_unwritable(&error) { open(OpenFlags::SQLITE_OPEN_READ_ONLY) } else { Err(error) },
        )
        .or_else(
            |error| if is_unwritable(&error) { open_at_rest(path) } else { Err(error_at(path, &error)) },
        )?;
    judge(path, &found)?;
    if found.version == 0 {
        return Err(empty(path));
    }
    let set_up = || -> Outcome<()> {
        // Who only reads leaves the log as it is, even if it is the last who has the file open.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -8192)
    };
    set_up().map_err(|error| error_at(path, &error))?;
    Ok(connection)
}

/// Whether SQLite says that it may not make the files beside a store that reading it takes.
fn is_unwritable(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen))
}

/// A connection that reads a store where nothing can be written beside it, as on a medium that is read-only. It
/// takes no locks and sees no log, so there must be neither a writer nor anything in the log.
fn open_at_rest(path: &Path) -> Result<(Database, Found)> {
    // The system's own word is plainer than SQLite's, where the file itself can't be read.
    Looked::at(path).map_err(|error| io_error(path, "the file can't be opened", &error))?;
    let has_log = fs::metadata(beside(path, "-wal")).is_ok_and(|about| about.len() > 0);
    if has_log || beside(path, "-shm").exists() {
        let message = "the store has a log that can't be read where nothing can be written";
        return Err(Error::new(ErrorKind::Io, message)
            .at_path(path.display().to_string())
            .expecting("the file and its -wal in a folder that can be written"));
    }
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> Outcome<(Database, Found)> {
        let connection = Database::open(path, immutable(path), flags)?;
        let found = look(&connection)?;
        Ok((connection, found))
    };
    open().map_err(|error| error_at(path, &error))
}

/// The path as a URL that says that nobody writes the file.
fn immutable(path: &Path) -> String {
    let mut url = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' => url.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => url.push(char::from(*byte)),
            byte => url.push_str(&format!("%{byte:02x}")),
        }
    }
    url + "?immutable=1"
}

fn empty(path: &Path) -> Error {
    Error::invalid("the file is empty, and no store yet").at_path(path.display().to_string())
}

/// An empty file beside a log has lost what it had: SQLite would take it for a new one, and delete the log.
fn refuse_empty(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Ok(about) if about.len() == 0 => Err(empty(path)),
        _ => Ok(()),
    }
}

/// Keeps a copy of a log that has lost something in its middle: SQLite reads it up to there, and then overwrites it.
pub(super) fn keep_damaged_log(path: &Path) -> Result<()> {
    let log = beside(path, "-wal");
    let is_there = fs::metadata(&log).is_ok_and(|about| about.len() > 0);
    if is_there && fs::metadata(path).is_ok_and(|about| about.len() == 0) {
        let message = "the file is empty, but its log isn't: repair it";
        return Err(Error::new(ErrorKind::Io, message).at_path(path.display().to_string()));
    }
    let failed = |error: std::io::Error| io_error(&log, "the log can't be read", &error);
    if is_there && is_damaged(&log).map_err(failed)? {
        fs::copy(&log, free_name(&log, "damaged")).map_err(failed)?;
    }
    Ok(())
}

/// A name beside the file that nothing has.
pub(super) fn free_name(path: &Path, what: &str) -> PathBuf {
    let mut names = (1..).map(|number| beside(path, &format!(".{what}-{number:06}")));
    names.find(|name| ["", "-wal"].iter().all(|end| !beside(name, end).exists())).unwrap_or_default()
}

/// The path with `end` behind it.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
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
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
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

fn set_up(connection: &mut Connection, found: &Found) -> Outcome<()> {
    if found.version == 0 {
        // Reading all of it takes a call of the system for each page.
        connection.pragma_update(None, "page_size", 8192)?;
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    // SQLite's own way of writing the log back says nothing of an fsync that fails; the writer does it instead.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -16384)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    set_synchronous(connection, Synchronous::WrittenBack)?;
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

/// What SQLite waits for the disk with.
#[derive(Clone, Copy)]
pub(super) enum Synchronous {
    /// Each commit.
    Commits,
    /// What is written back from the log: the file is never damaged, and when the log itself is synced, `Log` decides.
    WrittenBack,
    /// Nothing.
    Nothing,
}

pub(super) fn set_synchronous(connection: &Connection, what: Synchronous) -> Outcome<()> {
    let word = match what {
        Synchronous::Commits => "FULL",
        Synchronous::WrittenBack => "NORMAL",
        Synchronous::Nothing => "OFF",
    };
    connection.pragma_update(None, "synchronous", word)
}
