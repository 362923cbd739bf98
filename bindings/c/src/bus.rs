//! Buses.

use std::mem::MaybeUninit;
use std::sync::{Arc, OnceLock};

use newswire::{Bus, Kind};
use newswire_facade::{BusSpec, RedactSpec, time, to_json};

use crate::edge::{Bytes, Handle, Slice};
use crate::fault::{Code, Fault, call, give};
use crate::general::MAX_TEXT;
use crate::tables::BUSES;

/// Opens a bus. `options` is JSON, empty for none: `name`, `history`, `history_bytes`, `shared_bytes`, `workers`,
/// `pending_requests`, `subscriptions`, `closed_kept`, `component_ids`, `payloads`.
#[unsafe(no_mangle)]
pub extern "C" fn nw_bus_open(
    options: Slice,
    out: Option<&mut MaybeUninit<Handle>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let bus = Bus::with(BusSpec::from_json(options.text("options", MAX_TEXT)?)?.options()?)?;
        Ok(BUSES.insert(Arc::new(bus))?)
    })
}

/// A handle of the process's default bus, which is made when it is first asked for and lives as long as the process.
#[unsafe(no_mangle)]
pub extern "C" fn nw_bus_default(
    out: Option<&mut MaybeUninit<Handle>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    static DEFAULT: OnceLock<Bus> = OnceLock::new();
    give(out, error, || Ok(BUSES.insert(Arc::new(DEFAULT.get_or_init(Bus::new).clone()))?))
}

/// Closes a bus and waits, `timeout_ns` at most, until handlers and sinks have had what was published. Gives what became
/// of everything, as JSON, where `out` isn't null. Publishing is an error from now on; the handle is still to be closed.
#[unsafe(no_mangle)]
pub extern "C" fn nw_bus_close(
    bus: Handle,
    timeout_ns: i64,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    call(error, || {
        let report = BUSES.get(bus)?.close(time(timeout_ns, "timeout_ns")?);
        if let Some(out) = out {
            out.write(Bytes::of(to_json(&report)?));
        }
        Ok(())
    })
}

/// The position after the last event, as a cursor's text.
#[unsafe(no_mangle)]
pub extern "C" fn nw_bus_position(
    bus: Handle,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || Ok(Bytes::of(BUSES.get(bus)?.position().to_string())))
}

/// Whether anybody could want events of a kind: to be asked before anything is built.
#[unsafe(no_mangle)]
pub extern "C" fn nw_bus_wants(
    bus: Handle,
    kind: Slice,
    out: Option<&mut MaybeUninit<bool>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || Ok(BUSES.get(bus)?.wants(&Kind::parse(kind.text("kind", MAX_TEXT)?)?)))
}

/// The mask behind `nw_bus_wants`, to be read in place: 64 words, a bit for each kind (`nw_kind_slot`). Other threads
/// change it, so read each word as a whole. It is there until the bus's handle is closed.
#[unsafe(no_mangle)]
pub extern "C" fn nw_bus_interest(
    bus: Handle,
    out: Option<&mut MaybeUninit<*const u64>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || Ok(BUSES.get(bus)?.interest_mask().as_ptr().cast()))
}

/// Has a rule mask what nobody is to see, in every event from now on. `rule` is JSON: `field` or `class`, and perhaps
/// `kinds` and `matching`.
#[unsafe(no_mangle)]
pub extern "C" fn nw_bus_redact(bus: Handle, rule: Slice, error: Option<&mut MaybeUninit<Fault>>) -> Code {
    call(error, || {
        let rule = RedactSpec::from_json(rule.text("rule", MAX_TEXT)?)?.rule()?;
        Ok(BUSES.get(bus)?.redact(rule)?)
    })
}
