//! A publish, step by step: check; enrich; redact; fix the size; match; take the seq; put into queues;
//! wake; run inline handlers; wait for full `Block` queues; return.

use std::sync::Arc;
use std::time::Instant;

use super::backlog::Told;
use super::core::Core;
use super::order::{Order, Sent, Todo};
use super::publishing::Publishing;
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
    /// Waits without holding the thread.
    Await,
    /// Never waits: dropped there.
    Never,
}

/// How often the routes may change between evaluating filters and taking the lock before they are
/// evaluated under it.
const RETRIES: usize = 8;

impl Core {
    /// Publishes one event.
    pub(crate) fn publish(
        self: &Arc<Self>,
        event: Event,
        manner: Manner,
    ) -> Result<Published, Rejected<Event>> {
        let event = self.prepare(event)?;
        let mut order = self.order.lock();
        match order.commit_straight(event) {
            Ok(straight) => {
                drop(order);
                Ok(straight.see_through())
            }
            Err(event) => self.publish_prepared(order, event, manner, &mut Sent::default()),
        }
    }

    /// Publishes one event, of which `sent` says something already.
    pub(crate) fn publish_as(
        self: &Arc<Self>,
        event: Event,
        manner: Manner,
        mut sent: Sent,
    ) -> Result<Published, Rejected<Event>> {
        let event = self.prepare(event)?;
        let published = self.publish_prepared(self.order.lock(), event, manner, &mut sent)?;
        if let Some(promise) = sent.promise.take() {
            // No store has taken it: the one that was there has gone meanwhile.
            promise.settle(Err(Error::new(ErrorKind::Closed, "the store was detached meanwhile")));
        }
        Ok(published)
    }

    fn publish_prepared(
        self: &Arc<Self>,
        order: MutexGuard<'_, Order>,
        event: Event,
        manner: Manner,
        sent: &mut Sent,
    ) -> Result<Published, Rejected<Event>> {
        self.send(order, event, manner, sent)?;
        if sent.todo.is_some() {
            self.see_through(sent);
        }
        Ok(sent.published)
    }

