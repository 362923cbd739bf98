//! A position that outlives the process.
//!
//! ```text
//! cursor = "nw1." epoch "." seq "." bus        at most 2,048 bytes
//! epoch  = decimal, seq = decimal               without leading zeros
//! bus    = 1*( "A"-"Z" / "a"-"z" / "0"-"9" / "_" / "-" / "%" two upper-case hexadecimal digits )
//! ```
//!
//! The text is opaque to users, safe in a URL and in a header, and one position has one text: what isn't
//! exactly as it would be written is refused.

use std::fmt::{self, Write};
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};
use crate::event::Scope;

/// A position of a bus: bus, epoch and seq in one opaque text.
///
/// ```
/// use newswire::Cursor;
///
/// let cursor = Cursor::new("nightly runs", 3, 1_204)?;
/// let text = cursor.to_string();
/// assert_eq!(text, "nw1.3.1204.nightly%20runs");
/// assert_eq!(text.parse::<Cursor>()?, cursor);
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    bus: Box<str>,
    epoch: u64,
    seq: u64,
}

const VERSION: &str = "nw1";

/// Three bytes for each of the bus's, and the longest numbers.
const MAX_LEN: usize = 2048;

impl Cursor {
    /// The position after the event `seq` of the opening `epoch` of `bus`; a seq of 0 is before the first.
    ///
    /// # Errors
    /// `Invalid` when the bus has no name, `TooLarge` when that is over [`Scope::MAX_ID_LEN`] bytes.
    pub fn new(bus: impl Into<Box<str>>, epoch: u64, seq: u64) -> Result<Self> {
        let bus = bus.into();
        if bus.is_empty() {
            return Err(Error::invalid("a cursor needs the name of its bus").at_path("bus"));
        }
        if bus.len() > Scope::MAX_ID_LEN {
            let message =
                format!("the name of a bus has at most {} bytes, this has {}", Scope::MAX_ID_LEN, bus.len());
            return Err(Error::new(ErrorKind::TooLarge, message).at_path("bus"));
        }
        Ok(Self { bus, epoch, seq })
    }

    /// The beginning of a stream that the bus has named itself.
    pub(crate) fn of_stream(bus: String, epoch: u64) -> Self {
        Self { bus: bus.into(), epoch, seq: 0 }
    }

    /// Another position of the same opening.
    pub(crate) fn at(&self, seq: u64) -> Self {
        Self { seq, ..self.clone() }
    }

    /// The beginning of another opening.
    pub(crate) fn of_epoch(&self, epoch: u64) -> Self {
        Self { epoch, seq: 0, ..self.clone() }
    }

    /// The name of the bus.
    pub fn bus(&self) -> &str {
        &self.bus
    }

    /// Which opening of the bus.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The last seq before the position.
    pub fn seq(&self) -> u64 {
        self.seq
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERSION}.{}.{}.", self.epoch, self.seq)?;
        for byte in self.bus.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => f.write_char(byte.into())?,
                _ => write!(f, "%{byte:02X}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = |what: &str, column| {
            let error = Error::invalid(what).at_path("cursor").at_column(column);
            Err(error.expecting("a cursor as it was given out, such as nw1.3.1204.main"))
        };
        if text.len() > MAX_LEN {
            let message = format!("a cursor has at most {MAX_LEN} bytes, this has {}", text.len());
            return Err(Error::new(ErrorKind::TooLarge, message).at_path("cursor"));
        }
        let mut parts = text.splitn(4, '.');
        let (version, epoch, seq, bus) = (parts.next(), parts.next(), parts.next(), parts.next());
        if version != Some(VERSION) {
            return wrong("the cursor is of no version that is known here", 1);
        }
        let epoch_column = VERSION.len() + 2;
        let Some(epoch) = epoch.and_then(canonical_number) else {
            return wrong("the cursor's epoch is no number", epoch_column);
        };
        let seq_column = epoch_column + epoch.to_string().len() + 1;
        let Some(seq) = seq.and_then(canonical_number) else {
            return wrong("the cursor's seq is no number", seq_column);
        };
        let bus_column = seq_column + seq.to_string().len() + 1;
        let decoded = bus.map(decode).unwrap_or(Err(0));
        match decoded {
            Ok(bus) => {
                Self::new(bus, epoch, seq).map_err(|error| error.at_path("cursor").at_column(bus_column))
            }
            Err(offset) => wrong("the cursor's bus is not as it was written", bus_column + offset),
        }
    }
}

fn canonical_number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

/// The name behind `text`, or how many characters of it are right.
fn decode(text: &str) -> Result<Box<str>, usize> {
    let mut name = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let place = text.len() - rest.len();
        let (byte, length) = match character {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '-' => (character as u8, 1),
            '%' => (escaped(rest).ok_or(place)?, 3),
            _ => return Err(place),
        };
        name.push(byte);
        rest = rest.get(length..).unwrap_or_default();
    }
    String::from_utf8(name).map(Into::into).map_err(|_| 0)
}

/// The byte behind `%XX` at the start of `text`, where it had to be escaped.
fn escaped(text: &str) -> Option<u8> {
    let digits = text.get(1..3)?;
    let upper = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
    let byte = upper.then(|| u8::from_str_radix(digits, 16).ok()).flatten()?;
    let plain = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (!plain).then_some(byte)
}
