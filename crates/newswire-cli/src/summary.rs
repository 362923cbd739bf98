//! What a recording came to, by the ready-made subscribers that watched it.

use std::fmt;

use newswire::view::{CallMeter, CallSnapshot, Census, CensusSnapshot, View, Watch};
use newswire::{Bus, Event, Filter, Gap, HandlerOptions, Mode, Result, SubscribeOptions};
use serde::Serialize;

use crate::table::grouped;

/// Where the figures begin in its lines.
pub(crate) const INDENT: usize = 14;

/// The subscriber that every summary is made of.
pub(crate) struct Watching(Watch<Views>);

/// The ready-made views, as one: a subscription each would cost each event its way through the bus again.
struct Views {
    census: Census,
    calls: CallMeter,
    /// What the calls' view needs.
    about_calls: Filter,
    /// What is summed up.
    filter: Filter,
}

impl View for Views {
    type Snapshot = Summary;

    fn filter(&self) -> Result<Filter> {
        Ok(self.filter.clone())
    }

    fn see(&mut self, event: &Event) {
        self.census.see(event);
        if self.about_calls.matches(event) {
            self.calls.see(event);
        }
    }

    fn miss(&mut self, gap: &Gap) {
        self.census.miss(gap);
        self.calls.miss(gap);
    }

    fn snapshot(&self) -> Summary {
        Summary { census: self.census.snapshot(), calls: self.calls.snapshot() }
    }
}

/// The figures of a recording.
#[derive(Serialize)]
pub(crate) struct Summary {
    pub(crate) census: CensusSnapshot,
    pub(crate) calls: CallSnapshot,
}

impl Watching {
    /// Watches what the filter matches.
    ///
    /// # Errors
    /// Those of [`Bus::watch_with`].
    pub(crate) fn on(bus: &Bus, filter: &Filter) -> Result<Self> {
        // Those of recordings that were internal count as well.
        let queue = SubscribeOptions { internal: true, ..SubscribeOptions::default() };
        let options = HandlerOptions { mode: Mode::Inline, queue, ..HandlerOptions::default() };
        let calls = CallMeter::new();
        let about_calls = calls.filter()?;
        let views = Views { census: Census::new(), calls, about_calls, filter: filter.clone() };
        Ok(Self(bus.watch_with(views, options)?))
    }

    /// What has been seen until now.
    pub(crate) fn summary(&self) -> Summary {
        self.0.snapshot()
    }
}

impl Summary {
    /// How many events there were of a kind.
    pub(crate) fn of_kind(&self, kind: &str) -> u64 {
        self.census.by_kind.get(kind).copied().unwrap_or(0)
    }

    /// How many events it has missed.
    pub(crate) fn missed(&self) -> u64 {
        self.census.missed.max(self.calls.missed)
    }
}

/// `, 3 never ended`, or nothing.
fn more(number: u64, what: &str) -> String {
    if number == 0 { String::new() } else { format!(", {} {what}", grouped(number)) }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (models, tools) = (&self.calls.model_calls, &self.calls.tool_calls);
        let usage = &models.usage;
        let [read, write] = [usage.cache_read_tokens, usage.cache_write_tokens].map(grouped);
        writeln!(f, "turns         {}", grouped(self.of_kind("turn.started")))?;
        writeln!(
            f,
            "model calls   {} ({} failed, {} canceled{}{})",
            grouped(models.calls),
            grouped(models.failed),
            grouped(models.canceled),
            more(models.open, "never ended"),
            more(models.retries, "tried again"),
        )?;
        writeln!(
            f,
            "tool calls    {} ({} failed{}, {} never answered)",
            grouped(tools.calls),
            grouped(tools.failed),
            more(tools.canceled, "canceled"),
            grouped(tools.open),
        )?;
        writeln!(f, "compactions   {}", grouped(self.of_kind("context.compacted")))?;
        writeln!(
            f,
            "input tokens  {} ({read} read from cache, {write} written to it)",
            grouped(usage.input_tokens)
        )?;
        writeln!(f, "output tokens {}", grouped(usage.output_tokens))?;
        writeln!(f, "cost          USD {:.4}", usage.cost_usd)?;
        writeln!(f, "events        {} ({} dropped)", grouped(self.census.events), grouped(self.missed()))
    }
}
