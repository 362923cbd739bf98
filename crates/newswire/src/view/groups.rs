//! Tables of tallies, by name, bounded.

use std::collections::{BTreeMap, HashMap};

use super::call_tally::{CallTally, CallUsage};
use super::durations::Durations;
use crate::catalogue::Usage;
use crate::event::Phase;

const NANOS_PER_SECOND: f64 = 1e9;

/// The tallies of one sort of group; each has a place that stays.
#[derive(Debug)]
pub(super) struct Groups {
    places: HashMap<Box<str>, u32, foldhash::fast::RandomState>,
    tallies: Vec<(Box<str>, Tally)>,
    max: usize,
    /// Where the last name was: calls of one group come one after another.
    last: usize,
}

impl Groups {
    pub(super) fn new(max: usize) -> Self {
        Self { places: HashMap::default(), tallies: Vec::new(), max, last: 0 }
    }

    /// The place of a name, made where it is new; `None` where there is no room for it.
    pub(super) fn place(&mut self, name: &str) -> Option<u32> {
        if self.tallies.get(self.last).is_some_and(|(last, _)| **last == *name) {
            return u32::try_from(self.last).ok();
        }
        if let Some(place) = self.places.get(name) {
            self.last = *place as usize;
            return Some(*place);
        }
        if self.tallies.len() >= self.max {
            return None;
        }
        let place = u32::try_from(self.tallies.len()).ok()?;
        self.places.insert(name.into(), place);
        self.tallies.push((name.into(), Tally::default()));
        Some(place)
    }

    pub(super) fn at(&mut self, place: u32) -> Option<&mut Tally> {
        self.tallies.get_mut(place as usize).map(|(_, tally)| tally)
    }

    pub(super) fn name(&self, place: u32) -> Option<&str> {
        self.tallies.get(place as usize).map(|(name, _)| &**name)
    }

    /// All of them, as they are told.
    pub(super) fn told(&self) -> BTreeMap<String, CallTally> {
        self.tallies.iter().map(|(name, tally)| (name.to_string(), tally.told())).collect()
    }
}

/// What is counted for one group.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) open: u64,
    pub(super) retries: u64,
    ended: u64,
    failed: u64,
    canceled: u64,
    durations: Durations,
    usage: CallUsage,
    /// What the calls that told tokens and duration wrote, and took.
    paced_tokens: u64,
    paced_ns: u64,
    /// The times of the first and the last event.
    times: Option<(i64, i64)>,
}

impl Tally {
    pub(super) fn begin(&mut self, time: Option<i64>) {
        self.open += 1;
        self.at(time);
    }

    pub(super) fn end(&mut self, time: Option<i64>, phase: Phase, duration_ns: Option<u64>, usage: &Usage) {
        self.at(time);
        self.ended += 1;
        self.failed += u64::from(phase == Phase::Failed);
        self.canceled += u64::from(phase == Phase::Canceled);
        if let Some(nanos) = duration_ns {
            self.durations.add(nanos);
        }
        if let (Some(tokens), Some(nanos)) = (usage.output_tokens.filter(|tokens| *tokens > 0), duration_ns) {
            self.paced_tokens = self.paced_tokens.saturating_add(tokens);
            self.paced_ns = self.paced_ns.saturating_add(nanos);
        }
        self.usage.add(usage);
    }

    fn at(&mut self, time: Option<i64>) {
        let Some(time_ns) = time else { return };
        let (first, last) = self.times.get_or_insert((time_ns, time_ns));
        (*first, *last) = ((*first).min(time_ns), (*last).max(time_ns));
    }

    pub(super) fn told(&self) -> CallTally {
        let calls = self.ended + self.open;
        let pace =
            (self.paced_ns > 0).then(|| self.paced_tokens as f64 * NANOS_PER_SECOND / self.paced_ns as f64);
        let between = self.times.map_or(0.0, |(first, last)| last as f64 - first as f64);
        CallTally {
            calls,
            failed: self.failed,
            canceled: self.canceled,
            open: self.open,
            forgotten: 0,
            retries: self.retries,
            timed: self.durations.count(),
            p50_ns: self.durations.percentile(50),
            p95_ns: self.durations.percentile(95),
            p99_ns: self.durations.percentile(99),
            max_ns: self.durations.max(),
            usage: self.usage.clone(),
            output_tokens_per_second: pace,
            calls_per_minute: (between > 0.0).then(|| calls as f64 * 60.0 * NANOS_PER_SECOND / between),
        }
    }
}
