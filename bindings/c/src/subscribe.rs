//! Subscriptions that are pulled, and handlers that are called.

use std::mem::MaybeUninit;
use std::sync::Arc;

use newswire::{Delivery, Error, Event, Gap, Outcome, Result, Unsubscribed};
use newswire_facade::{BadHandle, BatchWriter, HandleType, HandlerSpec, Mutex, Pull, SubscribeSpec, time};

use crate::edge::{Bytes, Foreign, Handle, Handler, Slice};
use crate::fault::{Code, Done, Fault, call, give};
use crate::general::MAX_TEXT;
use crate::tables::{BUSES, LISTENERS, SUBSCRIPTIONS, listener};

/// Subscribes, to pull. `options` is JSON, empty for none: `name`, `buffer`, `buffer_bytes`, `when_full`,
/// `max_wait_ns`, `start`, `internal`, `priority`, `coalesce_ns`, `coalesce_bytes`.
#[unsafe(no_mangle)]
pub extern "C" fn nw_subscribe(
    bus: Handle,
    filter: Slice,
    options: Slice,
    out: Option<&mut MaybeUninit<Handle>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let spec = SubscribeSpec::from_json(options.text("options", MAX_TEXT)?)?;
        let pull = Pull::open(&*BUSES.get(bus)?, filter.text("filter", MAX_TEXT)?, &spec)?;
        Ok(SUBSCRIPTIONS.insert(Arc::new(pull))?)
    })
}

/// Waits, `timeout_ns` at most, until something has come, and gives it as a batch of at most `max` items. What was
/// given before counts as handled. `NW_TIMED_OUT` where nothing came; `NW_CLOSED` when all has been read.
#[unsafe(no_mangle)]
pub extern "C" fn nw_next_batch(
    subscription: Handle,
    max: usize,
    timeout_ns: i64,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let timeout = time(timeout_ns, "timeout_ns")?;
        Ok(Bytes::of(SUBSCRIPTIONS.get(subscription)?.next_batch(max, timeout)?))
    })
}

/// Says how so many events ended, in the order of giving: `handled`, `failed`, `timed_out`, `skipped` or `discarded`.
#[unsafe(no_mangle)]
pub extern "C" fn nw_confirm(
    subscription: Handle,
    events: usize,
    outcome: Slice,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    call(error, || {
        let outcome = match outcome.text("outcome", MAX_TEXT)? {
            "handled" => Outcome::Handled,
            "failed" => Outcome::Failed,
            "timed_out" => Outcome::TimedOut,
            "skipped" => Outcome::Skipped,
            "discarded" => Outcome::Discarded,
            _ => {
                let error = Error::invalid("an event doesn't end so").at_path("outcome");
                return Err(error.expecting("handled, failed, timed_out, skipped or discarded").into());
            }
        };
        SUBSCRIPTIONS.get(subscription)?.confirm(events, outcome)?;
        Ok(())
    })
}

/// The cursor below which all has an outcome: another subscription can begin `after:` it.
#[unsafe(no_mangle)]
pub extern "C" fn nw_position(
    subscription: Handle,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || Ok(Bytes::of(SUBSCRIPTIONS.get(subscription)?.position()?.to_string())))
}

/// Has a subscription or handler take nothing until it is resumed; events go on being queued.
#[unsafe(no_mangle)]
pub extern "C" fn nw_pause(handle: Handle, error: Option<&mut MaybeUninit<Fault>>) -> Code {
    call(error, || {
        either(
            handle,
            |pull| pull.pause(),
            |listener| {
                listener.pause();
                Ok(())
            },
        )
    })
}

/// Has a subscription or handler take events again, also a handler that was set aside.
#[unsafe(no_mangle)]
pub extern "C" fn nw_resume(handle: Handle, error: Option<&mut MaybeUninit<Fault>>) -> Code {
    call(error, || {
        either(
            handle,
            |pull| pull.resume(),
            |listener| {
                listener.resume();
                Ok(())
            },
        )
    })
}

/// Sets other bounds of a subscription's or handler's queue.
#[unsafe(no_mangle)]
pub extern "C" fn nw_resize(
    handle: Handle,
    buffer: usize,
    buffer_bytes: usize,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    call(error, || {
        either(
            handle,
            |pull| pull.resize(buffer, buffer_bytes),
            |listener| listener.resize(buffer, buffer_bytes),
        )
    })
}

/// Does one or the other.
fn either(
    handle: Handle,
    to_pull: impl FnOnce(&Pull) -> Result<()>,
    to_listener: impl FnOnce(&newswire::Listener) -> Result<()>,
) -> Done {
    match HandleType::of(handle)? {
        HandleType::Listener => listener(handle, to_listener),
        _ => Ok(to_pull(&*SUBSCRIPTIONS.get(handle)?)?),
    }
}

/// Has a handler called with each matching event. `options` is JSON, empty for none: `queue` (those of
/// `nw_subscribe`), `mode`, `key`, `concurrency`, `timeout_ns`, `once`, `on_panic`, `set_aside_after`. The handler's release is
/// called after its last call, also where this fails.
#[unsafe(no_mangle)]
pub extern "C" fn nw_on(
    bus: Handle,
    filter: Slice,
    options: Slice,
    handler: Handler,
    out: Option<&mut MaybeUninit<Handle>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    let handler = Called(handler.take());
    give(out, error, || {
        if !handler.0.is_callable() {
            return Err(Error::invalid("there is no function to be called").at_path("handler.call").into());
        }
        let spec = HandlerSpec::from_json(options.text("options", MAX_TEXT)?)?;
        let filter = filter.text("filter", MAX_TEXT)?;
        let listener = BUSES.get(bus)?.on_with(filter, spec.options()?, handler)?;
        Ok(LISTENERS.insert(Arc::new(Mutex::new(Some(listener))))?)
    })
}

/// Ends a handler: no call begins from now on. It waits, `timeout_ns` at most, for calls that have begun, except
/// inside a handler; `out`, which may be null, says whether all have returned. The handle is closed by this.
#[unsafe(no_mangle)]
pub extern "C" fn nw_unsubscribe(
    listener: Handle,
    timeout_ns: i64,
    out: Option<&mut MaybeUninit<bool>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    call(error, || {
        let timeout = time(timeout_ns, "timeout_ns")?;
        let taken = LISTENERS.remove(listener)?.lock().take();
        let state = taken.ok_or(BadHandle::Stale)?.unsubscribe(timeout);
        if let Some(out) = out {
            out.write(state == Unsubscribed::Quiet);
        }
        Ok(())
    })
}

/// A handler of C's, on a bus.
struct Called(Foreign);

impl Called {
    fn with(&self, delivery: &Delivery) -> i32 {
        let mut batch = BatchWriter::new();
        batch.push(delivery);
        self.0.call(&batch.finish())
    }
}

impl newswire::Handler for Called {
    fn on_event(&self, event: &Event) -> std::result::Result<(), newswire::Failure> {
        match self.with(&Delivery::Event(event.clone())) {
            0 => Ok(()),
            code => Err(format!("the handler gave {code}").into()),
        }
    }

    fn on_gap(&self, gap: &Gap) {
        // Nothing is booked of a gap, so nothing of how it was taken.
        self.with(&Delivery::Gap(*gap));
    }
}
