//! Where one subscription's events wait, and its books: everything that its lock protects.
//!
//! Taking an event and booking it is one step under that lock, so that every snapshot balances. The lock
//! order is: the bus's order, then an inbox; nobody holds two inboxes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use super::calls::Calls;
use super::coalesce::Coalescer;
use super::health::Condition;
use super::in_hand::InHand;
use super::queue::{Offer, Patience, Queue};
use super::reader::{Bounds, Reader};
use super::tally::{Books, Outcome};
use super::waiting::Ticket;
use crate::delivery::{Delivery, Gap, GapReason};
use crate::event::Event;
use crate::sync::Thread;

/// Where the events come from.
pub(crate) enum Source {
    /// A place on the tape of its filter.
    Tape(Reader),
    /// A queue of its own.
    Queue(Queue),
    /// Still catching up: the next seq to read from history.
    Replay { next: u64 },
    /// Nowhere any more; the books are complete.
    Nowhere,
}

/// What to do when there is something to take.
#[derive(Clone)]
pub(crate) enum Call {
    /// Unpark the thread that waits in `next`.
    Thread(Thread),
    /// Wake the task that polls the stream.
    Task(Waker),
    /// Give the handler to a worker.
    Worker,
}

/// Whether the consumer has to be called when something comes.
#[derive(Clone, Default)]
pub(crate) enum Sleep {
    /// It is looking by itself.
    #[default]
    Awake,
    /// It sleeps, and nobody has been told to call it.
    Asleep(Call),
    /// It sleeps, and is in the bus's list of those to be called.
    Called(Call),
}

/// An event that was taken and has no outcome yet.
pub(crate) struct Taken {
    pub(crate) delivery: Delivery,
    pub(crate) entry: Entry,
}

/// How a delivery stands in the books.
pub(crate) struct Entry {
    /// The key that is served with it.
    pub(crate) key: Option<Arc<str>>,
    /// How many events it is: more than one where they were merged.
    pub(crate) events: u64,
}

impl Taken {
    pub(super) fn last_seq(&self) -> u64 {
        self.delivery.last_seq()
    }
}

/// One step of taking.
pub(crate) enum Step {
    /// An item to be handed over; an event is in flight from then on.
    Item(Taken),
    /// A chunk, which is held back; or look at [`Inbox::unread`].
    Held,
    /// There is nothing now.
    Nothing,
}

/// Everything that a subscription's lock protects.
pub(crate) struct Inbox {
    pub(crate) source: Source,
    /// Replayed events that wait for the consumer; they come before the source's.
    pub(crate) replayed: VecDeque<Delivery>,
    /// Merges chunks on their way out, where the subscription asks for it.
    pub(crate) coalescer: Option<Box<Coalescer>>,
    /// What was given to a consumer who confirms.
    pub(crate) in_hand: Option<InHand>,
    pub(crate) bounds: Bounds,
    /// The books, without what the source knows better: see [`Inbox::books`].
    pub(crate) books: Books,
    pub(crate) paused: bool,
    /// Seq up to which all has been delivered.
    pub(crate) delivered: u64,
    /// No event will be added any more.
    pub(crate) ended: bool,
    pub(crate) sleep: Sleep,
    /// Whether it stands in its route's list of sleepers.
    pub(crate) listed: bool,
    /// How well it keeps up.
    pub(crate) condition: Condition,
    /// The calls of its handler.
    pub(crate) calls: Calls,
    /// How many events a close discarded here.
    pub(crate) closed_off: u64,
}

impl Inbox {
    pub(crate) fn new(source: Source, bounds: Bounds) -> Self {
        Self {
            source,
            replayed: VecDeque::new(),
            coalescer: None,
            in_hand: None,
            bounds,
            books: Books::default(),
            paused: false,
            delivered: 0,
            ended: false,
            sleep: Sleep::Awake,
            listed: false,
            condition: Condition::default(),
            calls: Calls::default(),
            closed_off: 0,
        }
    }

    /// Whether there is nothing to take now, not even a gap.
    pub(crate) fn is_empty(&self) -> bool {
        self.paused
            || !self.has_merges_due()
                && self.replayed.is_empty()
                && match &self.source {
                    Source::Tape(reader) => reader.is_empty(),
                    Source::Queue(queue) => queue.is_empty(),
                    Source::Replay { .. } => false,
                    Source::Nowhere => true,
                }
    }

