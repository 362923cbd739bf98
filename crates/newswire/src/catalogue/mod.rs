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
pub mod channel;
pub mod command;
pub mod composition;
pub mod context;
mod elsewhere;
pub mod embedding;
pub mod evaluation;
mod fields;
mod fit;
pub mod follow_up;
pub mod hook;
pub mod image;
pub mod interrupt;
pub mod log;
pub mod mcp;
pub mod media;
mod media_record;
pub mod memory;
pub mod message;
pub mod middleware;
pub mod model;
mod packed;
pub mod peer;
pub mod prompt;
pub mod rate;
pub mod reasoning;
mod record;
pub mod retrieval;
mod row;
pub mod run;
pub mod schema;
pub mod service;
pub mod session;
mod shown;
pub mod speech;
pub mod stage;
pub mod state;
pub mod steering;
pub mod step;
pub mod stream;
pub mod subturn;
pub mod system;
mod table;
pub mod tag;
pub mod task;
mod tier;
pub mod tool;
pub mod transcription;
pub mod turn;
pub mod validation;
mod value;
pub mod websocket;
pub mod workflow;

pub use elsewhere::{
    Alias, FieldMap, Given, Ours, System, Unit, When, alias_for, aliases, aliases_named, kinds_meant,
    kinds_named,
};
pub(crate) use elsewhere::{Meaning, meanings, rows_named, undecided};
pub(crate) use fit::{check_inline, check_payload, check_value, fields_of};
pub use media_record::{Inline, Media};
pub use record::{Failure, RecordRow, Usage, records};
pub use row::{Class, Elsewhere, FieldRow, Merge, Row};
pub use tier::CORE;
pub use value::{FieldValue, IntoField, Json, Text};

use std::sync::OnceLock;

use packed::Packed;
use row::Entry;

use crate::event::{ComponentScope, Payload, Phase, Severity};
use crate::kind::Kind;

/// All families; a kind's number is its place in their concatenation.
const FAMILIES: &[&[Entry]] = &[
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
    media::MEDIA,
    media::STORAGE,
    speech::CALL,
    transcription::CALL,
    image::CALL,
    prompt::TEMPLATE,
    composition::MORE,
    composition::COMPOSITION,
    composition::STEP,
    stage::STAGE,
    middleware::MIDDLEWARE,
    tag::TAG,
    stream::STREAM,
    steering::STEERING,
    follow_up::FOLLOW_UP,
    interrupt::INTERRUPT,
    subturn::MORE,
    subturn::SUBTURN,
    service::SERVICE,
    service::LAUNCH,
    service::SHUTDOWN,
    service::RELOAD,
    channel::CHANNEL,
    channel::OUTBOUND,
    mcp::DISCOVERED,
    mcp::CONNECTION,
    mcp::CALL,
    peer::PEER,
    peer::CALL,
    command::CALLED,
    command::COMMAND,
    websocket::WEBSOCKET,
    system::SYSTEM,
    hook::HOOK,
    rate::RATE,
    tool::LOOP,
    tool::CLIENT,
    workflow::MORE,
    step::MORE,
    model::CHUNK,
    context::CAPTURED,
    agent::RAISED,
    bus::MESSAGES,
    bus::CLOSE,
];

const COUNT: usize = count();

/// The rows as they are written; none of it is in the program.
const TABLE: [Entry; COUNT] = table();

/// All names and texts, one after another. That it is text isn't checked before somebody asks for a piece: the
/// compiler would take a second for it.
static TEXT: [u8; packed::length(&TABLE)] = packed::text(&TABLE);

static ENTRIES: [Packed; COUNT] = packed::rows(&TABLE);

static ROWS: OnceLock<Box<[Row]>> = OnceLock::new();

const fn count() -> usize {
    let mut count = 0;
    let mut families = FAMILIES;
    while let Some((family, rest)) = families.split_first() {
        count += family.len();
        families = rest;
    }
    count
}

/// The families' entries, one after another.
const fn table() -> [Entry; COUNT] {
    let mut table = [Entry::BLANK; COUNT];
    let mut places: &mut [Entry] = &mut table;
    let mut families = FAMILIES;
    while let Some((family, rest)) = families.split_first() {
        let (here, free) = places.split_at_mut(family.len());
        here.copy_from_slice(family);
        places = free;
        families = rest;
    }
    table
}

/// The number of a kind of a family: how many there are in the families before, and before it in its own. Past
/// the end for others, which `rows!` never asks for.
const fn position_of(family: &[Entry], kind: &str) -> u16 {
    let mut position = 0;
    let mut families = FAMILIES;
    while let Some((other, rest)) = families.split_first() {
        if let ([first, ..], [other, ..]) = (family, other)
            && same(first.kind, other.kind)
        {
            break;
        }
        position += other.len();
        families = rest;
    }
    let mut entries = family;
    while let Some((entry, rest)) = entries.split_first() {
        if same(entry.kind, kind) {
            break;
        }
        position += 1;
        entries = rest;
    }
    position as u16
}

const fn same(left: &str, right: &str) -> bool {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    while let (Some((a, left_rest)), Some((b, right_rest))) = (left.split_first(), right.split_first()) {
        if *a != *b {
            return false;
        }
        (left, right) = (left_rest, right_rest);
    }
    true
}

/// All rows, in the order of their kinds' numbers.
pub fn rows() -> &'static [Row] {
    ROWS.get_or_init(|| ENTRIES.iter().map(|row| row.entry(&TEXT).row()).collect())
}

/// The row of a kind; `None` for custom ones.
pub fn row_of(kind: &Kind) -> Option<&'static Row> {
    rows().get(kind.slot())
}

/// The names of all kinds of the table, in the order of their numbers.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|row| row.kind(&TEXT))
}

/// Whether the table has a kind of that name.
pub(crate) fn is_name(name: &str) -> bool {
    Kind::interned(name).is_some_and(|kind| is_known(&kind))
}

pub(crate) fn is_known(kind: &Kind) -> bool {
    kind.slot() < COUNT
}

pub(crate) fn component_of(kind: &Kind) -> Option<ComponentScope> {
    ENTRIES.get(kind.slot()).and_then(|entry| entry.component)
}

pub(crate) fn severity_of(kind: &Kind) -> Severity {
    ENTRIES.get(kind.slot()).map_or(Severity::Info, |entry| entry.severity)
}

pub(crate) fn phase_of(kind: &Kind) -> Option<Phase> {
    ENTRIES.get(kind.slot()).and_then(|entry| entry.phase)
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
