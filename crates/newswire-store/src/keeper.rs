//! The writing side of a store on a bus: one thread that takes what has come and stores it in one transaction, and
//! one that has the disk keep it and says so.
//!
//! While one transaction is written the next batch gathers, and while the disk is busy the next is written: so batches
//! grow with the load, one fsync serves all who wait for a receipt, and neither disk nor processor waits for the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use newswire::store::{Feed, Keeper, Opening, Past, QueueBounds};
use newswire::{Delivery, Error, ErrorKind, Result};

use crate::chain::Chain;
use crate::options::{Durability, Retention, StoreOptions};
use crate::store::{Fault, Store, Writer};
use crate::syncing::Syncing;

/// How many events one transaction has at most.
const BATCH: usize = 4096;
/// How many are written too soon for being worth a transaction of their own.
const FEW: usize = 64;
/// After how long something unsynced is synced with [`Durability::Normal`]: half of the 50 ms that a loss of power may
/// cost, since waking up, writing and the disk take their time too.
const UNSYNCED: Duration = Duration::from_millis(25);
/// How long events may come together while the disk is busy with those before.
const GATHER: Duration = Duration::from_micros(200);
/// How soon a failing store is tried again.
const RETRY: Duration = Duration::from_millis(250);
/// How long a closed bus is held for a store that fails.
const LAST_TRY: Duration = Duration::from_secs(5);
/// How often it is looked whether something is too old, or too much.
const PRUNE_EVERY: Duration = Duration::from_secs(10);
/// How soon the next step of pruning follows where there is more to do.
const PRUNE_NEXT: Duration = Duration::from_millis(20);
/// After how many events, or bytes, or what part of the bound, it is looked before that whether there is too much.
const MUCH: (u64, u64, u64) = (4096, 4 << 20, 8);
/// How many steps of pruning follow one another then: they delete more than has come.
const STEPS: usize = 3;
/// How long a bus that is closed waits for what is too much.
const LAST_PRUNE: Duration = Duration::from_millis(250);

/// Writes what a bus publishes into a store.
pub struct StoreKeeper<S> {
    store: S,
    options: StoreOptions,
    opened: Option<Opened>,
}

/// A bus of the store.
struct Opened {
    bus: String,
    syncing: Syncing,
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
        let syncing = Syncing::begin(writer.syncer(), writer.last())?;
        self.opened = Some(Opened { bus: bus.to_owned(), syncing, writer, past });
        Ok(opening)
    }

    fn keep(self: Box<Self>, feed: Feed) {
        let Self { store, options, opened } = *self;
        if let Some(Opened { bus, syncing, writer, past }) = opened {
            let is_finite = options.retention.is_finite();
            let prune_at = is_finite.then(|| Instant::now() + PRUNE_NEXT);
            let writer = Some(writer);
            let feed = Arc::new(feed);
            let (told, receipts_wait) = (feed.clone(), options.durability == Durability::Full);
            syncing.tells(move |seq| {
                if receipts_wait {
                    told.written(seq);
                }
                told.synced(seq);
            });
            Run {
                syncing,
                writer,
                feed,
                store,
                bus,
                past,
                options,
                sync_at: None,
                pace: Duration::ZERO,
                pending: Vec::new(),
                unsynced: VecDeque::new(),
                prune_at,
                since: (0, 0),
                last: 0,
            }
            .run();
        }
    }
}

/// The life of the store's thread.
struct Run<S> {
    // All three go before the feed, so that whoever sees the bus closed finds the store free.
    syncing: Syncing,
    /// `None` while a new file is to be begun.
    writer: Option<Box<dyn Writer>>,
    past: Arc<dyn Past>,
    feed: Arc<Feed>,
    store: S,
    bus: String,
    options: StoreOptions,
    /// When what a loss of power would cost is synced, with [`Durability::Normal`].
    sync_at: Option<Instant>,
    /// How long storing an event takes.
    pace: Duration,
    /// What has been taken and isn't stored.
    pending: Vec<Delivery>,
    /// What is stored and has no receipt before the disk keeps it, with [`Durability::Full`].
    unsynced: VecDeque<Delivery>,
    prune_at: Option<Instant>,
    /// How many events and bytes have been stored since it was last looked for what is too much.
    since: (u64, u64),
    /// The last seq of the file that is given up.
    last: u64,
}

