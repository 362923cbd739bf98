//! What calls of models and tools came to, group by group.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::Serialize;

use super::View;
use super::call_tally::CallTally;
use super::groups::{Groups, Tally};
use super::ledger::Ledger;
use super::occurrence::{Occurrence, Stage, Station, Timing, told};
use super::payload::{self, MAX_NAME_BYTES, cut, usage_so_far};
use super::says::says;
use crate::catalogue::Usage;
use crate::delivery::Gap;
use crate::error::Result;
use crate::event::{Event, ScopeField};
use crate::filter::Filter;
use crate::kind::Kind;

/// Counts and times calls of models and tools: in all, and by model, provider, tool, agent and run; also what
/// the models used, which calls never ended, and what was tried again.
///
/// A call is told by run and span. Its group is what its end says of it, else what its start said. What an open
/// call's progress told of its usage counts until its end tells it.
///
/// ```
/// use newswire::{Bus, catalogue::Usage, view::CallMeter};
///
/// let bus = Bus::new();
/// let meter = bus.watch(CallMeter::new())?;
/// bus.emitter().model_call("gpt-5", "openai").complete(Usage::tokens(400, 30))?;
/// let search = bus.emitter().tool_call("search", "call-1", None);
///
/// let calls = meter.snapshot();
/// assert_eq!(calls.by_model["gpt-5"].usage.output_tokens, 30);
/// assert_eq!((calls.by_tool["search"].calls, calls.by_tool["search"].open), (1, 1));
/// # drop(search);
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Debug)]
pub struct CallMeter {
    /// Calls of models that have begun; of those that have ended, that they have.
    known_models: Known,
    /// The same of tools, apart: a source may give the calls of a step its span, those of models and tools alike.
    known_tools: Known,
    /// Whether a kind is one of [`KINDS`], by its place in this process, as far as it has been seen.
    needed: Vec<Option<bool>>,
    models: Tally,
    tools: Tally,
    groups: [Groups; 5],
    ungrouped: u64,
    unreadable: u64,
    missed: u64,
}

/// What a [`CallMeter`] knows at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CallSnapshot {
    /// All calls of models.
    pub model_calls: CallTally,
    /// All calls of tools.
    pub tool_calls: CallTally,
    /// Model calls by the model that answered, else the one that was asked.
    pub by_model: BTreeMap<String, CallTally>,
    /// Model calls by who serves the model.
    pub by_provider: BTreeMap<String, CallTally>,
    /// Tool calls by tool.
    pub by_tool: BTreeMap<String, CallTally>,
    /// All calls by the agent that made them.
    pub by_agent: BTreeMap<String, CallTally>,
    /// All calls by their run.
    pub by_run: BTreeMap<String, CallTally>,
    /// How many calls are in no group of their own, since the tables are full.
    pub ungrouped: u64,
    /// How many open calls were forgotten, since the table is full; they count as open, and once more where they
    /// end after all.
    pub forgotten: u64,
    /// How many payloads had fields that don't fit their kind, and were read without these.
    pub unreadable: u64,
    /// How many events were lost on the way here.
    pub missed: u64,
}

impl CallSnapshot {
    /// The tables of groups, in the order of [`CallMeter::groups`].
    fn tables(&mut self) -> [&mut BTreeMap<String, CallTally>; 5] {
        let Self { by_model, by_provider, by_tool, by_agent, by_run, .. } = self;
        [by_model, by_provider, by_tool, by_agent, by_run]
    }
}

/// Calls of one sort, each by its occurrence; nothing of those that have ended.
type Known = Ledger<Option<Box<Call>>>;

/// A call that is open.
#[derive(Debug)]
struct Call {
    timing: Timing,
    groups: [Option<u32>; 5],
    /// What it has used until now, as its progress told.
    usage: Option<Usage>,
}

/// What it needs of all that happens.
const KINDS: [&str; 11] = [
    "model.call.started",
    "model.call.completed",
    "model.call.failed",
    "model.call.canceled",
    "tool.call.started",
    "tool.call.completed",
    "tool.call.failed",
    "tool.call.canceled",
    "model.call.progress",
    "model.call.retried",
    "step.retried",
];

/// Places in [`CallMeter::groups`].
const MODEL: usize = 0;
const PROVIDER: usize = 1;
const TOOL: usize = 2;
const AGENT: usize = 3;
const RUN: usize = 4;

says! {
    /// What the events of a call say of it.
    struct Told {
        name: Option<CompactString>,
        model: Option<CompactString>,
        response_model: Option<CompactString>,
        provider: Option<CompactString>,
        duration_ns: Option<u64>,
        usage: Option<Usage>,
    }
}

