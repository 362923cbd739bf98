//! What any store can do, whatever keeps its bytes.

use std::sync::Arc;

use newswire::store::Past;
use newswire::{Delivery, Error, Result};

use crate::options::Retention;
use crate::runs::{RunInfo, RunQuery};

/// A place that keeps the events of buses, each by its name. Reading goes by [`Past`]: after a position, with a
/// filter and a limit; by run or session, with the filter `run=...` or `session=...`.
pub trait Store: Send + Sync + 'static {
    /// Begins a new epoch of the bus: it is on the disk when this returns. There is one writer for each bus.
    ///
    /// # Errors
    /// `Full` where another writes this bus, with who that is; `Io` where the disk doesn't let it.
    fn writer(&self, bus: &str) -> Result<Box<dyn Writer>>;

    /// Reads a bus, also one that somebody else writes.
    ///
    /// # Errors
    /// `OutOfRange` where the store has no such bus; `Io`.
    fn past(&self, bus: &str) -> Result<Arc<dyn Past>>;

    /// Sets the file aside after a final fault and begins a new one in its place, in which this bus goes on after
    /// `last`, as what it was: its number, its epochs. Who still reads the old file goes on reading it. Where
    /// somebody else has set the file aside already, theirs is the one in its place.
    ///
    /// # Errors
    /// What kept it from that.
    fn renew(&self, bus: &str, last: u64) -> Result<()>;

    /// The buses that it has, by name, with their first and last events.
    ///
    /// # Errors
    /// `Io` where it can't be read.
    fn buses(&self) -> Result<Vec<BusInfo>>;

    /// Tells `each` the wanted runs, those that began last at the end, until it says false. What they came to is kept
    /// beside their events, which aren't read for it. Gives the number of those whose figures are damaged.
    ///
    /// # Errors
    /// `Io` where it can't be read.
    fn runs(&self, query: &RunQuery, each: &mut dyn FnMut(RunInfo) -> bool) -> Result<u64>;

    /// Reads everything and compares it with its checksums.
    ///
    /// # Errors
    /// `Io` where it can't be read at all.
    fn verify(&self) -> Result<Verified>;
}

/// Writes one bus; dropping it gives up its place, as the end of the process does.
pub trait Writer: Send {
    /// Which opening of the bus this is.
    fn epoch(&self) -> u64;

    /// The last seq that is stored.
    fn last(&self) -> u64;

    /// Stores events and gaps that follow [`Writer::last`], all or none. They survive the death of the process then,
    /// and a loss of power once its [`Syncer`] has synced.
    ///
    /// # Errors
    /// What kept it from that; the store is as it was before, unless the fault is final.
    fn append(&mut self, deliveries: &[Delivery]) -> Result<(), Fault>;

    /// What has the disk keep it, beside this writer.
    fn syncer(&self) -> Arc<dyn Syncer>;

    /// Begins anew after a fault that isn't final, and finds out what is stored.
    ///
    /// # Errors
    /// What keeps it from that.
    fn recover(&mut self) -> Result<(), Fault>;

    /// Deletes a small piece of what `retention` doesn't keep, and gives a little of the room back; says whether
    /// there is more to do.
    ///
    /// # Errors
    /// What kept it from that.
    fn prune(&mut self, retention: &Retention) -> Result<bool, Fault>;
}

/// Has the disk keep what a writer stores, on another thread than it is stored on.
pub trait Syncer: Send + Sync {
    /// Has all survive a loss of power that was stored before the call.
    ///
    /// # Errors
    /// What kept it from that, always final; so is every call after that.
    fn sync(&self) -> Result<(), Fault>;
}

/// Why something could not be written.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What is wrong.
    pub error: Error,
    /// Whether nothing will be written to this file any more: after a failed fsync nobody knows what of it is on
    /// the disk, and trying again would only seem to help.
    pub is_final: bool,
}

/// A bus in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusInfo {
    /// Its name.
    pub name: String,
    /// How often it was opened.
    pub epochs: u64,
    /// Seq of the oldest event that is kept.
    pub first: Option<u64>,
    /// The last seq, whether it is kept or not.
    pub last: u64,
}

/// What a look at everything has found.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// How many events are as they were stored.
    pub good: u64,
    /// Those that aren't; the first thousand.
    pub damaged: Vec<Damage>,
    /// What the database says of its own structure, where that is damaged.
    pub structure: Vec<String>,
}

/// An event that isn't as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Its bus.
    pub bus: String,
    /// Its seq.
    pub seq: u64,
    /// What is wrong.
    pub what: String,
}
