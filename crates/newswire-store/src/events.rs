//! The events of a store as an iterator, of one bus or of all, which can also follow what others write.

use std::collections::VecDeque;
use std::sync::Arc;

use newswire::store::{Page, Past, Wanted};
use newswire::{Delivery, Error, ErrorKind, Filter, Result};

use crate::store::Store;

/// How many events are read at a time, of all buses together.
const READ: usize = 1024;
/// How many to begin with, when it isn't known how large they are.
const FIRST: usize = 16;
/// About how many bytes of them are held, of all buses together.
const HELD: usize = 8 << 20;

/// Which events of a store are wanted; all by default.
#[derive(Clone, Debug)]
pub struct Query {
    /// Those that match.
    pub filter: Filter,
    /// Those of this bus only.
    pub bus: Option<String>,
    /// Where to begin.
    pub begin: Begin,
}

/// Where reading a store begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Begin {
    /// At the oldest event that is kept.
    #[default]
    Oldest,
    /// So many matching events before the end; of each bus, where there are several.
    Last(usize),
    /// At the first event of a bus of that time or later, in nanoseconds since the Unix epoch.
    Since(i64),
}

impl Default for Query {
    fn default() -> Self {
        Self { filter: Filter::all(), bus: None, begin: Begin::Oldest }
    }
}

/// The events and gaps of a store. Each bus's come in their order; where there are several, the bus whose next event
/// is the earliest comes first.
///
/// After `None` it may be asked again: what has been written meanwhile follows. [`Events::look`] finds new buses.
///
/// ```
/// use newswire::{Bus, BusOptions, Event};
/// use newswire_store::{Events, Query, SqliteStore};
/// # let folder = std::env::temp_dir().join(format!("newswire-events-doc-{}", std::process::id()));
/// # let path = folder.join("events.db");
///
/// newswire_store::register()?;
/// let bus = Bus::with(BusOptions { name: "nightly".into(), ..BusOptions::default() })?;
/// bus.attach(&format!("sqlite:{}", path.display()))?;
/// bus.publish(Event::builder("deploy.finished".parse()?).build()?)?;
/// bus.close(std::time::Duration::from_secs(10));
///
/// let events = Events::of(SqliteStore::read(&path)?, Query::default())?;
/// assert_eq!(events.filter_map(|delivery| delivery.ok()?.event()).count(), 1);
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok::<(), newswire::Error>(())
/// ```
///
/// A player takes it as it takes any recording: `Player::of(events, options)`.
pub struct Events {
    store: Box<dyn Store>,
    query: Query,
    buses: Vec<BusEvents>,
    failed: bool,
}

/// The events of one bus.
struct BusEvents {
    name: String,
    past: Arc<dyn Past>,
    /// From where on nothing has been read.
    next: u64,
    read: VecDeque<Delivery>,
    /// How large the events were that were read last, on average.
    size: usize,
    /// The latest time that has been passed on, where that of the next event tells nothing.
    time_ns: i64,
}

impl Events {
    /// Begins to read.
    ///
    /// # Errors
    /// `OutOfRange` where the store has no bus of the name that is asked for; `Io` where it can't be read.
    pub fn of(store: impl Store, query: Query) -> Result<Self> {
        let mut events = Self { store: Box::new(store), query, buses: Vec::new(), failed: false };
        let begin = events.query.begin;
        events.find(begin)?;
        match &events.query.bus {
            Some(name) if events.buses.is_empty() => {
                Err(Error::new(ErrorKind::OutOfRange, format!("the store has no bus {name:?}"))
                    .expecting(known(&*events.store)?))
            }
            _ => Ok(events),
        }
    }

    /// Looks for buses that have begun to write since.
    ///
    /// # Errors
    /// `Io` where the store can't be read.
    pub fn look(&mut self) -> Result<()> {
        self.find(Begin::Oldest)
    }

    fn find(&mut self, begin: Begin) -> Result<()> {
        for info in self.store.buses()? {
            let wanted = self.query.bus.as_ref().is_none_or(|name| *name == info.name);
            if !wanted || self.buses.iter().any(|bus| bus.name == info.name) {
                continue;
            }
            let past = self.store.past(&info.name)?;
            let matching = wanted_by(&self.query);
            let next = match begin {
                Begin::Oldest => Some(1),
                Begin::Last(0) => None,
                Begin::Last(count) => past.nth_last(count, info.last + 1, &matching)?,
                Begin::Since(time_ns) => past.since(time_ns)?,
            };
            let next = next.unwrap_or(info.last + 1);
            self.buses.push(BusEvents {
                name: info.name,
                past,
                next,
                read: VecDeque::new(),
                size: 0,
                time_ns: i64::MIN,
            });
        }
        Ok(())
    }
}

fn wanted_by(query: &Query) -> Wanted<'_> {
    Wanted { filter: &query.filter, internal: true }
}

fn known(store: &dyn Store) -> Result<String> {
    let names: Vec<_> = store.buses()?.into_iter().map(|bus| format!("{:?}", bus.name)).collect();
    Ok(if names.is_empty() { "a store with buses".into() } else { format!("one of {}", names.join(", ")) })
}

impl BusEvents {
    /// Reads on if nothing is held, up to about so many events and bytes, and gives when the next event happened.
    fn next_time(&mut self, wanted: &Wanted<'_>, count: usize, bytes: usize) -> Result<Option<i64>> {
        while self.read.is_empty() {
            let count = bytes.checked_div(self.size).map_or(FIRST, |room| room.clamp(1, count));
            let Page { deliveries, through } = self.past.read(self.next, wanted, count)?;
            if through < self.next {
                return Ok(None);
            }
            self.next = through + 1;
            let sizes = deliveries.iter().filter_map(|delivery| match delivery {
                Delivery::Event(event) => Some(event.size()),
                Delivery::Gap(_) => None,
            });
            let (events, bytes) =
                sizes.fold((0, 0_usize), |(count, sum), size| (count + 1, sum.saturating_add(size)));
            self.size = bytes.checked_div(events).unwrap_or(self.size);
            self.read.extend(deliveries);
        }
        Ok(self.read.front().map(|delivery| match delivery {
            // 0 is what sources without a clock have.
            Delivery::Event(event) if event.time_ns() != 0 => event.time_ns().max(self.time_ns),
            _ => self.time_ns,
        }))
    }
}

impl Iterator for Events {
    type Item = Result<Delivery>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let wanted = wanted_by(&self.query);
        let buses = self.buses.len().max(1);
        let (count, bytes) = ((READ / buses).max(FIRST), HELD / buses);
        let mut earliest: Option<(i64, &mut BusEvents)> = None;
        for bus in &mut self.buses {
            match bus.next_time(&wanted, count, bytes) {
                Ok(Some(time)) if earliest.as_ref().is_none_or(|(other, _)| time < *other) => {
                    earliest = Some((time, bus));
                }
                Ok(_) => {}
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        let (time, bus) = earliest?;
        bus.time_ns = time;
        bus.read.pop_front().map(Ok)
    }
}
