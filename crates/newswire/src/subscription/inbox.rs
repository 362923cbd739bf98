//! Where one subscription's events wait, and its books: everything that its lock protects.
//!
//! Taking an event and booking it is one step under that lock, so that every snapshot balances. The lock
//! order is: the bus's order, then an inbox; nobody holds two inboxes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use super::health::Condition;
use super::queue::{Offer, Patience, Queue};
use super::tally::{Books, Outcome};
use super::tape::{Bounds, Reader};
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
    pub(crate) key: Option<Arc<str>>,
}

impl Calls {
    /// A call has returned; false when its deadline had already been booked.
    pub(crate) fn unwatch(&mut self, id: u64) -> bool {
        let place = self.watched.iter().position(|(watched, _)| *watched == id);
        place.map(|place| self.watched.swap_remove(place)).is_some()
    }
}

/// Everything that a subscription's lock protects.
pub(crate) struct Inbox {
    pub(crate) source: Source,
    /// Replayed events that wait for the consumer; they come before the source's.
    pub(crate) replayed: VecDeque<Delivery>,
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
}

/// The calls of a handler that are under way.
#[derive(Default)]
pub(crate) struct Calls {
    /// Workers that are engaged, or about to be.
    pub(crate) engaged: usize,
    /// A thread serves it inline.
    pub(crate) serving: bool,
    /// The last seq that the serving thread has been asked to go to.
    pub(crate) asked_up_to: u64,
    /// Calls that tell of a gap; they are not in the books, and waited for all the same.
    pub(crate) telling: u64,
    /// Calls past their deadline that have not returned: no longer in flight, not gone.
    pub(crate) overrunning: u64,
    /// Calls that a deadline watches, by id.
    pub(crate) watched: Vec<(u64, Instant)>,
    /// Whether the timer will look at them.
    pub(crate) watch_armed: bool,
    pub(crate) last_id: u64,
    /// Calls in a row that did not end well.
    pub(crate) failures_in_a_row: u32,
    /// Whether it has been set aside for that.
    pub(crate) set_aside: bool,
    /// What the last failure said.
    pub(crate) last_failure: Option<Box<str>>,
}

impl Inbox {
    pub(crate) fn new(source: Source, bounds: Bounds) -> Self {
        Self {
            source,
            replayed: VecDeque::new(),
            bounds,
            books: Books::default(),
            paused: false,
            delivered: 0,
            ended: false,
            sleep: Sleep::Awake,
            listed: false,
            condition: Condition::default(),
            calls: Calls::default(),
        }
    }

    /// Whether there is nothing to take now, not even a gap.
    pub(crate) fn is_empty(&self) -> bool {
        self.paused
            || self.replayed.is_empty()
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
        match &self.source {
            Source::Queue(queue) if self.replayed.is_empty() => self.paused || !queue.has_takeable(),
            _ => self.is_empty(),
        }
    }

    /// Whether history has to be read before anything can be taken.
    pub(crate) fn is_behind(&self) -> bool {
        !self.paused && self.replayed.is_empty() && matches!(self.source, Source::Replay { .. })
    }

    /// Whether no call has begun that has not returned.
    pub(crate) fn is_quiet(&self) -> bool {
        self.books.in_flight == 0 && self.calls.overrunning == 0 && self.calls.telling == 0
    }

    /// Whether nothing will ever come again.
    pub(crate) fn is_over(&self) -> bool {
        self.ended && !self.paused && self.is_empty()
    }

    /// Takes the next item; an event is in flight from then on.
    #[inline]
    pub(crate) fn take(&mut self, admitted: &mut Vec<Arc<Ticket>>) -> Option<Taken> {
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
        self.delivered = match &delivery {
            Delivery::Event(event) => {
                self.books.in_flight += 1;
                event.seq()
            }
            Delivery::Gap(gap) => gap.last,
        };
        self.see_whether_well();
        Some(Taken { delivery, key })
    }

    /// Takes a run of events off a tape at once, all handled from then on; 0 where there is none, or
    /// something other than an event comes next.
    pub(crate) fn take_handled(&mut self, max: usize, into: &mut Vec<Delivery>) -> usize {
        let Source::Tape(reader) = &mut self.source else { return 0 };
        if self.paused || !self.replayed.is_empty() {
            return 0;
        }
        let (count, dropped) = reader.take_events(self.bounds, max, into);
        self.books.dropped += dropped;
        self.books.handled += count as u64;
        if let Some(Delivery::Event(event)) = into.last().filter(|_| count > 0) {
            self.delivered = event.seq();
        }
        count
    }

    /// Takes the next item for a handler: telling it of a gap is a call, too.
    pub(crate) fn take_for_handler(&mut self, admitted: &mut Vec<Arc<Ticket>>) -> Option<Taken> {
        let taken = self.take(admitted)?;
        self.calls.telling += u64::from(matches!(taken.delivery, Delivery::Gap(_)));
        Some(taken)
    }

    /// Seq of the next item.
    pub(crate) fn peek_seq(&mut self) -> Option<u64> {
        if self.paused {
            return None;
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
    pub(crate) fn settle(&mut self, key: Option<&Arc<str>>, outcome: Outcome) {
        self.books.settle(outcome);
        self.served(key);
    }

    /// The key may be served again.
    pub(crate) fn served(&mut self, key: Option<&Arc<str>>) {
        if let Source::Queue(queue) = &mut self.source {
            queue.served(key);
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
        self.books = Books { discarded: books.discarded + books.queued, queued: 0, ..books };
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
