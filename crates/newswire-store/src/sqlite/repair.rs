//! Builds a store anew from what is salvaged of a damaged one, and puts it in that one's place.

use std::fs::{self, File};
use std::io::ErrorKind as IoKind;
use std::path::{Path, PathBuf};

use newswire::{Delivery, EventReader, Gap, GapReason, Result};
use rusqlite::{Connection, params};

use super::append::SqliteWriter;
use super::fault::{Outcome, error_at, io_error};
use super::lease::Lease;
use super::opened::Database;
use super::page::event_of;
use super::salvage::{Lost, Salvage};
use super::schema::{self, Synchronous, beside, free_name};
use super::{SEQ_BITS, pos, seq_of};
use crate::clock::{Clock, SystemClock};
use crate::keeper::first_seq;
use crate::repair::{RepairOptions, RepairReport, RepairedBus};
use crate::store::{Store, Writer};

/// How many deliveries one transaction has at most.
const BATCH: usize = 4096;
/// How many damages are told.
const TOLD: usize = 100;

pub(crate) fn repair(path: &Path, options: RepairOptions) -> Result<RepairReport> {
    let path = schema::file_at(path)?;
    schema::refuse_later(&path)?;
    let (mut report, refused) = (RepairReport::default(), look(&path));
    match &refused {
        Ok(damage) if damage.is_empty() && !options.always => return counted(&path, report),
        Ok(damage) => report.damage.clone_from(damage),
        Err(error) => report.damage.push(format!("it can't be opened: {}", error.message())),
    }
    let _leases = Lease::take_all(&path)?;
    let failed = |error: std::io::Error| io_error(&path, "the store can't be read", &error);
    let mut salvage = Salvage::of(&path, &beside(&path, "-wal")).map_err(failed)?;
    if let Err(error) = refused
        && salvage.places().next().is_none()
    {
        return Err(error);
    }
    let buses = buses_of(&salvage);
    let fresh = free_name(&path, "repaired");
    schema::prepare(&fresh)?;
    let aside = rebuild(&fresh, &mut salvage, &buses).and_then(|buses| {
        report.buses = buses;
        swap(&path, &fresh)
    });
    // What is left is our own, and of no use without the rest.
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(beside(&fresh, end));
    }
    report.aside = Some(aside?);
    report.buses.sort_by(|one, other| one.name.cmp(&other.name));
    report.events = report.buses.iter().map(|bus| bus.events).sum();
    report.lost = report.buses.iter().map(|bus| bus.lost).sum();
    Ok(report)
}

/// What is wrong with the file.
fn look(path: &Path) -> Result<Vec<String>> {
    let verified = super::SqliteStore::read(path)?.verify()?;
    let of_event = |damage: crate::Damage| format!("{} {}: {}", damage.bus, damage.seq, damage.what);
    let damaged = verified.damaged.into_iter().map(of_event);
    Ok(verified.structure.into_iter().chain(damaged).take(TOLD).collect())
}

/// What a store has in which nothing is wrong.
fn counted(path: &Path, mut report: RepairReport) -> Result<RepairReport> {
    let connection = schema::open_to_read(path)?;
    let read = || -> Outcome<Vec<(String, i64)>> {
        let mut statement = connection.prepare("SELECT name, events FROM bus ORDER BY name")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    let events = read().map_err(|error| error_at(path, &error))?;
    for (bus, (_, events)) in super::SqliteStore::read(path)?.buses()?.into_iter().zip(events) {
        let events = u64::try_from(events).unwrap_or_default();
        report.events += events;
        report.buses.push(RepairedBus { name: bus.name, events, lost: 0, first: bus.first, last: bus.last });
    }
    Ok(report)
}

/// The numbers of all buses that something is there of, and their names.
fn buses_of(salvage: &Salvage) -> Vec<(i64, String)> {
    let mut numbers: Vec<i64> = salvage.places().map(|pos| pos >> SEQ_BITS).collect();
    numbers.extend(salvage.buses.keys());
    numbers.sort_unstable();
    numbers.dedup();
    let mut named: Vec<(i64, String)> = Vec::new();
    for number in numbers {
        let told = salvage.buses.get(&number).map(|(name, _)| name.clone());
        let name = told.filter(|name| named.iter().all(|(_, other)| other != name));
        named.push((number, name.unwrap_or_else(|| format!("bus-{number}"))));
    }
    named
}

/// A connection to a file that nobody else knows yet: it is synced once, when it is whole.
fn unsynced(fresh: &Path) -> Result<Database> {
    let connection = schema::open(fresh)?;
    let set = schema::set_synchronous(&connection, Synchronous::Nothing);
    set.map_err(|error| error_at(fresh, &error))?;
    Ok(connection)
}

fn rebuild(fresh: &Path, salvage: &mut Salvage, buses: &[(i64, String)]) -> Result<Vec<RepairedBus>> {
    let mut connection = unsynced(fresh)?;
    let failed = |error: rusqlite::Error| error_at(fresh, &error);
    let mut rebuilt = Vec::new();
    let mut from = 0;
    for (number, name) in buses {
        let add = "INSERT INTO bus (id, name) VALUES (?1, ?2)";
        connection.execute(add, params![number, name]).map_err(failed)?;
        let mut writer = SqliteWriter::rebuilding(fresh, unsynced(fresh)?, *number)?;
        let mut bus = Bus::new(salvage, *number, &mut writer);
        from = bus.fill(salvage, from)?;
        let mut told = bus.told;
        told.name.clone_from(name);
        drop(writer);
        note_past(&mut connection, salvage, *number, &told).map_err(failed)?;
        rebuilt.push(told);
    }
    // All of it is on the disk before it takes the other's place.
    let end = |connection: &Connection| -> Outcome<()> {
        schema::set_synchronous(connection, Synchronous::Commits)?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    };
    end(&connection).map_err(failed)?;
    connection.close().map_err(failed)?;
    let sync = || File::open(fresh)?.sync_all();
    sync().map_err(|error| io_error(fresh, "the disk failed to keep it", &error))?;
    Ok(rebuilt)
}

/// One bus being filled with what was salvaged of it.
struct Bus<'a> {
    writer: &'a mut SqliteWriter,
    number: i64,
    told: RepairedBus,
    /// The end of what was stored, told by two rows at least.
    end: u64,
    /// What retention has deleted from the beginning on.
    pruned: u64,
    /// The time of storing, which never runs backwards nor ahead of now.
    stored_ns: i64,
    now_ns: i64,
    gaps: Vec<Lost>,
}

