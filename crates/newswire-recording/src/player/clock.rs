//! What a player waits by.

use std::thread;
use std::time::{Duration, Instant};

/// Time, and waiting for it.
pub trait Clock: Send {
    /// The time since some moment that stays the same.
    fn now(&self) -> Duration;

    /// Waits on the playing thread until then, or for ever; returns early where the thread is unparked, and may
    /// return early anyway.
    fn wait(&self, until: Option<Duration>);
}

/// The system's clock, which no setting of the time of day moves.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn wait(&self, until: Option<Duration>) {
        match until {
            Some(until) => thread::park_timeout(until.saturating_sub(self.now())),
            None => thread::park(),
        }
    }
}
