//! Media as payloads carry them: by reference plus what is known of them, small ones with their bytes.
//!
//! Every subscription, history and store holds what an event carries, so bytes in it are bounded; whatever
//! is larger is stored elsewhere and referred to.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::record::record;
use super::value::{FieldValue, Text};
use crate::error::{Error, ErrorKind, Result};

record! {
    Media + Default "A piece of media: by reference, small ones with their bytes.";
    reference "reference": Option<Text> = Id => "Where its bytes are: a URL, a path, a store's reference.";
    mime_type "mime_type": Option<Text> = Meta => "What it is, such as `audio/wav`.";
    size_bytes "size_bytes": Option<u64> = Measure => "How many bytes it has.";
    checksum "checksum": Option<Text> = Meta => "A checksum of its bytes, the algorithm before it: `sha256:...`.";
    inline "inline": Option<Inline> = Content => "The bytes themselves in base64, of small pieces.";
}

impl Media {
    /// Media whose bytes are elsewhere.
    pub fn at(reference: impl Into<Text>) -> Self {
        Self { reference: Some(reference.into()), ..Self::default() }
    }
}

/// Bytes inside an event, at most [`Inline::MAX_BYTES`] of them; base64 (RFC 4648, padded) in JSON.
///
/// ```
/// use newswire::catalogue::Inline;
///
/// let sound = Inline::of(b"RIFF")?;
/// assert_eq!(sound.base64(), "UklGRg==");
/// assert_eq!(Inline::parse("UklGRg==")?, sound);
/// assert!(Inline::of(&vec![0; Inline::MAX_BYTES + 1]).is_err());
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Inline(Box<str>);

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Inline {
    /// The most bytes that an event carries in one place.
    pub const MAX_BYTES: usize = 64 << 10;

    /// These bytes.
    ///
    /// # Errors
    /// `TooLarge` over [`Inline::MAX_BYTES`].
    pub fn of(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(too_large(bytes.len()));
        }
        let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
        for chunk in bytes.chunks(3) {
            let byte = |place: usize| chunk.get(place).copied().map_or(0, u32::from);
            let group = byte(0) << 16 | byte(1) << 8 | byte(2);
            for digit in 0..4 {
                let index = (group >> (18 - 6 * digit)) & 63;
                let letter = ALPHABET.get(index as usize).copied().unwrap_or(b'=');
                text.push(if digit > chunk.len() { '=' } else { char::from(letter) });
            }
        }
        Ok(Self(text.into()))
    }

    /// Bytes in base64.
    ///
    /// # Errors
    /// `Invalid`, with the column, for what is no padded base64; `TooLarge` over [`Inline::MAX_BYTES`].
    pub fn parse(base64: impl Into<String>) -> Result<Self> {
        let text = base64.into();
        let digits = text.trim_end_matches('=');
        let is_digit = |character: char| character.is_ascii() && ALPHABET.contains(&(character as u8));
        let wrong = digits.chars().position(|character| !is_digit(character));
        if wrong.is_some() || text.len() % 4 != 0 || text.len() - digits.len() > 2 {
            let column = wrong.unwrap_or(digits.len());
            return Err(Error::invalid("this is no base64").at_column(column + 1).expecting("padded base64"));
        }
        Self::check_length(&text)?;
        Ok(Self(text.into()))
    }

    /// The least JSON that can hold more of them than an event may carry.
    pub(crate) const TOO_LONG: usize = Self::MAX_BYTES / 3 * 4;

    /// Checks how many bytes the base64 stands for, whether it is any or not.
    pub(super) fn check_length(base64: &str) -> Result<()> {
        let digits = base64.trim_end_matches('=').len();
        match digits / 4 * 3 + digits % 4 * 3 / 4 {
            length if length > Self::MAX_BYTES => Err(too_large(length)),
            _ => Ok(()),
        }
    }

    /// The bytes in base64.
    pub fn base64(&self) -> &str {
        &self.0
    }
}

fn too_large(length: usize) -> Error {
    let message = format!("an event carries at most {} bytes inline, these are {length}", Inline::MAX_BYTES);
    Error::new(ErrorKind::TooLarge, message).expecting("a reference to where they are stored")
}

impl TryFrom<String> for Inline {
    type Error = Error;

    fn try_from(base64: String) -> Result<Self> {
        Self::parse(base64)
    }
}

impl Serialize for Inline {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Inline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl fmt::Debug for Inline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inline({} characters of base64)", self.0.len())
    }
}

impl FieldValue for Inline {
    fn size_bound(&self) -> usize {
        self.0.len() + 2
    }
}
