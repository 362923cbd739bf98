//! The commands on stores, each with what it is for and how it is used.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use super::Reading;

/// Keeps recordings, or what comes by the standard input, in a store
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire record session.jsonl other.jsonl -o events.db
  my-agent --events-to-stdout | newswire record -o events.db --into my-agent
  newswire record day.ndjson.zst -o 'sqlite:events.db?durability=normal&max_age=30d'

The store is made if it isn't there. What is told to be written is on the disk; where this is ended half-way,
the store has all events up to then. Events that the bus has already are known by their ids and not stored
again, so recording a file twice changes nothing, and a file that has grown adds what is new.")]
pub(crate) struct Record {
    /// Recordings, in any format; the standard input, which is also -, by default
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// The store: a file, or a URL with options, see docs/store.md
    #[arg(short, long, value_name = "STORE")]
    pub(crate) output: PathBuf,

    /// The bus of the store under whose name they are kept
    #[arg(long, default_value = "recorded", value_name = "NAME")]
    pub(crate) into: String,

    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Lists the runs of a store or of a recording, those that began last at the end
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire ls events.db
  newswire ls events.db --session ffae836b -n 20
  newswire ls events.db --json | jq 'select(.state == \"failed\")'

Runs are open, completed, failed or canceled: as their own end says, else that of their workflow, agent,
session, or of their last turn or call. Times are UTC. A store keeps these figures beside its events, so
listing takes as long with ten million events as with ten.")]
pub(crate) struct Ls {
    /// A store, or a recording; - for the standard input
    #[arg(value_name = "STORE")]
    pub(crate) file: PathBuf,

    /// Only runs of this session
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<String>,

    /// Only so many runs, those that began last; on a terminal 1000 unless told otherwise
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) number: Option<usize>,

    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Shows the last events of a store, and follows it while others write it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire tail events.db
  newswire tail -f events.db --filter 'tool.call.failed'
  newswire tail -f events.db -n 0 --json | jq -r .kind

What other processes write appears within a quarter of a second. A store that takes the place of this one is
followed from its beginning. Ctrl-C ends it, and so does a reader of the output that goes away.")]
pub(crate) struct Tail {
    /// The store
    pub(crate) store: PathBuf,

    /// Goes on with what is written from now on
    #[arg(short, long)]
    pub(crate) follow: bool,

    /// Only events that this filter matches
    #[arg(long)]
    pub(crate) filter: Option<String>,

    /// How many events, at most 100000
    #[arg(short = 'n', long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub(crate) number: u32,

    /// Only what was published on that bus
    #[arg(long, value_name = "NAME")]
    pub(crate) bus: Option<String>,
}

/// Writes the events of a store as a recording
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire export events.db -o all.ndjson.zst
  newswire export events.db --run 3f2a8c11 | jq -r .kind
  newswire export events.db --filter 'tool.*' --from 2026-11-20T00:00:00Z -o tools.ndjson

Events keep their seqs, ids and origins; what the store has lost or deleted becomes gaps. The file appears when
all is in it. Recordings can be given, too: what is wanted of them becomes another.")]
pub(crate) struct Export {
    /// A store, or a recording; - for the standard input
    #[arg(value_name = "STORE")]
    pub(crate) file: PathBuf,

    /// Where to; - for the standard output; compressed if it ends in .zst
    #[arg(short, long, default_value = "-", value_name = "OUT")]
    pub(crate) output: PathBuf,

    /// Replaces the file if it is there already
    #[arg(long)]
    pub(crate) force: bool,

    /// Only this run: its id, or how that begins
    #[arg(long, value_name = "ID")]
    pub(crate) run: Option<String>,

    /// Only this session
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<String>,

    /// Only events that this filter matches
    #[arg(long)]
    pub(crate) filter: Option<String>,

    /// Only events of that time or later, such as 2026-11-20T09:30:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,

    /// Only events of that time or earlier
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,

    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Compares all of a store with its checksums, and tells every problem
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire verify events.db
  newswire verify --json events.db | jq 'select(.level == \"error\")'

The exit code is 1 where anything is damaged. The store is only read, and may be written meanwhile.")]
pub(crate) struct Verify {
    /// Stores
    #[arg(required = true, value_name = "STORE")]
    pub(crate) stores: Vec<PathBuf>,
}

/// Builds a damaged store anew from all that can still be read of it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire repair events.db
  newswire repair --always --json events.db | jq .aside

Nothing is deleted: the damaged file is set aside whole beside the new one, as events.db.damaged-000001. What is
lost becomes gaps. Where nothing is wrong, nothing is touched. No program may write the store meanwhile.")]
pub(crate) struct Repair {
    /// The store
    pub(crate) store: PathBuf,

    /// Builds it anew even where nothing is found to be wrong
    #[arg(long)]
    pub(crate) always: bool,
}

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
    pub(crate) store: PathBuf,

    /// What was stored longer ago than that: 90s, 15m, 24h, 30d
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(crate) older_than: Option<Duration>,

    /// The oldest events of each bus while more than that would remain
    #[arg(long, value_name = "N", conflicts_with = "kind", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) keep_count: Option<u64>,

    /// The oldest events of each bus while more bytes than that would remain
    #[arg(long, value_name = "N", conflicts_with = "kind", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) keep_bytes: Option<u64>,

    /// Only events of kinds that match
    #[arg(long, value_name = "PATTERN")]
    pub(crate) kind: Option<String>,

    /// Only on that bus; on all by default
    #[arg(long, value_name = "NAME")]
    pub(crate) bus: Option<String>,

    /// Deletes nothing, and tells what would be
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Tells what differs between two runs: order, calls, arguments, results, tokens, cost, durations
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire diff events.db 3f2a 91c0
  newswire diff before.ndjson after.ndjson --ignore duration,cost
  newswire diff --json events.db 3f2a 91c0 | jq 'select(.change == \"changed\")'

Two files have one run each, or one after the other of one file, named by its id or how that begins. + is
only in the second, - only in the first, ~ differs, > has moved. The exit code is 0 where nothing differs, 1
where something does, 2 where they can't be compared.")]
pub(crate) struct Diff {
    /// A store or recording, and two runs in it; or two recordings
    #[arg(required = true, num_args = 2..=3, value_names = ["FILE", "A", "B"])]
    pub(crate) what: Vec<PathBuf>,

    /// Differences that are none
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    pub(crate) ignore: Vec<Aspect>,

    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// What can differ between two operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Aspect {
    Arguments,
    Result,
    Status,
    Tokens,
    Cost,
    Duration,
}

pub(super) fn age(text: &str) -> Result<Duration, String> {
    newswire_store::parse_age(text).map_err(|error| error.to_string())
}
