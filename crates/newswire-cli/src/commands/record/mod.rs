//! `newswire record`: recordings, or what comes by the standard input, go through a bus into a store.

mod feed;
mod known;

use std::path::{Path, PathBuf};

use newswire::store::QueueBounds;
use newswire::{Bus, BusOptions, Error, Result};
use newswire_recording::{Pace, PlayOptions, Player};
use newswire_store::{SqliteStore, StoreKeeper, StoreOptions, read_url};
use serde_json::json;

use crate::exit::OK;
use crate::input::{Message, Reading, Recordings, Wanted, store_url};
use crate::output::{Io, counted, notice};
use feed::{Feed, PATIENCE};
use known::Known;

/// Keeps recordings, or what comes by the standard input, in a store
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire record session.jsonl other.jsonl -o events.db
  my-agent --events-to-stdout | newswire record -o events.db --into my-agent
  newswire record day.ndjson.zst -o 'sqlite:events.db?durability=normal&max_age=30d'

The store is made if it isn't there. What is told to be written is on the disk; where this is ended half-way,
the store has all events up to then. Events that the bus has already are known by their ids and not stored
again, so recording a file twice changes nothing, and a file that has grown adds what is new.")]
pub(crate) struct Record {
    /// Recordings, in any format; the standard input, which is also -, by default
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The store: a file, or a URL with options, see docs/store.md
    #[arg(short, long, value_name = "STORE")]
    output: PathBuf,

    /// The bus of the store under whose name they are kept
    #[arg(long, default_value = "recorded", value_name = "NAME")]
    into: String,

    #[command(flatten)]
    reading: Reading,
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
    let wanted = Wanted { stable_ids: true, ..Wanted::default() };
    let mut recordings = Recordings::open(io, &files, &args.reading, wanted)?;

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
    Ok(total.code())
}

/// The store that is meant. What looks like a URL or a word of another program is no name of a file: it would be found by
/// nobody.
fn target(output: &Path) -> Result<(PathBuf, StoreOptions)> {
    if let Some(url) = store_url(output) {
        return read_url(url);
    }
    let text = output.to_str().unwrap_or_default();
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
