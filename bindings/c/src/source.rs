//! Recordings and stores: read, played, asked for their runs.

use std::mem::MaybeUninit;
use std::sync::Arc;

use newswire::Error;
use newswire_facade::{Mutex, Play, PlaySpec, ReadSpec, Reader, runs, time, to_json};

use crate::edge::{Bytes, Handle, Slice};
use crate::fault::{Code, Fault, call, give};
use crate::general::MAX_TEXT;
use crate::tables::{BUSES, PLAYERS, READERS};

/// Opens a recording in any format, or a store. `options` is JSON, empty for none: `filter`, `limit`; of a recording
/// `format`, `broken`; of a store `bus`, `start`.
#[unsafe(no_mangle)]
pub extern "C" fn nw_reader_open(
    path: Slice,
    options: Slice,
    out: Option<&mut MaybeUninit<Handle>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let spec = ReadSpec::from_json(options.text("options", MAX_TEXT)?)?;
        let reader = Reader::open(path.text("path", MAX_TEXT)?, &spec)?;
        Ok(READERS.insert(Arc::new(Mutex::new(reader)))?)
    })
}

/// The next events and gaps as a batch of at most `max` items; `NW_CLOSED` when all has been read. What is broken in a
/// recording is told in its place.
#[unsafe(no_mangle)]
pub extern "C" fn nw_read_batch(
    reader: Handle,
    max: usize,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let reader = READERS.get(reader)?;
        let batch = reader.lock().next_batch(max)?;
        Ok(Bytes::of(batch))
    })
}

/// What has been read of a recording so far, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn nw_reader_report(
    reader: Handle,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let reader = READERS.get(reader)?;
        let reader = reader.lock();
        let report = reader.report().ok_or_else(|| Error::invalid("a store has no report of its reading"))?;
        Ok(Bytes::of(to_json(report)?))
    })
}

/// Plays a recording or store into a bus, on a thread of its own. `options` is JSON, empty for none: `read` (those of
/// `nw_reader_open`), `pace`, `max_pause_ns`, `from`, `to`, `paused`.
#[unsafe(no_mangle)]
pub extern "C" fn nw_play(
    bus: Handle,
    path: Slice,
    options: Slice,
    out: Option<&mut MaybeUninit<Handle>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let spec = PlaySpec::from_json(options.text("options", MAX_TEXT)?)?;
        let play = Play::start(&*BUSES.get(bus)?, path.text("path", MAX_TEXT)?, &spec)?;
        Ok(PLAYERS.insert(Arc::new(play))?)
    })
}

/// Tells a play what to do: `pause`, `resume`, `step`, `stop`, `seek:` with a time or an offset such as `90s`, `pace:`
/// with a factor or `max`.
#[unsafe(no_mangle)]
pub extern "C" fn nw_player_command(
    player: Handle,
    command: Slice,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    call(error, || Ok(PLAYERS.get(player)?.command(command.text("command", MAX_TEXT)?)?))
}

/// How far a play has come, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn nw_player_position(
    player: Handle,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || Ok(Bytes::of(to_json(&PLAYERS.get(player)?.position())?)))
}

/// Waits, `timeout_ns` at most, for the end of a play, and gives what it came to, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn nw_player_wait(
    player: Handle,
    timeout_ns: i64,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let played = PLAYERS.get(player)?.wait(time(timeout_ns, "timeout_ns")?)?;
        Ok(Bytes::of(to_json(&played)?))
    })
}

/// The runs of a store as JSON, one a line, those that began last at the end. `query` is JSON, empty for all: `bus`,
/// `session`, `begins`, `newest`.
#[unsafe(no_mangle)]
pub extern "C" fn nw_runs(
    path: Slice,
    query: Slice,
    out: Option<&mut MaybeUninit<Bytes>>,
    error: Option<&mut MaybeUninit<Fault>>,
) -> Code {
    give(out, error, || {
        let (path, query) = (path.text("path", MAX_TEXT)?, query.text("query", MAX_TEXT)?);
        Ok(Bytes::of(runs(path, query)?))
    })
}
