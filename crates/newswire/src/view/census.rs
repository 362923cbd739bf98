//! How many events of which kind there were, of how many runs, from when to when.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::View;
use super::occurrence::told;
use crate::delivery::Gap;
use crate::error::Result;
use crate::event::{Event, ScopeField};
use crate::filter::Filter;

/// Counts events by kind, and the runs that they belong to.
///
/// ```
/// use newswire::{Bus, view::Census};
///
/// let bus = Bus::new();
/// let census = bus.watch(Census::new())?;
/// bus.emitter().tool_call("search", "call-1", None).complete(None)?;
/// assert_eq!(census.snapshot().by_kind["tool.call.completed"], 1);
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Debug)]
pub struct Census {
    /// By the kind's place in this process.
    kinds: Vec<u64>,
    /// Of kinds that have no place, since a process tells a limited number apart.
    others: u64,
    runs: HashSet<Box<str>, foldhash::fast::RandomState>,
    last_run: Box<str>,
    more_runs: bool,
    times: Option<(i64, i64)>,
    back: u64,
    last_ns: i64,
    missed: u64,
}

/// What a [`Census`] knows at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CensusSnapshot {
    /// How many events there were.
    pub events: u64,
    /// How many of each kind; kinds past what a process tells apart are counted under `other`.
    pub by_kind: BTreeMap<String, u64>,
    /// How many runs their scopes name, as far as they are told apart.
    pub runs: u64,
    /// Whether there are more than [`Census::RUNS`], of which no more are told apart.
    pub more_runs: bool,
    /// The earliest time of an event, in nanoseconds since the Unix epoch, 0 not counted: that is what sources
    /// without a clock have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_ns: Option<i64>,
    /// The latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ns: Option<i64>,
    /// How often an event's time was before that of the event before it.
    pub times_back: u64,
    /// How many events were lost on the way here.
    pub missed: u64,
}

impl Census {
    /// How many runs are told apart.
    pub const RUNS: usize = 100_000;

    /// A census of no event yet.
    pub fn new() -> Self {
        Self {
            kinds: Vec::new(),
            others: 0,
            runs: HashSet::default(),
            last_run: Box::default(),
            more_runs: false,
            times: None,
            back: 0,
            last_ns: i64::MIN,
            missed: 0,
        }
    }

    fn run(&mut self, run: &str) {
        // Events of one run come one after another: most need no look-up.
        if *self.last_run == *run {
            return;
        }
        self.last_run = run.into();
        if self.runs.contains(run) {
            return;
        }
        match self.runs.len() < Self::RUNS {
            true => drop(self.runs.insert(run.into())),
            false => self.more_runs = true,
        }
    }
}

impl Default for Census {
    fn default() -> Self {
        Self::new()
    }
}

impl View for Census {
    type Snapshot = CensusSnapshot;

    fn filter(&self) -> Result<Filter> {
        Ok(Filter::all())
    }

    fn see(&mut self, event: &Event) {
        match event.kind().is_interned() {
            true => {
                let slot = event.kind().slot();
                if slot >= self.kinds.len() {
                    self.kinds.resize(slot + 1, 0);
                }
                if let Some(count) = self.kinds.get_mut(slot) {
                    *count += 1;
                }
            }
            false => self.others += 1,
        }
        if let Some(run) = event.scope().get(ScopeField::Run) {
            self.run(run);
        }
        let Some(time) = told(event) else { return };
        let (first, last) = self.times.get_or_insert((time, time));
        (*first, *last) = ((*first).min(time), (*last).max(time));
        self.back += u64::from(time < self.last_ns);
        self.last_ns = time;
    }

    fn miss(&mut self, gap: &Gap) {
        self.missed = self.missed.saturating_add(gap.count);
    }

    fn snapshot(&self) -> CensusSnapshot {
        let counted = self.kinds.iter().enumerate().filter(|(_, count)| **count > 0);
        let named =
            counted.filter_map(|(slot, count)| Some((crate::Kind::at(slot)?.as_str().to_owned(), *count)));
        let others = (self.others > 0).then(|| ("other".to_owned(), self.others));
        CensusSnapshot {
            events: self.kinds.iter().sum::<u64>() + self.others,
            by_kind: named.chain(others).collect(),
            runs: self.runs.len() as u64,
            more_runs: self.more_runs,
            first_ns: self.times.map(|(first, _)| first),
            last_ns: self.times.map(|(_, last)| last),
            times_back: self.back,
            missed: self.missed,
        }
    }
}
