//! Ids for events whose source gives them none, the same whenever it is read: what has been stored once is known
//! again then.
//!
//! Each id follows from the event and from all events before it, so a source that has grown gives its first
//! events the ids that they had.

use newswire::{Delivery, Event, EventReader};
use newswire_recording::Import;

const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

/// Where the id of an event without seq stands in its wire form: behind `{"id":"`.
const PLACE: std::ops::Range<usize> = 7..43;

/// The ids of one source's events.
pub(super) struct StableIds {
    /// FNV-1a over all that came.
    hash: u128,
    reader: EventReader,
    json: Vec<u8>,
}

impl StableIds {
    /// For a source of that format, where it gives its events no ids: told by reading the beginning again, for
    /// which `again` opens it; what can't be opened again is taken to give none unless it is ours.
    pub(super) fn where_needed(
        import: &Import<'_>,
        mut again: impl FnMut() -> Option<Import<'static>>,
    ) -> Option<Self> {
        if import.format().name == "newswire" {
            return None;
        }
        let mut first = || again()?.find_map(|item| item.ok()?.event()).map(|event| event.id());
        let has_own = first().zip(first()).is_some_and(|(one, other)| one == other);
        (!has_own).then(|| Self { hash: OFFSET, reader: EventReader::new(), json: Vec::new() })
    }

    /// The same event with an id that stays, unless it has one.
    pub(super) fn give(&mut self, delivery: Delivery) -> Delivery {
        let Delivery::Event(event) = &delivery else { return delivery };
        self.json.clear();
        event.write_json(&mut self.json);
        if !Self::is_made(event) || self.json.len() < PLACE.end {
            self.add(0..self.json.len());
            return delivery;
        }
        self.add(PLACE.end..self.json.len());
        let id = self.id(event.time_ns());
        if let Some(place) = self.json.get_mut(PLACE) {
            place.copy_from_slice(id.as_bytes());
        }
        // What has been written can be read; were it not so, the event would still be there.
        self.reader.read(&self.json).map_or(delivery, Delivery::Event)
    }

    /// Whether the id may have been made when the event was read: of its time, and such as we make them.
    fn is_made(event: &Event) -> bool {
        let id = event.id().as_u128();
        let (millis, version) = (id >> 80, (id >> 76) & 0xf);
        version == 7 && event.seq() == 0 && millis == millis_of(event.time_ns())
    }

    fn add(&mut self, part: std::ops::Range<usize>) {
        for byte in self.json.get(part).unwrap_or_default() {
            self.hash = (self.hash ^ u128::from(*byte)).wrapping_mul(PRIME);
        }
    }

    /// A UUIDv7 of that time.
    fn id(&self, time_ns: i64) -> String {
        let mixed = (self.hash ^ (self.hash >> 64)).wrapping_mul(PRIME);
        let (high, low) = ((mixed >> 64) & 0xfff, mixed & 0x3fff_ffff_ffff_ffff);
        let id = (millis_of(time_ns) << 80) | (0x7 << 76) | (high << 64) | (0x2 << 62) | low;
        let hex = format!("{id:032x}");
        let (a, rest) = hex.split_at(8);
        let (b, rest) = rest.split_at(4);
        let (c, rest) = rest.split_at(4);
        let (d, e) = rest.split_at(4);
        format!("{a}-{b}-{c}-{d}-{e}")
    }
}

/// What an id says of the time.
fn millis_of(time_ns: i64) -> u128 {
    u128::from((time_ns.max(0) / 1_000_000).unsigned_abs())
}
