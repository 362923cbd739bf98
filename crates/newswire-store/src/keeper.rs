//! The writing side of a store on a bus: one thread that takes what has come, stores it in one transaction,
//! and says so.
//!
//! While one transaction is written the next batch gathers, so that the batches grow with the load and one fsync
//! serves all who wait for a receipt.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use newswire::store::{Feed, Keeper, Opening, Past, QueueBounds};
use newswire::{Delivery, Result};

use crate::chain::Chain;
use crate::options::{Durability, StoreOptions};
use crate::store::{Fault, Store, Writer};

/// How many events one transaction has at most.
const BATCH: usize = 4096;
/// After how long something unsynced is synced with [`Durability::Normal`]: half of the 50 ms that a loss of power may
/// cost, since waking up, writing and the disk take their time too.
const UNSYNCED: Duration = Duration::from_millis(25);
/// How soon a failing store is tried again.
const RETRY: Duration = Duration::from_millis(250);
/// How long a closed bus is held for a store that fails.
const LAST_TRY: Duration = Duration::from_secs(5);
/// How often it is looked whether something is too old.
const PRUNE_EVERY: Duration = Duration::from_secs(10);
/// How soon the next step of pruning follows where there is more to do.
const PRUNE_NEXT: Duration = Duration::from_millis(20);

/// Writes what a bus publishes into a store.
pub struct StoreKeeper<S> {
    store: S,
    options: StoreOptions,
    opened: Option<Opened>,
}

/// A bus of the store.
struct Opened {
    bus: String,
    writer: Box<dyn Writer>,
    past: Arc<dyn Past>,
}

impl<S: Store> StoreKeeper<S> {
    /// A keeper that isn't on a bus yet: give it to [`Bus::attach_store`](newswire::Bus::attach_store).
    pub fn new(store: S, options: StoreOptions) -> Self {
        Self { store, options, opened: None }
    }
}

impl<S: Store> Keeper for StoreKeeper<S> {
    fn bounds(&self) -> QueueBounds {
        self.options.queue
    }

    fn open(&mut self, bus: &str) -> Result<Opening> {
        let writer = self.store.writer(bus)?;
        let past = self.store.past(bus)?;
        let opening = Opening { epoch: writer.epoch(), last: writer.last(), past: past.clone() };
        self.opened = Some(Opened { bus: bus.to_owned(), writer, past });
        Ok(opening)
    }

    fn keep(self: Box<Self>, feed: Feed) {
        let Self { store, options, opened } = *self;
        if let Some(Opened { bus, writer, past }) = opened {
            let is_finite = options.retention.is_finite();
            let prune_at = is_finite.then(|| Instant::now() + PRUNE_NEXT);
            let writer = Some(writer);
            Run {
                writer,
                feed,
                store,
                bus,
                past,
                options,
                unsynced: None,
                pending: Vec::new(),
                prune_at,
                last: 0,
            }
            .run();
        }
    }
}

/// The life of the store's thread.
struct Run<S> {
    // Goes before the feed, so that whoever sees the bus closed finds the store free; `None` while a new file is
    // to be begun.
    writer: Option<Box<dyn Writer>>,
    feed: Feed,
    store: S,
    bus: String,
    past: Arc<dyn Past>,
    options: StoreOptions,
    /// Since when there is something that a loss of power would cost.
    unsynced: Option<Instant>,
    /// What has been taken and isn't stored.
    pending: Vec<Delivery>,
    prune_at: Option<Instant>,
    /// The last seq of the file that is given up.
    last: u64,
}

impl<S: Store> Run<S> {
    fn run(mut self) {
        loop {
            let batch = self.feed.next(BATCH, self.patience());
            self.pending = batch.deliveries;
            if let Err(fault) = self.work(batch.flush || batch.closed) {
                if !self.overcome(fault) {
                    return;
                }
            } else if batch.closed {
                return;
            }
        }
    }

    /// How long nothing has to be done unless something comes.
    fn patience(&self) -> Duration {
        let sync_at = self.unsynced.map(|since| since + UNSYNCED);
        let due = sync_at.into_iter().chain(self.prune_at).min();
        due.map_or(Duration::from_secs(3600), |due| due.saturating_duration_since(Instant::now()))
    }

    /// Stores what is pending, and does what is due.
    fn work(&mut self, flush: bool) -> Result<(), Fault> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let last = writer.last();
        self.pending.retain(|delivery| last_seq(delivery) > last);
        if !self.pending.is_empty() {
            writer.append(&self.pending)?;
            self.pending.clear();
            self.unsynced.get_or_insert_with(Instant::now);
        }
        let last = writer.last();
        if self.options.durability == Durability::Full {
            self.unsynced = None;
            self.feed.written(last);
            self.feed.synced(last);
        } else {
            self.feed.written(last);
            let is_due = self.unsynced.is_some_and(|since| since.elapsed() >= UNSYNCED);
            if flush || is_due && self.options.durability == Durability::Normal {
                writer.sync()?;
                self.feed.synced(last);
            }
            if flush || is_due {
                self.unsynced = None;
            }
        }
        if self.prune_at.is_some_and(|at| at <= Instant::now()) {
            let has_more = writer.prune(&self.options.retention)?;
            self.prune_at = Some(Instant::now() + if has_more { PRUNE_NEXT } else { PRUNE_EVERY });
        }
        Ok(())
    }

    /// Tries again until it works; false where it is given up.
    fn overcome(&mut self, mut fault: Fault) -> bool {
        let mut closed_since = None;
        loop {
            self.feed.failed(&fault.error);
            if self.feed.is_gone() {
                return false;
            }
            if self.feed.is_closed() {
                let since = *closed_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= LAST_TRY {
                    return false;
                }
            }
            thread::sleep(RETRY);
            let again = match &mut self.writer {
                Some(writer) if !fault.is_final => writer.recover(),
                _ => self.renew(),
            };
            match again.and_then(|()| self.work(true)) {
                Ok(()) => {
                    self.feed.recovered();
                    return true;
                }
                Err(next) => fault = next,
            }
        }
    }

    /// Goes on in a new file. What had no receipt is written there; what had one, the old file keeps.
    fn renew(&mut self) -> Result<(), Fault> {
        let failed = |error| Fault { error, is_final: true };
        let last = match self.writer.take() {
            Some(writer) => {
                self.last = writer.last();
                self.last
            }
            None => self.last,
        };
        self.store.renew(&self.bus, last).map_err(failed)?;
        let writer = self.store.writer(&self.bus).map_err(failed)?;
        let newer = self.store.past(&self.bus).map_err(failed)?;
        self.past = Arc::new(Chain { older: self.past.clone(), until: last, newer });
        self.feed.renewed(writer.epoch(), self.past.clone());
        self.unsynced = None;
        self.writer = Some(writer);
        Ok(())
    }
}

/// The last seq that it is about.
pub(crate) fn last_seq(delivery: &Delivery) -> u64 {
    match delivery {
        Delivery::Event(event) => event.seq(),
        Delivery::Gap(gap) => gap.last,
    }
}
