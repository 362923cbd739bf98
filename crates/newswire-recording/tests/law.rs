//! The law of all importers, over every file of every recorded set: each text, number and time of a source stands
//! somewhere in the events that it became.

mod common;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use common::{files, leaves, recorded, told};
use newswire::{Delivery, Event};
use newswire_recording::{Broken, ReadOptions, Seek, open_with};
use serde_json::Value;

/// Fields whose values are what the kinds of the events say.
const IN_KINDS: [(&str, &[&str]); 5] = [
    ("pi", &["type", "role", "isError", "stopReason"]),
    ("codex", &["kind"]),
    ("ag-ui", &["$type"]),
    ("ai-sdk", &["type"]),
    ("tau-bench", &["role"]),
];

/// The values of a file: one, or one a line. What is broken is told as an error, elsewhere.
fn sources(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.trim_start_matches('\u{feff}');
    if let Ok(value) = serde_json::from_str(text) {
        return vec![value];
    }
    let lines = text.lines().map(|line| line.trim_start_matches("data:"));
    lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Whether some event is of the time that the leaf tells, in one of the ways in which sources do.
fn is_time(leaf: &str, times: &HashSet<i64>) -> bool {
    if let Ok(text) = serde_json::from_str::<String>(leaf) {
        return matches!(Seek::parse(&text), Ok(Seek::Time(time)) if times.contains(&time));
    }
    let millis = leaf.trim_start_matches("Number(").parse::<i64>().ok();
    millis.and_then(|millis| millis.checked_mul(1_000_000)).is_some_and(|time| times.contains(&time))
}

/// What of the value no event tells, by field.
fn lost(
    value: &Value,
    told: &HashSet<String>,
    times: &HashSet<i64>,
    found: &mut Vec<(String, String)>,
) -> u64 {
    let mut looked_at = 0;
    leaves(value, "", &mut |field, leaf| {
        looked_at += 1;
        if leaf == "\"\"" || leaf == "Null" || told.contains(&leaf) || is_time(&leaf, times) {
            return;
        }
        // Arguments that came as text may be told as the JSON that they are.
        let inner = serde_json::from_str::<String>(&leaf).ok();
        match inner.and_then(|text| serde_json::from_str::<Value>(&text).ok()).filter(Value::is_object) {
            Some(inner) => looked_at += lost(&inner, told, times, found),
            None => found.push((field.to_owned(), leaf)),
        }
    });
    looked_at
}

#[test]
fn every_text_number_and_time_of_every_recorded_source_stands_in_its_events() {
    let Some(data) = recorded("") else { return };
    let mut read: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for path in files(&data, "") {
        let options = ReadOptions { broken: Broken::Skip, ..ReadOptions::default() };
        // What is of no format that is read is told elsewhere.
        let Ok(mut import) = open_with(&path, &options) else { continue };
        let format = import.format().name;
        let events: Vec<Event> =
            import.by_ref().filter_map(|delivery| delivery.ok().and_then(Delivery::event)).collect();
        let times: HashSet<i64> = events.iter().map(Event::time_ns).collect();
        let told = told(&events);
        let in_kinds =
            IN_KINDS.iter().find(|(name, _)| *name == format).map_or(&[][..], |(_, fields)| fields);
        for source in sources(&path) {
            let mut missing = Vec::new();
            let looked_at = lost(&source, &told, &times, &mut missing);
            missing.retain(|(field, _)| !in_kinds.contains(&field.as_str()));
            assert!(missing.is_empty(), "{}: {missing:?} is lost", path.display());
            let (files, leaves) = read.entry(format).or_default();
            (*files, *leaves) = (*files + 1, *leaves + looked_at);
        }
    }
    for (format, least) in [
        ("pi", 20_000),
        ("codex", 20_000),
        ("langfuse", 3_000),
        ("tau-bench", 20_000),
        ("ai-sdk", 50_000),
        ("ag-ui", 50_000),
    ] {
        let (_, leaves) = read.get(format).copied().unwrap_or_default();
        assert!(leaves > least, "{format}: {leaves} values were looked at");
    }
}
