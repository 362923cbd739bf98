//! What an attached store has still to write: the end of the in-memory history, with bounds of its own.
//!
//! The store's queue is no second copy: an event waits in history, which doesn't let go of it before it is
//! written. So a publish pays for a store what it pays for history, and a replay finds here what isn't in
//! the store yet. A full backlog works as a full `Block` queue: publishers wait, up to a limit, then the event is
//! lost to the store, and a gap takes its place.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::history::History;
use super::order::Sent;
use crate::delivery::{Delivery, Gap, GapReason};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::handler::timer::deadline_after;
use crate::store::receipt::Promise;
use crate::store::{QueueBounds, StoreStats};
use crate::subscription::queue::Patience;
use crate::subscription::waiting::{Ticket, Verdict};
use crate::sync::Thread;

/// What the store's thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// It looks by itself.
    Awake,
    /// It looks again in a moment, so that a slow stream of events doesn't wake it for each.
    Naps,
    /// It has time until there is an event of that seq, or a moment has passed.
    Gathers(u64),
    /// It waits to be called.
    Sleeps,
}

/// An event whose publisher waits for room.
struct Waiter {
    seq: u64,
    size: usize,
    ticket: Arc<Ticket>,
}

/// What an attached store has still to write.
pub(crate) struct Backlog {
    bounds: QueueBounds,
    /// The last seq before the store came, of which it is given nothing.
    before: u64,
    taken: u64,
    written: u64,
    /// What isn't written, events that wait for room included.
    events: usize,
    bytes: usize,
    waiting: VecDeque<Waiter>,
    /// Who is told when a seq is written, in order.
    promises: VecDeque<(u64, Arc<Promise>)>,
    /// Who is told when a seq is on the disk for certain.
    flushes: Vec<(u64, Arc<Promise>)>,
    /// Since when it has been full without anything being written.
    full_since: Option<Instant>,
    /// What the store says is wrong with it.
    trouble: Option<Error>,
    rest: Rest,
    thread: Option<Thread>,
    stored: u64,
    dropped: u64,
    /// Told when the store has let go of everything; each attachment has its own, by which it is known.
    ended: Arc<Promise>,
}

/// Whom to tell once the locks are released.
#[must_use = "they wait"]
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) garbage: Vec<Event>,
    tickets: Vec<Arc<Ticket>>,
    promises: Vec<(Arc<Promise>, Result<(), Error>)>,
}

impl Told {
    pub(crate) fn tell(self) {
        self.tickets.iter().for_each(|ticket| ticket.tell());
        self.promises.into_iter().for_each(|(promise, outcome)| promise.settle(outcome));
    }
}

impl Backlog {
    /// The backlog of a store that has everything up to `seq`, as far as it is told of.
    pub(crate) fn new(bounds: QueueBounds, seq: u64, ended: Arc<Promise>) -> Self {
        Self {
            bounds,
            before: seq,
            taken: seq,
            written: seq,
            events: 0,
            bytes: 0,
            waiting: VecDeque::new(),
            promises: VecDeque::new(),
            flushes: Vec::new(),
            full_since: None,
            trouble: None,
            rest: Rest::Awake,
            thread: None,
            stored: 0,
            dropped: 0,
            ended,
        }
    }

