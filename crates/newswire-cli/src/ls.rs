//! `newswire ls`: the runs of a store, by the figures that it keeps of them, or of a recording, which is read.

use std::path::Path;

use newswire::view::{RunRow, RunState, RunTable, View};
use newswire::{Result, figures};
use newswire_store::{Events, Query, RunQuery, SqliteStore, Store};

use crate::args::Ls;
use crate::io::Io;
use crate::notice::counted;
use crate::reading::{Item, read};
use crate::run::{FAILED, OK};
use crate::source::{store_path, store_to_read};
use crate::table::{Table, grouped, unless_none};

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
        io.tell(&format!("only the last {} are shown; -n shows more", counted(shown as u64, "run")));
    }
    if damaged > 0 {
        io.tell(&format!("the figures of {} are damaged and not shown", counted(damaged, "run")));
        return Ok(FAILED);
    }
    Ok(OK)
}

fn none_of(session: &str) -> String {
    format!("no run is of the session {session:?}")
}

fn of_recording(args: &Ls, io: &mut Io) -> Result<u8> {
    let newest = args.number.or((!io.json).then_some(SHOWN));
    let mut runs = RunTable::new();
    let total = read(io, std::slice::from_ref(&args.file), &args.reading, |_, item| {
        if let Item::Event(event, _) = item {
            runs.see(&event);
        }
        Ok(())
    })?;
    let told = runs.snapshot();
    let wanted = |row: &RunRow| args.session.is_none() || row.session == args.session;
    let mut rows: Vec<_> = told.runs.into_iter().filter(wanted).collect();
    rows.sort_by_key(|row| row.started_ns);
    rows.drain(..rows.len().saturating_sub(newest.unwrap_or(usize::MAX)));
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
    if told.untold > 0 {
        io.tell(&format!("{} of further runs are not counted", counted(told.untold, "event")));
    }
    if let Some(session) = args.session.as_ref().filter(|_| total.files > 0 && rows.is_empty()) {
        io.tell(&none_of(session));
        return Ok(FAILED);
    }
    Ok(total.code())
}

/// The table for people.
struct List {
    table: Table,
    rows: usize,
}

impl List {
    fn new() -> Self {
        let columns = [
            "run", "bus", "started", "lasted", "state", "agents", "models", "tools", "failed", "open", "in",
            "out", "cost", "errors", "events",
        ];
        Self { table: Table::new(&columns), rows: 0 }
    }

    fn row(&mut self, row: &RunRow, bus: &str) {
        self.rows += 1;
        let tokens = |number| if number == 0 { String::new() } else { figures::count(number) };
        let usage = &row.usage;
        let more = if row.more_agents { "+" } else { "" };
        let agents = row.agents.len();
        let cost = if usage.cost_usd > 0.0 { figures::money(usage.cost_usd) } else { String::new() };
        let time = |told: Option<i64>, text: String| told.map(|_| text).unwrap_or_default();
        self.table.row(
            &row.run,
            [
                newswire::Visible(bus).cut(20),
                row.started_ns.map(figures::date_and_time).unwrap_or_default(),
                time(row.started_ns, figures::duration(row.lasted_ns)),
                word(row.state).to_owned(),
                if agents == 0 { String::new() } else { format!("{agents}{more}") },
                unless_none(row.model_calls),
                unless_none(row.tool_calls),
                unless_none(row.failed_calls),
                unless_none(row.open_calls),
                tokens(usage.input_tokens),
                tokens(usage.output_tokens),
                cost,
                unless_none(row.errors),
                grouped(row.events),
            ],
        );
    }

    fn print(mut self, several: bool, io: &mut Io) -> Result<()> {
        if self.rows == 0 {
            return io.print("no runs are in it\n");
        }
        if !several {
            self.table.hide("bus");
        }
        let text = self.table.text(io.color, io.whole_width);
        io.print(&text)
    }
}

fn word(state: RunState) -> &'static str {
    match state {
        RunState::Completed => "completed",
        RunState::Failed => "failed",
        RunState::Canceled => "canceled",
        _ => "open",
    }
}
