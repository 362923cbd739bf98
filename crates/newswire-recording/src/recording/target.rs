//! Where a recording is written to: a file or any writer, compressed or not.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind as IoKind, Write};
use std::path::Path;

use newswire::{Error, ErrorKind, Result};
use zstd::stream::write::Encoder;

use crate::source::MAX_WINDOW_LOG;

/// Levels above it take larger windows than readers hold, unless told otherwise.
const LAST_ORDINARY_LEVEL: i32 = 19;

/// Takes the bytes of a recording.
pub(super) struct Target {
    name: String,
    file: Option<File>,
    sink: Sink,
}

enum Sink {
    Plain(Counting),
    Zstd(Box<Encoder<'static, Counting>>),
}

/// A writer that counts what it has taken.
struct Counting {
    writer: Box<dyn Write + Send>,
    bytes: u64,
}

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Target {
    /// A file; one that is there already is refused unless `overwrite`.
    pub(super) fn create(path: &Path, overwrite: bool, level: Option<i32>) -> Result<Self> {
        let name = path.display().to_string();
        let file = open_new(path, overwrite).map_err(|error| refusal(&name, path, &error))?;
        let writer = file.try_clone().map_err(|error| refusal(&name, path, &error))?;
        let mut target = Self::new(Box::new(writer), name, level)?;
        target.file = Some(file);
        Ok(target)
    }

    pub(super) fn new(writer: Box<dyn Write + Send>, name: String, level: Option<i32>) -> Result<Self> {
        let writer = Counting { writer, bytes: 0 };
        let sink = match level {
            None => Sink::Plain(writer),
            Some(level) => Sink::Zstd(Box::new(encoder(writer, level).map_err(|error| {
                Error::invalid(format!("compression can't begin: {error}")).at_path(&*name)
            })?)),
        };
        Ok(Self { name, file: None, sink })
    }

    /// Writes whole lines: a regular file that isn't compressed has all of them or, after an error, none.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let before = self.bytes();
        let written = match &mut self.sink {
            Sink::Plain(writer) => writer.write_all(bytes),
            Sink::Zstd(encoder) => encoder.write_all(bytes),
        };
        written.map_err(|error| {
            self.cut_back(before);
            self.failed(&error)
        })
    }

    /// Takes away what follows so many bytes.
    fn cut_back(&self, bytes: u64) {
        let file = self.file.as_ref().filter(|_| matches!(self.sink, Sink::Plain(_)));
        if let Some(file) = file.filter(|file| file.metadata().is_ok_and(|metadata| metadata.is_file())) {
            // Where that fails as well, nothing better is left to be done.
            let _ = file.set_len(bytes);
        }
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        let flushed = match &mut self.sink {
            Sink::Plain(writer) => writer.flush(),
            Sink::Zstd(encoder) => encoder.flush(),
        };
        flushed.map_err(|error| self.failed(&error))
    }

    /// How many bytes it has handed on.
    pub(super) fn bytes(&self) -> u64 {
        match &self.sink {
            Sink::Plain(writer) => writer.bytes,
            Sink::Zstd(encoder) => encoder.get_ref().bytes,
        }
    }

    /// Ends the frame, if there is one, and with `sync` waits until the disk has all.
    pub(super) fn finish(self, sync: bool) -> Result<()> {
        let Self { name, file, sink } = self;
        let mut finished = match sink {
            Sink::Plain(mut writer) => writer.flush(),
            Sink::Zstd(encoder) => encoder.finish().and_then(|mut writer| writer.flush()),
        };
        if let (Some(file), true, true) = (file, sync, finished.is_ok()) {
            finished = file.sync_all();
        }
        finished.map_err(|error| write_error(&name, &error))
    }

    fn failed(&self, error: &io::Error) -> Error {
        write_error(&self.name, error)
    }
}

fn encoder(writer: Counting, level: i32) -> io::Result<Encoder<'static, Counting>> {
    let mut encoder = Encoder::new(writer, level)?;
    encoder.include_checksum(true)?;
    if level > LAST_ORDINARY_LEVEL {
        encoder.window_log(MAX_WINDOW_LOG)?;
    }
    Ok(encoder)
}

/// What isn't a regular file (a device, a pipe) can't be overwritten, and needs no leave to be written to.
fn open_new(path: &Path, overwrite: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    match options.clone().create_new(true).open(path) {
        Err(error) if error.kind() == IoKind::AlreadyExists => {
            let regular = path.metadata().is_ok_and(|metadata| metadata.is_file());
            match (regular, overwrite) {
                (true, false) => Err(error),
                (true, true) => options.create(true).truncate(true).open(path),
                (false, _) => options.open(path),
            }
        }
        opened => opened,
    }
}

fn refusal(name: &str, path: &Path, error: &io::Error) -> Error {
    let (kind, message) = match error.kind() {
        _ if path.is_dir() => (ErrorKind::Invalid, "this is a directory".to_owned()),
        IoKind::AlreadyExists => (ErrorKind::Invalid, "the file is there already".to_owned()),
        IoKind::NotFound if path.is_symlink() => {
            (ErrorKind::Invalid, "this is a link to a file that isn't there".to_owned())
        }
        IoKind::NotFound => (ErrorKind::Io, "there is no such folder".to_owned()),
        IoKind::PermissionDenied => (ErrorKind::Io, "the file may not be written".to_owned()),
        _ => (ErrorKind::Io, format!("the file can't be written: {error}")),
    };
    Error::new(kind, message).at_path(name).expecting("the name of a new file")
}

fn write_error(name: &str, error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("writing failed: {error}")).at_path(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that has room for so many bytes.
    struct Full(File, usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (fits, _) = bytes.split_at(bytes.len().min(self.1));
            if fits.is_empty() {
                return Err(IoKind::StorageFull.into());
            }
            self.1 -= fits.len();
            self.0.write(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_file_on_a_full_disk_ends_with_a_whole_line() {
        let path = std::env::temp_dir().join(format!("newswire-cut-back-{}", std::process::id()));
        let file = File::create(&path).unwrap();
        let full = Full(file.try_clone().unwrap(), 13);
        let mut target = Target::new(Box::new(full), "name".to_owned(), None).unwrap();
        target.file = Some(file);
        target.write(b"{\"a\":1}\n").unwrap();
        let error = target.write(b"{\"b\":2}\n").unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Io, Some("name")));
        assert_eq!(std::fs::read(&path).unwrap(), b"{\"a\":1}\n");
        std::fs::remove_file(&path).unwrap();
    }
}
