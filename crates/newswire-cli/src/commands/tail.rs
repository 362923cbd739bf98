//! `newswire tail`: the last events of a store, and those that other processes add to it.
//!
//! What other processes write is looked for often rather than waited for: a look at a store in which nothing has
//! come costs some microseconds, and works across processes and systems.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use newswire::{Delivery, Error, Result};
use newswire_store::{Begin, Events, Query, SqliteStore};

use super::options::Matching;
use crate::exit::{INTERRUPTED, OK};
use crate::input::store_to_read;
use crate::output::{Display, Io};

/// Shows the last events of a store, and follows it while others write it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire tail events.db
  newswire tail -f events.db --filter 'tool.call.failed'
  newswire tail -f events.db -n 0 --json | jq -r .kind

What other processes write appears within a quarter of a second. A store that takes the place of this one is
followed from its beginning. Ctrl-C ends it, and so does a reader of the output that goes away.")]
pub(crate) struct Tail {
    /// The store
    store: PathBuf,

    /// Goes on with what is written from now on
    #[arg(short, long)]
    follow: bool,

    #[command(flatten)]
    matching: Matching,

    /// How many events, at most 100000
    #[arg(short = 'n', long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(..=100_000))]
    number: u32,

    /// Only what was published on that bus
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
}

/// How often it is looked whether something has come.
const POLL: Duration = Duration::from_millis(40);
/// After how many such looks it is looked for new buses, and whether the file is still the same.
const FURTHER: u32 = 4;

/// Shows the last events, and follows.
///
/// # Errors
/// Where the filter or the store can't be read, or the output can't be written.
pub(crate) fn tail(args: &Tail, io: &mut Io) -> Result<u8> {
    let filter = match args.matching.filter() {
        Ok(filter) => filter,
        Err(error) => return Ok(io.refuse(&error)),
    };
    let (path, store) = store_to_read(&args.store)?;
    let count = args.number as usize;
    let query = Query { filter, bus: args.bus.clone(), begin: Begin::Last(count) };
    let identity = Identity::of(&path);
    let mut events = Events::of(store, query.clone())?;
    let mut display = Display::new(io, io.width);
    let broken = last(&mut events, count, &mut display)?;
    display.flush()?;
    if let Some(error) = broken.filter(|_| !args.follow) {
        return Err(error);
    }
    if args.follow && !io.is_stopped() {
        let query = Query { begin: Begin::Oldest, ..query };
        Following { path, identity, query, events, told: None }.run(&mut display, io)?;
    }
    display.end()?;
    Ok(if io.is_stopped() { INTERRUPTED } else { OK })
}

/// Shows the last events, those of all buses taken together; gives what kept it from reading them all.
fn last(events: &mut Events, count: usize, display: &mut Display) -> Result<Option<Error>> {
    let (mut held, mut matching, mut broken) = (VecDeque::new(), 0, None);
    for delivery in events.by_ref() {
        match delivery {
            Ok(delivery) => {
                matching += usize::from(matches!(delivery, Delivery::Event(_)));
                held.push_back(delivery);
            }
            Err(error) => broken = Some(error),
        }
        while matching > count
            && let Some(first) = held.pop_front()
        {
            matching -= usize::from(matches!(first, Delivery::Event(_)));
        }
    }
    held.iter().try_for_each(|delivery| display.delivery(delivery.as_ref()))?;
    Ok(broken)
}

/// A store that is being followed.
struct Following {
    path: PathBuf,
    identity: Option<Identity>,
    query: Query,
    events: Events,
    /// What is wrong and has been told.
    told: Option<String>,
}

impl Following {
    fn run(&mut self, display: &mut Display, io: &mut Io) -> Result<()> {
        let mut looks = 0_u32;
        loop {
            while let Some(delivery) = self.events.next() {
                match delivery {
                    Ok(delivery) => display.delivery(delivery.as_ref())?,
                    Err(error) => self.tell(&error, io),
                }
                if io.is_stopped() || io.out.is_unread() {
                    return Ok(());
                }
            }
            display.flush()?;
            if io.is_stopped() || io.is_abandoned() {
                return Ok(());
            }
            thread::sleep(POLL);
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(FURTHER)
                && let Err(error) = self.look_further()
            {
                self.tell(&error, io);
            }
        }
    }

    /// Finds new buses, and another file in the place of this one.
    fn look_further(&mut self) -> Result<()> {
        let identity = Identity::of(&self.path);
        if identity.is_some() && identity != self.identity {
            // What the file that was here before still had is shown before.
            let opened = Events::of(SqliteStore::read(&self.path)?, self.query.clone())?;
            (self.events, self.identity, self.told) = (opened, identity, None);
            return Ok(());
        }
        if identity.is_some() {
            self.events.look()?;
            self.told = None;
        }
        Ok(())
    }

    /// Tells what is wrong, once.
    fn tell(&mut self, error: &Error, io: &mut Io) {
        let text = error.to_string();
        if self.told.as_ref() != Some(&text) {
            io.tell(&text);
            self.told = Some(text);
        }
    }
}

/// Which file it is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        path.metadata().ok().map(|file| Self(file.dev(), file.ino()))
    }

    #[cfg(not(unix))]
    fn of(path: &Path) -> Option<Self> {
        let made = path.metadata().ok()?.created().ok()?;
        let since = made.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(Self(since.as_secs(), u64::from(since.subsec_nanos())))
    }
}
