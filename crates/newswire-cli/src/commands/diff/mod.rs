//! `newswire diff`: what differs between two runs.
//!
//! Operations are paired where they are the same in the same order: first those with the same arguments, then,
//! between these, those of the same tool or model. What is left on both sides has moved, or is there only once.

mod align;
mod operations;
mod print;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use newswire::{Filter, Result, ScopeField};

use crate::exit::{FAILED, INTERRUPTED, OK, USAGE};
use crate::input::{Item, Reading, Total, Wanted, choose, name_of, read, run_in_store, store_path};
use crate::output::{Io, counted};
use align::align;
use operations::{Aspect, Operations, run_of};

/// Tells what differs between two runs: order, calls, arguments, results, tokens, cost, durations
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire diff events.db 3f2a 91c0
  newswire diff before.ndjson after.ndjson --ignore duration,cost
  newswire diff --json events.db 3f2a 91c0 | jq 'select(.change == \"changed\")'

Two files have one run each, or one after the other of one file, named by its id or how that begins. + is
only in the second, - only in the first, ~ differs, > has moved. The exit code is 0 where nothing differs, 1
where something does, 2 where they can't be compared.")]
pub(crate) struct Diff {
    /// A store or recording, and two runs in it; or two recordings
    #[arg(required = true, num_args = 2..=3, value_names = ["FILE", "A", "B"])]
    what: Vec<PathBuf>,

    /// Differences that are none
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    ignore: Vec<Aspect>,

    #[command(flatten)]
    reading: Reading,
}

/// How many runs of a recording are told apart.
const MAX_NAMED: usize = 10;

/// What is true of an operation.
enum Change {
    Same,
    /// It differs in that; its places.
    Changed(usize, usize, Vec<Aspect>),
    /// It is only in the first, at that place.
    Removed(usize),
    /// It is only in the second.
    Added(usize),
    /// It stands elsewhere, and may differ, too.
    Moved(usize, usize, Vec<Aspect>),
}

/// One of the two.
struct Side {
    name: String,
    operations: Operations,
    /// What was read of it.
    total: Total,
}

/// Compares two runs.
///
/// # Errors
/// Where one of them can't be read, or which it is can't be told.
pub(crate) fn diff(args: &Diff, io: &mut Io) -> Result<u8> {
    let text = |place: usize| args.what.get(place).map(|what| what.to_string_lossy().into_owned());
    let file = |place: usize| args.what.get(place).map_or(Path::new(""), |path| path.as_path());
    let sides = match args.what.len() {
        2 => [(file(0), None), (file(1), None)],
        _ => [(file(0), text(1)), (file(0), text(2))],
    };
    let mut read = Vec::new();
    for (file, run) in sides {
        match side(file, run.as_deref(), &args.reading, io)? {
            Ok(side) => read.push(side),
            Err(total) => {
                total.tell(io);
                return Ok(if total.code() == INTERRUPTED { INTERRUPTED } else { USAGE });
            }
        }
    }
    let [a, b] = &read[..] else { return Ok(USAGE) };
    let changes = compare(&a.operations, &b.operations, &args.ignore);
    print::print(a, b, &changes, io)?;
    for side in [a, b] {
        side.total.tell_wrong(io);
    }
    for side in [a, b].into_iter().filter(|side| side.operations.forgotten > 0) {
        let more = counted(side.operations.forgotten, "operation");
        io.tell(&format!("{more} of {} are not compared, since there are so many", side.name));
    }
    Ok(if changes.iter().all(|change| matches!(change, Change::Same)) { OK } else { FAILED })
}

