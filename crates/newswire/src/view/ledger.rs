//! A bounded table of occurrences, in the order of their first event.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::occurrence::Occurrence;

/// What is known of each occurrence. When it is full, those that have ended go first, the longest ended
/// before the others; then the oldest.
#[derive(Debug)]
pub(super) struct Ledger<V> {
    places: HashMap<Occurrence, u64>,
    entries: BTreeMap<u64, (Occurrence, V)>,
    ended: VecDeque<u64>,
    next: u64,
    max: usize,
    forgotten: u64,
}

impl<V> Ledger<V> {
    pub(super) fn new(max: usize) -> Self {
        Self {
            places: HashMap::new(),
            entries: BTreeMap::new(),
            ended: VecDeque::new(),
            next: 0,
            max: max.max(1),
            forgotten: 0,
        }
    }

    /// What is known of an occurrence; made where nothing is.
    pub(super) fn entry(&mut self, occurrence: Occurrence, make: impl FnOnce() -> V) -> &mut V {
        let place = match self.places.get(&occurrence) {
            Some(place) => *place,
            None => {
                while self.entries.len() >= self.max {
                    self.forget_one();
                }
                let place = self.next;
                self.next += 1;
                self.places.insert(occurrence.clone(), place);
                place
            }
        };
        &mut self.entries.entry(place).or_insert_with(|| (occurrence, make())).1
    }

    /// Takes out what is known of an occurrence.
    pub(super) fn remove(&mut self, occurrence: &Occurrence) -> Option<V> {
        let place = self.places.remove(occurrence)?;
        self.entries.remove(&place).map(|(_, value)| value)
    }

    /// Notes that it has ended, so that it may be forgotten.
    pub(super) fn end(&mut self, occurrence: &Occurrence) {
        if let Some(place) = self.places.get(occurrence) {
            self.ended.push_back(*place);
        }
    }

    fn forget_one(&mut self) {
        let ended =
            std::iter::from_fn(|| self.ended.pop_front()).find(|place| self.entries.contains_key(place));
        let place = ended.or_else(|| self.entries.first_key_value().map(|(place, _)| *place));
        if let Some((occurrence, _)) = place.and_then(|place| self.entries.remove(&place)) {
            self.places.remove(&occurrence);
            self.forgotten += 1;
        }
    }

    /// All entries, in the order of their first event.
    pub(super) fn iter(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|(_, value)| value)
    }

    /// How many had to be forgotten.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }
}
