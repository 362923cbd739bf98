//! Batches: events and gaps in one piece of bytes, so that one crossing brings all that is queued.
//!
//! ```text
//! header  16 bytes: "NWB1", u16 version = 1, u16 length of this header, u32 items, u32 length of the whole batch
//! item    40 bytes, then its texts, then zeros up to a multiple of 8
//!    0  u32  length of the item with its texts and zeros
//!    4  u8   what it is: 1 an event, 2 a gap; readers skip what else may come
//!    5  u8   flags of an event: 1 internal, 2 it has a payload, 4 it was merged from several
//!    6  u8   severity of an event: 0 debug, 1 info, 2 warn, 3 error
//!    7  u8   phase of an event: 0 none, 1 started, 2 progress, 3 completed, 4 failed, 5 canceled
//!    8  u64  seq of an event; of a gap, seq of the first that is missing
//!   16  i64  time of an event in nanoseconds since the Unix epoch; of a gap, seq of the last (u64)
//!   24  u64  of a gap, how many are missing; of an event, where its payload stands in the second text: u32 from
//!            which byte on, u32 how many bytes; both 0 where it has none
//!   32  u32  length of the first text: an event's kind, a gap's reason
//!   36  u32  length of the second text: an event's wire form as JSON, payload included; 0 of a gap
//! ```
//!
//! All numbers are little-endian. Every item begins at a multiple of 8. The payload isn't there twice: it is a piece
//! of the wire form.
//!
//! A batch has at most [`MAX_BATCH_BYTES`], unless a single event has more; so whoever keeps an event by keeping the
//! batch that it came in keeps no more than that.

use newswire::{Delivery, Error, Event, Gap, GapReason, Phase, Result, Severity};

/// How long a batch is at most where it has several items, in bytes.
pub const MAX_BATCH_BYTES: usize = 64 << 10;

/// The version of the format.
pub const BATCH_VERSION: u16 = 1;

const MAGIC: [u8; 4] = *b"NWB1";
const HEADER: usize = 16;
const ITEM: usize = 40;
const ALIGN: usize = 8;

const EVENT: u8 = 1;
const GAP: u8 = 2;

const INTERNAL: u8 = 1;
const HAS_PAYLOAD: u8 = 2;
const MERGED: u8 = 4;

/// How many items a batch may be asked to have.
const MAX_ITEMS: usize = 65_536;

/// How many items a batch is to have at most, where `max` were asked for.
pub(crate) fn most(max: usize) -> Result<usize> {
    match max {
        0 => Err(Error::invalid("a batch has at least one item").at_path("max").expecting("1 or more")),
        max => Ok(max.min(MAX_ITEMS)),
    }
}

/// A batch that is being filled.
///
/// ```
/// use newswire::{Delivery, Error, Event, Kind};
/// use newswire_facade::{BatchItem, BatchWriter, read_batch};
///
/// let event = Event::builder(Kind::parse("deploy.finished")?).json("7").build()?;
/// let mut batch = BatchWriter::new();
/// assert!(batch.push(&Delivery::Event(event)));
/// let bytes = batch.finish();
/// let items = read_batch(&bytes)?;
/// assert!(matches!(&items[0], BatchItem::Event { kind: "deploy.finished", .. }));
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Debug)]
pub struct BatchWriter {
    bytes: Vec<u8>,
    items: u32,
    json: Vec<u8>,
}

