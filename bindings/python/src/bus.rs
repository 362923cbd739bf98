//! The bus as Python's `newswire.Bus` stands on it.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::Poll;

use newswire_facade::{BusSpec, RedactSpec};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use crate::attach::Attachment;
use crate::enrich::Enricher;
use crate::error::{closed, raised, rejected};
use crate::event::Event;
use crate::fast::Interest;
use crate::gate::{self, Own};
use crate::handler::{Callable, PyHandler, name_of, weak_method};
use crate::listener::{Listener, Place};
use crate::options::{Queue, Serving, seconds};
use crate::pending::{Done, Pending};
use crate::publish::or_raised;
use crate::published::Published;
use crate::subscription::Subscription;
use crate::view::View;
use crate::{ambient, argument, kinds, stats};

/// How many bytes a queue has unless told otherwise.
const QUEUE_BYTES: i64 = 16 << 20;

/// Takes events, gives each its sequence number, hands them to subscriptions.
#[pyclass(frozen, subclass, weakref, module = "newswire._native")]
pub(crate) struct Bus {
    bus: Own<newswire::Bus>,
    closed: AtomicBool,
    /// What its handlers call, for the garbage collector.
    callables: Mutex<Vec<Weak<Callable>>>,
}

impl Bus {
    /// The bus, while it can be used.
    ///
    /// # Errors
    /// `ClosedError`.
    #[inline]
    pub(crate) fn open(&self, py: Python<'_>) -> PyResult<&newswire::Bus> {
        let bus = self.bus.get(py)?;
        if self.closed.load(Ordering::Relaxed) { Err(closed(py, "the bus is closed")) } else { Ok(bus) }
    }

    /// Whether a publish of that kind has more to do than to say that nobody wants it.
    #[inline]
    pub(crate) fn wants_slot(&self, slot: usize) -> bool {
        let Some(bus) = self.bus.mine().filter(|_| !self.closed.load(Ordering::Relaxed)) else { return true };
        let word = bus.interest_mask().get(slot / 64);
        word.is_none_or(|word: &AtomicU64| word.load(Ordering::Relaxed) & (1 << (slot % 64)) != 0)
    }

    pub(crate) fn keep(&self, callable: &Arc<Callable>) {
        let mut callables = self.callables.lock().unwrap_or_else(PoisonError::into_inner);
        if callables.len() == callables.capacity() {
            callables.retain(|callable| callable.strong_count() > 0);
        }
        callables.push(Arc::downgrade(callable));
    }

