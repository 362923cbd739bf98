//! Builds an event, checking and measuring it once.

use std::fmt;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use super::{
    Body, Component, Correlation, Event, EventData, MAX_EVENT_BYTES, Origin, Payload, Rare, Scope, Severity,
    Source, check_id, json_len, new_id, now_ns,
};
use crate::catalogue;
use crate::error::{Error, ErrorKind, Result};
use crate::kind::Kind;

/// Collects the fields of an [`Event`]; what is not set is absent, id and time are made.
///
/// ```
/// use newswire::{Event, Kind, Severity};
///
/// let event = Event::builder(Kind::parse("deploy.finished")?)
///     .severity(Severity::Warn)
///     .tag("canary")
///     .json(r#"{"version":"1.2"}"#)
///     .build()?;
/// assert_eq!(event.payload_json(), Some(r#"{"version":"1.2"}"#));
/// # Ok::<(), newswire::Error>(())
/// ```
#[must_use = "an event is made by `build`"]
pub struct EventBuilder {
    data: EventData,
    id: Option<Uuid>,
    time_ns: Option<i64>,
    error: Option<Error>,
}

/// What the JSON envelope of an event takes at most beside its texts: names, punctuation, ids, times.
const ENVELOPE_BYTES: usize = 512;

impl EventBuilder {
    pub(super) fn new(kind: Kind) -> Self {
        let severity = catalogue::severity_of(&kind);
        let data = EventData {
            id: Uuid::nil(),
            time_ns: 0,
            kind,
            severity,
            internal: false,
            size: 0,
            source: Source::unknown(),
            scope: Scope::new(),
            correlation: Correlation::new(),
            component: None,
            message: None,
            body: Body::default(),
            rare: None,
        };
        Self { data, id: None, time_ns: None, error: None }
    }

    /// Sets the id of an event that already has one (import, link).
    pub fn id(mut self, id: Uuid) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets when it happened, in nanoseconds since the Unix epoch.
    pub fn time_ns(mut self, time_ns: i64) -> Self {
        self.time_ns = Some(time_ns);
        self
    }

    /// Sets where it was first published.
    pub fn origin(mut self, origin: Origin) -> Self {
        self.rare().origin = Some(origin);
        self
    }

    /// Sets who emits it.
    pub fn source(mut self, source: Source) -> Self {
        self.data.source = source;
        self
    }

