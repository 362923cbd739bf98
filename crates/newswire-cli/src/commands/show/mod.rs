//! `newswire show`: the runs of a recording as trees.

mod tree;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use newswire::view::{TraceNode, TraceSnapshot, TraceTree};
use newswire::{Bus, HandlerOptions, Mode, Result, ScopeField, SubscribeOptions, Visible};
use newswire_store::{RunQuery, Store};

use super::ls::list;
use crate::exit::FAILED;
use crate::input::{Item, Reading, Wanted, read, store_path, store_to_read};
use crate::output::{Io, counted};
use tree::Tree;

/// Shows the runs of a recording as trees of turns, steps and calls
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire show session.jsonl
  newswire show runs.ndjson 3f2a | less
  newswire show runs.ndjson --json | jq 'select(.status == \"failed\")'

✓ completed, ✗ failed, ⊘ canceled, … open: it has begun and not ended. Tokens and cost of what has parts are
those of its parts.")]
pub(crate) struct Show {
    /// The recording; - for the standard input
    file: PathBuf,

    /// The run: its id, or how the id begins
    run: Option<String>,

    #[command(flatten)]
    reading: Reading,
}

/// How many operations are remembered; of more, those that ended first are forgotten, and that is told.
const MAX_OPERATIONS: usize = 200_000;

/// How many runs are shown whose ids begin alike; those that began last.
const MAX_RUNS: usize = 100;

/// How many runs are named where none is the one that was asked for.
const MAX_NAMED: usize = 10;

/// Shows all runs, or those whose id begins as asked.
///
/// # Errors
/// Where the output can't be written.
pub(crate) fn show(args: &Show, io: &mut Io) -> Result<u8> {
    let wanted = match (store_path(&args.file)?, &args.run) {
        (Some(_), None) => return list(&args.file, None, None, args.reading.bus.clone(), io),
        (Some(_), Some(begins)) => match runs(&args.file, begins, &args.reading, io)? {
            Some(wanted) => wanted,
            None => return Ok(FAILED),
        },
        (None, _) => Wanted::default(),
    };
    let bus = Bus::new();
    let queue = SubscribeOptions { internal: true, ..SubscribeOptions::default() };
    let options = HandlerOptions { mode: Mode::Inline, queue, ..HandlerOptions::default() };
    let watch = bus.watch_with(TraceTree::with_capacity(MAX_OPERATIONS), options)?;
    let mut others: Vec<String> = Vec::new();
    let (mut found, mut is_whole) = (args.run.is_none(), false);
    let total = read(io, std::slice::from_ref(&args.file), &args.reading, wanted, |_, item| {
        let Item::Event(event, _) = item else { return Ok(()) };
        if let Some(wanted) = &args.run {
            let run = event.scope().get(ScopeField::Run).unwrap_or_default();
            if run.is_empty() || !run.starts_with(wanted.as_str()) {
                if others.len() <= MAX_NAMED && !run.is_empty() && !others.iter().any(|other| other == run) {
                    others.push(run.to_owned());
                }
                return Ok(());
            }
            found = true;
            // Where a run is called so, those whose ids only begin so aren't meant.
            is_whole |= run == wanted;
            if is_whole && run != wanted {
                return Ok(());
            }
        }
        bus.publish(event)?;
        Ok(())
    })?;
    bus.close(Duration::ZERO);
    let mut snapshot = watch.snapshot();
    if is_whole {
        snapshot.nodes.retain(|node| node.run == args.run);
    }
    if total.files > 0 && found {
        print(&snapshot, io)?;
    }
    total.tell(io);
    if snapshot.forgotten > 0 {
        let forgotten = counted(snapshot.forgotten, "operation");
        io.tell(&format!(
            "{forgotten} of the beginning are not shown, since there are so many; name a run to see it whole"
        ));
    }
    if total.files > 0 && !found {
        io.tell(&nothing_of(args.run.as_deref().unwrap_or_default(), &others));
        return Ok(FAILED);
    }
    Ok(total.code())
}

/// What to ask a store for where the run is wanted whose id begins so; nothing where there is none.
fn runs(file: &Path, begins: &str, reading: &Reading, io: &mut Io) -> Result<Option<Wanted>> {
    let (_, store) = store_to_read(file)?;
    let query = |begins: &str, newest| RunQuery {
        bus: reading.bus.clone(),
        begins: begins.to_owned(),
        newest: Some(newest),
        ..RunQuery::default()
    };
    let (mut found, mut is_whole, mut many) = (BTreeSet::new(), false, 0_usize);
    store.runs(&RunQuery { newest: None, ..query(begins, MAX_RUNS) }, &mut |run| {
        is_whole |= run.row.run == begins;
        many += 1;
        !is_whole
    })?;
    if is_whole {
        return Ok(Some(Wanted { runs: vec![begins.to_owned()], ..Wanted::default() }));
    }
    store.runs(&query(begins, MAX_RUNS), &mut |run| {
        found.insert(run.row.run);
        true
    })?;
    if many > MAX_RUNS {
        io.tell(&format!("only the last {MAX_RUNS} runs are shown whose ids begin so"));
    }
    if found.is_empty() {
        let mut others = Vec::new();
        store.runs(&query("", MAX_NAMED + 1), &mut |run| {
            others.push(run.row.run);
            true
        })?;
        io.tell(&nothing_of(begins, &others));
        return Ok(None);
    }
    Ok(Some(Wanted { runs: found.into_iter().collect(), ..Wanted::default() }))
}

fn nothing_of(wanted: &str, others: &[String]) -> String {
    let mut names: Vec<_> = others.iter().take(MAX_NAMED).map(String::as_str).collect();
    if others.len() > MAX_NAMED {
        names.push("...");
    }
    match names.is_empty() {
        true => format!("no run begins with {wanted:?}: the recording has no runs"),
        false => format!("no run begins with {wanted:?}; expected one of {}", names.join(", ")),
    }
}

fn print(snapshot: &TraceSnapshot, io: &mut Io) -> Result<()> {
    if io.json {
        return snapshot.nodes.iter().try_for_each(|node| io.print_json(node));
    }
    let mut first = true;
    for (run, nodes) in by_run(&snapshot.nodes) {
        let title =
            run.map_or_else(|| "no run".to_owned(), |run| format!("run {}", Visible(run).cut(io.width - 4)));
        let bold = if io.color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        let blank = if first { "" } else { "\n" };
        let tree = Tree::of(&nodes).lines(io.width, io.color);
        io.print(&format!("{blank}{}{title}{}\n{}", bold.0, bold.1, tree.concat()))?;
        first = false;
    }
    if first {
        io.print("no runs, turns, steps or calls are in it\n")?;
    }
    Ok(())
}

/// The nodes of each run, in the order of the runs' first events; parts stay behind what they are parts of.
fn by_run(nodes: &[TraceNode]) -> Vec<(Option<&str>, Vec<&TraceNode>)> {
    let mut runs: Vec<(Option<&str>, Vec<&TraceNode>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for node in nodes {
        let run = node.run.as_deref();
        let place = *places.entry(run).or_insert_with(|| {
            runs.push((run, Vec::new()));
            runs.len() - 1
        });
        runs[place].1.push(node);
    }
    runs
}
