//! A publish, step by step: check; enrich; redact; fix the size; match; take the seq; put into queues;
//! wake; run inline handlers; wait for full `Block` queues; return.

use std::sync::Arc;

use super::core::Core;
use super::order::{Order, Sent};
use super::route;
use crate::ambient;
use crate::delivery::{GapReason, Published};
use crate::error::{Error, ErrorKind, Rejected};
use crate::event::Event;
use crate::handler::inline;
use crate::subscriber::{Subscriber, Waking};
use crate::subscription::queue::Patience;
use crate::subscription::waiting::{Ticket, Verdict};
use crate::sync::MutexGuard;

/// What a publisher does where a `Block` queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Waits, up to the subscription's `max_wait`.
    Wait,
    /// Publishes nothing at all, and gives the event back.
    AllOrNothing,
    /// Never waits: dropped there.
    Never,
}

/// How often the routes may change between evaluating filters and taking the lock before they are
/// evaluated under it.
const RETRIES: usize = 8;

impl Core {
    /// Publishes one event.
    #[inline]
    pub(crate) fn publish(self: &Arc<Self>, event: Event, manner: Manner) -> Result<Published, Rejected<Event>> {
        let mut sent = self.send(event, manner)?;
        if !sent.is_simple() {
            self.see_through(&mut sent);
        }
        Ok(sent.published)
    }

    /// All steps up to the wake-up.
    #[inline]
    pub(crate) fn send(self: &Arc<Self>, event: Event, manner: Manner) -> Result<Sent, Rejected<Event>> {
        let event = self.prepare(event)?;
        let mut sent = Sent::default();
        let mut order = match self.lock_matched(&event) {
            Ok(order) => order,
            Err(error) => return Err(Rejected { error, value: event }),
        };
        if manner == Manner::AllOrNothing && order.would_block(&event) {
            order.matched.clear();
            let error = Error::new(ErrorKind::Full, "the queue of a subscription that blocks is full");
            return Err(Rejected { error, value: event });
        }
        order.commit(event, &|id| patience(manner, id), &mut sent);
        self.finish(order, &mut sent);
        Ok(sent)
    }

    /// Removes what was spent, and releases the lock with one consumer called.
    #[inline]
    pub(crate) fn finish(self: &Arc<Self>, mut order: MutexGuard<'_, Order>, sent: &mut Sent) {
        for subscriber in &sent.spent {
            order.detach(subscriber, &self.interest);
        }
        if order.to_wake.is_empty() {
            return;
        }
        drop(order);
        self.wake_next();
    }

    /// The lock, with the routes that match the event in `matched`, as of this very moment.
    #[inline]
    pub(crate) fn lock_matched(&self, event: &Event) -> Result<MutexGuard<'_, Order>, Error> {
        let mut order = self.order.lock();
        for attempt in 0.. {
            if order.closed {
                return Err(Error::new(ErrorKind::Closed, "the bus is closed"));
            }
            let Order { routes, matched, .. } = &mut *order;
            matched.clear();
            let mut ask = Vec::new();
            if !routes.find_matches(event, matched, &mut ask) {
                order.learn(event.kind(), &self.interest);
                continue;
            }
            if ask.is_empty() {
                break;
            }
            if attempt > RETRIES {
                route::evaluate(event, &ask, matched);
                break;
            }
            let version = routes.version;
            let mut found = std::mem::take(matched);
            drop(order);
            route::evaluate(event, &ask, &mut found);
            order = self.order.lock();
            let unchanged = order.routes.version == version && !order.closed;
            order.matched = found;
            if unchanged {
                break;
            }
        }
        Ok(order)
    }

    /// Calls the first of those who sleep and have something; whoever wakes up calls the next.
    pub(crate) fn wake_next(self: &Arc<Self>) {
        loop {
            let (next, more) = {
                let mut order = self.order.lock();
                (order.to_wake.pop(), !order.to_wake.is_empty())
            };
            match next.map(|next| next.wake()) {
                None | Some(Some(Waking::Thread)) => return,
                // A task may never be polled, so it can't be trusted to call the next: a worker does.
                Some(Some(Waking::Task)) if more => return self.pool.wake_the_rest(self.clone()),
                Some(_) => {}
            }
        }
    }

    /// Calls everyone who sleeps and has something.
    pub(crate) fn wake_everyone(self: &Arc<Self>) {
        loop {
            let next = self.order.lock().to_wake.pop();
            match next {
                Some(next) => next.wake(),
                None => return,
            };
        }
    }

    /// The steps after the wake-up: inline handlers, then full queues.
    #[cold]
    pub(crate) fn see_through(self: &Arc<Self>, sent: &mut Sent) {
        sent.more_garbage.clear();
        if let Some((question, event)) = sent.answered.take() {
            question.tell(Some(event));
        }
        for subscriber in std::mem::take(&mut sent.slow) {
            self.notice_slow(&subscriber);
        }
        if !sent.inline.is_empty() {
            let seq = sent.published.seq.unwrap_or_default();
            let deferred = inline::serve_round(seq, std::mem::take(&mut sent.inline));
            sent.published.delivered -= deferred.min(sent.published.delivered);
            sent.published.deferred += deferred;
        }
        for (subscriber, ticket) in std::mem::take(&mut sent.tickets) {
            let verdict = self.wait_for_room(&subscriber, &ticket);
            sent.count_wait(verdict);
        }
        for subscriber in std::mem::take(&mut sent.spent) {
            self.retire_if_over(&subscriber);
        }
    }

    fn wait_for_room(self: &Arc<Self>, subscriber: &Arc<Subscriber>, ticket: &Arc<Ticket>) -> Verdict {
        match ticket.wait() {
            Some(verdict) => verdict,
            None => self.give_up(subscriber, ticket),
        }
    }

    /// Ends a wait at its deadline.
    pub(crate) fn give_up(self: &Arc<Self>, subscriber: &Arc<Subscriber>, ticket: &Arc<Ticket>) -> Verdict {
        let slow = {
            let mut order = self.order.lock();
            let mut inbox = subscriber.inbox.lock();
            if !inbox.give_up(ticket, GapReason::WaitedTooLong) {
                return ticket.verdict().unwrap_or(Verdict::Admitted);
            }
            order.totals.dropped += 1;
            subscriber.summon(&mut inbox, &mut order.to_wake);
            !std::mem::replace(&mut inbox.slow, true)
        };
        self.wake_next();
        if slow {
            self.notice_slow(subscriber);
        }
        Verdict::Dropped
    }
}

impl Sent {
    /// Whether nothing is left to do.
    #[inline]
    fn is_simple(&self) -> bool {
        self.inline.is_empty()
            && self.tickets.is_empty()
            && self.spent.is_empty()
            && self.more_garbage.is_empty()
            && self.answered.is_none()
            && self.slow.is_empty()
    }

    /// Books how a wait for room ended.
    pub(crate) fn count_wait(&mut self, verdict: Verdict) {
        self.published.blocked += 1;
        match verdict {
            Verdict::Admitted => self.published.delivered += 1,
            Verdict::Dropped => self.published.dropped += 1,
        }
    }
}

/// Whether the current thread may wait for room in the queue of subscription `id`.
fn patience(manner: Manner, id: u64) -> Patience {
    if ambient::is_serving(id) {
        Patience::Refuse(GapReason::WouldDeadlock)
    } else if manner == Manner::Never || manner == Manner::Wait && ambient::on_loop_thread() {
        Patience::Refuse(GapReason::WouldBlock)
    } else {
        Patience::Wait
    }
}
