//! What the importer of Langfuse makes of the traces of 13 frameworks: nothing lost, figures that a direct
//! count gives, and the order in which things happened.

mod common;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use newswire::view::{UsageMeter, View};
use newswire::{Event, ScopeField, Severity, SpanId};
use newswire_recording::{Broken, Format, ReadOptions, open, read, read_with};
use proptest::prelude::*;
use serde_json::{Value, json};

use common::{all_recorded, error_of, events, import, kept_in, leaves, payload};

const SET: &str = "langfuse_framework_traces";

/// All traces, each with its file and its events.
fn traces() -> Vec<(PathBuf, Value, Vec<Event>)> {
    let read = |path: PathBuf| {
        let source = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let events = events(open(&path).unwrap());
        (path, source, events)
    };
    all_recorded(SET, ".json").into_iter().map(read).collect()
}

fn observations(source: &Value) -> &Vec<Value> {
    source["observations"].as_array().unwrap()
}

fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.kind().as_str()).collect()
}

/// The events of a document with these observations.
fn events_of(observations: &Value) -> Vec<Event> {
    events(import("langfuse", document(observations).as_bytes()))
}

fn document(observations: &Value) -> String {
    json!({"trace": {"id": "t", "timestamp": "2025-01-01T00:00:00.000Z"}, "observations": observations})
        .to_string()
}

