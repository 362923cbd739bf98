//! Prototype: one shared ring whose slots are overwritten in place; readers have cursors.
//!
//! Each slot has a lock of its own, as in `tokio::sync::broadcast`, since a reader may copy a slot while
//! the publisher comes round to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use newswire::Event;
use parking_lot::{Condvar, Mutex};

use crate::fabric::{Consumer, Fabric, Opened};

/// The ring.
pub(crate) struct Ring {
    slots: Box<[Mutex<Slot>]>,
    tail: Mutex<Tail>,
    /// How many events there have been; read without the lock by readers that look for news.
    published: AtomicU64,
    ready: Condvar,
}

#[derive(Default)]
struct Slot {
    seq: u64,
    event: Option<Event>,
}

#[derive(Default)]
struct Tail {
    seq: u64,
    sleepers: usize,
}

/// The publishing end.
pub(crate) struct Publisher(Arc<Ring>);

/// The receiving end.
pub(crate) struct Reader {
    ring: Arc<Ring>,
    seen: u64,
}

/// Opens a ring of `capacity` slots.
pub(crate) fn open(subscribers: usize, capacity: usize) -> Opened<Publisher> {
    let ring = Arc::new(Ring {
        slots: (0..capacity.next_power_of_two()).map(|_| Mutex::default()).collect(),
        tail: Mutex::default(),
        published: AtomicU64::new(0),
        ready: Condvar::new(),
    });
    let readers = (0..subscribers).map(|_| Reader { ring: ring.clone(), seen: 0 }).collect();
    (Publisher(ring), readers)
}

impl Ring {
    fn slot(&self, seq: u64) -> &Mutex<Slot> {
        &self.slots[seq as usize & (self.slots.len() - 1)]
    }
}

impl Fabric for Publisher {
    type Consumer = Reader;

    fn publish(&self, event: Event) {
        let ring = &*self.0;
        let mut tail = ring.tail.lock();
        tail.seq += 1;
        let seq = tail.seq;
        let old = std::mem::replace(&mut *ring.slot(seq).lock(), Slot { seq, event: Some(event) });
        ring.published.store(seq, Ordering::Release);
        let wake = std::mem::take(&mut tail.sleepers) > 0;
        drop(tail);
        drop(old);
        if wake {
            ring.ready.notify_all();
        }
    }
}

impl Consumer for Reader {
    fn poll(&mut self, max: usize, each: &mut impl FnMut(&Event)) -> usize {
        let news = self.ring.published.load(Ordering::Acquire) - self.seen;
        let taken = max.min(news as usize);
        for _ in 0..taken {
            self.seen += 1;
            let slot = self.ring.slot(self.seen).lock();
            assert_eq!(slot.seq, self.seen, "the ring lost events");
            let event = slot.event.clone();
            drop(slot);
            each(&event.expect("a slot with a seq holds an event"));
        }
        taken
    }

    fn wait(&mut self, max: usize, each: &mut impl FnMut(&Event)) -> usize {
        let mut tail = self.ring.tail.lock();
        while tail.seq == self.seen {
            tail.sleepers += 1;
            self.ring.ready.wait(&mut tail);
        }
        drop(tail);
        self.poll(max, each)
    }
}
