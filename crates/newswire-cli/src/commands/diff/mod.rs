//! `newswire diff`: what differs between two runs.

mod align;
mod compare;
mod operation;
mod operations;
mod print;
mod side;

use std::path::{Path, PathBuf};

use newswire::Result;

use crate::exit::{FAILED, INTERRUPTED, OK, USAGE};
use crate::input::Reading;
use crate::output::{Io, counted};
use compare::{Change, compare};
use operation::Aspect;
use side::side;

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
    what: Vec<PathBuf>,

    /// Differences that are none
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    ignore: Vec<Aspect>,

    #[command(flatten)]
    reading: Reading,
}

/// Compares two runs.
///
/// # Errors
/// Where one of them can't be read, or which it is can't be told.
pub(crate) fn diff(args: &Diff, io: &mut Io) -> Result<u8> {
    let text = |place: usize| args.what.get(place).map(|what| what.to_string_lossy().into_owned());
    let file = |place: usize| args.what.get(place).map_or(Path::new(""), |path| path.as_path());
    let sides = match args.what.len() {
        2 => [(file(0), None), (file(1), None)],
        _ => [(file(0), text(1)), (file(0), text(2))],
    };
    let mut read = Vec::new();
    for (file, run) in sides {
        match side(file, run.as_deref(), &args.reading, io)? {
            Ok(side) => read.push(side),
            Err(total) => {
                total.tell(io);
                return Ok(if total.code() == INTERRUPTED { INTERRUPTED } else { USAGE });
            }
        }
    }
    let [a, b] = &read[..] else { return Ok(USAGE) };
    let changes = compare(&a.operations, &b.operations, &args.ignore);
    print::print(a, b, &changes, io)?;
    for side in [a, b] {
        side.total.tell_wrong(io);
    }
    for side in [a, b].into_iter().filter(|side| side.operations.forgotten > 0) {
        let more = counted(side.operations.forgotten, "operation");
        io.tell(&format!("{more} of {} are not compared, since there are so many", side.name));
    }
    Ok(if changes.iter().all(|change| matches!(change, Change::Same)) { OK } else { FAILED })
}
