//! The events around matches, within each run: others' events stand between and are none of its business.

use std::collections::{HashMap, VecDeque};

use newswire::{Event, ScopeField};

/// How many runs are followed at a time; the one that was quiet for longest is given up first.
const MAX_RUNS: usize = 1024;
/// How much is kept of what came before, in bytes.
const MAX_BYTES: usize = 64 << 20;
/// Of how many runs that were given up it is remembered how much of them was.
const MAX_GIVEN_UP: usize = 1 << 18;

/// What is kept for the events around matches.
pub(super) struct Context {
    before: usize,
    after: usize,
    runs: HashMap<Box<str>, Run>,
    bytes: usize,
    /// Of runs that were given up: how many events might have stood before a match, and how many are still wanted
    /// after the last one.
    given_up: HashMap<Box<str>, (usize, usize)>,
    /// The place of the next event in its file.
    place: u64,
    /// How many events before matches are not shown.
    dropped: u64,
}

#[derive(Default)]
struct Run {
    /// Events that may still come to stand before a match.
    before: VecDeque<(u64, Event)>,
    /// How many stood before these and had to be let go of, though a match may still want them.
    lost: usize,
    /// How many events are still wanted after the last match.
    wanted: usize,
    used: u64,
}

impl Context {
    pub(super) fn new(before: usize, after: usize) -> Self {
        let (runs, given_up) = (HashMap::new(), HashMap::new());
        Self { before, after, runs, bytes: 0, given_up, place: 0, dropped: 0 }
    }

    /// Whether any events around matches are wanted.
    pub(super) fn is_wanted(&self) -> bool {
        self.before > 0 || self.after > 0
    }

    /// Forgets all, since another file begins.
    pub(super) fn clear(&mut self) {
        (self.place, self.bytes) = (0, 0);
        self.runs.clear();
        self.given_up.clear();
    }

    /// How many events before matches could not be kept.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// What is to be shown now that this event has come, with the places of the events.
    pub(super) fn next(&mut self, event: &Event, matches: bool) -> Vec<(u64, Event)> {
        let place = self.place;
        self.place += 1;
        let name = event.scope().get(ScopeField::Run).unwrap_or_default();
        if !self.runs.contains_key(name) {
            self.make_room();
            let (lost, wanted) = self.given_up.remove(name).unwrap_or_default();
            self.runs.insert(name.into(), Run { lost, wanted, ..Run::default() });
        }
        let Some(run) = self.runs.get_mut(name) else { return Vec::new() };
        run.used = place;
        if matches {
            run.wanted = self.after;
            self.dropped += std::mem::take(&mut run.lost) as u64;
            let mut shown: Vec<_> = run.before.drain(..).collect();
            self.bytes -= shown.iter().map(|(_, event)| event.size()).sum::<usize>();
            shown.push((place, event.clone()));
            return shown;
        }
        if run.wanted > 0 {
            run.wanted -= 1;
            return vec![(place, event.clone())];
        }
        if self.before > 0 {
            run.before.push_back((place, event.clone()));
            self.bytes += event.size();
            if run.before.len() > self.before
                && let Some((_, gone)) = run.before.pop_front()
            {
                self.bytes -= gone.size();
            }
            run.lost = run.lost.min(self.before - run.before.len());
            while self.bytes > MAX_BYTES && self.drop_oldest() {}
        }
        Vec::new()
    }

    fn make_room(&mut self) {
        if self.runs.len() < MAX_RUNS {
            return;
        }
        let quietest = self.runs.iter().min_by_key(|(_, run)| run.used).map(|(name, _)| name.clone());
        if let Some((name, run)) = quietest.and_then(|name| self.runs.remove_entry(&name)) {
            self.bytes -= run.before.iter().map(|(_, event)| event.size()).sum::<usize>();
            let lost = run.lost + run.before.len();
            if (lost, run.wanted) == (0, 0) {
                return;
            }
            if self.given_up.len() < MAX_GIVEN_UP {
                self.given_up.insert(name, (lost, run.wanted));
            } else {
                // Too many to wait and see.
                self.dropped += lost as u64;
            }
        }
    }

    /// Lets go of the event that came first; whether there was one.
    fn drop_oldest(&mut self) -> bool {
        let first = |run: &Run| run.before.front().map_or(u64::MAX, |(place, _)| *place);
        let oldest = self.runs.values_mut().min_by_key(|run| first(run));
        let Some(run) = oldest else { return false };
        let Some((_, gone)) = run.before.pop_front() else { return false };
        self.bytes -= gone.size();
        run.lost += 1;
        true
    }
}
