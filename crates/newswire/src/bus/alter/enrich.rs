//! What an enricher may do to an event: complete it, not change what it is.

use std::fmt;
use std::sync::{Arc, Weak};

use serde::Serialize;

use crate::bus::core::Core;
use crate::error::Result;
use crate::event::{Event, EventBuilder, ScopeField, Severity, Source};

/// An event on its way to be published, in the hands of an enricher; its kind, id and correlation stay.
///
/// What is set is checked when the enricher returns: if any of it is wrong, none of it counts.
pub struct Enrichment {
    event: Event,
    builder: Option<EventBuilder>,
}

impl Enrichment {
    pub(super) fn of(event: &Event) -> Self {
        Self { event: event.clone(), builder: None }
    }

    /// The event as it came.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// Sets an attribute to anything that serialises.
    pub fn attr(&mut self, key: &str, value: &(impl Serialize + ?Sized)) {
        self.set(|builder| builder.attr(key, value));
    }

    /// Adds a tag.
    pub fn tag(&mut self, tag: &str) {
        self.set(|builder| builder.tag(tag));
    }

    /// Sets one id of the scope.
    pub fn scope(&mut self, field: ScopeField, id: &str) {
        self.set(|builder| builder.scope_id(field, id));
    }

    /// Sets who emits it.
    pub fn source(&mut self, source: Source) {
        self.set(|builder| builder.source(source));
    }

    /// Sets how much it matters.
    pub fn severity(&mut self, severity: Severity) {
        self.set(|builder| builder.severity(severity));
    }

    /// Sets the sentence for people.
    pub fn message(&mut self, message: &str) {
        self.set(|builder| builder.message(message));
    }

    /// Sets the payload to JSON text; a typed one is given up.
    pub fn json(&mut self, payload: &str) {
        self.set(|builder| builder.json(payload));
    }

    fn set(&mut self, change: impl FnOnce(EventBuilder) -> EventBuilder) {
        let builder = self.builder.take().unwrap_or_else(|| EventBuilder::amending(&self.event));
        self.builder = Some(change(builder));
    }

    /// The event with what was set.
    pub(super) fn finish(self, event: &Event) -> Result<Event> {
        self.builder.map_or_else(|| Ok(event.clone()), EventBuilder::build)
    }
}

impl fmt::Debug for Enrichment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrichment").field("event", &self.event).field("set", &self.builder).finish()
    }
}

/// An enricher's place on a bus; dropping it takes the enricher off.
#[must_use = "dropping it takes the enricher off; `forever` keeps it for the bus's life"]
pub struct Enricher {
    core: Weak<Core>,
    id: u64,
}

impl Enricher {
    pub(in crate::bus) fn new(core: &Arc<Core>, id: u64) -> Self {
        Self { core: Arc::downgrade(core), id }
    }

    /// Keeps the enricher for the bus's life.
    pub fn forever(mut self) {
        self.core = Weak::new();
    }
}

impl Drop for Enricher {
    fn drop(&mut self) {
        if let Some(core) = self.core.upgrade() {
            core.alterations.remove_enricher(self.id);
        }
    }
}

impl fmt::Debug for Enricher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Enricher").field(&self.id).finish()
    }
}