    /// Sets what it belongs to.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.data.scope = scope;
        self
    }

    /// Sets how it hangs together with others.
    pub fn correlation(mut self, correlation: Correlation) -> Self {
        self.data.correlation = correlation;
        self
    }

    /// Sets which component it is about.
    pub fn component(mut self, component: Component) -> Self {
        self.data.component = Some(component);
        self
    }

    /// Sets another severity than the catalogue's.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.data.severity = severity;
        self
    }

    /// Sets a sentence for people.
    pub fn message(mut self, message: impl Into<Box<str>>) -> Self {
        self.data.message = Some(message.into());
        self
    }

    /// Adds a tag.
    pub fn tag(mut self, tag: impl Into<Box<str>>) -> Self {
        let tag = tag.into();
        if let Err(error) = check_id(&"tags", &tag) {
            self.error.get_or_insert(error);
        }
        let tags = &mut self.rare().tags;
        if let Err(place) = tags.binary_search(&tag) {
            tags.insert(place, tag);
        }
        self
    }

    /// Sets an attribute to anything that serialises.
    pub fn attr(mut self, key: impl Into<Box<str>>, value: &(impl Serialize + ?Sized)) -> Self {
        let key = key.into();
        match to_raw_value(value) {
            Ok(raw) => self.attr_json(key, raw),
            Err(error) => {
                self.error.get_or_insert(Error::invalid(error.to_string()).at_path(format!("attrs.{key}")));
                self
            }
        }
    }

    /// Sets an attribute to a piece of JSON.
    pub fn attr_json(mut self, key: impl Into<Box<str>>, value: Box<RawValue>) -> Self {
        let key = key.into();
        if let Err(error) = check_id(&"attrs", &key) {
            self.error.get_or_insert(error);
        }
        let attrs = &mut self.rare().attrs;
        match attrs.iter_mut().find(|(present, _)| *present == key) {
            Some(entry) => entry.1 = value,
            None => attrs.push((key, value)),
        }
        self
    }

    /// Passes through a field of the envelope that this version doesn't know.
    pub(crate) fn unknown(mut self, key: impl Into<Box<str>>, value: Box<RawValue>) -> Self {
        self.rare().unknown.push((key.into(), value));
        self
    }

    /// Sets a typed payload.
    pub fn payload<P: Payload>(mut self, payload: P) -> Self {
        self.data.body = Body::typed(payload);
        self
    }

    /// Sets the payload to anything that serialises.
    pub fn serialize(mut self, payload: &(impl Serialize + ?Sized)) -> Self {
        match to_raw_value(payload) {
            Ok(raw) => self.raw(raw),
            Err(error) => {
                self.error.get_or_insert(Error::invalid(error.to_string()).at_path("payload"));
                self
            }
        }
    }

    /// Sets the payload to JSON text, which is checked and kept as it stands.
    pub fn json(mut self, payload: impl Into<String>) -> Self {
        match RawValue::from_string(payload.into()) {
            Ok(raw) => self.raw(raw),
            Err(error) => {
                let error = Error::invalid(error.to_string()).at_path("payload").at_column(error.column());
                self.error.get_or_insert(error);
                self
            }
        }
    }

    /// Sets the payload to a piece of JSON.
    pub fn raw(mut self, payload: Box<RawValue>) -> Self {
        self.data.body = Body::json(payload);
        self
    }

    /// Keeps the event from user-facing subscriptions.
    pub fn internal(mut self, internal: bool) -> Self {
        self.data.internal = internal;
        self
    }

    /// Checks and measures; makes id and time where they are not set.
    ///
    /// # Errors
    /// The first thing that was wrong; `TooLarge` over [`MAX_EVENT_BYTES`].
    pub fn build(self) -> Result<Event> {
        let Self { mut data, id, time_ns, error } = self;
        if let Some(error) = error {
            return Err(error);
        }
        data.time_ns = time_ns.unwrap_or_else(now_ns);
        data.id = id.unwrap_or_else(|| new_id(data.time_ns));
        data.size = measure(&data)?;
        Ok(Event::from_data(data))
    }

    fn rare(&mut self) -> &mut Rare {
        self.data.rare.get_or_insert_default()
    }
}

impl fmt::Debug for EventBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventBuilder").field(&self.data).finish()
    }
}

/// An upper bound of the event's size as JSON.
///
/// # Errors
/// `TooLarge` over [`MAX_EVENT_BYTES`].
pub(crate) fn measure(data: &EventData) -> Result<u32> {
    let mut size = ENVELOPE_BYTES + data.kind.as_str().len() + data.body.size_bound();
    size += data.scope.iter().map(|(field, id)| field.as_str().len() + json_len(id) + 4).sum::<usize>();
    size += data.source.component().map_or(0, json_len) + data.source.name().map_or(0, json_len);
    size += data.component.as_ref().map_or(0, |component| json_len(component.id()));
    size += data.message.as_deref().map_or(0, json_len);
    size += data.correlation.text_bytes();
    if let Some(rare) = &data.rare {
        size += rare.origin.as_ref().map_or(0, |origin| json_len(&origin.bus));
        size += rare.tags.iter().map(|tag| json_len(tag) + 1).sum::<usize>();
        size += rare
            .attrs
            .iter()
            .chain(&rare.unknown)
            .map(|(key, value)| json_len(key) + value.get().len() + 2)
            .sum::<usize>();
    }
    match u32::try_from(size) {
        Ok(bytes) if size <= MAX_EVENT_BYTES => Ok(bytes),
        _ => {
            let message = format!("the event has up to {size} bytes as JSON, the limit is {MAX_EVENT_BYTES}");
            Err(Error::new(ErrorKind::TooLarge, message))
        }
    }
}
