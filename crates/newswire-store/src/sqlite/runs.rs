//! What each run came to, kept beside its events, so that a list of the runs needs none of them.
//!
//! The writer brings the rows up to date in the transaction that stores the events. A row stays whole for as long
//! as any of its run's events is kept, and goes with the last of them.

use std::collections::HashMap;

use newswire::view::{RunFigures, RunRow, RunState};
use newswire::{Event, EventReader, ScopeField};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::fault::Outcome;
use super::page::{event_of, sound};
use super::{SEQ_BITS, pos, seq_of};
use crate::runs::{RunInfo, RunQuery};

/// What version 2 of the tables adds.
pub(super) const TABLE: &str = "
CREATE TABLE run (number INTEGER PRIMARY KEY, bus INTEGER NOT NULL, id TEXT NOT NULL, first INTEGER NOT NULL,
    last INTEGER NOT NULL, started_ns INTEGER NOT NULL, session TEXT, crc INTEGER NOT NULL, body TEXT NOT NULL,
    UNIQUE (bus, id));
CREATE INDEX run_started ON run (started_ns);
CREATE INDEX run_last ON run (last);
CREATE INDEX run_session ON run (session) WHERE session IS NOT NULL;
";

/// How many runs the writer knows by heart.
const KNOWN: usize = 1024;

/// The runs that a writer is at.
#[derive(Default)]
pub(super) struct Runs {
    known: HashMap<Box<str>, Known>,
}

struct Known {
    figures: RunFigures,
    first: i64,
    last: i64,
    is_saved: bool,
}

impl Runs {
    /// Adds an event at that place to its run's figures, if it has a run.
    pub(super) fn see(&mut self, connection: &Connection, place: i64, event: &Event) -> Outcome<()> {
        let Some(run) = event.scope().get(ScopeField::Run) else { return Ok(()) };
        if !self.known.contains_key(run) {
            if self.known.len() >= KNOWN {
                self.save(connection, place >> SEQ_BITS)?;
                self.known.clear();
            }
            let known = load(connection, place, run)?;
            self.known.insert(run.into(), known);
        }
        if let Some(known) = self.known.get_mut(run) {
            known.figures.see(event);
            (known.last, known.is_saved) = (place, false);
        }
        Ok(())
    }

    /// Writes what has changed, all of it of that bus.
    pub(super) fn save(&mut self, connection: &Connection, bus: i64) -> Outcome<()> {
        let mut save = connection.prepare_cached(
            "INSERT INTO run (bus, id, first, last, started_ns, session, crc, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (bus, id) DO UPDATE SET first = excluded.first, last = excluded.last,
                 started_ns = excluded.started_ns, session = excluded.session, crc = excluded.crc, body = excluded.body",
        )?;
        let mut changed: Vec<_> = self.known.iter_mut().filter(|(_, known)| !known.is_saved).collect();
        // New rows are numbered in the order of their runs' first events.
        changed.sort_by_key(|(_, known)| known.first);
        for (run, known) in changed {
            let Known { figures, first, last, .. } = known;
            // Figures are numbers and short texts, which can always be written.
            let Ok(body) = serde_json::to_string(figures) else { continue };
            let started = figures.started_ns().unwrap_or(0);
            let session = figures.session();
            let crc = checksum([bus, *first, *last, started], [run, session.unwrap_or_default(), &body]);
            save.execute(params![bus, run, *first, *last, started, session, crc, body])?;
            known.is_saved = true;
        }
        Ok(())
    }

    /// The open runs of a bus as an older file has them, for a newer one in which the bus has that number and goes on
    /// after `last`. What the older file says of events that the newer one is to get is left to that.
    pub(super) fn of_older(older: &Connection, bus: (i64, i64), last: u64) -> Outcome<Self> {
        let mut runs = Self::default();
        let (before, now) = bus;
        let sql = "SELECT number, bus, id, first, last, started_ns, session, crc, body FROM run
            WHERE bus = ?1 AND last <= ?2";
        let mut statement = older.prepare(sql)?;
        let mut rows = statement.query(params![before, pos(before, last)])?;
        while let Some(row) = rows.next()? {
            let Some(Kept { id, first, last, figures, .. }) = kept(row)? else { continue };
            if figures.row(&id).state == RunState::Open {
                let (first, last) = (pos(now, seq_of(first)), pos(now, seq_of(last)));
                runs.known.insert(id.into(), Known { figures, first, last, is_saved: false });
            }
        }
        Ok(runs)
    }

    /// Forgets what was learned in a transaction that was undone.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }
}

