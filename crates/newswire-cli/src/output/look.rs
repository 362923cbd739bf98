//! How the output looks, as the user says.

use clap::ValueEnum;

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}
