//! Hands items from one thread to another, many at a time, bounded.
//!
//! Waking a thread costs microseconds, an item should cost nanoseconds: so the taker is woken for a heap of
//! items, or a moment after the first, whichever comes first.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many items are worth waking the taker for at once.
pub(super) const HEAP: usize = 256;
/// How long the taker lets fewer wait.
const MOMENT: Duration = Duration::from_millis(2);
/// How many items, and bytes, wait at most.
const MAX_ITEMS: usize = 4096;
const MAX_BYTES: usize = 8 << 20;

/// Where both sides meet.
struct Shared<T> {
    state: Mutex<State<T>>,
    came: Condvar,
    taken: Condvar,
}

struct State<T> {
    items: VecDeque<T>,
    bytes: usize,
    given_up: bool,
    ended: bool,
    /// Whether the taker waits for a first item.
    idle: bool,
}

/// The side that gives; dropping it ends the items.
pub(super) struct Giver<T>(Arc<Shared<T>>);

/// The side that takes; dropping it lets the giver know that nobody takes any more.
pub(super) struct Taker<T>(Arc<Shared<T>>);

/// What the taker found.
pub(super) enum Found {
    /// All that was there.
    Items,
    /// Nothing within the time.
    Nothing,
    /// Nothing, nor will there be.
    End,
}

pub(super) fn handoff<T>() -> (Giver<T>, Taker<T>) {
    let state = State { items: VecDeque::new(), bytes: 0, given_up: false, ended: false, idle: false };
    let shared = Arc::new(Shared { state: Mutex::new(state), came: Condvar::new(), taken: Condvar::new() });
    (Giver(shared.clone()), Taker(shared))
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the giver.
    fn wait<'s>(&self, state: MutexGuard<'s, State<T>>, time: Duration) -> MutexGuard<'s, State<T>> {
        self.came.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
    }
}

impl<T> Giver<T> {
    /// Hands over items of so many bytes in all, when there is room; whether anybody still takes.
    pub(super) fn give(&self, items: impl IntoIterator<Item = T>, bytes: usize) -> bool {
        let mut state = self.0.lock();
        while !state.given_up && (state.items.len() >= MAX_ITEMS || state.bytes >= MAX_BYTES) {
            state = self.0.taken.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let before = state.items.len();
        state.items.extend(items);
        state.bytes += bytes;
        let full = state.items.len() >= MAX_ITEMS || state.bytes >= MAX_BYTES;
        if state.idle || (before < HEAP && state.items.len() >= HEAP) || full {
            state.idle = false;
            self.0.came.notify_one();
        }
        !state.given_up
    }
}

impl<T> Drop for Giver<T> {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.came.notify_one();
    }
}

impl<T> Taker<T> {
    /// Takes all that there is, in place of what has been taken before; waits for something up to `patience`.
    pub(super) fn take(&self, into: &mut VecDeque<T>, patience: Duration) -> Found {
        into.clear();
        let mut state = self.0.lock();
        if state.items.is_empty() && !state.ended {
            state.idle = true;
            state = self.0.wait(state, patience);
            state.idle = false;
        }
        if !state.items.is_empty() && state.items.len() < HEAP && !state.ended {
            state = self.0.wait(state, MOMENT);
        }
        if state.items.is_empty() {
            return if state.ended { Found::End } else { Found::Nothing };
        }
        state.bytes = 0;
        // What has been taken leaves its room to what comes.
        std::mem::swap(&mut state.items, into);
        self.0.taken.notify_one();
        Found::Items
    }
}

impl<T> Drop for Taker<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.given_up = true;
        let waiting = std::mem::take(&mut state.items);
        drop(state);
        drop(waiting);
        self.0.taken.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_given_is_taken_in_order_and_then_it_ends() {
        let (giver, taker) = handoff();
        let giving = std::thread::spawn(move || (0..20_000).all(|number| giver.give([number], 1)));
        let (mut next, mut items) = (0, VecDeque::new());
        loop {
            match taker.take(&mut items, Duration::from_secs(5)) {
                Found::Items => items.drain(..).for_each(|number| {
                    assert_eq!(number, next);
                    next += 1;
                }),
                Found::Nothing => {}
                Found::End => break,
            }
        }
        assert_eq!(next, 20_000);
        assert!(giving.join().unwrap());
    }

    #[test]
    fn a_giver_is_told_that_nobody_takes_any_more() {
        let (giver, taker) = handoff();
        let giving = std::thread::spawn(move || (0..).take_while(|_| giver.give([()], MAX_BYTES)).count());
        drop(taker);
        assert!(giving.join().unwrap() <= 1);
    }
}
