//! What can be said on the command line.

mod commands;
mod stores;

use clap::{Parser, Subcommand, ValueEnum};

use crate::source::Wanted;

pub(crate) use commands::{By, Check, Completions, Grep, Importing, Kinds, Play, Schema, Show, Stats};
pub(crate) use stores::{Aspect, Diff, Export, Ls, Prune, Record, Repair, Tail, Verify};

/// The event bus of AI-agent runtimes
#[derive(Debug, Parser)]
#[command(
    name = "newswire",
    version,
    after_help = "\
What people read goes to a terminal; a pipe or a file gets JSON, one object a line.
Messages go to the standard error.

Exit codes:
  0    done (also when the reader of the output goes away); diff: nothing differs
  1    failed, or something is wrong with a recording or store; grep: nothing matched; diff: something differs
  2    wrong usage; grep, diff: also whatever else failed
  130  ended by Ctrl-C"
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) look: Look,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How the output looks.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Look {
    /// JSON lines, also on a terminal
    #[arg(long, global = true, conflicts_with = "text")]
    pub(crate) json: bool,

    /// What people read, also where the output is no terminal
    #[arg(long, global = true)]
    pub(crate) text: bool,

    /// When to colour: on a terminal without NO_COLOR, always (then as with --text) or never
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,

    /// Columns of a line, 40 to 1000; unless given 100 for events and trees, and as many as they take for tables and findings
    #[arg(long, global = true, value_parser = clap::value_parser!(u16).range(40..=1000))]
    pub(crate) width: Option<u16>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Import(Importing),
    Record(Record),
    Export(Export),
    Ls(Ls),
    Play(Play),
    Stats(Stats),
    Show(Show),
    Grep(Grep),
    Tail(Tail),
    Diff(Diff),
    Check(Check),
    Verify(Verify),
    Repair(Repair),
    Prune(Prune),
    Kinds(Kinds),
    Schema(Schema),
    Completions(Completions),
}

/// How recordings are read.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct Reading {
    /// The format of the recordings; told by their beginning where it isn't given
    #[arg(long, value_parser = format_names())]
    pub(crate) format: Option<String>,

    /// Ends at the first broken record; this is so unless --skip is given
    #[arg(long, conflicts_with = "skip")]
    pub(crate) strict: bool,

    /// Skips broken records, counts them and goes on; files that can't be read, too
    #[arg(long)]
    pub(crate) skip: bool,

    /// The longest line that is read, in bytes; 1048576 unless given. No event is longer than that
    #[arg(long, value_name = "BYTES", value_parser = max_line())]
    pub(crate) max_line: Option<u32>,

    /// Of a store: only what was published on that bus
    #[arg(long, value_name = "NAME")]
    pub(crate) bus: Option<String>,

    /// What the command wants to have read.
    #[arg(skip)]
    pub(crate) wanted: Wanted,
}

/// As long as elements of an array and documents may be.
fn max_line() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=64 << 20)
}

fn format_names() -> clap::builder::PossibleValuesParser {
    let formats = newswire_recording::formats().iter();
    formats.map(|format| clap::builder::PossibleValue::new(format.name).help(format.about)).into()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}
