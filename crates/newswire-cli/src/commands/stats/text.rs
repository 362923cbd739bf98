//! What recordings come to, as people read it.

use newswire::figures;
use newswire::view::CallSnapshot;

use super::by::By;
use crate::input::Total;
use crate::output::{Io, Table, cost, grouped, tokens, unless_none, wrapped};
use crate::watch::{INDENT, Summary};

/// How many groups of a sort are shown where all sorts are.
const SHOWN: usize = 20;

const SORTS: [By; 5] = [By::Model, By::Provider, By::Tool, By::Agent, By::Run];

/// All sorts of groups, or the one that was asked for.
pub(super) fn text(summary: &Summary, total: &Total, by: Option<By>, io: &Io) -> String {
    let laid_out = |table: Table| table.text(io.color, io.whole_width);
    match by {
        Some(By::Kind) => laid_out(kinds(summary)),
        Some(by) if by.count(&summary.calls) == 0 => format!("no calls by {}\n", by.name()),
        Some(by) => laid_out(table(&summary.calls, by, usize::MAX)),
        None => {
            let mut text = wrapped(&head(summary, total), io.whole_width, INDENT);
            for by in SORTS.into_iter().filter(|by| by.count(&summary.calls) > 0) {
                text.push('\n');
                text.push_str(&laid_out(table(&summary.calls, by, SHOWN)));
                let more = by.count(&summary.calls).saturating_sub(SHOWN);
                if more > 0 {
                    // Those of a full table can't be shown by anybody.
                    let all =
                        if summary.calls.ungrouped == 0 { "them all" } else { "all that are told apart" };
                    text.push_str(&format!(
                        "and {} more: --by {} shows {all}\n",
                        grouped(more as u64),
                        by.name()
                    ));
                }
            }
            text
        }
    }
}

fn head(summary: &Summary, total: &Total) -> String {
    let more = if summary.census.more_runs { " at least" } else { "" };
    let broken = match total.broken_records() {
        0 => String::new(),
        broken => format!(", {} broken", grouped(broken)),
    };
    format!(
        "recordings    {} ({} records{broken})\nruns          {}{more}\nlasted        {}\n{summary}",
        grouped(total.files),
        grouped(total.records()),
        grouped(summary.census.runs),
        figures::duration(summary.lasted_ns()),
    )
}

fn kinds(summary: &Summary) -> Table {
    let mut kinds: Vec<_> = summary.census.by_kind.iter().collect();
    kinds.sort_by_key(|(_, events)| std::cmp::Reverse(**events));
    let mut table = Table::new(&["kind", "events"]);
    for (kind, events) in kinds {
        table.row(kind, [grouped(*events)]);
    }
    table
}

fn table(calls: &CallSnapshot, by: By, most: usize) -> Table {
    let mut table = Table::new(&[
        by.name(),
        "calls",
        "failed",
        "canceled",
        "open",
        "retries",
        "p50",
        "p95",
        "p99",
        "max",
        "in",
        "cached",
        "out",
        "cost",
        "tok/s",
        "calls/min",
    ]);
    for (name, tally) in by.groups(calls).into_iter().take(most) {
        let time = |nanos| if tally.timed == 0 { String::new() } else { figures::duration(nanos) };
        let usage = &tally.usage;
        // Calls that are days apart have no rate to speak of.
        let rate = |rate: Option<f64>| {
            rate.filter(|rate| *rate >= 0.05).map(|rate| format!("{rate:.1}")).unwrap_or_default()
        };
        table.row(
            name,
            [
                grouped(tally.calls),
                unless_none(tally.failed),
                unless_none(tally.canceled),
                unless_none(tally.open.saturating_sub(tally.forgotten)),
                unless_none(tally.retries),
                time(tally.p50_ns),
                time(tally.p95_ns),
                time(tally.p99_ns),
                time(tally.max_ns),
                tokens(usage.input_tokens),
                tokens(usage.cache_read_tokens),
                tokens(usage.output_tokens),
                cost(usage.cost_usd),
                rate(tally.output_tokens_per_second),
                rate(tally.calls_per_minute),
            ],
        );
    }
    table
}
