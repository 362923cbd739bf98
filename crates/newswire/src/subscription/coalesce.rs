//! Holds chunks of streams back for a moment, so that a consumer gets one event for many.
//!
//! It stands between where a subscription's events wait and whoever takes them, under the inbox's lock. All
//! that is held is flushed together, by last seq: before anything else is handed over, at the end of the
//! window of the oldest, at the bounds, and when no more will come. So what is handed over stays in order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::inbox::{Entry, Inbox, Step, Taken};
use super::merge::OpenMerge;
use super::waiting::Ticket;
use crate::delivery::Delivery;
use crate::event::Event;
use crate::options::Coalesce;
use crate::subscriber::Subscriber;

/// How many streams one subscription holds open at a time.
const MAX_OPEN: usize = 64;

/// The chunks that one subscription holds back.
pub(crate) struct Coalescer {
    limits: Coalesce,
    open: Vec<OpenMerge>,
    /// What all open merges together may take as JSON.
    bytes: usize,
    /// The end of the oldest one's window.
    due: Option<Instant>,
    /// The window's end that the timer watches.
    armed: Option<Instant>,
    /// What has been taken and can't be taken in yet: its payload has to be serialised first.
    unread: Option<Taken>,
    /// What is to be handed over, in order.
    ready: VecDeque<Ready>,
    /// How many events are in `open`, `unread` and `ready`.
    held: u64,
}

struct Ready {
    first_seq: u64,
    last_seq: u64,
    taken: Taken,
}

impl Coalescer {
    pub(crate) fn new(limits: Coalesce) -> Self {
        Self {
            limits,
            open: Vec::new(),
            bytes: 0,
            due: None,
            armed: None,
            unread: None,
            ready: VecDeque::new(),
            held: 0,
        }
    }

    /// How many events it holds.
    pub(crate) fn held(&self) -> u64 {
        self.held
    }

    /// Whether it holds nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.unread.is_none() && self.ready.is_empty()
    }

    /// Whether something of it is to be handed over, where `ended` says that no more will come.
    pub(crate) fn is_due(&self, ended: bool) -> bool {
        !self.ready.is_empty()
            || self.unread.is_some()
            || !self.open.is_empty() && (ended || self.due.is_some_and(|due| due <= Instant::now()))
    }

    /// Seq of what is to be handed over next.
    pub(crate) fn peek_seq(&self) -> Option<u64> {
        let open = || self.open.iter().map(OpenMerge::last_seq).min();
        let unread = || self.unread.as_ref().map(Taken::last_seq);
        self.ready.front().map(|ready| ready.last_seq).or_else(open).or_else(unread)
    }

    /// Takes in what comes next; afterwards [`Coalescer::pop`] has what that brings.
    pub(crate) fn absorb(&mut self, taken: Taken) {
        let Taken { delivery, entry } = taken;
        let event = match delivery {
            Delivery::Event(event) => event,
            Delivery::Gap(gap) => {
                self.flush();
                let taken = Taken { delivery: Delivery::Gap(gap), entry };
                self.ready.push_back(Ready { first_seq: gap.first, last_seq: gap.last, taken });
                return;
            }
        };
        self.held += 1;
        if OpenMerge::could_begin(&event) && event.is_unread() {
            self.unread = Some(Taken { delivery: Delivery::Event(event), entry });
            return;
        }
        self.take_in(event, entry);
    }

    /// Takes in what has been serialised meanwhile, if it has.
    fn take_in_read(&mut self) {
        match self.unread.take() {
            Some(Taken { delivery: Delivery::Event(event), entry }) if !event.is_unread() => {
                self.take_in(event, entry);
            }
            unread => self.unread = unread,
        }
    }

    fn take_in(&mut self, event: Event, entry: Entry) {
        match OpenMerge::begin(event) {
            Ok(chunk) => self.hold(chunk),
            Err(event) => {
                self.flush();
                let seq = event.seq();
                let taken = Taken { delivery: Delivery::Event(event), entry };
                self.ready.push_back(Ready { first_seq: seq, last_seq: seq, taken });
            }
        }
    }

    fn hold(&mut self, chunk: OpenMerge) {
        let bytes = chunk.bytes();
        if self.bytes + bytes > self.limits.max_bytes {
            self.flush();
        }
        let alone = self.open.iter_mut().try_fold(chunk, |chunk, merge| merge.join(chunk));
        if let Some(chunk) = alone {
            if self.open.len() >= MAX_OPEN {
                self.flush();
            }
            self.open.push(chunk);
        }
        self.bytes += bytes;
        if self.bytes > self.limits.max_bytes {
            // Larger by itself than everything that may be held.
            self.flush();
        } else {
            self.due.get_or_insert_with(|| Instant::now() + self.limits.window);
        }
    }

    /// Makes everything that is held ready, by last seq.
    pub(crate) fn flush(&mut self) {
        self.open.sort_by_key(OpenMerge::last_seq);
        self.ready.extend(self.open.drain(..).map(|merge| {
            let entry = Entry { key: None, events: merge.count() };
            let (first_seq, last_seq) = (merge.first_seq(), merge.last_seq());
            Ready { first_seq, last_seq, taken: Taken { delivery: Delivery::Event(merge.finish()), entry } }
        }));
        self.bytes = 0;
        self.due = None;
    }

    /// Hands over the next item, with the seq up to which nothing is held any more then.
    pub(crate) fn pop(&mut self) -> Option<(Taken, u64)> {
        let Ready { last_seq, taken, .. } = self.ready.pop_front()?;
        self.held -= taken.entry.events;
        let ready = self.ready.iter().map(|ready| ready.first_seq);
        let held_from = ready.chain(self.open.iter().map(OpenMerge::first_seq)).min();
        Some((taken, held_from.map_or(last_seq, |first| last_seq.min(first - 1))))
    }

    /// The window's end that the timer has to be set to, unless it is already.
    pub(crate) fn arm(&mut self) -> Option<Instant> {
        let due = self.due.filter(|_| self.armed.is_none())?;
        self.armed = Some(due);
        Some(due)
    }

    /// The timer has come to `armed_for`: whether that is the window's end of what is held now.
    fn ring(&mut self, armed_for: Instant) -> bool {
        self.armed = None;
        let rings = self.due == Some(armed_for);
        if rings {
            // Also where no thread could be had for the timer, and this is early.
            self.due = Some(Instant::now());
        }
        rings
    }
}

