//! Making events of what Python hands in.

use newswire::{
    Component, ComponentScope, Correlation, CorrelationField, EventBuilder, Kind, Scope, ScopeField,
    Severity, Source, SpanId, TraceId,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};
use serde_json::value::RawValue;

use crate::argument::{self, optional_text, text};
use crate::error::{self, raised};
use crate::{convert, kinds};

/// Begins an event of a kind by its name, or that a payload object has.
pub(crate) fn begin(what: &Bound<'_, PyAny>, payload: Option<&Bound<'_, PyAny>>) -> PyResult<EventBuilder> {
    let py = what.py();
    let (kind, payload) = match (what.cast::<PyString>(), payload) {
        (Ok(name), payload) => (kinds::kind_of(name)?, payload),
        (Err(_), None) => (kind_of_payload(what)?, Some(what)),
        (Err(_), Some(_)) => return Err(two_payloads(py)),
    };
    let builder = newswire::Event::builder(kind);
    match payload.filter(|payload| !payload.is_none()) {
        Some(payload) => Ok(builder.json_made(convert::to_json(payload, "payload")?)),
        None => Ok(builder),
    }
}

/// A payload was given beside one that is there.
pub(crate) fn two_payloads(py: Python<'_>) -> PyErr {
    error::argument(
        py,
        "an event has one payload, this would have two",
        "payload",
        "a kind and its payload, or one payload object",
    )
}

/// The kind that a payload object is of.
pub(crate) fn kind_of_payload(payload: &Bound<'_, PyAny>) -> PyResult<Kind> {
    static KIND_OF: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = payload.py();
    let name = match payload.getattr_opt(pyo3::intern!(py, "KIND"))? {
        Some(name) => name,
        None => KIND_OF.import(py, "newswire.events", "kind_of")?.call1((payload,))?,
    };
    match name.cast::<PyString>() {
        Ok(name) => kinds::kind_of(name),
        Err(_) => Err(argument::misfit(&name, "KIND", "a str")),
    }
}

/// What can be said of an event besides kind and payload, for errors.
pub(crate) const ENVELOPE: &str =
    "id, time_ns, source, scope, correlation, component, severity, message, tags, attrs, internal";
/// The same of one whose emitter says the rest.
pub(crate) const OWN_ENVELOPE: &str = "label, id, time_ns, severity, message, tags, attrs, internal";

/// What Python says of an event besides kind and payload.
#[derive(Default)]
pub(crate) struct Envelope<'a, 'py> {
    pub(crate) id: Option<&'a Bound<'py, PyAny>>,
    pub(crate) time_ns: Option<&'a Bound<'py, PyAny>>,
    pub(crate) source: Option<&'a Bound<'py, PyAny>>,
    pub(crate) scope: Option<&'a Bound<'py, PyAny>>,
    pub(crate) correlation: Option<&'a Bound<'py, PyAny>>,
    pub(crate) component: Option<&'a Bound<'py, PyAny>>,
    pub(crate) severity: Option<&'a Bound<'py, PyAny>>,
    pub(crate) message: Option<&'a Bound<'py, PyAny>>,
    pub(crate) tags: Option<&'a Bound<'py, PyAny>>,
    pub(crate) attrs: Option<&'a Bound<'py, PyAny>>,
    pub(crate) internal: Option<&'a Bound<'py, PyAny>>,
}

impl<'py> Envelope<'_, 'py> {
    /// The event, with all that.
    pub(crate) fn build(self, py: Python<'py>, mut event: EventBuilder) -> PyResult<newswire::Event> {
        let wrong = |error: newswire::Error| raised(py, &error);
        if let Some(id) = optional_text(self.id, "id")? {
            event = event.id(parse_id(id).map_err(wrong)?);
        }
        if let Some(time_ns) = self.time_ns {
            event = event.time_ns(argument::integer(time_ns, "time_ns")?);
        }
        if let Some(source) = self.source {
            event = event.source(source_of(source)?);
        }
        if let Some(scope) = self.scope {
            event = event.scope(scope_of(scope)?);
        }
        if let Some(ids) = self.correlation {
            event = event.correlation(correlation_of(ids)?);
        }
        if let Some(component) = self.component {
            let (scope, id) =
                pair(component, "component", "a tuple of scope and id, such as (\"agent\", \"a-1\")")?;
            let scope = ComponentScope::parse(text(&scope, "component.scope")?)
                .map_err(|error| wrong(error.at_path("component.scope")))?;
            let id = text(&id, "component.id")?;
            event = event.component(Component::new(scope, id).map_err(wrong)?);
        }
        if let Some(severity) = optional_text(self.severity, "severity")? {
            event =
                event.severity(Severity::parse(severity).map_err(|error| wrong(error.at_path("severity")))?);
        }
        if let Some(message) = optional_text(self.message, "message")? {
            event = event.message(message);
        }
        if let Some(tags) = self.tags {
            for tag in tags_of(tags)? {
                event = event.tag(tag);
            }
        }
        if let Some(attrs) = self.attrs {
            for (key, value) in attrs_of(attrs)? {
                event = event.attr_json(key, value);
            }
        }
        let internal = self.internal.map_or(Ok(false), |internal| argument::switch(internal, "internal"))?;
        event.internal(internal).build().map_err(wrong)
    }
}

