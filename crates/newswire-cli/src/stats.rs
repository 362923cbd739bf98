//! `newswire stats`: what recordings come to, by the ready-made subscribers on a bus.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use newswire::view::{CallSnapshot, CallTally};
use newswire::{Bus, Filter, Result, figures};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::args::{By, Stats};
use crate::io::{Io, unwritten};
use crate::notice;
use crate::reading::{Item, Total, read};
use crate::summary::{INDENT, Summary, Unseen, Watching};
use crate::table::{Table, grouped, unless_none, wrapped};

/// How many groups of a sort are shown where all sorts are.
const SHOWN: usize = 20;

const SORTS: [By; 5] = [By::Model, By::Provider, By::Tool, By::Agent, By::Run];

/// Sums up all recordings.
///
/// # Errors
/// Where the output can't be written.
pub(crate) fn stats(args: &Stats, io: &mut Io) -> Result<u8> {
    let bus = Bus::new();
    let (mut watching, mut unseen) = (Watching::on(&bus, &Filter::all())?, Unseen::default());
    let mut told: Option<Instant> = None;
    let mut total = read(io, &args.files, &args.reading, |io, item| {
        match item {
            Item::Event(event, _) => {
                if watching.would_miss(&event) {
                    watching.catch_up(|_| {});
                    watching.watch_internal(&bus)?;
                }
                let is_time = unseen.add(&event);
                bus.publish(event)?;
                if is_time {
                    watching.catch_up(|_| {});
                }
            }
            Item::Pause(total) if args.every.is_some_and(|every| is_due(told, every, total)) => {
                told = Some(Instant::now());
                io.clear_progress();
                watching.catch_up(|_| {});
                tell(&watching.summary(total.missing), total, args.by, io)?;
                io.out.flush().map_err(|error| unwritten(&error))?;
            }
            _ => {}
        }
        Ok(())
    })?;
    watching.catch_up(|_| {});
    let closed = bus.close(Duration::ZERO);
    let summary = watching.summary(total.missing);
    total.wrong.extend(notice::of_lost(&closed, watching.missed()));
    if total.files == 0 {
        total.tell(io);
        return Ok(total.code());
    }
    tell(&summary, &total, args.by, io)?;
    if args.by.is_some() {
        // A table of groups has no place for it.
        summary.doubts().iter().for_each(|(_, doubt)| io.tell(doubt));
    }
    total.tell(io);
    Ok(total.code())
}

/// Whether so much time has passed since it was told; the first time it is due with the first record, which may come long
/// after its recording has begun.
fn is_due(told: Option<Instant>, every: Duration, total: &Total) -> bool {
    told.map_or(total.records() + total.broken_records() > 0, |told| told.elapsed() >= every)
}

fn tell(summary: &Summary, total: &Total, by: Option<By>, io: &mut Io) -> Result<()> {
    match (io.json, by) {
        (true, None) => io.print_json(&All::of(summary, total)),
        (true, Some(by)) => rows(summary, by).iter().try_for_each(|row| io.print_json(row)),
        (false, by) => {
            let text = text(summary, total, by, io);
            io.print(&text)
        }
    }
}

/// All that programs get.
#[derive(Serialize)]
struct All<'s> {
    recordings: u64,
    records: u64,
    broken_records: u64,
    lasted_ns: u64,
    missing_events: u64,
    #[serde(flatten)]
    census: &'s newswire::view::CensusSnapshot,
    #[serde(flatten)]
    calls: &'s CallSnapshot,
}

impl<'s> All<'s> {
    fn of(summary: &'s Summary, total: &Total) -> Self {
        Self {
            recordings: total.files,
            records: total.records(),
            broken_records: total.broken_records(),
            lasted_ns: lasted(summary),
            missing_events: summary.missing,
            census: &summary.census,
            calls: &summary.calls,
        }
    }
}

/// The time between the earliest and the latest event.
fn lasted(summary: &Summary) -> u64 {
    let census = &summary.census;
    let between = census.last_ns.zip(census.first_ns).map(|(last, first)| last.saturating_sub(first));
    between.and_then(|nanos| u64::try_from(nanos).ok()).unwrap_or(0)
}

/// The groups of one sort, one a line.
fn rows(summary: &Summary, by: By) -> Vec<Value> {
    if by == By::Kind {
        let kinds = summary.census.by_kind.iter();
        return kinds.map(|(kind, events)| json!({"kind": kind, "events": events})).collect();
    }
    let row = |(name, tally): (&str, &CallTally)| {
        let mut row = Map::from_iter([(name_of(by).to_owned(), Value::from(name))]);
        if let Ok(Value::Object(figures)) = serde_json::to_value(tally) {
            row.extend(figures);
        }
        Value::Object(row)
    };
    largest_first(groups(&summary.calls, by)).into_iter().map(row).collect()
}

fn groups(calls: &CallSnapshot, by: By) -> &BTreeMap<String, CallTally> {
    match by {
        By::Model | By::Kind => &calls.by_model,
        By::Provider => &calls.by_provider,
        By::Tool => &calls.by_tool,
        By::Agent => &calls.by_agent,
        By::Run => &calls.by_run,
    }
}

fn name_of(by: By) -> &'static str {
    match by {
        By::Model => "model",
        By::Provider => "provider",
        By::Tool => "tool",
        By::Agent => "agent",
        By::Run => "run",
        By::Kind => "kind",
    }
}

fn largest_first(groups: &BTreeMap<String, CallTally>) -> Vec<(&str, &CallTally)> {
    let mut groups: Vec<_> = groups.iter().map(|(name, tally)| (name.as_str(), tally)).collect();
    groups.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.calls));
    groups
}

fn text(summary: &Summary, total: &Total, by: Option<By>, io: &Io) -> String {
    let laid_out = |table: Table| table.text(io.color, io.whole_width);
    match by {
        Some(By::Kind) => laid_out(kinds(summary)),
        Some(by) if groups(&summary.calls, by).is_empty() => format!("no calls by {}\n", name_of(by)),
        Some(by) => laid_out(table(&summary.calls, by, usize::MAX)),
        None => {
            let mut text = wrapped(&head(summary, total), io.whole_width, INDENT);
            for by in SORTS.into_iter().filter(|by| !groups(&summary.calls, *by).is_empty()) {
                text.push('\n');
                text.push_str(&laid_out(table(&summary.calls, by, SHOWN)));
                let more = groups(&summary.calls, by).len().saturating_sub(SHOWN);
                if more > 0 {
                    // Those of a full table can't be shown by anybody.
                    let all =
                        if summary.calls.ungrouped == 0 { "them all" } else { "all that are told apart" };
                    text.push_str(&format!(
                        "and {} more: --by {} shows {all}\n",
                        grouped(more as u64),
                        name_of(by)
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
        figures::duration(lasted(summary)),
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
        name_of(by),
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
    for (name, tally) in largest_first(groups(calls, by)).into_iter().take(most) {
        let time = |nanos| if tally.timed == 0 { String::new() } else { figures::duration(nanos) };
        let tokens = |number| if number == 0 { String::new() } else { figures::count(number) };
        let usage = &tally.usage;
        let cost = if usage.cost_usd > 0.0 { figures::money(usage.cost_usd) } else { String::new() };
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
                cost,
                rate(tally.output_tokens_per_second),
                rate(tally.calls_per_minute),
            ],
        );
    }
    table
}
