//! Writing: one transaction for each batch.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use newswire::{Delivery, Error, ErrorKind, Event, GapReason, Result};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::fault::{Outcome, error_at, fault_at};
use super::lease::Lease;
use super::log::Log;
use super::opened::Database;
use super::renew::{self, FileMark, Known};
use super::rows::Rows;
use super::runs::Runs;
use super::schema::{self, Synchronous};
use super::{pos, prune};
use crate::clock::{Clock, StoreClock};
use crate::keeper::first_seq;
use crate::options::Retention;
use crate::store::{Fault, Syncer, Writer};

/// After about how much the log is written back: what of it was overwritten meanwhile, such as the ends of indexes,
/// is so written once.
const BEHIND: i64 = (16 << 20) / 8192;
/// How many pages a log has that is large.
const LARGE_LOG: i64 = 5000;
/// How long the writer waits for others to let go of a log that is large.
const MOMENT: Duration = Duration::from_millis(100);

/// Writes one bus.
pub(super) struct SqliteWriter {
    path: PathBuf,
    connection: Database,
    bus: i64,
    epoch: u64,
    last: u64,
    kinds: HashMap<Box<str>, i64>,
    runs: Runs,
    clock: StoreClock,
    json: Vec<u8>,
    log: Arc<Log>,
    /// The bus's name; none where nobody else knows the file yet.
    name: Option<String>,
    lease: Option<Lease>,
}

