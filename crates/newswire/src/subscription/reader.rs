//! One subscription's place on a tape: follows the writers without a lock, and finds out by itself what it has
//! lost.
//!
//! `DropOldest` is worked out here, when somebody looks: what lies further back than the bounds allow is
//! skipped and becomes a gap, exactly as if it had been evicted when the event that displaced it came.

use std::sync::Arc;

use super::tape::{LARGEST, SEGMENT_BYTES, Segment, Tail};
use crate::delivery::{Delivery, Gap, GapReason};
use crate::event::{Event, MAX_EVENT_BYTES};
use crate::sync::Ordering;

/// One subscription's place on a tape.
pub(crate) struct Reader {
    pub(super) tail: Arc<Tail>,
    pub(super) segment: Arc<Segment>,
    pub(super) begun: u64,
    pub(super) next: u64,
    pub(super) bytes_taken: u64,
    pub(super) gap: Option<Gap>,
}

/// Consecutive events that a reader has taken, where they stand.
pub(crate) struct Run {
    segment: Arc<Segment>,
    from: usize,
    len: usize,
}

impl Run {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn last_seq(&self) -> u64 {
        self.segment.events.get(self.from + self.len - 1).map_or(0, Event::seq)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Event> {
        self.segment.events.iter_from(self.from).take(self.len)
    }
}

/// What [`Reader::census`] counts.
pub(crate) struct Census {
    pub(crate) matched: u64,
    pub(crate) queued: u64,
    pub(crate) dropped: u64,
}

/// What a reader is allowed to have before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
}

impl Bounds {
    /// Whether they hold all that one segment can: a reader that stands in the last one is then within them,
    /// and needn't look at the tail, which publishers write at every event.
    #[inline]
    fn hold_a_segment(self) -> bool {
        self.events >= LARGEST as u64 && self.bytes >= SEGMENT_BYTES + MAX_EVENT_BYTES as u64
    }
}

