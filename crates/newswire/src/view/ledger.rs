//! A bounded table of occurrences, in the order of their first event.

use std::collections::{HashMap, VecDeque};

use super::occurrence::Occurrence;

/// What is known of each occurrence. When it is full, those that have ended go first, the longest ended
/// before the others; then the oldest.
///
/// Entries stand in a queue by their places, so that all but the look-up by occurrence is one step away; where
/// too many have gone from its middle, it is closed up.
#[derive(Debug)]
pub(super) struct Ledger<V> {
    places: HashMap<Occurrence, u64, foldhash::fast::RandomState>,
    /// By place, from `first` on; those that have gone leave theirs empty.
    entries: VecDeque<Option<Entry<V>>>,
    first: u64,
    len: usize,
    /// Numbers of ends, and the places of what ended; some may have gone, or ended anew, since.
    ended: VecDeque<(u64, u64)>,
    next_end: u64,
    max: usize,
    forgotten: u64,
    forgotten_open: u64,
}

#[derive(Debug)]
struct Entry<V> {
    occurrence: Occurrence,
    value: V,
    /// The number of its end.
    end: Option<u64>,
}

impl<V> Ledger<V> {
    pub(super) fn new(max: usize) -> Self {
        Self {
            places: HashMap::default(),
            entries: VecDeque::new(),
            first: 0,
            len: 0,
            ended: VecDeque::new(),
            next_end: 0,
            max: max.max(1),
            forgotten: 0,
            forgotten_open: 0,
        }
    }

    /// What is known of an occurrence, if anything is.
    pub(super) fn get(&self, occurrence: &Occurrence) -> Option<&V> {
        let index = self.index(*self.places.get(occurrence)?)?;
        self.entries.get(index)?.as_ref().map(|entry| &entry.value)
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, occurrence: &Occurrence) -> Option<&mut V> {
        let place = *self.places.get(occurrence)?;
        self.at(place).map(|entry| &mut entry.value)
    }

    /// What is known of an occurrence; made where nothing is.
    pub(super) fn entry(&mut self, occurrence: Occurrence, make: impl FnOnce() -> V) -> Option<&mut V> {
        let place = match self.places.get(&occurrence) {
            Some(place) => *place,
            None => self.push(occurrence, make()),
        };
        self.at(place).map(|entry| &mut entry.value)
    }

    /// Takes down what is known of an occurrence now, as if this were its first event.
    pub(super) fn put(&mut self, occurrence: &Occurrence, value: V, has_ended: bool) {
        self.remove(occurrence);
        let place = self.push(occurrence.clone(), value);
        if has_ended {
            self.end_at(place);
        }
    }

    /// Lets an occurrence that has ended stand for itself: what is told from now on is about another one.
    pub(super) fn part(&mut self, occurrence: &Occurrence) {
        let place = self.places.get(occurrence).copied();
        if place.and_then(|place| self.at(place)).is_some_and(|entry| entry.end.is_some()) {
            self.places.remove(occurrence);
        }
    }

    /// Takes out what is known of an occurrence.
    pub(super) fn remove(&mut self, occurrence: &Occurrence) -> Option<V> {
        let place = self.places.remove(occurrence)?;
        self.take(place).map(|entry| entry.value)
    }

    /// Notes that it has ended, so that it may be forgotten.
    pub(super) fn end(&mut self, occurrence: &Occurrence) {
        if let Some(place) = self.places.get(occurrence) {
            self.end_at(*place);
        }
    }

    fn end_at(&mut self, place: u64) {
        let end = self.next_end;
        let Some(entry) = self.at(place) else { return };
        entry.end = Some(end);
        self.next_end += 1;
        self.ended.push_back((end, place));
        if self.ended.len() >= self.slack() {
            let mut ended = std::mem::take(&mut self.ended);
            ended.retain(|(end, place)| self.has_end(*place, *end));
            self.ended = ended;
        }
    }

    /// How long the queues may become before they are closed up. Their room doubles, so twice a power of two takes
    /// no more than it says.
    fn slack(&self) -> usize {
        self.max.saturating_mul(2).max(16)
    }

    fn index(&self, place: u64) -> Option<usize> {
        usize::try_from(place.checked_sub(self.first)?).ok()
    }

    fn at(&mut self, place: u64) -> Option<&mut Entry<V>> {
        let index = self.index(place)?;
        self.entries.get_mut(index)?.as_mut()
    }

    fn has_end(&self, place: u64, end: u64) -> bool {
        let entry = self.index(place).and_then(|index| self.entries.get(index)?.as_ref());
        entry.is_some_and(|entry| entry.end == Some(end))
    }

    /// Adds one that isn't there, at the end; gives its place.
    fn push(&mut self, occurrence: Occurrence, value: V) -> u64 {
        while self.len >= self.max {
            self.forget_one();
        }
        if self.entries.len() >= self.slack() {
            self.close_up();
        }
        let place = self.first + self.entries.len() as u64;
        self.places.insert(occurrence.clone(), place);
        self.entries.push_back(Some(Entry { occurrence, value, end: None }));
        self.len += 1;
        place
    }

