//! The owner's end of a handler's subscription.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::core::Core;
use super::stats::SubscriptionStats;
use crate::ambient;
use crate::error::Result;
use crate::handler::timer::deadline_after;
use crate::subscriber::Subscriber;
use crate::sync;

/// Whether calls of an ended handler are still under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsubscribed {
    /// All calls that had begun have returned.
    Quiet,
    /// Some have not, or it could not be waited for here.
    StillRunning,
}

/// A handler's place on a bus; dropping it unsubscribes, without waiting: a worker tells the handler of the end and
/// lets go of it. [`Listener::unsubscribe`] does that here, unless a call is under way.
#[must_use = "dropping it unsubscribes; `forever` keeps the handler for the bus's life"]
pub struct Listener {
    core: Arc<Core>,
    subscriber: Arc<Subscriber>,
    keeps: bool,
}

impl Listener {
    pub(super) fn new(core: Arc<Core>, subscriber: Arc<Subscriber>) -> Self {
        Self { core, subscriber, keeps: false }
    }

    /// Keeps the handler for the bus's life.
    pub fn forever(mut self) {
        self.keeps = true;
    }

    /// The same place, without holding the bus; nothing unsubscribes by itself any more.
    pub(crate) fn weak(mut self) -> WeakListener {
        self.keeps = true;
        WeakListener(Arc::downgrade(&self.subscriber))
    }

    /// Ends the subscription: no call begins after this returns. From outside it also waits, up to
    /// `timeout`, for calls that have begun; inside a handler and on a loop thread it never waits.
    pub fn unsubscribe(self, timeout: Duration) -> Unsubscribed {
        self.end(timeout)
    }

    /// As [`Listener::unsubscribe`], for those who wait in pieces: it can be called again to wait for longer.
    pub fn end(&self, timeout: Duration) -> Unsubscribed {
        self.core.unsubscribe(&self.subscriber);
        let deadline = deadline_after(timeout);
        let may_wait = !ambient::in_handler() && !ambient::on_loop_thread();
        let mut inbox = self.subscriber.inbox.lock();
        while !inbox.is_quiet() {
            if !may_wait || Instant::now() >= deadline {
                return Unsubscribed::StillRunning;
            }
            inbox = sync::wait_until(&self.subscriber.quiet, inbox, deadline);
        }
        Unsubscribed::Quiet
    }

    /// Calls nobody until [`Listener::resume`]; events go on being matched and queued.
    pub fn pause(&self) {
        self.subscriber.pause();
    }

    /// Calls the handler again, also one that was set aside.
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
}

/// A handler's place on a bus, for the handler's own use.
pub(crate) struct WeakListener(Weak<Subscriber>);

impl WeakListener {
    /// This moment's numbers, if there is still a bus.
    pub(crate) fn stats(&self) -> Option<SubscriptionStats> {
        self.0.upgrade().map(|subscriber| subscriber.stats())
    }

    /// Ends the subscription, without waiting, if there is still a bus.
    pub(crate) fn unsubscribe(self) {
        if let Some(subscriber) = self.0.upgrade() {
            subscriber.leave();
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if !self.keeps {
            self.core.abandon(&self.subscriber);
        }
    }
}
