//! What an envelope of another system says, in our terms, before kind and payload are looked up.

use std::borrow::Cow;

use serde_json::Value;
use uuid::Uuid;

use super::document::Object;
use super::residue::ReadAs;
use super::{Form, document, naming, payload};
use crate::catalogue::{self, System};
use crate::error::Result;
use crate::event::{Component, Correlation, CorrelationField, Event, Scope, ScopeField, Severity, Source};
use crate::kind::Kind;

/// How many attributes are taken over one by one; the others stay with what is left over.
const MAX_ATTRS: usize = 512;

/// A system's envelope, in all its forms.
pub(super) trait Envelope: Sync {
    /// The forms that it has; the first is how it writes what it didn't read.
    fn forms(&self) -> &'static [Form];

    /// Reads an envelope.
    ///
    /// # Errors
    /// `Invalid`, with path and what was expected, where it isn't the system's.
    fn read(&self, document: &Object) -> Result<(Form, Foreign)>;

    /// Where the payload is in the first form, if it stands there as it is.
    fn payload_at(&self) -> Option<&'static str> {
        None
    }

    /// Writes one; `None` where the form has no place for such an event.
    fn write(&self, form: Form, out: &Outgoing<'_>) -> Option<Object>;

    /// A payload with its values in the words that the table of names knows.
    fn in_words<'p>(&self, payload: &'p Value) -> Cow<'p, Value> {
        Cow::Borrowed(payload)
    }
}

/// What is to be written.
pub(super) struct Outgoing<'e> {
    pub(super) event: &'e Event,
    /// The name of its kind there.
    pub(super) name: &'e str,
    /// The payload there.
    pub(super) payload: Option<Value>,
    /// Whether the event was read from the system, so that positions of ours mean nothing to it.
    pub(super) read: bool,
}

impl Outgoing<'_> {
    /// Our position, where it is the system's too.
    pub(super) fn seq(&self) -> Option<u64> {
        Some(self.event.seq()).filter(|seq| !self.read && *seq > 0)
    }

    pub(super) fn scope(&self, field: ScopeField) -> Option<&str> {
        self.event.scope().get(field)
    }

    pub(super) fn correlation(&self, field: CorrelationField) -> Option<&str> {
        self.event.correlation().get(field)
    }

    /// An attribute that is text.
    pub(super) fn text_attr(&self, key: &str) -> Option<String> {
        self.attr(key)?.as_str().map(str::to_owned)
    }

    /// An attribute that is a number: a mask in its place is none, and no reader takes it for one.
    pub(super) fn number_attr(&self, key: &str) -> Option<Value> {
        self.attr(key).filter(Value::is_number)
    }

    fn attr(&self, key: &str) -> Option<Value> {
        serde_json::from_str(self.event.attr(key)?.get()).ok()
    }

    /// All attributes but those that dialects leave, and those of `without`.
    pub(super) fn attrs(&self, without: &[&str]) -> Option<Object> {
        let kept = |key: &str| !without.contains(&key) && !naming::is_system(key);
        let attrs: Object = self
            .event
            .attrs()
            .filter(|(key, _)| kept(key))
            .filter_map(|(key, value)| Some((key.to_owned(), serde_json::from_str(value.get()).ok()?)))
            .collect();
        (!attrs.is_empty()).then_some(attrs)
    }
}

