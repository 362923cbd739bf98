//! One piece of a bus, read in one snapshot of the database.
//!
//! What a filter asks that an index knows (kinds, session, run) is asked of the index, by bound parameters; the
//! filter itself is evaluated on what comes back. Where something of what it wants was pruned, every row is looked
//! at, since only then is it known what is missing where.

use newswire::store::{Page, Wanted};
use newswire::{Delivery, Event, EventReader, Gap, GapReason, Kind};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::append::checksum;
use super::fault::Outcome;
use super::way::Way;
use super::{pos, seq_of};

/// How many rows are looked at for each that is wanted, before the reader has its turn again.
const PATIENCE: usize = 8;
/// How many bytes of events a page has at most, the last of them aside: who reads has room for one page, however large
/// the events are.
const LARGE: usize = 4 << 20;

/// The bus that is read, and what is wanted of it.
pub(super) struct Reading<'a> {
    pub(super) connection: &'a Connection,
    pub(super) bus: i64,
    pub(super) wanted: &'a Wanted<'a>,
    reader: EventReader,
    /// Bytes of the events that are on the page.
    bytes: usize,
}

impl<'a> Reading<'a> {
    pub(super) fn new(connection: &'a Connection, bus: i64, wanted: &'a Wanted<'a>) -> Self {
        Self { connection, bus, wanted, reader: EventReader::new(), bytes: 0 }
    }

    /// Reads from `from` up to `until`, up to `limit` events that match, or as many as a page has room for.
    pub(super) fn page(&mut self, from: u64, until: u64, limit: usize) -> Outcome<Page> {
        let last = self.last()?.min(until);
        if from > last || limit == 0 {
            return Ok(Page { deliveries: Vec::new(), through: last.min(from.saturating_sub(1)) });
        }
        let mut page = Page { deliveries: Vec::new(), through: from - 1 };
        if let Some(pruned) = self.pruned_below(from)? {
            let through = pruned.min(last);
            page.through = through;
            page.deliveries.push(gap(from, through, GapReason::Retention));
            if through == last {
                return Ok(page);
            }
        }
        match (self.way()?, self.pruned_from(page.through + 1)?) {
            (Way::All, _) => self.scan(&mut page, last, limit)?,
            (_, Some(pruned)) if pruned.0 <= page.through + 1 => {
                self.scan(&mut page, last.min(pruned.1), limit)?
            }
            (way, pruned) => {
                let end = pruned.map_or(last, |(first, _)| last.min(first - 1));
                let found = self.look_up(&way, page.through + 1, end, limit);
                match found {
                    Ok(found) => {
                        page.through = found.through;
                        page.deliveries.extend(found.deliveries);
                    }
                    // A damaged index is no reason to miss what the table has.
                    Err(_) => self.scan(&mut page, end, limit)?,
                }
            }
        }
        Ok(page)
    }

