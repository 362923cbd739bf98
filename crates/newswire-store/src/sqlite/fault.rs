//! SQLite's errors in the words of the bus.

use std::path::Path;

use newswire::{Error, ErrorKind};
use rusqlite::ffi;

use crate::store::Fault;

/// What is said of an fsync that failed.
pub(super) const SYNC_FAILED: &str = "the disk failed to keep what was written (fsync)";

pub(super) type Outcome<T> = Result<T, rusqlite::Error>;

/// The error, with the file it is about and what can be done.
pub(super) fn error_at(path: &Path, error: &rusqlite::Error) -> Error {
    let code = error.sqlite_error().map_or(0, |error| error.extended_code);
    let (kind, what) = match code & 0xff {
        ffi::SQLITE_FULL => (ErrorKind::Io, "the disk is full"),
        ffi::SQLITE_READONLY => (ErrorKind::Io, "the file can't be written"),
        ffi::SQLITE_IOERR if is_sync(code) => (ErrorKind::Io, SYNC_FAILED),
        ffi::SQLITE_IOERR => (ErrorKind::Io, "the disk failed"),
        ffi::SQLITE_CANTOPEN => (ErrorKind::Io, "the file can't be opened"),
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => (ErrorKind::Io, "another process holds the file"),
        ffi::SQLITE_CORRUPT => (ErrorKind::Io, "the file is damaged"),
        ffi::SQLITE_NOTADB => (ErrorKind::Invalid, "the file is no store"),
        _ => (ErrorKind::Io, "the store failed"),
    };
    Error::new(kind, format!("{what}: {error}")).at_path(path.display().to_string())
}

pub(super) fn fault_at(path: &Path, error: &rusqlite::Error) -> Fault {
    let code = error.sqlite_error().map_or(0, |error| error.extended_code);
    Fault { error: error_at(path, error), is_final: is_sync(code) }
}

/// Whether it says that nobody knows what is on the disk.
fn is_sync(code: i32) -> bool {
    matches!(code, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)
}

/// The error of the file system.
pub(super) fn io_error(path: &Path, what: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{what}: {error}")).at_path(path.display().to_string())
}
