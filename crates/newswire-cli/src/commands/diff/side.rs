//! One of the two runs, as it was read.

use std::collections::BTreeMap;
use std::path::Path;

use newswire::{Filter, Result, ScopeField};

use super::operations::{Operations, run_of};
use crate::exit::OK;
use crate::input::{Item, Reading, Total, Wanted, choose, name_of, read, run_in_store, store_path};
use crate::output::Io;

/// How many runs of a recording are told apart.
const MAX_NAMED: usize = 10;

/// One of the two.
pub(super) struct Side {
    pub(super) name: String,
    pub(super) operations: Operations,
    /// What was read of it.
    pub(super) total: Total,
}

/// Reads one run; or what kept it from being read whole.
pub(super) fn side(
    file: &Path,
    run: Option<&str>,
    reading: &Reading,
    io: &mut Io,
) -> Result<Result<Side, Total>> {
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
        } else if runs.len() <= MAX_NAMED || run == Some(name) {
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
