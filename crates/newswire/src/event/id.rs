//! Where event ids, span ids and times come from.
//!
//! An event id is a UUIDv7: 48 bits of milliseconds, then 74 bits that are random for a thread's first id
//! of a millisecond and count up for those that follow, so that the ids of one thread rise. Nothing is
//! shared between threads but one generation number, which is how a forked child, whose threads begin
//! with the parent's random state, is told to begin anew.

use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use super::correlation::{SpanId, TraceId};

/// Which seeding of the process is the current one; threads that carry another seed themselves again.
static GENERATION: AtomicU64 = AtomicU64::new(1);

/// Makes every thread draw its ids from fresh randomness.
///
/// To be called in the child after a `fork`: it inherits the state that the parent's ids come from, and
/// would give events the same ids. Cheap, and harmless anywhere else.
pub fn reseed_ids() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

const COUNTER_BITS: u32 = 74;

#[derive(Clone, Copy)]
struct Generator {
    generation: u64,
    state: u128,
    millis: u64,
    counter: u128,
}

thread_local! {
    static GENERATOR: Cell<Generator> =
        const { Cell::new(Generator { generation: 0, state: 0, millis: u64::MAX, counter: 0 }) };
}

impl Generator {
    fn with<T>(draw: impl FnOnce(&mut Self) -> T) -> T {
        let generation = GENERATION.load(Ordering::Relaxed);
        GENERATOR.with(|cell| {
            let mut generator = cell.get();
            if generator.generation != generation {
                generator = Self { generation, state: seed(generation), millis: u64::MAX, counter: 0 };
            }
            let drawn = draw(&mut generator);
            cell.set(generator);
            drawn
        })
    }

    /// 128 random bits: a Weyl sequence, whose halves are mixed.
    fn random(&mut self) -> u128 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let (high, low) = ((self.state >> 64) as u64, self.state as u64);
        u128::from(mix(high ^ low.rotate_left(32))) << 64 | u128::from(mix(low))
    }

    fn id(&mut self, millis: u64) -> Uuid {
        let next = self.counter + 1;
        self.counter = if millis == self.millis && next >> COUNTER_BITS == 0 {
            next
        } else {
            // The highest bit begins as 0, which leaves room to count.
            self.random() >> (128 - COUNTER_BITS + 1)
        };
        self.millis = millis;
        let (high, low) = (self.counter >> 62, self.counter & (u128::MAX >> 66));
        Uuid::from_u128(u128::from(millis) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
    }
}

/// The finalizer of SplitMix64.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

fn seed(generation: u64) -> u128 {
    // The standard library's hash keys are the operating system's randomness, but a thread draws it once
    // and a forked child goes on from its parent's: process and moment tell the two apart.
    let half = || {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u64(generation);
        hasher.write_u32(std::process::id());
        hasher.write_i64(now_ns());
        u128::from(hasher.finish())
    };
    half() << 64 | half()
}

/// Nanoseconds since the Unix epoch.
pub(crate) fn now_ns() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
    }
}

/// A UUIDv7 of the moment `time_ns`; moments before 1970 count as its first millisecond.
pub(crate) fn new_id(time_ns: i64) -> Uuid {
    let millis = u64::try_from(time_ns / 1_000_000).unwrap_or(0);
    Generator::with(|generator| generator.id(millis))
}

/// A fresh span.
pub(crate) fn new_span() -> SpanId {
    loop {
        if let Some(span) = SpanId::new(Generator::with(Generator::random) as u64) {
            return span;
        }
    }
}

/// A fresh trace.
pub(crate) fn new_trace() -> TraceId {
    loop {
        if let Some(trace) = TraceId::new(Generator::with(Generator::random)) {
            return trace;
        }
    }
}
