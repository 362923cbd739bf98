//! What a command reads: a recording, in any format, or a store. Which of them a file is, its beginning tells.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use newswire::{Delivery, Error, Event, Filter, Result, ScopeField};
use newswire_recording::{Broken, Import, Report};
use newswire_store::{Begin, Events, Query, SqliteStore, is_store, read_url};

use crate::handoff::{Giver, HEAP};
use crate::ids::StableIds;
use crate::names::Names;
use crate::reading::{Message, names_in};

/// How stores are named that are no plain files.
const SCHEME: &str = "sqlite:";

/// How much goes from thread to thread at a time, in bytes.
const HEAP_BYTES: usize = 1 << 20;

/// What a command wants of what it reads. A store is asked for that alone; of a recording more may come, and
/// the command looks for itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Only events that match.
    pub(crate) filter: Option<Filter>,
    /// Whether the reader of a recording, too, may leave out what the filter doesn't want, unlooked at.
    pub(crate) passes_over: bool,
    /// Only events of that time or later.
    pub(crate) from_ns: Option<i64>,
    /// Only events of that time or earlier.
    pub(crate) to_ns: Option<i64>,
    /// Only events of that bus of a store.
    pub(crate) bus: Option<String>,
    /// Only events of these runs of a store, one run after the other.
    pub(crate) runs: Vec<String>,
    /// Whether events that have no ids of their own are to get the same ones whenever they are read.
    pub(crate) stable_ids: bool,
}

impl Wanted {
    /// Whether it is the user's wish to have this event.
    pub(crate) fn takes(&self, event: &Event) -> bool {
        let time = event.time_ns();
        self.from_ns.is_none_or(|from| time >= from)
            && self.to_ns.is_none_or(|to| time <= to)
            && self.filter.as_ref().is_none_or(|filter| filter.matches(event))
    }

    /// What to ask a store for, one after another: the events of one run lie together, those of several don't.
    fn queries(&self) -> Result<Vec<Query>> {
        let begin = self.from_ns.map_or(Begin::Oldest, Begin::Since);
        let query = |filter| Query { filter, bus: self.bus.clone(), begin };
        let filter = self.filter.clone().unwrap_or_else(Filter::all);
        if self.runs.is_empty() {
            return Ok(vec![query(filter)]);
        }
        let of_run = |run: &String| Filter::scope(ScopeField::Run, run)?.and(filter.clone());
        self.runs.iter().map(|run| of_run(run).map(query)).collect()
    }
}

/// The path of the store that the user means, if it is one: by a URL, or by how the file begins.
///
/// # Errors
/// `Invalid` where it is a URL that makes no sense.
pub fn store_path(file: &Path) -> Result<Option<PathBuf>> {
    match file.to_str().filter(|text| text.starts_with(SCHEME)) {
        Some(url) => read_url(url).map(|(path, _)| Some(path)),
        None => Ok(is_store(file).then(|| file.to_owned())),
    }
}

/// The store that the user means, to be read.
///
/// # Errors
/// `Io` where there is none, `Invalid` where it is something else.
pub(crate) fn store_to_read(file: &Path) -> Result<(PathBuf, SqliteStore)> {
    let refused = |error: Error| error.at_path(file.display().to_string()).expecting("a store");
    let path = match store_path(file)? {
        Some(path) => path,
        None => {
            let unread = |error: std::io::Error| {
                let message = match error.kind() {
                    std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                    std::io::ErrorKind::PermissionDenied => "the file may not be read".to_owned(),
                    _ => format!("the file can't be read: {error}"),
                };
                refused(Error::new(newswire::ErrorKind::Io, message))
            };
            let there = file.metadata().map_err(unread)?;
            // Opening a pipe would wait for somebody to write.
            if there.is_file() {
                File::open(file).map_err(unread)?;
            }
            let what = if there.is_dir() { "this is a directory" } else { "the file is no store" };
            return Err(refused(Error::invalid(what)));
        }
    };
    let store = SqliteStore::read(&path)?;
    Ok((path, store))
}

/// Something to read that has been opened.
pub(crate) enum Opened {
    /// With ids for its events, where it gives them none.
    Recording(Box<Import<'static>>, Option<Box<StableIds>>),
    Store(PathBuf, Box<Events>, Vec<Query>),
}

impl Opened {
    /// Opens the store at `path` for what is wanted.
    pub(crate) fn store(path: &Path, wanted: &Wanted) -> Result<Self> {
        let mut queries = wanted.queries()?.into_iter();
        let first = queries.next().unwrap_or_default();
        let events = Events::of(SqliteStore::read(path)?, first)?;
        Ok(Self::Store(path.to_owned(), Box::new(events), queries.collect()))
    }

    /// Passes it on; whether the next recording is wanted.
    pub(crate) fn pass_on(
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