fn load(connection: &Connection, place: i64, run: &str) -> Outcome<Known> {
    let sql = "SELECT number, bus, id, first, last, started_ns, session, crc, body FROM run WHERE bus = ?1 AND id = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row(params![place >> SEQ_BITS, run], kept).optional()?;
    let mut known = Known { figures: RunFigures::default(), first: place, last: place, is_saved: false };
    match found {
        Some(Some(Kept { figures, first, last, .. })) => {
            known = Known { figures, first, last, is_saved: true };
        }
        // Damaged figures are made anew, of what is kept.
        Some(None) => each_event(connection, Some((run, place)), |place, event| {
            known.first = known.first.min(place);
            known.figures.see(event);
            Ok(())
        })?,
        None => {}
    }
    Ok(known)
}

/// A row as it was stored.
struct Kept {
    bus: i64,
    id: String,
    first: i64,
    last: i64,
    figures: RunFigures,
}

/// What a row says (number, bus, id, first, last, started_ns, session, crc, body), if it is as it was stored.
fn kept(row: &Row<'_>) -> Outcome<Option<Kept>> {
    let read = || -> Outcome<Option<Kept>> {
        let (bus, id): (i64, String) = (row.get(1)?, row.get(2)?);
        let (first, last, started): (i64, i64, i64) = (row.get(3)?, row.get(4)?, row.get(5)?);
        let session: Option<String> = row.get(6)?;
        let body = row.get_ref(8)?.as_str()?;
        let crc = checksum([bus, first, last, started], [&id, session.as_deref().unwrap_or_default(), body]);
        if row.get::<_, u32>(7)? != crc {
            return Ok(None);
        }
        let figures = serde_json::from_str(body).ok();
        Ok(figures.map(|figures| Kept { bus, id, first, last, figures }))
    };
    // A value of another type than was stored is damage, too.
    Ok(read().unwrap_or(None))
}

fn checksum(numbers: [i64; 4], texts: [&str; 3]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    numbers.iter().for_each(|number| hasher.update(&number.to_le_bytes()));
    for text in texts {
        hasher.update(text.as_bytes());
        hasher.update(&[0xff]);
    }
    hasher.finalize()
}

/// Sums up all runs, as in a store that was made before there were such rows, or from what is left of one.
pub(super) fn sum_up(connection: &Connection) -> Outcome<()> {
    let (mut runs, mut bus) = (Runs::default(), 0);
    each_event(connection, None, |place, event| {
        if place >> SEQ_BITS != bus {
            runs.save(connection, bus)?;
            runs.forget();
            bus = place >> SEQ_BITS;
        }
        runs.see(connection, place, event)
    })?;
    runs.save(connection, bus)
}

/// Every sound event that has a run, in the order of places; or those of one run of the place's bus, before it.
fn each_event(
    connection: &Connection,
    of: Option<(&str, i64)>,
    mut each: impl FnMut(i64, &Event) -> Outcome<()>,
) -> Outcome<()> {
    let wanted = match of {
        Some(_) => "INDEXED BY event_run WHERE run = ?1 AND pos >= ?2 AND pos < ?3",
        None => "WHERE run IS NOT NULL AND ?1 IS NULL AND pos BETWEEN ?2 AND ?3",
    };
    let (run, place) = of.unzip();
    let first = place.map_or(i64::MIN, |place| pos(place >> SEQ_BITS, 0));
    let sql = format!("SELECT pos, crc, kind, body FROM event {wanted} ORDER BY pos");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query(params![run, first, place.unwrap_or(i64::MAX)])?;
    let mut reader = EventReader::new();
    while let Some(row) = rows.next()? {
        let sound = sound(row)?;
        let event =
            sound.and_then(|(place, _, body)| Some((place, event_of(&mut reader, seq_of(place), body)?)));
        if let Some((place, event)) = event {
            each(place, &event)?;
        }
    }
    Ok(())
}

/// Deletes the rows of runs all of whose events, up to `last`, have been deleted.
pub(super) fn prune(connection: &Connection, bus: i64, last: i64) -> Outcome<()> {
    let sql = "DELETE FROM run WHERE last >= ?1 AND last <= ?2";
    connection.prepare_cached(sql)?.execute(params![pos(bus, 0), last]).map(drop)
}

/// Deletes the row of that run, if none of its events is left.
pub(super) fn prune_if_empty(connection: &Connection, bus: i64, run: &str) -> Outcome<()> {
    let sql = "DELETE FROM run WHERE bus = ?1 AND id = ?2 AND NOT EXISTS (SELECT 1 FROM event
        INDEXED BY event_run WHERE event.run = ?2 AND event.pos >= ?3 AND event.pos <= ?4)";
    let bounds = params![bus, run, pos(bus, 0), pos(bus, u64::MAX)];
    connection.prepare_cached(sql)?.execute(bounds).map(drop)
}

/// Damaged rows, a sentence each.
pub(super) fn verify(connection: &Connection) -> Outcome<Vec<String>> {
    if !is_there(connection)? {
        return Ok(Vec::new());
    }
    let sql = "SELECT number, bus, id, first, last, started_ns, session, crc, body FROM run ORDER BY number";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut wrong = Vec::new();
    while let Some(row) = rows.next()? {
        if kept(row)?.is_none() {
            let id = row.get_ref(2)?.as_str().unwrap_or("?").to_owned();
            wrong.push(format!("the figures of run {id:?} aren't what their checksum says"));
        }
    }
    Ok(wrong)
}

