//! What belongs to no object: versions, giving back, kinds, events in parts.

use std::mem::MaybeUninit;

use newswire::Kind;
use newswire_facade::read_event;

use crate::edge::{Bytes, Handle, Slice};
use crate::fault::{Code, Fault, call, give};
use crate::tables;

/// The version of this interface. A library of the same version has every function and field of the header; a newer
/// one may have more functions.
pub const NW_ABI_VERSION: u32 = 1;

/// The longest event as text, its parts included, in bytes; the core tells the bound on the event itself.
pub(crate) const MAX_EVENT: usize = 4 << 20;

/// The longest other text, in bytes.
pub(crate) const MAX_TEXT: usize = 1 << 20;

/// The version of this interface that the library has: `NW_ABI_VERSION` when it was built.
#[unsafe(no_mangle)]
pub extern "C" fn nw_abi_version() -> u32 {
    NW_ABI_VERSION
}

/// The version of Newswire, such as `0.1.0`; it is there for ever.
#[unsafe(no_mangle)]
pub extern "C" fn nw_version() -> Slice {
    Slice::lend(env!("CARGO_PKG_VERSION").as_bytes())
}

/// Gives back bytes that were handed out, and leaves none there. Null, and none, is nothing to do.
#[unsafe(no_mangle)]
pub extern "C" fn nw_bytes_free(bytes: Option<&mut Bytes>) {
    if let Some(bytes) = bytes {
        bytes.free();
    }
}

/// Gives back what a failed call told, and leaves nothing there.
#[unsafe(no_mangle)]
pub extern "C" fn nw_error_free(error: Option<&mut Fault>) {
    if let Some(error) = error {
        error.free();
    }
}

/// Closes a handle of any type: a subscription and a handler leave their bus, a view and a play stop, a sink or store
/// stays attached; a bus closes when nobody holds it any more, emitters and plays included. Nothing waits here. A
/// second time gives `NW_BAD_HANDLE`.
#[unsafe(no_mangle)]
pub extern "C" fn nw_close(handle: Handle, error: Option<&mut MaybeUninit<Fault>>) -> Code {
    call(error, || tables::close(handle))
}

/// The numbers of a bus, subscription, handler, attachment or view at this moment, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn nw_stats(
    handle: Handle,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || Ok(Bytes::of(tables::stats(handle)?)))
}

/// The bit of a kind in every mask of interest: bit `slot % 64` of word `slot / 64`. It never changes in this process,
/// and means nothing outside it.
#[unsafe(no_mangle)]
pub extern "C" fn nw_kind_slot(
    kind: Slice,
    out: Option<&mut MaybeUninit<u32>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let kind = Kind::parse(kind.text("kind", MAX_TEXT)?)?;
        Ok(u32::try_from(kind.slot()).unwrap_or(u32::MAX))
    })
}

/// Makes an event of its parts, with an id and a time: its wire form as JSON. The parts are those of the wire form,
/// of which only `kind` must be there. What is whole already is checked.
#[unsafe(no_mangle)]
pub extern "C" fn nw_event(
    parts: Slice,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || Ok(Bytes::of(read_event(parts.text("event", MAX_EVENT)?)?.to_json())))
}
