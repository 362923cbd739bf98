//! Kinds by the identity of the text that names them.
//!
//! Programs publish with literals, which Python interns: the same object each time. So the number of its kind is
//! found by the object's address, without looking at the text. The first text of each place is kept for ever, so
//! its address never becomes another's.

use std::sync::atomic::{AtomicU64, Ordering};

use newswire::Kind;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::argument;
use crate::error::raised;

const PLACES: usize = 1024;

/// Address above, number of the kind in the lowest 16 bits.
static KNOWN: [AtomicU64; PLACES] = [const { AtomicU64::new(0) }; PLACES];

fn place(address: u64) -> &'static AtomicU64 {
    // Objects are aligned to 16 bytes at least.
    let hash = (address >> 4) ^ (address >> 14);
    KNOWN.get(hash as usize % PLACES).unwrap_or(&KNOWN[0])
}

/// The number of the kind that the text at this address names, if that is known.
#[inline]
pub(crate) fn slot_at(address: usize) -> Option<usize> {
    let address = address as u64;
    let known = place(address).load(Ordering::Acquire);
    (known >> 16 == address).then_some((known & 0xffff) as usize)
}

/// The kind of that name.
///
/// # Errors
/// `InvalidError` for what is no kind.
pub(crate) fn kind_of(name: &Bound<'_, PyString>) -> PyResult<Kind> {
    let address = name.as_ptr() as usize;
    if let Some(kind) = slot_at(address).and_then(Kind::at) {
        return Ok(kind);
    }
    let py = name.py();
    let kind =
        Kind::parse(argument::text(name, "kind")?).map_err(|error| raised(py, &error.at_path("kind")))?;
    let (slot, address) = (kind.slot(), address as u64);
    // What has no number of its own can't be told by one; addresses have 48 bits.
    if slot < Kind::INTERNED
        && address >> 48 == 0
        && place(address)
            .compare_exchange(0, address << 16 | slot as u64, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    {
        std::mem::forget(name.clone());
    }
    Ok(kind)
}
