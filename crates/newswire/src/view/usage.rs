//! What the models used and what that cost.

use std::collections::{BTreeMap, HashSet, VecDeque};

use serde::Serialize;

use super::View;
use super::ledger::Ledger;
use super::occurrence::{Occurrence, Stage, Station};
use super::payload::{self, MAX_NAME_BYTES, cut, usage_so_far};
use super::prices::Prices;
use super::says::says;
use crate::catalogue::Usage;
use crate::delivery::Gap;
use crate::error::Result;
use crate::event::{Event, Phase, ScopeField};
use crate::figures;
use crate::filter::Filter;

/// Adds up tokens and cost of model calls: in all, by model, by provider, by agent and by run.
///
/// Each call counts once, by run and span, at its end. Totals include their parts (what was read from the
/// cache is input, reasoning is output), so nothing is added twice; totals that runs and agents tell of
/// themselves are left alone. What an open call's progress told counts until its end, as usage and not as a call.
///
/// Cost is what calls tell. With a list of prices ([`UsageMeter::with_prices`]) those that tell none are priced, which
/// is an estimate and so a figure of its own.
#[derive(Debug)]
pub struct UsageMeter {
    snapshot: UsageSnapshot,
    /// Calls that have been counted, the latest of them.
    counted: HashSet<Occurrence, foldhash::fast::RandomState>,
    order: VecDeque<Occurrence>,
    /// Calls that told in their progress what they had used.
    open: Ledger<(Used, Names)>,
    groups: usize,
    prices: Prices,
}

/// What a call used, and what that costs by the list where it doesn't tell.
#[derive(Debug, Default)]
struct Used {
    usage: Usage,
    priced_usd: Option<f64>,
}

/// Model, provider, agent and run.
type Names = [Option<String>; 4];

/// The sum over some calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct UsageTally {
    /// Calls that have ended, however they did.
    pub calls: u64,
    /// Of them: errored.
    pub failed: u64,
    /// Of them: refused, skipped or stopped.
    pub canceled: u64,
    /// Tokens read, those from and into the cache included.
    pub input_tokens: u64,
    /// Tokens written, reasoning included.
    pub output_tokens: u64,
    /// Of the input: read from the cache.
    pub cache_read_tokens: u64,
    /// Of the input: written into the cache.
    pub cache_write_tokens: u64,
    /// Of the output: reasoning.
    pub reasoning_tokens: u64,
    /// What they cost, in US dollars, as far as they told.
    pub cost_usd: f64,
    /// What the others cost by the list of prices, as far as their models are in it; 0 without a list.
    pub priced_usd: f64,
}

/// What a [`UsageMeter`] knows at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct UsageSnapshot {
    /// All calls.
    pub total: UsageTally,
    /// By the model that answered, else the one that was asked.
    pub by_model: BTreeMap<String, UsageTally>,
    /// By who serves the model.
    pub by_provider: BTreeMap<String, UsageTally>,
    /// By the agent of the scope.
    pub by_agent: BTreeMap<String, UsageTally>,
    /// By the run of the scope.
    pub by_run: BTreeMap<String, UsageTally>,
    /// How many calls are in no group of their own, since the tables are full.
    pub ungrouped: u64,
    /// How many payloads had fields that don't fit their kind, and were read without these.
    pub unreadable: u64,
    /// How many events were lost on the way here.
    pub missed: u64,
}

impl UsageTally {
    /// Tokens read and written.
    pub fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    /// What all of them cost: what was told, and what was priced.
    pub fn known_usd(&self) -> f64 {
        figures::sum(self.cost_usd, self.priced_usd)
    }

    /// A call counts when it ends.
    fn add(&mut self, phase: Phase, Used { usage, priced_usd }: &Used) {
        let sum = |total: &mut u64, part: Option<u64>| *total = total.saturating_add(part.unwrap_or(0));
        self.calls += u64::from(phase != Phase::Progress);
        self.failed += u64::from(phase == Phase::Failed);
        self.canceled += u64::from(phase == Phase::Canceled);
        sum(&mut self.input_tokens, usage.input_tokens);
        sum(&mut self.output_tokens, usage.output_tokens);
        sum(&mut self.cache_read_tokens, usage.cache_read_tokens);
        sum(&mut self.cache_write_tokens, usage.cache_write_tokens);
        sum(&mut self.reasoning_tokens, usage.reasoning_tokens);
        self.cost_usd = figures::sum(self.cost_usd, usage.cost_usd.unwrap_or(0.0));
        self.priced_usd = figures::sum(self.priced_usd, priced_usd.unwrap_or(0.0));
    }
}