    fn take(&mut self, place: u64) -> Option<Entry<V>> {
        let index = self.index(place)?;
        let entry = self.entries.get_mut(index)?.take()?;
        self.len -= 1;
        while self.entries.pop_front_if(|entry| entry.is_none()).is_some() {
            self.first += 1;
        }
        Some(entry)
    }

    fn forget_one(&mut self) {
        let mut ended = None;
        while let Some((end, place)) = self.ended.pop_front() {
            if self.has_end(place, end) {
                ended = Some(place);
                break;
            }
        }
        // The first of the queue is never empty.
        let place = ended.unwrap_or(self.first);
        let Some(entry) = self.take(place) else { return };
        if self.places.get(&entry.occurrence) == Some(&place) {
            self.places.remove(&entry.occurrence);
        }
        self.forgotten += 1;
        self.forgotten_open += u64::from(ended.is_none());
    }

    /// Gives all entries places that follow one another.
    fn close_up(&mut self) {
        let Self { entries, places, first, .. } = self;
        let (mut was, mut now, mut ended) = (*first, *first, Vec::new());
        entries.retain(|entry| {
            let place = was;
            was += 1;
            let Some(entry) = entry else { return false };
            if let Some(known) = places.get_mut(&entry.occurrence).filter(|known| **known == place) {
                *known = now;
            }
            ended.extend(entry.end.map(|end| (end, now)));
            now += 1;
            true
        });
        ended.sort_unstable();
        self.ended = ended.into();
    }

    /// All entries, in the order of their first event.
    pub(super) fn iter(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().flatten().map(|entry| &entry.value)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{Correlation, Event, SpanId};
    use crate::kind::Kind;
    use crate::view::occurrence::Station;

    fn occurrence(span: u64) -> Occurrence {
        let mut ids = Correlation::new();
        ids.span = SpanId::new(span);
        let event =
            Event::builder(Kind::parse("tool.call.started").unwrap()).correlation(ids).build().unwrap();
        Station::of(&event).unwrap().occurrence
    }

    /// What a ledger is to be: span, value, end, and whether it can still be found.
    #[derive(Default)]
    struct Plain(Vec<(u64, u32, Option<u64>, bool)>, u64, u64);

    impl Plain {
        fn find(&mut self, span: u64) -> Option<&mut (u64, u32, Option<u64>, bool)> {
            self.0.iter_mut().find(|entry| entry.0 == span && entry.3)
        }

        fn push(&mut self, span: u64, value: u32, max: usize) {
            if self.0.len() >= max {
                let ended = self.0.iter().filter_map(|entry| entry.2).min();
                let gone = self.0.iter().position(|entry| ended.is_none() || entry.2 == ended).unwrap();
                self.2 += u64::from(self.0.remove(gone).2.is_none());
            }
            self.0.push((span, value, None, true));
        }

        fn end(&mut self, span: u64) {
            self.1 += 1;
            let end = self.1;
            if let Some(entry) = self.find(span) {
                entry.2 = Some(end);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_known_and_what_goes_first_is_as_in_a_plain_list(
            steps in prop::collection::vec((0..6_u8, 1..7_u64), 0..200),
            max in 1..5_usize,
        ) {
            let (mut ledger, mut plain) = (Ledger::new(max), Plain::default());
            for (value, (step, span)) in (0..).zip(steps) {
                let one = occurrence(span);
                match step {
                    0 => {
                        let given = ledger.entry(one.clone(), || value).copied();
                        if plain.find(span).is_none() {
                            plain.push(span, value, max);
                        }
                        prop_assert_eq!(given, plain.find(span).map(|entry| entry.1));
                    }
                    1 | 2 => {
                        ledger.put(&one, value, step == 2);
                        plain.0.retain(|entry| entry.0 != span || !entry.3);
                        plain.push(span, value, max);
                        if step == 2 {
                            plain.end(span);
                        }
                    }
                    3 => {
                        ledger.end(&one);
                        plain.end(span);
                    }
                    4 => {
                        ledger.part(&one);
                        if let Some(entry) = plain.find(span).filter(|entry| entry.2.is_some()) {
                            entry.3 = false;
                        }
                    }
                    _ => {
                        prop_assert_eq!(ledger.remove(&one), plain.find(span).map(|entry| entry.1));
                        plain.0.retain(|entry| entry.0 != span || !entry.3);
                    }
                }
                prop_assert_eq!(ledger.get(&one).copied(), plain.find(span).map(|entry| entry.1));
                prop_assert_eq!(ledger.iter().copied().collect::<Vec<_>>(), plain.0.iter().map(|entry| entry.1).collect::<Vec<_>>());
                prop_assert_eq!(ledger.forgotten_open(), plain.2);
            }
        }
    }
}
