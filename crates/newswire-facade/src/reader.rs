//! Recordings and stores as readers: what is in them, in order, and what they say of themselves.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use newswire::store::{Past, Wanted};
use newswire::{Cursor, Delivery, Error, ErrorKind, Filter, Result, Start};
use newswire_cli::store_path;
use newswire_recording::{Broken, Format, Import, ReadOptions, Report, open_with};
use newswire_store::{Begin, Events, Query, RunQuery, SqliteStore, Store};
use serde::Deserialize;

use crate::batch::{BatchWriter, most};
use crate::json;
use crate::options::{count, no_word, word};

/// How many events are read of a store at a time.
const PAGE: usize = 1024;

/// What is read of a recording or store.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadSpec {
    /// Events that match; gaps always come.
    pub filter: String,
    /// How many events come at most.
    pub limit: Option<i64>,
    /// Of a recording: its format; empty = told by its beginning.
    pub format: String,
    /// Of a recording: `stop` or `skip` at a broken record.
    pub broken: String,
    /// Of a store: events of this bus only; of all by default.
    pub bus: String,
    /// Of a store: where to begin, `earliest` by default; a cursor (`after:`) also says which bus.
    pub start: String,
}

impl Default for ReadSpec {
    fn default() -> Self {
        Self {
            filter: String::new(),
            limit: None,
            format: String::new(),
            broken: "stop".to_owned(),
            bus: String::new(),
            start: Start::Earliest.to_string(),
        }
    }
}

impl ReadSpec {
    /// Reads it from JSON; empty text stands for the defaults.
    ///
    /// # Errors
    /// `Invalid`, with the column, for a name or type that it doesn't have.
    pub fn from_json(text: &str) -> Result<Self> {
        json::read(text, "options")
    }

    fn filter(&self) -> Result<Filter> {
        if self.filter.is_empty() { Ok(Filter::all()) } else { Filter::parse(&self.filter) }
    }
}

/// Reads a recording or a store, whichever the file is: an iterator of deliveries.
///
/// ```no_run
/// let options = newswire_facade::ReadSpec { filter: "tool.*".into(), ..Default::default() };
/// for delivery in newswire_facade::Reader::open("session.jsonl", &options)? {
///     println!("{:?}", delivery?);
/// }
/// # Ok::<(), newswire::Error>(())
/// ```
pub struct Reader {
    from: From,
    filter: Filter,
    /// How many events may still come.
    left: usize,
    /// Read, and found no room in the last batch.
    held: Option<Result<Delivery>>,
}

enum From {
    Recording(Box<Import<'static>>),
    Store(Box<Events>),
    /// The past is `None` once it couldn't be read: what comes again would be the same error.
    After {
        past: Option<Arc<dyn Past>>,
        next: u64,
        page: std::vec::IntoIter<Delivery>,
    },
}

impl Reader {
    /// Opens a recording in any format, or a store by its path or `sqlite:` URL.
    ///
    /// # Errors
    /// `Io` where it can't be read; `Invalid` for what is neither, and for options that it has no use for;
    /// `OutOfRange` for a bus that the store doesn't have, or a cursor that lies beyond its epoch.
    pub fn open(path: &str, spec: &ReadSpec) -> Result<Self> {
        let (filter, left) = (spec.filter()?, limit(spec.limit)?);
        let from = match store_path(Path::new(path))? {
            Some(store) => stored(SqliteStore::read(&store)?, spec, &filter)?,
            None => From::Recording(Box::new(recorded(path, spec, &filter)?)),
        };
        Ok(Self { from, filter, left, held: None })
    }

    /// What has been read so far, of a recording; a store has no such report.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        match &self.from {
            From::Recording(import) => Some(import.report()),
            _ => None,
        }
    }

    /// The next items as a batch, at most `max`; an error comes alone, after what stands before it.
    ///
    /// # Errors
    /// What is wrong with what is read; `Closed` when all has been; `Invalid` for no items.
    pub fn next_batch(&mut self, max: usize) -> Result<Vec<u8>> {
        let max = most(max)?;
        let mut batch = BatchWriter::new();
        while batch.len() < max {
            match self.next() {
                Some(Ok(delivery)) if batch.push(&delivery) => {}
                Some(Err(error)) if batch.is_empty() => return Err(error),
                None if batch.is_empty() => {
                    return Err(Error::new(ErrorKind::Closed, "all has been read"));
                }
                other => {
                    self.held = other;
                    break;
                }
            }
        }
        Ok(batch.finish())
    }

    fn read(&mut self) -> Option<Result<Delivery>> {
        match &mut self.from {
            From::Recording(import) => import.next(),
            From::Store(events) => events.next(),
            From::After { past, next, page } => loop {
                if let Some(delivery) = page.next() {
                    return Some(Ok(delivery));
                }
                let wanted = Wanted { filter: &self.filter, internal: true };
                match past.as_ref()?.read(*next, &wanted, PAGE) {
                    Err(error) => {
                        *past = None;
                        return Some(Err(error));
                    }
                    Ok(read) if read.through < *next => return None,
                    Ok(read) => {
                        *next = read.through + 1;
                        *page = read.deliveries.into_iter();
                    }
                }
            },
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Delivery>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(held) = self.held.take() {
            return Some(held);
        }
        while self.left > 0 {
            match self.read()? {
                Ok(Delivery::Event(event)) if !self.filter.matches(&event) => {}
                Ok(Delivery::Event(event)) => {
                    self.left -= 1;
                    return Some(Ok(Delivery::Event(event)));
                }
                other => return Some(other),
            }
        }
        None
    }
}

