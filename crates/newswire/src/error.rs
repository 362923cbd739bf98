//! One error type, grouped by what the caller can do about it.
//!
//! A binding maps [`ErrorKind`] with one `match`; the other fields say where and what was expected.

use std::fmt;

use serde::{Serialize, Serializer};

/// What the caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is wrong: correct it and call again.
    Invalid,
    /// The input is well formed but over a bound: make it smaller.
    TooLarge,
    /// A queue is full now: call again later.
    Full,
    /// The bus or subscription is closed: nothing will ever come of this call.
    Closed,
    /// Waiting here could never end (inside a handler, on a loop thread): use the awaitable form.
    WouldDeadlock,
    /// The deadline passed first.
    TimedOut,
    /// A position lies outside what is kept.
    OutOfRange,
    /// The operating system refused: a file, a thread.
    Io,
}

impl ErrorKind {
    /// The stable text of this kind, the same in every language.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::TooLarge => "too_large",
            Self::Full => "full",
            Self::Closed => "closed",
            Self::WouldDeadlock => "would_deadlock",
            Self::TimedOut => "timed_out",
            Self::OutOfRange => "out_of_range",
            Self::Io => "io",
        }
    }
}

impl Serialize for ErrorKind {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

/// What went wrong, where, and what was expected instead.
///
/// As JSON it has its fields, `kind` as text; those that say nothing are absent.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Error(Box<Detail>);

#[derive(Clone, PartialEq, Eq, Serialize)]
struct Detail {
    kind: ErrorKind,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
}

/// The result of everything that can fail without giving a value back.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind` that tells `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Detail { kind, message: message.into(), path: None, column: None, expected: None }))
    }

    /// Shorthand for the commonest kind.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// What the JSON library says of `json`, with the place as a column of the whole text.
    pub(crate) fn of_json(error: &serde_json::Error, json: &str) -> Self {
        let told = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let lines = json.split_inclusive('\n').take(error.line().saturating_sub(1));
        let end = json.floor_char_boundary(lines.map(str::len).sum::<usize>() + error.column());
        let column = json.get(..end).unwrap_or_default().chars().count();
        Self::invalid(told.strip_suffix(&place).unwrap_or(&told)).at_column(column.max(1))
    }

    /// The same error, pointing at a field such as `payload.results[3]`.
    #[must_use]
    pub fn at_path(mut self, path: impl Into<String>) -> Self {
        self.0.path = Some(path.into());
        self
    }

    /// The same error, pointing at a column of the text, counted in characters from 1.
    #[must_use]
    pub fn at_column(mut self, column: usize) -> Self {
        self.0.column = Some(column);
        self
    }

    /// The same error, saying what would have been right.
    #[must_use]
    pub fn expecting(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = Some(expected.into());
        self
    }

    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was wrong, for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The field it is about, where there is one.
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// The column of the text it is about, counted in characters from 1.
    pub fn column(&self) -> Option<usize> {
        self.0.column
    }

    /// What would have been right, where that can be said.
    pub fn expected(&self) -> Option<&str> {
        self.0.expected.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.0.path {
            write!(f, "{path}: ")?;
        }
        f.write_str(&self.0.message)?;
        if let Some(column) = self.0.column {
            write!(f, " at column {column}")?;
        }
        match &self.0.expected {
            Some(expected) => write!(f, "; expected {expected}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({}: {self})", self.0.kind.as_str())
    }
}

impl std::error::Error for Error {}

/// A publish that did not happen: why, and what was to be published, given back.
#[derive(Clone, Debug)]
pub struct Rejected<T> {
    /// Why nothing was published.
    pub error: Error,
    /// What was handed in, unchanged.
    pub value: T,
}

impl<T> fmt::Display for Rejected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<T: fmt::Debug> std::error::Error for Rejected<T> {}

impl<T> From<Rejected<T>> for Error {
    fn from(rejected: Rejected<T>) -> Self {
        rejected.error
    }
}
