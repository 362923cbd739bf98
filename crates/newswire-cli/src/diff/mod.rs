//! `newswire diff`: what differs between two runs.
//!
//! Operations are paired where they are the same in the same order: first those with the same arguments, then,
//! between these, those of the same tool or model. What is left on both sides has moved, or is there only once.

mod align;
mod operations;
mod print;

use std::collections::BTreeMap;
use std::path::Path;

use newswire::{Error, Filter, Result, ScopeField};
use newswire_store::{RunQuery, Store};

use crate::args::{Aspect, Diff, Reading};
use crate::io::Io;
use crate::notice::counted;
use crate::reading::{Item, Total, name_of, read};
use crate::run::{FAILED, INTERRUPTED, OK, USAGE};
use crate::source::{Wanted, store_path, store_to_read};
use align::align;
use operations::{Operations, run_of};

/// How many runs are named where one has to be chosen.
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
    let mut reading = reading.clone();
    if store_path(file)?.is_some() {
        let run = run_in_store(file, run, &reading)?;
        reading.wanted = Wanted { filter: Some(Filter::scope(ScopeField::Run, &run)?), ..Wanted::default() };
    }
    let mut runs: BTreeMap<String, Operations> = BTreeMap::new();
    let mut many = false;
    let total = read(io, std::slice::from_ref(&file.to_owned()), &reading, |_, item| {
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

/// The run of a store that is called so, or the only one whose id begins so.
pub(crate) fn run_in_store(file: &Path, run: Option<&str>, reading: &Reading) -> Result<String> {
    let (_, store) = store_to_read(file)?;
    let query = RunQuery {
        bus: reading.bus.clone(),
        begins: run.unwrap_or_default().to_owned(),
        ..RunQuery::default()
    };
    let mut names = Vec::new();
    store.runs(&query, &mut |info| {
        let is_exact = run == Some(info.row.run.as_str());
        // Several buses may tell of one run.
        if is_exact || names.len() < MAX_NAMED + 2 && !names.contains(&info.row.run) {
            names.push(info.row.run);
        }
        !is_exact
    })?;
    choose(file, run, names, false)
}

/// The only run there is, or the one that is called so.
pub(crate) fn choose(file: &Path, run: Option<&str>, mut names: Vec<String>, many: bool) -> Result<String> {
    if let Some(exact) = run.and_then(|run| names.iter().position(|name| name == run)) {
        return Ok(names.swap_remove(exact));
    }
    let refused = |message: String| Err(Error::invalid(message).at_path(name_of(file)));
    match (run, names.len()) {
        (_, 1) if !many => Ok(names.swap_remove(0)),
        (None, 0) => Ok(String::new()),
        (Some(run), 0) => refused(format!("no run begins with {run:?}")),
        (run, _) => {
            let what = run.map_or("there is more than one run".to_owned(), |run| {
                format!("more than one run begins with {run:?}")
            });
            let mut shown = names;
            if many || shown.len() > MAX_NAMED {
                shown.truncate(MAX_NAMED);
                shown.push("...".to_owned());
            }
            refused(format!("{what}: {}", shown.join(", ")))
        }
    }
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
