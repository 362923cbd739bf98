//! Which run of a store or recording is meant.

use std::path::Path;

use newswire::{Error, Result};
use newswire_store::{RunQuery, Store};

use super::file::name_of;
use super::reading::Reading;
use super::store::store_to_read;

/// How many runs are named where one has to be chosen.
const MAX_NAMED: usize = 10;

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
