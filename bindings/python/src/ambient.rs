//! What code runs within: the event being handled, a thread that runs an event loop.
//!
//! Handlers on threads have it from the core. Asynchronous ones interleave on one thread, so theirs stands in a
//! context variable, which is looked at only once it has been set for the first time.

use std::sync::atomic::{AtomicBool, Ordering};

use newswire::{Handled, LoopThread};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use crate::event::Event;

static WAS_SET: AtomicBool = AtomicBool::new(false);

/// The context variable of the event being handled.
pub(crate) fn variable(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static VARIABLE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let variable = VARIABLE.get_or_try_init(py, || {
        let keywords = pyo3::types::PyDict::new(py);
        keywords.set_item("default", py.None())?;
        let class = py.import("contextvars")?.getattr("ContextVar")?;
        PyResult::Ok(class.call(("newswire_event",), Some(&keywords))?.unbind())
    })?;
    Ok(variable.bind(py))
}

/// The event that the running task handles, where a task does.
fn of_task(py: Python<'_>) -> PyResult<Option<Bound<'_, Event>>> {
    if !WAS_SET.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let event = variable(py)?.call_method0(pyo3::intern!(py, "get"))?;
    Ok(event.cast_into::<Event>().ok())
}

/// Runs `call`, whose events are caused by what the running task handles.
pub(crate) fn within<R>(py: Python<'_>, call: impl FnOnce() -> R) -> PyResult<R> {
    Ok(match of_task(py)? {
        Some(event) => Handled::as_if(event.get().inner(), call),
        None => call(),
    })
}

/// The event being handled.
#[pyfunction]
pub(crate) fn current_event(py: Python<'_>) -> PyResult<Option<Bound<'_, Event>>> {
    match of_task(py)? {
        Some(event) => Ok(Some(event)),
        None => Handled::event().map(|event| Bound::new(py, Event::new(event))).transpose(),
    }
}

/// Has what the running task publishes be caused by `event`; returns a token for `reset_ambient`.
#[pyfunction]
#[pyo3(signature = (event, /))]
pub(crate) fn set_ambient<'py>(event: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    WAS_SET.store(true, Ordering::Relaxed);
    variable(event.py())?.call_method1("set", (event,))
}

/// Ends what `set_ambient` began.
#[pyfunction]
#[pyo3(signature = (token, /))]
pub(crate) fn reset_ambient(token: &Bound<'_, PyAny>) -> PyResult<()> {
    variable(token.py())?.call_method1("reset", (token,)).map(drop)
}

/// A mark on the thread that made it: an event loop runs here, and nothing waits.
#[pyclass(unsendable, module = "newswire._native")]
pub(crate) struct OnLoop {
    mark: Option<LoopThread>,
}

#[pymethods]
impl OnLoop {
    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&mut self, _raised: &Bound<'_, PyTuple>) {
        self.close();
    }

    /// Takes the mark off.
    fn close(&mut self) {
        self.mark = None;
    }
}

/// Marks this thread as one that runs an event loop, until the mark is closed.
#[pyfunction]
pub(crate) fn on_loop() -> OnLoop {
    OnLoop { mark: Some(LoopThread::enter()) }
}

/// Whether this thread runs an event loop: it is marked, or Python says so.
///
/// # Errors
/// What a signal raises that comes while Python is asked, such as `KeyboardInterrupt`: it comes once.
pub(crate) fn is_on_loop(py: Python<'_>) -> PyResult<bool> {
    static ASK: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if LoopThread::is_current() {
        return Ok(true);
    }
    ASK.import(py, "newswire._aio", "on_loop_thread")?.call0()?.is_truthy()
}
