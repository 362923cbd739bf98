//! One call of a sink at a time, and a bounded wait for one's turn: the system's locks know no deadline.
//!
//! Who has his turn has the sink itself, so that no lock is held while it works.

use std::time::{Duration, Instant};

use crate::handler::timer::deadline_after;
use crate::sync::plain::{Condvar, Mutex};

/// What is used by one at a time.
pub(super) struct Turns<T> {
    place: Mutex<Option<T>>,
    free: Condvar,
}

/// A turn, at whose end the thing goes back, also where that is a panic.
struct Turn<'a, T> {
    turns: &'a Turns<T>,
    thing: Option<T>,
}

impl<T> Turns<T> {
    pub(super) fn new(thing: T) -> Self {
        Self { place: Mutex::new(Some(thing)), free: Condvar::new() }
    }

    /// Uses it when it is free; `None` where that isn't so within `patience`.
    pub(super) fn with<R>(&self, patience: Duration, use_it: impl FnOnce(&mut T) -> R) -> Option<R> {
        let thing = self.wait(patience)?;
        let mut turn = Turn { turns: self, thing: Some(thing) };
        turn.thing.as_mut().map(use_it)
    }

    fn wait(&self, patience: Duration) -> Option<T> {
        let deadline = deadline_after(patience);
        let mut place = self.place.lock();
        loop {
            if let Some(thing) = place.take() {
                return Some(thing);
            }
            if Instant::now() >= deadline {
                return None;
            }
            place = self.free.wait_until(place, deadline);
        }
    }
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        *self.turns.place.lock() = self.thing.take();
        self.turns.free.notify_one();
    }
}
