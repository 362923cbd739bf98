//! What the importer of tau-bench makes of all its runs: nothing lost, figures that a direct count gives.

mod common;
#[path = "common/wrong.rs"]
mod wrong;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use newswire::{Event, ScopeField, SpanId};
use newswire_recording::{Broken, Format, Import, ReadOptions, open, read, read_with};
use proptest::prelude::*;
use serde_json::{Value, json};

use common::{Damage, damaged, events, leaves, payload, recorded, told};
use wrong::{error_of, is_placed};

fn source() -> Option<PathBuf> {
    Some(recorded("tau_bench_airline_gpt4o")?.join("gpt-4o-airline.json"))
}

fn import(text: &str) -> Import<'_> {
    common::import("tau-bench", text.as_bytes(), "test")
}

fn runs(path: &PathBuf) -> Vec<Value> {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn texts<'v>(runs: &'v [Value], role: &str) -> Vec<&'v Value> {
    let messages = runs.iter().flat_map(|run| run["traj"].as_array().unwrap());
    messages.filter(|message| message["role"] == role).collect()
}

fn run(messages: &Value) -> String {
    json!({"task_id": 3, "trial": 1, "reward": 1.0, "info": {}, "traj": messages}).to_string()
}

fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.kind().as_str()).collect()
}

#[test]
fn all_recorded_runs_give_the_figures_that_a_direct_count_of_the_source_gives() {
    let Some(path) = source() else { return };
    let runs = runs(&path);
    let mut import = open(&path).unwrap();
    assert_eq!(import.format().name, "tau-bench");
    let events = events(import.by_ref());
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for event in &events {
        *kinds.entry(event.kind().as_str()).or_default() += 1;
    }
    let count = |kind: &str| kinds.get(kind).copied().unwrap_or(0);
    let said = |role: &str| {
        let of =
            |event: &&Event| event.kind().as_str() == "message.created" && payload(event)["role"] == role;
        events.iter().filter(of).count()
    };
    let tools = texts(&runs, "tool");
    let errors =
        tools.iter().filter(|message| message["content"].as_str().unwrap().starts_with("Error:")).count();
    let spoken = texts(&runs, "assistant").iter().filter(|message| !message["content"].is_null()).count();
    assert_eq!((runs.len(), tools.len(), errors), (200, 1164, 73));
    assert_eq!((count("run.started"), count("run.completed")), (200, 200));
    assert_eq!((said("system"), said("user"), said("assistant")), (200, texts(&runs, "user").len(), spoken));
    assert_eq!(
        (count("model.call.started"), count("model.call.completed")),
        (2454, texts(&runs, "assistant").len())
    );
    assert_eq!(said("system") + said("user") + count("model.call.completed") + tools.len(), 5308);
    assert_eq!((count("tool.request.completed"), count("tool.call.started")), (tools.len(), tools.len()));
    assert_eq!((count("tool.call.failed"), count("tool.call.completed")), (errors, tools.len() - errors));
    let passed = |passed: bool| {
        let of = |event: &&Event| {
            event.kind().as_str() == "evaluation.completed" && payload(event)["passed"] == passed
        };
        events.iter().filter(of).count()
    };
    assert_eq!((passed(true), passed(false)), (84, 116));
    let report = import.report();
    assert_eq!((report.records, report.events, report.gaps), (200, events.len() as u64, 0));
    assert_eq!((&report.unknown_records, &report.unknown_fields), (&BTreeMap::new(), &BTreeMap::new()));
}

#[test]
fn nothing_that_the_recorded_runs_tell_is_lost() {
    let Some(path) = source() else { return };
    let mut by_run: HashMap<String, Vec<Event>> = HashMap::new();
    for event in events(open(&path).unwrap()) {
        // What follows the trial tells this file's runs from those of others.
        let (run, _) = event.scope().get(ScopeField::Run).unwrap().rsplit_once('-').unwrap();
        by_run.entry(run.to_owned()).or_default().push(event);
    }
    for (number, run) in runs(&path).iter().enumerate() {
        let kept = told(&by_run[&format!("task-{}-trial-{}", run["task_id"], run["trial"])]);
        leaves(run, "", &mut |field, leaf| {
            // Arguments are the text of JSON, which is told as JSON; its leaves are looked for then.
            if field == "arguments" {
                let text: String = serde_json::from_str(&leaf).unwrap();
                leaves(&serde_json::from_str(&text).unwrap(), "", &mut |field, leaf| {
                    assert!(kept.contains(&leaf), "{number}: {field} {leaf} is lost");
                });
            } else if leaf != "Null" && field != "role" {
                assert!(kept.contains(&leaf), "{number}: {field} {leaf} is lost");
            }
        });
    }
}

