//! The event as Python sees it: a view on the core's record, which decodes what is asked for.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use newswire::{CorrelationField, Field};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyFrozenSet, PyMappingProxy, PyString, PyTuple};

use crate::argument;
use crate::error::raised;
use crate::make::{self, Envelope};
use crate::{decode, payload};

/// An immutable record of something that happened.
#[pyclass(frozen, generic, freelist = 64, module = "newswire._native")]
pub(crate) struct Event {
    event: newswire::Event,
    payload: PyOnceLock<Py<PyAny>>,
}

impl Event {
    pub(crate) fn new(event: newswire::Event) -> Self {
        Self { event, payload: PyOnceLock::new() }
    }

    pub(crate) fn inner(&self) -> &newswire::Event {
        &self.event
    }
}

#[pymethods]
impl Event {
    #[classattr]
    fn __match_args__() -> (&'static str, &'static str) {
        ("kind", "payload")
    }

    #[new]
    #[pyo3(signature = (kind, payload=None, /, *, id=None, time_ns=None, source=None, scope=None, correlation=None,
                        component=None, severity=None, message=None, tags=None, attrs=None, internal=None, **others),
           text_signature = "(kind, payload=None, /, *, id=None, time_ns=None, source=None, scope=None, correlation=None, component=None, severity=None, message=None, tags=None, attrs=None, internal=False)")]
    #[expect(clippy::too_many_arguments, reason = "the keywords of a call")]
    fn make(
        kind: &Bound<'_, PyAny>,
        payload: Option<&Bound<'_, PyAny>>,
        id: Option<&Bound<'_, PyAny>>,
        time_ns: Option<&Bound<'_, PyAny>>,
        source: Option<&Bound<'_, PyAny>>,
        scope: Option<&Bound<'_, PyAny>>,
        correlation: Option<&Bound<'_, PyAny>>,
        component: Option<&Bound<'_, PyAny>>,
        severity: Option<&Bound<'_, PyAny>>,
        message: Option<&Bound<'_, PyAny>>,
        tags: Option<&Bound<'_, PyAny>>,
        attrs: Option<&Bound<'_, PyAny>>,
        internal: Option<&Bound<'_, PyAny>>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        argument::no_others(others, make::ENVELOPE)?;
        let envelope = Envelope {
            id,
            time_ns,
            source,
            scope,
            correlation,
            component,
            severity,
            message,
            tags,
            attrs,
            internal,
        };
        envelope.build(kind.py(), make::begin(kind, payload)?).map(Self::new)
    }

    /// An event from its JSON.
    #[staticmethod]
    #[pyo3(signature = (json, /))]
    fn from_json(json: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = json.py();
        let read = match json.cast::<PyBytes>() {
            Ok(bytes) => newswire::Event::from_json(bytes.as_bytes()),
            Err(_) => newswire::Event::from_json(argument::text(json, "json")?),
        };
        read.map(Self::new).map_err(|error| raised(py, &error))
    }

    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        PyString::new(py, self.event.id().hyphenated().encode_lower(&mut [0; 36]))
    }

    #[getter]
    fn seq(&self) -> Option<u64> {
        Some(self.event.seq()).filter(|seq| *seq > 0)
    }

    #[getter]
    fn origin(&self) -> Option<(&str, u64, u64)> {
        self.event.origin().map(|origin| (&*origin.bus, origin.epoch, origin.seq))
    }

    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        PyString::intern(py, self.event.kind().as_str())
    }

    #[getter]
    fn time_ns(&self) -> i64 {
        self.event.time_ns()
    }

    /// When it happened, to the microsecond, in UTC.
    #[getter]
    fn time<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static EPOCH: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        static DELTA: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let epoch = EPOCH.get_or_try_init(py, || {
            let datetime = py.import("datetime")?;
            let utc = datetime.getattr("timezone")?.getattr("utc")?;
            let epoch = datetime.getattr("datetime")?.call1((1970, 1, 1, 0, 0, 0, 0, utc))?;
            PyResult::Ok(epoch.unbind())
        })?;
        let delta = DELTA.import(py, "datetime", "timedelta")?;
        epoch.bind(py).add(delta.call1((0, 0, self.event.time_ns().div_euclid(1000)))?)
    }

    #[getter]
    fn source(&self) -> Option<&str> {
        self.event.source().component()
    }

    #[getter]
    fn source_name(&self) -> Option<&str> {
        self.event.source().name()
    }

    #[getter]
    fn scope<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        let ids = PyDict::new(py);
        for (field, id) in self.event.scope().iter() {
            ids.set_item(field.as_str(), id)?;
        }
        Ok(PyMappingProxy::new(py, ids.as_mapping()))
    }

    #[getter]
    fn correlation<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        let ids = PyDict::new(py);
        let correlation = self.event.correlation();
        let numbers = [
            ("trace", correlation.trace.map(|id| id.to_string())),
            ("span", correlation.span.map(|id| id.to_string())),
            ("parent_span", correlation.parent_span.map(|id| id.to_string())),
            ("causation", correlation.causation.map(|id| id.to_string())),
        ];
        for (name, id) in numbers {
            if let Some(id) = id {
                ids.set_item(name, id)?;
            }
        }
        for field in CorrelationField::ALL {
            if let Some(id) = correlation.get(field) {
                ids.set_item(field.as_str(), id)?;
            }
        }
        Ok(PyMappingProxy::new(py, ids.as_mapping()))
    }

    #[getter]
    fn component(&self) -> Option<(&'static str, &str)> {
        self.event.component().map(|component| (component.scope().as_str(), component.id()))
    }

    #[getter]
    fn phase(&self) -> Option<&'static str> {
        self.event.phase().map(|phase| phase.as_str())
    }

    #[getter]
    fn status(&self) -> Option<&'static str> {
        self.event.status().map(|status| status.as_str())
    }

    #[getter]
    fn severity(&self) -> &'static str {
        self.event.severity().as_str()
    }

    #[getter]
    fn message(&self) -> Option<&str> {
        self.event.message()
    }

    #[getter]
    fn tags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyFrozenSet>> {
        PyFrozenSet::new(py, self.event.tags())
    }

    #[getter]
    fn attrs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMappingProxy>> {
        let attrs = PyDict::new(py);
        for (key, value) in self.event.attrs() {
            attrs.set_item(key, decode::from_json(py, value.get())?)?;
        }
        Ok(PyMappingProxy::new(py, attrs.as_mapping()))
    }

    #[getter]
    fn internal(&self) -> bool {
        self.event.internal()
    }

    /// An upper bound of its size as JSON, in bytes.
    #[getter]
    fn size(&self) -> usize {
        self.event.size()
    }

    /// `(first_seq, count)` of the events that it was merged from.
    #[getter]
    fn merged(&self) -> Option<(u64, u64)> {
        self.event.merged().map(|merged| (merged.first_seq, merged.count))
    }

    /// What the event says: an object of the kind's class, else what its JSON says.
    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let payload = self.payload.get_or_try_init(py, || match self.event.payload_json() {
            Some(json) => payload::decoded(py, self.event.kind(), json).map(Bound::unbind),
            None => Ok(py.None()),
        })?;
        Ok(payload.bind(py).clone())
    }

    fn json(&self) -> String {
        self.event.to_json()
    }

    fn payload_json(&self) -> Option<&str> {
        self.event.payload_json()
    }

    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        decode::from_json(py, &self.event.to_json())
    }

    /// The value of a field by its name in filters, such as `session` or `payload.user.id`, as text.
    #[pyo3(signature = (name, /))]
    fn field(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        let field = Field::parse(argument::text(name, "name")?).map_err(|error| raised(py, &error))?;
        Ok(field.value(&self.event).map(std::borrow::Cow::into_owned))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| {
            let other = &other.get().event;
            self.event.id() == other.id()
                && (self.event.seq() == other.seq() || self.event.seq() == 0 || other.seq() == 0)
                && content(&self.event) == content(other)
        })
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.event.id().hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        let seq = Some(self.event.seq()).filter(|seq| *seq > 0);
        let seq = seq.map_or_else(String::new, |seq| format!(", seq={seq}"));
        let payload: String = self.event.payload_json().unwrap_or("None").chars().take(200).collect();
        format!("Event({:?}, {payload}{seq})", self.event.kind().as_str())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let read = py.get_type::<Self>().getattr("from_json")?;
        (read, (self.event.to_json(),)).into_pyobject(py)
    }
}

/// What two events have to share to be equal: all but their place on a bus.
fn content(event: &newswire::Event) -> String {
    match newswire::EventBuilder::amending(event).build() {
        Ok(unplaced) => unplaced.to_json(),
        Err(_) => event.to_json(),
    }
}
