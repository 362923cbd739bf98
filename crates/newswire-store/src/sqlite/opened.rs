//! Which files this process has open as databases.
//!
//! On POSIX systems closing any handle of a file gives up all locks that the process has on it: another process could
//! then write where it mustn't. SQLite sees to its own handles; ours, which look at a file's bytes, are kept here for
//! as long as a connection has the file open, and used again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Seek};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Mutex;

use rusqlite::OpenFlags;

use super::fault::Outcome;
use super::renew::FileMark;
use crate::lock::lock;

/// Each file that connections have open: how many, and handles that may not be closed before.
static OPENED: Mutex<BTreeMap<FileMark, Opened>> = Mutex::new(BTreeMap::new());

#[derive(Default)]
struct Opened {
    connections: usize,
    handles: Vec<File>,
}

/// A connection, in whose lifetime no other handle of the file is closed.
pub(super) struct Database {
    // Goes before its mark.
    connection: rusqlite::Connection,
    _mark: Mark,
}

/// A connection's place among those that are known; none where there is no file.
struct Mark(Option<FileMark>);

impl Database {
    /// Opens the database at `name`, which may say more than the path.
    pub(super) fn open(path: &Path, name: impl AsRef<Path>, flags: OpenFlags) -> Outcome<Self> {
        let mark = Mark::new(path);
        Ok(Self { connection: rusqlite::Connection::open_with_flags(name, flags)?, _mark: mark })
    }

    /// # Errors
    /// What keeps it from being closed.
    pub(super) fn close(self) -> Outcome<()> {
        let Self { connection, _mark } = self;
        connection.close().map_err(|(_, error)| error)
    }
}

impl Deref for Database {
    type Target = rusqlite::Connection;

    fn deref(&self) -> &rusqlite::Connection {
        &self.connection
    }
}

impl DerefMut for Database {
    fn deref_mut(&mut self) -> &mut rusqlite::Connection {
        &mut self.connection
    }
}

impl Mark {
    fn new(path: &Path) -> Self {
        let mut all = lock(&OPENED);
        let mark = FileMark::of(path).ok();
        if let Some(mark) = mark {
            all.entry(mark).or_default().connections += 1;
        }
        Self(mark)
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let mut all = lock(&OPENED);
        let Some((mark, opened)) = self.0.and_then(|mark| Some((mark, all.get_mut(&mark)?))) else { return };
        opened.connections -= 1;
        if opened.connections == 0 {
            // Nobody opens it before the handles are closed.
            all.remove(&mark);
        }
    }
}

/// A file that is looked at, by a handle that isn't SQLite's.
pub(super) struct Looked {
    /// None once it is dropped.
    file: Option<File>,
    mark: FileMark,
}

impl Looked {
    /// # Errors
    /// What keeps it from being opened.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        let mut all = lock(&OPENED);
        let mark = FileMark::of_file(&fs::metadata(path)?);
        let kept = all.get_mut(&mark).and_then(|opened| opened.handles.pop());
        let file = match kept {
            Some(mut file) => {
                file.rewind()?;
                file
            }
            None => File::open(path)?,
        };
        Ok(Self { file: Some(file), mark })
    }

    /// # Errors
    /// None while it lives.
    pub(super) fn file(&mut self) -> io::Result<&mut File> {
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Drop for Looked {
    fn drop(&mut self) {
        // Nobody opens it while this one is closed.
        let mut all = lock(&OPENED);
        let file = self.file.take();
        match all.get_mut(&self.mark) {
            Some(opened) => opened.handles.extend(file),
            None => drop(file),
        }
    }
}
