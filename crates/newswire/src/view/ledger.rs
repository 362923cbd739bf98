//! A bounded table of occurrences, in the order of their first event.

use std::collections::{BTreeMap, HashMap};

use super::occurrence::Occurrence;

/// What is known of each occurrence. When it is full, those that have ended go first, the longest ended
/// before the others; then the oldest.
#[derive(Debug)]
pub(super) struct Ledger<V> {
    places: HashMap<Occurrence, u64, foldhash::fast::RandomState>,
    entries: BTreeMap<u64, Entry<V>>,
    /// Places of those that have ended, by the order of their ends.
    ended: BTreeMap<u64, u64>,
    next: u64,
    next_end: u64,
    max: usize,
    forgotten: u64,
    forgotten_open: u64,
}

#[derive(Debug)]
struct Entry<V> {
    occurrence: Occurrence,
    value: V,
    /// Its place among the ends.
    end: Option<u64>,
}

impl<V> Ledger<V> {
    pub(super) fn new(max: usize) -> Self {
        Self {
            places: HashMap::default(),
            entries: BTreeMap::new(),
            ended: BTreeMap::new(),
            next: 0,
            next_end: 0,
            max: max.max(1),
            forgotten: 0,
            forgotten_open: 0,
        }
    }

    /// What is known of an occurrence, if anything is.
    pub(super) fn get(&self, occurrence: &Occurrence) -> Option<&V> {
        self.entries.get(self.places.get(occurrence)?).map(|entry| &entry.value)
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, occurrence: &Occurrence) -> Option<&mut V> {
        self.entries.get_mut(self.places.get(occurrence)?).map(|entry| &mut entry.value)
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
        let make = || Entry { occurrence, value: make(), end: None };
        &mut self.entries.entry(place).or_insert_with(make).value
    }

    /// Lets an occurrence that has ended stand for itself: what is told from now on is about another one.
    pub(super) fn part(&mut self, occurrence: &Occurrence) {
        let entry = self.places.get(occurrence).and_then(|place| self.entries.get(place));
        if entry.is_some_and(|entry| entry.end.is_some()) {
            self.places.remove(occurrence);
        }
    }

    /// Takes out what is known of an occurrence.
    pub(super) fn remove(&mut self, occurrence: &Occurrence) -> Option<V> {
        let place = self.places.remove(occurrence)?;
        let entry = self.entries.remove(&place)?;
        if let Some(end) = entry.end {
            self.ended.remove(&end);
        }
        Some(entry.value)
    }

    /// Notes that it has ended, so that it may be forgotten.
    pub(super) fn end(&mut self, occurrence: &Occurrence) {
        let place = self.places.get(occurrence);
        let Some((place, entry)) = place.and_then(|place| Some((*place, self.entries.get_mut(place)?)))
        else {
            return;
        };
        if let Some(before) = entry.end.replace(self.next_end) {
            self.ended.remove(&before);
        }
        self.ended.insert(self.next_end, place);
        self.next_end += 1;
    }

    fn forget_one(&mut self) {
        let ended = self.ended.pop_first().map(|(_, place)| place);
        let place = ended.or_else(|| self.entries.first_key_value().map(|(place, _)| *place));
        if let Some((place, entry)) = place.and_then(|place| Some((place, self.entries.remove(&place)?))) {
            if self.places.get(&entry.occurrence) == Some(&place) {
                self.places.remove(&entry.occurrence);
            }
            self.forgotten += 1;
            self.forgotten_open += u64::from(ended.is_none());
        }
    }

    /// All entries, in the order of their first event.
    pub(super) fn iter(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|entry| &entry.value)
    }

    /// How many had to be forgotten.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// How many of them had not ended.
    pub(super) fn forgotten_open(&self) -> u64 {
        self.forgotten_open
    }
}
