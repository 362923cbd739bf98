//! What the importer of provider streams makes of all recorded ones: every chunk read, nothing lost.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{Damage, damaged, events, files, import, kinds, leaves, payload, recorded, survives, told};
use newswire::{Delivery, Event};
use newswire_recording::{Broken, ReadOptions, open_with};
use proptest::prelude::*;
use serde_json::Value;

const SET: &str = "vercel_ai_stream_chunks";

/// The file two of whose lines lack their last brace.
const BROKEN: &str = "parallel-tool-call-wrapper.1.chunks.txt";

/// Reads a file, passing over what is no JSON; gives events, records and broken ones.
fn read(path: &Path) -> (Vec<Event>, newswire_recording::Report) {
    let options = ReadOptions { broken: Broken::Skip, ..ReadOptions::default() };
    let mut import = open_with(path, &options).unwrap();
    assert_eq!(import.format().name, "ai-sdk", "{}", path.display());
    let events = import.by_ref().filter_map(|delivery| delivery.ok().and_then(Delivery::event)).collect();
    (events, import.report().clone())
}

fn chunks(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn explore() {
    let Some(set) = recorded(SET) else { return };
    let mut all = BTreeMap::new();
    let (mut records, mut broken) = (0, 0);
    for path in files(&set, ".chunks.txt") {
        let (events, report) = read(&path);
        records += report.records;
        broken += report.broken_records;
        for (kind, times) in kinds(&events) {
            *all.entry(kind).or_insert(0) += times;
        }
        if !report.unknown_records.is_empty() || !report.unknown_fields.is_empty() {
            eprintln!(
                "{} {:?} {:?}",
                path.file_name().unwrap().display(),
                report.unknown_records,
                report.unknown_fields
            );
        }
        let told = told(&events);
        let mut lost = BTreeMap::new();
        for chunk in chunks(&path) {
            leaves(&chunk, "", &mut |field, leaf| {
                if !told.contains(&leaf) {
                    lost.entry(field.to_owned()).or_insert(leaf);
                }
            });
        }
        if !lost.is_empty() {
            eprintln!("LOST {} {lost:?}", path.file_name().unwrap().display());
        }
    }
    eprintln!("{records} {broken} {all:#?}");
}
