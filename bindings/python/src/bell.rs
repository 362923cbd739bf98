//! Calls all who wait for one subscription: its stream knows only whoever looked last.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Who waits.
#[derive(Default)]
pub(crate) struct Bell(Mutex<Waiting>);

/// Seats are counted from 1.
const NO_SEAT: u64 = 0;

#[derive(Default)]
struct Waiting {
    seats: Vec<(u64, Waker)>,
    last: u64,
}

/// One who may wait, until it is dropped.
pub(crate) struct Seat {
    bell: Arc<Bell>,
    number: u64,
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn seat(self: &Arc<Self>) -> Seat {
        let mut waiting = self.lock();
        waiting.last += 1;
        Seat { bell: self.clone(), number: waiting.last }
    }
}

impl Bell {
    /// Has somebody called who has no seat, with the next call and no other.
    pub(crate) fn add(&self, waker: &Waker) {
        let mut waiting = self.lock();
        if !waiting.seats.iter().any(|(_, known)| known.will_wake(waker)) {
            waiting.seats.push((NO_SEAT, waker.clone()));
        }
    }

    /// Takes back what `add` did.
    pub(crate) fn remove(&self, waker: &Waker) {
        let _removed: Vec<_> =
            self.lock().seats.extract_if(.., |(_, known)| known.will_wake(waker)).collect();
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let seats = std::mem::take(&mut self.lock().seats);
        seats.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

impl Seat {
    /// Looks by `ask`, and waits where there is nothing.
    pub(crate) fn poll<T>(
        &self,
        context: &Context<'_>,
        ask: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.leave();
        // Before looking: it may be called at once.
        self.bell.lock().seats.push((self.number, context.waker().clone()));
        let found = ask(&mut Context::from_waker(&Waker::from(self.bell.clone())));
        if found.is_ready() {
            self.leave();
        }
        found
    }

    /// Has all others look again: what was found here, or that there will be no more, may have been told to nobody
    /// else.
    pub(crate) fn tell(&self) {
        self.bell.clone().wake();
    }

    fn leave(&self) {
        // Dropped once the lock is free: a waker may be the last to hold an object of the interpreter.
        let _left: Vec<_> =
            self.bell.lock().seats.extract_if(.., |(number, _)| *number == self.number).collect();
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.leave();
    }
}
