//! `newswire check`: every problem of a recording, with its line.

mod content;
mod findings;
mod ids;
mod state;

use std::path::PathBuf;

use newswire::Result;

use crate::exit::{FAILED, OK};
use crate::input::{Item, Reading, Wanted, format_names, max_line, read};
use crate::output::Io;
use state::State;

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
    files: Vec<PathBuf>,

    /// The format of the recordings; told by their beginning where it isn't given
    #[arg(long, value_parser = format_names())]
    format: Option<String>,

    /// The longest line that is read, in bytes; 1048576 unless given
    #[arg(long, value_name = "BYTES", value_parser = max_line())]
    max_line: Option<u32>,
}

/// Checks all recordings.
///
/// # Errors
/// Where the output can't be written.
pub(crate) fn check(args: &Check, io: &mut Io) -> Result<u8> {
    let format = args.format.clone();
    let reading = Reading { format, max_line: args.max_line, skip: true, ..Reading::default() };
    let (mut state, mut errors) = (State::default(), 0_u64);
    let total = read(io, &args.files, &reading, Wanted::default(), |io, item| match item {
        Item::Begin(name) => {
            state = State::of(name);
            Ok(())
        }
        Item::Event(event, line) => state.event(&event, line, io),
        Item::Gap(gap, line) => state.gap(&gap, line, io),
        Item::Broken(error) => state.findings.error(error, io),
        Item::End(report) => {
            errors += state.findings.errors;
            state.end(report, io)
        }
        Item::Pause(_) => Ok(()),
    })?;
    // What was skipped has been told already; what could not be opened hasn't.
    for wrong in &total.wrong {
        io.tell(wrong);
    }
    Ok(match total.code() {
        OK if errors > 0 => FAILED,
        code => {
            total.tell_interrupted(io);
            code
        }
    })
}
