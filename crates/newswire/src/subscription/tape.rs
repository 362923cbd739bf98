//! The events of one filter, written once and read by every broad subscription at its own place.
//!
//! A tape is a chain of [`Segment`]s. Publishers append under the bus's order lock; readers follow without
//! a lock, holding the segment they read, whose `link` holds the next. So a segment lives exactly as long
//! as somebody still has to read it, and nobody frees anything on the publish path.
//!
//! Bounds: a segment that falls out of the window (the largest buffer of the tape's readers, or the bus's
//! shared budget) is cut out by pointing the links of the segments before it past it. A reader that was
//! overtaken finds the hole by the ordinals, and turns it into a gap. A stuck reader thus pins one segment.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use super::block::{Block, Writer};
use crate::delivery::{Delivery, Gap, GapReason};
use crate::event::Event;
use crate::sync::{self, AtomicBool, AtomicU64, Mutex, Ordering};

/// Slots of a tape's first segment; each next one has twice as many, up to [`LARGEST`].
const SMALLEST: usize = if cfg!(feature = "loom") { 2 } else { 8 };
/// Slots of a full-grown segment.
const LARGEST: usize = 64;
/// A segment of this many bytes is full whatever its slots, so that a stuck reader can't pin much.
const SEGMENT_BYTES: u64 = 64 << 10;

/// A piece of a tape.
pub(crate) struct Segment {
    events: sync::Arc<Block<Event>>,
    /// Ordinal on the tape of the first slot.
    first: u64,
    /// Seq of the event before the first slot.
    seq_before: u64,
    /// Bytes of all events of the tape before this segment.
    bytes_before: u64,
    /// What this segment holds; counted as freed when it goes.
    bytes: AtomicU64,
    /// The window has let go of it: who still stands in it has lost the rest.
    evicted: AtomicBool,
    link: Mutex<Option<Link>>,
    freed: Arc<AtomicU64>,
}

struct Link {
    /// Seq of the event that followed this segment's last, even if it is gone now.
    seq: u64,
    next: Arc<Segment>,
}

impl Drop for Segment {
    fn drop(&mut self) {
        self.freed.fetch_add(self.bytes.load(Ordering::Relaxed), Ordering::Relaxed);
        // A long chain must not be freed by recursion.
        let mut link = self.link.lock().take();
        while let Some(Link { next, .. }) = link {
            link = Arc::into_inner(next).and_then(|segment| segment.link.lock().take());
        }
    }
}

/// How far a tape has come; what readers look at to see whether there is more. On cache lines of its own,
/// since publishers write it at every event.
#[repr(align(128))]
pub(crate) struct Tail {
    pushed: AtomicU64,
    bytes: AtomicU64,
}

/// The writing end, owned by the bus's order.
pub(crate) struct Tape {
    tail: Arc<Tail>,
    writer: Writer<Event>,
    segment: Arc<Segment>,
    /// Segments inside the window, oldest first.
    window: VecDeque<Weak<Segment>>,
    /// Segments before the window that some reader still stands in.
    stragglers: Vec<Weak<Segment>>,
    /// Whether a reader has become one since it was last asked.
    overtaken: bool,
    pushed: u64,
    bytes: u64,
    last_seq: u64,
    /// Bytes of the tape before the segment being written.
    segment_began: u64,
    sealed: bool,
    freed: Arc<AtomicU64>,
}

impl Tape {
    /// An empty tape; `freed` counts the bytes of segments that are gone.
    pub(crate) fn new(freed: Arc<AtomicU64>) -> Self {
        let writer = Writer::new(SMALLEST);
        let segment = Arc::new(Segment {
            events: writer.block().clone(),
            first: 0,
            seq_before: 0,
            bytes_before: 0,
            bytes: AtomicU64::new(0),
            evicted: AtomicBool::new(false),
            link: Mutex::new(None),
            freed: freed.clone(),
        });
        let tail = Arc::new(Tail { pushed: AtomicU64::new(0), bytes: AtomicU64::new(0) });
        let window = VecDeque::from([Arc::downgrade(&segment)]);
        Self {
            tail,
            writer,
            segment,
            window,
            stragglers: Vec::new(),
            overtaken: false,
            pushed: 0,
            bytes: 0,
            last_seq: 0,
            segment_began: 0,
            sealed: false,
            freed,
        }
    }

