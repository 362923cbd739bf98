//! Stores: what a bus needs of something that keeps its events beyond the process.
//!
//! The core decides what a store gets and when; the store decides how it is kept. A [`Keeper`] writes, on a
//! thread of its own, what its [`Feed`] hands it; a [`Past`] reads it back for subscriptions that start in the
//! past. The crate `newswire-store` has both for SQLite.

mod feed;
pub(crate) mod receipt;

use std::sync::Arc;
use std::time::Duration;

pub use feed::{Batch, Feed};

use crate::delivery::Delivery;
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::options::check_buffer;

/// Writes the events of one bus, in order.
pub trait Keeper: Send + 'static {
    /// How much may wait for it, and how long publishers do.
    fn bounds(&self) -> QueueBounds {
        QueueBounds::default()
    }

    /// Begins a new epoch of the bus called `bus`; the epoch is on the disk when this returns.
    ///
    /// # Errors
    /// Whatever keeps it from writing: another writer of that bus, the disk.
    fn open(&mut self, bus: &str) -> Result<Opening>;

    /// Writes what comes, until [`Batch::closed`] says that nothing more will, or `feed` is to be given up;
    /// dropping that takes the store off the bus.
    fn keep(self: Box<Self>, feed: Feed);
}

/// What a keeper has found where it writes.
#[derive(Clone)]
pub struct Opening {
    /// Which opening of the bus this is, from 1.
    pub epoch: u64,
    /// Seq of the last event of earlier openings, 0 if there is none; the next has one more.
    pub last: u64,
    /// Reads all of it, and what is written from now on.
    pub past: Arc<dyn Past>,
}

/// Reads back what a store keeps of one bus. Its calls come from the threads of consumers, several at a time,
/// and not under a lock of the bus.
pub trait Past: Send + Sync {
    /// Seq of the oldest event that is kept, or of a gap that is told before it; `None` where nothing is.
    ///
    /// # Errors
    /// What kept it from being read, here and below.
    fn first(&self) -> Result<Option<u64>>;

    /// The last seq that is stored of an epoch and those before it; `None` where it never was.
    ///
    /// # Errors
    /// As [`Past::first`].
    fn epoch_end(&self, epoch: u64) -> Result<Option<u64>>;

    /// Reads from `from` on, in order, up to `limit` events that match.
    ///
    /// # Errors
    /// As [`Past::first`].
    fn read(&self, from: u64, wanted: &Wanted<'_>, limit: usize) -> Result<Page>;

    /// Seq of the `count`-th last event before `end` that matches; the first that is kept where there are fewer.
    ///
    /// # Errors
    /// As [`Past::first`].
    fn nth_last(&self, count: usize, end: u64, wanted: &Wanted<'_>) -> Result<Option<u64>>;

    /// The first seq with that time (ns since the Unix epoch) or later.
    ///
    /// # Errors
    /// As [`Past::first`].
    fn since(&self, time_ns: i64) -> Result<Option<u64>>;
}

/// Which events a reader wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Those that match.
    pub filter: &'a Filter,
    /// Internal ones too.
    pub internal: bool,
}

/// A piece of the past.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Events and gaps, in order.
    pub deliveries: Vec<Delivery>,
    /// Seq up to which all has been read; below `from` where nothing is kept from there on.
    pub through: u64,
}

/// How much may wait for a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueBounds {
    /// How many events; 16,384.
    pub events: usize,
    /// How many bytes; 64 MiB. No fewer than one event may have.
    pub bytes: usize,
    /// How long a publisher waits for room; 1 s.
    pub max_wait: Duration,
}

impl QueueBounds {
    /// Refuses what some event could never fit.
    pub(crate) fn check(&self) -> Result<()> {
        check_buffer(self.events, self.bytes).map_err(|error| error.at_path("options.queue"))
    }
}

impl Default for QueueBounds {
    fn default() -> Self {
        Self { events: 16 * 1024, bytes: 64 << 20, max_wait: Duration::from_secs(1) }
    }
}

/// A store at one moment.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct StoreStats {
    /// How many events it has written.
    pub stored: u64,
    /// How many were lost to it for want of room.
    pub dropped: u64,
    /// How many wait to be written.
    pub lag: u64,
    /// Their bytes.
    pub lag_bytes: u64,
    /// What is wrong with it; `None` while it is well.
    pub trouble: Option<Error>,
}