impl Reader {
    /// Whether there is nothing to take, not even a gap.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.gap.is_none() && self.is_caught_up()
    }

    #[inline]
    fn is_caught_up(&self) -> bool {
        self.at(self.next).is_none() && !self.segment.linked.load(Ordering::Acquire)
    }

    /// How many events the tape has had. An event is readable in its segment a moment before the tail counts
    /// it, so what this reader has taken counts too.
    fn pushed(&self) -> u64 {
        self.tail.pushed.load(Ordering::Acquire).max(self.next)
    }

    /// How many events were appended since it began, how many of them wait, and how many were just found
    /// to be lost; one moment's truth.
    pub(crate) fn census(&mut self, bounds: Bounds) -> Census {
        let mut dropped = 0;
        loop {
            dropped += self.settle(bounds, GapReason::Full);
            let pushed = self.pushed();
            if pushed - self.next <= bounds.events {
                return Census { matched: pushed - self.begun, queued: pushed - self.next, dropped };
            }
        }
    }

    /// The next event, without taking it; a pending gap comes before it.
    pub(crate) fn peek_seq(&mut self, bounds: Bounds) -> (Option<u64>, u64) {
        let dropped = self.settle(bounds, GapReason::Full);
        let seq = self.at(self.next).map(Event::seq);
        (self.gap.map(|gap| gap.first).or(seq), dropped)
    }

    /// Takes the next item. Returns it with how many events were found to be lost.
    #[inline]
    pub(crate) fn take(&mut self, bounds: Bounds) -> (Option<Delivery>, u64) {
        let dropped = self.settle(bounds, GapReason::Full);
        if let Some(gap) = self.gap.take() {
            return (Some(Delivery::Gap(gap)), dropped);
        }
        (self.take_event().map(Delivery::Event), dropped)
    }

    /// Takes up to `max` events that are there, while no gap has to be told. Returns them, and how many were
    /// found to be lost.
    pub(crate) fn take_run(&mut self, bounds: Bounds, max: usize) -> (Option<Run>, u64) {
        let dropped = self.settle(bounds, GapReason::Full);
        if self.gap.is_some() {
            return (None, dropped);
        }
        let from = usize::try_from(self.next - self.segment.first).unwrap_or(usize::MAX);
        let mut len = 0;
        for event in self.segment.events.iter_from(from).take(max) {
            self.bytes_taken += event.size() as u64;
            len += 1;
        }
        if len == 0 {
            return (None, dropped);
        }
        self.next += len as u64;
        (Some(Run { segment: self.segment.clone(), from, len }), dropped)
    }

    #[inline]
    fn take_event(&mut self) -> Option<Event> {
        let event = self.at(self.next)?.clone();
        self.next += 1;
        self.bytes_taken += event.size() as u64;
        Some(event)
    }

    /// Drops what the bounds no longer allow, from the oldest, into the pending gap; says how many.
    #[inline]
    pub(crate) fn settle(&mut self, bounds: Bounds, reason: GapReason) -> u64 {
        let in_last = !self.segment.linked.load(Ordering::Acquire);
        if in_last && bounds.hold_a_segment() {
            return 0;
        }
        let pushed = self.pushed();
        let bytes = self.tail.bytes.load(Ordering::Relaxed);
        if pushed == self.next {
            return 0;
        }
        let overdue =
            pushed - self.next > bounds.events || bytes.saturating_sub(self.bytes_taken) > bounds.bytes;
        let inside = self.next - self.segment.first < self.segment.events.capacity() as u64;
        let kept = inside && !self.segment.evicted.load(Ordering::Relaxed);
        if !overdue && kept && self.at(self.next).is_some() {
            return 0;
        }
        self.settle_slowly(bounds, reason)
    }

    #[cold]
    fn settle_slowly(&mut self, bounds: Bounds, reason: GapReason) -> u64 {
        let began = self.next;
        let mut gap: Option<Gap> = None;
        loop {
            // Read anew each time: a cut link may have led past what had been pushed before.
            let pushed = self.pushed();
            let bytes = self.tail.bytes.load(Ordering::Relaxed).saturating_sub(self.bytes_taken);
            if pushed - self.next > bounds.events {
                self.skip_to(pushed - bounds.events, reason, &mut gap);
            } else if let Some(kept) = self.first_kept(pushed) {
                if self.pushed() != pushed {
                    // Perhaps this reader's own bound was passed just now; that reason comes first.
                    continue;
                }
                // The next segment, or the first that the shared budget has left.
                self.skip_to(kept, GapReason::SharedBudget, &mut gap);
            } else if self.next < pushed && bytes > bounds.bytes {
                self.skip_to(self.next + 1, reason, &mut gap);
            } else {
                break;
            }
        }
        if let Some(gap) = gap {
            self.gap = Some(merge(self.gap, gap));
        }
        self.next - began
    }

    /// Where to go on, if not in this segment. The oldest goes first: also what of an evicted segment this
    /// reader alone still holds.
    fn first_kept(&self, pushed: u64) -> Option<u64> {
        if self.segment.evicted.load(Ordering::Relaxed) {
            return self.following().map(|(next, _)| next.first);
        }
        (self.next < pushed && self.at(self.next).is_none()).then_some(self.next)
    }

    /// Moves on to ordinal `target`, or to the first one after it that is still there.
    fn skip_to(&mut self, target: u64, reason: GapReason, gap: &mut Option<Gap>) {
        let from = self.next;
        let first = self.seq_at_next();
        while target >= self.end_of_segment() {
            let Some((next, _)) = self.following() else { break };
            self.segment = next;
        }
        let target = target.max(self.segment.first);
        let bytes = self.bytes_before(target);
        if target > from {
            let index = usize::try_from(target - self.segment.first).unwrap_or(usize::MAX);
            let last = match index.checked_sub(1) {
                Some(before) => self.segment.events.get(before).map_or(self.segment.seq_before, Event::seq),
                None => self.segment.seq_before,
            };
            let lost = Gap { first, last, count: target - from, reason };
            *gap = Some(merge(*gap, lost));
            self.next = target;
            self.bytes_taken = bytes;
        }
    }

    /// Ordinal after the last slot that this segment will ever have.
    fn end_of_segment(&self) -> u64 {
        match &*self.segment.link.lock() {
            Some(link) => link.end,
            None => self.segment.first + self.segment.events.capacity() as u64,
        }
    }

    fn following(&self) -> Option<(Arc<Segment>, u64)> {
        self.segment.link.lock().as_ref().map(|link| (link.next.clone(), link.seq))
    }

    /// Seq of the event at `next`, whether it is still there or not.
    fn seq_at_next(&self) -> u64 {
        match self.at(self.next) {
            Some(event) => event.seq(),
            None => self.following().map_or(0, |(_, seq)| seq),
        }
    }

    fn bytes_before(&self, ordinal: u64) -> u64 {
        let count = usize::try_from(ordinal - self.segment.first).unwrap_or(usize::MAX);
        let within: u64 = (0..count)
            .map_while(|index| self.segment.events.get(index))
            .map(|event| event.size() as u64)
            .sum();
        self.segment.bytes_before + within
    }

    #[inline]
    fn at(&self, ordinal: u64) -> Option<&Event> {
        self.segment.events.get(usize::try_from(ordinal.checked_sub(self.segment.first)?).ok()?)
    }
}

/// Two losses with nothing between them are one.
pub(crate) fn merge(earlier: Option<Gap>, later: Gap) -> Gap {
    match earlier {
        Some(gap) => {
            Gap { first: gap.first, last: later.last, count: gap.count + later.count, reason: later.reason }
        }
        None => later,
    }
}