impl<'a> Bus<'a> {
    fn new(salvage: &Salvage, number: i64, writer: &'a mut SqliteWriter) -> Self {
        let of = pos(number, 1)..=pos(number, u64::MAX);
        let first = salvage.places().find(|pos| of.contains(pos));
        let newest = salvage.places().filter(|pos| of.contains(pos)).last().map_or(0, seq_of);
        let batches = salvage.batches.range(of.clone()).map(|(_, (last, _))| seq_of(*last));
        let gaps = salvage.gaps.range(of.clone()).map(|(_, gap)| seq_of(gap.last));
        let epochs = salvage.epochs.get(&number).into_iter().flatten();
        let before = epochs.map(|(_, epoch)| u64::try_from(epoch.before).unwrap_or_default());
        let witness = batches.chain(gaps).chain(before).max().unwrap_or(0);
        let told = salvage.buses.get(&number).and_then(|(_, last)| u64::try_from(*last).ok());
        let pruned = salvage.pruned.iter().filter(|pruned| pruned.bus == number && pruned.kind == 0);
        let pruned = pruned.map(|pruned| seq_of(pruned.last)).max().unwrap_or(0);
        let end = newest.max(told.map_or(witness, |told| told.min(witness)));
        let stored = salvage.batches.range(of.clone()).map(|(_, (_, stored_ns))| *stored_ns);
        let now_ns = SystemClock.now_ns();
        Self {
            writer,
            number,
            told: RepairedBus { first: first.map(seq_of), ..RepairedBus::default() },
            end,
            pruned: pruned.min(first.map_or(end, |first| seq_of(first) - 1)),
            stored_ns: stored.min().unwrap_or(now_ns).min(now_ns),
            now_ns,
            gaps: salvage.gaps.range(of).map(|(_, gap)| gap.clone()).collect(),
        }
    }

    /// Stores its events, from that place among the salvaged on; gives the place of the next bus's first.
    fn fill(&mut self, salvage: &mut Salvage, from: usize) -> Result<usize> {
        let places: Vec<i64> =
            salvage.places().skip(from).take_while(|pos| pos >> SEQ_BITS == self.number).collect();
        let mut reader = EventReader::new();
        let mut pending = Vec::new();
        let mut batch_end = 0;
        let mut next = self.pruned + 1;
        for (index, place) in places.iter().enumerate() {
            if *place > batch_end || pending.len() >= BATCH {
                self.store(&mut pending)?;
                let batch =
                    salvage.batches.range(..=*place).next_back().filter(|(_, (last, _))| last >= place);
                if let Some((_, (last, stored_ns))) = batch {
                    batch_end = *last;
                    self.stored_ns = (*stored_ns).clamp(self.stored_ns, self.now_ns.max(self.stored_ns));
                }
                self.writer.stored_at(self.stored_ns);
            }
            let failed = |error| io_error(Path::new("the damaged file"), "it can't be read", &error);
            let seq = seq_of(*place);
            let body = salvage.body(from + index).map_err(failed)?;
            let Some(event) = body.and_then(|(_, body)| event_of(&mut reader, seq, &body)) else { continue };
            self.tell_missing(next, seq, salvage, &mut pending);
            pending.push(Delivery::Event(event));
            self.told.events += 1;
            next = seq + 1;
        }
        self.tell_missing(next, self.end + 1, salvage, &mut pending);
        self.store(&mut pending)?;
        self.told.last = self.writer.last().max(self.end);
        Ok(from + places.len())
    }

