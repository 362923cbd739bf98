//! What all events of one imported run share: scope, source, trace, and spans that follow from the run's id, so
//! that it comes out the same when it is imported twice.

use newswire::{
    Component, ComponentScope, Correlation, Event, EventBuilder, Kind, Payload, Result, Scope, ScopeField,
    Source, SpanId, TraceId,
};

/// How much of a source's first record its run's mark follows from.
const MARKED_BYTES: usize = 4096;

/// The envelope that a session's events are made in.
#[derive(Clone)]
pub(crate) struct Frame {
    id: String,
    /// What its spans' ids begin with.
    seed: u64,
    session: Scope,
    scope: Scope,
    source: Source,
    trace: Option<TraceId>,
}

/// Where an event hangs in the tree of spans.
#[derive(Clone, Copy, Default)]
pub(crate) struct Place {
    pub(crate) span: Option<SpanId>,
    pub(crate) parent: Option<SpanId>,
}

impl Frame {
    /// The frame of the run `id` of the system `source`.
    pub(crate) fn new(source: &str, id: String) -> Result<Self> {
        Self::of_source(source, &id.clone(), id)
    }

    /// The frame of the run `id`, whose trace and spans follow from `name`, because other sources may have a
    /// run of the same id.
    pub(crate) fn of_source(source: &str, id: &str, name: String) -> Result<Self> {
        let scope = Scope::new().with(ScopeField::Session, id)?.with(ScopeField::Run, id)?;
        let high = u128::from(hash(&[&name, "trace"])) << 64;
        let trace = TraceId::new(high | u128::from(hash(&[&name, "trace", "low"])));
        let seed = add(OFFSET, &name);
        Ok(Self { id: name, seed, session: scope.clone(), scope, source: Source::new(source)?, trace })
    }

    /// Later events belong to that session and run.
    pub(crate) fn enter_run(&mut self, session: &str, run: &str) -> Result<()> {
        self.session = Scope::new().with(ScopeField::Session, session)?.with(ScopeField::Run, run)?;
        self.leave_turn();
        Ok(())
    }

    /// The same, belonging to something else as well.
    pub(crate) fn also_of(mut self, field: ScopeField, id: &str) -> Result<Self> {
        self.session = self.session.with(field, id)?;
        self.scope = self.session.clone();
        Ok(self)
    }

    /// The same for events that belong to something else as well.
    pub(crate) fn within_scope(&self, field: ScopeField, id: &str) -> Result<Self> {
        let scope = self.scope.clone().with(field, id)?;
        Ok(Self { scope, ..self.clone() })
    }

    /// The run's id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The span of the thing called `name` among those of its `sort`.
    pub(crate) fn span(&self, sort: &str, name: &str) -> Option<SpanId> {
        SpanId::new(mixed(add(add(self.seed, sort), name)))
    }

    /// Enters a turn: later events belong to it.
    pub(crate) fn enter_turn(&mut self, name: &str) -> Result<()> {
        self.scope = self.session.clone().with(ScopeField::Turn, name)?;
        Ok(())
    }

    /// Leaves the turn: later events belong to the session only.
    pub(crate) fn leave_turn(&mut self) {
        self.scope = self.session.clone();
    }

    pub(crate) fn event(&self, kind: &str, time_ns: i64, place: Place) -> Result<EventBuilder> {
        Ok(self.within(Event::builder(Kind::parse(kind)?), time_ns, place))
    }

    /// An event of the catalogue.
    pub(crate) fn event_of(&self, payload: impl Payload, time_ns: i64, place: Place) -> EventBuilder {
        self.within(Event::of(payload), time_ns, place)
    }

    fn within(&self, builder: EventBuilder, time_ns: i64, place: Place) -> EventBuilder {
        let mut correlation = Correlation::new();
        correlation.trace = self.trace;
        correlation.span = place.span;
        correlation.parent_span = place.parent;
        builder
            .time_ns(time_ns)
            .scope(self.scope.clone())
            .source(self.source.clone())
            .correlation(correlation)
    }
}

/// The id of the run that a source is which tells no id of its own: how people know it, and its mark.
pub(crate) fn run_of(file: &str, name: &str, first: &str) -> String {
    format!("{file}-{}", mark_of(name, first))
}

/// What tells a source from others whose runs have the same ids, such as files of the same name in two folders: it
/// follows from the name as it was given and from how the first record begins.
pub(crate) fn mark_of(name: &str, first: &str) -> String {
    let first = first.get(..first.floor_char_boundary(MARKED_BYTES)).unwrap_or(first);
    format!("{:08x}", hash(&[name, first]) >> 32)
}

/// Labels the event with its component, where the source gives it a name.
pub(crate) fn label(builder: EventBuilder, scope: ComponentScope, name: &str) -> Result<EventBuilder> {
    if name.is_empty() { Ok(builder) } else { Ok(builder.component(Component::new(scope, name)?)) }
}

/// FNV-1a over the parts, each ended by a byte that text can't contain; then mixed, so that ids that differ
/// little give spans that differ much.
pub(super) fn hash(parts: &[&str]) -> u64 {
    mixed(parts.iter().fold(OFFSET, |hash, part| add(hash, part)))
}

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

fn add(hash: u64, part: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    step(part.bytes().fold(hash, step), 0xff)
}

fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
