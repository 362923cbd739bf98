//! What can be saved of a damaged file: every row that is still one, found without what should lead to it.
//!
//! SQLite finds a page by the pages above it; where one of those is damaged, all below it is out of reach. Here every
//! page is looked at for itself. An event's own checksum tells whether it is one; the few rows without a
//! checksum are told by their form, and believed only where a second one says the same.

mod log;
mod pages;
mod record;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;

use super::append::checksum;
use super::{SEQ_BITS, seq_of};
pub(super) use log::is_damaged;
use pages::Pages;
use record::{Value, values};

/// Where an event stands.
#[derive(Clone, Copy)]
struct Place {
    pos: i64,
    page: u32,
    image: u16,
    row: u16,
}

/// A stretch that is known to be missing, and why.
#[derive(Clone, Debug)]
pub(super) struct Lost {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) reason: String,
}

/// A stretch in which events of a kind (0: of all) were deleted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pruned {
    pub(super) bus: i64,
    pub(super) kind: i64,
    pub(super) first: i64,
    pub(super) last: i64,
}

/// An opening of a bus.
#[derive(Clone, Copy, Debug)]
pub(super) struct Epoch {
    pub(super) epoch: i64,
    pub(super) before: i64,
    pub(super) opened_ns: i64,
}

/// What a damaged file still says.
pub(super) struct Salvage {
    pages: Pages,
    events: Vec<Place>,
    /// The page that was read last.
    held: (u32, u16, Vec<u8>),
    /// Names of buses, with what is told of their last seq.
    pub(super) buses: BTreeMap<i64, (String, i64)>,
    /// Kinds by their numbers, as the events themselves and the table have them.
    pub(super) kinds: BTreeMap<i64, String>,
    pub(super) gaps: BTreeMap<i64, Lost>,
    /// Last place and time of storing, by the first place.
    pub(super) batches: BTreeMap<i64, (i64, i64)>,
    pub(super) epochs: HashMap<i64, BTreeMap<i64, Epoch>>,
    pub(super) pruned: Vec<Pruned>,
}

impl Salvage {
    /// Looks at all pages of the file and its log.
    pub(super) fn of(database: &Path, log: &Path) -> io::Result<Self> {
        let mut salvage = Self {
            pages: Pages::open(database, log)?,
            events: Vec::new(),
            held: (0, 0, Vec::new()),
            buses: BTreeMap::new(),
            kinds: BTreeMap::new(),
            gaps: BTreeMap::new(),
            batches: BTreeMap::new(),
            epochs: HashMap::new(),
            pruned: Vec::new(),
        };
        for page in salvage.pages.numbers() {
            for image in 0..salvage.pages.images(page) {
                salvage.look_at(page, image)?;
            }
        }
        // An event never changes, so of several images the oldest is as good, and the newest may be what a transaction
        // left that never came to its end.
        salvage.events.sort_by_key(|place| (place.pos, std::cmp::Reverse(place.image)));
        salvage.events.dedup_by_key(|place| place.pos);
        Ok(salvage)
    }

    fn look_at(&mut self, page: u32, image: usize) -> io::Result<()> {
        let bytes = self.pages.image(page, image)?;
        let Some((rows, has_numbers)) = Pages::rows(page, &bytes) else { return Ok(()) };
        for (row, at) in rows.into_iter().enumerate() {
            let Some(cell) = self.pages.cell(&bytes, at, has_numbers)? else { continue };
            let Some(values) = values(&cell.record) else { continue };
            match (has_numbers, values.as_slice()) {
                // The checksum is over all that counts; what else the row says, the event says too.
                (
                    true,
                    [_, Value::Int(kind), _, _, _, Value::Int(crc), Value::Text(body) | Value::Blob(body)],
                ) => {
                    if i64::from(checksum(cell.rowid, *kind, body)) == *crc {
                        let (image, row) = (u16::try_from(image), u16::try_from(row));
                        if let (Ok(image), Ok(row)) = (image, row) {
                            self.events.push(Place { pos: cell.rowid, page, image, row });
                        }
                    }
                }
                (has_numbers, values) => self.note(has_numbers.then_some(cell.rowid), values),
            }
        }
        Ok(())
    }

    /// Notes a row of one of the small tables. Newer images come first, so what is there stays.
    fn note(&mut self, rowid: Option<i64>, values: &[Value<'_>]) {
        let text = |text: &[u8]| std::str::from_utf8(text).ok().map(str::to_owned);
        match (rowid, values) {
            (Some(bus), [Value::Null, Value::Text(name), Value::Int(last), Value::Int(_), Value::Int(_)]) => {
                if let Some(name) = text(name).filter(|_| is_bus(bus)) {
                    self.buses.entry(bus).or_insert((name, *last));
                }
            }
            (Some(kind), [Value::Null, Value::Text(name)]) => {
                if let Some(name) = text(name) {
                    self.kinds.entry(kind).or_insert(name);
                }
            }
            (Some(first), [Value::Null, Value::Int(last), Value::Text(reason)]) => {
                if let Some(reason) = text(reason).filter(|_| are_of_one_bus(first, *last)) {
                    self.gaps.entry(first).or_insert(Lost { first, last: *last, reason });
                }
            }
            (Some(first), [Value::Null, Value::Int(last), Value::Int(stored_ns), Value::Int(_)])
                if are_of_one_bus(first, *last) =>
            {
                self.batches.entry(first).or_insert((*last, *stored_ns));
            }
            (None, [Value::Int(bus), Value::Int(number), Value::Int(first), Value::Int(last)]) => {
                if *first >> SEQ_BITS == *bus && are_of_one_bus(*first, *last) {
                    self.pruned.push(Pruned { bus: *bus, kind: *number, first: *first, last: *last });
                } else if is_bus(*bus) && *number > 0 && (0..1 << SEQ_BITS).contains(first) {
                    let epoch = Epoch { epoch: *number, before: *first, opened_ns: *last };
                    self.epochs.entry(*bus).or_default().entry(*number).or_insert(epoch);
                }
            }
            _ => {}
        }
    }

    /// Places of the events, in order.
    pub(super) fn places(&self) -> impl Iterator<Item = i64> {
        self.events.iter().map(|place| place.pos)
    }

    /// The event at that index of [`Salvage::places`]: the number of its kind, and its text.
    pub(super) fn body(&mut self, index: usize) -> io::Result<Option<(i64, Vec<u8>)>> {
        let Some(place) = self.events.get(index).copied() else { return Ok(None) };
        if (self.held.0, self.held.1) != (place.page, place.image) {
            let bytes = self.pages.image(place.page, usize::from(place.image))?;
            self.held = (place.page, place.image, bytes);
        }
        let bytes = &self.held.2;
        let Some((rows, _)) = Pages::rows(place.page, bytes) else { return Ok(None) };
        let Some(at) = rows.get(usize::from(place.row)) else { return Ok(None) };
        let Some(cell) = self.pages.cell(bytes, *at, true)? else { return Ok(None) };
        Ok(match values(&cell.record).as_deref() {
            Some([_, Value::Int(kind), .., Value::Text(body) | Value::Blob(body)]) => {
                Some((*kind, body.to_vec()))
            }
            _ => None,
        })
    }
}

fn is_bus(number: i64) -> bool {
    (1..1 << (63 - SEQ_BITS)).contains(&number)
}

fn are_of_one_bus(first: i64, last: i64) -> bool {
    is_bus(first >> SEQ_BITS) && first >> SEQ_BITS == last >> SEQ_BITS && first <= last && seq_of(first) > 0
}
