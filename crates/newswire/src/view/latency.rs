//! How long things take: a histogram for each component.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::View;
use super::ledger::Ledger;
use super::occurrence::{Said, Station, Timing};
use super::status::as_text;
use crate::delivery::Gap;
use crate::error::Result;
use crate::event::{ComponentScope, Event, Phase};
use crate::filter::Filter;

/// Profiles how long runs, steps and calls take, by component scope and label.
///
/// Durations are the source's own, else the time between the events of start and end. They are kept in
/// histograms of two significant digits, from a microsecond to a day.
#[derive(Debug)]
pub struct LatencyProfile {
    open: Ledger<Timing>,
    rows: BTreeMap<(ComponentScope, Box<str>), Profile>,
    /// Of labels for which there is no row of their own.
    others: BTreeMap<ComponentScope, Profile>,
    labels: usize,
    missed: u64,
}

/// How long the occurrences of one component took.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LatencyRow {
    /// Which part of the system it is.
    #[serde(serialize_with = "as_text")]
    pub scope: ComponentScope,
    /// Its label; absent for all those that have no row of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How many have ended, however they did.
    pub count: u64,
    /// Of them: errored.
    pub failed: u64,
    /// Of them: refused, skipped or stopped.
    pub canceled: u64,
    /// Of them: with a known duration, which the figures below are about.
    pub timed: u64,
    /// Half took at most this long, in nanoseconds.
    pub p50_ns: u64,
    /// 95 of 100 took at most this long.
    pub p95_ns: u64,
    /// 99 of 100 took at most this long.
    pub p99_ns: u64,
    /// The longest.
    pub max_ns: u64,
}

/// What a [`LatencyProfile`] knows at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LatencySnapshot {
    /// By scope, then label; those without a row of their own last.
    pub rows: Vec<LatencyRow>,
    /// How many open operations were forgotten, since there is room for so many only: what ends of them has no
    /// duration but the source's own.
    pub forgotten: u64,
    /// How many events were lost on the way here.
    pub missed: u64,
}

#[derive(Debug)]
struct Profile {
    histogram: Histogram<u32>,
    count: u64,
    failed: u64,
    canceled: u64,
}

impl Profile {
    const SHORTEST_NS: u64 = 1_000;
    const LONGEST_NS: u64 = 24 * 3_600 * 1_000_000_000;

    fn new() -> Option<Self> {
        let histogram = Histogram::new_with_bounds(Self::SHORTEST_NS, Self::LONGEST_NS, 2).ok()?;
        Some(Self { histogram, count: 0, failed: 0, canceled: 0 })
    }

    fn add(&mut self, phase: Phase, duration_ns: Option<u64>) {
        self.count += 1;
        self.failed += u64::from(phase == Phase::Failed);
        self.canceled += u64::from(phase == Phase::Canceled);
        if let Some(duration_ns) = duration_ns {
            self.histogram.saturating_record(duration_ns);
        }
    }

    fn row(&self, scope: ComponentScope, label: Option<&str>) -> LatencyRow {
        let at = |quantile| self.histogram.value_at_quantile(quantile);
        LatencyRow {
            scope,
            label: label.map(str::to_owned),
            count: self.count,
            failed: self.failed,
            canceled: self.canceled,
            timed: self.histogram.len(),
            p50_ns: at(0.5),
            p95_ns: at(0.95),
            p99_ns: at(0.99),
            max_ns: self.histogram.max(),
        }
    }
}

impl LatencyProfile {
    /// How many labels have rows of their own, unless told otherwise; each takes some 20 KB.
    pub const LABELS: usize = 256;
    /// How many operations may be open at a time before the oldest are forgotten.
    const OPEN: usize = 10_000;

    /// A profile with rows for [`LatencyProfile::LABELS`] labels.
    pub fn new() -> Self {
        Self::with_labels(Self::LABELS)
    }

    /// A profile with rows for so many labels; further ones share one row for each scope.
    pub fn with_labels(labels: usize) -> Self {
        let open = Ledger::new(Self::OPEN);
        Self { open, rows: BTreeMap::new(), others: BTreeMap::new(), labels, missed: 0 }
    }

    fn profile(&mut self, scope: ComponentScope, label: &str) -> Option<&mut Profile> {
        let key = (scope, Box::from(label));
        if self.rows.contains_key(&key) || self.rows.len() < self.labels {
            return insert(&mut self.rows, key);
        }
        insert(&mut self.others, scope)
    }
}

fn insert<K: Ord>(table: &mut BTreeMap<K, Profile>, key: K) -> Option<&mut Profile> {
    use std::collections::btree_map::Entry;
    match table.entry(key) {
        Entry::Occupied(present) => Some(present.into_mut()),
        Entry::Vacant(vacant) => Some(vacant.insert(Profile::new()?)),
    }
}

impl Default for LatencyProfile {
    fn default() -> Self {
        Self::new()
    }
}

impl View for LatencyProfile {
    type Snapshot = LatencySnapshot;

    fn filter(&self) -> Result<Filter> {
        Filter::parse("phase in (started, completed, failed, canceled)")
    }

    fn see(&mut self, event: &Event) {
        let Some(station) = Station::of(event) else { return };
        if station.is_end() {
            let mut timing = self.open.remove(&station.occurrence).unwrap_or_default();
            timing.end(event, Said::by(event).duration_ns);
            if let Some(profile) = self.profile(station.scope, station.label) {
                profile.add(station.phase, timing.duration_ns);
            }
        } else if station.phase == Phase::Started {
            self.open.entry(station.occurrence, Timing::default).begin(event);
        }
    }

    fn miss(&mut self, gap: &Gap) {
        self.missed = self.missed.saturating_add(gap.count);
    }

    fn snapshot(&self) -> LatencySnapshot {
        let own = self.rows.iter().map(|((scope, label), profile)| profile.row(*scope, Some(label)));
        let others = self.others.iter().map(|(scope, profile)| profile.row(*scope, None));
        LatencySnapshot {
            rows: own.chain(others).collect(),
            forgotten: self.open.forgotten_open(),
            missed: self.missed,
        }
    }
}
