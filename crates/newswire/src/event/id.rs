//! Where event ids, span ids and times come from.

use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::{Builder, Uuid};

use super::correlation::{SpanId, TraceId};

thread_local! {
    /// 74 random bits a thread, counted up: unique without a shared counter or a system call an event.
    static NEXT: Cell<u128> = Cell::new(random());
}

fn random() -> u128 {
    // The standard library's hash keys are the operating system's randomness; two finished hashes of
    // fresh keys make 128 bits.
    let half = || u128::from(RandomState::new().build_hasher().finish());
    (half() << 64) | half()
}

fn next() -> u128 {
    NEXT.with(|next| {
        // A large odd step spreads neighbours, so that prefixes of ids stay useful.
        let id = next.get().wrapping_add(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        next.set(id);
        id
    })
}

/// Nanoseconds since the Unix epoch; clocks that are set before it give 0.
pub(crate) fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// A UUIDv7 of the moment `time_ns`.
pub(crate) fn new_id(time_ns: i64) -> Uuid {
    let millis = u64::try_from(time_ns / 1_000_000).unwrap_or(0);
    let mut random = [0; 10];
    random.copy_from_slice(next().to_le_bytes().first_chunk::<10>().unwrap_or(&[0; 10]));
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// A fresh span.
pub(crate) fn new_span() -> SpanId {
    loop {
        if let Some(span) = SpanId::new((next() >> 64) as u64) {
            return span;
        }
    }
}

/// A fresh trace.
pub(crate) fn new_trace() -> TraceId {
    loop {
        if let Some(trace) = TraceId::new(next()) {
            return trace;
        }
    }
}
