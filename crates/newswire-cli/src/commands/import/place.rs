//! Where an import goes.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use newswire::{Error, ErrorKind, Result};
use newswire_recording::{WriteOptions, Writer};

use super::growing::{Growing, Others};
use crate::input::is_input;
use crate::output::{Io, Output, counted, harmless};

/// Where it goes, as the user says.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    /// Where to; - for the standard output; compressed if it ends in .zst
    #[arg(short, long, default_value = "-", value_name = "OUT")]
    output: PathBuf,

    /// Replaces the file if it is there already
    #[arg(long)]
    force: bool,
}

impl Target {
    /// Opens it, to be written.
    pub(super) fn open(&self, io: &mut Io) -> Result<(Place, Writer)> {
        let path = &self.output;
        if is_input(path) {
            let to = Terminal { out: io.out.clone(), harmless: io.terminal };
            return Ok((Place::Straight, Writer::to(to, "standard output", &WriteOptions::default())?));
        }
        let is_there = path.symlink_metadata().is_ok();
        if is_there && (!path.is_file() || !self.force) {
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
}

/// Where the import goes.
pub(super) enum Place {
    /// The standard output, a device or a pipe: written as it comes.
    Straight,
    /// A file.
    File(Growing),
}

impl Place {
    /// Removes what was begun.
    pub(super) fn forget(&self) {
        if let Self::File(file) = self {
            file.forget();
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
