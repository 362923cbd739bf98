//! Which kinds anybody could want: one load, asked before an event is built.
//!
//! A bit may be stale and true; it is never false to a thread that saw the subscribe return. Bits of kinds
//! that don't exist yet are kept as if their names could match any filter that isn't a fixed list, so a
//! new kind needs no visit to the buses.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::kind::Kind;

/// Words of the mask: 4,096 bits.
pub(crate) const WORDS: usize = (Kind::INTERNED + 1) / 64;

/// One bit a kind, at an address fixed for the bus's life; the last bit is shared by all kinds that are not
/// interned.
pub(crate) struct Interest {
    mask: [AtomicU64; WORDS],
}

/// Which kinds one filter could match, a bit each.
pub(crate) type Bits = [u64; WORDS];

impl Interest {
    pub(crate) fn new() -> Self {
        Self { mask: std::array::from_fn(|_| AtomicU64::new(0)) }
    }

    /// Whether anybody could want events of `kind`.
    #[inline]
    pub(crate) fn wants(&self, kind: &Kind) -> bool {
        let slot = kind.slot();
        self.mask.get(slot / 64).is_some_and(|word| word.load(Ordering::Relaxed) & (1 << (slot % 64)) != 0)
    }

    /// The mask, to be read in place by other languages.
    pub(crate) fn words(&self) -> &[AtomicU64; WORDS] {
        &self.mask
    }

    fn set(&self, slot: usize, wanted: bool) {
        let Some(word) = self.mask.get(slot / 64) else { return };
        if wanted {
            word.fetch_or(1 << (slot % 64), Ordering::Release);
        } else {
            word.fetch_and(!(1 << (slot % 64)), Ordering::Release);
        }
    }
}

/// How many want each kind; the mask follows it. Guarded by the bus's order.
pub(crate) struct Counts {
    each: Box<[u32]>,
    /// Whether somebody wants every kind for now, besides.
    everything: bool,
}

impl Counts {
    pub(crate) fn new() -> Self {
        Self { each: vec![0; WORDS * 64].into(), everything: false }
    }

    /// Begins or ends the wish for every kind, a word of the mask at a time.
    #[cold]
    pub(crate) fn set_everything(&mut self, wanted: bool, interest: &Interest) {
        if std::mem::replace(&mut self.everything, wanted) == wanted {
            return;
        }
        for (word, counts) in interest.mask.iter().zip(self.each.chunks(64)) {
            let bits = counts.iter().rev().fold(0, |bits, count| bits << 1 | u64::from(wanted || *count > 0));
            word.store(bits, Ordering::Release);
        }
    }

    pub(crate) fn add(&mut self, bits: &Bits, interest: &Interest) {
        for slot in slots(bits) {
            if let Some(count) = self.each.get_mut(slot) {
                *count += 1;
                if *count == 1 {
                    interest.set(slot, true);
                }
            }
        }
    }

    pub(crate) fn remove(&mut self, bits: &Bits, interest: &Interest) {
        for slot in slots(bits) {
            if let Some(count) = self.each.get_mut(slot) {
                *count = count.saturating_sub(1);
                if *count == 0 && !self.everything {
                    interest.set(slot, false);
                }
            }
        }
    }
}

/// Every kind.
pub(crate) const ALL: Bits = [u64::MAX; WORDS];

/// Clears the bit of one slot; says whether it was set.
pub(crate) fn clear(bits: &mut Bits, slot: usize) -> bool {
    let Some(word) = bits.get_mut(slot / 64) else { return false };
    let bit = 1 << (slot % 64);
    let was = *word & bit != 0;
    *word &= !bit;
    was
}

/// The bits of the known kinds for which `admits` says so, and of all unknown ones.
pub(crate) fn bits(admits: impl Fn(&Kind) -> bool) -> Bits {
    let mut bits = ALL;
    for kind in Kind::known() {
        if !admits(&kind) {
            clear(&mut bits, kind.slot());
        }
    }
    bits
}

fn slots(bits: &Bits) -> impl Iterator<Item = usize> + '_ {
    bits.iter().enumerate().flat_map(|(place, word)| {
        (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| place * 64 + bit)
    })
}
