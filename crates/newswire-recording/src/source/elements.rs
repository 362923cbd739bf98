//! The elements of a JSON array that is a whole file, one at a time, however long the file is.

use std::io::{BufRead, ErrorKind as IoKind};

use newswire::{Error, ErrorKind, Result};

/// The longest element, in bytes; also the longest file that is no array.
const MAX_ELEMENT_BYTES: usize = 64 << 20;

/// A line and a column in it, in characters, both from 1.
#[derive(Clone, Copy)]
struct Place {
    line: u64,
    column: usize,
}

impl Place {
    /// Where it is after these bytes.
    fn after(self, bytes: &[u8]) -> Self {
        let chars = |bytes: &[u8]| bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => {
                let (lines, rest) = bytes.split_at(last + 1);
                let lines = lines.iter().filter(|byte| **byte == b'\n').count() as u64;
                Self { line: self.line + lines, column: chars(rest) + 1 }
            }
            None => Self { column: self.column + chars(bytes), ..self },
        }
    }
}

/// Hands out one element at a time, in a buffer that it reuses.
pub(crate) struct Elements<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Where the element begins, or what is wrong stands; and where reading has come to.
    began: Place,
    here: Place,
    /// Whether the array has been entered.
    in_array: bool,
    first: bool,
    /// Whether there is no going on after an error.
    lost: bool,
}

impl<R: BufRead> Elements<R> {
    pub(crate) fn new(reader: R) -> Self {
        let here = Place { line: 1, column: 1 };
        Self { reader, buffer: Vec::new(), began: here, here, in_array: false, first: true, lost: false }
    }

    /// The line on which the element that was read last begins, or what is wrong stands, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.began.line
    }

    /// The column at which it does, in characters from 1.
    pub(crate) fn column(&self) -> usize {
        self.began.column
    }

    /// The error that something is wrong after these bytes of the element.
    fn wrong(&mut self, message: &str, expected: &str, before: usize) -> Error {
        self.began = self.began.after(self.buffer.get(..before).unwrap_or_default());
        Error::invalid(message).at_column(self.began.column).expecting(expected)
    }

    /// The next element, or document; `None` at the end.
    ///
    /// # Errors
    /// `Io`; `TooLarge` over [`MAX_ELEMENT_BYTES`]; `Invalid` for NUL, for what is not UTF-8, and where the
    /// file ends within an element or the array.
    pub(crate) fn next(&mut self) -> Result<Option<&str>> {
        self.buffer.clear();
        if std::mem::replace(&mut self.lost, true) {
            return Ok(None);
        }
        let Some(()) = self.skip_to_element()? else { return Ok(None) };
        self.began = self.here;
        self.read_value()?;
        self.here = self.here.after(&self.buffer);
        self.lost = false;
        if let Err(error) = std::str::from_utf8(&self.buffer) {
            return Err(self.wrong("these bytes are not UTF-8", "JSON in UTF-8", error.valid_up_to()));
        }
        if let Some(at) = self.buffer.iter().position(|byte| *byte == 0) {
            return Err(self.wrong("a NUL stands in the text", "JSON in UTF-8", at));
        }
        // It was looked at above; asked again, since what is lent can't be given on past a change.
        let text = std::str::from_utf8(&self.buffer).map_err(|error| Error::invalid(error.to_string()))?;
        Ok(Some(text))
    }

    /// Goes to where an element begins; `None` where there are no more.
    fn skip_to_element(&mut self) -> Result<Option<()>> {
        if self.first {
            self.skip_mark()?;
        }
        loop {
            let Some(byte) = self.peek()? else {
                if self.in_array {
                    self.began = self.here;
                    return Err(self.wrong("the file ends within the array", "a ] at its end", 0));
                }
                return Ok(None);
            };
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {}
                b'[' if self.first => self.in_array = true,
                b',' if self.in_array => {}
                b']' if self.in_array => self.in_array = false,
                _ => {
                    self.first = false;
                    return Ok(Some(()));
                }
            }
            self.first &= byte.is_ascii_whitespace();
            self.here = self.here.after(&[byte]);
            self.reader.consume(1);
        }
    }

    /// Skips a byte order mark.
    fn skip_mark(&mut self) -> Result<()> {
        if self.peek()? == Some(0xef) {
            let mark = self.reader.fill_buf().is_ok_and(|bytes| bytes.starts_with(b"\xef\xbb\xbf"));
            self.reader.consume(if mark { 3 } else { 0 });
        }
        Ok(())
    }

    /// Reads one value into the buffer: what it says, its reader will see.
    fn read_value(&mut self) -> Result<()> {
        let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
        loop {
            let bytes = fill(&mut self.reader)?;
            if bytes.is_empty() {
                if depth == 0 && !in_text {
                    return Ok(());
                }
                let read = self.buffer.len();
                return Err(self.wrong("the file ends within a value", "the rest of the JSON", read));
            }
            let (mut used, mut ended) = (0, false);
            for byte in bytes {
                if in_text {
                    match byte {
                        _ if escaped => escaped = false,
                        b'\\' => escaped = true,
                        b'"' => in_text = false,
                        _ => {}
                    }
                } else {
                    match byte {
                        b'"' => in_text = true,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' if depth == 0 => ended = true,
                        b'}' | b']' => depth -= 1,
                        b',' if depth == 0 => ended = true,
                        _ => {}
                    }
                    if ended {
                        break;
                    }
                }
                used += 1;
                if depth == 0 && matches!(byte, b'}' | b']') && !in_text {
                    ended = true;
                    break;
                }
            }
            self.buffer.extend_from_slice(bytes.get(..used).unwrap_or_default());
            self.reader.consume(used);
            if self.buffer.len() > MAX_ELEMENT_BYTES {
                let message = format!("a record has at most {MAX_ELEMENT_BYTES} bytes, this has more");
                return Err(Error::new(ErrorKind::TooLarge, message).expecting("smaller records"));
            }
            if ended {
                return Ok(());
            }
        }
    }

    fn peek(&mut self) -> Result<Option<u8>> {
        Ok(fill(&mut self.reader)?.first().copied())
    }
}

fn fill<R: BufRead>(reader: &mut R) -> Result<&[u8]> {
    // Asked twice, since what the first answer lends can't be given on from within a loop.
    loop {
        match reader.fill_buf() {
            Ok(_) => break,
            Err(error) if error.kind() == IoKind::Interrupted => {}
            Err(error) => return Err(Error::new(ErrorKind::Io, format!("reading failed: {error}"))),
        }
    }
    reader.fill_buf().map_err(|error| Error::new(ErrorKind::Io, format!("reading failed: {error}")))
}