impl CallMeter {
    /// How many groups of each sort it keeps, unless told otherwise.
    pub const GROUPS: usize = 10_000;
    /// How many calls of each sort may be open at a time before the oldest are forgotten.
    const KNOWN: usize = 65_536;

    /// A meter with [`CallMeter::GROUPS`] models, providers, tools, agents and runs.
    pub fn new() -> Self {
        Self::with_groups(Self::GROUPS)
    }

    /// A meter that keeps so many groups of each sort; calls of further ones count in the totals only.
    pub fn with_groups(groups: usize) -> Self {
        Self {
            known_models: Ledger::new(Self::KNOWN),
            known_tools: Ledger::new(Self::KNOWN),
            needed: Vec::new(),
            models: Tally::default(),
            tools: Tally::default(),
            groups: std::array::from_fn(|_| Groups::new(groups)),
            ungrouped: 0,
            unreadable: 0,
            missed: 0,
        }
    }

    /// Whether events of the kind are about calls.
    fn needs(&mut self, kind: &Kind) -> bool {
        let is_needed = || KINDS.contains(&kind.as_str());
        if !kind.is_interned() {
            return is_needed();
        }
        let slot = kind.slot();
        if slot >= self.needed.len() {
            self.needed.resize(slot + 1, None);
        }
        self.needed.get_mut(slot).is_some_and(|known| *known.get_or_insert_with(is_needed))
    }

    /// The groups that the event names, each made where it is new; those that it doesn't name are those of
    /// the call that is known already.
    fn groups_of(
        &mut self,
        event: &Event,
        told: &Told,
        label: &str,
        known: Option<[Option<u32>; 5]>,
    ) -> [Option<u32>; 5] {
        let is_model = is_model(event);
        let scope = event.scope();
        // What its events call a component is told by each; what only the kind says is less than its start said.
        let label = Some(label).filter(|_| known.is_none() || event.component().is_some());
        let tool = said(&told.name).or(label).filter(|_| !is_model);
        let names = [
            said(&told.response_model).or(said(&told.model)).filter(|_| is_model),
            said(&told.provider).filter(|_| is_model),
            tool,
            scope.get(ScopeField::Agent),
            scope.get(ScopeField::Run),
        ];
        let mut found = known.unwrap_or_default();
        let mut is_full = false;
        for ((group, name), place) in self.groups.iter_mut().zip(names).zip(&mut found) {
            let Some(name) = name else { continue };
            *place = group.place(name);
            is_full |= place.is_none();
        }
        self.ungrouped += u64::from(is_full && known.is_none());
        found
    }

    /// All tallies that count a call of these groups.
    fn tallies(&mut self, is_model: bool, groups: [Option<u32>; 5]) -> impl Iterator<Item = &mut Tally> {
        let total = if is_model { &mut self.models } else { &mut self.tools };
        let grouped = self.groups.iter_mut().zip(groups).filter_map(|(group, place)| group.at(place?));
        std::iter::once(total).chain(grouped)
    }

    fn known(&mut self, is_model: bool) -> &mut Known {
        if is_model { &mut self.known_models } else { &mut self.known_tools }
    }

    fn goes_on(&mut self, event: &Event, occurrence: &Occurrence) {
        let call = self.known_models.get_mut(occurrence).and_then(Option::as_mut);
        if let Some((call, usage)) = call.zip(usage_so_far(event, &mut self.unreadable)) {
            call.usage = Some(usage);
        }
    }

    /// Has `act` change the tallies, one of each sort of group, that count the call.
    fn each_group(&self, snapshot: &mut CallSnapshot, call: &Call, act: impl Fn(&mut CallTally)) {
        for ((table, groups), place) in snapshot.tables().into_iter().zip(&self.groups).zip(call.groups) {
            let name = place.and_then(|place| groups.name(place));
            if let Some(tally) = name.and_then(|name| table.get_mut(name)) {
                act(tally);
            }
        }
    }

    /// Adds what open calls told.
    fn add_open(&self, snapshot: &mut CallSnapshot) {
        for call in self.known_models.iter().flatten() {
            let Some(usage) = &call.usage else { continue };
            snapshot.model_calls.usage.add(usage);
            self.each_group(snapshot, call, |tally| tally.usage.add(usage));
        }
    }

