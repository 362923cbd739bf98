//! The event: an immutable record of something that happened.

mod attrs;
mod body;
mod builder;
mod component_id;
mod correlation;
mod emitted;
mod id;
mod index;
mod lifecycle;
mod marks;
pub(crate) mod member;
mod outline;
mod read;
mod reader;
mod record;
mod scan;
mod scope;
mod shared_json;
mod size;
mod text;
mod time;
mod tokens;
mod usual;
mod write;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::value::RawValue;
use uuid::Uuid;

pub(crate) use attrs::Attrs;
pub(crate) use body::Body;
pub use body::Payload;
pub use builder::EventBuilder;
pub(crate) use component_id::check_format;
pub use correlation::{Correlation, CorrelationField, SpanId, TraceId};
pub use id::reseed_ids;
pub(crate) use id::{new_id, new_span, new_trace, now_ns};
pub(crate) use index::IndexField;
pub use lifecycle::{Component, ComponentScope, Phase, Severity, Status};
pub(crate) use outline::Members;
pub use reader::EventReader;
pub(crate) use record::{EventData, Rare, raw_attr};
pub use record::{Merged, Origin};
pub(crate) use scan::{MAX_DEPTH, Scan};
pub use scope::{Scope, ScopeField, Source};
pub(crate) use size::measure;
pub(crate) use text::{decimal, plain_prefix};
pub use text::{json_len, write_string};
pub(crate) use time::{parse_time, write_time};

use crate::catalogue;
use crate::error::{Error, ErrorKind, Result};
use crate::kind::Kind;

/// The largest event: envelope and payload as JSON, in bytes. One that is read may have as many; one that is built must
/// leave room for the longest `seq`.
pub const MAX_EVENT_BYTES: usize = 1 << 20;

/// How many tags, attributes or other members one event may have of each.
const MAX_ENTRIES: usize = 1024;

/// An immutable record of something that happened; a clone costs one reference count.
///
/// The same event may be published on several buses: each gives it a `seq` of its own, which belongs to
/// the handle that the subscribers get, not to the shared record.
#[derive(Clone)]
pub struct Event {
    data: Arc<EventData>,
    seq: u64,
}

impl Event {
    /// Begins an event of `kind`.
    pub fn builder(kind: Kind) -> EventBuilder {
        EventBuilder::new(kind)
    }

    /// Begins an event that carries `payload`, of that payload's kind.
    pub fn of<P: Payload>(payload: P) -> EventBuilder {
        EventBuilder::new(payload.kind()).payload(payload)
    }

    pub(crate) fn from_data(data: EventData) -> Self {
        Self { data: Arc::new(data), seq: 0 }
    }

    /// The same record as position `seq` of a bus.
    pub(crate) fn sequenced(mut self, seq: u64) -> Self {
        self.seq = seq;
        self
    }

    /// The record, to be changed before it has a seq; copied if others hold it.
    pub(crate) fn data_mut(&mut self) -> &mut EventData {
        let data = Arc::make_mut(&mut self.data);
        data.envelope.forget();
        data
    }

    pub(crate) fn data(&self) -> &EventData {
        &self.data
    }

    /// Unique for ever; a UUIDv7.
    pub fn id(&self) -> Uuid {
        self.data.id
    }

    /// Position on the bus that delivered it, from 1; 0 while it is unpublished.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Where it was first published, if a link brought it.
    pub fn origin(&self) -> Option<&Origin> {
        self.data.rare.as_ref()?.origin.as_ref()
    }

    /// What happened.
    pub fn kind(&self) -> &Kind {
        &self.data.kind
    }

    /// When it happened: nanoseconds since the Unix epoch, UTC. Never used for order.
    pub fn time_ns(&self) -> i64 {
        self.data.time_ns
    }

    /// Who emitted it.
    pub fn source(&self) -> &Source {
        &self.data.source
    }

    /// What it belongs to.
    pub fn scope(&self) -> &Scope {
        &self.data.scope
    }

    /// How it hangs together with other events.
    pub fn correlation(&self) -> &Correlation {
        &self.data.correlation
    }

    /// Which component a lifecycle event is about.
    pub fn component(&self) -> Option<&Component> {
        self.data.component.as_ref()
    }

    /// Which station of a lifecycle it is, by its kind.
    pub fn phase(&self) -> Option<Phase> {
        catalogue::phase_of(&self.data.kind)
    }

