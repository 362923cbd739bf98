//! Enrichers that are written in Python: they complete events that are published through Python.

use std::sync::{Arc, Mutex, PoisonError};

use newswire::{Enrichment as Inner, Severity};
use pyo3::prelude::*;
use serde_json::value::RawValue;

use crate::argument::text;
use crate::error::{closed, raised};
use crate::event::Event;
use crate::gate::{self, Own};
use crate::handler::{Callable, log, name_of, settled};
use crate::publish::raise_from_publish;
use crate::{convert, make};

/// What an enricher asked for; done when it has returned.
enum Change {
    Attr(String, Box<RawValue>),
    Tag(String),
    Scope(newswire::ScopeField, String),
    Source(newswire::Source),
    Severity(Severity),
    Message(String),
    Payload(Box<str>),
}

impl Change {
    fn make(self, event: &mut Inner) {
        match self {
            Self::Attr(key, value) => event.attr(&key, &value),
            Self::Tag(tag) => event.tag(&tag),
            Self::Scope(field, id) => event.scope(field, &id),
            Self::Source(source) => event.source(source),
            Self::Severity(severity) => event.severity(severity),
            Self::Message(message) => event.message(&message),
            Self::Payload(json) => event.json(&json),
        }
    }
}

/// An event on its way to be published, in the hands of an enricher.
#[pyclass(frozen, module = "newswire._native")]
pub(crate) struct Enrichment {
    event: Py<Event>,
    /// `None` once the enricher has returned.
    changes: Mutex<Option<Vec<Change>>>,
}

impl Enrichment {
    fn add(&self, py: Python<'_>, change: Change) -> PyResult<()> {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = changes.as_mut().ok_or_else(|| closed(py, "the enricher has returned"))?;
        changes.push(change);
        Ok(())
    }
}

#[pymethods]
impl Enrichment {
    /// The event as it came.
    #[getter]
    fn event(&self, py: Python<'_>) -> Py<Event> {
        self.event.clone_ref(py)
    }

    /// Sets an attribute.
    fn attr(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, key) = (value.py(), text(key, "key")?);
        let json = convert::to_json(value, &format!("attrs.{key}"))?;
        let raw = RawValue::from_string(json.into())
            .map_err(|error| crate::error::argument(py, &error.to_string(), "attrs", "JSON"))?;
        self.add(py, Change::Attr(key.to_owned(), raw))
    }

    /// Adds a tag.
    fn tag(&self, tag: &Bound<'_, PyAny>) -> PyResult<()> {
        self.add(tag.py(), Change::Tag(text(tag, "tag")?.to_owned()))
    }

    /// Sets one id of the scope.
    fn scope(&self, name: &Bound<'_, PyAny>, id: &Bound<'_, PyAny>) -> PyResult<()> {
        let field = make::scope_field(name.py(), text(name, "name")?)?;
        self.add(name.py(), Change::Scope(field, text(id, "id")?.to_owned()))
    }

    /// Sets who emits it.
    fn source(&self, py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<()> {
        let source = make::source_of(source)?;
        self.add(py, Change::Source(source))
    }

    /// Sets how much it matters.
    fn severity(&self, severity: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = severity.py();
        let severity = Severity::parse(text(severity, "severity")?).map_err(|error| raised(py, &error))?;
        self.add(py, Change::Severity(severity))
    }

    /// Sets the sentence for people.
    fn message(&self, message: &Bound<'_, PyAny>) -> PyResult<()> {
        self.add(message.py(), Change::Message(text(message, "message")?.to_owned()))
    }

    /// Sets the payload.
    fn payload(&self, payload: &Bound<'_, PyAny>) -> PyResult<()> {
        self.add(payload.py(), Change::Payload(convert::to_json(payload, "payload")?))
    }
}

/// An enricher's place on a bus; dropping it leaves the enricher there.
#[pyclass(frozen, module = "newswire._native")]
pub(crate) struct Enricher {
    place: Own<Mutex<Option<newswire::Enricher>>>,
    callable: Arc<Callable>,
}

impl Enricher {
    pub(crate) fn add(py: Python<'_>, bus: &newswire::Bus, callable: Arc<Callable>) -> PyResult<Self> {
        let enricher = callable.clone();
        let added = bus.add_enricher(move |event| {
            // What others publish than Python is none of its business.
            if gate::is_here() && gate::is_open() {
                Python::attach(|py| enrich(py, &enricher, event));
            }
        });
        let place = added.map_err(|error| raised(py, &error))?;
        Ok(Self { place: Own::new(Mutex::new(Some(place))), callable })
    }
}

#[pymethods]
impl Enricher {
    /// Takes it off the bus.
    fn remove(&self, py: Python<'_>) -> PyResult<()> {
        let place = self.place.get(py)?.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop((place, self.callable.take()));
        Ok(())
    }
}

impl Drop for Enricher {
    fn drop(&mut self) {
        if let Some(place) = self.place.mine() {
            let place = place.lock().unwrap_or_else(PoisonError::into_inner).take();
            place.into_iter().for_each(newswire::Enricher::forever);
        }
    }
}

fn enrich(py: Python<'_>, callable: &Callable, event: &mut Inner) {
    let Some(callable) = callable.get(py) else { return };
    match changes(py, &callable, event.event().clone()) {
        Ok(changes) => changes.into_iter().for_each(|change| change.make(event)),
        Err(error) => {
            let error = raise_from_publish(py, error);
            let told = error.map_or(Ok(()), |error| {
                let name = name_of(&callable)?;
                let event = Bound::new(py, Event::new(event.event().clone()))?;
                log(py, &error, "enricher %s failed on %r", &name, event.as_any())
            });
            if let Err(trouble) = told {
                trouble.write_unraisable(py, None);
            }
            // The core counts an enricher that fails, by what it does wrong.
            std::panic::resume_unwind(Box::new("a Python enricher raised"));
        }
    }
}

fn changes(py: Python<'_>, callable: &Bound<'_, PyAny>, event: newswire::Event) -> PyResult<Vec<Change>> {
    let event = Py::new(py, Event::new(event))?;
    let enrichment = Bound::new(py, Enrichment { event, changes: Mutex::new(Some(Vec::new())) })?;
    settled(&callable.call1((&enrichment,))?)?;
    let changes = enrichment.get().changes.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok(changes.unwrap_or_default())
}