/// Reads one run; or what kept it from being read whole.
fn side(file: &Path, run: Option<&str>, reading: &Reading, io: &mut Io) -> Result<Result<Side, Total>> {
    let mut wanted = Wanted::default();
    if store_path(file)?.is_some() {
        let run = run_in_store(file, run, reading)?;
        wanted.filter = Some(Filter::scope(ScopeField::Run, &run)?);
    }
    let mut runs: BTreeMap<String, Operations> = BTreeMap::new();
    let mut many = false;
    let total = read(io, std::slice::from_ref(&file.to_owned()), reading, wanted, |_, item| {
        let Item::Event(event, _) = item else { return Ok(()) };
        let name = run_of(&event);
        if run.is_some_and(|run| !name.starts_with(run) || name.is_empty()) {
            return Ok(());
        }
        if let Some(operations) = runs.get_mut(name) {
            operations.see(&event);
        } else if runs.len() <= MAX_NAMED {
            runs.entry(name.to_owned()).or_default().see(&event);
        } else {
            many = true;
        }
        Ok(())
    })?;
    if total.code() != OK {
        return Ok(Err(total));
    }
    // Events of no run are of the file as a whole.
    if run.is_none() && runs.len() > 1 {
        runs.remove("");
    }
    let names: Vec<String> = runs.keys().cloned().collect();
    let chosen = choose(file, run, names, many)?;
    let operations = runs.remove(&chosen).unwrap_or_default();
    let name = match chosen.as_str() {
        "" => name_of(file),
        run => format!("{} {run}", name_of(file)),
    };
    Ok(Ok(Side { name, operations, total }))
}

/// Pairs what both did, in the order of the second; what is only in the first stands where it was.
fn compare(a: &Operations, b: &Operations, ignored: &[Aspect]) -> Vec<Change> {
    let (a, b) = (&a.all, &b.all);
    let identities = [a, b].map(|all| all.iter().map(|operation| operation.identity()).collect::<Vec<_>>());
    let mut pairs = Vec::new();
    let (mut from_a, mut from_b) = (0, 0);
    for (to_a, to_b) in align(&identities[0], &identities[1]).into_iter().chain([(a.len(), b.len())]) {
        let sorts = [&a[from_a..to_a], &b[from_b..to_b]]
            .map(|between| between.iter().map(|operation| operation.sort()).collect::<Vec<_>>());
        pairs.extend(align(&sorts[0], &sorts[1]).into_iter().map(|(x, y)| (x + from_a, y + from_b)));
        if to_a < a.len() && to_b < b.len() {
            pairs.push((to_a, to_b));
        }
        (from_a, from_b) = (to_a + 1, to_b + 1);
    }
    let mut moved = moved(&identities, &pairs);
    let mut changes = Vec::new();
    let (mut next_a, mut next_b) = (0, 0);
    for (to_a, to_b) in pairs.into_iter().chain([(a.len(), b.len())]) {
        let gone = (next_a..to_a).filter(|place| !moved.values().any(|from| from == place));
        changes.extend(gone.collect::<Vec<_>>().into_iter().map(Change::Removed));
        changes.extend((next_b..to_b).map(|place| match moved.remove(&place) {
            Some(from) => Change::Moved(from, place, a[from].differs(&b[place], ignored)),
            None => Change::Added(place),
        }));
        if to_a < a.len() && to_b < b.len() {
            let differs = a[to_a].differs(&b[to_b], ignored);
            changes.push(if differs.is_empty() {
                Change::Same
            } else {
                Change::Changed(to_a, to_b, differs)
            });
        }
        (next_a, next_b) = (to_a + 1, to_b + 1);
    }
    changes
}

/// What is in both, but in another place: by place in the second, the place in the first.
fn moved(identities: &[Vec<u64>; 2], pairs: &[(usize, usize)]) -> BTreeMap<usize, usize> {
    let [a, b] = identities;
    let (mut in_a, mut in_b) = (vec![false; a.len()], vec![false; b.len()]);
    pairs.iter().for_each(|(x, y)| (in_a[*x], in_b[*y]) = (true, true));
    let mut left: std::collections::HashMap<u64, std::collections::VecDeque<usize>> = Default::default();
    for place in (0..a.len()).filter(|place| !in_a[*place]) {
        left.entry(a[place]).or_default().push_back(place);
    }
    let unpaired = (0..b.len()).filter(|place| !in_b[*place]);
    unpaired.filter_map(|place| Some((place, left.get_mut(&b[place])?.pop_front()?))).collect()
}