impl SqliteWriter {
    pub(super) fn open(path: &Path, bus: &str, clock: &dyn Clock) -> Result<Self> {
        let mut connection = schema::open(path)?;
        let failed = |error: rusqlite::Error| error_at(path, &error);
        connection.execute("INSERT OR IGNORE INTO bus (name) VALUES (?1)", [bus]).map_err(failed)?;
        let number = connection.query_row("SELECT id FROM bus WHERE name = ?1", [bus], |row| row.get(0));
        let number: i64 = number.map_err(failed)?;
        let lease = Lease::take(path, number, bus)?;
        let now_ns = clock.now_ns();
        let (epoch, last, stored_ns) = begin_epoch(&mut connection, number, now_ns).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            connection,
            bus: number,
            epoch,
            last,
            kinds: HashMap::new(),
            runs: Runs::default(),
            clock: StoreClock::new(stored_ns, now_ns),
            json: Vec::new(),
            log: Arc::new(Log::open(path)?),
            name: Some(bus.to_owned()),
            lease: Some(lease),
        })
    }

    /// Writes events into a file that nobody else knows yet, as if they were stored at the times that
    /// [`SqliteWriter::stored_at`] says.
    pub(super) fn rebuilding(path: &Path, connection: Database, bus: i64) -> Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            connection,
            bus,
            epoch: 0,
            last: 0,
            kinds: HashMap::new(),
            runs: Runs::default(),
            clock: StoreClock::still(i64::MIN),
            json: Vec::new(),
            log: Arc::new(Log::open(path)?),
            name: None,
            lease: None,
        })
    }

    /// What is appended from now on was stored at that time.
    pub(super) fn stored_at(&mut self, ns: i64) {
        self.clock = StoreClock::still(ns);
    }

    /// What was before is not there.
    pub(super) fn begin_after(&mut self, seq: u64) {
        self.last = seq;
    }

    /// The file of the log.
    pub(super) fn log(&self) -> FileMark {
        self.log.mark()
    }

    /// What the file knows of the bus, where that can be read.
    pub(super) fn known(&self, bus: &str) -> Option<Known> {
        renew::known(&self.connection, bus).ok().flatten()
    }

    fn fault(&self, error: &rusqlite::Error) -> Fault {
        let fault = fault_at(&self.path, error);
        if fault.is_final {
            self.log.hold().give_up();
        }
        fault
    }

    /// Gives the last seq, or nothing where the bus isn't this writer's any more.
    fn store(&mut self, deliveries: &[Delivery]) -> Outcome<Option<u64>> {
        let Self { connection, bus, kinds, runs, clock, json, last, .. } = self;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if self.name.is_some() && newest_epoch(&transaction, *bus)? != self.epoch {
            return Ok(None);
        }
        let mut through = *last;
        {
            let of_events = deliveries.iter().filter_map(|delivery| match delivery {
                Delivery::Event(event) => Some(event.size()),
                Delivery::Gap(_) => None,
            });
            let (count, size) =
                of_events.fold((0, 0_usize), |(count, sum), size| (count + 1, sum.saturating_add(size)));
            let mut rows = Rows::new(&transaction, json, count, size);
            let mut insert_gap =
                transaction.prepare_cached("INSERT INTO gap (pos, last, reason) VALUES (?1, ?2, ?3)")?;
            let (mut first, mut events, mut bytes, mut max_ns) = (None, 0_i64, 0_i64, i64::MIN);
            if let Some(next) = deliveries.first().map(first_seq).filter(|next| *next > *last + 1) {
                // Published before the store was attached.
                insert_gap.execute(params![
                    pos(*bus, *last + 1),
                    pos(*bus, next - 1),
                    GapReason::Unknown.as_str()
                ])?;
            }
            for delivery in deliveries {
                match delivery {
                    Delivery::Event(event) => {
                        let pos = pos(*bus, event.seq());
                        let kind = match kinds.get(event.kind().as_str()) {
                            Some(kind) => *kind,
                            None => number_of_kind(&transaction, kinds, event)?,
                        };
                        let len = rows.add(pos, kind, event)?;
                        runs.see(&transaction, pos, event)?;
                        first.get_or_insert(pos);
                        events += 1;
                        bytes += i64::try_from(len).unwrap_or(i64::MAX);
                        max_ns = max_ns.max(event.time_ns());
                        through = event.seq();
                    }
                    Delivery::Gap(gap) => {
                        insert_gap.execute(params![
                            pos(*bus, gap.first),
                            pos(*bus, gap.last),
                            gap.reason.as_str()
                        ])?;
                        through = gap.last;
                    }
                }
            }
            runs.save(&transaction, *bus)?;
            if let Some(first) = first {
                transaction
                    .prepare_cached(
                        "INSERT INTO batch (pos, last, stored_ns, max_ns) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![first, pos(*bus, through), clock.now(), max_ns])?;
            }
            transaction
                .prepare_cached(
                    "UPDATE bus SET last = ?2, events = events + ?3, bytes = bytes + ?4 WHERE id = ?1",
                )?
                .execute(params![*bus, i64::try_from(through).unwrap_or(i64::MAX), events, bytes])?;
        }
        transaction.commit()?;
        Ok(Some(through))
    }

    /// Why the bus isn't this writer's any more. Who has begun to write it knows nothing of what waits here, so none of
    /// it can be stored under its seqs.
    fn taken(&self) -> Fault {
        let name = self.name.as_deref().unwrap_or_default();
        let taken = || {
            Error::new(ErrorKind::Full, format!("another process has written the bus {name:?} meanwhile"))
                .at_path(self.path.display().to_string())
                .expecting("the lease left beside the file, which keeps others from that")
        };
        let holder = || Lease::take(&self.path, self.bus, name).err();
        let error = if self.has_lease() { None } else { holder() }.unwrap_or_else(taken);
        Fault { error, is_final: false }
    }

    /// Whether whoever else wants to write the bus finds the lease.
    fn has_lease(&self) -> bool {
        self.lease.as_ref().is_some_and(Lease::is_in_place)
    }

    /// Writes the log back into the file now and then. Where readers and other writers keep it from beginning anew,
    /// it waits a moment for them before the log gets large. How long the log is SQLite is asked, since all writers of
    /// the file share one.
    fn write_back(&mut self) -> Result<(), Fault> {
        let pages = self.pages("PRAGMA wal_checkpoint(NOOP)").map_err(|error| self.fault(&error))?;
        if pages.1 < BEHIND && pages.0 <= LARGE_LOG {
            return Ok(());
        }
        let held = self.log.hold();
        self.write_back_now().map_err(|error| {
            let fault = fault_at(&self.path, &error);
            if fault.is_final {
                held.give_up();
            }
            fault
        })
    }

    fn write_back_now(&self) -> Outcome<()> {
        let (pages, _) = self.pages("PRAGMA wal_checkpoint(PASSIVE)")?;
        if pages > LARGE_LOG {
            self.connection.busy_timeout(MOMENT)?;
            let begun = self.pages("PRAGMA wal_checkpoint(TRUNCATE)");
            self.connection.busy_timeout(schema::BUSY)?;
            begun?;
        }
        Ok(())
    }

    /// How many pages the log has after that, and how many of them aren't in the file yet.
    fn pages(&self, checkpoint: &str) -> Outcome<(i64, i64)> {
        let pages = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
        let (pages, written) = self.connection.prepare_cached(checkpoint)?.query_row([], pages)?;
        Ok((pages, pages - written))
    }

    fn reopen(&mut self) -> Result<(), Fault> {
        let retriable = |error| Fault { error, is_final: false };
        self.log.check_place()?;
        let connection = schema::open(&self.path).map_err(retriable)?;
        self.log.reopen().map_err(retriable)?;
        let look = || Ok((newest_epoch(&connection, self.bus)?, last_of(&connection, self.bus)?));
        let (epoch, last) = look().map_err(|error| fault_at(&self.path, &error))?;
        if self.name.is_some() && epoch != self.epoch {
            return Err(self.taken());
        }
        if let (Some(name), false) = (&self.name, self.has_lease()) {
            self.lease = Some(Lease::take(&self.path, self.bus, name).map_err(retriable)?);
        }
        (self.connection, self.last) = (connection, last);
        Ok(())
    }
}

