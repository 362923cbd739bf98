//! How a source becomes a stream of events.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind as IoKind, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use newswire::{Error, ErrorKind, Result};

use super::format::Format;
use super::read::{Import, ReadOptions};
use crate::source::{Head, Unit, unzipped};

/// What can be opened, for error messages.
const RECORDING: &str = "a recording";

/// How much is read at a time.
const READ_BYTES: usize = 1 << 17;

/// Opens a recording in any format that can be read, told by its beginning; compressed by zstd or not.
///
/// # Errors
/// As [`open_with`].
pub fn open(path: &Path) -> Result<Import<'static>> {
    open_with(path, &ReadOptions::default())
}

/// Opens a recording.
///
/// # Errors
/// `Io` where the file isn't there or can't be read, `Invalid` where it is a directory, is empty or is no
/// recording. What is wrong further down comes from the import, when it gets there.
pub fn open_with(path: &Path, options: &ReadOptions) -> Result<Import<'static>> {
    let name = path.display().to_string();
    let refused = |error: io::Error| {
        let message = match error.kind() {
            IoKind::NotFound => "there is no such file".to_owned(),
            IoKind::PermissionDenied => "the file may not be read".to_owned(),
            _ => format!("the file can't be read: {error}"),
        };
        Error::new(ErrorKind::Io, message).at_path(&*name).expecting(RECORDING)
    };
    let file = File::open(path).map_err(refused)?;
    if file.metadata().map_err(refused)?.is_dir() {
        return Err(Error::invalid("this is a directory").at_path(&*name).expecting(RECORDING));
    }
    read_with(file, name, options)
}

/// Reads a recording from anywhere, in any format that can be read, compressed by zstd or not; `name` is what
/// errors call it.
///
/// ```
/// let session = r#"{"type":"session","id":"s-1"}"#;
/// let events = newswire_recording::read(session.as_bytes(), "standard input")?;
/// assert_eq!(events.count(), 1);
/// # Ok::<(), newswire::Error>(())
/// ```
///
/// # Errors
/// As [`open_with`], once there is something to read.
pub fn read<'r>(reader: impl Read + Send + 'r, name: impl Into<String>) -> Result<Import<'r>> {
    read_with(reader, name, &ReadOptions::default())
}

/// Reads a recording from anywhere; `name` is what errors call it.
///
/// # Errors
/// As [`open_with`], once there is something to read.
pub fn read_with<'r>(
    reader: impl Read + Send + 'r,
    name: impl Into<String>,
    options: &ReadOptions,
) -> Result<Import<'r>> {
    let name = name.into();
    let failed =
        |error: io::Error| Error::new(ErrorKind::Io, format!("reading failed: {error}")).at_path(&*name);
    let reader = Counted { reader, bytes: options.progress.clone() };
    let mut reader = unzipped(reader).map_err(failed)?;
    let head = read_head(&mut reader).map_err(failed)?;
    let format = match options.format {
        Some(format) => format,
        None => Format::detect(&Head::new(&head)).map_err(|error| error.at_path(&*name))?,
    };
    let by_lines = match format.unit {
        Unit::Line => true,
        Unit::Element => false,
        Unit::LineOrElement => !Head::new(&head).text().starts_with('['),
    };
    let reader: Box<dyn BufRead + Send + 'r> =
        Box::new(BufReader::with_capacity(READ_BYTES, Cursor::new(head).chain(reader)));
    Ok(Import::new(reader, name, format, options, by_lines))
}

/// Counts what is read, where somebody wants to know.
struct Counted<R> {
    reader: R,
    bytes: Option<Arc<AtomicU64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(out)?;
        if let Some(bytes) = &self.bytes {
            bytes.fetch_add(read as u64, Ordering::Relaxed);
        }
        Ok(read)
    }
}

/// How much white space may stand before anything else.
const MAX_BLANK: usize = 16 << 20;

/// What stands first, as far as it is there to be read: a line that may be a whole record at least, unless what
/// is looked at ends before. So a pipe is waited for, but not for more than its first record.
fn read_head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let (mut head, mut filled) = (Vec::new(), 0);
    // White space says nothing of what follows it.
    let mut blank = 0_usize;
    while filled < blank.min(MAX_BLANK) + Head::BYTES && !head.get(blank..filled).is_some_and(has_record) {
        head.resize(blank.min(MAX_BLANK) + Head::BYTES, 0);
        let Some(room) = head.get_mut(filled..) else { break };
        match reader.read(room) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == IoKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        let found = head.get(blank..filled).unwrap_or_default();
        blank += found.len() - found.trim_ascii_start().len();
    }
    head.truncate(filled);
    Ok(head)
}

/// Whether there is a whole line that ends as an object does.
fn has_record(head: &[u8]) -> bool {
    let lines = head.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    lines.map(<[u8]>::trim_ascii_end).any(|line| line.ends_with(b"}"))
}
