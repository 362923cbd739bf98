//! How long things take: a histogram for each component.

use std::collections::BTreeMap;

use serde::Serialize;

use super::View;
use super::durations::Durations;
use super::ledger::Ledger;
use super::occurrence::{Stage, Station, Timing};
use super::payload::{self, MAX_NAME_BYTES, cut};
use super::says::says;
use super::status::as_text;
use crate::delivery::Gap;
use crate::error::Result;
use crate::event::{ComponentScope, Event, Phase};
use crate::filter::Filter;

/// Profiles how long runs, steps and calls take, by what they are (`middleware`, `step`, `tool.call`) and label.
///
/// Durations are the source's own, else the time between the events of start and end. They are kept in
/// histograms, beside their exact sum; an end that is told twice counts once. The label is that of the component;
/// where a source names none, the payload's name or model is taken, else the operation.
#[derive(Debug)]
pub struct LatencyProfile {
    /// When those that are open began; nothing of those that, lately, ended.
    known: Ledger<Option<Timing>>,
    rows: BTreeMap<(Operation, Box<str>), Profile>,
    /// Of labels for which there is no row of their own.
    others: BTreeMap<Operation, Profile>,
    labels: usize,
    unreadable: u64,
    missed: u64,
}

/// What is done, as the catalogue says it: so there are few of them.
type Operation = (ComponentScope, &'static str);

/// How long the occurrences of one component took.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LatencyRow {
    /// Which part of the system it is.
    #[serde(serialize_with = "as_text")]
    pub scope: ComponentScope,
    /// What it did: its kind without the phase, such as `middleware`, `step` or `tool.call`.
    pub operation: &'static str,
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
    /// All of them together, exactly; it stays at its end rather than run over.
    pub sum_ns: u64,
    /// The shortest, in nanoseconds, exactly.
    pub min_ns: u64,
    /// Half took at most this long, to 0.8 %.
    pub p50_ns: u64,
    /// 95 of 100 took at most this long.
    pub p95_ns: u64,
    /// 99 of 100 took at most this long.
    pub p99_ns: u64,
    /// The longest, exactly.
    pub max_ns: u64,
}

/// What a [`LatencyProfile`] knows at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LatencySnapshot {
    /// By scope, operation, then label; those without a row of their own last.
    pub rows: Vec<LatencyRow>,
    /// How many open operations were forgotten, since there is room for so many only: what ends of them has no
    /// duration but the source's own.
    pub forgotten: u64,
    /// How many payloads had fields that don't fit their kind, and were read without these.
    pub unreadable: u64,
    /// How many events were lost on the way here.
    pub missed: u64,
}

#[derive(Debug, Default)]
struct Profile {
    durations: Durations,
    count: u64,
    failed: u64,
    canceled: u64,
}

impl Profile {
    fn add(&mut self, phase: Phase, duration_ns: Option<u64>) {
        self.count += 1;
        self.failed += u64::from(phase == Phase::Failed);
        self.canceled += u64::from(phase == Phase::Canceled);
        if let Some(duration_ns) = duration_ns {
            self.durations.add(duration_ns);
        }
    }

    fn row(&self, (scope, operation): Operation, label: Option<&str>) -> LatencyRow {
        LatencyRow {
            scope,
            operation,
            label: label.map(str::to_owned),
            count: self.count,
            failed: self.failed,
            canceled: self.canceled,
            timed: self.durations.count(),
            sum_ns: self.durations.sum(),
            min_ns: self.durations.min(),
            p50_ns: self.durations.percentile(50),
            p95_ns: self.durations.percentile(95),
            p99_ns: self.durations.percentile(99),
            max_ns: self.durations.max(),
        }
    }
}

impl LatencyProfile {
    /// How many labels have rows of their own, unless told otherwise; each takes some 1 KB, and 130 KB at most.
    pub const LABELS: usize = 256;
    /// How many operations may be open at a time before the oldest are forgotten. Of those that have ended, the
    /// latest are known as long as there is room.
    const KNOWN: usize = 10_000;

    /// A profile with rows for [`LatencyProfile::LABELS`] labels.
    pub fn new() -> Self {
        Self::with_labels(Self::LABELS)
    }

    /// A profile with rows for so many labels; further ones share one row for each operation.
    pub fn with_labels(labels: usize) -> Self {
        Self {
            known: Ledger::new(Self::KNOWN),
            rows: BTreeMap::new(),
            others: BTreeMap::new(),
            labels,
            unreadable: 0,
            missed: 0,
        }
    }

    fn profile(&mut self, operation: Operation, label: &str) -> &mut Profile {
        let key = (operation, Box::from(label));
        if self.rows.contains_key(&key) || self.rows.len() < self.labels {
            return self.rows.entry(key).or_default();
        }
        self.others.entry(operation).or_default()
    }
}

impl Default for LatencyProfile {
    fn default() -> Self {
        Self::new()
    }
}

says! {
    /// What the end of an operation says of it.
    struct Told {
        name: Option<String>,
        model: Option<String>,
        duration_ns: Option<u64>,
    }
}

impl View for LatencyProfile {
    type Snapshot = LatencySnapshot;

    fn filter(&self) -> Result<Filter> {
        Filter::parse("phase in (started, completed, failed, canceled)")
    }

    fn see(&mut self, event: &Event) {
        let Some(station) = Station::of(event) else { return };
        let known = self.known.get(&station.occurrence);
        if station.stage == Stage::GoesOn || known.is_some_and(|known| station.is_told_again(known.is_some()))
        {
            return;
        }
        let mut timing = known.copied().flatten().unwrap_or_default();
        let ends = station.stage == Stage::Ends;
        let told: Told = if ends { payload::told(event, &mut self.unreadable) } else { Told::default() };
        timing.at(station.stage, event, told.duration_ns);
        self.known.put(&station.occurrence, (!ends).then_some(timing), ends);
        if ends {
            // A dialect gives an empty name where its system says none.
            let mut names = [told.name, told.model].into_iter().flatten();
            let named = names.find(|name| !name.is_empty()).filter(|_| event.component().is_none());
            let label = named.as_deref().map_or(station.label, |name| cut(name, MAX_NAME_BYTES));
            let operation = (station.scope, station.operation);
            self.profile(operation, label).add(station.phase, timing.duration_ns);
        }
    }

    fn miss(&mut self, gap: &Gap) {
        self.missed = self.missed.saturating_add(gap.count);
    }

    fn snapshot(&self) -> LatencySnapshot {
        let own = self.rows.iter().map(|((operation, label), profile)| profile.row(*operation, Some(label)));
        let others = self.others.iter().map(|(operation, profile)| profile.row(*operation, None));
        LatencySnapshot {
            rows: own.chain(others).collect(),
            forgotten: self.known.forgotten_open(),
            unreadable: self.unreadable,
            missed: self.missed,
        }
    }
}
