//! Emitters: a bus with a fixed context, which ask before they build.

use std::mem::MaybeUninit;
use std::sync::Arc;

use newswire::Kind;
use newswire_facade::ContextSpec;

use crate::edge::{Handle, Slice};
use crate::fault::{Code, Fault, call, give};
use crate::general::{MAX_EVENT, MAX_TEXT};
use crate::publish::{Published, tell};
use crate::tables::{BUSES, EMITTERS};

/// Opens an emitter. `context` is JSON, empty for none, with the names of the wire: `source`, `scope`, `correlation`,
/// `component` (an id), `tags`, `attrs`.
#[unsafe(no_mangle)]
pub extern "C" fn nw_emitter_open(
    bus: Handle,
    context: Slice,
    out: Option<&mut MaybeUninit<Handle>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let context = ContextSpec::from_json(context.text("context", MAX_TEXT)?)?;
        Ok(EMITTERS.insert(Arc::new(context.emitter(&*BUSES.get(bus)?)?))?)
    })
}

/// Opens another emitter, for what happens within what this one is about: its span is the parent of the new one's.
/// `context` is set above what it hands on.
#[unsafe(no_mangle)]
pub extern "C" fn nw_emitter_within(
    emitter: Handle,
    context: Slice,
    out: Option<&mut MaybeUninit<Handle>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let context = ContextSpec::from_json(context.text("context", MAX_TEXT)?)?;
        Ok(EMITTERS.insert(Arc::new(context.within(EMITTERS.get(emitter)?.child())?))?)
    })
}

/// Whether anybody could want events of a kind: to be asked before anything is built.
#[unsafe(no_mangle)]
pub extern "C" fn nw_emitter_wants(
    emitter: Handle,
    kind: Slice,
    out: Option<&mut MaybeUninit<bool>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || Ok(EMITTERS.get(emitter)?.wants(&Kind::parse(kind.text("kind", MAX_TEXT)?)?)))
}

/// Emits an event of a kind with a payload, JSON or empty for none, if anybody wants it. `out` may be null.
#[unsafe(no_mangle)]
pub extern "C" fn nw_emit(
    emitter: Handle,
    kind: Slice,
    payload: Slice,
    out: Option<&mut MaybeUninit<Published>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    call(error, || {
        let emitter = EMITTERS.get(emitter)?;
        let kind = Kind::parse(kind.text("kind", MAX_TEXT)?)?;
        if !emitter.wants(&kind) {
            return tell(out, newswire::Published::default());
        }
        let event = emitter.event(kind);
        let event = match payload.text("payload", MAX_EVENT)? {
            "" => event,
            json => event.json(json),
        };
        tell(out, emitter.publish(event.build()?)?)
    })
}