fn is_there(connection: &Connection) -> Outcome<bool> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(version >= 2)
}

/// Tells `each` the wanted runs, those that began last at the end, until it has had enough; gives the number of
/// damaged rows.
pub(super) fn list(
    connection: &Connection,
    query: &RunQuery,
    each: &mut dyn FnMut(RunInfo) -> bool,
) -> Outcome<u64> {
    let buses = Buses::of(connection)?;
    if !is_there(connection)? {
        return list_anew(connection, &buses, query, each);
    }
    let order = match query.newest {
        Some(_) => {
            "SELECT * FROM (SELECT number, bus, id, first, last, started_ns, session, crc, body FROM run WHERE {}
                ORDER BY started_ns DESC, number DESC LIMIT ?5) ORDER BY started_ns, number"
        }
        None => {
            "SELECT number, bus, id, first, last, started_ns, session, crc, body FROM run WHERE {}
                ORDER BY started_ns, number LIMIT ?5"
        }
    };
    let mut wanted = vec!["?5 <> 0"];
    // Only what is asked for stands in the statement, so that the right index is taken; the values never do.
    for (is_asked, term) in [
        (query.bus.is_some(), "bus = ?1"),
        (query.session.is_some(), "session = ?2"),
        (!query.begins.is_empty(), "id >= ?3 AND id < ?4"),
    ] {
        wanted.extend(is_asked.then_some(term));
    }
    let bus = query.bus.as_deref().map(|name| buses.number(name));
    let limit = query.newest.map_or(-1, |newest| i64::try_from(newest).unwrap_or(i64::MAX));
    let end = format!("{}\u{10ffff}", query.begins);
    let mut statement = connection.prepare_cached(&order.replace("{}", &wanted.join(" AND ")))?;
    let mut rows = statement.query(params![bus, query.session, query.begins, end, limit])?;
    let mut damaged = 0;
    while let Some(row) = rows.next()? {
        let Some(Kept { bus, id, first, last, figures }) = kept(row)? else {
            damaged += 1;
            continue;
        };
        if !each(buses.info(bus, figures.row(&id), first, last)) {
            break;
        }
    }
    Ok(damaged)
}

/// The same in a store that was made before there were such rows, and is only read: by looking at all events.
fn list_anew(
    connection: &Connection,
    buses: &Buses,
    query: &RunQuery,
    each: &mut dyn FnMut(RunInfo) -> bool,
) -> Outcome<u64> {
    let mut found: HashMap<(i64, String), (RunFigures, i64, i64)> = HashMap::new();
    each_event(connection, None, |place, event| {
        let run = event.scope().get(ScopeField::Run).unwrap_or_default();
        let entry = found.entry((place >> SEQ_BITS, run.to_owned()));
        let (figures, _, last) = entry.or_insert_with(|| (RunFigures::default(), place, place));
        figures.see(event);
        *last = place;
        Ok(())
    })?;
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|(_, (figures, first, _))| (figures.started_ns().unwrap_or(0), *first));
    let rows = found
        .into_iter()
        .map(|((bus, id), (figures, first, last))| buses.info(bus, figures.row(&id), first, last));
    let is_wanted = |info: &RunInfo| {
        query.bus.as_ref().is_none_or(|bus| *bus == info.bus)
            && query.session.as_ref().is_none_or(|session| info.row.session.as_ref() == Some(session))
            && info.row.run.starts_with(&query.begins)
    };
    let wanted: Vec<_> = rows.filter(is_wanted).collect();
    let skipped = query.newest.map_or(0, |newest| wanted.len().saturating_sub(newest));
    wanted.into_iter().skip(skipped).all(each);
    Ok(0)
}

/// Names of the buses, and up to which place each was pruned whole.
struct Buses(HashMap<i64, (String, i64)>);

impl Buses {
    fn of(connection: &Connection) -> Outcome<Self> {
        let sql =
            "SELECT id, name, coalesce((SELECT last FROM pruned WHERE bus = id AND kind = 0), 0) FROM bus";
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        Ok(Self(rows.collect::<Outcome<_>>()?))
    }

    /// The bus of that name; a number that none has, where there is none.
    fn number(&self, name: &str) -> i64 {
        self.0.iter().find(|(_, (known, _))| known == name).map_or(-1, |(number, _)| *number)
    }

    fn info(&self, bus: i64, row: RunRow, first: i64, last: i64) -> RunInfo {
        let (bus, pruned) = self.0.get(&bus).cloned().unwrap_or_default();
        RunInfo { bus, row, first_seq: seq_of(first), last_seq: seq_of(last), pruned: first <= pruned }
    }
}
