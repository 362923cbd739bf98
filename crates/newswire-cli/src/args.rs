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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}
