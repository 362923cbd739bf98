//! Filters by themselves.

use std::mem::MaybeUninit;
use std::sync::Arc;

use newswire::Filter;
use newswire_facade::read_event;

use crate::edge::{Bytes, Handle, Slice};
use crate::fault::{Code, Fault, call, place};
use crate::general::{MAX_EVENT, MAX_TEXT};
use crate::tables::FILTERS;

/// Reads a filter; what is wrong is told with its column.
#[unsafe(no_mangle)]
pub extern "C" fn nw_filter_parse(
    text: Slice,
    out: Option<&mut MaybeUninit<Handle>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    call(error, || {
        let out = place(out)?;
        out.write(FILTERS.insert(Arc::new(Filter::parse(text.text("filter", MAX_TEXT)?)?))?);
        Ok(())
    })
}

/// Whether a filter matches an event: its wire form, or parts.
#[unsafe(no_mangle)]
pub extern "C" fn nw_filter_matches(
    filter: Handle,
    event: Slice,
    out: Option<&mut MaybeUninit<bool>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    call(error, || {
        let out = place(out)?;
        let filter = FILTERS.get(filter)?;
        out.write(filter.matches(&read_event(event.text("event", MAX_EVENT)?)?));
        Ok(())
    })
}

/// A filter's canonical text.
#[unsafe(no_mangle)]
pub extern "C" fn nw_filter_text(
    filter: Handle,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    call(error, || {
        let out = place(out)?;
        out.write(Bytes::of(FILTERS.get(filter)?.to_string()));
        Ok(())
    })
}