impl<S: Store> Run<S> {
    fn run(mut self) {
        loop {
            let share = self.share();
            let batch = self.feed.next(share, self.patience());
            self.pending = batch.deliveries;
            if let Err(fault) = self.work(batch.flush || batch.closed) {
                if !self.overcome(fault) {
                    return;
                }
            } else if batch.closed {
                return self.prune_last();
            }
        }
    }

    /// How much is taken at a time, where receipts wait for the disk. One half of what is on its way is written while
    /// the other is synced, unless the disk takes much longer than writing does: then all of it is written and synced
    /// at once.
    fn share(&mut self) -> usize {
        if self.options.durability != Durability::Full {
            return BATCH;
        }
        let on_its_way = self.feed.unwritten();
        let (told, took) = self.syncing.last();
        if self.syncing.is_busy() {
            let writing = self.pace.saturating_mul(u32::try_from(on_its_way).unwrap_or(u32::MAX));
            let is_slow = took > 2 * writing;
            if is_slow {
                // What is wrong with it is seen to when the next is written.
                self.settle();
            }
            // As many publishers have been told as are about to come back: their events are one batch.
            let back = if is_slow { self.syncing.last().0 } else { told.min(on_its_way.div_ceil(2)) };
            self.feed.gather(back, GATHER);
            if is_slow {
                return BATCH;
            }
        }
        on_its_way.div_ceil(2).clamp(FEW, BATCH)
    }

    /// How long nothing has to be done unless something comes.
    fn patience(&self) -> Duration {
        let now = Instant::now();
        // Whether that has ended well is looked at by the way.
        let look_at = (!self.unsynced.is_empty() || self.syncing.is_busy()).then(|| now + UNSYNCED);
        let due = look_at.into_iter().chain(self.sync_at).chain(self.prune_at).min();
        due.map_or(Duration::from_secs(3600), |due| due.saturating_duration_since(now))
    }

    /// Stores what is pending, and does what is due; where `settles`, it waits for the disk.
    fn work(&mut self, settles: bool) -> Result<(), Fault> {
        let Some(last) = self.writer.as_ref().map(|writer| writer.last()) else { return Ok(()) };
        // What a try before has stored after all isn't stored again.
        self.put_by(last);
        let is_done = self.pending.is_empty();
        let stored = self.append();
        let last = self.writer.as_ref().map_or(last, |writer| writer.last());
        self.put_by(last);
        if self.options.durability == Durability::Full {
            self.syncing.ask(last);
        } else {
            self.feed.written(last);
        }
        stored?;
        if self.options.durability == Durability::Normal && !is_done {
            self.sync_at.get_or_insert_with(|| Instant::now() + UNSYNCED);
        }
        if settles || self.sync_at.is_some_and(|at| at <= Instant::now()) {
            self.syncing.ask(last);
            self.sync_at = None;
        }
        if settles {
            self.settle().map_or(Ok(()), Err)?;
            self.feed.synced(last);
        }
        let synced = self.syncing.done()?;
        self.let_go(synced);
        let is_much = self.is_much();
        if is_much || self.prune_at.is_some_and(|at| at <= Instant::now()) {
            self.prune(if is_much { STEPS } else { 1 })?;
        }
        Ok(())
    }

    /// Whether so much has come since it was last looked that a bound may be left far behind.
    fn is_much(&self) -> bool {
        let Retention { max_events, max_bytes, .. } = self.options.retention;
        let (events, bytes, part) = MUCH;
        max_events.is_some_and(|bound| self.since.0 >= events.max(bound / part))
            || max_bytes.is_some_and(|bound| self.since.1 >= bytes.max(bound / part))
    }