    /// Tells which of the open calls are no longer known.
    fn mark_forgotten(&self, snapshot: &mut CallSnapshot) {
        if snapshot.forgotten == 0 {
            return;
        }
        let all = |tally: &mut CallTally| tally.forgotten = tally.open;
        [&mut snapshot.model_calls, &mut snapshot.tool_calls].into_iter().for_each(all);
        snapshot.tables().into_iter().flat_map(BTreeMap::values_mut).for_each(all);
        let is_known = |tally: &mut CallTally| tally.forgotten = tally.forgotten.saturating_sub(1);
        for call in self.known_models.iter().flatten() {
            is_known(&mut snapshot.model_calls);
            self.each_group(snapshot, call, is_known);
        }
        for call in self.known_tools.iter().flatten() {
            is_known(&mut snapshot.tool_calls);
            self.each_group(snapshot, call, is_known);
        }
    }

    fn retried(&mut self, event: &Event) {
        let told: Told = payload::told(event, &mut self.unreadable);
        let is_model = event.kind().as_str() == "model.call.retried";
        let scope = event.scope();
        // What it doesn't say of the call, the call has said.
        let of_open = |call: Occurrence| self.known_models.get(&call)?.as_ref();
        let call = Occurrence::around(event).find_map(of_open).filter(|_| is_model);
        let known = call.map(|call| call.groups).unwrap_or_default();
        let names = [
            said(&told.model).filter(|_| is_model),
            said(&told.provider).filter(|_| is_model),
            None,
            scope.get(ScopeField::Agent),
            scope.get(ScopeField::Run),
        ];
        for ((group, name), known) in self.groups.iter_mut().zip(names).zip(known) {
            let place = name.map_or(known, |name| group.place(name));
            let tally = place.and_then(|place| group.at(place));
            if let Some(tally) = tally {
                tally.retries += 1;
            }
        }
        self.models.retries += u64::from(is_model);
    }
}

impl Default for CallMeter {
    fn default() -> Self {
        Self::new()
    }
}

/// What is said at all: a dialect gives an empty name where its system says none.
fn said(text: &Option<CompactString>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty()).map(|text| cut(text, MAX_NAME_BYTES))
}

fn is_model(event: &Event) -> bool {
    event.kind().as_str().starts_with("model.")
}

impl View for CallMeter {
    type Snapshot = CallSnapshot;

    fn filter(&self) -> Result<Filter> {
        Filter::parse(&format!("kind in ({})", KINDS.join(", ")))
    }

    /// What the filter doesn't match counts for nothing.
    fn see(&mut self, event: &Event) {
        if !self.needs(event.kind()) {
            return;
        }
        let Some(station) = Station::of(event) else { return self.retried(event) };
        let (is_model, time) = (is_model(event), told(event));
        if station.stage == Stage::GoesOn {
            return self.goes_on(event, &station.occurrence);
        }
        let is_start = station.stage == Stage::Begins;
        let open = match self.known(is_model).get(&station.occurrence) {
            Some(call) if station.is_told_again(call.is_some()) => return,
            Some(Some(call)) => Some((call.timing, call.groups)),
            _ => None,
        };
        let told: Told = payload::told(event, &mut self.unreadable);
        let groups = self.groups_of(event, &told, station.label, open.map(|(_, groups)| groups));
        let mut timing = open.map_or_else(Timing::default, |(timing, _)| timing);
        timing.at(station.stage, event, told.duration_ns);
        if is_start {
            self.tallies(is_model, groups).for_each(|tally| tally.begin(time));
        } else {
            if let Some((_, begun)) = open {
                self.tallies(is_model, begun).for_each(|tally| tally.open -= 1);
            }
            let usage = told.usage.unwrap_or_default();
            self.tallies(is_model, groups)
                .for_each(|tally| tally.end(time, station.phase, timing.duration_ns, &usage));
        }
        let call = is_start.then(|| Box::new(Call { timing, groups, usage: None }));
        self.known(is_model).put(&station.occurrence, call, !is_start);
    }

    fn miss(&mut self, gap: &Gap) {
        self.missed = self.missed.saturating_add(gap.count);
    }

    fn snapshot(&self) -> CallSnapshot {
        let table = |sort: usize| self.groups.get(sort).map(Groups::told).unwrap_or_default();
        let mut snapshot = CallSnapshot {
            model_calls: self.models.told(),
            tool_calls: self.tools.told(),
            by_model: table(MODEL),
            by_provider: table(PROVIDER),
            by_tool: table(TOOL),
            by_agent: table(AGENT),
            by_run: table(RUN),
            ungrouped: self.ungrouped,
            unreadable: self.unreadable,
            forgotten: self.known_models.forgotten_open() + self.known_tools.forgotten_open(),
            missed: self.missed,
        };
        self.add_open(&mut snapshot);
        self.mark_forgotten(&mut snapshot);
        snapshot
    }
}