impl Inbox {
    pub(super) fn has_merges_due(&self) -> bool {
        self.coalescer.as_ref().is_some_and(|coalescer| coalescer.is_due(self.ended))
    }

    /// Whether chunks are held back.
    pub(crate) fn holds_back(&self) -> bool {
        self.coalescer.as_ref().is_some_and(|coalescer| !coalescer.is_empty())
    }

    /// The event that has to be serialised before anything more can be taken: to be done without holding the
    /// lock, for that is user code.
    pub(crate) fn unread(&self) -> Option<Event> {
        match &self.coalescer.as_ref()?.unread.as_ref()?.delivery {
            Delivery::Event(event) => Some(event.clone()).filter(Event::is_unread),
            Delivery::Gap(_) => None,
        }
    }

    /// The end of the window that the timer has to be set to before the consumer sleeps.
    pub(crate) fn arm_window(&mut self) -> Option<Instant> {
        self.coalescer.as_mut().and_then(|coalescer| coalescer.arm())
    }

    /// One step of taking, where chunks are held back.
    pub(crate) fn step(&mut self, admitted: &mut Vec<Arc<Ticket>>) -> Step {
        if self.paused {
            return Step::Nothing;
        }
        let is_due = match &mut self.coalescer {
            Some(coalescer) => {
                if let Some((taken, delivered)) = coalescer.pop() {
                    return self.hand_over(taken, delivered);
                }
                if coalescer.unread.is_some() {
                    coalescer.take_in_read();
                    return match coalescer.pop() {
                        Some((taken, delivered)) => self.hand_over(taken, delivered),
                        None => Step::Held,
                    };
                }
                coalescer.is_due(false)
            }
            None => false,
        };
        let next = if is_due { None } else { self.take_next(admitted) };
        let Some(coalescer) = &mut self.coalescer else {
            return next.map_or(Step::Nothing, |taken| {
                let delivered = taken.last_seq();
                self.hand_over(taken, delivered)
            });
        };
        let came = next.is_some();
        match next {
            Some(taken) => coalescer.absorb(taken),
            None if is_due || self.ended => coalescer.flush(),
            None => {}
        }
        match coalescer.pop() {
            Some((taken, delivered)) => self.hand_over(taken, delivered),
            None if came => Step::Held,
            None => Step::Nothing,
        }
    }

    fn hand_over(&mut self, taken: Taken, delivered: u64) -> Step {
        self.delivered = self.delivered.max(delivered);
        Step::Item(taken)
    }
}

impl Subscriber {
    /// Has the consumer called at the end of the window of what is held back; `due` as from
    /// [`Coalescer::arm`]. Call it without holding a lock.
    #[inline]
    pub(crate) fn watch_window(self: &Arc<Self>, due: Option<Instant>) {
        if let Some(due) = due {
            self.set_window(due);
        }
    }

    fn set_window(self: &Arc<Self>, due: Instant) {
        let Some(core) = self.core.upgrade() else { return };
        let subscriber = Arc::downgrade(self);
        core.timer.at(due, move || {
            if let Some(subscriber) = subscriber.upgrade() {
                subscriber.end_window(due);
            }
        });
    }

    fn end_window(self: &Arc<Self>, due: Instant) {
        let (rings, later) = {
            let mut inbox = self.inbox.lock();
            let Some(coalescer) = &mut inbox.coalescer else { return };
            let rings = coalescer.ring(due);
            (rings, if rings { None } else { coalescer.arm() })
        };
        if rings {
            self.call_consumer();
        } else {
            self.watch_window(later);
        }
    }
}
