//! The runs of a store.

use newswire::view::RunRow;
use serde::Serialize;

/// Which runs are wanted; all by default.
#[derive(Clone, Debug, Default)]
pub struct RunQuery {
    /// Those that this bus has told of.
    pub bus: Option<String>,
    /// Those of this session.
    pub session: Option<String>,
    /// Those whose ids begin so.
    pub begins: String,
    /// No more than that many, those that began last.
    pub newest: Option<usize>,
}

/// A run in a store.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RunInfo {
    /// The bus that its events were published on. A run that several buses have told of is there for each.
    pub bus: String,
    /// What it came to.
    #[serde(flatten)]
    pub row: RunRow,
    /// Seq of its first event.
    pub first_seq: u64,
    /// Seq of its last.
    pub last_seq: u64,
    /// Whether retention has deleted its first events; its figures count them.
    pub pruned: bool,
}
