//! A position that outlives the process.

/// A position: bus, epoch, seq, in one opaque text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    pub(crate) bus: Box<str>,
    pub(crate) epoch: u64,
    pub(crate) seq: u64,
}
