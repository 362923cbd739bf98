//! `newswire import`: recordings of any format become one of our own.
//!
//! A file is written beside its place and moved there when all is in it: so nobody takes half an import for a
//! whole one, and what was there before survives a full disk. Who asks for `--skip` gets what could be read.

mod growing;
mod place;

use std::path::{Path, PathBuf};

use newswire::{Delivery, Error, ErrorKind, Result};
use newswire_recording::Writer;

use crate::exit::OK;
use crate::input::{Item, Reading, Total, Wanted, check_output, read};
use crate::output::{Io, counted};
use place::Place;
pub(super) use place::Target;

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
pub(crate) struct Import {
    /// Recordings; - for the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    reading: Reading,
}

/// Imports all recordings, or nothing; with `--skip`, what can be read of them.
///
/// # Errors
/// Where the output can't be written, or is there already.
pub(crate) fn import(args: &Import, io: &mut Io) -> Result<u8> {
    write(&args.files, &args.reading, &Wanted::default(), &args.target, io)
}

/// Writes what is wanted of the files to the target, or nothing.
///
/// # Errors
/// As [`import`].
pub(super) fn write(
    files: &[PathBuf],
    reading: &Reading,
    wanted: &Wanted,
    target: &Target,
    io: &mut Io,
) -> Result<u8> {
    check_output(io, files)?;
    let (place, mut writer) = target.open(io)?;
    let done = read(io, files, reading, wanted.clone(), |_, item| match item {
        Item::Event(event, _) if wanted.takes(&event) => writer.write_event(&event),
        Item::Gap(gap, _) => writer.write(&Delivery::Gap(gap)),
        Item::Pause(_) => match place {
            Place::Straight if !has_nothing(&writer) => writer.flush(),
            _ => Ok(()),
        },
        _ => Ok(()),
    });
    let finished = done.and_then(|total| {
        // Where nothing could be read, nothing is written: not even the line that a recording begins with.
        let is_nothing = total.code() != OK && has_nothing(&writer);
        let events =
            if is_nothing { writer.abandon().map(|()| 0) } else { writer.finish().map(|done| done.events) };
        Ok((events?, total, is_nothing))
    });
    let named = |error: Error| match &place {
        Place::Straight => error,
        Place::File(file) => error.at_path(file.path().display().to_string()),
    };
    let (events, total, is_nothing) = match finished {
        Ok(finished) => finished,
        Err(error) => {
            place.forget();
            return Err(named(error));
        }
    };
    let complete = total.code() == OK || total.is_wanted_in_part() && !is_nothing;
    match (&place, complete) {
        (Place::File(file), true) => {
            file.settle().map_err(|error| {
                place.forget();
                named(Error::new(ErrorKind::Io, format!("the file can't be put in its place: {error}")))
            })?;
            tell_written(io, events, &total, file.path());
        }
        _ => place.forget(),
    }
    total.tell(io);
    match &place {
        Place::File(file) if !complete => io.tell(&format!("{} was not written", file.path().display())),
        Place::File(file) if total.unread > 0 => {
            let were = if total.unread == 1 { "file was" } else { "files were" };
            let path = file.path().display();
            io.tell(&format!("{path} was written, but {} {were} not read, or not to the end", total.unread));
        }
        _ => {}
    }
    Ok(total.code())
}

fn has_nothing(writer: &Writer) -> bool {
    let written = writer.written();
    written.events + written.gaps == 0
}

fn tell_written(io: &mut Io, events: u64, total: &Total, path: &Path) {
    let records = counted(total.report.records, "record");
    io.tell(&format!("{} of {records} written to {}", counted(events, "event"), path.display()));
}