    /// Seq up to which the store has everything.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    pub(crate) fn unwritten(&self) -> usize {
        self.events
    }

    #[inline]
    pub(crate) fn add(&mut self, size: usize) {
        self.events += 1;
        self.bytes += size;
    }

    /// Whether an event of that size has room, and the store's thread needs no call.
    #[inline]
    pub(crate) fn takes_at_once(&self, size: usize) -> bool {
        let limit = match self.rest {
            Rest::Awake => self.bounds.events,
            Rest::Naps => self.bounds.events / 2,
            Rest::Gathers(_) | Rest::Sleeps => 0,
        };
        self.events < limit && self.bytes + size <= self.bounds.bytes
    }

    /// Whether it is over its bounds, with what waits for room or without.
    fn is_over(&self, events: usize, bytes: usize) -> bool {
        events > self.bounds.events || bytes > self.bounds.bytes
    }

    /// Whether a publisher would have to wait here now.
    pub(crate) fn would_block(&self, size: usize) -> bool {
        self.is_over(self.events + 1, self.bytes + size) && !self.is_stalled()
    }

    /// Whether nobody waits for it any more: it has been full for too long, or says itself that it can't.
    fn is_stalled(&self) -> bool {
        self.trouble.is_some() || self.full_since.is_some_and(|since| since.elapsed() >= self.bounds.max_wait)
    }

    /// Whom to call so that the store looks at what is there; once.
    pub(crate) fn call(&mut self) -> Option<Thread> {
        self.rest = Rest::Awake;
        self.thread.take()
    }

    /// Gives room to those who wait for it, in order; what the store has taken can't be dropped any more.
    fn admit(&mut self, told: &mut Told) {
        let mut events = self.events - self.waiting.len();
        let mut bytes = self.bytes - self.waiting.iter().map(|waiter| waiter.size).sum::<usize>();
        while let Some(first) = self.waiting.front() {
            let fits = !self.is_over(events + 1, bytes + first.size);
            if !fits && first.seq > self.taken {
                return;
            }
            events += 1;
            bytes += first.size;
            first.ticket.settle(Verdict::Admitted);
            told.tickets.extend(self.waiting.pop_front().map(|waiter| waiter.ticket));
        }
    }

    /// The promise of one event, which won't be kept.
    fn break_promise(&mut self, seq: u64, error: &Error, told: &mut Told) {
        if let Ok(place) = self.promises.binary_search_by_key(&seq, |(seq, _)| *seq)
            && let Some((_, promise)) = self.promises.remove(place)
        {
            told.promises.push((promise, Err(error.clone())));
        }
    }

    /// Promises that won't be kept, all of them.
    pub(crate) fn break_all(&mut self, error: &Error, told: &mut Told) {
        let broken = self.promises.drain(..).chain(self.flushes.drain(..));
        told.promises.extend(broken.map(|(_, promise)| (promise, Err(error.clone()))));
    }

    /// What the store says of itself; publishers don't wait while there is trouble.
    pub(crate) fn set_trouble(&mut self, trouble: Option<Error>) -> bool {
        let changed = self.trouble.is_some() != trouble.is_some();
        self.trouble = trouble;
        changed
    }

    /// Has `promise` told once all up to `seq` is on the disk; false where the store has been given nothing yet.
    pub(crate) fn add_flush(&mut self, seq: u64, promise: Arc<Promise>) -> bool {
        let is_given = seq > self.before;
        if is_given {
            // Who has given up waiting has let go of his; a disk that hangs is asked many times.
            self.flushes.retain(|(_, waited)| Arc::strong_count(waited) > 1);
            self.flushes.push((seq, promise));
        }
        is_given
    }

    pub(crate) fn wants_flush(&self) -> bool {
        !self.flushes.is_empty()
    }

    /// All up to `seq` is on the disk for certain.
    pub(crate) fn synced(&mut self, seq: u64, told: &mut Told) {
        let (kept, waiting) = std::mem::take(&mut self.flushes).into_iter().partition(|(at, _)| *at <= seq);
        self.flushes = waiting;
        let kept: Vec<_> = kept;
        told.promises.extend(kept.into_iter().map(|(_, promise)| (promise, Ok(()))));
    }

    /// Lets the store's thread rest; `false` where there is something to do.
    pub(crate) fn rest(&mut self, rest: Rest, last: u64, thread: Thread) -> bool {
        if last > self.taken || self.wants_flush() {
            return false;
        }
        (self.rest, self.thread) = (rest, Some(thread));
        true
    }

    /// Lets the store's thread wait until `count` events have come that it hasn't taken; `false` where they have.
    pub(crate) fn gather(&mut self, count: u64, last: u64, thread: Thread) -> bool {
        let enough = self.taken.saturating_add(count);
        if last >= enough || self.wants_flush() || self.events >= self.bounds.events {
            return false;
        }
        (self.rest, self.thread) = (Rest::Gathers(enough), Some(thread));
        true
    }

    pub(crate) fn stats(&self) -> StoreStats {
        StoreStats {
            stored: self.stored,
            dropped: self.dropped,
            lag: self.events as u64,
            lag_bytes: self.bytes as u64,
            trouble: self.trouble.clone(),
        }
    }

    /// Releases those who wait for room, as there is nobody any more who would make it.
    pub(crate) fn end(&mut self, told: &mut Told) {
        for waiter in self.waiting.drain(..) {
            waiter.ticket.settle(Verdict::Dropped);
            told.tickets.push(waiter.ticket);
        }
        let message = "the store was detached before the event was durable";
        self.break_all(&Error::new(ErrorKind::Closed, message), told);
    }
}

impl History {
    /// What the store has still to write, where one is attached.
    pub(crate) fn backlog(&mut self) -> Option<&mut Backlog> {
        self.backlog.as_deref_mut()
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.backlog.is_some()
    }

    /// Whether the attached store is the one whose end is told there.
    pub(crate) fn is_kept_for(&self, ended: &Arc<Promise>) -> bool {
        self.backlog.as_ref().is_some_and(|backlog| Arc::ptr_eq(&backlog.ended, ended))
    }

