//! What a command wants of what it reads, and what a store is asked for it.

use newswire::{Event, Filter, Result, ScopeField};
use newswire_store::{Begin, Query};

/// What a command wants of what it reads. A store is asked for that alone; of a recording more may come, and
/// the command looks for itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Only events that match.
    pub(crate) filter: Option<Filter>,
    /// Whether the reader of a recording, too, may leave out what the filter doesn't want, unlooked at.
    pub(crate) passes_over: bool,
    /// Only events of that time or later.
    pub(crate) from_ns: Option<i64>,
    /// Only events of that time or earlier.
    pub(crate) to_ns: Option<i64>,
    /// Only events of that bus of a store.
    pub(crate) bus: Option<String>,
    /// Only events of these runs of a store, one run after the other.
    pub(crate) runs: Vec<String>,
    /// Whether events that have no ids of their own are to get the same ones whenever they are read.
    pub(crate) stable_ids: bool,
}

impl Wanted {
    /// Whether it is the user's wish to have this event.
    pub(crate) fn takes(&self, event: &Event) -> bool {
        let time = event.time_ns();
        self.from_ns.is_none_or(|from| time >= from)
            && self.to_ns.is_none_or(|to| time <= to)
            && self.filter.as_ref().is_none_or(|filter| filter.matches(event))
    }

    /// What to ask a store for, one after another: the events of one run lie together, those of several don't.
    pub(super) fn queries(&self) -> Result<Vec<Query>> {
        let begin = self.from_ns.map_or(Begin::Oldest, Begin::Since);
        let query = |filter| Query { filter, bus: self.bus.clone(), begin };
        let filter = self.filter.clone().unwrap_or_else(Filter::all);
        if self.runs.is_empty() {
            return Ok(vec![query(filter)]);
        }
        let of_run = |run: &String| Filter::scope(ScopeField::Run, run)?.and(filter.clone());
        self.runs.iter().map(|run| of_run(run).map(query)).collect()
    }
}
