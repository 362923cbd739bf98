//! Publishing, asking, and word that an event is durable.

use std::mem::MaybeUninit;
use std::sync::Arc;

use newswire_facade::{read_event, time};

use crate::edge::{Bytes, Handle, Slice};
use crate::fault::{Code, Done, Fault, call, give};
use crate::general::{MAX_EVENT, MAX_TEXT};
use crate::tables::{BUSES, RECEIPTS};

/// The longest text of several events, in bytes.
const MAX_EVENTS: usize = 64 << 20;

/// What became of a published event: `matched = delivered + deferred + dropped`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// Its position; 0 where nobody wanted it and it was never built.
    pub seq: u64,
    /// How many subscriptions it matched.
    pub matched: u32,
    /// Of these: queued, or called.
    pub delivered: u32,
    /// Of these: left to the thread that is serving the inline handler.
    pub deferred: u32,
    /// Of these: dropped.
    pub dropped: u32,
    /// How many full queues were waited for.
    pub blocked: u32,
}

impl From<newswire::Published> for Published {
    fn from(published: newswire::Published) -> Self {
        let newswire::Published { seq, matched, delivered, deferred, dropped, blocked } = published;
        Self { seq: seq.unwrap_or(0), matched, delivered, deferred, dropped, blocked }
    }
}

/// Tells what became of an event, where somebody wants to know.
pub(crate) fn tell(out: Option<&mut MaybeUninit<Published>>, published: newswire::Published) -> Done {
    if let Some(out) = out {
        out.write(published.into());
    }
    Ok(())
}

/// Publishes an event: its wire form, or parts (`nw_event`). Where the queue of a subscription that blocks is full it
/// waits for room, as long as that subscription says. `out` may be null.
#[unsafe(no_mangle)]
pub extern "C" fn nw_publish(
    bus: Handle,
    event: Slice,
    out: Option<&mut MaybeUninit<Published>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    call(error, || {
        let bus = BUSES.get(bus)?;
        tell(out, bus.publish(read_event(event.text("event", MAX_EVENT)?)?)?)
    })
}

/// Publishes an event to all who want it, or to nobody: `NW_FULL` where somebody's queue is full who blocks.
#[unsafe(no_mangle)]
pub extern "C" fn nw_try_publish(
    bus: Handle,
    event: Slice,
    out: Option<&mut MaybeUninit<Published>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    call(error, || {
        let bus = BUSES.get(bus)?;
        tell(out, bus.try_publish(read_event(event.text("event", MAX_EVENT)?)?)?)
    })
}

/// Publishes events, one a line, at consecutive seqs, or none of them; gives the last one's seq. `out` may be null.
#[unsafe(no_mangle)]
pub extern "C" fn nw_publish_batch(
    bus: Handle,
    lines: Slice,
    out: Option<&mut MaybeUninit<u64>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    call(error, || {
        let bus = BUSES.get(bus)?;
        let lines = lines.text("events", MAX_EVENTS)?.lines().enumerate();
        let events = lines.filter(|(_, line)| !line.trim().is_empty()).map(|(number, line)| {
            let told = |error: newswire::Error| match error.path() {
                Some(path) => {
                    let path = format!("events[{number}].{path}");
                    error.at_path(path)
                }
                None => error.at_path(format!("events[{number}]")),
            };
            read_event(line).map_err(told)
        });
        let published = bus.publish_batch(events.collect::<newswire::Result<_>>()?)?;
        if let Some(out) = out {
            out.write(published.last().and_then(|last| last.seq).unwrap_or(0));
        }
        Ok(())
    })
}

/// Publishes an event and gives a receipt, which says when a store has it; wait for it and close it.
#[unsafe(no_mangle)]
pub extern "C" fn nw_publish_durable(
    bus: Handle,
    event: Slice,
    out: Option<&mut MaybeUninit<Handle>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let bus = BUSES.get(bus)?;
        let receipt = bus.publish_durable(read_event(event.text("event", MAX_EVENT)?)?)?;
        Ok(RECEIPTS.insert(Arc::new(receipt))?)
    })
}

/// Waits, `timeout_ns` at most, for word that the event is durable. `out` may be null.
#[unsafe(no_mangle)]
pub extern "C" fn nw_receipt_wait(
    receipt: Handle,
    timeout_ns: i64,
    out: Option<&mut MaybeUninit<Published>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    call(error, || {
        let receipt = RECEIPTS.get(receipt)?;
        receipt.wait(time(timeout_ns, "timeout_ns")?)?;
        tell(out, receipt.published())
    })
}

/// Publishes a question and waits, `timeout_ns` at most, for the first event that names it in `reply_to`: its wire
/// form.
#[unsafe(no_mangle)]
pub extern "C" fn nw_request(
    bus: Handle,
    event: Slice,
    timeout_ns: i64,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let bus = BUSES.get(bus)?;
        let question = read_event(event.text("event", MAX_EVENT)?)?;
        Ok(Bytes::of(bus.request(question, time(timeout_ns, "timeout_ns")?)?.to_json()))
    })
}

/// Waits, `timeout_ns` at most, for the first event that matches: its wire form.
#[unsafe(no_mangle)]
pub extern "C" fn nw_wait_for(
    bus: Handle,
    filter: Slice,
    timeout_ns: i64,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let filter = filter.text("filter", MAX_TEXT)?;
        let event = BUSES.get(bus)?.wait_for(filter, time(timeout_ns, "timeout_ns")?)?;
        Ok(Bytes::of(event.to_json()))
    })
}
