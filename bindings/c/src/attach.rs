//! Sinks, stores and ready-made subscribers.

use std::mem::MaybeUninit;
use std::sync::Arc;

use newswire_facade::{attach, time, watch};

use crate::edge::{Bytes, Handle, Slice};
use crate::fault::{Code, Fault, call, give};
use crate::general::MAX_TEXT;
use crate::tables::{ATTACHMENTS, BUSES, VIEWS};

/// Attaches what a URL names: `console:`, `file:run.ndjson`, `sqlite:events.db`. It stays attached when the handle is
/// closed.
#[unsafe(no_mangle)]
pub extern "C" fn nw_attach(
    bus: Handle,
    url: Slice,
    out: Option<&mut MaybeUninit<Handle>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let attached = attach(&*BUSES.get(bus)?, url.text("url", MAX_TEXT)?)?;
        Ok(ATTACHMENTS.insert(Arc::new(attached))?)
    })
}

/// Waits, `timeout_ns` at most, until a store has all that was published on the disk, or a sink has handed on what it
/// held back.
#[unsafe(no_mangle)]
pub extern "C" fn nw_flush(
    attachment: Handle,
    timeout_ns: i64,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    call(error, || Ok(ATTACHMENTS.get(attachment)?.flush(time(timeout_ns, "timeout_ns")?)?))
}

/// Takes a sink or store off its bus and ends it; the handle is still to be closed.
#[unsafe(no_mangle)]
pub extern "C" fn nw_detach(attachment: Handle, error: Option<&mut MaybeUninit<Fault>>) -> Code {
    call(error, || Ok(ATTACHMENTS.get(attachment)?.detach()?))
}

/// Has a ready-made subscriber watch the bus: `usage`, `status`, `latency`, `trace`, `calls`, `census` or `runs`.
/// `options` is JSON, empty for none: `capacity`, `start`, `internal`, and `prices` of `usage`; at most 64 KiB, of
/// `usage` 1 MiB.
#[unsafe(no_mangle)]
pub extern "C" fn nw_watch(
    bus: Handle,
    view: Slice,
    options: Slice,
    out: Option<&mut MaybeUninit<Handle>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let (view, options) = (view.text("view", MAX_TEXT)?, options.text("options", MAX_TEXT)?);
        Ok(VIEWS.insert(Arc::new(watch(&*BUSES.get(bus)?, view, options)?))?)
    })
}

/// What a view has learned until now, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn nw_snapshot(
    view: Handle,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || Ok(Bytes::of(VIEWS.get(view)?.snapshot()?)))
}
