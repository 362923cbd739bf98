//! Newswire's own format of recordings; docs/recording.md describes it for other programs.

pub(crate) mod line;
mod shorten;
mod target;
mod writer;

pub use line::VERSION;
pub use writer::{WriteOptions, Writer, Written};
