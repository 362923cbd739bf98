//! The time of storing.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Where a store learns the time when it is opened; from then on it counts by itself, whatever the clock does.
pub trait Clock: Send + Sync {
    /// Nanoseconds since the Unix epoch.
    fn now_ns(&self) -> i64;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ns(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    }
}

/// A system's clock that is further ahead of the last storing than this is thought to be wrong: what it says would
/// make everything old, and retention delete it.
const LEAP_NS: i64 = 366 * 86_400 * 1_000_000_000;

/// The time of storing: it begins with the system's, or with the last that was stored if that is later or much
/// earlier, and nobody who sets the system's clock moves it.
pub(crate) struct StoreClock {
    began_ns: i64,
    /// None where it stands still.
    began: Option<Instant>,
}

impl StoreClock {
    pub(crate) fn new(last_ns: i64, wall: i64) -> Self {
        let leaps = last_ns != i64::MIN && wall.saturating_sub(last_ns) > LEAP_NS;
        Self { began_ns: if leaps { last_ns } else { wall.max(last_ns) }, began: Some(Instant::now()) }
    }

    pub(crate) fn still(ns: i64) -> Self {
        Self { began_ns: ns, began: None }
    }

    pub(crate) fn now(&self) -> i64 {
        let elapsed = self.began.map_or(0, |began| began.elapsed().as_nanos());
        self.began_ns.saturating_add(i64::try_from(elapsed).unwrap_or(i64::MAX))
    }
}