    /// Appends. Says whether a new segment was begun, which is when bounds are worth a look.
    #[inline]
    pub(crate) fn push(&mut self, event: Event) -> bool {
        let (seq, size) = (event.seq(), event.size() as u64);
        let grown = match if self.sealed { Err(event) } else { self.writer.push(event) } {
            Ok(()) => false,
            Err(event) => {
                self.begin_segment(event);
                true
            }
        };
        self.pushed += 1;
        self.bytes += size;
        self.last_seq = seq;
        self.sealed = self.bytes - self.segment_began >= SEGMENT_BYTES;
        self.tail.bytes.store(self.bytes, Ordering::Relaxed);
        self.tail.pushed.store(self.pushed, Ordering::Release);
        grown
    }

    #[cold]
    fn begin_segment(&mut self, event: Event) {
        self.settle_segment();
        let seq = event.seq();
        let mut writer = Writer::new((self.segment.events.capacity() * 2).min(LARGEST));
        // A fresh block has room.
        let _ = writer.push(event);
        let next = Arc::new(Segment {
            events: writer.block().clone(),
            first: self.pushed,
            seq_before: self.last_seq,
            bytes_before: self.bytes,
            bytes: AtomicU64::new(0),
            evicted: AtomicBool::new(false),
            link: Mutex::new(None),
            freed: self.freed.clone(),
        });
        self.window.push_back(Arc::downgrade(&next));
        *self.segment.link.lock() = Some(Link { seq, next: next.clone() });
        self.segment = next;
        self.segment_began = self.bytes;
        self.writer = writer;
        self.sealed = false;
    }

    /// Notes what the segment holds, so that it can be counted as freed.
    fn settle_segment(&self) {
        self.segment.bytes.store(self.bytes - self.segment_began, Ordering::Relaxed);
    }

    /// Lets go of what no reader of at most `buffer` events may still get.
    pub(crate) fn trim(&mut self, buffer: u64) {
        let keep_from = self.pushed.saturating_sub(buffer);
        while self.window.len() > 1 {
            let ends = match self.window.get(1).map(Weak::upgrade) {
                Some(Some(second)) => second.first,
                // Nobody holds the second, so nobody needs the first either.
                _ => 0,
            };
            if ends > keep_from {
                break;
            }
            self.evict_oldest();
        }
    }

    /// Seq of the oldest event of the window that somebody may still read.
    pub(crate) fn oldest(&mut self) -> Option<u64> {
        while self.window.len() > 1 {
            match self.window.front().and_then(Weak::upgrade) {
                Some(segment) => return segment.events.get(0).map(Event::seq),
                None => self.window.pop_front(),
            };
        }
        None
    }

    /// Cuts the oldest segment out of the window, if it is not the one being written.
    pub(crate) fn evict_oldest(&mut self) -> bool {
        if self.window.len() < 2 {
            return false;
        }
        let oldest = self.window.pop_front().unwrap_or_default();
        if oldest.strong_count() > 0 {
            self.stragglers.push(oldest.clone());
        }
        let front = loop {
            match self.window.front().map(Weak::upgrade) {
                Some(Some(front)) => break front,
                Some(None) if self.window.len() > 1 => {
                    self.window.pop_front();
                }
                _ => break self.segment.clone(),
            }
        };
        self.stragglers.retain(|straggler| match straggler.upgrade() {
            Some(straggler) => {
                straggler.evicted.store(true, Ordering::Relaxed);
                let cut = straggler
                    .link
                    .lock()
                    .as_mut()
                    .map(|link| std::mem::replace(&mut link.next, front.clone()));
                drop(cut);
                true
            }
            None => false,
        });
        // Links don't hold it any more: if it is still there, a reader stands in it.
        self.overtaken |= oldest.strong_count() > 0;
        true
    }