#[test]
fn every_call_has_a_span_of_its_own_that_its_result_ends() {
    let Some(path) = source() else { return };
    let mut open_calls = HashSet::<(String, SpanId)>::new();
    let mut seen = HashSet::new();
    for event in events(open(&path).unwrap()) {
        assert_eq!(event.time_ns(), 0, "the source tells no time");
        let span = event.correlation().span;
        let here = || (event.scope().get(ScopeField::Run).unwrap().to_owned(), span.unwrap());
        match event.kind().as_str() {
            "tool.call.started" => {
                assert!(seen.insert(here()), "a span comes twice");
                open_calls.insert(here());
            }
            "tool.call.completed" | "tool.call.failed" => assert!(open_calls.remove(&here())),
            _ => {}
        }
    }
    assert!(open_calls.is_empty());
}

#[test]
fn a_run_is_told_message_by_message() {
    let text = run(&json!([
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "One moment.", "mood": "calm",
         "tool_calls": [{"id": "c", "type": "function", "function": {"name": "look", "arguments": "{\"n\":1.10}"}}]},
        {"role": "tool", "tool_call_id": "c", "name": "look", "content": "Error: dark"},
        {"role": "assistant", "content": null,
         "tool_calls": [{"id": "c", "type": "function", "function": {"name": "look", "arguments": "n=1"}}]},
        {"role": "tool", "tool_call_id": "c", "name": "look", "content": "a lamp"},
        {"role": "narrator", "content": ["meanwhile"]},
        {"role": "user", "content": [{"type": "text", "text": "Bye"}]},
    ]));
    let mut import = import(&text);
    let events = events(import.by_ref());
    assert_eq!(
        kinds(&events),
        [
            "run.started",
            "message.created",
            "message.created",
            "model.call.started",
            "message.created",
            "tool.request.completed",
            "model.call.completed",
            "tool.call.started",
            "tool.call.failed",
            "model.call.started",
            "tool.request.completed",
            "model.call.completed",
            "tool.call.started",
            "tool.call.completed",
            "tau_bench.message.kept",
            "message.created",
            "evaluation.completed",
            "run.completed",
        ]
    );
    let of = |index: usize| events[index].correlation();
    assert_eq!(
        (of(3).parent_span, of(4).parent_span, of(5).parent_span),
        (of(0).span, of(3).span, of(3).span)
    );
    assert_eq!((of(8).span, of(13).span), (of(7).span, of(12).span));
    assert!(of(7).span != of(12).span && of(5).span != of(10).span, "one id, two calls");
    // Numbers pass through digit by digit; what is no JSON stays text.
    assert!(events[7].payload_json().unwrap().contains(r#""arguments":{"n":1.10}"#));
    assert_eq!(payload(&events[10])["arguments"], "n=1");
    assert_eq!(payload(&events[8])["error"]["message"], "Error: dark");
    assert_eq!(payload(&events[13])["result"], "a lamp");
    assert_eq!(payload(&events[14])["content"], json!(["meanwhile"]));
    assert_eq!(payload(&events[15])["parts"], json!([{"type": "text", "text": "Bye"}]));
    assert_eq!(payload(&events[16]), json!({"name": "reward", "passed": true, "score": 1.0}));
    assert_eq!(events[6].attr("tau-bench.mood").unwrap().get(), r#""calm""#);
    let report = import.report();
    assert_eq!(report.unknown_fields.keys().collect::<Vec<_>>(), ["mood"]);
    assert_eq!(report.unknown_records.keys().collect::<Vec<_>>(), ["message/narrator"]);
    let again = common::events(common::import("tau-bench", text.as_bytes(), "test"));
    assert!(events.iter().zip(&again).all(|(one, other)| one.correlation() == other.correlation()));
}

#[test]
fn a_run_that_broke_has_failed_and_one_that_comes_again_has_a_name_of_its_own() {
    let broke = json!({"task_id": 1, "trial": 0, "reward": 0.0, "traj": [], "info": {"error": "timeout", "traceback": "line 1"}});
    let events = events(import(&json!([broke, broke]).to_string()));
    assert_eq!(kinds(&events)[..3], ["run.started", "evaluation.completed", "run.failed"]);
    assert_eq!(payload(&events[2])["error"]["message"], "timeout");
    assert!(events[0].attr("tau-bench.info").unwrap().get().contains("line 1"));
    let names: Vec<_> = events.iter().map(|event| event.scope().get(ScopeField::Run).unwrap()).collect();
    assert!(names[0].starts_with("task-1-trial-0-"), "{}", names[0]);
    assert_eq!(names[3], format!("{}-2", names[0]));
}

#[test]
fn what_is_wrong_is_told_by_line_and_column() {
    let told = |text: &str| {
        let error = error_of("tau-bench", text.as_bytes());
        (error.path().unwrap().to_owned(), error.column().unwrap(), error.message().to_owned())
    };
    let at = |path: &str, column: usize, message: &str| (path.to_owned(), column, message.to_owned());
    assert_eq!(
        told("[\n  7]"),
        at("test:2", 3, "this is no JSON object: invalid type: integer `7`, expected an object")
    );
    assert_eq!(told("[\n  {\"traj\": []}]"), at("test:2", 3, "the object has no task_id"));
    assert_eq!(told("[{\"task_id\": 1}]"), at("test:1", 2, "the object has no traj"));
    assert_eq!(told("[{\"task_id\": [1]}]"), at("test:1", 14, "an array stands here"));
    assert_eq!(told("[{\"task_id\": 1,\n\"traj\": {}}]"), at("test:2: traj", 9, "an object stands here"));
    assert_eq!(
        told("[{\"task_id\": 1, \"traj\": [], \n \"reward\": \"high\"}]"),
        at("test:2: reward", 12, "a string stands here")
    );
    assert_eq!(
        told("[{\"task_id\": 1, \"traj\": [\n{\"role\": \"user\"},\n{\"role\": 7}]}]"),
        at("test:3: traj[1].role", 10, "a number stands here")
    );
    assert_eq!(
        told("[{\"task_id\": 1,\n \"traj\": [}]"),
        at("test:2", 11, "this is no JSON object: expected value")
    );
    assert_eq!(told("[{\"task_id\": 1,\n \"tra"), at("test:2", 6, "the file ends within a value"));
    assert_eq!(error_of("tau-bench", b" [ ] ").message(), "nothing stands in it");
    let deep = run(&json!([{"role": "user", "content": "hi"}]))
        .replace("\"hi\"", &format!("{}{}", "[".repeat(70), "]".repeat(70)));
    let (path, column, message) = told(&format!("[\n{deep}]"));
    assert_eq!((path.as_str(), column), ("test:2: traj[0].payload", 45), "{message}");
}

#[test]
fn told_to_skip_what_is_broken_it_goes_on_with_the_next_run() {
    let good = run(&json!([]));
    let text = format!("[{good},\n7,\n{{\"task_id\":1}},\n{good}]\n{good} x\n{good}");
    let options = ReadOptions { broken: Broken::Skip, ..ReadOptions::default() };
    let mut import = read_with(text.as_bytes(), "runs.json", &options).unwrap();
    let errors: Vec<_> = import.by_ref().filter_map(Result::err).collect();
    let places: Vec<_> =
        errors.iter().map(|error| (error.path().unwrap(), error.column().unwrap())).collect();
    assert_eq!(places, [("runs.json:2", 1), ("runs.json:3", 1), ("runs.json:5", good.len() + 2)]);
    assert_eq!((import.report().records, import.report().broken_records), (4, 3));
}

#[test]
fn runs_are_streamed_so_that_the_first_is_there_before_the_last() {
    struct Endless(Vec<u8>, usize);
    impl std::io::Read for Endless {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            for byte in &mut *into {
                *byte = self.0[self.1 % self.0.len()];
                self.1 += 1;
            }
            Ok(into.len())
        }
    }
    let runs = Endless(format!("{},\n", run(&json!([]))).into_bytes(), 0);
    let endless = std::io::Read::chain(&b"["[..], runs);
    let mut import = read(endless, "pipe").unwrap();
    assert_eq!(import.by_ref().take(3_000).filter(Result::is_ok).count(), 3_000);
    assert_eq!(import.report().records, 1_000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever becomes of a real file: events, and errors that name their line; never a panic.
    #[test]
    fn no_mutated_file_makes_the_importer_panic(
        damages in prop::collection::vec((0.0..1.0, any::<u8>(), any::<u8>()), 0..4),
        skip in any::<bool>(),
    ) {
        let Some(path) = source() else { return Ok(()) };
        let mut bytes = std::fs::read(path).unwrap();
        bytes.truncate(40_000);
        let damages: Vec<Damage> = damages;
        let bytes = damaged(&bytes, &damages);
        let broken = if skip { Broken::Skip } else { Broken::Stop };
        let options = ReadOptions { broken, format: Some(Format::named("tau-bench").unwrap()), ..ReadOptions::default() };
        let results: Vec<_> = read_with(&*bytes, "runs.json", &options).unwrap().collect();
        let errors: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        prop_assert!(skip || errors.len() <= 1);
        prop_assert!(errors.iter().all(|error| is_placed(error, "runs.json")));
    }
}
