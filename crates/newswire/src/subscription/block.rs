//! A fixed run of values, appended by one writer and read by any number of threads without a lock.
//!
//! This is the only `unsafe` code of the crate, kept small enough to be read in one go. The invariant:
//! slots below `len` are initialised and never change until the block is dropped; slots from `len` on
//! belong to the one [`Writer`]. `len` only rises, and is raised with `Release` after the slot is written,
//! so that whoever reads it with `Acquire` sees the slot.
#![allow(unsafe_code, reason = "lock-free reads of what another thread appends; see above")]

use std::mem::MaybeUninit;

use crate::sync::{Arc, AtomicUsize, Ordering, UnsafeCell};

/// The values, for readers.
pub(crate) struct Block<T> {
    len: AtomicUsize,
    slots: Box<[UnsafeCell<MaybeUninit<T>>]>,
}

// SAFETY: a block hands out `&T` to any thread that holds it (hence `T: Sync`), and drops its values on
// whichever thread lets go last (hence `T: Send`). Slots are written by one `Writer` only, before `len`
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
        let slots = (0..capacity).map(|_| UnsafeCell::new(MaybeUninit::uninit())).collect();
        Self { block: Arc::new(Block { len: AtomicUsize::new(0), slots }), len: 0 }
    }

    /// The block, to be shared with readers.
    pub(crate) fn block(&self) -> &Arc<Block<T>> {
        &self.block
    }

    /// Appends, or gives the value back when the block is full.
    #[inline]
    pub(crate) fn push(&mut self, value: T) -> Result<(), T> {
        let Some(slot) = self.block.slots.get(self.len) else { return Err(value) };
        slot.with_mut(|slot| {
            // SAFETY: the slot is at `len`, so no reader looks at it before the store below; and this is
            // the only writer, as `Writer` can't be cloned and `push` borrows it mutably.
            unsafe { (*slot).write(value) };
        });
        self.len += 1;
        self.block.len.store(self.len, Ordering::Release);
        Ok(())
    }
}

impl<T> Block<T> {
    /// The value at `index`, once it is written.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        if index >= self.len.load(Ordering::Acquire) {
            return None;
        }
        let slot = self.slots.get(index)?;
        // SAFETY: `index < len`, so the slot was initialised before the `Release` store that the load
        // above synchronised with, and nothing writes it again while `self` is borrowed.
        Some(slot.with(|slot| unsafe { (*slot).assume_init_ref() }))
    }

    /// The values from `index` on that are written by now.
    #[inline]
    pub(crate) fn iter_from(&self, index: usize) -> impl Iterator<Item = &T> {
        let len = self.len.load(Ordering::Acquire);
        self.slots.iter().take(len).skip(index).map(|slot| {
            // SAFETY: as in `get`: the slot is below the `len` that was read with `Acquire`.
            slot.with(|slot| unsafe { (*slot).assume_init_ref() })
        })
    }

    /// How many values are written.
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    /// How many values it can hold.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }
}

impl<T> Drop for Block<T> {
    fn drop(&mut self) {
        let len = self.len.load(Ordering::Acquire);
        for slot in std::mem::take(&mut self.slots).into_iter().take(len) {
            // SAFETY: slots below `len` are initialised, and were taken out of the block, so nobody else
            // reads or drops them.
            unsafe { slot.into_inner().assume_init_drop() };
        }
    }
}
