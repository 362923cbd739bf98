//! The catalogue: the table of known kinds.

use crate::event::{Phase, Severity};
use crate::kind::Kind;

/// One row of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The dotted name.
    pub kind: &'static str,
    /// The severity of its events, where they set none.
    pub severity: Severity,
    /// Its station, for lifecycles.
    pub phase: Option<Phase>,
}

static ROWS: &[Row] = &[];

/// All rows, in the order of their kinds' numbers.
pub fn rows() -> &'static [Row] {
    ROWS
}

pub(crate) fn row_of(kind: &Kind) -> Option<&'static Row> {
    rows().get(kind.slot())
}

pub(crate) fn severity_of(kind: &Kind) -> Severity {
    row_of(kind).map_or(Severity::Info, |row| row.severity)
}

pub(crate) fn phase_of(kind: &Kind) -> Option<Phase> {
    row_of(kind).and_then(|row| row.phase)
}