/// What an envelope says.
#[derive(Default)]
pub(super) struct Foreign {
    /// The name of its kind there.
    pub(super) name: String,
    /// The payload there.
    pub(super) payload: Option<Value>,
    pub(super) id: Option<Uuid>,
    pub(super) time_ns: Option<i64>,
    pub(super) source: Source,
    pub(super) scope: Scope,
    pub(super) correlation: Correlation,
    pub(super) component: Option<Component>,
    pub(super) severity: Option<Severity>,
    pub(super) message: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) attrs: Vec<(String, Value)>,
    pub(super) internal: bool,
    /// Payload fields of ours that the envelope tells, where the payload doesn't.
    pub(super) told: Vec<(&'static str, String)>,
    /// Fields of the payload that stood in the place of the first that means the same.
    pub(super) fields: Vec<String>,
    /// Whether the payload of a custom event has nothing around it that its system's others have.
    pub(super) bare: bool,
    /// What ours must have and theirs doesn't say.
    pub(super) lacks: Vec<&'static str>,
    /// Where the payload stands in the document, for errors about it.
    pub(super) payload_at: &'static str,
    /// Members of the payload that are the envelope's, where the two are one object.
    pub(super) envelope: &'static [&'static str],
}

impl Foreign {
    /// Sets an id of the scope, if ours can be that and isn't set.
    pub(super) fn set_scope(&mut self, field: ScopeField, id: Option<&str>) {
        if let (Some(id), None) = (id, self.scope.get(field))
            && let Ok(scope) = self.scope.clone().with(field, id)
        {
            self.scope = scope;
        }
    }

    /// Sets an id of the correlation, if ours can be that and isn't set.
    pub(super) fn set_correlation(&mut self, field: CorrelationField, id: Option<&str>) {
        if let (Some(id), None) = (id, self.correlation.get(field))
            && let Ok(correlation) = self.correlation.clone().with(field, id)
        {
            self.correlation = correlation;
        }
    }

    /// Takes the id over: as ours, if it is such a one, else as the attribute `key`.
    pub(super) fn set_id(&mut self, key: &str, prefix: &str, id: Option<&str>) {
        let Some(id) = id else { return };
        let bare = id.strip_prefix(prefix).and_then(document::uuid);
        match bare.filter(|id| id.get_version_num() == 7) {
            Some(ours) => self.id = Some(ours),
            None => self.set_attr(key, id.into()),
        }
    }

    /// Sets an attribute, if ours can have it and it isn't set.
    pub(super) fn set_attr(&mut self, key: &str, value: Value) {
        let fits = !key.is_empty() && key.len() <= Scope::MAX_ID_LEN && self.attrs.len() < MAX_ATTRS;
        let taken = self.attrs.iter().any(|(present, _)| present == key);
        if fits && !taken && !naming::is_system(key) && !value.is_null() {
            self.attrs.push((key.to_owned(), value));
        }
    }

    /// The event, without what is left over, and in what words it was said.
    ///
    /// # Errors
    /// `TooLarge` where ours would be over its bounds.
    pub(super) fn into_event(mut self, system: System) -> Result<(Event, ReadAs)> {
        let (kind, body) = payload::to_ours(system, &mut self)?;
        let component = self.component.take().or_else(|| component(&kind, body.as_ref()));
        let mut builder = Event::builder(kind)
            .source(self.source)
            .scope(self.scope)
            .correlation(self.correlation)
            .internal(self.internal);
        if let Some(id) = self.id {
            builder = builder.id(id);
        }
        if let Some(time_ns) = self.time_ns {
            builder = builder.time_ns(time_ns);
        }
        if let Some(component) = component {
            builder = builder.component(component);
        }
        if let Some(severity) = self.severity {
            builder = builder.severity(severity);
        }
        if let Some(message) = self.message {
            builder = builder.message(message);
        }
        if let Some(body) = body {
            builder = builder.json(body.to_string());
        }
        for tag in self.tags {
            builder = builder.tag(tag);
        }
        for (key, value) in self.attrs {
            builder = builder.attr(key, &value);
        }
        let Self { name, fields, lacks, bare, .. } = self;
        Ok((builder.build()?, ReadAs { name, fields, lacks, bare, named: false }))
    }
}

/// What a lifecycle is about: the payload's first field, which is its label.
fn component(kind: &Kind, body: Option<&Value>) -> Option<Component> {
    let row = catalogue::row_of(kind)?;
    let label = body?.get(row.fields.first()?.name)?.as_str()?;
    Component::new(row.component?, label).ok()
}