impl Drop for SqliteWriter {
    /// Readers that are still there would keep the log from going into the file.
    fn drop(&mut self) {
        if !self.log.hold().is_given_up() {
            // Nobody finds the log of a file that has another name now.
            let patience =
                if self.log.is_in_place().is_ok_and(|is_there| is_there) { Duration::ZERO } else { MOMENT };
            let _ = self.connection.busy_timeout(patience);
            let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }
}

impl Writer for SqliteWriter {
    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn last(&self) -> u64 {
        self.last
    }

    fn append(&mut self, deliveries: &[Delivery]) -> Result<(), Fault> {
        let stored = self.store(deliveries);
        if let Ok(Some(last)) = stored {
            self.log.check_place()?;
            self.last = last;
            return self.write_back();
        }
        // What this transaction gave and summed up is gone with it.
        self.kinds.clear();
        self.runs.forget();
        Err(stored.err().map_or_else(|| self.taken(), |error| self.fault(&error)))
    }

    fn syncer(&self) -> Arc<dyn Syncer> {
        self.log.clone()
    }

    fn recover(&mut self) -> Result<(), Fault> {
        self.reopen()
    }

    fn prune(&mut self, retention: &Retention) -> Result<bool, Fault> {
        prune::step(&mut self.connection, self.bus, retention, self.clock.now())
            .map(|(_, has_more)| has_more)
            .map_err(|error| self.fault(&error))
    }
}

/// The checksum of an event, which covers its place too, and the kind that it is listed under.
pub(super) fn checksum(pos: i64, kind: i64, json: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    // In one piece: what is shorter than 16 bytes goes a slow way.
    hasher.update(&(u128::from(pos.cast_unsigned()) | u128::from(kind.cast_unsigned()) << 64).to_le_bytes());
    hasher.update(json);
    hasher.finalize()
}

fn number_of_kind(
    connection: &Connection,
    kinds: &mut HashMap<Box<str>, i64>,
    event: &Event,
) -> Outcome<i64> {
    let name = event.kind().as_str();
    connection.execute("INSERT OR IGNORE INTO kind (name) VALUES (?1)", [name])?;
    let number = connection.query_row("SELECT id FROM kind WHERE name = ?1", [name], |row| row.get(0))?;
    // A program that makes up kinds without end shouldn't fill the memory with them.
    if kinds.len() >= 65_536 {
        kinds.clear();
    }
    kinds.insert(name.into(), number);
    Ok(number)
}

fn newest_epoch(connection: &Connection, bus: i64) -> Outcome<u64> {
    let sql = "SELECT coalesce(max(epoch), 0) FROM epoch WHERE bus = ?1";
    let newest: i64 = connection.prepare_cached(sql)?.query_row([bus], |row| row.get(0))?;
    Ok(u64::try_from(newest).unwrap_or_default())
}

fn last_of(connection: &Connection, bus: i64) -> Outcome<u64> {
    let last: i64 = connection.query_row("SELECT last FROM bus WHERE id = ?1", [bus], |row| row.get(0))?;
    Ok(u64::try_from(last).unwrap_or_default())
}

/// Gives epoch, last seq, and the time of the last storing. Whatever the durability is, the new epoch is on the
/// disk: else a cursor of one that a loss of power undid would be taken for one of the next.
fn begin_epoch(connection: &mut Connection, bus: i64, now: i64) -> Outcome<(u64, u64, i64)> {
    schema::set_synchronous(connection, Synchronous::Commits)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // From here on, whoever has written it until now is refused.
    let (epoch, last) = (newest_epoch(&transaction, bus)? + 1, last_of(&transaction, bus)?);
    let number = |number| i64::try_from(number).unwrap_or(i64::MAX);
    transaction.execute(
        "INSERT INTO epoch (bus, epoch, before, opened_ns) VALUES (?1, ?2, ?3, ?4)",
        params![bus, number(epoch), number(last), now],
    )?;
    transaction.commit()?;
    schema::set_synchronous(connection, Synchronous::WrittenBack)?;
    Ok((epoch, last, last_stored(connection, bus)?))
}

/// The time of the last storing.
pub(super) fn last_stored(connection: &Connection, bus: i64) -> Outcome<i64> {
    let sql = "SELECT stored_ns FROM batch WHERE pos > ?1 AND pos <= ?2 ORDER BY pos DESC LIMIT 1";
    let bounds = params![pos(bus, 0), pos(bus, u64::MAX)];
    Ok(connection.query_row(sql, bounds, |row| row.get(0)).optional()?.unwrap_or(i64::MIN))
}
