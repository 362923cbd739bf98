//! Has the disk keep what stands in the log (`-wal`), beside the connection that writes it.
//!
//! Commits wait for nothing: SQLite syncs the log only before it is written back. So a batch can be written while the
//! disk is still keeping the one before. The log has a file handle of its own for that; SQLite has no locks on it
//! that closing one would give up.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use newswire::{Error, ErrorKind, Result};

use super::fault::{SYNC_FAILED, io_error};
use super::renew::{FileMark, aside_of};
use super::schema::beside;
use crate::lock::lock;
use crate::store::{Fault, Syncer};

/// The log of a store that is written.
pub(super) struct Log {
    store: PathBuf,
    /// The store's file.
    mark: FileMark,
    /// The log's own.
    log: Mutex<FileMark>,
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
        let (file, log) = open(store)?;
        let (mark, log, file) = (FileMark::of(store)?, Mutex::new(log), Mutex::new(Some(file)));
        Ok(Self { store: store.to_owned(), mark, log, file })
    }

    /// Looks for it anew, where the connection does.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn reopen(&self) -> Result<()> {
        let mut file = lock(&self.file);
        if file.is_some() {
            let (opened, log) = open(&self.store)?;
            *file = Some(opened);
            *lock(&self.log) = log;
        }
        Ok(())
    }

    /// The log's file.
    pub(super) fn mark(&self) -> FileMark {
        *lock(&self.log)
    }

    /// Whether store and log still have their names: what is written to a file that was deleted, or renamed away,
    /// nobody finds there again.
    ///
    /// # Errors
    /// What keeps that from being known.
    pub(super) fn is_in_place(&self) -> Result<bool> {
        let is_at = |path: &Path, mark| match fs::metadata(path) {
            Ok(about) => Ok(FileMark::of_file(&about) == mark),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(false)
            }
            Err(error) => Err(io_error(path, "the file can't be looked at", &error)),
        };
        Ok(is_at(&self.store, self.mark)? && is_at(&beside(&self.store, "-wal"), self.mark())?)
    }

    /// # Errors
    /// Final, where the store isn't where it was opened. What was written to it still goes from the log into the file,
    /// unless that was set aside because the disk failed to keep it.
    pub(super) fn check_place(&self) -> Result<(), Fault> {
        if self.is_in_place().map_err(|error| Fault { error, is_final: false })? {
            return Ok(());
        }
        if aside_of(&self.store, self.mark).is_some() {
            self.hold().give_up();
        }
        Err(self.gone())
    }

    fn gone(&self) -> Fault {
        let message = "the file was deleted or renamed while it was written";
        let error = Error::new(ErrorKind::Io, message).at_path(self.store.display().to_string());
        Fault { error, is_final: true }
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
        })?;
        drop(file);
        // Receipts are given next. Who syncs again couldn't tell either.
        self.check_place().map_err(|fault| Fault { is_final: true, ..fault })
    }
}

fn open(store: &Path) -> Result<(File, FileMark)> {
    let path = beside(store, "-wal");
    // Some systems sync only what is open for writing.
    let file = OpenOptions::new().write(true).open(&path);
    let opened = file.and_then(|file| file.metadata().map(|about| (file, FileMark::of_file(&about))));
    opened.map_err(|error| io_error(&path, "the log can't be opened", &error))
}
