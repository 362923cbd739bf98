//! What the importer of Langfuse makes of the traces of 13 frameworks: nothing lost, figures that a direct
//! count gives, and the order in which things happened.

mod common;
#[path = "common/wrong.rs"]
mod wrong;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use newswire::view::{UsageMeter, View};
use newswire::{Event, SpanId};
use newswire_recording::{Broken, Format, ReadOptions, open, read, read_with};
use proptest::prelude::*;
use serde_json::Value;

use common::{damaged, events, files, leaves, payload, recorded, told};

const SET: &str = "langfuse_framework_traces";

/// All files of the set.
fn all_recorded() -> Vec<PathBuf> {
    recorded(SET).map(|folder| files(&folder, ".json")).unwrap_or_default()
}

/// All traces, each with its file and its events.
fn traces() -> Vec<(PathBuf, Value, Vec<Event>)> {
    let read = |path: PathBuf| {
        let source = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let events = events(open(&path).unwrap());
        (path, source, events)
    };
    all_recorded().into_iter().map(read).collect()
}

fn observations(source: &Value) -> &Vec<Value> {
    source["observations"].as_array().unwrap()
}

#[test]
fn all_recorded_traces_give_the_figures_that_a_direct_count_of_the_source_gives() {
    let traces = traces();
    if traces.is_empty() {
        return;
    }
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    let (mut found, mut details, mut used) = (BTreeMap::<String, usize>::new(), [0, 0], [0, 0]);
    let (mut usage, mut costs, mut cost) = ([0, 0], 0.0, 0.0);
    let mut only_totals = [0, 0];
    for (_, source, events) in &traces {
        for observation in observations(source) {
            *counted.entry(observation["type"].as_str().unwrap().to_owned()).or_default() += 1;
            for (place, (part, total)) in
                [("input", "inputUsage"), ("output", "outputUsage")].iter().enumerate()
            {
                details[place] += observation["usageDetails"][part].as_u64().unwrap_or(0);
                used[place] += observation[total].as_u64().unwrap();
                if observation.get("usageDetails").is_none() {
                    only_totals[place] += observation[total].as_u64().unwrap();
                }
            }
            costs += observation["totalCost"].as_f64().unwrap();
        }
        for event in events {
            *found.entry(event.kind().as_str().to_owned()).or_default() += 1;
            let payload = payload(event);
            let told = if payload["data"]["usage"].is_null() {
                &payload["usage"]
            } else {
                &payload["data"]["usage"]
            };
            usage[0] += told["input_tokens"].as_u64().unwrap_or(0);
            usage[1] += told["output_tokens"].as_u64().unwrap_or(0);
            cost += told["cost_usd"].as_f64().unwrap_or(0.0);
        }
    }
    let counted: Vec<_> = counted.iter().map(|(sort, count)| (sort.as_str(), *count)).collect();
    assert_eq!(counted, [("AGENT", 6), ("CHAIN", 1), ("GENERATION", 28), ("SPAN", 50), ("TOOL", 6)]);
    let count = |kind: &str| found.get(kind).copied().unwrap_or(0);
    assert_eq!(
        (count("model.call.started"), count("model.call.completed"), count("model.call.progress")),
        (28, 27, 1)
    );
    assert_eq!((count("tool.call.started"), count("tool.call.completed")), (6, 6));
    assert_eq!((count("agent.started"), count("agent.completed")), (6, 6));
    assert_eq!((count("step.started"), count("step.completed")), (51, 51));
    assert_eq!((count("run.started"), count("run.completed")), (13, 13));
    // One trace of the 13 has totals only; the figures of the set are those of the parts.
    assert_eq!((details, only_totals), ([11_779, 3_675], [1_200, 15]));
    assert_eq!(usage, used);
    assert_eq!(usage, [details[0] + only_totals[0], details[1] + only_totals[1]]);
    assert!((cost - costs).abs() < 1e-12, "{cost} {costs}");
}

/// The usage of model calls, as a view counts it: not twice where an agent tells its calls', and that of the call
/// that never ends as far as it was told.
#[test]
fn usage_of_model_calls_is_what_the_generations_tell() {
    let mut meter = UsageMeter::new();
    let (mut input, mut output, mut calls) = (0, 0, 0);
    for (_, source, events) in traces() {
        events.iter().for_each(|event| meter.see(event));
        for generation in observations(&source).iter().filter(|one| one["type"] == "GENERATION") {
            calls += u64::from(!generation["endTime"].is_null());
            input += generation["inputUsage"].as_u64().unwrap();
            output += generation["outputUsage"].as_u64().unwrap();
        }
    }
    let total = meter.snapshot().total;
    assert_eq!((total.calls, total.input_tokens, total.output_tokens), (calls, input, output));
    assert!(calls == 0 || total.reasoning_tokens == 1104);
}