    fn store(&mut self, pending: &mut Vec<Delivery>) -> Result<()> {
        if let Some(first) = pending.first() {
            // What isn't told between two batches was deleted.
            self.writer.begin_after(first_seq(first) - 1);
            self.writer.append(pending).map_err(|fault| fault.error)?;
            pending.clear();
        }
        Ok(())
    }

    /// Tells what isn't there of the seqs from `next` on, before `seq`.
    fn tell_missing(&mut self, mut next: u64, seq: u64, salvage: &Salvage, pending: &mut Vec<Delivery>) {
        let number = self.number;
        let past = self.gaps.partition_point(|gap| gap.last < pos(number, next));
        let known = self.gaps.iter().skip(past).take_while(|gap| gap.first < pos(number, seq));
        let known: Vec<Lost> = known.cloned().collect();
        for gap in known {
            self.tell(next, seq_of(gap.first), salvage, pending);
            let (first, last) = (seq_of(gap.first).max(next), seq_of(gap.last).min(seq - 1));
            if first <= last {
                pending.push(missing(first, last, GapReason::of_word(&gap.reason)));
            }
            next = next.max(last + 1);
        }
        self.tell(next, seq, salvage, pending);
    }

    /// A stretch that nothing is known of: deleted, if events of some kind were deleted there, else lost.
    fn tell(&mut self, next: u64, seq: u64, salvage: &Salvage, pending: &mut Vec<Delivery>) {
        if next >= seq {
            return;
        }
        let (first, last) = (pos(self.number, next), pos(self.number, seq - 1));
        let is_deleted = salvage.pruned.iter().any(|pruned| pruned.first <= first && last <= pruned.last);
        if !is_deleted {
            self.told.lost += seq - next;
            pending.push(missing(next, seq - 1, GapReason::Unreadable));
        }
    }
}

fn missing(first: u64, last: u64, reason: GapReason) -> Delivery {
    Delivery::Gap(Gap { first, last, count: last + 1 - first, reason })
}

/// Copies what is known of openings and deletions, and begins an epoch that no cursor can be of: what is lost may
/// have been the openings that cursors tell of.
fn note_past(connection: &mut Connection, salvage: &Salvage, bus: i64, told: &RepairedBus) -> Outcome<()> {
    let transaction = connection.transaction()?;
    let last = i64::try_from(told.last).unwrap_or(i64::MAX);
    transaction.execute("UPDATE bus SET last = ?2 WHERE id = ?1", [bus, last])?;
    let add = "INSERT OR IGNORE INTO epoch (bus, epoch, before, opened_ns) VALUES (?1, ?2, ?3, ?4)";
    let epochs = salvage.epochs.get(&bus).into_iter().flatten().map(|(_, epoch)| epoch);
    let mut newest = 0;
    for epoch in epochs.filter(|epoch| epoch.before <= last && epoch.epoch < i64::MAX / 2) {
        transaction.execute(add, params![bus, epoch.epoch, epoch.before, epoch.opened_ns])?;
        newest = newest.max(epoch.epoch);
    }
    let now = SystemClock.now_ns();
    transaction.execute(add, params![bus, (newest + 1).max(now / 1_000_000_000), last, now])?;
    for pruned in salvage.pruned.iter().filter(|pruned| pruned.bus == bus) {
        let end = match pruned.kind {
            0 => pruned.last.min(told.first.map_or(pos(bus, told.last), |first| pos(bus, first) - 1)),
            _ => pruned.last.min(pos(bus, told.last)),
        };
        let number = match (pruned.kind, salvage.kinds.get(&pruned.kind)) {
            (0, _) => 0,
            (_, None) => continue,
            (_, Some(name)) => {
                transaction.execute("INSERT OR IGNORE INTO kind (name) VALUES (?1)", [name])?;
                transaction.query_row("SELECT id FROM kind WHERE name = ?1", [name], |row| row.get(0))?
            }
        };
        if pruned.first <= end {
            transaction.execute(
                "INSERT INTO pruned (bus, kind, first, last) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (bus, kind) DO UPDATE SET last = max(last, excluded.last)",
                params![bus, number, pruned.first, end],
            )?;
        }
    }
    transaction.commit()
}

/// Sets the damaged file aside, its log first, and puts the new one in its place.
fn swap(path: &Path, fresh: &Path) -> Result<PathBuf> {
    let aside = free_name(path, "damaged");
    let ends = ["-wal", "-shm", ""];
    let rename = || {
        for end in ends {
            match fs::rename(beside(path, end), beside(&aside, end)) {
                Err(error) if error.kind() != IoKind::NotFound || end.is_empty() => return Err(error),
                _ => {}
            }
        }
        fs::rename(fresh, path)
    };
    if let Err(error) = rename() {
        for end in ends {
            let _ = fs::rename(beside(&aside, end), beside(path, end));
        }
        return Err(io_error(path, "the damaged file can't be set aside", &error));
    }
    schema::sync_folder(path.parent().unwrap_or(Path::new("")))?;
    Ok(aside)
}
