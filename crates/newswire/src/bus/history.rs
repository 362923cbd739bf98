//! The in-memory history: the last events of the bus, bounded by count and by bytes.

use std::collections::VecDeque;

use crate::event::Event;

/// The last events of the bus.
pub(crate) struct History {
    events: VecDeque<Event>,
    bytes: usize,
    max_events: usize,
    max_bytes: usize,
}

impl History {
    pub(crate) fn new(max_events: usize, max_bytes: usize) -> Self {
        Self { events: VecDeque::new(), bytes: 0, max_events, max_bytes }
    }

    /// Keeps an event. Gives back one that had to go for it, to be freed outside the lock; there may be
    /// more to [`History::evict`].
    #[inline]
    pub(crate) fn push(&mut self, event: Event) -> Option<Event> {
        self.bytes += event.size();
        self.events.push_back(event);
        self.evict()
    }

    /// Takes out the oldest event, while there are too many.
    #[inline]
    pub(crate) fn evict(&mut self) -> Option<Event> {
        if self.events.len() <= self.max_events && self.bytes <= self.max_bytes {
            return None;
        }
        let oldest = self.events.pop_front()?;
        self.bytes -= oldest.size();
        Some(oldest)
    }

    /// Whether at most one has to go for an event of that size.
    #[inline]
    pub(crate) fn needs_one_place(&self, size: usize) -> bool {
        let freed = self.events.front().map_or(0, Event::size);
        self.bytes + size <= self.max_bytes + freed
    }

    /// Seq of the oldest event that is kept; none while it is empty.
    pub(crate) fn first(&self) -> Option<u64> {
        self.events.front().map(Event::seq)
    }

    /// Up to `count` events from `seq` on; seqs are gapless, so the place is known.
    pub(crate) fn read(&self, seq: u64, count: usize) -> Vec<Event> {
        let Some(first) = self.first() else { return Vec::new() };
        let from = usize::try_from(seq.saturating_sub(first)).unwrap_or(usize::MAX).min(self.events.len());
        self.events.range(from..).take(count).cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}
