//! Events and emitters out of maps of text, which is how every language has them at hand.

use std::collections::BTreeMap;

use newswire::{
    Bus, Component, ComponentScope, Correlation, CorrelationField, Emitter, Error, Event, EventBuilder, Kind,
    Result, Scope, ScopeField, Severity, Source, SpanId, TraceId,
};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::json;
use crate::options::word;

/// The ids of a correlation that aren't free text, as they stand among the others.
const TRACE: &str = "trace";
const SPAN: &str = "span";
const PARENT_SPAN: &str = "parent_span";

/// Who emits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSpec {
    /// `tool_runner`.
    pub component: String,
    /// `calculator`.
    pub name: Option<String>,
}

/// What events have in common: the fixed context of an emitter. In JSON the names are those of the wire.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContextSpec {
    /// Who emits.
    pub source: Option<SourceSpec>,
    /// Ids by name, such as `run` and `session`.
    pub scope: BTreeMap<String, String>,
    /// Ids by name: `trace`, `span` and `parent_span` in hexadecimal digits, `request` and its like as they are.
    pub correlation: BTreeMap<String, String>,
    /// The id of the component that events are about, in place of what their payload calls it.
    pub component: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// Metadata, each a piece of JSON.
    pub attrs: BTreeMap<String, Box<RawValue>>,
}

/// An event in parts: a kind, and what else there is to say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSpec {
    /// The dotted name.
    pub kind: String,
    /// JSON.
    #[serde(default)]
    pub payload: Option<Box<RawValue>>,
    /// Its own severity instead of the catalogue's.
    #[serde(default)]
    pub severity: Option<String>,
    /// A sentence for people.
    #[serde(default)]
    pub message: Option<String>,
    /// Keeps it from user-facing subscriptions.
    #[serde(default)]
    pub internal: bool,
    /// Which component it is about.
    #[serde(default)]
    pub component: Option<ComponentSpec>,
    /// Who emits it.
    #[serde(default)]
    pub source: Option<SourceSpec>,
    /// Ids by name.
    #[serde(default)]
    pub scope: BTreeMap<String, String>,
    /// Ids by name, as those of [`ContextSpec`].
    #[serde(default)]
    pub correlation: BTreeMap<String, String>,
    /// Labels.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Metadata, each a piece of JSON.
    #[serde(default)]
    pub attrs: BTreeMap<String, Box<RawValue>>,
}

/// What a lifecycle event is about.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentSpec {
    /// `tool`, `model.call` and its like.
    pub scope: String,
    /// Its label.
    pub id: String,
}

impl ContextSpec {
    /// Reads it from JSON; empty text stands for no context.
    ///
    /// # Errors
    /// `Invalid`, with the column, for a name or type that it doesn't have.
    pub fn from_json(text: &str) -> Result<Self> {
        json::read(text, "context")
    }

