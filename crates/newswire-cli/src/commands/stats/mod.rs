//! `newswire stats`: what recordings come to, by the ready-made subscribers on a bus.

mod by;
mod json;
mod text;

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use newswire::{Bus, Filter, Result};

use super::options::age;
use crate::input::{Item, Reading, Total, Wanted, read};
use crate::output::{Io, notice, unwritten};
use crate::watch::{Summary, Unseen, Watching};
use by::By;
use json::{All, rows};
use text::text;

/// Sums up recordings: calls, failures, durations, tokens and cost
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire stats session.jsonl
  newswire stats --by tool runs/*.ndjson.zst
  newswire stats --json run.ndjson | jq .by_model
  newswire import --format pi - < session.jsonl | newswire stats --every 5s -

Without --by there is a table for each sort of group, of its largest groups. Durations are those that the
source measured, else between the events; tok/s is what models wrote in a second of their calls.")]
pub(crate) struct Stats {
    /// Recordings; - for the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Only this sort of group, all of them
    #[arg(long, value_enum)]
    by: Option<By>,

    /// Also tells what it has come to at the beginning and after so much time (1s, 15m, 1h), while it reads
    #[arg(long, value_name = "TIME", value_parser = age)]
    every: Option<Duration>,

    #[command(flatten)]
    reading: Reading,
}

/// Sums up all recordings.
///
/// # Errors
/// Where the output can't be written.
pub(crate) fn stats(args: &Stats, io: &mut Io) -> Result<u8> {
    let bus = Bus::new();
    let (mut watching, mut unseen) = (Watching::on(&bus, &Filter::all())?, Unseen::default());
    let mut told: Option<Instant> = None;
    let mut total = read(io, &args.files, &args.reading, Wanted::default(), |io, item| {
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
