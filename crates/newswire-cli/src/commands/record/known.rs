//! Which events a store has already, by their ids.
//!
//! The store has no index by id, which every event would have to pay for. But events that come again come with
//! their run or session: its ids are read once, when the first of its events comes.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use newswire::store::{Past, Wanted};
use newswire::{Delivery, Event, Filter, Result, ScopeField};
use newswire_store::{SqliteStore, Store};

/// How many ids are held at a time; of further runs they are read again.
const HELD: usize = 2_000_000;
/// How many events are read at a time.
const READ: usize = 1024;

/// What events are known together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Group {
    Run(Box<str>),
    Session(Box<str>),
    Neither,
}

impl Group {
    fn of(event: &Event) -> Self {
        let scope = event.scope();
        match (scope.get(ScopeField::Run), scope.get(ScopeField::Session)) {
            (Some(run), _) => Self::Run(run.into()),
            (None, Some(session)) => Self::Session(session.into()),
            (None, None) => Self::Neither,
        }
    }

    fn filter(&self) -> Result<Filter> {
        match self {
            Self::Run(run) => Filter::scope(ScopeField::Run, run),
            Self::Session(session) => {
                Filter::scope(ScopeField::Session, session)?.and(Filter::parse("not has run")?)
            }
            Self::Neither => Filter::parse("not has run and not has session"),
        }
    }
}

/// The events of one bus.
pub(super) struct Known {
    past: Arc<dyn Past>,
    /// Whether there is anything in the store to be known.
    is_empty: bool,
    groups: HashMap<Group, HashSet<u128>>,
    held: usize,
    /// How many have come that were there already.
    pub(super) found: u64,
}

impl Known {
    pub(super) fn of(path: &Path, bus: &str) -> Result<Self> {
        let past = SqliteStore::read(path)?.past(bus)?;
        let is_empty = past.first()?.is_none();
        Ok(Self { past, is_empty, groups: HashMap::new(), held: 0, found: 0 })
    }

    /// Whether the event isn't in the store; `store` has it store what it has been given until now.
    pub(super) fn is_new(&mut self, event: &Event, store: impl FnOnce() -> Result<()>) -> Result<bool> {
        let group = Group::of(event);
        if self.held >= HELD {
            store()?;
            self.groups.clear();
            (self.held, self.is_empty) = (0, false);
        }
        if !self.groups.contains_key(&group) {
            let ids = if self.is_empty { HashSet::new() } else { self.ids(&group)? };
            self.held += ids.len();
            self.groups.insert(group.clone(), ids);
        }
        let is_new = self.groups.get_mut(&group).is_none_or(|ids| ids.insert(event.id().as_u128()));
        self.held += usize::from(is_new);
        self.found += u64::from(!is_new);
        Ok(is_new)
    }

    fn ids(&self, group: &Group) -> Result<HashSet<u128>> {
        let filter = group.filter()?;
        let wanted = Wanted { filter: &filter, internal: true };
        let (mut ids, mut from) = (HashSet::new(), 1);
        loop {
            let page = self.past.read(from, &wanted, READ)?;
            if page.through < from {
                return Ok(ids);
            }
            from = page.through + 1;
            let events = page.deliveries.into_iter().filter_map(Delivery::event);
            ids.extend(events.map(|event| event.id().as_u128()));
        }
    }
}