/// `"component"`, or `("component", "name")`.
pub(crate) fn source_of(source: &Bound<'_, PyAny>) -> PyResult<Source> {
    let py = source.py();
    let source = if source.is_instance_of::<PyString>() {
        Source::new(text(source, "source")?)
    } else {
        let (component, name) = pair(source, "source", "a str, or a tuple of component and name")?;
        Source::named(text(&component, "source.component")?, text(&name, "source.name")?)
    };
    source.map_err(|error| raised(py, &error))
}

/// A mapping's items, or those that a sequence of pairs has.
pub(crate) fn items<'py>(
    mapping: &Bound<'py, PyAny>,
    path: &str,
) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
    let py = mapping.py();
    let dict = PyDict::new(py);
    dict.call_method1(pyo3::intern!(py, "update"), (mapping,))
        .map_err(|_| error::argument(py, "it is no mapping", path, "a mapping whose keys are str"))?;
    dict.iter().map(|(key, value)| Ok((text(&key, path)?.to_owned(), value))).collect()
}

/// Two values that stand together.
fn pair<'py>(
    value: &Bound<'py, PyAny>,
    path: &str,
    expected: &str,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    value.extract().map_err(|_| argument::misfit(value, path, expected))
}

pub(crate) fn scope_of(ids: &Bound<'_, PyAny>) -> PyResult<Scope> {
    let py = ids.py();
    items(ids, "scope")?
        .into_iter()
        .try_fold(Scope::new(), |scope, (name, id)| with_scope(py, scope, &name, &id))
}

/// The scope with one more id, by the name that it has on the wire, or that with `_id` behind it.
pub(crate) fn with_scope(py: Python<'_>, scope: Scope, name: &str, id: &Bound<'_, PyAny>) -> PyResult<Scope> {
    let field = scope_field(py, name)?;
    scope.with(field, text(id, &format!("scope.{name}"))?).map_err(|error| raised(py, &error))
}

pub(crate) fn scope_field(py: Python<'_>, name: &str) -> PyResult<ScopeField> {
    let short = || name.strip_suffix("_id").and_then(ScopeField::parse);
    ScopeField::parse(name).or_else(short).ok_or_else(|| {
        let names: Vec<&str> = ScopeField::ALL.into_iter().map(ScopeField::as_str).collect();
        error::argument(py, &format!("{name:?} is no part of a scope"), "scope", &names.join(", "))
    })
}

pub(crate) fn correlation_of(ids: &Bound<'_, PyAny>) -> PyResult<Correlation> {
    let py = ids.py();
    items(ids, "correlation")?
        .into_iter()
        .try_fold(Correlation::new(), |ids, (name, id)| with_correlation(py, ids, &name, &id))
}

pub(crate) fn with_correlation(
    py: Python<'_>,
    mut ids: Correlation,
    name: &str,
    id: &Bound<'_, PyAny>,
) -> PyResult<Correlation> {
    let path = format!("correlation.{name}");
    let wrong = |error: newswire::Error| raised(py, &error.at_path(&path));
    let id = text(id, &path)?;
    match name {
        "trace" => ids.trace = Some(TraceId::parse(id).map_err(wrong)?),
        "span" => ids.span = Some(SpanId::parse(id).map_err(wrong)?),
        "parent_span" => ids.parent_span = Some(SpanId::parse(id).map_err(wrong)?),
        "causation" => ids.causation = Some(parse_id(id).map_err(wrong)?),
        _ => {
            let field = CorrelationField::parse(name).ok_or_else(|| {
                let message = format!("{name:?} is no part of a correlation");
                let expected =
                    "trace, span, parent_span, causation, parent_turn, request, reply_to, correlation";
                error::argument(py, &message, "correlation", expected)
            })?;
            ids = ids.with(field, id).map_err(wrong)?;
        }
    }
    Ok(ids)
}

pub(crate) fn tags_of(tags: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    if tags.is_instance_of::<PyString>() {
        return Err(error::argument(
            tags.py(),
            "one str is no collection of tags",
            "tags",
            "a list or set of str",
        ));
    }
    let each = tags.try_iter().map_err(|_| argument::misfit(tags, "tags", "a list or set of str"))?;
    each.map(|tag| Ok(text(&tag?, "tags")?.to_owned())).collect()
}

pub(crate) fn attrs_of(attrs: &Bound<'_, PyAny>) -> PyResult<Vec<(String, Box<RawValue>)>> {
    let py = attrs.py();
    items(attrs, "attrs")?
        .into_iter()
        .map(|(key, value)| {
            let json = convert::to_json(&value, &format!("attrs.{key}"))?;
            let raw = RawValue::from_string(json.into());
            raw.map(|raw| (key, raw))
                .map_err(|error| error::argument(py, &error.to_string(), "attrs", "JSON"))
        })
        .collect()
}

fn parse_id(text: &str) -> newswire::Result<uuid::Uuid> {
    uuid::Uuid::try_parse(text).map_err(|error| {
        newswire::Error::invalid(error.to_string())
            .at_path("id")
            .expecting("a UUID, such as that of an event")
    })
}
