//! What can be said on the command line: which commands there are. What each of them takes stands beside what it does.

use clap::{Parser, Subcommand};

use crate::commands::check::Check;
use crate::commands::completions::Completions;
use crate::commands::diff::Diff;
use crate::commands::export::Export;
use crate::commands::grep::Grep;
use crate::commands::import::Import;
use crate::commands::kinds::{Kinds, Schema};
use crate::commands::ls::Ls;
use crate::commands::play::Play;
use crate::commands::prune::Prune;
use crate::commands::record::Record;
use crate::commands::repair::Repair;
use crate::commands::show::Show;
use crate::commands::stats::Stats;
use crate::commands::tail::Tail;
use crate::commands::verify::Verify;
use crate::output::Look;

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

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Import(Import),
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
