//! A bus plus fixed context: asks first, and builds only what is wanted.

use newswire::catalogue;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString};

use crate::argument::{self, text};
use crate::bus::Bus;
use crate::error::{self, raised};
use crate::event::Event;
use crate::fast::Args;
use crate::gate::Own;
use crate::make::{self, Envelope};
use crate::publish::{Manner, send};
use crate::published::Published;
use crate::{convert, kinds};

/// A bus plus fixed context.
#[pyclass(frozen, weakref, module = "newswire._native")]
pub(crate) struct Emitter {
    bus: Py<Bus>,
    emitter: Own<newswire::Emitter>,
}

#[pymethods]
impl Emitter {
    #[new]
    #[pyo3(signature = (bus, *, scope=None, source=None, correlation=None, tags=None, attrs=None, component=None))]
    #[expect(clippy::too_many_arguments, reason = "the keywords of a call")]
    fn make(
        py: Python<'_>,
        bus: &Bound<'_, Bus>,
        scope: Option<&Bound<'_, PyAny>>,
        source: Option<&Bound<'_, PyAny>>,
        correlation: Option<&Bound<'_, PyAny>>,
        tags: Option<&Bound<'_, PyAny>>,
        attrs: Option<&Bound<'_, PyAny>>,
        component: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let wrong = |error: newswire::Error| raised(py, &error);
        let mut emitter = bus.get().open(py)?.emitter();
        if let Some(ids) = scope {
            for (field, id) in make::scope_of(ids)?.iter() {
                emitter = emitter.with_scope(field, id).map_err(wrong)?;
            }
        }
        if let Some(source) = source {
            emitter = emitter.with_source(make::source_of(source)?);
        }
        if let Some(ids) = correlation {
            emitter = emitter.with_correlations(make::correlation_of(ids)?);
        }
        for tag in tags.map(make::tags_of).transpose()?.into_iter().flatten() {
            emitter = emitter.with_tag(tag).map_err(wrong)?;
        }
        for (key, value) in attrs.map(make::attrs_of).transpose()?.into_iter().flatten() {
            emitter = emitter.with_attr(key, &value).map_err(wrong)?;
        }
        if let Some(component) = argument::optional_text(component, "component")? {
            emitter = emitter.with_component(component).map_err(wrong)?;
        }
        Ok(Self { bus: bus.clone().unbind(), emitter: Own::new(emitter) })
    }

    /// Whether anybody could want events of `kind`.
    #[pyo3(signature = (kind, /))]
    fn wants(&self, py: Python<'_>, kind: &Bound<'_, PyString>) -> PyResult<bool> {
        self.bus.get().open(py)?;
        Ok(self.emitter.get(py)?.wants(&kinds::kind_of(kind)?))
    }

    /// An event with this context, which is not published.
    #[pyo3(signature = (kind, payload=None, /, *, label=None, id=None, time_ns=None, severity=None, message=None,
                        tags=None, attrs=None, internal=None, **others),
           text_signature = "($self, kind, payload=None, /, *, label=None, id=None, time_ns=None, severity=None, message=None, tags=None, attrs=None, internal=False)")]
    #[expect(clippy::too_many_arguments, reason = "the keywords of a call")]
    fn event(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        payload: Option<&Bound<'_, PyAny>>,
        label: Option<&Bound<'_, PyAny>>,
        id: Option<&Bound<'_, PyAny>>,
        time_ns: Option<&Bound<'_, PyAny>>,
        severity: Option<&Bound<'_, PyAny>>,
        message: Option<&Bound<'_, PyAny>>,
        tags: Option<&Bound<'_, PyAny>>,
        attrs: Option<&Bound<'_, PyAny>>,
        internal: Option<&Bound<'_, PyAny>>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Event> {
        argument::no_others(others, make::OWN_ENVELOPE)?;
        let said = Said::of(kind, payload)?;
        let builder = said.begin(self.emitter.get(py)?, argument::optional_text(label, "label")?)?;
        let envelope =
            Envelope { id, time_ns, severity, message, tags, attrs, internal, ..Envelope::default() };
        envelope.build(py, builder).map(Event::new)
    }

    fn __traverse__(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
        visit.call(&self.bus)
    }
}

/// The kind and payload that a call says.
struct Said<'a, 'py> {
    kind: newswire::Kind,
    payload: Option<&'a Bound<'py, PyAny>>,
}