    /// Whether the window has overtaken a reader since this was last asked.
    pub(crate) fn has_overtaken(&mut self) -> bool {
        std::mem::take(&mut self.overtaken)
    }

    /// A reader that begins with the next event.
    pub(crate) fn reader(&self) -> Reader {
        Reader {
            tail: self.tail.clone(),
            segment: self.segment.clone(),
            begun: self.pushed,
            next: self.pushed,
            bytes_taken: self.bytes,
            gap: None,
        }
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        self.settle_segment();
    }
}

/// One subscription's place on a tape.
pub(crate) struct Reader {
    tail: Arc<Tail>,
    segment: Arc<Segment>,
    begun: u64,
    next: u64,
    bytes_taken: u64,
    gap: Option<Gap>,
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

impl Reader {
    /// Whether there is nothing to take, not even a gap.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.gap.is_none() && self.is_caught_up()
    }

    #[inline]
    fn is_caught_up(&self) -> bool {
        self.tail.pushed.load(Ordering::Acquire) == self.next
    }

    /// How many events were appended since it began, how many of them wait, and how many were just found
    /// to be lost; one moment's truth.
    pub(crate) fn census(&mut self, bounds: Bounds) -> Census {
        let mut dropped = 0;
        loop {
            dropped += self.settle(bounds, GapReason::Full);
            let pushed = self.tail.pushed.load(Ordering::Acquire);
            if pushed - self.next <= bounds.events {
                return Census { matched: pushed - self.begun, queued: pushed - self.next, dropped };
            }
        }
    }

    /// The next event, without taking it; a pending gap comes before it.
    pub(crate) fn peek_seq(&mut self, bounds: Bounds) -> (Option<u64>, u64) {
        let dropped = self.settle(bounds, GapReason::Full);
        let seq = if self.is_caught_up() { None } else { self.at(self.next).map(Event::seq) };
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

    /// Takes up to `max` events that are there, while no gap has to be told. Returns how many, and how many
    /// were found to be lost. As with one event, only what the tail counts is taken.
    pub(crate) fn take_events(
        &mut self,
        bounds: Bounds,
        max: usize,
        into: &mut Vec<Delivery>,
    ) -> (usize, u64) {
        let dropped = self.settle(bounds, GapReason::Full);
        if self.gap.is_some() {
            return (0, dropped);
        }
        let index = usize::try_from(self.next - self.segment.first).unwrap_or(usize::MAX);
        let there = self.tail.pushed.load(Ordering::Acquire) - self.next;
        let max = usize::try_from(there).map_or(max, |there| there.min(max));
        let mut count = 0;
        for event in self.segment.events.iter_from(index).take(max) {
            self.bytes_taken += event.size() as u64;
            into.push(Delivery::Event(event.clone()));
            count += 1;
        }
        self.next += count as u64;
        (count, dropped)
    }

    /// Only what the tail counts is taken: an event is readable in its segment a moment before that.
    #[inline]
    fn take_event(&mut self) -> Option<Event> {
        if self.is_caught_up() {
            return None;
        }
        let event = self.at(self.next)?.clone();
        self.next += 1;
        self.bytes_taken += event.size() as u64;
        Some(event)
    }

    /// Drops what the bounds no longer allow, from the oldest, into the pending gap; says how many.
    #[inline]
    pub(crate) fn settle(&mut self, bounds: Bounds, reason: GapReason) -> u64 {
        let pushed = self.tail.pushed.load(Ordering::Acquire);
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
            let pushed = self.tail.pushed.load(Ordering::Acquire);
            let bytes = self.tail.bytes.load(Ordering::Relaxed).saturating_sub(self.bytes_taken);
            if pushed - self.next > bounds.events {
                self.skip_to(pushed - bounds.events, reason, &mut gap);
            } else if let Some(kept) = self.first_kept(pushed) {
                if self.tail.pushed.load(Ordering::Acquire) != pushed {
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
        let linked = self.segment.link.lock().is_some();
        let slots = if linked { self.segment.events.len() } else { self.segment.events.capacity() };
        self.segment.first + slots as u64
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