#[test]
fn nothing_that_the_recorded_traces_tell_is_lost() {
    for (path, source, events) in traces() {
        let mut import = open(&path).unwrap();
        assert_eq!(import.format().name, "langfuse");
        import.by_ref().for_each(drop);
        let report = import.report();
        assert_eq!((report.records, report.events), (1, events.len() as u64));
        assert_eq!((&report.unknown_records, &report.unknown_fields), (&BTreeMap::new(), &BTreeMap::new()));
        let mut kept = told(&events);
        kept.extend(events.iter().flat_map(Event::tags).map(|tag| format!("{tag:?}")));
        leaves(&source, "", &mut |field, leaf| {
            let in_the_time = ["startTime", "endTime"].contains(&field);
            let told = leaf == "Null" || in_the_time || kept.contains(&leaf) || field == "timestamp";
            assert!(told, "{}: {field} {leaf} is lost", path.display());
        });
    }
}

#[test]
fn starts_and_ends_stand_in_the_order_of_time_within_what_encloses_them() {
    for (path, source, events) in traces() {
        assert!(events.is_sorted_by_key(Event::time_ns), "{}", path.display());
        let last = events.iter().rposition(|event| event.kind().as_str() == "run.completed").unwrap();
        assert_eq!(events[0].kind().as_str(), "run.started");
        assert!(events[last + 1..].iter().all(|event| event.kind().as_str() == "evaluation.completed"));
        let mut open = HashSet::<SpanId>::new();
        let mut known = HashSet::<SpanId>::new();
        for event in &events {
            let (span, kind) = (event.correlation().span, event.kind().as_str());
            if kind.ends_with(".started") {
                assert!(open.insert(span.unwrap()) && known.insert(span.unwrap()));
                let parent = event.correlation().parent_span;
                assert!(parent.is_none_or(|parent| known.contains(&parent)), "a part before the whole");
            } else if kind.ends_with(".completed")
                && !kind.starts_with("tool.request")
                && !kind.starts_with("evaluation")
            {
                assert!(open.remove(&span.unwrap()));
            }
        }
        let unended = observations(&source).iter().filter(|one| one["endTime"].is_null()).count();
        assert_eq!(open.len(), unended, "{}", path.display());
    }
}

#[test]
fn tool_calls_have_the_names_and_ids_that_their_requests_have() {
    let mut requested: HashMap<String, Vec<(String, Value)>> = HashMap::new();
    let mut requests = 0;
    for (path, _, events) in traces() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for event in events.iter().filter(|event| event.kind().as_str() == "tool.request.completed") {
            let payload = payload(event);
            requests += 1;
            requested
                .entry(name.clone())
                .or_default()
                .push((payload["name"].as_str().unwrap().to_owned(), payload["call_id"].clone()));
        }
        for event in events.iter().filter(|event| event.kind().as_str() == "tool.call.started") {
            let payload = payload(event);
            let asked = requested.get(&name).expect("a request");
            assert!(asked.iter().any(|(tool, _)| *tool == payload["name"]), "{name}: {payload}");
            let id = &payload["call_id"];
            assert!(
                id.is_null() || name.contains("google-adk") || asked.iter().any(|(_, asked)| asked == id),
                "{name}: {payload}"
            );
        }
    }
    assert!(requested.is_empty() || requests == 11, "{requested:#?}");
}

#[test]
fn a_trace_on_many_lines_is_told_as_one_even_if_it_comes_in_small_pieces() {
    struct Dripping<'t>(&'t [u8]);
    impl std::io::Read for Dripping<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.len().min(into.len()).min(5);
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }
    for path in all_recorded().into_iter().take(3) {
        let bytes = std::fs::read(&path).unwrap();
        let dripped = read(Dripping(&bytes), "pipe").unwrap();
        assert_eq!(dripped.format().name, "langfuse");
        assert_eq!(dripped.map(Result::unwrap).count(), open(&path).unwrap().count());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever becomes of a real file: events, and errors that name their line; never a panic.
    #[test]
    fn no_mutated_trace_makes_the_importer_panic(
        file in any::<prop::sample::Index>(),
        damages in prop::collection::vec((0.0..1.0, any::<u8>(), any::<u8>()), 0..4),
        digits in prop::option::of((0_usize..60_000, 0_u8..10)),
    ) {
        let files = all_recorded();
        if files.is_empty() {
            return Ok(());
        }
        let mut bytes = std::fs::read(&files[file.index(files.len())]).unwrap();
        // Most changes break the JSON; one of a digit gives another trace.
        if let Some((at, digit)) = digits {
            let len = bytes.len();
            let found = bytes[at % len..].iter_mut().find(|byte| byte.is_ascii_digit());
            found.into_iter().for_each(|byte| *byte = b'0' + digit);
        } else {
            bytes = damaged(&bytes, &damages);
        }
        let options = ReadOptions { broken: Broken::Skip, format: Some(Format::named("langfuse").unwrap()), ..ReadOptions::default() };
        for result in read_with(&*bytes, "trace.json", &options).unwrap() {
            if let Err(error) = result {
                prop_assert!(wrong::is_placed(&error, "trace.json"), "{error}");
            }
        }
    }
}