    /// Looks at every row; what isn't there is told. Where the file can't be read any further, it ends before.
    fn scan(&mut self, page: &mut Page, last: u64, limit: usize) -> Outcome<()> {
        let connection = self.connection;
        let kinds = self.kinds()?;
        let mut statement = connection.prepare_cached(
            "SELECT pos, crc, kind, body FROM event WHERE pos >= ?1 AND pos <= ?2 ORDER BY pos",
        )?;
        let mut rows = statement.query(params![pos(self.bus, page.through + 1), pos(self.bus, last)])?;
        let from = page.through + 1;
        let (mut found, mut seen, mut missing) = (0, 0, GapReason::Retention);
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) if page.through >= last => return Ok(()),
                Ok(None) => break,
                Err(_) if page.through >= from => return Ok(()),
                Err(error) => return Err(error),
            };
            seen += 1;
            // Of a row that is damaged, the place can't be trusted either: what follows tells what is missing.
            let sound = sound(row)?.map(|(place, kind, body)| (seq_of(place), kind, body));
            let Some((seq, kind, body)) = sound.filter(|(seq, ..)| *seq > page.through) else {
                missing = GapReason::Unreadable;
                continue;
            };
            self.tell_missing(page, seq, std::mem::replace(&mut missing, GapReason::Retention))?;
            page.through = seq;
            if kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind)) {
                found += usize::from(self.take(page, seq, body));
            }
            if found >= limit || seen >= limit.saturating_mul(PATIENCE) || self.bytes >= LARGE {
                return Ok(());
            }
        }
        // A row whose place is damaged ends the query too early: is there something behind it?
        let next = match self.place_behind(page.through + 1, last)? {
            Some(next) => {
                missing = GapReason::Unreadable;
                next
            }
            None => last + 1,
        };
        self.tell_missing(page, next, missing)?;
        page.through = next - 1;
        Ok(())
    }

    /// Seq of a row behind `seq`, looked for further and further away: near it, the damage may mislead the search.
    fn place_behind(&self, seq: u64, last: u64) -> Outcome<Option<u64>> {
        let mut step = 1;
        while seq + step <= last {
            if let Some(place) = self.places(&Way::All, seq + step, last, 1, false)?.first() {
                return Ok(Some(seq_of(*place)));
            }
            step *= 2;
        }
        Ok(None)
    }

    /// Word that what can't be read from `from` on is damaged, up to the next row that can.
    pub(super) fn skip(&self, from: u64) -> Outcome<Page> {
        let last = self.last()?;
        let reads = |seq: u64| {
            let sql = "SELECT crc, kind, body FROM event WHERE pos >= ?1 AND pos <= ?2 ORDER BY pos LIMIT 1";
            let mut statement = self.connection.prepare_cached(sql)?;
            let bounds = params![pos(self.bus, seq), pos(self.bus, last)];
            statement.query_row(bounds, |row| row.get_ref(2).map(drop)).optional()
        };
        let mut step = 1;
        while from + step <= last && reads(from + step).is_err() {
            step *= 2;
        }
        // Not at `bad`, but at `good`, if that is there at all.
        let (mut bad, mut good) = (from + step / 2, (from + step).min(last + 1));
        while bad + 1 < good {
            let middle = bad.midpoint(good);
            if reads(middle).is_ok() { good = middle } else { bad = middle }
        }
        Ok(Page { deliveries: vec![gap(from, good - 1, GapReason::Unreadable)], through: good - 1 })
    }

    pub(super) fn last(&self) -> Outcome<u64> {
        let sql = "SELECT last FROM bus WHERE id = ?1";
        let last: i64 = self.connection.prepare_cached(sql)?.query_row([self.bus], |row| row.get(0))?;
        Ok(u64::try_from(last).unwrap_or_default())
    }

    /// Adds the event, if it is wanted, or word that it can't be read.
    fn take(&mut self, page: &mut Page, seq: u64, body: &[u8]) -> bool {
        match event_of(&mut self.reader, seq, body) {
            Some(event) if self.wants(&event) => {
                self.bytes = self.bytes.saturating_add(event.size());
                page.deliveries.push(Delivery::Event(event));
                return true;
            }
            Some(_) => {}
            None => page.deliveries.push(gap(seq, seq, GapReason::Unreadable)),
        }
        false
    }

    fn wants(&self, event: &Event) -> bool {
        (self.wanted.internal || !event.internal()) && self.wanted.filter.matches(event)
    }

    /// Asks an index up to `end`.
    fn look_up(&mut self, way: &Way, from: u64, end: u64, limit: usize) -> Outcome<Page> {
        let count = limit.saturating_mul(PATIENCE);
        let places = self.places(way, from, end, count, false)?;
        let mut through =
            if places.len() < count { end } else { places.last().map_or(end, |pos| seq_of(*pos)) };
        let mut found = 0;
        let (mut page, mut events) = (Page::default(), Page::default());
        for place in places {
            found += usize::from(self.take_at(&mut events, place)?);
            if found >= limit || self.bytes >= LARGE {
                through = seq_of(place);
                break;
            }
        }
        let mut gaps = self.gaps(from, through)?.into_iter().peekable();
        for delivery in events.deliveries {
            while let Some(lost) = gaps.next_if(|lost| lost.first < first_of(&delivery)) {
                page.deliveries.push(Delivery::Gap(lost));
            }
            page.deliveries.push(delivery);
        }
        page.deliveries.extend(gaps.map(Delivery::Gap));
        page.through = through;
        Ok(page)
    }

    fn take_at(&mut self, page: &mut Page, place: i64) -> Outcome<bool> {
        let connection = self.connection;
        let mut statement =
            connection.prepare_cached("SELECT pos, crc, kind, body FROM event WHERE pos = ?1")?;
        let mut rows = statement.query([place])?;
        let seq = seq_of(place);
        // What the index knows and the table doesn't is as lost as what is damaged.
        let row = rows.next()?.map(sound).transpose()?.flatten();
        Ok(match row {
            Some((.., body)) => self.take(page, seq, body),
            None => {
                page.deliveries.push(gap(seq, seq, GapReason::Unreadable));
                false
            }
        })
    }

    /// Seq of the `count`-th last event before `end` that matches.
    pub(super) fn nth_last(&mut self, count: usize, end: u64) -> Outcome<Option<u64>> {
        let way = self.way()?;
        let (mut missing, mut end, mut oldest) = (count, end, None);
        while missing > 0 && end > 1 {
            let places = self.places(&way, 1, end - 1, 1024, true)?;
            let Some(last) = places.last().map(|place| seq_of(*place)) else { break };
            for place in places {
                let mut page = Page::default();
                if self.take_at(&mut page, place)? {
                    missing -= 1;
                    oldest = Some(seq_of(place));
                }
                if missing == 0 {
                    return Ok(oldest);
                }
            }
            end = last;
        }
        Ok(oldest)
    }

    /// The last seq of what was pruned whole, where that is `from` or later.
    fn pruned_below(&self, from: u64) -> Outcome<Option<u64>> {
        let sql = "SELECT last FROM pruned WHERE bus = ?1 AND kind = 0 AND last >= ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_row(params![self.bus, pos(self.bus, from)], |row| row.get(0).map(seq_of)).optional()
    }

    /// The first stretch at or after `from` in which some of the wanted kinds were pruned.
    fn pruned_from(&self, from: u64) -> Outcome<Option<(u64, u64)>> {
        let sql = "SELECT pruned.first, pruned.last, kind.name FROM pruned JOIN kind ON kind.id = pruned.kind
            WHERE pruned.bus = ?1 AND pruned.last >= ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![self.bus, pos(self.bus, from)])?;
        let mut stretch: Option<(u64, u64)> = None;
        while let Some(row) = rows.next()? {
            let kind = row.get_ref(2)?.as_str().ok().and_then(|name| Kind::parse(name).ok());
            if kind.is_none_or(|kind| self.wanted.filter.can_match(&kind)) {
                let (first, last) = (seq_of(row.get(0)?), seq_of(row.get(1)?));
                stretch = Some(stretch.map_or((first, last), |(f, l)| (f.min(first), l.max(last))));
            }
        }
        Ok(stretch)
    }

    /// Adds what is missing between what has been read and `seq`, for that reason unless another was stored.
    fn tell_missing(&self, page: &mut Page, seq: u64, reason: GapReason) -> Outcome<()> {
        let mut next = page.through + 1;
        if next >= seq {
            return Ok(());
        }
        for lost in self.gaps(next, seq - 1)? {
            if lost.first > next {
                page.deliveries.push(gap(next, lost.first - 1, reason));
            }
            next = lost.last + 1;
            page.deliveries.push(Delivery::Gap(lost));
        }
        if next < seq {
            page.deliveries.push(gap(next, seq - 1, reason));
        }
        Ok(())
    }

    /// The stored gaps between two seqs, cut there.
    fn gaps(&self, from: u64, to: u64) -> Outcome<Vec<Gap>> {
        let sql = "SELECT pos, last, reason FROM gap WHERE pos <= ?2 AND last >= ?1 AND pos >=
            coalesce((SELECT max(pos) FROM gap WHERE pos <= ?1 AND pos > ?3), ?1) ORDER BY pos";
        let mut statement = self.connection.prepare_cached(sql)?;
        let bounds = params![pos(self.bus, from), pos(self.bus, to), pos(self.bus, 0)];
        let gaps = statement.query_map(bounds, |row| {
            let (first, last) = (seq_of(row.get(0)?).max(from), seq_of(row.get(1)?).min(to));
            let reason = row.get_ref(2)?.as_str().map_or(GapReason::Unknown, GapReason::of_word);
            Ok(Gap { first, last, count: last + 1 - first, reason })
        })?;
        gaps.collect()
    }
}

/// Place, kind and body of a row (place, checksum, kind, body), if they are as they were stored.
pub(super) fn sound<'r>(row: &'r Row<'_>) -> Outcome<Option<(i64, i64, &'r [u8])>> {
    let place: i64 = row.get(0)?;
    let (ValueRef::Integer(crc), ValueRef::Integer(kind)) = (row.get_ref(1)?, row.get_ref(2)?) else {
        return Ok(None);
    };
    let (ValueRef::Text(body) | ValueRef::Blob(body)) = row.get_ref(3)? else { return Ok(None) };
    Ok((i64::from(checksum(place, kind, body)) == crc).then_some((place, kind, body)))
}

/// The event of that seq that the body is.
pub(super) fn event_of(reader: &mut EventReader, seq: u64, body: &[u8]) -> Option<Event> {
    reader.read(body).ok().filter(|event| event.seq() == seq)
}

fn gap(first: u64, last: u64, reason: GapReason) -> Delivery {
    Delivery::Gap(Gap { first, last, count: last + 1 - first, reason })
}

fn first_of(delivery: &Delivery) -> u64 {
    match delivery {
        Delivery::Event(event) => event.seq(),
        Delivery::Gap(gap) => gap.first,
    }
}
