//! The catalogue: the table of known kinds.

use crate::event::{ComponentScope, Phase, Severity};
use crate::kind::Kind;

/// One row of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The dotted name.
    pub kind: &'static str,
    /// Which part of the system it is about, for lifecycles.
    pub component: Option<ComponentScope>,
    /// The severity of its events, where they set none.
    pub severity: Severity,
    /// Its station, for lifecycles.
    pub phase: Option<Phase>,
}

const fn tool_call(kind: &'static str, severity: Severity, phase: Phase) -> Row {
    Row { kind, component: Some(ComponentScope::Tool), severity, phase: Some(phase) }
}

static ROWS: &[Row] = &[
    tool_call("tool.call.started", Severity::Info, Phase::Started),
    tool_call("tool.call.progress", Severity::Info, Phase::Progress),
    tool_call("tool.call.completed", Severity::Info, Phase::Completed),
    tool_call("tool.call.failed", Severity::Error, Phase::Failed),
    tool_call("tool.call.canceled", Severity::Warn, Phase::Canceled),
];

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