impl UsageSnapshot {
    fn add(&mut self, groups: usize, phase: Phase, used: &Used, names: &Names) {
        self.total.add(phase, used);
        let tables = [&mut self.by_model, &mut self.by_provider, &mut self.by_agent, &mut self.by_run];
        let mut is_full = false;
        for (table, name) in tables.into_iter().zip(names) {
            let Some(name) = name else { continue };
            if let Some(tally) = table.get_mut(name) {
                tally.add(phase, used);
            } else if table.len() < groups {
                table.entry(name.clone()).or_default().add(phase, used);
            } else {
                is_full = true;
            }
        }
        self.ungrouped += u64::from(is_full);
    }
}

impl UsageMeter {
    /// How many groups of each sort it keeps, unless told otherwise.
    pub const GROUPS: usize = 10_000;
    /// For how many of the latest calls it knows that they have been counted.
    const REMEMBERED: usize = 10_000;

    /// A meter with [`UsageMeter::GROUPS`] models, providers, agents and runs.
    pub fn new() -> Self {
        Self::with_groups(Self::GROUPS)
    }

    /// A meter that keeps so many groups of each sort; calls of further ones count in the total only.
    pub fn with_groups(groups: usize) -> Self {
        Self {
            snapshot: UsageSnapshot::default(),
            counted: HashSet::default(),
            order: VecDeque::new(),
            open: Ledger::new(Self::REMEMBERED),
            groups,
            prices: Prices::new(),
        }
    }

    /// The meter with prices for calls that don't tell their cost, by the model that answered, else the one asked.
    #[must_use]
    pub fn with_prices(self, prices: Prices) -> Self {
        Self { prices, ..self }
    }

    fn goes_on(&mut self, event: &Event, occurrence: Occurrence) {
        if self.counted.contains(&occurrence) {
            return;
        }
        let mut misfits = 0;
        if let Some(usage) = usage_so_far(event, &mut misfits) {
            let told: Told = payload::told(event, &mut misfits);
            let used = told.used(usage, &self.prices);
            let names = told.names(event);
            if let Some(known) = self.open.entry(occurrence, Default::default) {
                *known = (used, names);
            }
        }
        self.snapshot.unreadable += misfits.min(1);
    }

    /// Whether the call has not been counted before.
    fn is_new(&mut self, occurrence: Occurrence) -> bool {
        if !self.counted.insert(occurrence.clone()) {
            return false;
        }
        self.order.push_back(occurrence);
        if self.order.len() > Self::REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.counted.remove(&oldest);
        }
        true
    }
}

impl Default for UsageMeter {
    fn default() -> Self {
        Self::new()
    }
}

says! {
    /// What the end of a call says of it, however it ended.
    struct Told {
        model: Option<String>,
        response_model: Option<String>,
        provider: Option<String>,
        usage: Usage,
    }
}

impl Told {
    fn used(&self, usage: Usage, prices: &Prices) -> Used {
        let models = [&self.response_model, &self.model].into_iter().filter_map(Option::as_deref);
        let priced_usd = if usage.cost_usd.is_none() { prices.cost(models, &usage) } else { None };
        Used { usage, priced_usd }
    }

    fn names(self, event: &Event) -> Names {
        let of = |field| event.scope().get(field).map(str::to_owned);
        let said = |name: String| cut(&name, MAX_NAME_BYTES).to_owned();
        let model = self.response_model.or(self.model).map(said);
        [model, self.provider.map(said), of(ScopeField::Agent), of(ScopeField::Run)]
    }
}

impl View for UsageMeter {
    type Snapshot = UsageSnapshot;

    fn filter(&self) -> Result<Filter> {
        Filter::parse(
            "model.call.completed or model.call.failed or model.call.canceled or model.call.progress",
        )
    }

    fn see(&mut self, event: &Event) {
        let Some(station) = Station::of(event) else { return };
        let is_call = station.scope == crate::ComponentScope::ModelCall;
        if is_call && station.stage == Stage::GoesOn {
            return self.goes_on(event, station.occurrence);
        }
        if !is_call || station.stage != Stage::Ends {
            return;
        }
        self.open.remove(&station.occurrence);
        // Without a span nothing tells a call that comes twice from two calls.
        if event.correlation().span.is_some() && !self.is_new(station.occurrence) {
            return;
        }
        let mut told: Told = payload::told(event, &mut self.snapshot.unreadable);
        let usage = std::mem::take(&mut told.usage);
        let used = told.used(usage, &self.prices);
        self.snapshot.add(self.groups, station.phase, &used, &told.names(event));
    }

    fn miss(&mut self, gap: &Gap) {
        self.snapshot.missed = self.snapshot.missed.saturating_add(gap.count);
    }

    fn snapshot(&self) -> UsageSnapshot {
        let mut snapshot = self.snapshot.clone();
        for (used, names) in self.open.iter() {
            snapshot.add(self.groups, Phase::Progress, used, names);
        }
        snapshot
    }
}
