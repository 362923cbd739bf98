//! Something that will be: a receipt, an answer, a close, room for an event, the next items of a subscription.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use newswire::{CloseReport, Delivery, Error, Handled, Result};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyList;

use crate::bell::Bell;
use crate::error::{closed, raised, timed_out, would_deadlock};
use crate::event::Event;
use crate::gate::{self, Own, SLICE};
use crate::published::{Gap, Published};
use crate::{ambient, decode, stats, wake};

/// What there is in the end.
pub(crate) enum Done {
    Published(newswire::Published),
    Event(newswire::Event),
    Items(Vec<Delivery>),
    Closed(CloseReport),
    Word(&'static str),
    /// JSON.
    Told(String),
    Nothing,
}

impl Done {
    pub(crate) fn into_object(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Ok(match self {
            Self::Published(published) => Bound::new(py, Published::from(published))?.into_any(),
            Self::Event(event) => Bound::new(py, Event::new(event))?.into_any(),
            Self::Items(items) => list(py, items)?.into_any(),
            Self::Closed(report) => stats::object(py, &report)?,
            Self::Word(word) => pyo3::types::PyString::intern(py, word).into_any(),
            Self::Told(json) => decode::from_json(py, &json)?,
            Self::Nothing => py.None().into_bound(py),
        })
    }
}

/// Items of a subscription as Python has them.
pub(crate) fn list(py: Python<'_>, items: Vec<Delivery>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for item in items {
        match item {
            Delivery::Event(event) => list.append(Bound::new(py, Event::new(event))?)?,
            Delivery::Gap(gap) => list.append(Bound::new(py, Gap::from(gap))?)?,
        }
    }
    Ok(list)
}

/// Takes the result if it is there, or has the waker called when it is worth looking again.
pub(crate) type Look = Box<dyn FnMut(&mut Context<'_>) -> Poll<Result<Done>> + Send>;

/// Something that will be.
#[pyclass(frozen, weakref, module = "newswire._native")]
pub(crate) struct Pending {
    look: Own<Mutex<Option<Look>>>,
    /// Several may wait, of whom one is given the result.
    bell: Arc<Bell>,
    /// What is to be done instead of waiting where that could never end.
    instead: &'static str,
    /// Whether it can't be waited for inside a handler either.
    asks: bool,
}

impl Pending {
    pub(crate) fn new(
        instead: &'static str,
        look: impl FnMut(&mut Context<'_>) -> Poll<Result<Done>> + Send + 'static,
    ) -> Self {
        let look: Look = Box::new(look);
        Self { look: Own::new(Mutex::new(Some(look))), bell: Arc::default(), instead, asks: false }
    }

    /// One that nobody can wait for inside a handler.
    pub(crate) fn asking(self) -> Self {
        Self { asks: true, ..self }
    }

    /// What a thread of its own comes to, since it has to wait.
    pub(crate) fn on_thread(
        instead: &'static str,
        run: impl FnOnce() -> Result<Done> + Send + 'static,
    ) -> std::io::Result<Self> {
        #[derive(Default)]
        struct State {
            done: Option<Result<Done>>,
            waker: Option<Waker>,
        }
        let ours = Arc::new(Mutex::new(State::default()));
        let theirs = ours.clone();
        std::thread::Builder::new().name("newswire-wait".to_owned()).spawn(move || {
            let done = run();
            let waker = theirs.lock().map_or(None, |mut state| {
                state.done = Some(done);
                state.waker.take()
            });
            if let Some(waker) = waker {
                waker.wake();
            }
        })?;
        Ok(Self::new(instead, move |context| {
            let Ok(mut state) = ours.lock() else { return Poll::Ready(Ok(Done::Nothing)) };
            match state.done.take() {
                Some(done) => Poll::Ready(done),
                None => {
                    state.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        }))
    }

    /// Looks once; `None` while there is nothing.
    fn look<'py>(&self, py: Python<'py>, waker: &Waker) -> PyResult<Option<Bound<'py, PyAny>>> {
        let mut place =
            self.look.get(py)?.lock_py_attached(py).unwrap_or_else(|poisoned| poisoned.into_inner());
        let Some(look) = place.as_mut() else {
            return Err(closed(py, "its result was taken already, or it was cancelled"));
        };
        // Before looking: it may be called at once.
        self.bell.add(waker);
        let ours = Waker::from(self.bell.clone());
        let done = gate::here(|| look(&mut Context::from_waker(&ours)));
        let Poll::Ready(done) = done else { return Ok(None) };
        let spent = place.take();
        drop(place);
        self.bell.remove(waker);
        gate::here(|| {
            drop(spent);
            // For the others there is nothing to come any more.
            ours.wake();
        });
        done.map_err(|error: Error| raised(py, &error))?.into_object(py).map(Some)
    }
}

#[pymethods]
impl Pending {
    /// `(True, result)`, or `(False, None)`: then `wake` is called once, from any thread, when it is worth looking
    /// again. A result is taken by this, and by this only.
    #[pyo3(signature = (wake, /))]
    fn poll<'py>(
        &self,
        py: Python<'py>,
        wake: Option<Py<PyAny>>,
    ) -> PyResult<(bool, Option<Bound<'py, PyAny>>)> {
        let waker = wake.map_or_else(|| Waker::noop().clone(), wake::calling);
        Ok(match self.look(py, &waker)? {
            Some(result) => (true, Some(result)),
            None => (false, None),
        })
    }

    /// Waits for the result, with the interpreter's lock released; Ctrl-C interrupts.
    #[pyo3(signature = (timeout=None))]
    pub(crate) fn wait<'py>(&self, py: Python<'py>, timeout: Option<f64>) -> PyResult<Bound<'py, PyAny>> {
        let deadline = deadline(py, timeout)?;
        let waker = wake::unparking(std::thread::current());
        loop {
            if let Some(result) = self.look(py, &waker)? {
                return Ok(result);
            }
            if self.asks && Handled::is_here() {
                return Err(would_deadlock(py, "it can't be waited for inside a handler", self.instead));
            }
            if !park(py, deadline, self.instead)? {
                return Err(timed_out(py, "it hasn't come in time"));
            }
        }
    }

    /// Gives it up.
    fn cancel(&self, py: Python<'_>) -> PyResult<()> {
        let look = self.look.get(py)?.lock_py_attached(py).map_or(None, |mut place| place.take());
        gate::here(|| {
            drop(look);
            self.bell.clone().wake();
        });
        Ok(())
    }
}

/// When a wait of so many seconds ends.
pub(crate) fn deadline(py: Python<'_>, timeout: Option<f64>) -> PyResult<Option<Instant>> {
    let Some(seconds) = timeout else { return Ok(None) };
    Ok(Instant::now().checked_add(crate::options::seconds(py, seconds, "timeout")?))
}

/// Waits until it is unparked, or a signal may have come; false when the deadline has passed.
pub(crate) fn park(py: Python<'_>, deadline: Option<Instant>, instead: &str) -> PyResult<bool> {
    let left = deadline.map_or(SLICE, |deadline| deadline.saturating_duration_since(Instant::now()));
    if left.is_zero() {
        return Ok(false);
    }
    if ambient::is_on_loop(py)? {
        return Err(would_deadlock(py, "waiting would stop this thread's event loop", instead));
    }
    gate::elsewhere(py, || std::thread::park_timeout(left.min(SLICE)));
    py.check_signals()?;
    Ok(true)
}
