//! The catalogue: the table of known kinds, one family a file.
//!
//! A row says all that is known about a kind: what part of the system it is about, which station of a
//! lifecycle it is, its payload, its severity, how it merges, and what OpenTelemetry and AG-UI call it.
//! The payload type and the emitter's method come from the same lines, so they can't disagree.
//!
//! A name has two to four segments, nouns in the singular; the last is one of the five phases for
//! lifecycles only, otherwise a past participle (`context.compacted`) or `delta`.

pub mod agent;
pub mod bus;
pub mod context;
mod elsewhere;
pub mod embedding;
pub mod evaluation;
pub mod log;
pub mod memory;
pub mod message;
pub mod model;
pub mod reasoning;
mod record;
pub mod retrieval;
mod row;
pub mod run;
pub mod schema;
pub mod session;
mod shown;
pub mod state;
pub mod step;
mod table;
pub mod task;
pub mod tool;
pub mod turn;
pub mod validation;
mod value;
pub mod workflow;

pub use elsewhere::{Alias, FieldMap, System, Unit, When, aliases, kinds_named};
pub use record::{Failure, RecordRow, Usage, records};
pub use row::{Class, Elsewhere, FieldRow, Merge, Row};
pub use value::{FieldValue, IntoField, Json, Text};

use crate::event::{ComponentScope, Payload, Phase, Severity};
use crate::kind::Kind;

/// All families; a kind's number is its place in their concatenation.
const FAMILIES: &[&[Row]] = &[
    run::RUN,
    agent::AGENT,
    workflow::WORKFLOW,
    step::STEP,
    turn::TURN,
    model::CALL,
    model::MORE,
    tool::REQUEST,
    tool::DELTA,
    tool::CALL,
    tool::APPROVAL,
    message::MESSAGE,
    reasoning::REASONING,
    retrieval::RETRIEVAL,
    embedding::CALL,
    memory::MEMORY,
    validation::VALIDATION,
    evaluation::EVALUATION,
    task::TASK,
    task::CREATED,
    state::STATE,
    context::CONTEXT,
    session::SESSION,
    session::SUMMARIZED,
    log::LOG,
    bus::BUS,
];

const COUNT: usize = count();

static ROWS: [Row; COUNT] = table();

const fn count() -> usize {
    let mut count = 0;
    let mut families = FAMILIES;
    while let Some((family, rest)) = families.split_first() {
        count += family.len();
        families = rest;
    }
    count
}

/// The families' rows, one after another.
const fn table() -> [Row; COUNT] {
    let mut table = [Row::BLANK; COUNT];
    let mut places: &mut [Row] = &mut table;
    let mut families = FAMILIES;
    while let Some((family, rest)) = families.split_first() {
        let (here, free) = places.split_at_mut(family.len());
        here.copy_from_slice(family);
        places = free;
        families = rest;
    }
    table
}

/// The number of a kind of the table; past the end for others, which `rows!` never asks for.
const fn position_of(kind: &str) -> u16 {
    let mut position = 0;
    let mut rows: &[Row] = &ROWS;
    while let Some((row, rest)) = rows.split_first() {
        if same(row.kind.as_bytes(), kind.as_bytes()) {
            break;
        }
        position += 1;
        rows = rest;
    }
    position
}

const fn same(mut left: &[u8], mut right: &[u8]) -> bool {
    while let (Some((a, left_rest)), Some((b, right_rest))) = (left.split_first(), right.split_first()) {
        if *a != *b {
            return false;
        }
        (left, right) = (left_rest, right_rest);
    }
    left.is_empty() && right.is_empty()
}

/// All rows, in the order of their kinds' numbers.
pub fn rows() -> &'static [Row] {
    &ROWS
}

/// The row of a kind; `None` for custom ones.
pub fn row_of(kind: &Kind) -> Option<&'static Row> {
    ROWS.get(kind.slot())
}

pub(crate) fn severity_of(kind: &Kind) -> Severity {
    row_of(kind).map_or(Severity::Info, |row| row.severity)
}

pub(crate) fn phase_of(kind: &Kind) -> Option<Phase> {
    row_of(kind).and_then(|row| row.phase)
}

/// A payload of the catalogue: its kind is known when the program is compiled.
///
/// ```
/// use newswire::Kind;
/// use newswire::catalogue::{Catalogued, tool::ToolCallStarted};
///
/// assert_eq!(ToolCallStarted::KIND, Kind::parse("tool.call.started")?);
/// # Ok::<(), newswire::Error>(())
/// ```
pub trait Catalogued: Payload {
    /// The kind of events that carry it.
    const KIND: Kind;
}

/// What the events of one lifecycle have in common, and how the later ones are made of it.
///
/// The table implements it; a [`Guard`](crate::Guard) uses it.
pub trait Lifecycle: Clone + Send + Sync + 'static {
    /// What part of the system it is about.
    const COMPONENT: ComponentScope;
    /// What completing gives.
    type Outcome;
    /// The payload of the second station.
    type Progress: Catalogued;
    /// The payload of a good end.
    type Completed: Catalogued;
    /// The payload of an error.
    type Failed: Catalogued;
    /// The payload of a refusal, a skip or a stop.
    type Canceled: Catalogued;

    /// It is under way.
    fn progress(&self, message: Option<Text>) -> Self::Progress;
    /// It has ended without error.
    fn completed(&self, outcome: Self::Outcome, duration_ns: Option<u64>) -> Self::Completed;
    /// It has errored.
    fn failed(&self, error: Failure, duration_ns: Option<u64>) -> Self::Failed;
    /// It was refused, skipped or stopped.
    fn canceled(&self, reason: Text, duration_ns: Option<u64>) -> Self::Canceled;
}
