//! What a store's thread is handed to write, and what it answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::bus::backlog::{Backlog, NAP, Rest, Told};
use crate::bus::core::Core;
use crate::bus::history::History;
use crate::bus::order::Order;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::handler::timer::deadline_after;
use crate::store::Past;
use crate::store::receipt::Promise;
use crate::sync;

/// The next piece to be written.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Events and gaps, in order; a gap stands for events that were dropped for want of room.
    pub deliveries: Vec<Delivery>,
    /// Whether somebody waits for all that has come to be on the disk: see [`Feed::synced`].
    pub flush: bool,
    /// The bus is closed, and nothing will come after this.
    pub closed: bool,
}

/// A keeper's end of a bus; dropping it takes the store off, so it is the last thing that a keeper lets go of.
pub struct Feed {
    core: Arc<Core>,
    name: String,
    /// Settled at the end; it also tells this store's place from that of one that was attached after it.
    ended: Arc<Promise>,
}

impl Feed {
    pub(crate) fn new(core: Arc<Core>, name: String, ended: Arc<Promise>) -> Self {
        Self { core, name, ended }
    }

    /// What there is to write, up to `count` events; empty where nothing has come for `patience`.
    pub fn next(&self, count: usize, patience: Duration) -> Batch {
        let deadline = deadline_after(patience);
        let nap_until = (Instant::now() + NAP).min(deadline);
        let mut told = Told::default();
        loop {
            let now = Instant::now();
            {
                let mut order = self.core.order.lock();
                let (seq, closed) = (order.seq, order.closed);
                let Some(history) = self.history(&mut order) else {
                    return Batch { closed: true, ..Batch::default() };
                };
                let deliveries = history.take_batch(count, &mut told);
                let flush = history.backlog().is_some_and(|backlog| backlog.wants_flush());
                let rest = if now < nap_until { Rest::Naps } else { Rest::Sleeps };
                let thread = sync::current_thread();
                let has_more = history.backlog().is_none_or(|backlog| !backlog.rest(rest, seq, thread));
                if !deliveries.is_empty() || flush || closed || now >= deadline {
                    if let Some(backlog) = history.backlog() {
                        backlog.call();
                    }
                    drop(order);
                    told.tell();
                    return Batch { deliveries, flush, closed: closed && !has_more };
                }
            }
            let until = if now < nap_until { nap_until } else { deadline };
            sync::park_timeout(until.saturating_duration_since(now));
        }
    }

    /// How many events aren't written, those that were handed over included.
    pub fn unwritten(&self) -> usize {
        self.backlog(&mut self.core.order.lock()).map_or(0, |backlog| backlog.unwritten())
    }

    /// Lets events come together, for `moment` at most, until there are `count` to write: for a keeper that couldn't
    /// make them durable any sooner.
    pub fn gather(&self, count: usize, moment: Duration) {
        let is_waiting = {
            let mut order = self.core.order.lock();
            let (seq, closed) = (order.seq, order.closed);
            let backlog = self.backlog(&mut order);
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            let thread = sync::current_thread();
            !closed && backlog.is_some_and(|backlog| backlog.gather(count, seq, thread))
        };
        if is_waiting {
            sync::park_timeout(moment);
        }
    }

    /// All up to `seq` is written, as durable as the store promises: receipts are given, room is free.
    pub fn written(&self, seq: u64) {
        self.change(|history, told| history.written(seq, told));
    }

    /// All up to `seq` is on the disk for certain: who waits for a flush is told.
    pub fn synced(&self, seq: u64) {
        self.change(|history, told| {
            if let Some(backlog) = history.backlog() {
                backlog.synced(seq, told);
            }
        });
    }

    /// Writing has failed: all who wait for a receipt are told; while that lasts, publishers don't wait for room.
    /// What was handed over counts as not written: it is the keeper's to try again.
    pub fn failed(&self, error: &Error) {
        let mut has_changed = false;
        self.change(|history, told| {
            if let Some(backlog) = history.backlog() {
                backlog.break_all(error, told);
                has_changed = backlog.set_trouble(Some(error.clone()));
            }
        });
        if has_changed {
            self.core.tell_of_trouble(&self.name, Some(error));
        }
    }

    /// Writing works again.
    pub fn recovered(&self) {
        let mut has_changed = false;
        self.change(|history, _| {
            has_changed = history.backlog().is_some_and(|backlog| backlog.set_trouble(None));
        });
        if has_changed {
            self.core.tell_of_trouble(&self.name, None);
        }
    }

    /// The store goes on elsewhere, as another epoch of the bus; `past` reads both what it had and what it will.
    pub fn renewed(&self, epoch: u64, past: Arc<dyn Past>) {
        let mut order = self.core.order.lock();
        if self.history(&mut order).is_none() {
            return;
        }
        order.past = Some(past);
        let mut beginning = self.core.beginning.lock();
        *beginning = beginning.of_epoch(epoch);
    }

    /// Whether the bus is closed: what has come so far is all there will be.
    pub fn is_closed(&self) -> bool {
        self.core.order.lock().closed
    }

    /// Whether the store has been taken off the bus: nobody waits for anything any more.
    pub fn is_gone(&self) -> bool {
        self.history(&mut self.core.order.lock()).is_none()
    }

    /// What waits for this store, unless it has been taken off: another may have its place by then.
    fn history<'o>(&self, order: &'o mut Order) -> Option<&'o mut History> {
        order.history.as_mut().filter(|history| history.is_kept_for(&self.ended))
    }

    fn backlog<'o>(&self, order: &'o mut Order) -> Option<&'o mut Backlog> {
        self.history(order)?.backlog()
    }

    fn change(&self, change: impl FnOnce(&mut History, &mut Told)) {
        let mut told = Told::default();
        if let Some(history) = self.history(&mut self.core.order.lock()) {
            change(history, &mut told);
        }
        told.tell();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.core.end_keeping(&self.ended);
        self.ended.settle(Ok(()));
    }
}