impl<'a, 'py> Said<'a, 'py> {
    fn of(what: &'a Bound<'py, PyAny>, payload: Option<&'a Bound<'py, PyAny>>) -> PyResult<Self> {
        let payload = payload.filter(|payload| !payload.is_none());
        match (what.cast::<PyString>(), payload) {
            (Ok(name), payload) => Ok(Self { kind: kinds::kind_of(name)?, payload }),
            (Err(_), None) => Ok(Self { kind: make::kind_of_payload(what)?, payload: Some(what) }),
            (Err(_), Some(_)) => Err(make::two_payloads(what.py())),
        }
    }

    /// An event of the emitter's that says it.
    fn begin(self, emitter: &newswire::Emitter, label: Option<&str>) -> PyResult<newswire::EventBuilder> {
        let own = match (label, self.payload) {
            (None, Some(payload)) => self.label(payload)?,
            _ => None,
        };
        let builder = emitter.event_about(self.kind, label.or(own.as_deref()));
        match self.payload {
            Some(payload) => Ok(builder.json_made(convert::to_json(payload, "payload")?)),
            None => Ok(builder),
        }
    }

    /// What the payload is called, where its kind is about a component.
    fn label(&self, payload: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        let row = catalogue::row_of(&self.kind).filter(|row| row.component.is_some());
        let Some(field) = row.and_then(|row| row.fields.first()).map(|field| field.name) else {
            return Ok(None);
        };
        let value = match payload.cast::<PyMapping>() {
            Ok(payload) => payload.get_item(field).ok(),
            Err(_) => payload.getattr_opt(field)?,
        };
        Ok(value.and_then(|value| value.extract().ok()))
    }
}

/// `emit(kind, payload=None, /, *, label=None, message=None, span=None, parent=None, **fields)`.
pub(crate) fn emit(slf: Borrowed<'_, '_, Emitter>, args: &Args<'_, '_>) -> PyResult<Py<PyAny>> {
    let py = args.py();
    let this = slf.get();
    let bus = this.bus.get();
    bus.open(py)?;
    let emitter = this.emitter.get(py)?;
    let mut positional = args.positional();
    let (Some(what), payload, None) = (positional.next(), positional.next(), positional.next()) else {
        return Err(error::argument(
            py,
            "it takes a kind and a payload",
            "kind",
            "emit(kind, payload) or emit(payload)",
        ));
    };
    let mut said = Said::of(&what, payload.as_deref())?;
    if !emitter.wants(&said.kind) {
        return Ok(Published::nobody(py)?.clone_ref(py).into_any());
    }
    let (mut label, mut message, mut span, mut parent) = (None, None, None, None);
    let fields = PyDict::new(py);
    for (name, value) in args.named() {
        let place = match &*name.cast::<PyString>()?.to_string_lossy() {
            "label" => &mut label,
            "message" => &mut message,
            "span" => &mut span,
            "parent" => &mut parent,
            _ => {
                fields.set_item(name, value)?;
                continue;
            }
        };
        if !value.is_none() {
            *place = Some(text(&value, &name.to_string())?.to_owned());
        }
    }
    if !fields.is_empty() {
        if said.payload.is_some() {
            return Err(make::two_payloads(py));
        }
        said.payload = Some(fields.as_any());
    }
    let own;
    let emitter = if span.is_some() || parent.is_some() {
        own = about(py, emitter.clone(), span.as_deref(), parent.as_deref())?;
        &own
    } else {
        emitter
    };
    let mut builder = said.begin(emitter, label.as_deref())?;
    if let Some(message) = message {
        builder = builder.message(message);
    }
    let event = builder.build().map_err(|error| raised(py, &error))?;
    send(py, bus, event, Manner::Wait).map(Py::into_any)
}

/// The emitter for events about a span, as a part of another.
fn about(
    py: Python<'_>,
    mut emitter: newswire::Emitter,
    span: Option<&str>,
    parent: Option<&str>,
) -> PyResult<newswire::Emitter> {
    let parse = |text: &str, path: &str| {
        newswire::SpanId::parse(text).map_err(|error| raised(py, &error.at_path(path)))
    };
    if let Some(span) = span {
        emitter = emitter.with_span(parse(span, "span")?);
    }
    if let Some(parent) = parent {
        emitter = emitter.with_parent(parse(parent, "parent")?);
    }
    Ok(emitter)
}

/// A fresh span, as text.
#[pyfunction]
pub(crate) fn new_span() -> String {
    newswire::SpanId::fresh().to_string()
}

/// A fresh trace, as text.
#[pyfunction]
pub(crate) fn new_trace() -> String {
    newswire::TraceId::fresh().to_string()
}
