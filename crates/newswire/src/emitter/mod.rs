//! The emitter: a bus plus fixed context, with a method for each kind of the catalogue.
//!
//! Every emission first asks whether anybody wants the kind: one load. Only then are the arguments turned
//! into a payload and the payload into an event. The context (scope, source, correlation) is shared with
//! the events, never copied.

mod extras;
mod guard;

pub use guard::Guard;

use std::sync::Arc;

use serde_json::Value;

use self::extras::Extras;
use crate::bus::Bus;
use crate::catalogue::Catalogued;
use crate::delivery::Published;
use crate::dialect::NamesKind;
use crate::error::{Error, Rejected, Result};
use crate::event::{
    Correlation, CorrelationField, Event, EventBuilder, Payload, Scope, ScopeField, Source, SpanId, TraceId,
};
use crate::kind::Kind;

/// A bus plus fixed context; cheap to clone.
///
/// ```
/// use newswire::{Bus, ScopeField, Source};
///
/// let bus = Bus::new();
/// let mut events = bus.subscribe("tool.*")?;
/// let emitter = bus.emitter().with_source(Source::new("tool_runner")?).with_scope(ScopeField::Run, "r-7")?;
///
/// let call = emitter.tool_call("search", "call-1", None);
/// call.progress("asking the index")?;
/// call.complete(None)?;
///
/// let event = events.next().and_then(|delivery| delivery.event()).expect("the start of the call");
/// assert_eq!(event.kind().as_str(), "tool.call.started");
/// assert_eq!(event.scope().get(ScopeField::Run), Some("r-7"));
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone)]
pub struct Emitter {
    /// `None` = disabled.
    bus: Option<Bus>,
    scope: Scope,
    source: Source,
    correlation: Correlation,
    extras: Option<Arc<Extras>>,
}

impl Bus {
    /// An emitter of this bus, without context yet.
    pub fn emitter(&self) -> Emitter {
        Emitter { bus: Some(self.clone()), ..Emitter::disabled() }
    }
}

impl Emitter {
    /// An emitter that emits nothing, at no cost.
    pub const fn disabled() -> Self {
        Self {
            bus: None,
            scope: Scope::new(),
            source: Source::unknown(),
            correlation: Correlation::new(),
            extras: None,
        }
    }

    /// Whether it has a bus.
    pub fn is_enabled(&self) -> bool {
        self.bus.is_some()
    }

    /// The same emitter with one more id in the scope of its events.
    ///
    /// # Errors
    /// `Invalid` when the id is empty, `TooLarge` over [`Scope::MAX_ID_LEN`] bytes.
    pub fn with_scope(mut self, field: ScopeField, id: impl Into<Box<str>>) -> Result<Self> {
        self.scope = self.scope.with(field, id)?;
        Ok(self)
    }