    /// Sees to the event that was pushed last: whether it has room in the backlog, whom to call, who is
    /// told when it is written.
    #[cold]
    pub(crate) fn enlist(&mut self, seq: u64, size: usize, patience: impl Fn() -> Patience, sent: &mut Sent) {
        let Some(backlog) = &mut self.backlog else { return };
        let is_promised = sent.promise.is_some();
        backlog.promises.extend(sent.promise.take().map(|promise| (seq, promise)));
        let is_over = backlog.is_over(backlog.events, backlog.bytes);
        let wakes = match backlog.rest {
            Rest::Awake => false,
            Rest::Naps => is_promised || is_over || backlog.events >= backlog.bounds.events / 2,
            Rest::Gathers(last) => seq >= last || is_over,
            Rest::Sleeps => true,
        };
        if wakes {
            sent.todo().keeper = backlog.call();
        }
        if !is_over {
            return;
        }
        let refused = match patience() {
            _ if backlog.is_stalled() => Some(GapReason::Stalled),
            Patience::Refuse(reason) => Some(reason),
            Patience::Wait => None,
        };
        backlog.full_since.get_or_insert_with(Instant::now);
        match refused {
            Some(reason) => {
                let mut told = Told::default();
                self.lose(seq, reason, &mut told);
                sent.todo().told.push(told);
            }
            None => {
                let ticket = Ticket::new(deadline_after(backlog.bounds.max_wait));
                backlog.waiting.push_back(Waiter { seq, size, ticket: ticket.clone() });
                sent.todo().tickets.push((None, ticket));
            }
        }
    }

    /// Ends a publisher's wait by dropping its event from here; false when it already had room.
    pub(crate) fn give_up(&mut self, ticket: &Arc<Ticket>, told: &mut Told) -> bool {
        let Some(backlog) = &mut self.backlog else { return false };
        let place = backlog.waiting.iter().position(|waiter| Arc::ptr_eq(&waiter.ticket, ticket));
        let Some(waiter) = place.and_then(|place| backlog.waiting.remove(place)) else { return false };
        waiter.ticket.settle(Verdict::Dropped);
        self.lose(waiter.seq, GapReason::WaitedTooLong, told);
        true
    }

    fn lose(&mut self, seq: u64, reason: GapReason, told: &mut Told) {
        let place = self.events.partition_point(|event| event.seq() < seq);
        let Some(event) = self.events.remove(place) else { return };
        let size = event.size();
        self.bytes -= size;
        told.garbage.push(event);
        if let Some(backlog) = &mut self.backlog {
            backlog.events -= 1;
            backlog.bytes -= size;
            backlog.dropped += 1;
            let message = format!("the store's queue is full ({}): the event isn't stored", reason.as_str());
            backlog.break_promise(seq, &Error::new(ErrorKind::Full, message), told);
        }
        let at = self.lost.partition_point(|gap| gap.first < seq);
        self.lost.insert(at, Gap { first: seq, last: seq, count: 1, reason });
        self.join_lost(at);
        self.join_lost(at.wrapping_sub(1));
    }

    /// Joins the gap at `place` with the next, if they touch.
    fn join_lost(&mut self, place: usize) {
        let (Some(one), Some(next)) = (self.lost.get(place), self.lost.get(place.wrapping_add(1))) else {
            return;
        };
        if one.last + 1 != next.first {
            return;
        }
        let joined = Gap { first: one.first, count: one.count + next.count, ..*next };
        self.lost.remove(place);
        if let Some(gap) = self.lost.get_mut(place) {
            *gap = joined;
        }
    }

    /// The next events and gaps to be stored.
    pub(crate) fn take_batch(&mut self, count: usize, told: &mut Told) -> Vec<Delivery> {
        let Some(taken) = self.backlog.as_ref().map(|backlog| backlog.taken) else { return Vec::new() };
        let deliveries = self.read(taken + 1, count);
        if let Some(backlog) = &mut self.backlog {
            backlog.taken = deliveries.last().map_or(taken, Delivery::last_seq);
            backlog.admit(told);
        }
        deliveries
    }

    /// All up to `seq` is written.
    pub(crate) fn written(&mut self, seq: u64, told: &mut Told) {
        let Some(backlog) = &mut self.backlog else { return };
        // A new store has less than what was published before it came.
        if seq < backlog.written {
            return;
        }
        let from = self.events.partition_point(|event| event.seq() <= backlog.written);
        for event in self.events.range(from..).take_while(|event| event.seq() <= seq) {
            backlog.events -= 1;
            backlog.bytes -= event.size();
            backlog.stored += 1;
        }
        backlog.written = seq;
        backlog.full_since = None;
        while let Some((_, promise)) = backlog.promises.pop_front_if(|(at, _)| *at <= seq) {
            told.promises.push((promise, Ok(())));
        }
        backlog.admit(told);
        while let Some(event) = self.evict() {
            told.garbage.push(event);
        }
    }
}

/// How long the store's thread naps before it sleeps.
pub(crate) const NAP: Duration = Duration::from_millis(2);
