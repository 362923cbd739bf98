//! The log's slot without a state word of its own: what `unsafe` would buy.

#![expect(unsafe_code, reason = "the point of this prototype is to price it")]

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};

use newswire::Event;

use super::log::Slot;

/// A slot whose reader trusts the block's `filled`.
pub(crate) struct Raw {
    event: UnsafeCell<MaybeUninit<Event>>,
    /// Only for the drop; written beside the event, never by a locked instruction.
    full: AtomicBool,
}

// SAFETY: it is written once, before `filled` is raised with Release, and read only by those who have
// seen that with Acquire; events are Send and Sync.
unsafe impl Sync for Raw {}

impl Slot for Raw {
    const EMPTY: Self = Self { event: UnsafeCell::new(MaybeUninit::uninit()), full: AtomicBool::new(false) };

    fn fill(&self, event: Event) {
        // SAFETY: the publisher fills each slot once, alone, before anybody may read it.
        unsafe { (*self.event.get()).write(event) };
        self.full.store(true, Ordering::Relaxed);
    }

    fn get(&self) -> &Event {
        // SAFETY: readers ask only below `filled`, so the slot has been written and is not written again.
        unsafe { (*self.event.get()).assume_init_ref() }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if *self.full.get_mut() {
            // SAFETY: it is full, and nobody else has it any more.
            unsafe { self.event.get_mut().assume_init_drop() };
        }
    }
}