    /// Whether there is nothing that could be taken now: as [`Inbox::is_empty`], but for a keyed handler
    /// events whose keys are being served don't count.
    pub(crate) fn has_nothing_to_take(&self) -> bool {
        self.calls.telling
            || match &self.source {
                Source::Queue(queue) if self.replayed.is_empty() && !self.has_merges_due() => {
                    self.paused || !queue.has_takeable()
                }
                _ => self.is_empty(),
            }
    }

    /// Whether history has to be read before anything can be taken.
    pub(crate) fn is_behind(&self) -> bool {
        !self.paused && self.replayed.is_empty() && matches!(self.source, Source::Replay { .. })
    }

    /// Whether no call has begun that has not returned.
    pub(crate) fn is_quiet(&self) -> bool {
        let held = self.coalescer.as_ref().map_or(0, |coalescer| coalescer.held());
        self.books.in_flight == held && self.calls.overrunning == 0 && !self.calls.telling
    }

    /// Whether nothing will ever come again.
    pub(crate) fn is_over(&self) -> bool {
        self.ended
            && match self.source {
                Source::Nowhere => self.replayed.is_empty(),
                _ => !self.paused && self.is_empty(),
            }
    }

    /// Whether it was unsubscribed, or given up by a close.
    pub(crate) fn has_left(&self) -> bool {
        matches!(self.source, Source::Nowhere)
    }

    /// Takes the next item; an event is in flight from then on. Where there is none, look at
    /// [`Inbox::unread`].
    #[inline]
    pub(crate) fn take(&mut self, admitted: &mut Vec<Arc<Ticket>>) -> Option<Taken> {
        if self.coalescer.is_none() {
            let taken = self.take_next(admitted)?;
            self.delivered = taken.last_seq();
            return Some(taken);
        }
        loop {
            match self.step(admitted) {
                Step::Item(taken) => return Some(taken),
                Step::Held if self.unread().is_none() => {}
                Step::Held | Step::Nothing => return None,
            }
        }
    }

    #[inline]
    pub(super) fn take_next(&mut self, admitted: &mut Vec<Arc<Ticket>>) -> Option<Taken> {
        if self.paused {
            return None;
        }
        let (delivery, key) = match self.replayed.pop_front() {
            Some(delivery) => (delivery, None),
            None => match &mut self.source {
                Source::Tape(reader) => {
                    let (delivery, dropped) = reader.take(self.bounds);
                    let reason = match &delivery {
                        Some(Delivery::Gap(gap)) => gap.reason,
                        _ => GapReason::Full,
                    };
                    self.lose(dropped, reason);
                    (delivery?, None)
                }
                Source::Queue(queue) => queue.take(self.bounds, admitted)?,
                Source::Replay { .. } | Source::Nowhere => return None,
            },
        };
        let events = u64::from(matches!(delivery, Delivery::Event(_)));
        self.books.in_flight += events;
        self.see_whether_well();
        Some(Taken { delivery, entry: Entry { key, events } })
    }

    /// Takes the next item for a handler. While it is told of a gap no other call begins, so that the gap
    /// is in position however many workers serve it.
    pub(crate) fn take_to_serve(&mut self, admitted: &mut Vec<Arc<Ticket>>) -> Option<Taken> {
        if self.calls.telling {
            return None;
        }
        let taken = self.take(admitted)?;
        self.calls.telling = matches!(taken.delivery, Delivery::Gap(_));
        Some(taken)
    }

    /// As [`Inbox::take_to_serve`], one step of it: so that an inline server looks at each chunk's seq.
    pub(crate) fn step_to_serve(&mut self, admitted: &mut Vec<Arc<Ticket>>) -> Step {
        if self.calls.telling {
            return Step::Nothing;
        }
        let step = self.step(admitted);
        if let Step::Item(taken) = &step {
            self.calls.telling = matches!(taken.delivery, Delivery::Gap(_));
        }
        step
    }

    /// Seq of the next item.
    pub(crate) fn peek_seq(&mut self) -> Option<u64> {
        if self.paused {
            return None;
        }
        if let Some(coalescer) = self.coalescer.as_ref().filter(|coalescer| coalescer.is_due(self.ended)) {
            return coalescer.peek_seq();
        }
        match &mut self.source {
            Source::Tape(reader) => {
                let (seq, dropped) = reader.peek_seq(self.bounds);
                self.lose(dropped, GapReason::Full);
                seq
            }
            Source::Queue(queue) => queue.peek_seq(),
            Source::Replay { .. } | Source::Nowhere => None,
        }
    }