fn limit(limit: Option<i64>) -> Result<usize> {
    limit.map_or(Ok(usize::MAX), |limit| count(limit, "options.limit"))
}

fn recorded(path: &str, spec: &ReadSpec, filter: &Filter) -> Result<Import<'static>> {
    let unused = |option: &str| {
        Err(Error::invalid("a recording has no use for it").at_path(format!("options.{option}")))
    };
    if !spec.bus.is_empty() {
        return unused("bus");
    }
    if spec.start != Start::Earliest.to_string() {
        return unused("start");
    }
    let broken = match spec.broken.as_str() {
        "stop" => Broken::Stop,
        "skip" => Broken::Skip,
        other => return Err(no_word(other, "options.broken", "stop or skip")),
    };
    let format = match spec.format.as_str() {
        "" => None,
        name => Some(word(Format::named, name, "options.format")?),
    };
    open_with(
        Path::new(path),
        &ReadOptions { format, broken, only: Some(filter.clone()), ..Default::default() },
    )
}

fn stored(store: SqliteStore, spec: &ReadSpec, filter: &Filter) -> Result<From> {
    let bus = (!spec.bus.is_empty()).then(|| spec.bus.clone());
    let begin = match word(Start::from_str, &spec.start, "options.start")? {
        Start::Earliest => Begin::Oldest,
        Start::Last(count) => Begin::Last(count),
        Start::Since(time_ns) => Begin::Since(time_ns),
        Start::After(cursor) => return after(&store, &cursor, bus.as_deref()),
        Start::Live => {
            return Err(no_word("live", "options.start", "earliest, last:N, after:CURSOR or since:TIME"));
        }
    };
    let events = Events::of(store, Query { filter: filter.clone(), bus, begin })?;
    Ok(From::Store(Box::new(events)))
}

fn after(store: &SqliteStore, cursor: &Cursor, bus: Option<&str>) -> Result<From> {
    if bus.is_some_and(|bus| bus != cursor.bus()) {
        let message = format!("the cursor is one of the bus {:?}", cursor.bus());
        return Err(Error::invalid(message).at_path("options.bus"));
    }
    let past = store.past(cursor.bus())?;
    let last = past.epoch_end(cursor.epoch())?.unwrap_or(0);
    if cursor.seq() > last {
        let message = format!("epoch {} of the bus ends at seq {last}", cursor.epoch());
        return Err(Error::new(ErrorKind::OutOfRange, message).at_path("options.start"));
    }
    Ok(From::After { past: Some(past), next: cursor.seq() + 1, page: Vec::new().into_iter() })
}

/// Which runs of a store are wanted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RunsSpec {
    bus: Option<String>,
    session: Option<String>,
    begins: String,
    newest: Option<i64>,
}

/// The runs of a store as JSON, one a line, those that began last at the end: what `newswire ls --json` writes.
///
/// `query` is JSON, empty for all: `bus` and `session` name theirs, `begins` is how their ids begin, `newest` how many
/// come at most.
///
/// # Errors
/// `Io` where it can't be read, `Invalid` where it is no store, or the query makes no sense.
pub fn runs(path: &str, query: &str) -> Result<String> {
    let RunsSpec { bus, session, begins, newest } = json::read(query, "query")?;
    let newest = newest.map(|newest| count(newest, "query.newest")).transpose()?;
    let no_store = || {
        // What isn't there is told as where a recording isn't.
        let unread = std::fs::metadata(path)
            .err()
            .and_then(|_| open_with(Path::new(path), &ReadOptions::default()).err());
        unread.unwrap_or_else(|| Error::invalid("the file is no store").at_path(path).expecting("a store"))
    };
    let store = store_path(Path::new(path))?.ok_or_else(no_store)?;
    let (mut lines, mut failed) = (String::new(), None);
    let query = RunQuery { bus, session, begins, newest };
    let damaged = SqliteStore::read(&store)?.runs(&query, &mut |run| {
        match json::to_json(&run) {
            Ok(line) => {
                lines.push_str(&line);
                lines.push('\n');
            }
            Err(error) => failed = Some(error),
        }
        failed.is_none()
    })?;
    match (failed, damaged) {
        (Some(error), _) => Err(error),
        (None, 0) => Ok(lines),
        (None, damaged) => {
            let message = format!("the figures of {damaged} runs are damaged");
            Err(Error::new(ErrorKind::Io, message).at_path(path))
        }
    }
}

#[cfg(test)]
mod tests {
    use newswire::store::Page;

    use super::*;

    /// A past on a disk that has gone.
    struct Gone;

    fn gone<T>() -> Result<T> {
        Err(Error::new(ErrorKind::Io, "the disk has gone"))
    }

    impl Past for Gone {
        fn first(&self) -> Result<Option<u64>> {
            gone()
        }

        fn epoch_end(&self, _: u64) -> Result<Option<u64>> {
            gone()
        }

        fn read(&self, _: u64, _: &Wanted<'_>, _: usize) -> Result<Page> {
            gone()
        }

        fn nth_last(&self, _: usize, _: u64, _: &Wanted<'_>) -> Result<Option<u64>> {
            gone()
        }

        fn since(&self, _: i64) -> Result<Option<u64>> {
            gone()
        }
    }

    #[test]
    fn a_past_that_can_not_be_read_says_so_once() {
        let from = From::After { past: Some(Arc::new(Gone)), next: 1, page: Vec::new().into_iter() };
        let mut reader = Reader { from, filter: Filter::all(), left: usize::MAX, held: None };
        assert_eq!(reader.by_ref().take(10).filter(Result::is_err).count(), 1);
        assert_eq!(reader.next_batch(1).unwrap_err().kind(), ErrorKind::Closed);
    }
}
