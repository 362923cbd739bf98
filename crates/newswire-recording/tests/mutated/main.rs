//! Real records of every format, changed in meaning rather than in bytes: values of other sorts and sizes, members
//! that are missing, doubled or called otherwise, pieces that have changed places, nesting without end. What comes of
//! it is still JSON for the most part, so that it gets past the first look; the importers' own tests damage bytes.

#[path = "../common/mod.rs"]
mod common;
mod mutation;

use std::path::PathBuf;
use std::sync::OnceLock;

use common::{Damage, damaged, files, recorded};
use mutation::{Mutation, mutated, mutation};
use newswire::{Delivery, Event};
use newswire_recording::{Broken, Format, ReadOptions, WriteOptions, Writer, formats, open, read, read_with};
use proptest::prelude::*;
use serde_json::Value;

/// How many records of a source are taken, and how many bytes of them.
const MAX_RECORDS: usize = 60;
const MAX_BYTES: usize = 100_000;

/// Samples of the five systems, of whom no recordings are at hand.
const SYSTEMS: [(&str, &str); 5] = [
    ("promptkit", include_str!("../../../newswire/tests/dialects/samples/promptkit.jsonl")),
    ("aitaskagent", include_str!("../../../newswire/tests/dialects/samples/aitaskagent.jsonl")),
    ("agent-runtime", include_str!("../../../newswire/tests/dialects/samples/agentruntime.jsonl")),
    ("picoclaw", include_str!("../../../newswire/tests/dialects/samples/picoclaw.jsonl")),
    ("praxis", include_str!("../../../newswire/tests/dialects/samples/praxis.jsonl")),
];

/// The beginning of a source, record by record.
struct Sample {
    records: Vec<Value>,
    /// Whether they stand in an array, else on lines.
    array: bool,
}

impl Sample {
    fn of(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}');
        let (records, array): (Vec<Value>, _) = match serde_json::from_str(text) {
            Ok(Value::Array(records)) => (records, true),
            Ok(record) => (vec![record], false),
            Err(_) => (text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(), false),
        };
        let mut bytes = 0;
        let fits = |record: &Value| {
            bytes += record.to_string().len();
            bytes <= MAX_BYTES
        };
        Self { records: records.into_iter().take(MAX_RECORDS).take_while(fits).collect(), array }
    }
}

/// Samples of each format.
fn samples() -> &'static [(&'static str, Vec<Sample>)] {
    static SAMPLES: OnceLock<Vec<(&'static str, Vec<Sample>)>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let data: Vec<PathBuf> = recorded("").map(|data| files(&data, "")).unwrap_or_default();
        let mut all: Vec<_> = formats().iter().map(|format| (format.name, Vec::new())).collect();
        let mut add = |name: &str, sample: Sample| {
            let (_, samples) = all.iter_mut().find(|(format, _)| *format == name).unwrap();
            samples.push(sample);
        };
        SYSTEMS.iter().for_each(|(format, text)| add(format, Sample::of(text)));
        for path in data {
            let Ok(import) = open(&path) else { continue };
            let format = import.format().name;
            if format == "pi" {
                // Our own recordings are made of theirs.
                let events = import.filter_map(|delivery| delivery.ok().and_then(Delivery::event));
                add("newswire", Sample::of(&written(events.take(MAX_RECORDS))));
            }
            add(format, Sample::of(&std::fs::read_to_string(&path).unwrap()));
        }
        all.retain(|(_, samples)| !samples.is_empty());
        all
    })
}

fn written(events: impl Iterator<Item = Event>) -> String {
    events.map(|event| event.to_json() + "\n").collect()
}

#[test]
fn there_are_samples_of_every_format() {
    if recorded("").is_some() {
        let names: Vec<_> = samples().iter().map(|(format, _)| *format).collect();
        assert_eq!(names, formats().iter().map(|format| format.name).collect::<Vec<_>>());
        assert!(samples().iter().all(|(_, samples)| samples.iter().any(|sample| !sample.records.is_empty())));
    }
}

/// What every import must do, whatever it is given.
fn import(format: &str, bytes: &[u8], skip: bool) -> Result<(), TestCaseError> {
    let broken = if skip { Broken::Skip } else { Broken::Stop };
    let format = Some(Format::named(format).unwrap());
    let options = ReadOptions { format, broken, ..ReadOptions::default() };
    let mut import = read_with(bytes, "source", &options).unwrap();
    let results: Vec<_> = import.by_ref().collect();
    let errors: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    prop_assert!(skip || errors.len() <= 1);
    for error in &errors {
        let placed = error.path().is_some_and(|path| path.starts_with("source:"));
        prop_assert!(placed || error.message() == "nothing stands in it", "{error}");
    }
    let report = import.report();
    prop_assert_eq!(report.broken_records, errors.len() as u64);
    prop_assert_eq!(report.events + report.gaps, (results.len() - errors.len()) as u64);
    // What was made of it is a recording, and the same when it is read again.
    let events: Vec<Event> =
        results.into_iter().filter_map(|result| result.ok().and_then(Delivery::event)).collect();
    let path = std::env::temp_dir().join(format!("newswire-mutated-{}.ndjson", std::process::id()));
    let mut writer =
        Writer::create(&path, &WriteOptions { overwrite: true, ..WriteOptions::default() }).unwrap();
    events.iter().for_each(|event| writer.write_event(event).unwrap());
    writer.finish().unwrap();
    let again: Vec<_> = read(&*std::fs::read(&path).unwrap(), "again").unwrap().collect();
    std::fs::remove_file(&path).unwrap();
    prop_assert_eq!(again.len(), events.len());
    for (event, again) in events.iter().zip(again) {
        let again = again.map_err(|error| TestCaseError::fail(format!("{error}: {}", event.to_json())))?;
        let again = again.event().unwrap();
        prop_assert_eq!(event.payload_json(), again.payload_json());
        // A line that was kept is that line again, and kept anew when it is read.
        if event.kind().as_str() != "recording.line.kept" {
            prop_assert_eq!(event.to_json(), again.to_json());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever records are changed into: events, and errors with their lines; never a panic, nothing uncounted.
    #[test]
    fn no_mutation_of_real_records_makes_an_importer_panic_or_lose_count(
        format in any::<prop::sample::Index>(),
        sample in any::<prop::sample::Index>(),
        mutations in prop::collection::vec(mutation(), 1..8),
        damages in prop::collection::vec((0.0..1.0, any::<u8>(), any::<u8>()), 0..2),
        skip in prop::bool::weighted(0.8),
    ) {
        let (format, samples) = &samples()[format.index(samples().len())];
        let sample = &samples[sample.index(samples.len())];
        let mutations: Vec<Mutation> = mutations;
        let damages: Vec<Damage> = damages;
        let text = mutated(&sample.records, sample.array, &mutations);
        import(format, text.as_bytes(), skip)?;
        if !damages.is_empty() {
            import(format, &damaged(text.as_bytes(), &damages), skip)?;
        }
    }
}