fn at(second: u32) -> String {
    format!("2025-01-01T00:00:{second:02}.000Z")
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

/// The usage of model calls that have ended, as a view counts it: not twice where an agent tells its calls'.
#[test]
fn usage_of_model_calls_is_what_the_generations_that_ended_tell() {
    let mut meter = UsageMeter::new();
    let (mut input, mut output, mut calls) = (0, 0, 0);
    for (_, source, events) in traces() {
        events.iter().for_each(|event| meter.see(event));
        let ended = observations(&source)
            .iter()
            .filter(|one| one["type"] == "GENERATION" && !one["endTime"].is_null());
        for generation in ended {
            calls += 1;
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
        let kept = kept_in(&events);
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
fn an_observation_gives_its_beginning_and_its_end() {
    let events = events_of(&json!([
        {"id": "a", "type": "AGENT", "name": "planner", "startTime": at(1), "endTime": at(9), "input": {"q": 1}, "level": "DEFAULT"},
        {"id": "g", "type": "GENERATION", "name": "chat", "parentObservationId": "a", "startTime": at(2), "endTime": at(4),
         "completionStartTime": at(3), "model": "m-1", "modelParameters": {"temperature": 0.5, "max_tokens": 99, "top_p": "null"},
         "input": [{"role": "user"}], "output": "Hello", "inputUsage": 10, "outputUsage": 4, "totalCost": 0.10,
         "usageDetails": {"input": 7, "input_cached_tokens": 3, "output": 1, "output_reasoning": 3},
         "metadata": {"attributes": {"gen_ai.system": "acme", "gen_ai.response.id": "r", "gen_ai.response.finish_reasons": ["tool_call"]}}},
        {"id": "t", "type": "TOOL", "name": "running look", "parentObservationId": "a", "startTime": at(4), "endTime": at(4),
         "input": {"n": 1.5}, "output": "lamp", "metadata": {"attributes": {"gen_ai.tool.name": "look", "gen_ai.tool.call.id": "c"}}},
    ]));
    assert_eq!(
        kinds(&events),
        [
            "run.started",
            "agent.started",
            "model.call.started",
            "model.call.completed",
            "tool.call.started",
            "tool.call.completed",
            "agent.completed",
            "run.completed",
        ]
    );
    let of = |index: usize| events[index].correlation();
    assert_eq!(
        (of(1).parent_span, of(2).parent_span, of(4).parent_span),
        (of(0).span, of(1).span, of(1).span)
    );
    assert_eq!(
        (of(2).span, of(4).span, of(6).span, of(7).span),
        (of(3).span, of(5).span, of(1).span, of(0).span)
    );
    assert_eq!(payload(&events[1]), json!({"name": "planner", "input": {"q": 1}}));
    assert_eq!(
        payload(&events[2]),
        json!({"model": "m-1", "provider": "acme", "messages": [{"role": "user"}], "temperature": 0.5, "max_output_tokens": 99})
    );
    let usage = json!({"input_tokens": 10, "output_tokens": 4, "cache_read_tokens": 3, "reasoning_tokens": 3, "cost_usd": 0.10});
    assert_eq!(
        payload(&events[3]),
        json!({"model": "m-1", "provider": "acme", "content": "Hello", "usage": usage,
        "duration_ns": 2_000_000_000, "time_to_first_chunk_ns": 1_000_000_000, "finish_reason": "tool_calls", "raw_finish_reason": "tool_call", "response_id": "r"})
    );
    assert_eq!(payload(&events[4]), json!({"name": "look", "call_id": "c", "arguments": {"n": 1.5}}));
    assert_eq!(
        payload(&events[5]),
        json!({"name": "look", "call_id": "c", "result": "lamp", "duration_ns": 0})
    );
    assert_eq!(
        payload(&events[7]),
        json!({"duration_ns": 9_000_000_000_i64, "model_call_count": 1, "tool_call_count": 1})
    );
    assert_eq!(events[2].component().unwrap().id(), "m-1");
    assert_eq!(events[4].attr("langfuse.name").unwrap().get(), r#""running look""#);
    assert!(events[3].attr("langfuse.usageDetails").unwrap().get().contains("input_cached_tokens"));
    let twice = events_of(&json!([{"id": "a", "type": "SPAN", "startTime": at(1)}]));
    let again = events_of(&json!([{"id": "a", "type": "SPAN", "startTime": at(1)}]));
    assert!(twice.iter().zip(&again).all(|(one, other)| one.correlation() == other.correlation()));
}

#[test]
fn levels_and_open_ends_and_events_and_other_types_are_what_they_say() {
    let events = events_of(&json!([
        {"id": "s", "type": "SPAN", "name": "root", "startTime": at(1), "endTime": at(9), "level": "ERROR", "statusMessage": "boom"},
        {"id": "g", "type": "GENERATION", "parentObservationId": "s", "startTime": at(2), "output": "half", "usageDetails": {"input": 5, "cache_read_input_tokens": 20}},
        {"id": "t", "type": "TOOL", "name": "look", "parentObservationId": "s", "startTime": at(3), "endTime": at(4), "level": "ERROR", "output": {"code": 1}},
        {"id": "w", "type": "CHAIN", "name": "slow", "parentObservationId": "gone", "startTime": at(5), "endTime": at(5), "level": "WARNING"},
        {"id": "e", "type": "EVENT", "name": "noted", "parentObservationId": "s", "startTime": at(6), "input": "x", "level": "DEBUG"},
        {"id": "r", "type": "RETRIEVER", "name": "docs", "parentObservationId": "s", "startTime": at(7), "endTime": at(8), "input": "who", "output": ["d"]},
        {"id": "n", "type": "NOVEL", "name": "new", "parentObservationId": "s", "startTime": at(9), "endTime": at(8), "mood": "calm"},
    ]));
    assert_eq!(
        kinds(&events),
        [
            "run.started",
            "step.started",
            "model.call.started",
            "model.call.progress",
            "tool.call.started",
            "tool.call.failed",
            "step.started",
            "step.completed",
            "log.written",
            "retrieval.started",
            "retrieval.completed",
            "step.started",
            "step.completed",
            "step.failed",
            "run.failed",
        ]
    );
    assert_eq!(
        payload(&events[3])["data"],
        json!({"output": "half", "usage": {"input_tokens": 25, "output_tokens": 0, "cache_read_tokens": 20}})
    );
    assert_eq!(
        payload(&events[5]),
        json!({"name": "look", "error": {"message": "unknown"}, "result": {"code": 1}, "duration_ns": 1_000_000_000})
    );
    assert_eq!(
        (events[7].severity(), payload(&events[6])["step_type"].as_str()),
        (Severity::Warn, Some("chain"))
    );
    assert_eq!(
        events[6].correlation().parent_span,
        events[0].correlation().span,
        "whose whole is missing hangs on the run"
    );
    assert_eq!(events[7].attr("langfuse.level").unwrap().get(), r#""WARNING""#);
    assert_eq!(
        (events[8].severity(), payload(&events[8])),
        (Severity::Debug, json!({"message": "noted", "level": "DEBUG", "fields": {"input": "x"}}))
    );
    assert_eq!(
        (payload(&events[9])["query"].clone(), payload(&events[10])["documents"].clone()),
        (json!("who"), json!(["d"]))
    );
    assert_eq!(payload(&events[12]).get("duration_ns"), None, "time went backwards");
    assert_eq!(
        (payload(&events[13])["error"]["message"].clone(), payload(&events[14])["error"]["message"].clone()),
        (json!("boom"), json!("boom"))
    );
}

#[test]
fn a_trace_has_its_session_its_user_its_tags_and_its_scores() {
    let trace = json!({"id": "t", "sessionId": "s", "userId": "ada", "name": "n", "tags": ["b", "a"], "timestamp": at(5), "input": "q", "output": {"a": 1.0}, "mood": "calm",
        "scores": [
            {"id": "2", "name": "fine", "timestamp": at(9), "dataType": "BOOLEAN", "value": 0, "observationId": "o"},
            {"id": "1", "name": "good", "timestamp": at(8), "dataType": "NUMERIC", "value": 0.5, "comment": "so so"}]});
    let observations =
        json!([{"id": "o", "type": "SPAN", "name": "x", "startTime": at(4), "endTime": at(6)}]);
    let around = json!({"trace": trace, "observations": observations, "note": 7}).to_string();
    let mut within = trace.clone();
    within["observations"] = observations;
    let mut import = import("langfuse", around.as_bytes());
    let events = common::events(import.by_ref());
    assert_eq!(
        kinds(&events),
        [
            "run.started",
            "step.started",
            "step.completed",
            "run.completed",
            "evaluation.completed",
            "evaluation.completed"
        ]
    );
    let scope = events[1].scope();
    assert_eq!(
        (scope.get(ScopeField::Run), scope.get(ScopeField::Session), scope.get(ScopeField::User)),
        (Some("t"), Some("s"), Some("ada"))
    );
    assert_eq!(events[0].tags().collect::<Vec<_>>(), ["a", "b"]);
    // The run begins with the first that it holds, and ends with the last.
    assert_eq!(
        (events[0].time_ns(), payload(&events[3])["duration_ns"].as_i64()),
        (events[1].time_ns(), Some(2_000_000_000))
    );
    assert_eq!(events[0].attr("langfuse.timestamp").unwrap().get(), format!("{:?}", at(5)));
    assert_eq!(payload(&events[3])["output"], json!({"a": 1.0}));
    assert_eq!(payload(&events[4]), json!({"name": "good", "score": 0.5, "explanation": "so so"}));
    assert_eq!(payload(&events[5]), json!({"name": "fine", "score": 0.0, "passed": false}));
    assert_eq!(events[5].correlation().parent_span, events[1].correlation().span);
    assert_eq!(import.report().unknown_fields.keys().collect::<Vec<_>>(), ["mood", "note"]);
    // As the interface gives it: the trace with its observations within.
    let again = common::events(common::import("langfuse", within.to_string().as_bytes()));
    assert_eq!(kinds(&again), kinds(&events));
}

#[test]
fn documents_one_after_another_or_in_an_array_are_each_a_record() {
    let one = document(&json!([]));
    for text in [format!("{one}\n{one}"), format!("[{one},{one}]")] {
        let mut import = import("langfuse", text.as_bytes());
        assert_eq!(
            kinds(&events(import.by_ref())),
            ["run.started", "run.completed", "run.started", "run.completed"]
        );
        assert_eq!(import.report().records, 2);
    }
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
    for path in all_recorded(SET, ".json").into_iter().take(3) {
        let bytes = std::fs::read(&path).unwrap();
        let dripped = read(Dripping(&bytes), "pipe").unwrap();
        assert_eq!(dripped.format().name, "langfuse");
        assert_eq!(dripped.map(Result::unwrap).count(), open(&path).unwrap().count());
    }
}

#[test]
fn what_is_wrong_is_told_by_line_and_column() {
    let told = |text: &str| {
        let error = error_of("langfuse", text.as_bytes());
        (error.path().unwrap().to_owned(), error.column().unwrap(), error.message().to_owned())
    };
    let at = |path: &str, column: usize, message: &str| (path.to_owned(), column, message.to_owned());
    assert_eq!(told("{}"), at("test:1", 1, "the document has no observations"));
    assert_eq!(told("\n\n {\"observations\":\n 7}"), at("test:4: observations", 2, "a number stands here"));
    assert_eq!(told("{\"observations\": [], \"trace\": 7}").0, "test:1: trace");
    assert_eq!(
        told("{\"observations\": [], \"trace\": {}}"),
        at("test:1", 1, "the document has no id of a trace")
    );
    let with =
        |observation: &str| format!("{{\"trace\": {{\"id\": \"t\"}}, \"observations\": [\n{observation}]}}");
    assert_eq!(told(&with("[]")).0, "test:2: observations[0]");
    assert_eq!(
        told(&with("  {\"id\": \"a\"}")),
        at("test:2: observations[0]", 3, "the observation has no startTime")
    );
    assert_eq!(
        told(&with("{\"id\": \"a\",\n\"startTime\": \"soon\"}")),
        at("test:3: observations[0].startTime", 14, "a string stands here")
    );
    let fine = r#""id": "a", "type": "GENERATION", "startTime": "2025-01-01T00:00:00Z", "endTime": "2025-01-01T00:00:00Z""#;
    assert_eq!(
        told(&with(&format!("{{{fine},\n\"inputUsage\": -1}}"))),
        at("test:3: observations[0].inputUsage", 15, "a number stands here")
    );
    assert_eq!(
        told(&with(&format!("{{{fine},\n\"usageDetails\": {{\"input\": \"x\"}}}}"))).0,
        "test:3: observations[0].usageDetails.input"
    );
    assert_eq!(
        told(&with(&format!("{{{fine},\n\"totalCost\": -0.1}}"))),
        at("test:3: observations[0].totalCost", 14, "a number stands here")
    );
    let deep = format!("{}{}", "[".repeat(70), "]".repeat(70));
    assert_eq!(
        told(&with(&format!("{{{fine},\n\"metadata\": {deep}}}"))).0,
        "test:2: observations[0].attrs.langfuse.metadata"
    );
    assert_eq!(told(&with("{\"id\": \"a\", \"id\": \"b\"}")).0, "test:2: observations[0]");
    assert_eq!(told(&with("{\"id\": }")), at("test:2", 8, "this is no JSON object: expected value"));
    assert_eq!(told("{\"observations\": [\n{"), at("test:2", 2, "the file ends within a value"));
    assert_eq!(
        told("{\"observations\": [], \"trace\": {\"id\": \"t\", \"scores\": [\n{\"value\": \"x\"}]}}").0,
        "test:2: scores[0].value"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever becomes of a real file: events, and errors that name their line; never a panic.
    #[test]
    fn no_mutated_trace_makes_the_importer_panic(
        file in any::<prop::sample::Index>(),
        changes in prop::collection::vec((0_usize..60_000, 0_usize..3, any::<u8>(), 1_usize..400), 0..4),
        digits in prop::option::of((0_usize..60_000, 0_u8..10)),
    ) {
        let files = all_recorded(SET, ".json");
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
            common::mutate(&mut bytes, &changes);
        }
        let options = ReadOptions { broken: Broken::Skip, format: Some(Format::named("langfuse").unwrap()), ..ReadOptions::default() };
        for result in read_with(&*bytes, "trace.json", &options).unwrap() {
            if let Err(error) = result {
                prop_assert!(error.path().unwrap().starts_with("trace.json:") && error.column().is_some(), "{error}");
            }
        }
    }
}
