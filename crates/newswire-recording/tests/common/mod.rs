//! What the tests of all importers need.
#![allow(dead_code, reason = "each test uses some of it")]

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use newswire::{Delivery, Error, Event, Result};
use newswire_recording::{Format, Import, ReadOptions, read_with};
use serde_json::Value;

/// A recording of one of the sets beside the project; says so where it is missing.
pub(crate) fn recorded(set: &str, name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(set).join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: ../shared/data/{set}/{name} is missing");
    None
}

/// All recordings of a set that end so, in order of their names; says so where there are none.
pub(crate) fn all_recorded(set: &str, ending: &str) -> Vec<PathBuf> {
    let Some(folder) = recorded(set, "") else { return Vec::new() };
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    files.sort();
    files
}

/// Reads bytes as a format; errors call them `test`.
pub(crate) fn import<'r>(format: &str, bytes: impl std::io::Read + Send + 'r) -> Import<'r> {
    let format = Some(Format::named(format).unwrap());
    read_with(bytes, "test", &ReadOptions { format, ..ReadOptions::default() }).unwrap()
}

pub(crate) fn events(import: impl Iterator<Item = Result<Delivery>>) -> Vec<Event> {
    import.map(|delivery| delivery.unwrap().event().expect("no gap")).collect()
}

/// The first error; the import ends with it.
pub(crate) fn error_of(format: &str, bytes: &[u8]) -> Error {
    let mut import = import(format, bytes);
    let error = import.by_ref().find_map(Result::err).expect("an error");
    assert!(import.next().is_none(), "an import ends after its error");
    error
}

pub(crate) fn payload(event: &Event) -> Value {
    serde_json::from_str(event.payload_json().unwrap_or("null")).unwrap()
}

/// Every text, number, truth value and null in `value`, with the name of the field that it stands in.
pub(crate) fn leaves(value: &Value, field: &str, found: &mut dyn FnMut(&str, String)) {
    match value {
        Value::Object(map) => map.iter().for_each(|(field, value)| leaves(value, field, found)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, field, found)),
        leaf => {
            found(field, format!("{leaf:?}").trim_start_matches("String(").trim_end_matches(')').to_owned())
        }
    }
}

/// All leaves of payload, attributes, scope and tags of the events.
pub(crate) fn kept_in(events: &[Event]) -> HashSet<String> {
    let mut kept = HashSet::new();
    for event in events {
        leaves(&payload(event), "", &mut |_, leaf| _ = kept.insert(leaf));
        event.attrs().for_each(|(_, raw)| {
            leaves(&serde_json::from_str(raw.get()).unwrap(), "", &mut |_, leaf| _ = kept.insert(leaf));
        });
        event.scope().iter().for_each(|(_, id)| _ = kept.insert(format!("{id:?}")));
        event.tags().for_each(|tag| _ = kept.insert(format!("{tag:?}")));
    }
    kept
}

/// Flips, deletes or doubles bytes: each change is a place, a sort, a byte and how many bytes.
pub(crate) fn mutate(bytes: &mut Vec<u8>, changes: &[(usize, usize, u8, usize)]) {
    for (at, sort, byte, count) in changes {
        let at = at % bytes.len().max(1);
        let end = (at + count).min(bytes.len());
        match sort {
            0 if at < end => bytes[at] = *byte,
            1 => drop(bytes.drain(at..end)),
            _ => {
                let doubled = bytes[at..end].to_vec();
                bytes.splice(at..at, doubled);
            }
        }
    }
}
