//! A handler's place on a bus, as Python has it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use newswire::{Handled, LoopThread, Unsubscribed};
use pyo3::prelude::*;

use crate::error::{closed, raised};
use crate::gate::{self, Own};
use crate::handler::Callable;
use crate::options::seconds;
use crate::pending::{Done, Pending};
use crate::{ambient, stats};

/// The core's listener, until it is given up; a handler is kept by its bus, whoever drops this.
#[derive(Default)]
pub(crate) struct Place(Mutex<State>);

#[derive(Default)]
struct State {
    listener: Option<Arc<newswire::Listener>>,
    /// The same once it is unsubscribed, until none of its calls is running.
    ending: Option<Arc<newswire::Listener>>,
}

impl Place {
    pub(crate) fn fill(&self, listener: newswire::Listener) {
        self.lock().listener = Some(Arc::new(listener));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Arc<newswire::Listener>> {
        self.lock().listener.take()
    }

    /// The listener, to be used where no lock is held: it may call handlers, which may come back here.
    fn get(&self) -> Option<Arc<newswire::Listener>> {
        self.lock().listener.clone()
    }

    /// The listener to be ended, or to be waited for again by whoever comes later; `None` where all is quiet.
    fn end(&self) -> Option<Arc<newswire::Listener>> {
        let mut state = self.lock();
        if let Some(listener) = state.listener.take() {
            state.ending = Some(listener);
        }
        state.ending.clone()
    }

    /// What an ending came to, as a word.
    fn ended(&self, outcome: Unsubscribed) -> &'static str {
        if outcome == Unsubscribed::Quiet {
            let quiet = self.lock().ending.take();
            drop(quiet);
        }
        match outcome {
            Unsubscribed::Quiet => "quiet",
            Unsubscribed::StillRunning => "still_running",
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(listener) = self.take().and_then(Arc::into_inner) {
            listener.forever();
        }
    }
}

/// A handler's place on a bus. Dropping it changes nothing: the bus keeps the handler.
#[pyclass(frozen, weakref, module = "newswire._native")]
pub(crate) struct Listener {
    pub(crate) place: Own<Arc<Place>>,
    pub(crate) callables: Vec<Arc<Callable>>,
}

impl Listener {
    /// Ends the subscription; `None` where that was done before and all is quiet.
    fn end(&self, py: Python<'_>) -> PyResult<Option<Arc<newswire::Listener>>> {
        let listener = self.place.get(py)?.end();
        // First: whoever serves it meanwhile would find nothing to call.
        if let Some(listener) = &listener {
            gate::here(|| listener.end(Duration::ZERO));
        }
        // No call begins any more, and those that have begun hold what they call.
        let callables: Vec<_> = self.callables.iter().map(|callable| callable.take()).collect();
        drop(callables);
        Ok(listener)
    }

    fn with<R>(&self, py: Python<'_>, look: impl FnOnce(&newswire::Listener) -> R) -> PyResult<R> {
        let listener = self.place.get(py)?.get();
        listener.as_deref().map(look).ok_or_else(|| closed(py, "it was unsubscribed"))
    }
}

#[pymethods]
impl Listener {
    /// Ends the subscription: no call begins after this. Waits, up to `timeout` seconds, for calls that have begun;
    /// not inside a handler, nor on an event loop's thread. Ctrl-C interrupts.
    #[pyo3(signature = (timeout=1.0))]
    fn unsubscribe(&self, py: Python<'_>, timeout: f64) -> PyResult<&'static str> {
        let timeout = seconds(py, timeout, "timeout")?;
        let Some(listener) = self.end(py)? else { return Ok("quiet") };
        if ambient::is_on_loop(py)? {
            let _on_loop = LoopThread::enter();
            return Ok(self.place.get(py)?.ended(listener.end(Duration::ZERO)));
        }
        let ended = gate::in_slices(py, timeout, |slice| match listener.end(slice) {
            Unsubscribed::StillRunning if !Handled::is_here() => None,
            outcome => Some(outcome),
        })?;
        Ok(self.place.get(py)?.ended(ended.unwrap_or(Unsubscribed::StillRunning)))
    }

    /// The awaitable form of `unsubscribe`.
    #[pyo3(signature = (timeout=1.0))]
    fn unsubscribing(&self, py: Python<'_>, timeout: f64) -> PyResult<Pending> {
        let timeout = seconds(py, timeout, "timeout")?;
        let (listener, place) = (self.end(py)?, self.place.get(py)?.clone());
        let run = move || {
            let outcome = listener.map_or(Unsubscribed::Quiet, |listener| listener.end(timeout));
            Ok(Done::Word(place.ended(outcome)))
        };
        Ok(Pending::on_thread("unsubscribing", run)?)
    }

    /// Calls nobody until `resume`; events go on being matched and queued.
    fn pause(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, newswire::Listener::pause)
    }

    /// Calls the handler again, also one that was set aside.
    fn resume(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, newswire::Listener::resume)
    }

    /// Sets another bound; what no longer fits is dropped by the policy, and told as a gap.
    fn resize(&self, py: Python<'_>, buffer: i64, buffer_bytes: i64) -> PyResult<()> {
        let (buffer, bytes) = crate::options::bounds(py, buffer, buffer_bytes)?;
        self.with(py, |listener| listener.resize(buffer, bytes))?.map_err(|error| raised(py, &error))
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        stats::object(py, &self.with(py, newswire::Listener::stats)?)
    }

    /// Whether calls may still begin.
    #[getter]
    fn active(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.place.get(py)?.get().is_some_and(|listener| !listener.stats().closed))
    }
}
