//! Filters by themselves.

use std::mem::MaybeUninit;
use std::sync::Arc;

use newswire::Filter;
use newswire_facade::read_event;

use crate::edge::{Bytes, Handle, Slice};
use crate::fault::{Code, Fault, give};
use crate::general::{MAX_EVENT, MAX_TEXT};
use crate::tables::FILTERS;

/// Reads a filter; what is wrong is told with its column.
#[unsafe(no_mangle)]
pub extern "C" fn nw_filter_parse(
    text: Slice,
    out: Option<&mut MaybeUninit<Handle>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || Ok(FILTERS.insert(Arc::new(Filter::parse(text.text("filter", MAX_TEXT)?)?))?))
}

/// Whether a filter matches an event: its wire form, or parts.
#[unsafe(no_mangle)]
pub extern "C" fn nw_filter_matches(
    filter: Handle,
    event: Slice,
    out: Option<&mut MaybeUninit<bool>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let filter = FILTERS.get(filter)?;
        Ok(filter.matches(&read_event(event.text("event", MAX_EVENT)?)?))
    })
}

/// A filter's canonical text.
#[unsafe(no_mangle)]
pub extern "C" fn nw_filter_text(
    filter: Handle,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || Ok(Bytes::of(FILTERS.get(filter)?.to_string())))
}
