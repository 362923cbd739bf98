//! `newswire prune`: deletes what is too old or too much, a small step at a time.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use newswire::{Error, Filter, Result, Visible, figures};
use newswire_store::{Pruned, Retention, Store};
use serde_json::json;

use super::options::age;
use crate::exit::{INTERRUPTED, OK};
use crate::input::store_to_read;
use crate::output::{Io, grouped};

/// Deletes events of a store: the old ones, what is too much, or kinds
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["older_than", "keep_count", "keep_bytes", "kind"]))]
#[command(after_help = "\
Examples:
  newswire prune events.db --older-than 30d --dry-run
  newswire prune events.db --kind '*.delta' --older-than 1d
  newswire prune events.db --keep-count 1000000

Ages count from the time of storing. What is deleted is told as a gap in its place. It is done in small steps,
so programs that write the store meanwhile wait for none of them for long.")]
pub(crate) struct Prune {
    /// The store
    store: PathBuf,

    /// What was stored longer ago than that: 90s, 15m, 24h, 30d
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Option<Duration>,

    /// The oldest events of each bus while more than that would remain
    #[arg(long, value_name = "N", conflicts_with = "kind", value_parser = clap::value_parser!(u64).range(1..))]
    keep_count: Option<u64>,

    /// The oldest events of each bus while more bytes than that would remain
    #[arg(long, value_name = "N", conflicts_with = "kind", value_parser = clap::value_parser!(u64).range(1..))]
    keep_bytes: Option<u64>,

    /// Only events of kinds that match
    #[arg(long, value_name = "PATTERN")]
    kind: Option<String>,

    /// Only on that bus; on all by default
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,

    /// Deletes nothing, and tells what would be
    #[arg(long)]
    dry_run: bool,
}

/// How long others have the file between two steps.
const PAUSE: Duration = Duration::from_millis(5);

/// Prunes all buses, or one.
///
/// # Errors
/// Where the store can't be read or written, or has no such bus.
pub(crate) fn prune(args: &Prune, io: &mut Io) -> Result<u8> {
    let retention = match retention(args) {
        Ok(retention) => retention,
        Err(error) => return Ok(io.refuse(&error)),
    };
    let (_, store) = store_to_read(&args.store)?;
    let buses: Vec<String> = match &args.bus {
        Some(bus) => vec![bus.clone()],
        None => store.buses()?.into_iter().map(|bus| bus.name).collect(),
    };
    for bus in buses {
        let mut gone = Pruned::default();
        if args.dry_run {
            gone = store.would_prune(&bus, &retention)?;
        } else {
            loop {
                let step = store.prune(&bus, &retention)?;
                gone.events += step.events;
                gone.bytes += step.bytes;
                if !step.has_more || io.is_stopped() {
                    break;
                }
                thread::sleep(PAUSE);
            }
        }
        tell(&bus, gone, args.dry_run, io)?;
        if io.is_stopped() {
            return Ok(INTERRUPTED);
        }
    }
    Ok(OK)
}

fn tell(bus: &str, gone: Pruned, dry_run: bool, io: &mut Io) -> Result<()> {
    let Pruned { events, bytes, .. } = gone;
    if io.json {
        return io.print_json(&json!({"bus": bus, "events": events, "bytes": bytes, "dry_run": dry_run}));
    }
    let deleted = if dry_run { "would be deleted" } else { "deleted" };
    let (events, bytes) = (grouped(events), figures::bytes(bytes));
    io.print(&format!("{}: {events} events ({bytes}) {deleted}\n", Visible(bus)))
}

fn retention(args: &Prune) -> Result<Retention> {
    let Some(pattern) = &args.kind else {
        return Ok(Retention {
            max_age: args.older_than,
            max_events: args.keep_count,
            max_bytes: args.keep_bytes,
            ..Retention::default()
        });
    };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._*".contains(&byte);
    if pattern.is_empty() || !pattern.bytes().all(plain) {
        return Err(Error::invalid(format!("{pattern:?} is no pattern of kinds"))
            .expecting("a pattern such as message.delta or tool.*"));
    }
    let age = args.older_than.unwrap_or(Duration::ZERO);
    Ok(Retention { kinds: vec![(Filter::kind(pattern)?, age)], ..Retention::default() })
}
