//! The elements of a JSON array that is a whole file, one at a time, however long the file is. Documents that
//! stand one after another are elements too: the values of a file that begins with no array.
//!
//! It looks no further into a value than to find its end. Whether it is one is its reader's question.

use std::io::{BufRead, ErrorKind as IoKind};

use newswire::{Error, ErrorKind, Result};

use super::lines::{BOM, failed};

/// What was to stand there, for error messages.
const JSON: &str = "JSON in UTF-8";

/// The longest element, in bytes; also the longest file that is no array.
pub(crate) const MAX_ELEMENT_BYTES: usize = 64 << 20;

/// Hands out one element at a time, in a buffer that it reuses.
pub(crate) struct Elements<R> {
    reader: R,
    buffer: Vec<u8>,
    max_bytes: usize,
    here: Spot,
    began: Spot,
    place: Place,
    end: End,
    /// Whether the rest of an element that was too long is still to come.
    within: bool,
    /// Whether nothing has been read yet.
    fresh: bool,
    /// Whether there is no going on after an error.
    lost: bool,
}

/// A place in the file: line and column, in characters, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) line: u64,
    pub(crate) column: usize,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A document, or an array to enter.
    Outside,
    /// The first element, or the array's end.
    Entered,
    /// An element.
    AfterComma,
    /// A comma, or the array's end.
    AfterElement,
}

impl<R: BufRead> Elements<R> {
    pub(crate) fn new(reader: R, max_bytes: usize) -> Self {
        let start = Spot { line: 1, column: 1 };
        Self {
            reader,
            buffer: Vec::new(),
            max_bytes,
            here: start,
            began: start,
            place: Place::Outside,
            end: End::default(),
            within: false,
            fresh: true,
            lost: false,
        }
    }

    /// Where the element that was read last begins; after an error, what it is about.
    pub(crate) fn spot(&self) -> Spot {
        self.began
    }

    /// The next element, or document; `None` at the end.
    ///
    /// # Errors
    /// `Io`; `TooLarge` over the bound; `Invalid` for NUL, for what is not UTF-8, and for what stands between
    /// elements or is missing there.
    pub(crate) fn next(&mut self) -> Result<Option<&str>> {
        self.buffer.clear();
        if std::mem::replace(&mut self.lost, true) {
            return Ok(None);
        }
        if std::mem::take(&mut self.within) {
            self.pass_value(false)?;
        }
        if !self.find()? {
            return Ok(None);
        }
        self.began = self.here;
        self.end = End::default();
        let fits = self.pass_value(true)?;
        self.lost = false;
        if !fits {
            let message = format!("a record has at most {} bytes, this has more", self.max_bytes);
            return Err(Error::new(ErrorKind::TooLarge, message).expecting("smaller records"));
        }
        let text = match std::str::from_utf8(&self.buffer) {
            Ok(text) => text,
            Err(error) => {
                self.began.pass(self.buffer.get(..error.valid_up_to()).unwrap_or_default());
                return Err(Error::invalid("these bytes are not UTF-8").expecting(JSON));
            }
        };
        if let Some(at) = text.find('\0') {
            self.began.pass(text.get(..at).unwrap_or_default().as_bytes());
            return Err(Error::invalid("a NUL stands in the text").expecting(JSON));
        }
        Ok(Some(text))
    }

    /// Goes to where an element begins; says whether there is one.
    fn find(&mut self) -> Result<bool> {
        if std::mem::take(&mut self.fresh) {
            self.skip_mark()?;
        }
        loop {
            let Some(byte) = fill(&mut self.reader)?.first().copied() else {
                return match self.place {
                    Place::Outside => Ok(false),
                    _ => Err(self.fault("the file ends within the array", "a ] at its end")),
                };
            };
            self.place = match (byte, self.place) {
                (b' ' | b'\t' | b'\r' | b'\n', place) => place,
                (b'[', Place::Outside) => Place::Entered,
                (b']', Place::Entered | Place::AfterElement) => Place::Outside,
                (b',', Place::AfterElement) => Place::AfterComma,
                (_, Place::AfterElement) => {
                    return Err(
                        self.fault("an element isn't followed by the next", "a comma, or the ] at the end")
                    );
                }
                (b',' | b':' | b']' | b'}', _) => {
                    let message = format!("{:?} can't stand here", char::from(byte));
                    return Err(self.fault(message, "a JSON value"));
                }
                _ => return Ok(true),
            };
            self.here.pass(&[byte]);
            self.reader.consume(1);
        }
    }

