//! A pulled subscription.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use newswire::{Control, Outcome, SubscriptionStream};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyList;

use crate::bell::{Bell, Seat};
use crate::error::{Raise, closed, raised};
use crate::gate::{self, Own};
use crate::pending::{self, Done, Pending};
use crate::{stats, wake};

type Stream = Arc<Mutex<SubscriptionStream>>;

/// A bounded queue of matching events, pulled in batches.
#[pyclass(frozen, weakref, module = "newswire._native")]
pub(crate) struct Subscription {
    stream: Own<Stream>,
    /// What is done beside pulling waits for nobody who pulls: what it calls may come back here.
    control: Own<Control>,
    /// Several threads and tasks may wait at once.
    bell: Arc<Bell>,
    /// Whether events stay in flight until they are settled, whatever is pulled meanwhile.
    confirm: bool,
}

/// Takes what has come, for a new pull: what was pulled before counts as handled.
fn take(
    mut stream: MutexGuard<'_, SubscriptionStream>,
    confirm: bool,
    seat: &Seat,
    context: &Context<'_>,
    max: usize,
) -> Poll<Vec<newswire::Delivery>> {
    if !confirm {
        stream.subscription().confirm(usize::MAX, Outcome::Handled);
    }
    let mut items = Vec::new();
    let found = seat.poll(context, |context| stream.poll_batch(context, &mut items, max));
    // Those who are told may use it.
    drop(stream);
    if found.is_ready() {
        seat.tell();
    }
    found.map(|_| items)
}

impl Subscription {
    pub(crate) fn new(subscription: newswire::Subscription, confirm: bool) -> Self {
        let control = Own::new(subscription.control());
        let stream = Own::new(Arc::new(Mutex::new(subscription.confirming().stream())));
        Self { stream, control, bell: Arc::default(), confirm }
    }

    fn lock<'a>(&'a self, py: Python<'_>) -> PyResult<MutexGuard<'a, SubscriptionStream>> {
        Ok(self.stream.get(py)?.lock_py_attached(py).unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    fn with<R>(&self, py: Python<'_>, look: impl FnOnce(&Control) -> R) -> PyResult<R> {
        Ok(look(self.control.get(py)?))
    }

    fn pull(
        &self,
        py: Python<'_>,
        seat: &Seat,
        waker: &Waker,
        max: usize,
    ) -> PyResult<Poll<Vec<newswire::Delivery>>> {
        let stream = self.lock(py)?;
        Ok(gate::here(|| take(stream, self.confirm, seat, &Context::from_waker(waker), max)))
    }
}

fn at_most(py: Python<'_>, max: i64) -> PyResult<usize> {
    usize::try_from(max).ok().filter(|max| *max > 0).ok_or_else(|| {
        let message = format!("{max} items are no batch");
        let (path, expected) = (Some("max"), Some("1 or more"));
        Raise { class: "InvalidError", message: &message, path, expected, ..Raise::default() }.into_err(py)
    })
}

#[pymethods]
impl Subscription {
    /// Waits for at least one item, up to `timeout` seconds, and takes what is there; `[]` when the time is over.
    #[pyo3(signature = (max=256, timeout=None))]
    fn next_batch<'py>(
        &self,
        py: Python<'py>,
        max: i64,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyList>> {
        let (max, deadline) = (at_most(py, max)?, pending::deadline(py, timeout)?);
        let (seat, waker) = (self.bell.seat(), wake::unparking(std::thread::current()));
        loop {
            match self.pull(py, &seat, &waker, max)? {
                Poll::Ready(items) if items.is_empty() => {
                    return Err(closed(py, "the subscription has ended"));
                }
                Poll::Ready(items) => return pending::list(py, items),
                Poll::Pending => {}
            }
            if !pending::park(py, deadline, "async for")? {
                return Ok(PyList::empty(py));
            }
        }
    }

    /// Takes what is there now.
    #[pyo3(signature = (max=256))]
    fn try_next_batch<'py>(&self, py: Python<'py>, max: i64) -> PyResult<Bound<'py, PyList>> {
        match self.pull(py, &self.bell.seat(), Waker::noop(), at_most(py, max)?)? {
            Poll::Ready(items) if items.is_empty() => Err(closed(py, "the subscription has ended")),
            Poll::Ready(items) => pending::list(py, items),
            Poll::Pending => Ok(PyList::empty(py)),
        }
    }

    /// What will be is the next batch, `[]` when the subscription has ended.
    #[pyo3(signature = (max=256))]
    fn waiting(&self, py: Python<'_>, max: i64) -> PyResult<Pending> {
        let (stream, confirm, max) = (self.stream.get(py)?.clone(), self.confirm, at_most(py, max)?);
        let seat = self.bell.seat();
        Ok(Pending::new("async for", move |context| {
            // Whoever holds it may be waiting for the interpreter.
            let stream =
                Python::attach(|py| stream.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner));
            take(stream, confirm, &seat, context, max).map(|items| Ok(Done::Items(items)))
        }))
    }

    /// Says how so many events ended, in the order of taking: `handled`, `failed`, `timed_out`, `skipped` or
    /// `discarded`; of one that failed, what is to be kept of it.
    #[pyo3(signature = (outcome, count=1, said=None))]
    fn settle(&self, py: Python<'_>, outcome: &str, count: i64, said: Option<String>) -> PyResult<()> {
        if let Some(said) = said {
            return self.with(py, |subscription| subscription.confirm_failed(said)).map(drop);
        }
        let outcome = match outcome {
            "handled" => Outcome::Handled,
            "failed" => Outcome::Failed,
            "timed_out" => Outcome::TimedOut,
            "skipped" => Outcome::Skipped,
            "discarded" => Outcome::Discarded,
            other => {
                let message = format!("{other:?} is no outcome");
                let expected = "handled, failed, timed_out, skipped or discarded";
                return Err(crate::error::argument(py, &message, "outcome", expected));
            }
        };
        let count = usize::try_from(count).unwrap_or(0);
        self.with(py, |subscription| subscription.confirm(count, outcome)).map(drop)
    }

    /// The position below which all has been delivered, as text.
    fn position(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |subscription| subscription.position().to_string())
    }

    fn pause(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, Control::pause)
    }

    fn resume(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, Control::resume)
    }

    fn resize(&self, py: Python<'_>, buffer: i64, buffer_bytes: i64) -> PyResult<()> {
        let (buffer, bytes) = crate::options::bounds(py, buffer, buffer_bytes)?;
        self.with(py, |subscription| subscription.resize(buffer, bytes))?.map_err(|error| raised(py, &error))
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        stats::object(py, &self.with(py, Control::stats)?)
    }

    /// Ends the subscription; what is queued is discarded, what is in flight can still be settled.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |subscription| gate::here(|| subscription.unsubscribe()))
    }
}
