//! `newswire import`: recordings of any format become one of our own.
//!
//! A file is written beside its place and moved there when all is in it: so nobody takes half an import for a
//! whole one, and what was there before survives a full disk. Who asks for `--skip` gets what could be read.

use std::io::{self, Write};
use std::path::Path;

use newswire::{Delivery, Error, ErrorKind, Result};
use newswire_recording::{WriteOptions, Writer};

use crate::args::Importing;
use crate::growing::{Growing, Others};
use crate::io::{Io, harmless};
use crate::notice::counted;
use crate::reading::{Item, Total, check_output, is_input, read};
use crate::run::OK;
use crate::stdio::Output;

/// Where the import goes.
enum Place {
    /// The standard output, a device or a pipe: written as it comes.
    Straight,
    /// A file.
    File(Growing),
}

/// Imports all recordings, or nothing; with `--skip`, what can be read of them.
///
/// # Errors
/// Where the output can't be written, or is there already.
pub(crate) fn import(args: &Importing, io: &mut Io) -> Result<u8> {
    check_output(io, &args.files)?;
    let (place, mut writer) = open(args, io)?;
    let done = read(io, &args.files, &args.reading, |_, item| match item {
        Item::Event(event, _) if args.reading.wanted.takes(&event) => writer.write_event(&event),
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

fn open(args: &Importing, io: &mut Io) -> Result<(Place, Writer)> {
    let path = &args.output;
    if is_input(path) {
        let to = Terminal { out: io.out.clone(), harmless: io.terminal };
        return Ok((Place::Straight, Writer::to(to, "standard output", &WriteOptions::default())?));
    }
    let is_there = path.symlink_metadata().is_ok();
    if is_there && (!path.is_file() || !args.force) {
        // Devices and pipes take it as it comes; all else is refused, in the writer's words.
        return Ok((Place::Straight, Writer::create(path, &WriteOptions::default())?));
    }
    let unwritable = |error: io::Error| {
        let what = if is_there { "replaced" } else { "written" };
        let message = match error.kind() {
            io::ErrorKind::NotFound => "there is no such folder".to_owned(),
            _ => format!("the file can't be {what}: {error}"),
        };
        Error::new(ErrorKind::Io, message).at_path(path.display().to_string())
    };
    let (file, growing, others) = Growing::begin(path, is_there).map_err(unwritable)?;
    tell_others(io, &others, path);
    let zstd = Some(path.extension().is_some_and(|ending| ending == "zst"));
    let options = WriteOptions { zstd, ..WriteOptions::default() };
    let writer = Writer::to(growing, path.display().to_string(), &options);
    let place = Place::File(file);
    match writer {
        Ok(writer) => Ok((place, writer)),
        Err(error) => {
            place.forget();
            Err(error)
        }
    }
}

/// Tells what other imports to the same place have left there.
fn tell_others(io: &mut Io, others: &Others, path: &Path) {
    let path = path.display();
    if others.removed > 0 {
        let imports = counted(others.removed, "unfinished import");
        io.tell(&format!("{imports} of {path} removed: what wrote there was killed"));
    }
    for name in &others.under_way {
        io.tell(&format!("{name} lies beside {path}: another import is under way there, or was killed"));
    }
}

impl Place {
    /// Removes what was begun.
    fn forget(&self) {
        if let Self::File(file) = self {
            file.forget();
        }
    }
}

/// The standard output; whole lines are written to it, so that on a terminal they can be made harmless.
struct Terminal {
    out: Output,
    harmless: bool,
}

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.harmless {
            true => self.out.write_all(harmless(&String::from_utf8_lossy(bytes)).as_bytes())?,
            false => self.out.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