    /// Skips a byte order mark.
    fn skip_mark(&mut self) -> Result<()> {
        for (place, byte) in BOM.iter().enumerate() {
            match fill(&mut self.reader)?.first() {
                Some(found) if found == byte => self.reader.consume(1),
                _ if place == 0 => break,
                _ => return Err(self.fault("these bytes are not UTF-8", JSON)),
            }
        }
        Ok(())
    }

    /// Passes the value, or what is left of one, into the buffer if it is to be kept; says whether it fits.
    fn pass_value(&mut self, keep: bool) -> Result<bool> {
        let mut fits = true;
        loop {
            let bytes = fill(&mut self.reader)?;
            if bytes.is_empty() && self.end.is_open() {
                return Err(self.fault("the file ends within a value", "the rest of the JSON"));
            }
            let (used, ended) = self.end.find(bytes);
            let passed = bytes.get(..used).unwrap_or_default();
            self.here.pass(passed);
            fits &= !keep || self.buffer.len() + used <= self.max_bytes;
            if keep && fits {
                self.buffer.extend_from_slice(passed);
            }
            let ended = ended || bytes.is_empty();
            self.reader.consume(used);
            if !ended && !fits {
                // What is left of it is passed when somebody asks for the next one: it may be endless.
                self.within = true;
                return Ok(false);
            }
            if ended {
                break;
            }
        }
        if self.place != Place::Outside {
            self.place = Place::AfterElement;
        }
        Ok(fits)
    }

    /// The error that the file is wrong here, so that there is no going on.
    fn fault(&mut self, message: impl Into<String>, expected: &str) -> Error {
        self.began = self.here;
        Error::invalid(message).expecting(expected)
    }
}

/// Looks for the end of a value.
#[derive(Default)]
struct End {
    depth: usize,
    in_text: bool,
    escaped: bool,
    /// Whether something of it has been seen.
    begun: bool,
    /// Whether that is a name before the value, as in a stream of server-sent events: `data: {"a":1}`.
    named: bool,
}

impl End {
    /// Whether the value can't end with the file.
    fn is_open(&self) -> bool {
        self.depth > 0 || self.in_text
    }

    /// How many of the next bytes are the value's, and whether it ends with them. A number or a word ends
    /// before what can't be a part of it, all else with its own last byte; a name before it is a part of it.
    fn find(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (at, byte) in bytes.iter().enumerate() {
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                if !self.is_open() {
                    return (at + 1, true);
                }
                continue;
            }
            match byte {
                b'"' | b'{' | b'[' if self.depth == 0 && self.begun && !self.named => return (at, true),
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 && !self.named => return (at, true),
                b'}' | b']' | b',' if self.depth == 0 => return (at, true),
                b':' if self.depth == 0 => self.named = true,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                _ => {}
            }
            self.begun = true;
        }
        (bytes.len(), false)
    }
}

impl Spot {
    /// The place behind these bytes.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        let last = match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => {
                self.line += lines as u64;
                self.column = 1;
                bytes.get(at + 1..).unwrap_or_default()
            }
            None => bytes,
        };
        // A character begins with every byte that doesn't go on with one.
        self.column += last.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
    }
}

/// What comes next, without taking it; empty at the end.
fn fill<R: BufRead>(reader: &mut R) -> Result<&[u8]> {
    // Asked twice, since what the first answer lends can't be given on from within a loop.
    loop {
        match reader.fill_buf() {
            Ok(_) => break,
            Err(error) if error.kind() == IoKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    reader.fill_buf().map_err(failed)
}

#[cfg(test)]
mod tests;
