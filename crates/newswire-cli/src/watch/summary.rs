//! What a recording came to, by the ready-made views that saw it, in figures and in words.

use std::fmt;

use newswire::view::{CallSnapshot, CensusSnapshot};
use serde::Serialize;

use crate::output::{counted, grouped};

/// Where the figures begin in its lines.
pub(crate) const INDENT: usize = 14;

/// The figures of a recording.
#[derive(Default, Serialize)]
pub(crate) struct Summary {
    pub(crate) census: CensusSnapshot,
    pub(crate) calls: CallSnapshot,
    /// How many events the recordings themselves lack.
    pub(crate) missing: u64,
}

impl Summary {
    /// How many events there were of a kind.
    pub(crate) fn of_kind(&self, kind: &str) -> u64 {
        self.census.by_kind.get(kind).copied().unwrap_or(0)
    }

    /// The time between the earliest and the latest event.
    pub(crate) fn lasted_ns(&self) -> u64 {
        let Self { census, .. } = self;
        census.last_ns.zip(census.first_ns).map_or(0, |(last, first)| last.abs_diff(first))
    }

    /// How many events it has missed.
    fn missed(&self) -> u64 {
        self.census.missed.max(self.calls.missed)
    }

    /// Why its figures may not be the whole truth, each with a word for it.
    pub(crate) fn doubts(&self) -> Vec<(&'static str, String)> {
        let calls = &self.calls;
        let (missing, unreadable) = (self.missing, calls.unreadable);
        let told = [
            ("missing", missing, format!("{} that the recordings lack", counted(missing, "event"))),
            (
                "unreadable",
                unreadable,
                format!("{} with fields that don't fit, which count nowhere", counted(unreadable, "payload")),
            ),
            (
                "ungrouped",
                calls.ungrouped,
                format!(
                    "{} that stand in no table, since there are too many groups",
                    counted(calls.ungrouped, "call")
                ),
            ),
            (
                "forgotten",
                calls.forgotten,
                format!(
                    "{} of which nobody knows whether they ended, since too many were open; those that did count twice",
                    counted(calls.forgotten, "call")
                ),
            ),
        ];
        told.into_iter().filter(|(_, number, _)| *number > 0).map(|(word, _, text)| (word, text)).collect()
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
            "model calls   {} ({} failed, {} canceled{}{}{})",
            grouped(models.calls),
            grouped(models.failed),
            grouped(models.canceled),
            more(models.open.saturating_sub(models.forgotten), "never ended"),
            more(models.forgotten, "forgotten"),
            more(models.retries, "tried again"),
        )?;
        writeln!(
            f,
            "tool calls    {} ({} failed{}, {} never answered{})",
            grouped(tools.calls),
            grouped(tools.failed),
            more(tools.canceled, "canceled"),
            grouped(tools.open.saturating_sub(tools.forgotten)),
            more(tools.forgotten, "forgotten"),
        )?;
        writeln!(f, "compactions   {}", grouped(self.of_kind("context.compacted")))?;
        writeln!(
            f,
            "input tokens  {} ({read} read from cache, {write} written to it)",
            grouped(usage.input_tokens)
        )?;
        let reasoning = match usage.reasoning_tokens {
            0 => String::new(),
            tokens => format!(" ({} reasoning)", grouped(tokens)),
        };
        writeln!(f, "output tokens {}{reasoning}", grouped(usage.output_tokens))?;
        writeln!(f, "cost          USD {:.4}", usage.cost_usd)?;
        writeln!(f, "events        {} ({} dropped)", grouped(self.census.events), grouped(self.missed()))?;
        self.doubts().iter().try_for_each(|(word, doubt)| writeln!(f, "{word:<INDENT$}{doubt}"))
    }
}
