//! Prototype: a shared log of blocks that is only ever appended to.
//!
//! The publisher fills the last block under one mutex; readers follow the chain with a cursor and copy what
//! is filled, without a lock. The last reader that leaves a block frees it and its events. What is not
//! shown here: a reader that is too far behind is cut off from the chain, so that it can't hold it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use newswire::Event;
use parking_lot::{Condvar, Mutex};

use crate::fabric::{Consumer, Fabric, Opened};

const BLOCK: usize = 256;

/// A place that is filled once.
pub(crate) trait Slot: Send + Sync + 'static {
    /// A place for an event.
    const EMPTY: Self;

    /// Fills it; the publisher does so once, before it raises `filled`.
    fn fill(&self, event: Event);

    /// The event; readers ask only below `filled`.
    fn get(&self) -> &Event;
}

impl Slot for OnceLock<Event> {
    const EMPTY: Self = OnceLock::new();

    fn fill(&self, event: Event) {
        assert!(self.set(event).is_ok(), "only the publisher appends");
    }

    fn get(&self) -> &Event {
        self.get().expect("filled slots hold events")
    }
}

/// A stretch of the log.
struct Block<S> {
    slots: [S; BLOCK],
    filled: AtomicUsize,
    next: OnceLock<Arc<Block<S>>>,
}

impl<S: Slot> Block<S> {
    fn new() -> Arc<Self> {
        Arc::new(Self { slots: [S::EMPTY; BLOCK], filled: AtomicUsize::new(0), next: OnceLock::new() })
    }
}

struct Shared<S> {
    tail: Mutex<Tail<S>>,
    ready: Condvar,
}

struct Tail<S> {
    seq: u64,
    sleepers: usize,
    filled: usize,
    block: Arc<Block<S>>,
}

/// The publishing end.
pub(crate) struct Log<S>(Arc<Shared<S>>);

/// The receiving end.
pub(crate) struct Reader<S> {
    shared: Arc<Shared<S>>,
    block: Arc<Block<S>>,
    at: usize,
    linger: Duration,
}

/// Opens a log; its readers are never so far behind that a bound would matter. They stay awake for
/// `linger` before they sleep.
pub(crate) fn open<S: Slot>(subscribers: usize, linger: Duration) -> Opened<Log<S>> {
    let block = Block::new();
    let tail = Tail { seq: 0, sleepers: 0, filled: 0, block: block.clone() };
    let shared = Arc::new(Shared { tail: Mutex::new(tail), ready: Condvar::new() });
    let reader = |_| Reader { shared: shared.clone(), block: block.clone(), at: 0, linger };
    let readers = (0..subscribers).map(reader).collect();
    (Log(shared), readers)
}

impl<S: Slot> Fabric for Log<S> {
    type Consumer = Reader<S>;

    fn publish(&self, event: Event) {
        let mut tail = self.0.tail.lock();
        if tail.filled == BLOCK {
            let next = Block::new();
            let full = std::mem::replace(&mut tail.block, next.clone());
            assert!(full.next.set(next).is_ok(), "only the publisher appends");
            tail.filled = 0;
        }
        let at = tail.filled;
        tail.block.slots[at].fill(event);
        tail.seq += 1;
        tail.filled += 1;
        tail.block.filled.store(tail.filled, Ordering::Release);
        if std::mem::take(&mut tail.sleepers) > 0 {
            drop(tail);
            self.0.ready.notify_all();
        }
    }
}

impl<S: Slot> Reader<S> {
    /// Moves on where the block has been read.
    fn advance(&mut self) {
        if self.at == BLOCK
            && let Some(next) = self.block.next.get().cloned()
        {
            self.block = next;
            self.at = 0;
        }
    }
}

impl<S: Slot> Consumer for Reader<S> {
    fn poll(&mut self, max: usize, each: &mut impl FnMut(&Event)) -> usize {
        self.advance();
        let filled = self.block.filled.load(Ordering::Acquire);
        let end = filled.min(self.at + max);
        let taken = end - self.at;
        for slot in &self.block.slots[self.at..end] {
            each(&slot.get().clone());
        }
        self.at = end;
        taken
    }

    fn wait(&mut self, max: usize, each: &mut impl FnMut(&Event)) -> usize {
        let mut since = None;
        loop {
            let taken = self.poll(max, each);
            if taken > 0 {
                return taken;
            }
            if since.get_or_insert_with(Instant::now).elapsed() < self.linger {
                thread::yield_now();
                continue;
            }
            let mut tail = self.shared.tail.lock();
            if Arc::ptr_eq(&tail.block, &self.block) && tail.filled == self.at {
                tail.sleepers += 1;
                self.shared.ready.wait(&mut tail);
            }
        }
    }
}
