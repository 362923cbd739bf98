//! Python's callables as handlers.

use std::sync::{Arc, Mutex, PoisonError};

use newswire::{Failure, Handler, HandlerGone};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::event::Event;
use crate::published::Gap;
use crate::{error, fast, gate, publish};

/// A callable, in the hands of its bus: whoever collects garbage asks that for it.
pub(crate) struct Callable(Mutex<Option<Py<PyAny>>>);

impl Callable {
    pub(crate) fn new(callable: Py<PyAny>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(callable))))
    }

    /// The callable, unless it was let go of.
    pub(crate) fn get<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        let callable = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        callable.as_ref().map(|callable| callable.bind(py).clone())
    }

    /// Lets go of it; to be dropped where no lock is held.
    pub(crate) fn take(&self) -> Option<Py<PyAny>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Shows it to the garbage collector, unless it is being looked at.
    pub(crate) fn visit(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
        match self.0.try_lock() {
            Ok(callable) => visit.call(&*callable),
            Err(_) => Ok(()),
        }
    }
}

/// A handler that is written in Python.
pub(crate) struct PyHandler {
    pub(crate) name: String,
    pub(crate) callable: Arc<Callable>,
    pub(crate) on_gap: Option<Arc<Callable>>,
    /// Whether the callable is a weak reference to what is to be called.
    pub(crate) weak: bool,
}

/// A weak reference to the object of a bound method.
pub(crate) fn weak_method<'py>(handler: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = handler.py();
    let is_bound = handler.is_instance(&py.import("types")?.getattr("MethodType")?)?;
    if !is_bound {
        let message = "nothing else would keep this handler alive";
        return Err(error::argument(py, message, "options.weak", "a bound method, such as thing.on_event"));
    }
    py.import("weakref")?.getattr("WeakMethod")?.call1((handler,))
}

impl PyHandler {
    fn call<'py>(&self, py: Python<'py>, event: &Bound<'py, PyAny>) -> Result<(), Failure> {
        let mut callable = self.callable.get(py).ok_or(HandlerGone)?;
        if self.weak {
            callable = callable.call0()?;
            if callable.is_none() {
                return Err(HandlerGone.into());
            }
        }
        match fast::call_one(&callable, event).and_then(|returned| settled(&returned)) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.failed(py, error, event)),
        }
    }

    /// Logs or raises what the handler raised, and says it in a few words.
    fn failed(&self, py: Python<'_>, error: PyErr, event: &Bound<'_, PyAny>) -> Failure {
        let said = error.to_string();
        if let Err(trouble) = self.tell(py, error, event) {
            trouble.write_unraisable(py, None);
        }
        said.into()
    }

    fn tell(&self, py: Python<'_>, error: PyErr, event: &Bound<'_, PyAny>) -> PyResult<()> {
        match publish::raise_from_publish(py, error) {
            Some(error) => log(py, &error, "handler %s failed on %r", &self.name, event),
            None => Ok(()),
        }
    }
}

/// Refuses a coroutine, which nobody would await: what it is for has not begun.
#[inline]
pub(crate) fn settled(returned: &Bound<'_, PyAny>) -> PyResult<()> {
    if returned.is_none() { Ok(()) } else { not_begun(returned) }
}

#[cold]
fn not_begun(returned: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = returned.py();
    // What runs by itself, such as a task, has no `send`.
    if returned.getattr_opt(pyo3::intern!(py, "__await__"))?.is_none()
        || returned.getattr_opt(pyo3::intern!(py, "send"))?.is_none()
    {
        return Ok(());
    }
    returned.call_method0(pyo3::intern!(py, "close"))?;
    Err(error::argument(
        py,
        "it returned a coroutine, which nobody awaits",
        "handler",
        "an async def function",
    ))
}

/// Logs what user code raised, with its traceback.
pub(crate) fn log(
    py: Python<'_>,
    error: &PyErr,
    said: &str,
    name: &str,
    event: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let log = py.import("logging")?.call_method1("getLogger", ("newswire",))?;
    let keywords = PyDict::new(py);
    keywords.set_item("exc_info", error.value(py))?;
    log.call_method("error", (said, name, event), Some(&keywords)).map(drop)
}

/// What a callable is called in logs.
pub(crate) fn name_of(callable: &Bound<'_, PyAny>) -> PyResult<String> {
    let name = callable.getattr_opt("__qualname__")?;
    Ok(name.map_or_else(|| callable.repr(), |name| name.str())?.to_string())
}

impl Handler for PyHandler {
    fn on_event(&self, event: &newswire::Event) -> Result<(), Failure> {
        if !gate::is_open() {
            return Err("the interpreter is about to end".into());
        }
        Python::attach(|py| {
            let event = Bound::new(py, Event::new(event.clone()))?;
            self.call(py, event.as_any())
        })
    }

    fn on_gap(&self, gap: &newswire::Gap) {
        let Some(on_gap) = self.on_gap.as_ref().filter(|_| gate::is_open()) else { return };
        Python::attach(|py| {
            let Some(callable) = on_gap.get(py) else { return };
            let told = Bound::new(py, Gap::from(*gap)).and_then(|gap| {
                fast::call_one(&callable, gap.as_any())
                    .and_then(|returned| settled(&returned))
                    .or_else(|error| self.tell(py, error, gap.as_any()))
            });
            if let Err(error) = told {
                error.write_unraisable(py, None);
            }
        });
    }
}
