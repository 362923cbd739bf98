//! Has the disk keep what stands in the log (`-wal`), beside the connection that writes it.
//!
//! Commits wait for nothing: SQLite syncs the log only before it is written back. So a batch can be written while the
//! disk is still keeping the one before. The log has a file handle of its own for that; SQLite has no locks on it
//! that closing one would give up.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use newswire::Result;

use super::fault::{SYNC_FAILED, io_error};
use super::schema::beside;
use crate::lock::lock;
use crate::store::{Fault, Syncer};

/// The log of a store that is written.
pub(super) struct Log {
    store: PathBuf,
    /// None where nothing may be written to the store any more.
    file: Mutex<Option<File>>,
}

/// As long as it lives nobody else syncs. Of two who sync at a time, a system may tell but one that it failed.
pub(super) struct Held<'l>(MutexGuard<'l, Option<File>>);

impl Log {
    /// The log that is there.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn open(store: &Path) -> Result<Self> {
        Ok(Self { store: store.to_owned(), file: Mutex::new(Some(open(store)?)) })
    }

    /// Looks for it anew, where the connection does.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn reopen(&self) -> Result<()> {
        let mut file = lock(&self.file);
        if file.is_some() {
            *file = Some(open(&self.store)?);
        }
        Ok(())
    }

    pub(super) fn hold(&self) -> Held<'_> {
        Held(lock(&self.file))
    }
}

impl Held<'_> {
    /// Nothing of it can be promised any more.
    pub(super) fn give_up(mut self) {
        *self.0 = None;
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.0.is_none()
    }
}

impl Syncer for Log {
    fn sync(&self) -> Result<(), Fault> {
        let mut file = lock(&self.file);
        let synced = match &*file {
            Some(file) => file.sync_data(),
            None => Err(std::io::Error::other("it has failed before")),
        };
        synced.map_err(|error| {
            *file = None;
            Fault { error: io_error(&self.store, SYNC_FAILED, &error), is_final: true }
        })
    }
}

fn open(store: &Path) -> Result<File> {
    let path = beside(store, "-wal");
    // Some systems sync only what is open for writing.
    let file = OpenOptions::new().write(true).open(&path);
    file.map_err(|error| io_error(&path, "the log can't be opened", &error))
}
