//! A pulled subscription as those see it who look after it, while somebody else may be pulling.

use std::sync::Arc;

use super::reader::Bounds;
use super::tally::Outcome;
use crate::bus::core::Core;
use crate::bus::stats::SubscriptionStats;
use crate::cursor::Cursor;
use crate::error::Result;
use crate::handler::service::admit;
use crate::subscriber::Subscriber;

/// What can be done with a [`Subscription`](crate::Subscription) beside pulling. Holding it keeps no subscription.
#[derive(Clone)]
pub struct Control {
    pub(super) core: Arc<Core>,
    pub(super) subscriber: Arc<Subscriber>,
}

impl Control {
    /// The position below which all has been delivered: where another subscription can resume.
    pub fn position(&self) -> Cursor {
        // A store that is attached changes both, under this lock.
        let _order = self.core.order.lock();
        let delivered = self.subscriber.inbox.lock().delivered_up_to();
        self.core.beginning.lock().at(delivered)
    }

    /// Takes nothing until [`Subscription::resume`], and doesn't end before; events go on being matched and
    /// queued.
    pub fn pause(&self) {
        self.subscriber.pause();
    }

    /// Takes events again.
    pub fn resume(&self) {
        self.subscriber.resume();
    }

    /// Sets another bound; what no longer fits is dropped by the policy, and told as a gap.
    ///
    /// # Errors
    /// `Invalid` for no places, or fewer bytes than one event may have.
    pub fn resize(&self, buffer: usize, buffer_bytes: usize) -> Result<()> {
        self.subscriber.resize(buffer, buffer_bytes)
    }

    /// This moment's numbers.
    pub fn stats(&self) -> SubscriptionStats {
        self.subscriber.stats()
    }

    /// Says how so many events ended, in the order of taking; says how many of them were in hand. What is never
    /// confirmed counts as discarded when the subscription is dropped.
    pub fn confirm(&self, items: usize, outcome: Outcome) -> usize {
        self.book(items, outcome, None)
    }

    /// As [`Subscription::confirm`] of one event that failed, with what is to be kept as its last failure.
    pub fn confirm_failed(&self, said: impl Into<String>) -> usize {
        self.book(1, Outcome::Failed, Some(said.into()))
    }

    fn book(&self, items: usize, outcome: Outcome, said: Option<String>) -> usize {
        let subscriber = self.subscriber();
        let mut inbox = subscriber.inbox.lock();
        let confirmed = inbox.confirm(items, outcome);
        if let Some(said) = said.filter(|_| confirmed > 0) {
            inbox.note_failure(said);
        }
        let calls = u32::try_from(confirmed).unwrap_or(u32::MAX);
        let set_aside = inbox.count_failures(calls, outcome, subscriber.set_aside_after);
        subscriber.tell_if_quiet(&inbox);
        let is_last = confirmed > 0 && inbox.has_left() && inbox.is_quiet();
        drop(inbox);
        if set_aside {
            subscriber.announce_set_aside();
        }
        if is_last {
            subscriber.retire_if_over();
        }
        confirmed
    }

    /// Ends the subscription, as dropping it does, but for what is in hand, which can still be confirmed. A thread or
    /// task that waits for the next item finds that there is none.
    pub fn unsubscribe(&self) {
        self.core().unsubscribe(self.subscriber());
        self.subscriber().wake_puller();
    }

    pub(crate) fn subscriber(&self) -> &Arc<Subscriber> {
        &self.subscriber
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }
}

impl Subscriber {
    pub(crate) fn pause(&self) {
        self.inbox.lock().paused = true;
    }

    pub(crate) fn resume(self: &Arc<Self>) {
        let (was_set_aside, is_waiting) = {
            let mut inbox = self.inbox.lock();
            inbox.paused = false;
            inbox.calls.failures_in_a_row = 0;
            (std::mem::take(&mut inbox.calls.set_aside), inbox.ended || !inbox.is_empty())
        };
        if was_set_aside {
            self.announce_resumed();
        }
        if is_waiting {
            self.call_consumer();
        }
    }

    /// Has the consumer look at what waits.
    pub(crate) fn call_consumer(self: &Arc<Self>) {
        let Some(core) = self.core.upgrade() else { return };
        if self.is_inline() {
            let last = core.order.lock().seq;
            let mut inbox = self.inbox.lock();
            inbox.calls.asked_up_to = inbox.calls.asked_up_to.max(last);
            if std::mem::replace(&mut inbox.calls.serving, true) {
                return;
            }
            drop(inbox);
            return core.pool.submit(self.clone());
        }
        {
            let mut order = core.order.lock();
            let mut inbox = self.inbox.lock();
            self.summon(&mut inbox, &mut order.to_wake);
        }
        core.wake_next();
    }

    pub(crate) fn resize(self: &Arc<Self>, buffer: usize, buffer_bytes: usize) -> Result<()> {
        crate::options::check_buffer(buffer, buffer_bytes)?;
        let bounds = Bounds { events: buffer as u64, bytes: buffer_bytes as u64 };
        let mut admitted = Vec::new();
        if let Some(core) = self.core.upgrade() {
            let mut order = core.order.lock();
            order.widen(self, bounds.events);
            self.inbox.lock().resize(bounds, &mut admitted);
        }
        admit(admitted);
        Ok(())
    }
}