    /// Deletes what isn't kept, in so many steps at most; says whether there is more.
    fn prune(&mut self, steps: usize) -> Result<bool, Fault> {
        let Some(writer) = &mut self.writer else { return Ok(false) };
        let mut has_more = true;
        for _ in 0..steps {
            has_more = has_more && writer.prune(&self.options.retention)?;
        }
        self.since = (0, 0);
        self.prune_at = Some(Instant::now() + if has_more { PRUNE_NEXT } else { PRUNE_EVERY });
        Ok(has_more)
    }

    /// What is too much in the end goes, as far as there is time. All is stored, so an error changes nothing.
    fn prune_last(mut self) {
        let until = Instant::now() + LAST_PRUNE;
        while self.prune_at.is_some()
            && !self.feed.is_gone()
            && Instant::now() < until
            && self.prune(1).is_ok_and(|has_more| has_more)
        {}
    }

    fn append(&mut self) -> Result<(), Fault> {
        let (Some(writer), false) = (&mut self.writer, self.pending.is_empty()) else { return Ok(()) };
        let (began, count) = (Instant::now(), u32::try_from(self.pending.len()).unwrap_or(u32::MAX));
        let stored = writer.append(&self.pending);
        self.pace = (3 * self.pace + began.elapsed() / count.max(1)) / 4;
        stored
    }

    /// Everything up to that seq is stored.
    fn put_by(&mut self, last: u64) {
        let stored = self.pending.partition_point(|one| last_seq(one) <= last);
        let stored = self.pending.drain(..stored);
        if self.prune_at.is_some() {
            let events = stored.as_slice().iter().filter_map(|delivery| match delivery {
                Delivery::Event(event) => Some(event.size() as u64),
                Delivery::Gap(_) => None,
            });
            self.since = events.fold(self.since, |(count, sum), size| (count + 1, sum + size));
        }
        if self.options.durability == Durability::Full {
            self.unsynced.extend(stored);
        }
    }

    /// Waits for the disk; gives what is wrong with it.
    fn settle(&mut self) -> Option<Fault> {
        let (synced, fault) = self.syncing.settle();
        self.let_go(synced);
        fault
    }

    /// The disk keeps everything up to that seq.
    fn let_go(&mut self, synced: u64) {
        let kept = self.unsynced.partition_point(|one| last_seq(one) <= synced);
        self.unsynced.drain(..kept);
    }

    /// Tries again until it works; false where it is given up.
    fn overcome(&mut self, mut fault: Fault) -> bool {
        let mut closed_since = None;
        loop {
            // What was stored before may yet have its receipt; and what is being synced would count as synced in a new
            // file, under whose seqs it isn't.
            self.settle();
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
                // What is stored there without a receipt comes first here.
                self.pending.splice(..0, self.unsynced.drain(..));
                self.last =
                    self.pending.first().map_or(writer.last(), |next| writer.last().min(first_seq(next) - 1));
                self.last
            }
            None => self.last,
        };
        self.store.renew(&self.bus, last).map_err(failed)?;
        let writer = self.store.writer(&self.bus).map_err(failed)?;
        if writer.last() > last {
            let message = format!("the file that is there now has later events of the bus {:?}", self.bus);
            return Err(failed(
                Error::new(ErrorKind::Full, message).expecting("a file that doesn't, or none"),
            ));
        }
        let newer = self.store.past(&self.bus).map_err(failed)?;
        self.past = Arc::new(Chain { older: self.past.clone(), until: last, newer });
        self.feed.renewed(writer.epoch(), self.past.clone());
        self.sync_at = None;
        self.syncing.renew(writer.syncer(), last);
        self.writer = Some(writer);
        Ok(())
    }
}

/// The first seq that it is about.
pub(crate) fn first_seq(delivery: &Delivery) -> u64 {
    match delivery {
        Delivery::Event(event) => event.seq(),
        Delivery::Gap(gap) => gap.first,
    }
}

/// The last seq that it is about.
pub(crate) fn last_seq(delivery: &Delivery) -> u64 {
    match delivery {
        Delivery::Event(event) => event.seq(),
        Delivery::Gap(gap) => gap.last,
    }
}
