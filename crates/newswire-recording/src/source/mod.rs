//! Text from files that nobody vouches for, and what is found in it.

mod compact;
mod elements;
mod fields;
mod foreign;
mod head;
mod lines;
mod time;
mod unzip;

pub(crate) use compact::{compact, compacted, with_attr};
pub(crate) use elements::{Elements, MAX_ELEMENT_BYTES, Spot};
pub(crate) use fields::Fields;
pub(crate) use head::Head;
pub use lines::MAX_LINE_BYTES;
pub(crate) use lines::{Lines, Run, text_of};
pub(crate) use time::{from_millis, from_seconds, parse_utc};
pub(crate) use unzip::{MAX_WINDOW_LOG, unzipped};

/// What a format's records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Lines, one JSON value each.
    Line,
    /// The elements of an array that is the whole file; else its documents, one after another.
    Element,
    /// Elements where the file is an array, else lines.
    LineOrElement,
}
