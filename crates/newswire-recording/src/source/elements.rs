//! The elements of a JSON array that is a whole file, one at a time, however long the file is.

use std::io::{BufRead, ErrorKind as IoKind};

use newswire::{Error, ErrorKind, Result};

/// The longest element, in bytes; also the longest file that is no array.
const MAX_ELEMENT_BYTES: usize = 64 << 20;

/// Hands out one element at a time, in a buffer that it reuses.
pub(crate) struct Elements<R> {
    reader: R,
    buffer: Vec<u8>,
    /// The line on which the element begins, and the one that is being read.
    began: u64,
    line: u64,
    /// Whether the array has been entered.
    in_array: bool,
    first: bool,
    /// Whether there is no going on after an error.
    lost: bool,
}

impl<R: BufRead> Elements<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), began: 1, line: 1, in_array: false, first: true, lost: false }
    }

    /// The line on which the element that was read last begins, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.began
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
        self.began = self.line;
        self.read_value()?;
        self.lost = false;
        let text = std::str::from_utf8(&self.buffer)
            .map_err(|_| Error::invalid("these bytes are not UTF-8").expecting("JSON in UTF-8"))?;
        if text.contains('\0') {
            return Err(Error::invalid("a NUL stands in the text").expecting("JSON in UTF-8"));
        }
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
                    return Err(Error::invalid("the file ends within the array").expecting("a ] at its end"));
                }
                return Ok(None);
            };
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                b'[' if self.first => self.in_array = true,
                b',' if self.in_array => {}
                b']' if self.in_array => self.in_array = false,
                _ => {
                    self.first = false;
                    return Ok(Some(()));
                }
            }
            self.first &= byte.is_ascii_whitespace();
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
                return Err(Error::invalid("the file ends within a value").expecting("the rest of the JSON"));
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
                self.line += u64::from(*byte == b'\n');
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