    /// The status that follows from the phase.
    pub fn status(&self) -> Option<Status> {
        self.phase().map(Phase::status)
    }

    /// How much it matters to an operator.
    pub fn severity(&self) -> Severity {
        self.data.severity
    }

    /// A sentence for people.
    pub fn message(&self) -> Option<&str> {
        self.data.message.as_deref()
    }

    /// Its tags, sorted, each once.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.data.rare.iter().flat_map(|rare| rare.tags.iter()).map(|tag| &**tag)
    }

    /// Its extensible metadata, as JSON, in the order they were set.
    pub fn attrs(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.data.rare.iter().flat_map(|rare| rare.attrs.list()).map(|(key, value)| (&**key, &**value))
    }

    /// One attribute, as JSON.
    pub fn attr(&self, key: &str) -> Option<&RawValue> {
        self.attrs().find(|(present, _)| *present == key).map(|(_, value)| value)
    }

    /// What it stands for, if it was merged from several.
    pub fn merged(&self) -> Option<Merged> {
        self.data.rare.as_ref()?.merged
    }

    /// Fields that this version doesn't know, of the envelope and of the objects in it, as they came.
    pub fn unknown(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.data.rare.iter().flat_map(|rare| rare.unknown.iter()).map(|field| (&*field.key, &*field.value))
    }

    /// The payload as JSON text; a typed one is serialised when first asked for.
    pub fn payload_json(&self) -> Option<&str> {
        self.data.body.text()
    }

    /// The members of the payload, where it is an object.
    pub(crate) fn payload_members(&self) -> Option<Members<'_>> {
        self.data.body.members()
    }

    /// Whether asking for the payload's JSON would run user code.
    pub(crate) fn is_unread(&self) -> bool {
        self.data.body.is_unread()
    }

    /// Serialises the payload, so that its JSON is there from then on; call it without holding a lock.
    pub(crate) fn serialise(&self) {
        let _ = self.payload_json();
    }

    /// The payload as `P`; the very value where it was published as one, else parsed.
    ///
    /// # Errors
    /// `Invalid`, with path and column, where the JSON doesn't fit `P`.
    pub fn payload<P: Payload>(&self) -> Result<Option<Cow<'_, P>>> {
        self.data.body.get()
    }

    /// The payload as `P`, where the event is of `P`'s kind; `None` for other kinds and where there is none. It
    /// goes by [`Payload::only_kind`]; a type of several kinds is read first, and asked then.
    ///
    /// ```
    /// use newswire::Event;
    /// use newswire::catalogue::step::{StepCompleted, StepStarted};
    ///
    /// let event = Event::of(StepStarted::new("load", None)).build()?;
    /// assert_eq!(event.as_payload::<StepStarted>()?.map(|step| step.name.to_string()).as_deref(), Some("load"));
    /// assert!(event.as_payload::<StepCompleted>()?.is_none());
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid`, with path and column, where the JSON doesn't fit `P`.
    pub fn as_payload<P: Payload>(&self) -> Result<Option<Cow<'_, P>>> {
        if P::only_kind().is_some_and(|kind| kind != *self.kind()) {
            return Ok(None);
        }
        Ok(self.payload::<P>()?.filter(|payload| payload.kind() == *self.kind()))
    }

    /// For sinks and loggers, not for user-facing subscriptions.
    pub fn internal(&self) -> bool {
        self.data.internal
    }

    /// An upper bound of its size as JSON, in bytes: what queues' byte bounds count.
    pub fn size(&self) -> usize {
        self.data.size as usize
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("seq", &self.seq)
            .field("kind", &self.data.kind.as_str())
            .field("id", &self.data.id)
            .field("payload", &self.data.body)
            .finish_non_exhaustive()
    }
}

/// Refuses ids, names and tags that are empty or out of bounds.
pub(crate) fn check_text(path: &dyn fmt::Display, text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid("an id or name can't be empty").at_path(path.to_string()));
    }
    if text.len() > Scope::MAX_ID_LEN {
        let message =
            format!("an id or name has at most {} bytes, this has {}", Scope::MAX_ID_LEN, text.len());
        return Err(Error::new(ErrorKind::TooLarge, message).at_path(path.to_string()));
    }
    Ok(())
}

/// Refuses one more of what is bounded in number.
fn check_count(count: usize) -> Result<()> {
    if count < MAX_ENTRIES {
        return Ok(());
    }
    Err(Error::new(ErrorKind::TooLarge, format!("there may be {MAX_ENTRIES} of them at most")))
}
