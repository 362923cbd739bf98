//! Options as JSON, which is how languages without keyword arguments hand them in.

use newswire::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest options, in bytes.
pub(crate) const MAX_BYTES: usize = 64 << 10;

/// Reads options; empty text stands for none. `what` is what errors call them.
///
/// # Errors
/// `Invalid`, with the column, for what is no JSON, and for a name or type that the options don't have, with those
/// that they have; `TooLarge` over 64 KiB.
pub(crate) fn read<T: DeserializeOwned + Default>(text: &str, what: &str) -> Result<T> {
    read_within(MAX_BYTES, text, what)
}

/// As [`read`], of what may have that many bytes.
pub(crate) fn read_within<T: DeserializeOwned + Default>(most: usize, text: &str, what: &str) -> Result<T> {
    if text.is_empty() {
        return Ok(T::default());
    }
    if text.len() > most {
        let message = format!("at most {most} bytes say it, these are {}", text.len());
        return Err(Error::new(ErrorKind::TooLarge, message).at_path(what));
    }
    serde_json::from_str(text).map_err(|error| wrong(&error, text).at_path(what))
}

/// The JSON of what the core tells of itself: stats, reports, results. The names are the fields' own.
///
/// ```
/// let stats = newswire_facade::to_json(&newswire::Bus::new().stats())?;
/// assert!(stats.contains(r#""published":0"#) && stats.contains(r#""history":{"bytes":0,"events":0}"#));
/// # Ok::<(), newswire::Error>(())
/// ```
///
/// # Errors
/// `Invalid` for a value that has none, which nothing that the core tells is.
pub fn to_json(value: &(impl Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::invalid(error.to_string()))
}

/// What the JSON library says, with the place as a column of the whole text.
pub(crate) fn wrong(error: &serde_json::Error, text: &str) -> Error {
    let told = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let told = told.strip_suffix(&place).unwrap_or(&told);
    let (message, expected) = match told.split_once(", expected ") {
        Some((message, expected)) => (message, Some(expected)),
        None => (told, None),
    };
    let before = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let end = text.floor_char_boundary(before.map(str::len).sum::<usize>() + error.column());
    let column = text.get(..end).unwrap_or_default().chars().count().max(1);
    let error = Error::invalid(message).at_column(column);
    match expected {
        Some(expected) => error.expecting(expected),
        None => error,
    }
}
