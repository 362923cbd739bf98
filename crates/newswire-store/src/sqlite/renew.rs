//! A new file in the place of one whose fsync failed, or that isn't there any more.

use std::fs;
use std::path::{Path, PathBuf};

use newswire::Result;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::fault::{Outcome, error_at, io_error};
use super::lease::Lease;
use super::runs::Runs;
use super::schema::{self, beside, free_name};

/// What tells one file from another, whatever its name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileMark(u64, u64);

impl FileMark {
    pub(super) fn of(path: &Path) -> Result<Self> {
        let about = fs::metadata(path);
        let about = about.map_err(|error| io_error(path, "the file can't be looked at", &error))?;
        Ok(Self::of_file(&about))
    }

    pub(super) fn of_file(about: &fs::Metadata) -> Self {
        #[cfg(unix)]
        let mark = (std::os::unix::fs::MetadataExt::dev(about), std::os::unix::fs::MetadataExt::ino(about));
        #[cfg(not(unix))]
        let mark = (0, about.len().min(0));
        Self(mark.0, mark.1)
    }
}

/// Renames the file, and its log, unless somebody else has; gives where it is now, if that is known.
pub(super) fn set_aside(path: &Path, mark: FileMark) -> Result<Option<PathBuf>> {
    if FileMark::of(path).is_ok_and(|now| now == mark) {
        let aside = free_name(path, "failed");
        let failed = |error: std::io::Error| io_error(path, "the file can't be set aside", &error);
        // With the log first, nobody can find the file without it under the old name and take it for whole.
        for end in ["-wal", "-shm", ""] {
            match fs::rename(beside(path, end), beside(&aside, end)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        return Ok(Some(aside));
    }
    Ok(aside_of(path, mark))
}

/// Where somebody has set the file aside.
pub(super) fn aside_of(path: &Path, mark: FileMark) -> Option<PathBuf> {
    let mut all =
        (1..).map(|number| beside(path, &format!(".failed-{number:06}"))).take_while(|aside| aside.exists());
    all.find(|aside| FileMark::of(aside).is_ok_and(|there| there == mark))
}

/// Renames the log of a file that was deleted or renamed without it: a new file at the path would take it for its own.
pub(super) fn set_log_aside(path: &Path, log: FileMark) -> Result<()> {
    if !FileMark::of(&beside(path, "-wal")).is_ok_and(|there| there == log) {
        return Ok(());
    }
    let aside = free_name(path, "gone");
    for end in ["-wal", "-shm"] {
        match fs::rename(beside(path, end), beside(&aside, end)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io_error(path, "the log can't be set aside", &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Has a bus begin after `last`; what the file that was set aside knows of it, it keeps, or else what is remembered.
pub(super) fn begin(
    path: &Path,
    aside: Option<&Path>,
    remembered: Option<&Known>,
    bus: &str,
    last: u64,
) -> Result<()> {
    let connection = schema::open(path)?;
    let old = aside.and_then(|aside| schema::open_to_read(aside).ok());
    let known = old.as_ref().and_then(|old| known(old, bus).ok().flatten()).or_else(|| remembered.cloned());
    let begin = || -> Outcome<Result<()>> {
        let end = last;
        let last = i64::try_from(last).unwrap_or(i64::MAX);
        let number = known.as_ref().map(|(number, _)| *number);
        let transaction = Transaction::new_unchecked(&connection, TransactionBehavior::Immediate)?;
        // Its old number: leases go by it, also of those who haven't seen yet that the file failed.
        let add = "INSERT OR IGNORE INTO bus (id, name, last) VALUES (?1, ?2, ?3)";
        transaction.execute(add, params![number, bus, last])?;
        transaction.execute("INSERT OR IGNORE INTO bus (name, last) VALUES (?1, ?2)", params![bus, last])?;
        let number: i64 =
            transaction.query_row("SELECT id FROM bus WHERE name = ?1", [bus], |row| row.get(0))?;
        // Somebody may have begun this bus there already.
        if let Err(error) = Lease::take(path, number, bus) {
            return Ok(Err(error));
        }
        transaction.execute("UPDATE bus SET last = max(last, ?2) WHERE id = ?1", [number, last])?;
        for epoch in known.iter().flat_map(|(_, epochs)| epochs) {
            let add = "INSERT OR IGNORE INTO epoch (bus, epoch, before, opened_ns) VALUES (?1, ?2, ?3, ?4)";
            transaction.execute(add, params![number, epoch.0, epoch.1, epoch.2])?;
        }
        // What is open goes on here. Nothing is lost where that can't be read: the old file has it.
        let before = old.as_ref().zip(known.as_ref());
        let open = before.and_then(|(old, (before, _))| Runs::of_older(old, (*before, number), end).ok());
        open.unwrap_or_default().save(&transaction, number)?;
        transaction.commit().map(Ok)
    };
    begin().map_err(|error| error_at(path, &error))?
}

/// A bus's number, and its epochs: number, last seq before, when.
pub(super) type Known = (i64, Vec<(i64, i64, i64)>);

pub(super) fn known(old: &Connection, bus: &str) -> Outcome<Option<Known>> {
    let number = old.query_row("SELECT id FROM bus WHERE name = ?1", [bus], |row| row.get(0)).optional()?;
    let Some(number): Option<i64> = number else { return Ok(None) };
    let mut statement =
        old.prepare("SELECT epoch, before, opened_ns FROM epoch WHERE bus = ?1 ORDER BY epoch")?;
    let epochs = statement.query_map([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(Some((number, epochs.collect::<Outcome<_>>()?)))
}
