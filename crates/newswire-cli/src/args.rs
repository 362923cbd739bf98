//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// The event bus of AI-agent runtimes
#[derive(Debug, Parser)]
#[command(
    name = "newswire",
    version,
    disable_help_subcommand = true,
    after_help = "\
Exit codes: 0 done (also when the reader of the output goes away), 1 failed, 2 wrong usage"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Play(Play),
    Kinds(Kinds),
    Schema(Schema),
}

/// Plays a recorded session through a bus: shows every event, then sums up
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire play session.jsonl --width 120 --color always | less -R
  gunzip -c session.jsonl.gz | newswire play -

Reads sessions of the pi coding agent (JSON lines). Events go to the standard output,
messages to the standard error. Where the session breaks, what came before is shown and summed up,
and the exit code is 1.")]
pub(crate) struct Play {
    /// The recorded session; - for the standard input
    pub(crate) file: PathBuf,

    /// Columns of a line, 40 to 1000
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(40..=1000))]
    pub(crate) width: u16,

    /// When to colour: on a terminal without NO_COLOR, always or never
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
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

    /// A line of JSON for each kind
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints the JSON Schema of a kind's payload; without a kind, that of the event around it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire schema tool.call.started
  newswire schema picoclaw/agent.tool.exec_end | jq .title

A name of another system that can mean several kinds gives all their schemas, one after another.")]
pub(crate) struct Schema {
    /// A kind, a pattern such as tool.*, or a name of another system: system/name
    pub(crate) kind: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}
