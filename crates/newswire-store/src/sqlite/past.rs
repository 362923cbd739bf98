//! Reading a bus back, by several readers at a time, each on a connection of its own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use newswire::store::{Page, Past, Wanted};
use newswire::{Error, ErrorKind, Filter, Result};
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};

use super::fault::{Outcome, error_at};
use super::helper::Helper;
use super::opened::Database;
use super::page::Reading;
use super::renew::FileMark;
use super::{pos, schema, seq_of};
use crate::lock::lock;

/// How many connections are kept for the next reader.
const KEPT: usize = 4;
/// How long a reader waits for somebody else's connection, where it can't have one of its own.
const PATIENCE: Duration = Duration::from_secs(5);

/// From how many events on a page is read by two.
const LONG: usize = 256;

/// Reads one bus.
pub(super) struct SqlitePast {
    file: Arc<ReadFile>,
    helper: Helper,
    all: Filter,
    /// The last seq there is, where the page before was without gaps; else 0.
    full_until: AtomicU64,
}

/// The file that a bus is read from.
struct ReadFile {
    path: Arc<Mutex<PathBuf>>,
    /// Another file may be at the path by now.
    mark: FileMark,
    bus: i64,
    pool: Mutex<Pool>,
    returned: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Database>,
    lent: usize,
}

impl SqlitePast {
    pub(super) fn new(path: Arc<Mutex<PathBuf>>, mark: FileMark, bus: i64, connection: Database) -> Self {
        let pool = Pool { idle: vec![connection], lent: 0 };
        let file = ReadFile { path, mark, bus, pool: Mutex::new(pool), returned: Condvar::new() };
        Self {
            file: Arc::new(file),
            helper: Helper::default(),
            all: Filter::all(),
            full_until: AtomicU64::new(0),
        }
    }

    /// A page of which each seq is an event, where there is one; its second half is read by the helper.
    fn read_by_two(&self, from: u64, wanted: &Wanted<'_>, limit: usize) -> Option<Page> {
        let half = limit as u64 / 2;
        let (middle, end) = (from.checked_add(half)?, from.checked_add(2 * half)?);
        if end > self.full_until.load(Ordering::Relaxed) {
            return None;
        }
        let (file, all, internal) = (self.file.clone(), self.all.clone(), wanted.internal);
        let second = self.helper.ask(move || {
            let wanted = Wanted { filter: &all, internal };
            file.page(middle, end - 1, &wanted, limit).map(|(page, _)| page)
        });
        let first = self.file.page(from, middle - 1, wanted, limit);
        let is_whole = |page: &Page, from, end| page.through + 1 == end && is_full(page, from);
        let Some((mut page, _)) = first.ok().filter(|(page, _)| is_full(page, from)) else {
            second.cancel();
            return None;
        };
        if page.through + 1 < middle {
            // Its events are large.
            second.cancel();
            return Some(page);
        }
        // What is missing there, or can't be read, the next call tells.
        if let Some(Ok(rest)) = second.finish()
            && is_whole(&rest, middle, end)
        {
            page.deliveries.extend(rest.deliveries);
            page.through = rest.through;
        }
        Some(page)
    }
}

/// Whether it has something for each seq.
fn is_full(page: &Page, from: u64) -> bool {
    page.through >= from && page.deliveries.len() as u64 == page.through + 1 - from
}

impl ReadFile {
    /// Reads from `from` up to `until`, up to `limit` events that match; gives the last seq that there is, too.
    fn page(&self, from: u64, until: u64, wanted: &Wanted<'_>, limit: usize) -> Result<(Page, u64)> {
        self.read(|connection| {
            let mut reading = Reading::new(connection, self.bus, wanted);
            let page = match reading.page(from, until, limit) {
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                    reading.skip(from)
                }
                other => other,
            }?;
            Ok((page, reading.last()?))
        })
    }

    fn open(&self) -> Result<Database> {
        let path = lock(&self.path).clone();
        if FileMark::of(&path)? != self.mark {
            let message = "another file has taken the place of the one that is read";
            return Err(Error::new(ErrorKind::Io, message).at_path(path.display().to_string()));
        }
        schema::open_to_read(&path)
    }

    /// Reads in one snapshot.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Outcome<T>) -> Result<T> {
        let connection = self.borrow()?;
        // Nothing is written, so a rollback ends it as well as a commit, which repeats what reading has run into.
        let within = || -> Outcome<T> { read(&*connection.unchecked_transaction()?) };
        let found = within().map_err(|error| error_at(&lock(&self.path), &error));
        let mut pool = lock(&self.pool);
        pool.lent -= 1;
        // A connection that failed isn't used again: what it saw may be what is wrong.
        if found.is_ok() && connection.is_autocommit() && pool.idle.len() < KEPT {
            pool.idle.push(connection);
        }
        drop(pool);
        self.returned.notify_one();
        found
    }

    /// A connection; where the process has no more file handles, the one that another reader gives back.
    fn borrow(&self) -> Result<Database> {
        let mut pool = lock(&self.pool);
        loop {
            if let Some(connection) = pool.idle.pop() {
                pool.lent += 1;
                return Ok(connection);
            }
            pool.lent += 1;
            drop(pool);
            let opened = self.open();
            if opened.is_ok() {
                return opened;
            }
            pool = lock(&self.pool);
            pool.lent -= 1;
            if pool.idle.is_empty() {
                if pool.lent == 0 {
                    return opened;
                }
                let waited = self.returned.wait_timeout(pool, PATIENCE);
                let (back, outcome) = waited.unwrap_or_else(PoisonError::into_inner);
                if outcome.timed_out() {
                    return opened;
                }
                pool = back;
            }
        }
    }
}

