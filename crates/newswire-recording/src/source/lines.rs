//! Lines of text from a file that nobody vouches for: bounded, UTF-8, free of NUL.

use std::io::{self, BufRead, ErrorKind as IoKind, Read};

use memchr::{memchr, memchr_iter, memrchr};
use newswire::{Error, ErrorKind, Result};

/// The longest line, in bytes, its end not counted, where nothing else is said.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// What was to stand there, for error messages.
const RECORD: &str = "one record a line, JSON in UTF-8";

/// How much is read at a time, where whole lines are.
const READ_BYTES: usize = 1 << 17;

pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Hands out one line at a time, in a buffer that it reuses.
pub(crate) struct Lines<R> {
    reader: Begun<R>,
    buffer: Vec<u8>,
    number: u64,
    max_bytes: usize,
    /// Whether the rest of a line that was too long is still to come.
    within: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R, max_bytes: usize) -> Self {
        let reader = Begun { begun: Vec::new(), taken: 0, reader };
        Self { reader, buffer: Vec::new(), number: 0, max_bytes, within: false }
    }

    /// The number of the line that was read last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The longest line, in bytes.
    pub(crate) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// The next line that isn't blank, without its end; `None` at the end of the file.
    ///
    /// # Errors
    /// `Io`; `TooLarge` over the bound; `Invalid` for NUL and for what is not UTF-8.
    pub(crate) fn next(&mut self) -> Result<Option<&str>> {
        loop {
            self.buffer.clear();
            self.number += 1;
            if std::mem::take(&mut self.within) {
                self.reader.skip_until(b'\n').map_err(failed)?;
            }
            if !self.read_line()? {
                return Ok(None);
            }
            let line = bare(&self.buffer, self.number);
            let too_long = line.len() > self.max_bytes;
            self.within = too_long && !self.buffer.ends_with(b"\n");
            if too_long || !is_blank(line) {
                break;
            }
        }
        text_of(&self.buffer, self.number, self.max_bytes)
    }

    /// Puts the whole lines that come next into `run`, as they stand in the file, as many as a look at the file gives.
    /// False where that gives no whole line: [`Lines::next`] gathers it.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn run(&mut self, run: &mut Run) -> Result<bool> {
        if self.within {
            return Ok(false);
        }
        if let Err(error) = self.reader.fill(run) {
            // It was the next line that couldn't be read, as [`Lines::next`] counts.
            self.number += 1;
            return Err(failed(error));
        }
        run.first = self.number + 1;
        run.count = memchr_iter(b'\n', run.whole()).count();
        self.number += run.count as u64;
        Ok(run.count > 0)
    }
}

/// Whole lines of a source, as they stand there, in room that is used again.
#[derive(Default)]
pub(crate) struct Run {
    /// Longer than the lines are.
    room: Vec<u8>,
    /// Where they end.
    end: usize,
    /// The number of the first.
    pub(crate) first: u64,
    /// How many they are.
    pub(crate) count: usize,
}

impl Run {
    /// One line, without its end.
    pub(crate) fn of_line(mut line: Vec<u8>, number: u64) -> Self {
        line.push(b'\n');
        Self { end: line.len(), room: line, first: number, count: 1 }
    }

    /// The lines.
    pub(crate) fn whole(&self) -> &[u8] {
        self.room.get(..self.end).unwrap_or_default()
    }
}

/// A file, and what of a line that has begun was read from it already.
struct Begun<R> {
    begun: Vec<u8>,
    /// How much of it has been taken.
    taken: usize,
    reader: R,
}

impl<R: BufRead> Begun<R> {
    /// Reads from the file once, straight to where it is to stand.
    fn fill(&mut self, run: &mut Run) -> io::Result<()> {
        self.begun.drain(..self.taken);
        self.taken = 0;
        let (start, length) = (self.begun.len(), self.begun.len() + READ_BYTES);
        if run.room.len() < length {
            run.room.resize(length, 0);
        }
        let (before, room) = run.room.split_at_mut(start);
        before.copy_from_slice(&self.begun);
        run.end = 0;
        let read = loop {
            match self.reader.read(room) {
                Err(error) if error.kind() == IoKind::Interrupted => {}
                read => break read?,
            }
        };
        let read = room.get(..read).unwrap_or_default();
        let (whole, rest) = read.split_at(memrchr(b'\n', read).map_or(0, |last| last + 1));
        if !whole.is_empty() {
            run.end = start + whole.len();
            self.begun.clear();
        }
        self.begun.extend_from_slice(rest);
        Ok(())
    }
}

impl<R: BufRead> Read for Begun<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut there = self.fill_buf()?;
        let read = there.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Begun<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.begun.get(self.taken..) {
            Some(rest) if !rest.is_empty() => Ok(rest),
            _ => self.reader.fill_buf(),
        }
    }

    fn consume(&mut self, bytes: usize) {
        if self.taken < self.begun.len() {
            self.taken += bytes;
        } else {
            self.reader.consume(bytes);
        }
    }
}

/// A line without its end and, where it is the first of the file, without a byte order mark.
fn bare(line: &[u8], number: u64) -> &[u8] {
    let line = line.strip_prefix(BOM).filter(|_| number == 1).unwrap_or(line);
    let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r'));
    line.get(..end.map_or(0, |last| last + 1)).unwrap_or_default()
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// The text of the line of that number; none where it is blank.
///
/// # Errors
/// As [`Lines::next`], but for `Io`.
pub(crate) fn text_of(line: &[u8], number: u64, max_bytes: usize) -> Result<Option<&str>> {
    let line = bare(line, number);
    if line.len() > max_bytes {
        let message = format!("a line has at most {max_bytes} bytes, this has more");
        return Err(Error::new(ErrorKind::TooLarge, message).at_column(1).expecting(RECORD));
    }
    let text = std::str::from_utf8(line).map_err(|error| {
        let valid = line.get(..error.valid_up_to()).unwrap_or_default();
        Error::invalid("these bytes are not UTF-8")
            .at_column(column_after(&String::from_utf8_lossy(valid)))
            .expecting(RECORD)
    })?;
    if let Some(at) = memchr(0, text.as_bytes()) {
        let before = text.get(..at).unwrap_or_default();
        return Err(Error::invalid("a NUL stands in the text")
            .at_column(column_after(before))
            .expecting(RECORD));
    }
    Ok(Some(text).filter(|_| !is_blank(line)))
}

impl<R: BufRead> Lines<R> {
    /// Reads up to the line's end, or so far that the line is too long; false where nothing is left.
    fn read_line(&mut self) -> Result<bool> {
        // Two bytes for the line's end, one more to know that the line is too long.
        let limit = self.max_bytes.saturating_add(3);
        while self.buffer.len() < limit {
            let bytes = match self.reader.fill_buf() {
                Ok([]) => break,
                Ok(bytes) => bytes,
                Err(error) if error.kind() == IoKind::Interrupted => continue,
                Err(error) => return Err(failed(error)),
            };
            let (bytes, _) = bytes.split_at(bytes.len().min(limit - self.buffer.len()));
            let end = memchr(b'\n', bytes);
            let (line, _) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
            self.buffer.extend_from_slice(line);
            let used = line.len();
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        Ok(!self.buffer.is_empty())
    }
}

pub(super) fn failed(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("reading failed: {error}"))
}

/// The column, in characters from 1, of what stands after `text`.
pub(crate) fn column_after(text: &str) -> usize {
    text.chars().count() + 1
}