    /// An emitter of the bus with this context.
    ///
    /// ```
    /// use newswire_facade::ContextSpec;
    ///
    /// let context = ContextSpec::from_json(r#"{"source":{"component":"planner"},"scope":{"run":"r-1"}}"#)?;
    /// let emitter = context.emitter(&newswire::Bus::new())?;
    /// assert_eq!(emitter.source().component(), Some("planner"));
    /// let wrong = ContextSpec::from_json(r#"{"scope":{"runn":"r-1"}}"#)?.emitter(&newswire::Bus::new());
    /// assert_eq!(wrong.err().unwrap().path(), Some("scope.runn"));
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` with the path of what no event can have; `TooLarge` over a bound.
    pub fn emitter(&self, bus: &Bus) -> Result<Emitter> {
        self.within(bus.emitter())
    }

    /// The same emitter with this context above its own.
    ///
    /// # Errors
    /// As [`ContextSpec::emitter`].
    pub fn within(&self, mut emitter: Emitter) -> Result<Emitter> {
        if let Some(source) = &self.source {
            emitter = emitter.with_source(source.source()?);
        }
        for (name, id) in &self.scope {
            emitter = emitter.with_scope(scope_field(name)?, id.as_str())?;
        }
        for (name, id) in &self.correlation {
            emitter = match name.as_str() {
                TRACE => emitter.with_trace(trace(id)?),
                SPAN => emitter.with_span(span(id, SPAN)?),
                PARENT_SPAN => emitter.with_parent(span(id, PARENT_SPAN)?),
                other => emitter.with_correlation(correlation_field(other)?, id.as_str())?,
            };
        }
        if let Some(component) = &self.component {
            emitter = emitter.with_component(component.as_str())?;
        }
        for tag in &self.tags {
            emitter = emitter.with_tag(tag.as_str())?;
        }
        for (key, value) in &self.attrs {
            emitter = emitter.with_attr(key.as_str(), value)?;
        }
        Ok(emitter)
    }
}

impl EventSpec {
    /// The event, with an id and a time of its own.
    ///
    /// # Errors
    /// `Invalid` with the path of what no event can have; `TooLarge` over a bound.
    pub fn event(self) -> Result<Event> {
        self.builder()?.build()
    }

    /// The event, still to be completed.
    ///
    /// # Errors
    /// As [`EventSpec::event`].
    pub fn builder(self) -> Result<EventBuilder> {
        let kind = Kind::parse(&self.kind).map_err(|error| error.at_path("kind"))?;
        let mut event = Event::builder(kind).internal(self.internal);
        if let Some(source) = &self.source {
            event = event.source(source.source()?);
        }
        event = event.scope(scope(&self.scope)?).correlation(correlation(&self.correlation)?);
        if let Some(ComponentSpec { scope, id }) = &self.component {
            let scope = word(ComponentScope::parse, scope, "component.scope")?;
            event = event.component(Component::new(scope, id.as_str())?);
        }
        if let Some(severity) = &self.severity {
            event = event.severity(word(Severity::parse, severity, "severity")?);
        }
        if let Some(message) = self.message {
            event = event.message(message);
        }
        event = self.tags.into_iter().fold(event, EventBuilder::tag);
        event = self.attrs.into_iter().fold(event, |event, (key, value)| event.attr_json(key, value));
        Ok(match self.payload {
            Some(payload) => event.raw(payload),
            None => event,
        })
    }
}

impl SourceSpec {
    fn source(&self) -> Result<Source> {
        match &self.name {
            Some(name) => Source::named(self.component.as_str(), name.as_str()),
            None => Source::new(self.component.as_str()),
        }
    }
}

/// Tells a whole event from parts of one.
#[derive(Deserialize)]
struct Peek {
    id: Option<IgnoredAny>,
    time: Option<IgnoredAny>,
}

/// Reads an event: its wire form where it has an id or a time, else its parts ([`EventSpec`]), and both are made.
///
/// ```
/// let event = newswire_facade::read_event(r#"{"kind":"deploy.finished","payload":{"cost_usd":0.1}}"#)?;
/// assert_eq!(newswire_facade::read_event(&event.to_json())?.id(), event.id());
/// # Ok::<(), newswire::Error>(())
/// ```
///
/// # Errors
/// `Invalid` with path or column; `TooLarge` over a bound.
pub fn read_event(json: &str) -> Result<Event> {
    match serde_json::from_str::<Peek>(json) {
        Ok(Peek { id: None, time: None }) => {
            serde_json::from_str::<EventSpec>(json).map_err(|error| json::wrong(&error, json))?.event()
        }
        // What is no JSON either, the core's reader says best.
        _ => Event::from_json(json),
    }
}

fn scope(ids: &BTreeMap<String, String>) -> Result<Scope> {
    ids.iter().try_fold(Scope::new(), |scope, (name, id)| scope.with(scope_field(name)?, id.as_str()))
}

fn correlation(ids: &BTreeMap<String, String>) -> Result<Correlation> {
    ids.iter().try_fold(Correlation::new(), |mut ids, (name, id)| {
        match name.as_str() {
            TRACE => ids.trace = Some(trace(id)?),
            SPAN => ids.span = Some(span(id, SPAN)?),
            PARENT_SPAN => ids.parent_span = Some(span(id, PARENT_SPAN)?),
            other => ids = ids.with(correlation_field(other)?, id.as_str())?,
        }
        Ok(ids)
    })
}

/// The scope's field of that name.
///
/// # Errors
/// `Invalid`, with the names that exist.
pub fn scope_field(name: &str) -> Result<ScopeField> {
    ScopeField::parse(name)
        .ok_or_else(|| no_id(name, "scope", ScopeField::ALL.iter().map(|field| field.as_str())))
}

/// The free-text field of a correlation of that name.
///
/// # Errors
/// `Invalid`, with the names that exist.
pub fn correlation_field(name: &str) -> Result<CorrelationField> {
    CorrelationField::parse(name).ok_or_else(|| {
        let free = CorrelationField::ALL.iter().map(|field| field.as_str());
        no_id(name, "correlation", [TRACE, SPAN, PARENT_SPAN].into_iter().chain(free))
    })
}

fn no_id(name: &str, place: &str, known: impl Iterator<Item = &'static str>) -> Error {
    let shown: String = name.chars().take(40).collect();
    let known: Vec<_> = known.collect();
    Error::invalid(format!("there is no id {shown:?}"))
        .at_path(format!("{place}.{shown}"))
        .expecting(format!("one of {}", known.join(", ")))
}

fn trace(text: &str) -> Result<TraceId> {
    word(TraceId::parse, text, "correlation.trace")
}

fn span(text: &str, name: &str) -> Result<SpanId> {
    word(SpanId::parse, text, &format!("correlation.{name}"))
}
