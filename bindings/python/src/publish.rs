//! Publishing from Python: asks first, builds what is wanted, and holds the interpreter's lock unless it has to wait.

use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use newswire::{LoopThread, Rejected};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::attach::Receipt;
use crate::bus::Bus;
use crate::error::{argument, rejected};
use crate::event::Event;
use crate::fast::Args;
use crate::pending::{Done, Pending};
use crate::published::Published;
use crate::{ambient, convert, gate, kinds, make, pending, wake};

/// What becomes of an event whose receiver has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Wait,
    AllOrNothing,
}

thread_local! {
    /// What an inline handler raised to end the program.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Has the publish that called user code raise what ends programs, such as `KeyboardInterrupt`; gives back what is to
/// be logged instead: any other error, and what is raised where no publish is.
pub(crate) fn raise_from_publish(py: Python<'_>, error: PyErr) -> Option<PyErr> {
    if error.is_instance_of::<PyException>(py) || !gate::is_callers_own() {
        return Some(error);
    }
    RAISED.with_borrow_mut(|raised| {
        raised.get_or_insert(error);
    });
    None
}

/// What a publish has come to, unless something was raised in it that ends programs.
pub(crate) fn or_raised<R>(published: PyResult<R>) -> PyResult<R> {
    RAISED.take().map_or(published, Err)
}

/// `publish(what, /, **payload)`.
pub(crate) fn publish(
    slf: Borrowed<'_, '_, Bus>,
    args: &Args<'_, '_>,
    manner: Manner,
) -> PyResult<Py<PyAny>> {
    let py = args.py();
    let bus = slf.get();
    match event_of(bus, args)? {
        Some(event) => send(py, bus, event, manner).map(Py::into_any),
        None => Ok(Published::nobody(py)?.clone_ref(py).into_any()),
    }
}

/// `publish_durable(what, /, **payload)`: gives a receipt.
pub(crate) fn durable(slf: Borrowed<'_, '_, Bus>, args: &Args<'_, '_>) -> PyResult<Py<PyAny>> {
    let py = args.py();
    let bus = slf.get().open(py)?;
    let event = said(slf.get(), args, Wanted::Anyway)?;
    let Some(event) = event else { return Ok(py.None()) };
    let _on_loop = ambient::is_on_loop(py)?.then(LoopThread::enter);
    let receipt = or_raised(ambient::within(py, || py.detach(|| gate::here(|| bus.publish_durable(event)))))?;
    let receipt = Receipt::new(receipt.map_err(|error| rejected(py, error))?);
    Ok(Py::new(py, receipt)?.into_any())
}

/// `publishing(what, /, **payload)`: the event has its place when this returns; what will be is what became of it.
pub(crate) fn publishing(slf: Borrowed<'_, '_, Bus>, args: &Args<'_, '_>) -> PyResult<Py<PyAny>> {
    let py = args.py();
    let bus = slf.get().open(py)?;
    let pending = match event_of(slf.get(), args)? {
        None => Pending::new("publish_async", |_| {
            Poll::Ready(Ok(Done::Published(newswire::Published::default())))
        }),
        Some(event) => {
            let publishing = or_raised(ambient::within(py, || gate::here(|| bus.publish_async(event))))?;
            let mut publishing = publishing.map_err(|error| rejected(py, error))?;
            Pending::new("publish_async", move |context| {
                Pin::new(&mut publishing).poll(context).map(|published| Ok(Done::Published(published)))
            })
        }
    };
    Ok(Py::new(py, pending)?.into_any())
}

/// Whether an event is made that nobody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Only,
    Anyway,
}

/// The event that the arguments say; `None` where nobody wants its kind.
fn event_of(bus: &Bus, args: &Args<'_, '_>) -> PyResult<Option<newswire::Event>> {
    said(bus, args, Wanted::Only)
}

fn said(bus: &Bus, args: &Args<'_, '_>, wanted: Wanted) -> PyResult<Option<newswire::Event>> {
    let py = args.py();
    let open = bus.open(py)?;
    let mut positional = args.positional();
    let (Some(what), None) = (positional.next(), positional.next()) else {
        let expected = "publish(event), publish(payload) or publish(kind, **payload)";
        return Err(argument(py, "a publish takes one positional argument", "what", expected));
    };
    if let Ok(name) = what.cast::<PyString>() {
        let kind = kinds::kind_of(&name)?;
        if wanted == Wanted::Only && !open.wants(&kind) {
            return Ok(None);
        }
        let mut builder = newswire::Event::builder(kind);
        if args.has_names() {
            builder = builder.json_made(payload(args)?);
        }
        return builder.build().map(Some).map_err(|error| crate::error::raised(py, &error));
    }
    if args.has_names() {
        let message = "an event or payload object says all itself, so it takes no keywords";
        return Err(argument(py, message, "payload", "publish(kind, **payload)"));
    }
    if let Ok(event) = what.cast::<Event>() {
        return Ok(Some(event.get().inner().clone()));
    }
    let kind = make::kind_of_payload(&what)?;
    if wanted == Wanted::Only && !open.wants(&kind) {
        return Ok(None);
    }
    let event = newswire::Event::builder(kind).json_made(convert::to_json(&what, "payload")?).build();
    event.map(Some).map_err(|error| crate::error::raised(py, &error))
}

/// The keywords as the JSON of a payload.
fn payload(args: &Args<'_, '_>) -> PyResult<Box<str>> {
    convert::written(args.py(), "payload", |json| {
        json.push(b'{');
        for (name, value) in args.named() {
            convert::write_member(json, &name, &value)?;
        }
        json.push(b'}');
        Ok(())
    })
}

/// Publishes an event that is ready.
pub(crate) fn send(
    py: Python<'_>,
    bus: &Bus,
    event: newswire::Event,
    manner: Manner,
) -> PyResult<Py<Published>> {
    let bus = bus.open(py)?;
    let published = ambient::within(py, || match manner {
        Manner::AllOrNothing => gate::here(|| bus.try_publish(event)).map_err(|error| rejected(py, error)),
        Manner::Wait if !bus.may_wait() => straight(py, bus, event),
        Manner::Wait if ambient::is_on_loop(py)? => {
            let _on_loop = LoopThread::enter();
            straight(py, bus, event)
        }
        Manner::Wait => with_patience(py, bus, event),
    });
    Published::of(py, or_raised(published)??)
}

fn straight(py: Python<'_>, bus: &newswire::Bus, event: newswire::Event) -> PyResult<newswire::Published> {
    gate::here(|| bus.publish(event)).map_err(|error: Rejected<_>| rejected(py, error))
}

/// Publishes, and waits for room without the interpreter's lock.
fn with_patience(
    py: Python<'_>,
    bus: &newswire::Bus,
    event: newswire::Event,
) -> PyResult<newswire::Published> {
    let publishing = gate::here(|| bus.publish_async(event)).map_err(|error| rejected(py, error))?;
    let mut publishing = pin!(publishing);
    let waker = wake::unparking(std::thread::current());
    loop {
        if let Poll::Ready(published) = publishing.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Ok(published);
        }
        pending::park(py, None, "publish_async")?;
    }
}
