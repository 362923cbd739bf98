//! A recording or a store that has been opened, and how either is passed on: a heap of messages at a time.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use newswire::{Delivery, Event, Result};
use newswire_recording::{Broken, Import, Report};
use newswire_store::{Events, Query, SqliteStore};

use super::handoff::{Giver, HEAP};
use super::ids::StableIds;
use super::message::Message;
use super::names::{Names, names_in};
use super::wanted::Wanted;

/// How much goes from thread to thread at a time, in bytes.
const HEAP_BYTES: usize = 1 << 20;

/// Something to read that has been opened.
pub(super) enum Opened {
    /// With ids for its events, where it gives them none.
    Recording(Box<Import<'static>>, Option<Box<StableIds>>),
    Store(PathBuf, Box<Events>, Vec<Query>),
}

impl Opened {
    /// Opens the store at `path` for what is wanted.
    pub(super) fn store(path: &Path, wanted: &Wanted) -> Result<Self> {
        let mut queries = wanted.queries()?.into_iter();
        let first = queries.next().unwrap_or_default();
        let events = Events::of(SqliteStore::read(path)?, first)?;
        Ok(Self::Store(path.to_owned(), Box::new(events), queries.collect()))
    }

    /// Passes it on; whether the next recording is wanted.
    pub(super) fn pass_on(
        self,
        to: &Giver<Message>,
        broken: Broken,
        progress: &AtomicU64,
        names: &Mutex<Names>,
    ) -> bool {
        let to = Heap { to, messages: Vec::with_capacity(HEAP), bytes: 0 };
        match self {
            Self::Recording(import, ids) => pass_on_recording(import, to, broken, ids, names),
            Self::Store(path, events, more) => pass_on_store(&path, *events, &more, to, progress),
        }
    }
}

/// Messages that go to the other thread together.
struct Heap<'g> {
    to: &'g Giver<Message>,
    messages: Vec<Message>,
    bytes: usize,
}

impl Heap<'_> {
    /// Adds a message; whether more is wanted. What is there goes on where `last` says that the next may take
    /// its time.
    fn push(&mut self, message: Message, bytes: usize, last: bool) -> bool {
        self.messages.push(message);
        self.bytes += bytes;
        let is_full = self.messages.len() >= HEAP || self.bytes >= HEAP_BYTES;
        !(is_full || last) || self.to.give(self.messages.drain(..), std::mem::take(&mut self.bytes))
    }
}

fn pass_on_recording(
    mut import: Box<Import<'static>>,
    mut to: Heap<'_>,
    broken: Broken,
    mut ids: Option<Box<StableIds>>,
    names: &Mutex<Names>,
) -> bool {
    let mut sound = true;
    while let Some(item) = import.next() {
        if !import.report().unknown_records.is_empty() || !import.report().unknown_fields.is_empty() {
            names_in(names).current(import.report());
        }
        let (message, bytes) = match item {
            Ok(delivery) => {
                let delivery = match &mut ids {
                    Some(ids) => ids.give(delivery),
                    None => delivery,
                };
                let bytes = delivery.as_ref().event().map_or(0, Event::size);
                let (line, records) = (import.line(), import.report().records);
                (Message::Item { delivery, line, records }, bytes)
            }
            Err(error) => {
                sound = false;
                (Message::Broken(Box::new(error), import.is_over()), 0)
            }
        };
        if !to.push(message, bytes, !import.is_ready()) {
            return false;
        }
    }
    names_in(names).end();
    let end = Message::End(Box::new(import.report().clone()));
    to.push(end, 0, true) && (sound || broken == Broken::Skip)
}

/// Passes on a store, whose events are its records, their seqs in the place of lines.
fn pass_on_store(
    path: &Path,
    mut events: Events,
    more: &[Query],
    mut to: Heap<'_>,
    progress: &AtomicU64,
) -> bool {
    let mut report = Report::default();
    let mut pass_on = |item: Result<Delivery>| match item {
        Ok(delivery) => {
            let (line, bytes) = match &delivery {
                Delivery::Event(event) => {
                    report.events += 1;
                    (event.seq(), event.size())
                }
                Delivery::Gap(gap) => {
                    report.gaps += 1;
                    (gap.first, 0)
                }
            };
            report.records += 1;
            progress.fetch_add(bytes as u64, Ordering::Relaxed);
            to.push(Message::Item { delivery, line, records: report.records }, bytes, false)
        }
        Err(error) => to.push(Message::Broken(Box::new(error), true), 0, true),
    };
    let mut all = events.all(&mut pass_on);
    for query in more {
        all = all
            && match SqliteStore::read(path).and_then(|store| Events::of(store, query.clone())) {
                Ok(mut events) => events.all(&mut pass_on),
                Err(error) => pass_on(Err(error)),
            };
    }
    all && to.push(Message::End(Box::new(report)), 0, true)
}
