//! The commands, one after another, each with what it is for and how it is used.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use newswire_recording::Pace;

use super::Reading;

/// Turns recordings of any format into one of Newswire's own
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire import session.jsonl -o run.ndjson
  newswire import day/*.jsonl -o day.ndjson.zst
  curl -s https://example.org/trace.json | newswire import - > trace.ndjson

Recordings follow one another in the order in which they are given. What a format has and Newswire doesn't
know is kept in the events' attributes, counted, and told. The file appears when all is in it: where
something goes wrong there is none, and one that was there before stays as it was. With --skip it has what
could be read.")]
pub(crate) struct Importing {
    /// Recordings; - for the standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Where to; - for the standard output; compressed if it ends in .zst
    #[arg(short, long, default_value = "-", value_name = "OUT")]
    pub(crate) output: PathBuf,

    /// Replaces the file if it is there already
    #[arg(long)]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Plays a recording through a bus: shows every event, then sums up
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire play session.jsonl --width 120 --color always | less -R
  newswire play run.ndjson --speed 10 --filter 'tool.*' --from 2m --to 5m
  gunzip -c session.jsonl.gz | newswire play - | jq -r .kind

On a terminal it is the live view; a pipe gets the events, a line of JSON each. Times of --from and --to are
offsets from the first event (90s, 5m, 1h30m) or times (2026-11-20T09:30:00Z). Where the recording breaks,
what came before is shown and summed up, and the exit code is 1.")]
pub(crate) struct Play {
    /// The recording; - for the standard input
    pub(crate) file: PathBuf,

    /// How fast: 1 as it happened, 10 ten times as fast, max as fast as possible
    #[arg(long, default_value = "max", value_name = "FACTOR|max", allow_hyphen_values = true, value_parser = pace)]
    pub(crate) speed: Pace,

    /// Only events that this filter matches
    #[arg(long)]
    pub(crate) filter: Option<String>,

    /// Only events from then on
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<String>,

    /// Only events until then
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<String>,

    #[command(flatten)]
    pub(crate) reading: Reading,
}

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
    pub(crate) files: Vec<PathBuf>,

    /// Only this sort of group, all of them
    #[arg(long, value_enum)]
    pub(crate) by: Option<By>,

    /// Also tells what it has come to at the beginning and after so much time (1s, 15m, 1h), while it reads
    #[arg(long, value_name = "TIME", value_parser = super::stores::age)]
    pub(crate) every: Option<Duration>,

    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Shows the runs of a recording as trees of turns, steps and calls
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire show session.jsonl
  newswire show runs.ndjson 3f2a | less
  newswire show runs.ndjson --json | jq 'select(.status == \"failed\")'

✓ completed, ✗ failed, ⊘ canceled, … open: it has begun and not ended. Tokens and cost of what has parts are
those of its parts.")]
pub(crate) struct Show {
    /// The recording; - for the standard input
    pub(crate) file: PathBuf,

    /// The run: its id, or how the id begins
    pub(crate) run: Option<String>,

    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Prints the events of recordings that a filter matches
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire grep 'tool.call.failed' session.jsonl
  newswire grep 'model.* and duration > 20s' runs/*.ndjson -c
  newswire grep '*.failed' run.ndjson -B 3 -A 1

Filters are described in docs/filter.md. Where several files are searched, lines begin with the file's name;
JSON has it as a member \"file\". Exit codes are those of grep: 0 matched, 1 nothing matched, 2 trouble.")]
pub(crate) struct Grep {
    /// Which events
    pub(crate) filter: String,

    /// Recordings; - for the standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Prints only how many there are in each file
    #[arg(short, long)]
    pub(crate) count: bool,

    /// Events that don't match
    #[arg(short = 'v', long)]
    pub(crate) invert: bool,

    /// So many events of the run after each match, too
    #[arg(short = 'A', long, default_value_t = 0, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(..=1000))]
    pub(crate) after: u16,

    /// So many events of the run before each match, too
    #[arg(short = 'B', long, default_value_t = 0, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(..=1000))]
    pub(crate) before: u16,

    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Tells every problem of recordings, with its line
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire check run.ndjson
  newswire check --json run.ndjson | jq 'select(.level == \"error\")'

Broken records are errors, and the exit code is then 1. Notes are told besides, and are no failure: ends
without a beginning, what never ended, times that go backwards, kinds and fields that Newswire doesn't know.")]
pub(crate) struct Check {
    /// Recordings; - for the standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// The format of the recordings; told by their beginning where it isn't given
    #[arg(long, value_parser = super::format_names())]
    pub(crate) format: Option<String>,

    /// The longest line that is read, in bytes; 1048576 unless given
    #[arg(long, value_name = "BYTES", value_parser = super::max_line())]
    pub(crate) max_line: Option<u32>,
}

/// Lists the kinds of the catalogue, with what other systems call them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire kinds 'tool.*'
  newswire kinds picoclaw/agent.tool.exec_end
  newswire kinds --json | jq -r .payload")]
pub(crate) struct Kinds {
    /// A kind, a pattern such as tool.*, or a name of another system: system/name
    pub(crate) pattern: Option<String>,
}

/// Prints the JSON Schema of a kind's payload; without a kind, that of the event around it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire schema tool.call.started
  newswire schema picoclaw/agent.tool.exec_end | jq .title

A name that can mean several kinds gives all their schemas, one after another, and a line each where
programs read them. A plain name stands for all that it means, here and in any system.")]
pub(crate) struct Schema {
    /// A kind, a pattern such as tool.*, or a name of another system: system/name
    pub(crate) kind: Option<String>,
}

/// Prints what makes a shell complete this command's words
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire completions bash > ~/.local/share/bash-completion/completions/newswire
  newswire completions zsh > ~/.zfunc/_newswire
  newswire completions fish > ~/.config/fish/completions/newswire.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Sorts of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    Model,
    Provider,
    Tool,
    Agent,
    Run,
    Kind,
}

/// How fast a recording is played.
fn pace(text: &str) -> Result<Pace, String> {
    Pace::parse(text).map_err(|error| format!("expected {}", error.expected().unwrap_or_default()))
}