    /// Has later calls say that it is closed.
    pub(crate) fn shut(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}

/// Refuses what can't be called.
fn callable(function: &Bound<'_, PyAny>, path: &str) -> PyResult<()> {
    if function.is_callable() {
        return Ok(());
    }
    let message = format!("{} can't be called", function.get_type().name()?);
    Err(crate::error::argument(function.py(), &message, path, "a function of one argument"))
}

#[pymethods]
impl Bus {
    #[new]
    #[pyo3(signature = (name="", *, history=0, history_bytes=64 << 20, shared_bytes=256 << 20, workers=64,
                        pending_requests=1024, subscriptions=65_536, closed_kept=64, component_ids="off",
                        payloads="off"))]
    #[expect(clippy::too_many_arguments, reason = "the keywords of a call")]
    fn make(
        py: Python<'_>,
        name: &str,
        history: i64,
        history_bytes: i64,
        shared_bytes: i64,
        workers: i64,
        pending_requests: i64,
        subscriptions: i64,
        closed_kept: i64,
        component_ids: &str,
        payloads: &str,
    ) -> PyResult<Self> {
        let spec = BusSpec {
            name: name.to_owned(),
            history,
            history_bytes,
            shared_bytes,
            workers,
            pending_requests,
            subscriptions,
            closed_kept,
            component_ids: component_ids.to_owned(),
            payloads: payloads.to_owned(),
        };
        let bus = spec.options().and_then(newswire::Bus::with).map_err(|error| raised(py, &error))?;
        crate::buses::remember(&bus);
        Ok(Self { bus: Own::new(bus), closed: AtomicBool::new(false), callables: Mutex::default() })
    }

    #[getter]
    fn name(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.bus.get(py)?.stats().name)
    }

    #[getter]
    fn closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed) || self.bus.mine().is_none()
    }

    /// Publishes events at consecutive sequence numbers; all are checked before the first is published.
    #[pyo3(signature = (events, /))]
    fn publish_batch<'py>(
        &self,
        py: Python<'py>,
        events: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyList>> {
        let bus = self.open(py)?;
        let each = events.try_iter().map_err(|_| argument::misfit(events, "events", "a list of events"))?;
        let batch = each
            .enumerate()
            .map(|(at, event)| {
                let event = event?;
                let event = argument::object::<Event>(&event, &format!("events[{at}]"), "an Event")?;
                Ok(event.get().inner().clone())
            })
            .collect::<PyResult<Vec<_>>>()?;
        let _on_loop = (bus.may_wait() && ambient::is_on_loop(py)?).then(newswire::LoopThread::enter);
        let send = || gate::here(|| bus.publish_batch(batch));
        let published = ambient::within(py, || if bus.may_wait() { py.detach(send) } else { send() });
        let published = or_raised(published)?;
        let published = published.map_err(|error| rejected(py, error))?;
        PyList::new(
            py,
            published
                .into_iter()
                .map(Published::from)
                .map(|one| Bound::new(py, one))
                .collect::<PyResult<Vec<_>>>()?,
        )
    }

    /// Whether anybody could want events of `kind`.
    #[pyo3(signature = (kind, /))]
    fn wants(&self, py: Python<'_>, kind: &Bound<'_, PyString>) -> PyResult<bool> {
        Ok(self.open(py)?.wants(&kinds::kind_of(kind)?))
    }

    /// Has `handler` called with each matching event. Without one: the queue of a handler that its owner calls, who
    /// settles each event.
    #[pyo3(signature = (pattern, handler, *, mode="locked", key=None, concurrency=None, when_full="drop_oldest",
                        buffer=1024, buffer_bytes=QUEUE_BYTES, max_wait=1.0, timeout=None, once=false, priority=0,
                        start=None, internal=false, coalesce=None, weak=false, name="", on_gap=None,
                        set_aside_after=None))]
    #[expect(clippy::too_many_arguments, reason = "the keywords of a call")]
    fn on(
        &self,
        py: Python<'_>,
        pattern: &str,
        handler: Option<&Bound<'_, PyAny>>,
        mode: &str,
        key: Option<&str>,
        concurrency: Option<i64>,
        when_full: &str,
        buffer: i64,
        buffer_bytes: i64,
        max_wait: f64,
        timeout: Option<f64>,
        once: bool,
        priority: i32,
        start: Option<&str>,
        internal: bool,
        coalesce: Option<f64>,
        weak: bool,
        name: &str,
        on_gap: Option<Py<PyAny>>,
        set_aside_after: Option<i64>,
    ) -> PyResult<Py<PyAny>> {
        let bus = self.open(py)?;
        let queue =
            Queue { name, when_full, buffer, buffer_bytes, max_wait, start, internal, priority, coalesce };
        let serving = Serving { mode, key, concurrency, timeout, once, set_aside_after };
        let options = serving.options(py, &queue)?;
        let Some(handler) = handler else {
            let subscribed = gate::elsewhere(py, || bus.subscribe_to_serve(pattern, options));
            let subscription = subscribed.map_err(|error| raised(py, &error))?;
            return Ok(Py::new(py, Subscription::new(subscription, true))?.into_any());
        };
        callable(handler, "handler")?;
        let callable =
            Callable::new(if weak { weak_method(handler)?.unbind() } else { handler.clone().unbind() });
        let on_gap = on_gap.map(Callable::new);
        let place = Arc::new(Place::default());
        let served =
            PyHandler { name: name_of(handler)?, callable: callable.clone(), on_gap: on_gap.clone(), weak };
        let listener = gate::elsewhere(py, || bus.on_with(pattern, options, served));
        place.fill(listener.map_err(|error| raised(py, &error))?);
        let callables: Vec<_> = [Some(callable), on_gap].into_iter().flatten().collect();
        callables.iter().for_each(|callable| self.keep(callable));
        Ok(Py::new(py, Listener { place: Own::new(place), callables })?.into_any())
    }

    #[pyo3(signature = (pattern, *, when_full="drop_oldest", buffer=1024, buffer_bytes=QUEUE_BYTES, max_wait=1.0,
                        start=None, internal=false, coalesce=None, priority=0, name=""))]
    #[expect(clippy::too_many_arguments, reason = "the keywords of a call")]
    fn pull(
        &self,
        py: Python<'_>,
        pattern: &str,
        when_full: &str,
        buffer: i64,
        buffer_bytes: i64,
        max_wait: f64,
        start: Option<&str>,
        internal: bool,
        coalesce: Option<f64>,
        priority: i32,
        name: &str,
    ) -> PyResult<Subscription> {
        let bus = self.open(py)?;
        let queue =
            Queue { name, when_full, buffer, buffer_bytes, max_wait, start, internal, priority, coalesce };
        let options = queue.options(py)?;
        let subscription = gate::elsewhere(py, || bus.subscribe_with(pattern, options));
        subscription
            .map(|subscription| Subscription::new(subscription, false))
            .map_err(|error| raised(py, &error))
    }

    /// Publishes a question; what will be is the first event that replies to it.
    #[pyo3(signature = (event, timeout, /))]
    fn request(&self, py: Python<'_>, event: &Bound<'_, PyAny>, timeout: f64) -> PyResult<Pending> {
        let event = argument::object::<Event>(event, "event", "an Event")?;
        let (bus, event) = (self.open(py)?, event.get().inner().clone());
        let timeout = seconds(py, timeout, "timeout")?;
        let request = ambient::within(py, || gate::here(|| bus.request_async(event, timeout)));
        let mut request = or_raised(request)?;
        Ok(Pending::new("await", move |context| Pin::new(&mut request).poll(context).map_ok(Done::Event))
            .asking())
    }

    /// What will be is the first event from now on that matches.
    #[pyo3(signature = (pattern, timeout, /))]
    fn wait_for(&self, py: Python<'_>, pattern: &str, timeout: f64) -> PyResult<Pending> {
        let bus = self.open(py)?;
        let timeout = seconds(py, timeout, "timeout")?;
        newswire::Filter::parse(pattern).map_err(|error| raised(py, &error))?;
        let mut expectation = bus.wait_for_async(pattern, timeout);
        let look = move |context: &mut std::task::Context<'_>| -> Poll<newswire::Result<Done>> {
            Pin::new(&mut expectation).poll(context).map_ok(Done::Event)
        };
        Ok(Pending::new("await", look).asking())
    }

    /// Attaches what the URL names.
    #[pyo3(signature = (url, /))]
    fn attach(&self, py: Python<'_>, url: &str) -> PyResult<Attachment> {
        let bus = self.open(py)?;
        let attached = gate::elsewhere(py, || newswire_facade::attach(bus, url));
        attached.map(Attachment::new).map_err(|error| raised(py, &error))
    }

    /// Has the ready-made view of that name watch from now on; `options` is JSON.
    #[pyo3(signature = (view, /, *, options=""))]
    fn watch(&self, py: Python<'_>, view: &str, options: &str) -> PyResult<View> {
        View::open(py, self.open(py)?, view, options)
    }

    /// Has `enricher` complete events that are published through Python, before they have their place.
    #[pyo3(signature = (enricher, /))]
    fn enrich(&self, py: Python<'_>, enricher: &Bound<'_, PyAny>) -> PyResult<Enricher> {
        let bus = self.open(py)?;
        callable(enricher, "enricher")?;
        let callable = Callable::new(enricher.clone().unbind());
        self.keep(&callable);
        Enricher::add(py, bus, callable)
    }

    /// Masks a field, or a class of fields, in every event from now on.
    #[pyo3(signature = (*, field=None, class_=None, kinds=None, matching=None))]
    fn redact(
        &self,
        py: Python<'_>,
        field: Option<String>,
        class_: Option<String>,
        kinds: Option<String>,
        matching: Option<String>,
    ) -> PyResult<()> {
        let rule = RedactSpec { field, class: class_, kinds, matching }.rule();
        let bus = self.open(py)?;
        rule.and_then(|rule| bus.redact(rule)).map_err(|error| raised(py, &error))
    }

    /// Which kinds anybody could want, a bit each: read in place, and true at every moment.
    fn interest<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, pyo3::types::PyMemoryView>> {
        slf.get().open(slf.py())?;
        let interest = Bound::new(slf.py(), Interest::new(slf.clone().unbind()))?;
        pyo3::types::PyMemoryView::from(interest.as_any())
    }

    /// The position after the last event, as text.
    fn position(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.bus.get(py)?.position().to_string())
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        stats::object(py, &self.bus.get(py)?.stats())
    }

    /// Closes the bus, which has begun when this returns; what will be is the report.
    #[pyo3(signature = (timeout, /))]
    fn closing(&self, py: Python<'_>, timeout: f64) -> PyResult<Pending> {
        let bus = self.bus.get(py)?;
        let timeout = seconds(py, timeout, "timeout")?;
        self.shut();
        let mut closing = gate::elsewhere(py, || bus.close_async(timeout));
        Ok(Pending::new("aclose", move |context| {
            Pin::new(&mut closing).poll(context).map(|report| Ok(Done::Closed(report)))
        }))
    }

    /// Closes the bus, and waits for the report up to `timeout` seconds; Ctrl-C interrupts the wait. Inside a handler and
    /// on an event loop's thread it gives what can be said at once.
    #[pyo3(signature = (timeout, /))]
    fn _close<'py>(&self, py: Python<'py>, timeout: f64) -> PyResult<Bound<'py, PyAny>> {
        let closing = self.closing(py, timeout)?;
        if newswire::Handled::is_here() || ambient::is_on_loop(py)? {
            let bus = self.bus.get(py)?;
            return stats::object(py, &gate::elsewhere(py, || bus.close(std::time::Duration::ZERO)));
        }
        closing.wait(py, None)
    }

    fn __traverse__(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
        let Ok(callables) = self.callables.try_lock() else { return Ok(()) };
        callables.iter().filter_map(Weak::upgrade).try_for_each(|callable| callable.visit(visit))
    }

    fn __clear__(&self) {
        let callables = std::mem::take(&mut *self.callables.lock().unwrap_or_else(PoisonError::into_inner));
        let taken: Vec<_> =
            callables.iter().filter_map(Weak::upgrade).filter_map(|callable| callable.take()).collect();
        drop(taken);
    }
}
