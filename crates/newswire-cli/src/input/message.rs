//! What the thread that reads tells the one that takes.

use newswire::{Delivery, Error};
use newswire_recording::Report;

/// What passes between the threads.
pub(crate) enum Message {
    /// A recording begins.
    Begin(String),
    /// An event or a gap, the line that it came from, and how many records of its recording were read by then.
    Item { delivery: Delivery, line: u64, records: u64 },
    /// A record is broken, and whether that ends its recording.
    Broken(Box<Error>, bool),
    /// The recording has ended, or is given up.
    End(Box<Report>),
    /// A recording can't be opened; so many further ones are therefore not read.
    Unopened(Box<Error>, usize),
    /// All that has come until now has been passed on.
    Pause,
}