    /// Offers an event to the queue of its own.
    pub(crate) fn offer(&mut self, event: Event, key: Option<Arc<str>>, patience: Patience) -> Option<Offer> {
        let Source::Queue(queue) = &mut self.source else { return None };
        self.books.matched += 1;
        let offer = queue.offer(event, key, self.bounds, patience);
        match &offer {
            Offer::Queued { evicted } => self.lose(*evicted, GapReason::Full),
            Offer::Dropped(reason) => self.lose(1, *reason),
            Offer::Waiting(_) => {}
        }
        self.see_whether_stalled();
        Some(offer)
    }

    /// Whether a publisher would have to wait here now.
    pub(crate) fn would_block(&self, event: &Event, key: Option<&Arc<str>>) -> bool {
        match &self.source {
            Source::Queue(queue) => !self.ended && queue.would_block(event, key, self.bounds),
            _ => false,
        }
    }

    /// Ends a publisher's wait by dropping its event; false when it already had room.
    pub(crate) fn give_up(&mut self, ticket: &Arc<Ticket>, reason: GapReason) -> bool {
        let Source::Queue(queue) = &mut self.source else { return false };
        let dropped = queue.give_up(ticket, reason);
        self.lose(u64::from(dropped), reason);
        self.see_whether_stalled();
        dropped
    }

    fn see_whether_stalled(&mut self) {
        if let Source::Queue(queue) = &self.source
            && let Some(waited) = queue.stalled_for()
        {
            let queued = queue.len();
            self.stall(waited, queued);
        }
    }

    /// Books how the delivery of an event ended.
    pub(crate) fn settle(&mut self, entry: &Entry, outcome: Outcome) {
        self.books.settle(entry.events, outcome);
        self.served(entry);
    }

    /// The key may be served again.
    pub(crate) fn served(&mut self, entry: &Entry) {
        if let Source::Queue(queue) = &mut self.source {
            queue.served(entry.key.as_ref());
        }
    }

    /// The books of this moment.
    pub(crate) fn books(&mut self) -> Books {
        let replayed = self.replayed.iter().filter(|item| matches!(item, Delivery::Event(_))).count() as u64;
        match &mut self.source {
            Source::Tape(reader) => {
                let census = reader.census(self.bounds);
                self.lose(census.dropped, GapReason::Full);
                Books {
                    matched: self.books.matched + census.matched,
                    queued: replayed + census.queued,
                    ..self.books
                }
            }
            Source::Queue(queue) => {
                Books { queued: replayed + queue.len(), waiting: queue.waiting(), ..self.books }
            }
            Source::Replay { .. } | Source::Nowhere => Books { queued: replayed, ..self.books },
        }
    }

    /// Sets other bounds; what no longer fits is dropped by the policy.
    pub(crate) fn resize(&mut self, bounds: Bounds, admitted: &mut Vec<Arc<Ticket>>) {
        let before = std::mem::replace(&mut self.bounds, bounds);
        match &mut self.source {
            Source::Tape(reader) => {
                // What the old bound had already lost stays lost, whoever looks first.
                self.books.dropped += reader.settle(before, GapReason::Full);
                self.books.dropped += reader.settle(bounds, GapReason::Resized);
            }
            Source::Queue(queue) => {
                self.books.dropped += queue.shrink(bounds);
                queue.admit(bounds, admitted);
            }
            Source::Replay { .. } | Source::Nowhere => {}
        }
    }

    /// Nothing is added from now on; those who wait for room are released.
    pub(crate) fn end(&mut self, released: &mut Vec<Arc<Ticket>>) {
        self.ended = true;
        if let Source::Queue(queue) = &mut self.source {
            self.books.dropped += queue.release_waiting(GapReason::Closed, released);
        }
    }

    /// Gives up everything that waits, and leaves the source: the books are complete but for what is in
    /// flight.
    pub(crate) fn discard(&mut self) {
        let books = self.books();
        let held = self.coalescer.take().map_or(0, |coalescer| coalescer.held());
        self.books = Books {
            discarded: books.discarded + books.queued + held,
            queued: 0,
            in_flight: books.in_flight - held,
            ..books
        };
        self.replayed.clear();
        self.source = Source::Nowhere;
    }

    /// Goes live: from now on events come from `source`.
    pub(crate) fn go_live(&mut self, source: Source) {
        self.source = source;
    }

    /// A loss that replay found, in its place.
    pub(crate) fn replay_gap(&mut self, gap: Gap) {
        self.replayed.push_back(Delivery::Gap(gap));
    }
}
