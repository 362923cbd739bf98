//! A fixed run of values, appended by one writer and read by any number of threads without a lock.
//!
//! This is the only `unsafe` code of the crate, kept small enough to be read in one go. The invariant:
//! slots are written once, in order, by the one [`Writer`]; a slot whose `written` is set is initialised and
//! never changes until the block is dropped, all others belong to the writer. `written` is set with
//! `Release` after the value is there, so that whoever reads it with `Acquire` sees the value.
//!
//! Each slot tells of itself, where a common length would do: a reader that is close behind the writer then
//! takes one cache line from it, not two.
#![allow(unsafe_code, reason = "lock-free reads of what another thread appends; see above")]

use std::mem::MaybeUninit;

use crate::sync::{Arc, AtomicBool, Ordering, UnsafeCell};

/// The values, for readers.
pub(crate) struct Block<T> {
    slots: Box<[Slot<T>]>,
}

struct Slot<T> {
    value: UnsafeCell<MaybeUninit<T>>,
    written: AtomicBool,
}

// SAFETY: a block hands out `&T` to any thread that holds it (hence `T: Sync`), and drops its values on
// whichever thread lets go last (hence `T: Send`). Slots are written by one `Writer` only, before `written`
// makes them visible.
unsafe impl<T: Send + Sync> Sync for Block<T> {}
// SAFETY: as above; a block owns its values.
unsafe impl<T: Send> Send for Block<T> {}

/// The one handle that may append to a block; not `Clone`, and appending takes `&mut self`.
pub(crate) struct Writer<T> {
    block: Arc<Block<T>>,
    len: usize,
}

impl<T> Writer<T> {
    /// An empty block of `capacity` slots.
    pub(crate) fn new(capacity: usize) -> Self {
        let slots = (0..capacity).map(|_| Slot::vacant()).collect();
        Self { block: Arc::new(Block { slots }), len: 0 }
    }

    /// The block, to be shared with readers.
    pub(crate) fn block(&self) -> &Arc<Block<T>> {
        &self.block
    }

    /// Whether there is a vacant slot.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.len < self.block.slots.len()
    }

    /// Appends, or gives the value back when the block is full.
    #[inline]
    pub(crate) fn push(&mut self, value: T) -> Result<(), T> {
        let Some(slot) = self.block.slots.get(self.len) else { return Err(value) };
        slot.value.with_mut(|place| {
            // SAFETY: the slot isn't `written`, so no reader looks at its value before the store below; and
            // this is the only writer, as `Writer` can't be cloned and `push` borrows it mutably.
            unsafe { (*place).write(value) };
        });
        slot.written.store(true, Ordering::Release);
        self.len += 1;
        Ok(())
    }
}

impl<T> Slot<T> {
    fn vacant() -> Self {
        Self { value: UnsafeCell::new(MaybeUninit::uninit()), written: AtomicBool::new(false) }
    }

    #[inline]
    fn get(&self) -> Option<&T> {
        if !self.written.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY: the value was initialised before the `Release` store that the load above synchronised
        // with, and nothing writes it again while `self` is borrowed.
        Some(self.value.with(|value| unsafe { (*value).assume_init_ref() }))
    }
}

impl<T> Block<T> {
    /// The value at `index`, once it is written.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.slots.get(index)?.get()
    }

    /// The values from `index` on that are written by now.
    #[inline]
    pub(crate) fn iter_from(&self, index: usize) -> impl Iterator<Item = &T> {
        self.slots.get(index..).unwrap_or_default().iter().map_while(Slot::get)
    }

    /// How many values it can hold.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }
}

impl<T> Drop for Block<T> {
    fn drop(&mut self) {
        for slot in std::mem::take(&mut self.slots) {
            if !slot.written.load(Ordering::Acquire) {
                break;
            }
            // SAFETY: the value is initialised, and its slot was taken out of the block, so nobody else
            // reads or drops it.
            unsafe { slot.value.into_inner().assume_init_drop() };
        }
    }
}
