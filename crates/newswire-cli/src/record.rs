//! `newswire record`: recordings, or what comes by the standard input, go through a bus into a store.

mod known;

use std::path::{Path, PathBuf};
use std::time::Duration;

use newswire::store::QueueBounds;
use newswire::{Attachment, Bus, BusOptions, Delivery, Error, Result};
use newswire_recording::{Pace, PlayOptions, Player};
use newswire_store::{SqliteStore, StoreKeeper, StoreOptions, read_url};
use serde_json::json;

use crate::args::{Reading, Record};
use crate::io::Io;
use crate::notice::{self, counted};
use crate::reading::{Message, Recordings};
use crate::run::{FAILED, OK};
use crate::source::Wanted;
use known::Known;

/// How long a publisher waits for the store, which may be slow, but must not lose anything.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);
/// After how many events it is looked whether the store is still well.
const LOOK: u64 = 256;

/// What is to be stored: what the store hasn't yet.
struct Feed<'a> {
    /// What was read before the store was opened.
    first: Option<Message>,
    recordings: &'a mut Recordings,
    io: &'a mut Io,
    store: Attachment,
    known: &'a mut Known,
    taken: u64,
    failed: &'a mut Option<Error>,
    /// How many records of the recording that is being read have been; those of whole ones are in the total.
    under_way: &'a mut u64,
}

impl Feed<'_> {
    /// The next that is new; what is wrong with the store ends it.
    fn wanted(&mut self) -> Result<Option<Delivery>> {
        while let Some(message) = self.first.take().or_else(|| self.recordings.next(self.io)) {
            let Message::Item { delivery, records, .. } = message else {
                if matches!(message, Message::End(_)) {
                    *self.under_way = 0;
                }
                self.recordings.note(message, self.io);
                continue;
            };
            *self.under_way = records;
            self.taken += 1;
            if self.taken.is_multiple_of(LOOK)
                && let Some(trouble) = self.store.stats().trouble
            {
                return Err(Error::new(newswire::ErrorKind::Io, trouble));
            }
            let is_new = match &delivery {
                Delivery::Event(event) => self.known.is_new(event, || self.store.flush(PATIENCE))?,
                Delivery::Gap(_) => true,
            };
            if is_new {
                return Ok(Some(delivery));
            }
        }
        Ok(None)
    }
}

impl Iterator for Feed<'_> {
    type Item = Result<Delivery>;

    fn next(&mut self) -> Option<Self::Item> {
        self.wanted()
            .unwrap_or_else(|error| {
                *self.failed = Some(error);
                None
            })
            .map(Ok)
    }
}

/// Records all files.
///
/// # Errors
/// Where the store can't be opened, or somebody else writes that bus.
pub(crate) fn record(args: &Record, io: &mut Io) -> Result<u8> {
    let opened = target(&args.output).and_then(|opened| match args.into.is_empty() {
        true => Err(Error::invalid("--into has no name").expecting("the name of a bus, such as recorded")),
        false => Ok(opened),
    });
    let (path, mut options) = match opened {
        Ok(opened) => opened,
        Err(error) => return Ok(io.refuse(&error)),
    };
    options.queue = QueueBounds { max_wait: PATIENCE, ..options.queue };
    let files = if args.files.is_empty() { vec![PathBuf::from("-")] } else { args.files.clone() };
    let reading =
        Reading { wanted: Wanted { stable_ids: true, ..Wanted::default() }, ..args.reading.clone() };
    let mut recordings = Recordings::open(io, &files, &reading)?;

    // Input of which nothing can be read leaves no store behind.
    let first = first(&mut recordings, io);
    if first.is_none() && recordings.total.code() != OK {
        recordings.total.tell(io);
        return Ok(recordings.total.code());
    }

    let bus = Bus::with(BusOptions { name: args.into.clone(), ..BusOptions::default() })?;
    let store = SqliteStore::open(&path)?;
    let keeper = StoreKeeper::new(store, options);
    let store = bus.attach_store(path.display().to_string(), Box::new(keeper))?;
    let mut known = Known::of(&path, &args.into)?;
    let (mut failed, mut under_way) = (None, 0);
    let feed = Feed {
        first,
        recordings: &mut recordings,
        io,
        store: store.clone(),
        known: &mut known,
        taken: 0,
        failed: &mut failed,
        under_way: &mut under_way,
    };
    let options = PlayOptions { pace: Pace::Unbounded, ..PlayOptions::default() };
    let played = Player::of(feed, options)?.play(&bus);
    io.clear_progress();
    let flushed = store.flush(PATIENCE);
    let stats = store.stats();
    bus.close(PATIENCE);

    let mut total = recordings.total;
    total.wrong.extend(failed.map(|error| error.to_string()));
    total.wrong.extend(played.error.map(|error| notice::of_stop(played.events, &error)));
    // What ended the reading is mostly what the flush fails by, too.
    let unflushed = flushed.err().map(|error| error.to_string());
    total.wrong.extend(unflushed.filter(|told| !total.wrong.contains(told)));
    if stats.dropped > 0 {
        total.wrong.push(format!("{} could not be stored", counted(stats.dropped, "event")));
    }
    let (stored, known) = (stats.taken, known.found);
    if total.files > 0 || stored > 0 {
        let records = total.report.records + under_way;
        tell(stored, known, records, &args.into, &path.display().to_string(), io)?;
    }
    total.tell(io);
    Ok(if total.wrong.is_empty() { total.code() } else { FAILED })
}

/// The store that is meant. What looks like a URL or a word of another program is no name of a file: it would be found by
/// nobody.
fn target(output: &Path) -> Result<(PathBuf, StoreOptions)> {
    let text = output.to_str().unwrap_or_default();
    if text.starts_with("sqlite:") {
        return read_url(text);
    }
    // A single letter is a drive.
    let is_scheme = |scheme: &str| {
        scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
    };
    let is_odd = text == "-" || text.starts_with(':');
    if is_odd || text.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme)) {
        return Err(Error::invalid(format!("{text:?} is no place for a store")).expecting(
            "a file such as events.db, or sqlite:events.db; ./NAME for a file that is called so",
        ));
    }
    Ok((output.to_owned(), StoreOptions::default()))
}

/// The first event or gap; what comes before it is noted.
fn first(recordings: &mut Recordings, io: &mut Io) -> Option<Message> {
    while let Some(message) = recordings.next(io) {
        if matches!(message, Message::Item { .. }) {
            return Some(message);
        }
        recordings.note(message, io);
    }
    None
}

fn tell(stored: u64, known: u64, records: u64, bus: &str, path: &str, io: &mut Io) -> Result<()> {
    if io.json {
        let told = json!({"stored": stored, "known": known, "records": records, "bus": bus, "store": path});
        return io.print_json(&told);
    }
    let already = match known {
        0 => String::new(),
        known => format!("; {} were there already", counted(known, "event")),
    };
    let (stored, records) = (counted(stored, "event"), counted(records, "record"));
    io.tell(&format!("{stored} of {records} stored in {path}, on the bus {bus}{already}"));
    Ok(())
}
