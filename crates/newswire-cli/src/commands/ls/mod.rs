//! `newswire ls`: the runs of a store, by the figures that it keeps of them, or of a recording, which is read.

mod table;

use std::path::{Path, PathBuf};

use newswire::Result;
use newswire::view::{RunRow, RunTable, View};
use newswire_store::{Events, Query, RunQuery, SqliteStore, Store};

use crate::exit::{FAILED, INTERRUPTED, OK};
use crate::input::{Item, Reading, Wanted, read, store_path, store_to_read};
use crate::output::{Io, counted};
use table::List;

/// Lists the runs of a store or of a recording, those that began last at the end
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire ls events.db
  newswire ls events.db --session ffae836b -n 20
  newswire ls events.db --json | jq 'select(.state == \"failed\")'

Runs are open, completed, failed or canceled: as their own end says, else that of their workflow, agent,
session, or of their last turn or call. Times are UTC. A store keeps these figures beside its events, so
listing takes as long with ten million events as with ten.")]
pub(crate) struct Ls {
    /// A store, or a recording; - for the standard input
    #[arg(value_name = "STORE")]
    file: PathBuf,

    /// Only runs of this session
    #[arg(long, value_name = "ID")]
    session: Option<String>,

    /// Only so many runs, those that began last; on a terminal 1000 unless told otherwise
    #[arg(short = 'n', long, value_name = "N")]
    number: Option<usize>,

    #[command(flatten)]
    reading: Reading,
}

/// How many runs are shown to people unless they ask for more.
const SHOWN: usize = 1000;

/// How much JSON is gathered before it is written, in bytes.
const PAGE: usize = 1 << 16;

/// Lists the runs.
///
/// # Errors
/// Where the store can't be read, or the output can't be written.
pub(crate) fn ls(args: &Ls, io: &mut Io) -> Result<u8> {
    match store_path(&args.file)? {
        Some(_) => list(&args.file, args.session.clone(), args.number, args.reading.bus.clone(), io),
        None => of_recording(args, io),
    }
}

/// Lists the runs of a store.
///
/// # Errors
/// As [`ls`].
pub(crate) fn list(
    file: &Path,
    session: Option<String>,
    number: Option<usize>,
    bus: Option<String>,
    io: &mut Io,
) -> Result<u8> {
    let (path, store) = store_to_read(file)?;
    if bus.is_some() {
        // Refuses a bus that isn't there, with the names of those that are.
        Events::of(SqliteStore::read(path)?, Query { bus: bus.clone(), ..Query::default() })?;
    }
    let newest = number.or((!io.json).then_some(SHOWN));
    let query = RunQuery { bus, session, newest, ..RunQuery::default() };
    let (mut table, mut shown, mut several, mut failed) = (List::new(), 0, false, None);
    let (mut last_bus, mut page): (Option<String>, _) = (None, String::new());
    let damaged = store.runs(&query, &mut |run| {
        shown += 1;
        if io.json {
            let line = io.json_line(&run).map(|line| page.push_str(&line));
            let is_full = page.len() >= PAGE;
            let written = if is_full { io.print(&std::mem::take(&mut page)) } else { Ok(()) };
            failed = line.and(written).err();
        } else {
            several |= last_bus.replace(run.bus.clone()).is_some_and(|bus| bus != run.bus);
            table.row(&run.row, &run.bus);
        }
        failed.is_none() && !io.is_stopped() && !io.out.is_unread()
    })?;
    failed.map_or(Ok(()), Err)?;
    match io.json {
        true => io.print(&page)?,
        false => table.print(several, io)?,
    }
    if shown == 0
        && damaged == 0
        && let Some(session) = &query.session
    {
        io.tell(&none_of(session));
        return Ok(FAILED);
    }
    if number.is_none() && newest.is_some_and(|newest| shown >= newest) {
        io.tell(&only_the_last(shown));
    }
    if damaged > 0 {
        io.tell(&format!("the figures of {} are damaged and not shown", counted(damaged, "run")));
        return Ok(FAILED);
    }
    Ok(if io.is_stopped() { INTERRUPTED } else { OK })
}

fn only_the_last(shown: usize) -> String {
    format!("only the last {} are shown; -n shows more", counted(shown as u64, "run"))
}

fn none_of(session: &str) -> String {
    format!("no run is of the session {session:?}")
}

fn of_recording(args: &Ls, io: &mut Io) -> Result<u8> {
    let newest = args.number.or((!io.json).then_some(SHOWN));
    let mut runs = RunTable::new();
    let total = read(io, std::slice::from_ref(&args.file), &args.reading, Wanted::default(), |_, item| {
        if let Item::Event(event, _) = item {
            runs.see(&event);
        }
        Ok(())
    })?;
    let told = runs.snapshot();
    let wanted = |row: &RunRow| args.session.is_none() || row.session == args.session;
    let mut rows: Vec<_> = told.runs.into_iter().filter(wanted).collect();
    rows.sort_by_key(|row| row.started_ns);
    let left_out = rows.drain(..rows.len().saturating_sub(newest.unwrap_or(usize::MAX))).count();
    if total.files > 0 {
        let mut table = List::new();
        for row in &rows {
            match io.json {
                true => io.print_json(row)?,
                false => table.row(row, ""),
            }
        }
        if !io.json {
            table.print(false, io)?;
        }
    }
    total.tell(io);
    if args.number.is_none() && left_out > 0 {
        io.tell(&only_the_last(rows.len()));
    }
    if told.untold > 0 {
        io.tell(&format!("{} of further runs are not counted", counted(told.untold, "event")));
    }
    if let Some(session) = args.session.as_ref().filter(|_| total.files > 0 && rows.is_empty()) {
        io.tell(&none_of(session));
        return Ok(FAILED);
    }
    Ok(total.code())
}
