//! A store on a bus: coming, going, and what is asked of it while it is there.

use std::sync::Arc;
use std::time::Duration;

use super::Bus;
use super::backlog::{Backlog, Told};
use super::core::Core;
use super::history::History;
use super::interest;
use super::order::Sent;
use super::publish::Manner;
use crate::ambient;
use crate::catalogue::bus::{BusStoreDegraded, BusStoreRecovered};
use crate::error::{Error, ErrorKind, Rejected, Result};
use crate::event::Event;
use crate::store::receipt::Promise;
use crate::store::receipt::Receipt;
use crate::store::{Feed, Keeper, Opening, StoreStats};
use crate::subscription::waiting::{Ticket, Verdict};
use crate::sync::{self, Ordering};

/// How many events stay in memory beside a store, where the bus has no history of its own: those who catch up
/// find the last stretch there, and nobody reads from the disk what has just been published.
const KEPT_BESIDE: usize = 1024;

impl Bus {
    /// Publishes an event, and gives a receipt that says when it is durable. Waits for room as
    /// [`Bus::publish`] does, also for room in the store's queue.
    ///
    /// # Errors
    /// With the event given back: `Invalid` where no store is attached; else as [`Bus::publish`].
    pub fn publish_durable(&self, event: Event) -> Result<Receipt, Rejected<Event>> {
        let (is_kept, closed) = {
            let order = self.core.order.lock();
            (order.is_kept(), order.closed)
        };
        if !is_kept && !closed {
            let error = Error::invalid("nothing here is durable: no store is attached to the bus");
            let error = error.expecting("a bus with a store, such as bus.attach(\"sqlite:events.db\")");
            return Err(Rejected { error, value: event });
        }
        let promise = Arc::new(Promise::default());
        let sent = Sent { promise: Some(promise.clone()), ..Sent::default() };
        let published = self.core.publish_as(event, Manner::Wait, sent)?;
        Ok(Receipt::new(published, promise))
    }
}

impl Core {
    /// Has the keeper keep what is published from now on. Gives what is told at its end, by which it is known: a bus
    /// may have had another store before, and get another after it.
    pub(crate) fn begin_keeping(
        self: &Arc<Self>,
        name: &str,
        mut keeper: Box<dyn Keeper>,
    ) -> Result<Arc<Promise>> {
        let already = || Error::invalid("a store is attached to the bus already, and there can be one");
        if self.order.lock().is_kept() {
            return Err(already());
        }
        let bounds = keeper.bounds();
        bounds.check()?;
        self.may_wait.store(true, Ordering::Relaxed);
        let before = self.beginning.lock().clone();
        let Opening { epoch, last, past } = keeper.open(before.bus())?;
        // Whether all that it has is of this bus as it is now, which had this store before.
        let goes_on = last > 0 && past.epoch_end(before.epoch())? == Some(last);
        let ended = Arc::new(Promise::default());
        let feed = {
            let mut order = self.order.lock();
            if order.closed {
                return Err(Error::new(ErrorKind::Closed, "the bus is closed"));
            }
            if order.is_kept() {
                return Err(already());
            }
            if order.seq > 0 && last > 0 && (order.seq < last || !goes_on) {
                let message = format!("the store has {last} events of this bus, which has begun anew");
                return Err(Error::invalid(message).expecting("a store attached before the first publish"));
            }
            if order.seq < last {
                order.seq = last;
                for subscriber in order.subscribers.values() {
                    // Who came before the store has missed nothing of its past.
                    subscriber.inbox.lock().delivered = last;
                }
            }
            let seq = order.seq;
            if order.history.is_none() {
                order.history = Some(History::new(KEPT_BESIDE, self.options.history_bytes, seq + 1));
                order.counts.add(&interest::ALL, &self.interest);
            } else if let Some(history) = &mut order.history
                && seq == last
            {
                history.begin_at(seq + 1);
            }
            if let Some(history) = &mut order.history {
                history.backlog = Some(Box::new(Backlog::new(bounds, seq, ended.clone())));
            }
            order.past = Some(past);
            let mut beginning = self.beginning.lock();
            *beginning = beginning.of_epoch(epoch);
            Feed::new(self.clone(), name.to_owned(), ended.clone())
        };
        let run = move || keeper.keep(feed);
        sync::spawn("newswire-store".to_owned(), run).map_err(|error| {
            // The feed went with the closure, and so the store is off the bus again.
            Error::new(ErrorKind::Io, format!("the store's thread can't be started: {error}"))
        })?;
        Ok(ended)
    }

