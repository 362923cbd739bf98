//! Text from files that nobody vouches for, and what is found in it.

mod elements;
mod fields;
mod head;
mod lines;
mod time;
mod unzip;

pub(crate) use elements::{Elements, MAX_ELEMENT_BYTES};
pub(crate) use fields::Fields;
pub(crate) use head::Head;
pub(crate) use lines::Lines;
pub use lines::MAX_LINE_BYTES;
pub(crate) use time::{from_millis, parse_utc};
pub(crate) use unzip::{MAX_WINDOW_LOG, unzipped};

/// What a format's records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Lines, one JSON value each.
    Line,
    /// The elements of an array that is the whole file; a file that is no array is one record.
    Element,
}
