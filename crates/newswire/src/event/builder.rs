//! Builds an event, checking and measuring it once.

use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::body::checked;
use super::record::{Envelope, Rare, raw_attr};
use super::scan::MAX_DEPTH;
use super::{
    Body, Component, Correlation, CorrelationField, Event, EventData, MAX_EVENT_BYTES, Origin, Payload,
    Scope, ScopeField, Severity, Source, check_text, measure, new_id, now_ns,
};
use crate::catalogue;
use crate::error::{Error, Result};
use crate::json::{Object, Raw};
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
            envelope: Envelope::default(),
        };
        Self { data, id: None, time_ns: None, error: None }
    }

    /// Goes on with an event that is there, to be changed: all that it says stands, id and time included, until
    /// it is set anew.
    ///
    /// ```
    /// use newswire::{Event, EventBuilder, Kind};
    ///
    /// let event = Event::builder(Kind::parse("deploy.finished")?).message("done").build()?;
    /// let amended = EventBuilder::amending(&event).tag("late").build()?;
    /// assert_eq!((amended.id(), amended.message()), (event.id(), Some("done")));
    /// # Ok::<(), newswire::Error>(())
    /// ```
    pub fn amending(event: &Event) -> Self {
        let data = event.data().clone();
        Self { id: Some(data.id), time_ns: Some(data.time_ns), data, error: None }
    }

    /// Begins another event with all that this one says, but for id and time.
    pub(crate) fn like(event: &Event) -> Self {
        Self { id: None, time_ns: None, ..Self::amending(event) }
    }

    /// Sets what the event itself doesn't say.
    pub(crate) fn within(mut self, source: &Source, scope: &Scope, correlation: &Correlation) -> Self {
        let own = std::mem::replace(&mut self.data.scope, scope.clone());
        for (field, id) in own.iter() {
            self = self.scope_id(field, id);
        }
        let own = std::mem::replace(&mut self.data.correlation, correlation.clone());
        for (field, id) in
            CorrelationField::ALL.into_iter().filter_map(|field| Some((field, own.get(field)?)))
        {
            match self.data.correlation.clone().with(field, id) {
                Ok(correlation) => self.data.correlation = correlation,
                Err(error) => self.check(Err(error)),
            }
        }
        if self.data.source.component().is_none() {
            self.data.source = source.clone();
        }
        self
    }

    /// Adds tags, and attributes that the event itself doesn't have.
    pub(crate) fn with_rare(mut self, rare: &Rare) -> Self {
        for (key, value) in rare.attrs.list() {
            if self.rare().attrs.list().iter().all(|(own, _)| own != key) {
                self = self.attr_json(key.clone(), value.clone());
            }
        }
        rare.tags.iter().fold(self, |event, tag| event.tag(tag.clone()))
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.data.kind
    }

    /// Sets one id of the scope, keeping the others.
    pub(crate) fn scope_id(mut self, field: ScopeField, id: impl Into<Box<str>>) -> Self {
        match self.data.scope.clone().with(field, id) {
            Ok(scope) => self.data.scope = scope,
            Err(error) => self.check(Err(error)),
        }
        self
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
        self.check(check_text(&"origin.bus", &origin.bus));
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
        let outcome = self.rare().add_tag(tag.into());
        self.check(outcome);
        self
    }

    /// Sets an attribute to anything that serialises.
    pub fn attr(mut self, key: impl Into<Box<str>>, value: &(impl Serialize + ?Sized)) -> Self {
        let key = key.into();
        match raw_attr(&key, value) {
            Ok(raw) => self.attr_json(key, raw),
            Err(error) => {
                self.check(Err(error));
                self
            }
        }
    }

    /// Sets an attribute to a piece of JSON.
    pub fn attr_json(mut self, key: impl Into<Box<str>>, value: Box<RawValue>) -> Self {
        let outcome = self.rare().set_attr(key.into(), value);
        self.check(outcome);
        self
    }

    /// Sets a typed payload.
    pub fn payload<P: Payload>(mut self, payload: P) -> Self {
        self.data.body = Body::typed(payload);
        self
    }

    /// Sets the payload to anything that serialises.
    pub fn serialize(mut self, payload: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_string(payload) {
            Ok(json) => self.json(json),
            Err(error) => {
                self.check(Err(Error::invalid(error.to_string()).at_path("payload")));
                self
            }
        }
    }

    /// Sets the payload to JSON text, which is checked and kept as it stands; line breaks between its
    /// tokens become spaces, so that an event is one line.
    pub fn json(mut self, payload: impl Into<Box<str>>) -> Self {
        match checked(payload.into()) {
            Ok((text, outline)) => self.data.body = Body::outlined(text, outline),
            Err(error) => self.check(Err(error.at_path("payload"))),
        }
        self
    }

    /// As [`EventBuilder::json`], of text that a writer of JSON has just made, without spaces or line breaks between
    /// its tokens: it isn't looked at again. Whatever else it is stands in the event, and spoils whoever reads it.
    pub fn json_made(mut self, payload: impl Into<Box<str>>) -> Self {
        self.data.body = Body::json(payload.into());
        self
    }

    /// Sets the payload to a piece of JSON.
    pub fn raw(self, payload: Box<RawValue>) -> Self {
        self.json(payload)
    }

    /// Sets the payload to an object of what is known to be sound, which isn't looked at again.
    #[doc(hidden)]
    pub fn object(mut self, payload: Object) -> Self {
        match payload.finish() {
            (json, true) if json.len() <= MAX_EVENT_BYTES => {
                self.data.body = Body::json(json);
                self
            }
            (json, _) => self.json(json),
        }
    }

    /// Sets an attribute to a piece of JSON that is known to be sound.
    #[doc(hidden)]
    pub fn attr_raw(mut self, key: impl AsRef<str> + Into<Box<str>>, value: Raw<'_>) -> Self {
        if value.depth_bound() > MAX_DEPTH {
            return self.attr_json(key, value.to_raw());
        }
        let outcome = self.rare().set_raw_attr(key, value);
        self.check(outcome);
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
    /// The first thing that was wrong; `TooLarge` over [`MAX_EVENT_BYTES`](crate::MAX_EVENT_BYTES).
    pub fn build(self) -> Result<Event> {
        let Self { mut data, id, time_ns, error } = self;
        if let Some(error) = error {
            return Err(error);
        }
        data.time_ns = time_ns.unwrap_or_else(now_ns);
        data.id = id.unwrap_or_else(|| new_id(data.time_ns));
        if data.id.is_nil() {
            return Err(Error::invalid("an id can't be all zero").at_path("id"));
        }
        data.size = measure(&data)?;
        Ok(Event::from_data(data))
    }

    /// Keeps the first thing that was wrong.
    fn check(&mut self, result: Result<()>) {
        if let Err(error) = result {
            self.error.get_or_insert(error);
        }
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
