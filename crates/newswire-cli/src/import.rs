//! `newswire import`: recordings of any format become one of our own.
//!
//! A file is written beside its place and moved there when all is in it: so nobody takes half an import for a
//! whole one, and what was there before survives a full disk. What takes the place of a file is as accessible as
//! it was, and stands where links lead to.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use newswire::{Delivery, Error, ErrorKind, Result};
use newswire_recording::{WriteOptions, Writer};

use crate::args::Importing;
use crate::io::{Io, harmless};
use crate::notice::counted;
use crate::reading::{Item, Total, is_input, read};
use crate::run::OK;
use crate::stdio::Output;

/// Where the import goes.
enum Place {
    /// The standard output, a device or a pipe: written as it comes.
    Straight,
    /// A file.
    File(Growing),
}

/// A file that is not in its place yet.
struct Growing {
    /// What the user calls it.
    path: PathBuf,
    /// Where it is to be, links followed.
    place: PathBuf,
    /// Where it grows.
    growing: PathBuf,
    /// Those of the file that it replaces.
    permissions: Option<Permissions>,
}

/// Imports all recordings, or nothing.
///
/// # Errors
/// Where the output can't be written, or is there already.
pub(crate) fn import(args: &Importing, io: &mut Io) -> Result<u8> {
    let (place, mut writer) = open(args, io)?;
    let done = read(io, &args.files, &args.reading, |_, item| match item {
        Item::Event(event, _) if args.reading.wanted.takes(&event) => writer.write_event(&event),
        Item::Gap(gap) => writer.write(&Delivery::Gap(gap)),
        Item::Pause => match place {
            Place::Straight => writer.flush(),
            Place::File(_) => Ok(()),
        },
        _ => Ok(()),
    });
    let finished = done.and_then(|total| Ok((writer.finish()?.events, total)));
    let named = |error: Error| match &place {
        Place::Straight => error,
        Place::File(file) => error.at_path(file.path.display().to_string()),
    };
    let (events, total) = match finished {
        Ok(finished) => finished,
        Err(error) => {
            place.forget();
            return Err(named(error));
        }
    };
    let complete = total.code() == OK;
    match (&place, complete) {
        (Place::File(file), true) => {
            file.settle().map_err(|error| {
                place.forget();
                named(Error::new(ErrorKind::Io, format!("the file can't be put in its place: {error}")))
            })?;
            tell_written(io, events, &total, &file.path);
        }
        _ => place.forget(),
    }
    total.tell(io);
    if let (Place::File(file), false) = (&place, complete) {
        io.tell(&format!("{} was not written", file.path.display()));
    }
    Ok(total.code())
}

fn tell_written(io: &mut Io, events: u64, total: &Total, path: &Path) {
    let records = counted(total.report.records, "record");
    io.tell(&format!("{} of {records} written to {}", counted(events, "event"), path.display()));
}

fn open(args: &Importing, io: &Io) -> Result<(Place, Writer)> {
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
    let refused = |error: Error| error.at_path(path.display().to_string());
    let file = Growing::begin(path, is_there).map_err(|error| {
        refused(Error::new(ErrorKind::Io, format!("the file can't be replaced: {error}")))
    })?;
    let zstd = Some(path.extension().is_some_and(|ending| ending == "zst"));
    let options = WriteOptions { zstd, overwrite: true, ..WriteOptions::default() };
    let writer = Writer::create(&file.growing, &options).map_err(refused);
    let place = Place::File(file);
    match writer {
        Ok(writer) => Ok((place, writer)),
        Err(error) => {
            place.forget();
            Err(error)
        }
    }
}

impl Place {
    /// Removes what was begun.
    fn forget(&self) {
        if let Self::File(file) = self {
            // Where it can't be removed, nothing better is left to be done.
            let _ = fs::remove_file(&file.growing);
        }
    }
}

impl Growing {
    /// Beside its place, so that it can be moved there; what replaces a file is nobody else's until then.
    fn begin(path: &Path, is_there: bool) -> io::Result<Self> {
        let place = if is_there { path.canonicalize()? } else { path.to_owned() };
        let permissions = is_there.then(|| place.metadata()).transpose()?.map(|file| file.permissions());
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let growing = place.with_file_name(format!(".{name}.{}.part", std::process::id()));
        if permissions.is_some() {
            // One that an earlier import left would keep its own permissions.
            let _ = fs::remove_file(&growing);
            private().open(&growing)?;
        }
        Ok(Self { path: path.to_owned(), place, growing, permissions })
    }

    /// Moves it to its place.
    fn settle(&self) -> io::Result<()> {
        if let Some(permissions) = &self.permissions {
            fs::set_permissions(&self.growing, permissions.clone())?;
        }
        fs::rename(&self.growing, &self.place)
    }
}

/// How a file is made that only its owner may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
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
