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
use super::reader::Reader;
use crate::event::Event;
use crate::sync::{self, AtomicBool, AtomicU64, Mutex, Ordering};

/// Slots of a tape's first segment; each next one has twice as many, up to [`LARGEST`].
const SMALLEST: usize = if cfg!(feature = "loom") { 2 } else { 8 };
/// Slots of a full-grown segment.
pub(super) const LARGEST: usize = 128;
/// A segment of this many bytes is full whatever its slots, so that a stuck reader can't pin much.
pub(super) const SEGMENT_BYTES: u64 = 64 << 10;

/// A piece of a tape.
pub(super) struct Segment {
    pub(super) events: sync::Arc<Block<Event>>,
    /// Ordinal on the tape of the first slot.
    pub(super) first: u64,
    /// Seq of the event before the first slot.
    pub(super) seq_before: u64,
    /// Bytes of all events of the tape before this segment.
    pub(super) bytes_before: u64,
    /// What this segment holds; counted as freed when it goes.
    pub(super) bytes: AtomicU64,
    /// The window has let go of it: who still stands in it has lost the rest.
    pub(super) evicted: AtomicBool,
    pub(super) link: Mutex<Option<Link>>,
    /// Whether it has a link, that is, isn't the last one any more.
    pub(super) linked: AtomicBool,
    pub(super) freed: Arc<AtomicU64>,
}

pub(super) struct Link {
    /// Seq of the event that followed this segment's last, even if it is gone now.
    pub(super) seq: u64,
    /// Ordinal after this segment's last slot; where `next` begins, unless others were cut out between.
    pub(super) end: u64,
    pub(super) next: Arc<Segment>,
}

impl Segment {
    /// The piece that `writer` fills, behind so many events, the last one's seq and so many bytes of the tape.
    fn new(
        writer: &Writer<Event>,
        (first, seq_before, bytes_before): (u64, u64, u64),
        freed: Arc<AtomicU64>,
    ) -> Arc<Self> {
        Arc::new(Self {
            events: writer.block().clone(),
            first,
            seq_before,
            bytes_before,
            bytes: AtomicU64::new(0),
            evicted: AtomicBool::new(false),
            link: Mutex::new(None),
            linked: AtomicBool::new(false),
            freed,
        })
    }
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
pub(super) struct Tail {
    pub(super) pushed: AtomicU64,
    pub(super) bytes: AtomicU64,
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
        let segment = Segment::new(&writer, (0, 0, 0), freed.clone());
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

    /// Whether the next event fits into the segment being written.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        !self.sealed && self.writer.has_room()
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
        let next = Segment::new(&writer, (self.pushed, self.last_seq, self.bytes), self.freed.clone());
        self.window.push_back(Arc::downgrade(&next));
        *self.segment.link.lock() = Some(Link { seq, end: self.pushed, next: next.clone() });
        self.segment.linked.store(true, Ordering::Release);
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