    /// The same emitter with another source of its events.
    #[must_use]
    pub fn with_source(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// The same emitter with one more free-text id in the correlation of its events.
    ///
    /// # Errors
    /// `Invalid` when the id is empty, `TooLarge` over [`Scope::MAX_ID_LEN`] bytes.
    pub fn with_correlation(mut self, field: CorrelationField, id: impl Into<Box<str>>) -> Result<Self> {
        self.correlation = self.correlation.with(field, id)?;
        Ok(self)
    }

    /// The same emitter with these ids in the correlation of its events, in place of all that it had.
    #[must_use]
    pub fn with_correlations(mut self, correlation: Correlation) -> Self {
        self.correlation = correlation;
        self
    }

    /// The same emitter for events of that trace.
    #[must_use]
    pub fn with_trace(mut self, trace: TraceId) -> Self {
        self.correlation.trace = Some(trace);
        self
    }

    /// The same emitter for events about that span: for lifecycles that no guard can hold.
    #[must_use]
    pub fn with_span(mut self, span: SpanId) -> Self {
        self.correlation.span = Some(span);
        self
    }

    /// The same emitter for events that are a part of that span.
    #[must_use]
    pub fn with_parent(mut self, parent: SpanId) -> Self {
        self.correlation.parent_span = Some(parent);
        self
    }

    /// An emitter for what happens within what this one is about.
    #[must_use]
    pub fn child(&self) -> Self {
        let mut child = self.clone();
        child.correlation.span = None;
        child.correlation.parent_span = self.enclosing();
        child.extras = self.extras.as_ref().and_then(Extras::inherited);
        child
    }

    /// What its events belong to.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Who its events are from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// How its events hang together with others.
    pub fn correlation(&self) -> &Correlation {
        &self.correlation
    }

    /// The span that the next one would be a part of.
    fn enclosing(&self) -> Option<SpanId> {
        self.correlation.span.or(self.correlation.parent_span)
    }

    /// Whether anybody could want events of `kind`; a reply is always wanted.
    #[inline]
    pub fn wants(&self, kind: &Kind) -> bool {
        self.bus.as_ref().is_some_and(|bus| bus.wants(kind) || self.replies())
    }

    /// Emits a payload as an event of its kind, if anybody wants it.
    ///
    /// # Errors
    /// `Closed` when the bus is closed, `TooLarge` for an event over [`MAX_EVENT_BYTES`](crate::MAX_EVENT_BYTES);
    /// never when nobody wants the event.
    pub fn emit<P: Payload>(&self, payload: P) -> Result<Published> {
        self.emit_with(&payload.kind(), || payload)
    }

    /// Emits what `payload` makes as an event of `kind`; it is called only if anybody wants the event.
    ///
    /// ```
    /// use newswire::Bus;
    /// use newswire::catalogue::{Catalogued, tool::ToolCallFailed};
    ///
    /// let emitter = Bus::new().emitter();
    /// let published = emitter.emit_with(&ToolCallFailed::KIND, || -> ToolCallFailed { unreachable!("nobody listens") })?;
    /// assert_eq!((published.seq, published.matched), (None, 0));
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Emitter::emit`].
    #[inline]
    pub fn emit_with<P: Payload>(&self, kind: &Kind, payload: impl FnOnce() -> P) -> Result<Published> {
        match &self.bus {
            Some(bus) if self.wants(kind) => self.build_and_publish(bus, kind, payload),
            _ => Ok(Published::default()),
        }
    }

    /// As [`Emitter::emit_with`], for a type of the catalogue. That its kind is asked for in here and not where the
    /// type is known keeps the compiler from working out the same constant for each of the emitter's methods.
    #[inline]
    pub(crate) fn emit_made<P: Catalogued>(&self, payload: impl FnOnce() -> P) -> Result<Published> {
        self.emit_with(&P::KIND, payload)
    }

    /// Whether its events answer a question: whoever asked is no subscription, and waits for it.
    #[inline]
    fn replies(&self) -> bool {
        self.correlation.get(CorrelationField::ReplyTo).is_some()
    }

    /// Kept out of the callers, which mostly find that nobody listens.
    #[inline(never)]
    fn build_and_publish<P: Payload>(
        &self,
        bus: &Bus,
        kind: &Kind,
        payload: impl FnOnce() -> P,
    ) -> Result<Published> {
        let payload = payload();
        let component = self.component(kind, payload.label());
        let context = (&self.source, &self.scope, &self.correlation);
        let rare = self.extras.as_ref().and_then(|extras| extras.rare.boxed());
        bus.publish(Event::emitted(kind, context, component, rare, payload)?).map_err(Error::from)
    }

    /// Begins an event with this emitter's context: for what the methods don't set, such as a message.
    pub fn event(&self, kind: Kind) -> EventBuilder {
        self.around(Event::builder(kind))
    }

    /// As [`Emitter::event`], about the component that `label` names where the kind is about one: what the payload is
    /// called, as its type would say.
    pub fn event_about(&self, kind: Kind, label: Option<&str>) -> EventBuilder {
        let component = self.component(&kind, label);
        let builder = self.event(kind);
        match component {
            Some(component) => builder.component(component),
            None => builder,
        }
    }

    /// Begins an event with this emitter's context, by any name of its kind: see [`Event::named`].
    ///
    /// # Errors
    /// As [`Event::named`].
    pub fn named(&self, name: impl NamesKind, payload: &Value) -> Result<EventBuilder> {
        Event::named(name, payload).map(|event| self.around(event))
    }

    /// Publishes an event that is ready, wanted or not.
    ///
    /// # Errors
    /// As [`Bus::publish`]; the event is given back.
    pub fn publish(&self, event: Event) -> Result<Published, Rejected<Event>> {
        self.bus.as_ref().map_or_else(|| Ok(Published::default()), |bus| bus.publish(event))
    }
}
