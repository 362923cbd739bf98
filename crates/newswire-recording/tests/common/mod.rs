//! What the tests of all importers need: recorded data, and what of it stands in events.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use newswire::{Delivery, Event, Result};
use newswire_recording::{Format, Import, ReadOptions, read_with};
use serde_json::Value;

/// A set of recorded data that lies beside the project, if it does; its lack is told.
pub(crate) fn recorded(set: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(set);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: ../shared/data/{set} is missing");
    None
}

/// All files below, whose names end so, in the order of their names.
pub(crate) fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, end));
        } else if path.to_string_lossy().ends_with(end) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Reads `bytes` as that format.
pub(crate) fn import<'r>(format: &str, bytes: &'r [u8], name: &str) -> Import<'r> {
    let format = Some(Format::named(format).unwrap());
    read_with(bytes, name, &ReadOptions { format, ..ReadOptions::default() }).unwrap()
}

pub(crate) fn events(import: impl Iterator<Item = Result<Delivery>>) -> Vec<Event> {
    import.map(|delivery| delivery.unwrap().event().expect("no gap")).collect()
}

pub(crate) fn payload(event: &Event) -> Value {
    serde_json::from_str(event.payload_json().unwrap_or("null")).unwrap()
}

/// How often each kind comes.
pub(crate) fn kinds<'e>(events: impl IntoIterator<Item = &'e Event>) -> BTreeMap<String, u64> {
    let mut kinds = BTreeMap::new();
    for event in events {
        *kinds.entry(event.kind().as_str().to_owned()).or_default() += 1;
    }
    kinds
}

/// Every text and number of a value, with the name of the field that it stands in.
pub(crate) fn leaves(value: &Value, field: &str, found: &mut dyn FnMut(&str, String)) {
    match value {
        Value::Object(map) => map.iter().for_each(|(field, value)| leaves(value, field, found)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, field, found)),
        leaf => {
            found(field, format!("{leaf:?}").trim_start_matches("String(").trim_end_matches(')').to_owned())
        }
    }
}

/// Every text and number that stands in payloads, attributes, tags and scopes.
pub(crate) fn told<'e>(events: impl IntoIterator<Item = &'e Event>) -> HashSet<String> {
    let mut told = HashSet::new();
    for event in events {
        leaves(&payload(event), "", &mut |_, leaf| _ = told.insert(leaf));
        for (_, raw) in event.attrs() {
            leaves(&serde_json::from_str(raw.get()).unwrap(), "", &mut |_, leaf| _ = told.insert(leaf));
        }
        event.tags().for_each(|tag| _ = told.insert(format!("{tag:?}")));
        event.scope().iter().for_each(|(_, id)| _ = told.insert(format!("{id:?}")));
    }
    told
}

/// Every text and number of `source` is among what is `told`. Empty texts needn't be, nor what is in an event's
/// kind; arguments that came as text may be told as the JSON that they are.
pub(crate) fn assert_told(source: &Value, told: &HashSet<String>, in_kinds: &[&str], name: &str) {
    leaves(source, "", &mut |field, leaf| {
        if !in_kinds.contains(&field) && leaf != "\"\"" && !told.contains(&leaf) {
            let inner = serde_json::from_str::<String>(&leaf).ok();
            let inner = inner.and_then(|text| serde_json::from_str::<Value>(&text).ok());
            let inner = inner.filter(Value::is_object);
            let Some(inner) = inner else { panic!("{name}: {field} {leaf} is lost") };
            assert_told(&inner, told, &[], name);
        }
    });
}

/// What every import of damaged bytes must do: give events, then at most one error, which names its source.
pub(crate) fn survives(format: &str, bytes: &[u8]) {
    let results: Vec<_> = import(format, bytes, "damaged").collect();
    let errors: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    assert!(errors.len() <= 1);
    for error in errors {
        assert!(error.path().is_some_and(|path| path.starts_with("damaged")), "{error}");
    }
    assert!(results.iter().rev().skip(1).all(Result::is_ok));
}

/// One change to bytes: where, as a share of their length, and what.
pub(crate) type Damage = (f64, u8, u8);

/// Pieces that hardly fit anywhere.
const PIECES: [&str; 6] =
    ["1e999", "18446744073709551616", "\\ud800", "\0", "\u{feff}", "{\"type\":\"message\",\"type\":[]}"];

/// Bytes with changes: some flipped, some taken out, doubled or exchanged for others, the rest cut off, nesting without
/// an end or a piece that doesn't fit put in.
pub(crate) fn damaged(bytes: &[u8], damages: &[Damage]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (place, sort, value) in damages {
        if bytes.is_empty() {
            break;
        }
        let at = ((bytes.len() as f64 * place) as usize).min(bytes.len() - 1);
        let end = (at + usize::from(*value)).min(bytes.len());
        let mut insert = |piece: &[u8]| drop(bytes.splice(at..at, piece.iter().copied()));
        match sort % 8 {
            0 | 1 => bytes[at] ^= value | 1,
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => bytes.truncate(at),
            5 => {
                let piece: Vec<u8> = bytes.drain(at..end).collect();
                let elsewhere = (at * 7 + usize::from(*value) * 31) % (bytes.len() + 1);
                bytes.splice(elsewhere..elsewhere, piece);
            }
            6 => insert("[".repeat(usize::from(*value)).as_bytes()),
            _ => insert(PIECES[usize::from(*value) % PIECES.len()].as_bytes()),
        }
    }
    bytes
}