impl Past for SqlitePast {
    fn first(&self) -> Result<Option<u64>> {
        self.file.read(|connection| {
            let first_of = |sql| {
                let bounds = params![pos(self.file.bus, 0), pos(self.file.bus, u64::MAX)];
                connection.prepare_cached(sql)?.query_row(bounds, |row| row.get(0).map(seq_of)).optional()
            };
            let event = first_of("SELECT pos FROM event WHERE pos > ?1 AND pos <= ?2 ORDER BY pos LIMIT 1")?;
            let gap = first_of("SELECT pos FROM gap WHERE pos > ?1 AND pos <= ?2 ORDER BY pos LIMIT 1")?;
            Ok(event.into_iter().chain(gap).min())
        })
    }

    fn epoch_end(&self, epoch: u64) -> Result<Option<u64>> {
        self.file.read(|connection| {
            let sql = "SELECT coalesce((SELECT min(next.before) FROM epoch next WHERE next.bus = epoch.bus
                AND next.epoch > epoch.epoch), bus.last)
                FROM epoch JOIN bus ON bus.id = epoch.bus WHERE epoch.bus = ?1 AND epoch.epoch = ?2";
            let Ok(epoch) = i64::try_from(epoch) else { return Ok(None) };
            let end =
                |row: &rusqlite::Row<'_>| row.get(0).map(|end: i64| u64::try_from(end).unwrap_or_default());
            connection.prepare_cached(sql)?.query_row(params![self.file.bus, epoch], end).optional()
        })
    }

    fn read(&self, from: u64, wanted: &Wanted<'_>, limit: usize) -> Result<Page> {
        let is_all = *wanted.filter == self.all;
        if is_all
            && limit >= LONG
            && let Some(page) = self.read_by_two(from, wanted, limit)
        {
            return Ok(page);
        }
        let (page, last) = self.file.page(from, u64::MAX, wanted, limit)?;
        if is_all {
            // A page that ends early has large events: half of it is enough at a time.
            let is_short = page.through < last && page.deliveries.len() < limit;
            let until = if is_full(&page, from) && !is_short { last } else { 0 };
            self.full_until.store(until, Ordering::Relaxed);
        }
        Ok(page)
    }

    fn nth_last(&self, count: usize, end: u64, wanted: &Wanted<'_>) -> Result<Option<u64>> {
        self.file.read(|connection| Reading::new(connection, self.file.bus, wanted).nth_last(count, end))
    }

    fn since(&self, time_ns: i64) -> Result<Option<u64>> {
        self.file.read(|connection| {
            let mut batches = connection.prepare_cached(
                "SELECT pos, last FROM batch WHERE pos > ?1 AND pos <= ?2 AND max_ns >= ?3 ORDER BY pos",
            )?;
            let mut rows = batches.query(params![pos(self.file.bus, 0), pos(self.file.bus, u64::MAX), time_ns])?;
            while let Some(row) = rows.next()? {
                let (first, last): (i64, i64) = (row.get(0)?, row.get(1)?);
                let sql =
                    "SELECT pos FROM event WHERE pos >= ?1 AND pos <= ?2 AND time_ns >= ?3 ORDER BY pos LIMIT 1";
                let mut events = connection.prepare_cached(sql)?;
                let found = events.query_row(params![first, last, time_ns], |row| row.get(0)).optional()?;
                // Unless that has been pruned.
                if let Some(pos) = found {
                    return Ok(Some(seq_of(pos)));
                }
            }
            Ok(None)
        })
    }
}