    /// All steps from the match up to the wake-up.
    fn send<'a>(
        self: &'a Arc<Self>,
        order: MutexGuard<'a, Order>,
        event: Event,
        manner: Manner,
        sent: &mut Sent,
    ) -> Result<(), Rejected<Event>> {
        let mut order = match self.matched(order, &event) {
            Ok(order) => order,
            Err(error) => return Err(Rejected { error, value: event }),
        };
        if sent.about.is_some_and(|about| !order.is_heard(about)) {
            order.matched.clear();
            return Ok(());
        }
        if manner == Manner::AllOrNothing
            && let Some(full) = order.would_block(&event)
        {
            order.matched.clear();
            return Err(Rejected { error: Error::new(ErrorKind::Full, full), value: event });
        }
        order.commit(event, &|subscriber| patience(manner, subscriber), sent);
        order.remove_spent(sent, &self.interest);
        let sleepers = !order.to_wake.is_empty();
        drop(order);
        if sleepers {
            self.wake_next();
        }
        Ok(())
    }

    /// The lock, with the routes that match the event in `matched`, as of this very moment.
    fn matched<'a>(
        &'a self,
        mut order: MutexGuard<'a, Order>,
        event: &Event,
    ) -> Result<MutexGuard<'a, Order>, Error> {
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
            let has_unread_key = routes.have_unread_key(event, matched, &ask);
            if ask.is_empty() && !has_unread_key {
                break;
            }
            if attempt > RETRIES && !event.is_unread() {
                route::evaluate(event, &ask, matched);
                break;
            }
            let version = routes.version;
            let mut found = std::mem::take(matched);
            drop(order);
            if has_unread_key || attempt >= RETRIES {
                event.serialise();
            }
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
        let Some(todo) = sent.todo.take() else { return };
        let Todo { inline, tickets, spent, garbage, answered, untold, keeper, told } = *todo;
        drop(garbage);
        if let Some(thread) = keeper {
            thread.unpark();
        }
        told.into_iter().for_each(Told::tell);
        if let Some((question, event)) = answered {
            question.tell(Some(event));
        }
        for (subscriber, untold) in untold {
            subscriber.announce(untold);
        }
        if !inline.is_empty() {
            let seq = sent.published.seq.unwrap_or_default();
            let deferred = inline::serve_round(seq, inline);
            sent.published.delivered -= deferred;
            sent.published.deferred += deferred;
        }
        for (subscriber, ticket) in tickets {
            let verdict = self.wait_for_room(subscriber.as_ref(), &ticket, ticket.deadline());
            sent.count_wait(subscriber.is_some(), verdict);
        }
        for subscriber in spent {
            subscriber.retire_if_over();
        }
    }

    /// Publishes events at consecutive seqs: all are checked before the first has one.
    pub(crate) fn publish_batch(
        self: &Arc<Self>,
        events: Vec<Event>,
    ) -> Result<Vec<Published>, Rejected<Vec<Event>>> {
        let mut prepared = Vec::with_capacity(events.len());
        for event in &events {
            match self.prepare(event.clone()) {
                Ok(event) => prepared.push(event),
                Err(Rejected { error, .. }) => return Err(Rejected { error, value: events }),
            }
        }
        let mut all_sent = Vec::with_capacity(prepared.len());
        let Some(first) = prepared.first() else { return Ok(Vec::new()) };
        let mut order = loop {
            let mut order = match self.matched(self.order.lock(), first) {
                Ok(order) => order,
                Err(error) => return Err(Rejected { error, value: events }),
            };
            let unread = order.unread_of(&prepared, &self.interest);
            if unread.is_empty() {
                break order;
            }
            drop(order);
            unread.iter().for_each(Event::serialise);
        };
        for (index, event) in prepared.into_iter().enumerate() {
            if index > 0 {
                order.match_under_lock(&event, &self.interest);
            }
            let mut sent = Sent::default();
            order.commit(event, &|subscriber| patience(Manner::Wait, subscriber), &mut sent);
            order.remove_spent(&sent, &self.interest);
            all_sent.push(sent);
        }
        order.see_what_is_asked(&self.interest);
        drop(order);
        self.wake_next();
        for sent in &mut all_sent {
            self.see_through(sent);
        }
        Ok(all_sent.into_iter().map(|sent| sent.published).collect())
    }

    /// Publishes one event; the full queues are waited for by polling.
    pub(crate) fn publish_async(self: &Arc<Self>, event: Event) -> Result<Publishing, Rejected<Event>> {
        let mut sent = Sent::default();
        let event = self.prepare(event)?;
        let mut order = self.order.lock();
        match order.commit_straight(event) {
            Ok(straight) => {
                drop(order);
                sent.published = straight.see_through();
            }
            Err(event) => self.send(order, event, Manner::Await, &mut sent)?,
        }
        let tickets = sent.todo.as_mut().map_or_else(Vec::new, |todo| std::mem::take(&mut todo.tickets));
        self.see_through(&mut sent);
        Ok(Publishing::new(self.clone(), sent, tickets))
    }

    pub(super) fn wait_for_room(
        self: &Arc<Self>,
        subscriber: Option<&Arc<Subscriber>>,
        ticket: &Arc<Ticket>,
        deadline: Instant,
    ) -> Verdict {
        match ticket.wait_until(deadline) {
            Some(verdict) => verdict,
            None => self.give_up(subscriber, ticket),
        }
    }

    /// Ends a wait at its deadline.
    pub(crate) fn give_up(
        self: &Arc<Self>,
        subscriber: Option<&Arc<Subscriber>>,
        ticket: &Arc<Ticket>,
    ) -> Verdict {
        let Some(subscriber) = subscriber else { return self.give_up_store(ticket) };
        let untold = {
            let mut order = self.order.lock();
            let mut inbox = subscriber.inbox.lock();
            if !inbox.give_up(ticket, GapReason::WaitedTooLong) {
                return ticket.verdict().unwrap_or(Verdict::Dropped);
            }
            order.totals.dropped += 1;
            subscriber.summon(&mut inbox, &mut order.to_wake);
            inbox.untold()
        };
        self.wake_next();
        subscriber.announce(untold);
        Verdict::Dropped
    }
}

impl Sent {
    /// Books how a wait for room ended.
    pub(crate) fn count_wait(&mut self, is_subscriptions: bool, verdict: Verdict) {
        self.published.blocked += 1;
        match verdict {
            // A store is no subscription: what it has or hasn't got, its receipts and stats tell.
            _ if !is_subscriptions => {}
            Verdict::Admitted => self.published.delivered += 1,
            Verdict::Dropped => self.published.dropped += 1,
        }
    }
}

/// Whether the current thread may wait for room in the queue of `subscriber`. Inside an inline handler it is
/// this thread that will serve the other inline ones, so it can't wait for them either.
fn patience(manner: Manner, subscriber: Option<&Subscriber>) -> Patience {
    if manner == Manner::AllOrNothing {
        // Only a queue that was found stalled can be full still; it may have come alive since.
        Patience::Refuse(GapReason::Stalled)
    } else if subscriber.is_some_and(|subscriber| {
        ambient::is_serving(subscriber.id) || subscriber.is_inline() && inline::is_serving_here()
    }) {
        Patience::Refuse(GapReason::WouldDeadlock)
    } else if manner == Manner::Never || manner == Manner::Wait && ambient::on_loop_thread() {
        Patience::Refuse(GapReason::WouldBlock)
    } else {
        Patience::Wait
    }
}
