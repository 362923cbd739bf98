//! The system's own locks: a process that forks inherits no table of waiters that another thread was about to change.

use std::sync::{MutexGuard, PoisonError};
use std::time::Instant;

/// `std::sync::Mutex`, which stays good where a panic passes through.
#[derive(Debug, Default)]
pub struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Mutex<T> {
    /// One around `value`.
    pub const fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    /// Waits until it is free.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `std::sync::Condvar`, likewise.
#[derive(Default)]
pub(crate) struct Condvar(std::sync::Condvar);

impl Condvar {
    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    /// Waits until told, or the deadline; says whether that passed.
    pub(crate) fn wait_until<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        deadline: Instant,
    ) -> (MutexGuard<'a, T>, bool) {
        let left = deadline.saturating_duration_since(Instant::now());
        let (guard, waited) = self.0.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner);
        (guard, waited.timed_out())
    }
}
