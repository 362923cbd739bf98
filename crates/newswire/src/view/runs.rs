//! The runs that went by, with the figures of each.

use std::collections::HashMap;

use serde::Serialize;

use super::View;
use super::run::{RunFigures, RunRow};
use crate::delivery::Gap;
use crate::error::Result;
use crate::event::{Event, ScopeField};
use crate::filter::Filter;

/// Keeps the figures of each run.
///
/// ```
/// use newswire::{Bus, ScopeField, view::RunTable};
///
/// let bus = Bus::new();
/// let runs = bus.watch(RunTable::new())?;
/// let emitter = bus.emitter().with_scope(ScopeField::Run, "r-1")?;
/// emitter.tool_call("search", "call-1", None).complete(None)?;
/// assert_eq!(runs.snapshot().runs[0].tool_calls, 1);
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Debug)]
pub struct RunTable {
    places: HashMap<Box<str>, usize, foldhash::fast::RandomState>,
    runs: Vec<(Box<str>, RunFigures)>,
    /// Where the last event's run stands: events of one run come one after another.
    last: usize,
    max: usize,
    untold: u64,
    missed: u64,
}

/// What a [`RunTable`] knows at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RunsSnapshot {
    /// The runs, in the order of their first events.
    pub runs: Vec<RunRow>,
    /// How many events are in none of them, since the table is full.
    pub untold: u64,
    /// How many events were lost on the way here.
    pub missed: u64,
}

impl RunTable {
    /// How many runs it keeps, unless told otherwise.
    pub const RUNS: usize = 100_000;

    /// A table of [`RunTable::RUNS`] runs.
    pub fn new() -> Self {
        Self::with_capacity(Self::RUNS)
    }

    /// A table of so many runs; the events of further ones are counted only.
    pub fn with_capacity(runs: usize) -> Self {
        Self { places: HashMap::default(), runs: Vec::new(), last: 0, max: runs, untold: 0, missed: 0 }
    }

    fn figures_of(&mut self, run: &str) -> Option<&mut RunFigures> {
        if self.runs.get(self.last).is_none_or(|(last, _)| **last != *run) {
            self.last = match self.places.get(run) {
                Some(place) => *place,
                None if self.runs.len() >= self.max => return None,
                None => {
                    self.places.insert(run.into(), self.runs.len());
                    self.runs.push((run.into(), RunFigures::default()));
                    self.runs.len() - 1
                }
            };
        }
        self.runs.get_mut(self.last).map(|(_, figures)| figures)
    }
}

impl Default for RunTable {
    fn default() -> Self {
        Self::new()
    }
}

impl View for RunTable {
    type Snapshot = RunsSnapshot;

    fn filter(&self) -> Result<Filter> {
        Filter::parse("has run")
    }

    fn see(&mut self, event: &Event) {
        let Some(run) = event.scope().get(ScopeField::Run) else { return };
        match self.figures_of(run) {
            Some(figures) => figures.see(event),
            None => self.untold = self.untold.saturating_add(1),
        }
    }

    fn miss(&mut self, gap: &Gap) {
        self.missed = self.missed.saturating_add(gap.count);
    }

    fn snapshot(&self) -> RunsSnapshot {
        RunsSnapshot {
            runs: self.runs.iter().map(|(run, figures)| figures.row(run)).collect(),
            untold: self.untold,
            missed: self.missed,
        }
    }
}
