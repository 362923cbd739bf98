//! The in-memory history: the last events of the bus, bounded by count and by bytes.
//!
//! Where a store is attached, what it hasn't written yet stays here whatever the bounds say: see `backlog`.

use std::collections::VecDeque;

use super::backlog::Backlog;
use crate::delivery::{Delivery, Gap};
use crate::event::Event;

/// The last events of the bus.
pub(crate) struct History {
    pub(super) events: VecDeque<Event>,
    pub(super) bytes: usize,
    max_events: usize,
    max_bytes: usize,
    /// Seq from which on everything is here: kept, or known as lost.
    floor: u64,
    /// What was dropped for want of room, in order; only a store's backlog drops from here.
    pub(super) lost: VecDeque<Gap>,
    /// What an attached store has still to write.
    pub(super) backlog: Option<Box<Backlog>>,
}

impl History {
    /// A history of what comes from the seq `floor` on.
    pub(crate) fn new(max_events: usize, max_bytes: usize, floor: u64) -> Self {
        let (events, lost) = (VecDeque::new(), VecDeque::new());
        Self { events, bytes: 0, max_events, max_bytes, floor, lost, backlog: None }
    }

    /// Keeps an event. Gives back one that had to go for it, to be freed outside the lock; there may be
    /// more to [`History::evict`].
    #[inline]
    pub(crate) fn push(&mut self, event: Event) -> Option<Event> {
        let size = event.size();
        self.bytes += size;
        if let Some(backlog) = &mut self.backlog {
            backlog.add(size);
        }
        self.events.push_back(event);
        self.evict()
    }

    /// Takes out the oldest event, while there are too many and the store has it.
    #[inline]
    pub(crate) fn evict(&mut self) -> Option<Event> {
        if self.events.len() <= self.max_events && self.bytes <= self.max_bytes {
            return None;
        }
        let oldest = self.events.front()?.seq();
        let written = self.backlog.as_ref().map_or(u64::MAX, |backlog| backlog.written());
        if oldest > written {
            return None;
        }
        let oldest = self.events.pop_front()?;
        self.bytes -= oldest.size();
        self.floor = oldest.seq() + 1;
        while let Some(gap) = self.lost.front().filter(|gap| gap.last <= written) {
            if self.events.front().is_some_and(|event| event.seq() < gap.first) {
                break;
            }
            self.floor = self.floor.max(gap.last + 1);
            self.lost.pop_front();
        }
        Some(oldest)
    }

    /// Whether at most one has to go for an event of that size, and nobody has to be told of it.
    #[inline]
    pub(crate) fn needs_one_place(&self, size: usize) -> bool {
        let freed = self.events.front().map_or(0, Event::size);
        match &self.backlog {
            None => self.bytes + size <= self.max_bytes + freed,
            // What is too much here, the store's thread evicts when it has written.
            Some(backlog) => backlog.takes_at_once(size),
        }
    }

    /// Nothing has been published, and the first event will have this seq.
    pub(crate) fn begin_at(&mut self, seq: u64) {
        if self.events.is_empty() {
            self.floor = seq;
        }
    }

    /// Seq from which on everything is here.
    pub(crate) fn first(&self) -> u64 {
        self.floor
    }

    /// What is here from `seq` on, up to `count` events.
    pub(crate) fn read(&self, seq: u64, count: usize) -> Vec<Delivery> {
        let from = self.events.partition_point(|event| event.seq() < seq);
        let events = self.events.range(from..).take(count);
        let is_end = from.saturating_add(count) >= self.events.len();
        if self.lost.is_empty() {
            return events.cloned().map(Delivery::Event).collect();
        }
        let mut lost =
            self.lost.iter().filter(|gap| gap.last >= seq).map(|gap| from_seq(gap, seq)).peekable();
        let mut deliveries = Vec::new();
        for event in events {
            while let Some(gap) = lost.next_if(|gap| gap.first < event.seq()) {
                deliveries.push(Delivery::Gap(gap));
            }
            deliveries.push(Delivery::Event(event.clone()));
        }
        if is_end {
            deliveries.extend(lost.map(Delivery::Gap));
        }
        deliveries
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The part of the gap from `seq` on; every event of it is missing.
fn from_seq(gap: &Gap, seq: u64) -> Gap {
    let first = gap.first.max(seq);
    Gap { first, count: gap.last + 1 - first, ..*gap }
}