impl Default for BatchWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl BatchWriter {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        let mut bytes = Vec::with_capacity(1024);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&BATCH_VERSION.to_le_bytes());
        bytes.extend_from_slice(&(HEADER as u16).to_le_bytes());
        bytes.extend_from_slice(&[0; 8]);
        Self { bytes, items: 0, json: Vec::new() }
    }

    /// Adds an item; false where it has no room in this batch, and begins the next.
    pub fn push(&mut self, delivery: &Delivery) -> bool {
        let before = self.bytes.len();
        match delivery {
            Delivery::Event(event) => self.event(event),
            Delivery::Gap(gap) => self.gap(gap),
        }
        if self.items > 0 && self.bytes.len() > MAX_BATCH_BYTES {
            self.bytes.truncate(before);
            return false;
        }
        self.items += 1;
        true
    }

    /// How many items it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items as usize
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// The bytes.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let length = (self.bytes.len() as u32).to_le_bytes();
        let counts = self.items.to_le_bytes().into_iter().chain(length);
        self.bytes.iter_mut().skip(8).zip(counts).for_each(|(place, byte)| *place = byte);
        self.bytes
    }

    fn event(&mut self, event: &Event) {
        let mut json = std::mem::take(&mut self.json);
        json.clear();
        event.write_json(&mut json);
        let flags = [
            (event.internal(), INTERNAL),
            (event.payload_json().is_some(), HAS_PAYLOAD),
            (event.merged().is_some(), MERGED),
        ];
        let flags = flags.iter().filter(|(is_set, _)| *is_set).fold(0, |flags, (_, flag)| flags | flag);
        let severity = match event.severity() {
            Severity::Debug => 0,
            Severity::Warn => 2,
            Severity::Error => 3,
            _ => 1,
        };
        let phase = match event.phase() {
            None => 0,
            Some(Phase::Started) => 1,
            Some(Phase::Progress) => 2,
            Some(Phase::Completed) => 3,
            Some(Phase::Failed) => 4,
            Some(_) => 5,
        };
        let payload = event.payload_json().and_then(|payload| place(&json, payload.as_bytes())).unwrap_or(0);
        let numbers = [event.seq(), event.time_ns() as u64, payload];
        self.item([EVENT, flags, severity, phase], numbers, event.kind().as_str().as_bytes(), &json);
        self.json = json;
    }

    fn gap(&mut self, gap: &Gap) {
        let reason = gap.reason.as_str().as_bytes();
        self.item([GAP, 0, 0, 0], [gap.first, gap.last, gap.count], reason, b"");
    }

    fn item(&mut self, what: [u8; 4], numbers: [u64; 3], first: &[u8], second: &[u8]) {
        let length = (ITEM + first.len() + second.len()).next_multiple_of(ALIGN);
        let end = self.bytes.len() + length;
        self.bytes.reserve(length);
        self.bytes.extend_from_slice(&(length as u32).to_le_bytes());
        self.bytes.extend_from_slice(&what);
        numbers.iter().for_each(|number| self.bytes.extend_from_slice(&number.to_le_bytes()));
        [first, second].iter().for_each(|text| {
            self.bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        });
        self.bytes.extend_from_slice(first);
        self.bytes.extend_from_slice(second);
        self.bytes.resize(end, 0);
    }
}

/// Where the payload stands in the wire form: near its end, so it is looked for from there. Whatever is found has
/// the payload's very letters.
fn place(json: &[u8], payload: &[u8]) -> Option<u64> {
    let begins = json.windows(payload.len().max(1)).rposition(|piece| piece == payload)?;
    Some(begins as u64 | (payload.len() as u64) << 32)
}

/// An item of a batch, as it stands in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchItem<'b> {
    /// An event.
    Event {
        /// Its position.
        seq: u64,
        /// When it happened, in nanoseconds since the Unix epoch.
        time_ns: i64,
        /// What happened.
        kind: &'b str,
        /// Its wire form.
        json: &'b str,
        /// Its payload, which is a piece of that.
        payload: Option<&'b str>,
    },
    /// A loss, in its position.
    Gap(Gap),
}

/// Reads a batch, trusting nothing.
///
/// # Errors
/// `Invalid` for what is no batch of this version, or not whole.
pub fn read_batch(bytes: &[u8]) -> Result<Vec<BatchItem<'_>>> {
    let mut head = Reader(bytes);
    let is_ours = head.take(4) == Some(&MAGIC[..]) && head.u16() == Some(BATCH_VERSION);
    let header = head.u16().map(usize::from).filter(|length| is_ours && *length >= HEADER);
    let (items, length) = (head.u32(), head.u32());
    let (Some(header), Some(items), Some(length)) = (header, items, length) else { return Err(broken()) };
    let mut rest = Reader(bytes.get(header..length as usize).ok_or_else(broken)?);
    let mut read = Vec::with_capacity((items as usize).min(rest.0.len() / ITEM));
    for _ in 0..items {
        let length = Reader(rest.0).u32().ok_or_else(broken)?;
        read.extend(rest.take(length as usize).and_then(item).ok_or_else(broken)?);
    }
    Ok(read)
}

/// An item; nothing where a later version has put something else.
fn item(bytes: &[u8]) -> Option<Option<BatchItem<'_>>> {
    let mut item = Reader(bytes);
    item.u32()?;
    let what = item.take(4)?.first().copied()?;
    let [first, second, third] = [item.u64()?, item.u64()?, item.u64()?];
    let lengths = (item.u32()? as usize, item.u32()? as usize);
    let kind = std::str::from_utf8(item.take(lengths.0)?).ok()?;
    let json = std::str::from_utf8(item.take(lengths.1)?).ok()?;
    let item = match what {
        EVENT => {
            let (begins, length) = (third as u32 as usize, (third >> 32) as usize);
            let payload = match length {
                0 => None,
                _ => Some(json.get(begins..begins.checked_add(length)?)?),
            };
            BatchItem::Event { seq: first, time_ns: second as i64, kind, json, payload }
        }
        GAP => BatchItem::Gap(Gap { first, last: second, count: third, reason: GapReason::of_word(kind) }),
        _ => return Some(None),
    };
    Some(Some(item))
}

fn broken() -> Error {
    Error::invalid("these bytes are no batch").expecting("a whole batch of version 1")
}

/// What is left to read.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}