    /// Takes that store off: nobody waits for it any more. Its past stays to be read.
    pub(crate) fn end_keeping(self: &Arc<Self>, ended: &Arc<Promise>) {
        let mut told = Told::default();
        let thread = {
            let mut order = self.order.lock();
            let closed = order.closed;
            let history = order.history.as_mut().filter(|history| history.is_kept_for(ended));
            history.and_then(|history| history.backlog.take()).and_then(|mut backlog| {
                if closed {
                    self.closing.give_up(backlog.unwritten() as u64);
                }
                backlog.end(&mut told);
                backlog.call()
            })
        };
        told.tell();
        if let Some(thread) = thread {
            thread.unpark();
        }
        self.see_whether_closed();
    }

    /// Takes that store off once it has written what there is, and waits until it has let go of everything.
    pub(crate) fn detach_store(self: &Arc<Self>, ended: &Arc<Promise>, timeout: Duration) -> Result<()> {
        if !self.order.lock().history.as_ref().is_some_and(|history| history.is_kept_for(ended)) {
            return Ok(());
        }
        if ambient::on_loop_thread() {
            // It couldn't be given the time to write what it has.
            let message = "detaching a store waits for it, which would stop this thread's event loop";
            return Err(Error::new(ErrorKind::WouldDeadlock, message).expecting("another thread"));
        }
        let flushed = self.flush_store(ended, timeout);
        self.end_keeping(ended);
        flushed.and(ended.wait(timeout))
    }

    /// This moment's numbers of the store, if there is one.
    pub(crate) fn store_stats(&self) -> Option<StoreStats> {
        let mut order = self.order.lock();
        order.history.as_mut()?.backlog().map(|backlog| backlog.stats())
    }

    /// This moment's numbers of that store, while it is attached.
    pub(crate) fn stats_of_store(&self, ended: &Arc<Promise>) -> Option<StoreStats> {
        let mut order = self.order.lock();
        let history = order.history.as_mut().filter(|history| history.is_kept_for(ended));
        history?.backlog().map(|backlog| backlog.stats())
    }

    /// Waits until all that has been published is on that store's disk.
    pub(crate) fn flush_store(&self, ended: &Arc<Promise>, timeout: Duration) -> Result<()> {
        let promise = Arc::new(Promise::default());
        let thread = {
            let mut order = self.order.lock();
            let seq = order.seq;
            let history = order.history.as_mut().filter(|history| history.is_kept_for(ended));
            let Some(backlog) = history.and_then(History::backlog) else {
                return Err(Error::new(ErrorKind::Closed, "the store isn't attached any more"));
            };
            if !backlog.add_flush(seq, promise.clone()) {
                return Ok(());
            }
            backlog.call()
        };
        if let Some(thread) = thread {
            thread.unpark();
        }
        promise.wait(timeout)
    }

    /// Tells on the bus that the store is in trouble, or well again.
    pub(crate) fn tell_of_trouble(self: &Arc<Self>, store: &str, trouble: Option<&Error>) {
        let dropped = self.store_stats().map(|stats| stats.dropped);
        match trouble {
            Some(error) => {
                let mut degraded = BusStoreDegraded::new(store);
                degraded.dropped_count = dropped;
                degraded.reason = Some(error.to_string().into());
                self.tell(None, &format!("the store {store} can't keep what it is given"), degraded);
            }
            None => {
                let mut recovered = BusStoreRecovered::new(store);
                recovered.dropped_count = dropped;
                self.tell(None, &format!("the store {store} keeps what it is given again"), recovered);
            }
        }
    }

    /// Ends a publisher's wait for room in the store's queue.
    pub(super) fn give_up_store(&self, ticket: &Arc<Ticket>) -> Verdict {
        let mut told = Told::default();
        let dropped = {
            let mut order = self.order.lock();
            order.history.as_mut().is_some_and(|history| history.give_up(ticket, &mut told))
        };
        told.tell();
        if dropped { Verdict::Dropped } else { ticket.verdict().unwrap_or(Verdict::Dropped) }
    }

    /// Whether a store has yet to write what was published.
    pub(super) fn is_keeping(&self) -> bool {
        self.order.lock().is_kept()
    }
}

#[cfg(all(test, not(feature = "loom")))]
mod tests {
    use super::*;
    use crate::store::QueueBounds;

    #[test]
    fn a_flush_that_nobody_waits_for_any_more_is_forgotten_by_the_next() {
        let mut backlog = Backlog::new(QueueBounds::default(), 0, Arc::default());
        let (waited, given_up) = (Arc::<Promise>::default(), Arc::<Promise>::default());
        let is_there = Arc::downgrade(&given_up);
        assert!(backlog.add_flush(1, waited.clone()) && backlog.add_flush(1, given_up));
        assert!(is_there.upgrade().is_some());
        assert!(backlog.add_flush(1, Arc::default()));
        assert!(is_there.upgrade().is_none());
        let mut told = Told::default();
        backlog.synced(1, &mut told);
        told.tell();
        assert_eq!(waited.outcome(), Some(Ok(())));
    }
}
