//! What the importer of AG-UI makes of all recorded model streams and event streams: every one read, nothing lost.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::{assert_told, damaged, events, files, import, kinds, payload, recorded, survives, told};
use newswire::Event;
use newswire_recording::open;
use proptest::prelude::*;
use serde_json::Value;

fn streams() -> Option<Vec<PathBuf>> {
    Some(files(&recorded("agui_recordings/fixtures")?, ".recording.json"))
}

fn baselines() -> Option<Vec<PathBuf>> {
    let all = files(&recorded("agui_recordings/baselines")?, ".AGUI.verified.json");
    Some(all.into_iter().filter(|path| path.to_string_lossy().contains("Response")).collect())
}

fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap()
}

fn read(path: &Path) -> Vec<Event> {
    let mut import = open(path).unwrap();
    assert_eq!(import.format().name, "ag-ui", "{}", path.display());
    let events = events(import.by_ref());
    let report = import.report();
    assert!(
        report.unknown_records.is_empty() && report.unknown_fields.is_empty(),
        "{}: {report:?}",
        path.display()
    );
    events
}

/// The sum of a field of usage over all events of that kind.
fn used(events: &[Event], kind: &str, field: &str) -> u64 {
    let of_kind = events.iter().filter(|event| event.kind().as_str() == kind);
    of_kind.map(|event| payload(event)["usage"][field].as_u64().unwrap_or(0)).sum()
}

#[test]
fn every_recorded_model_stream_is_a_run_with_its_model_calls_deltas_requests_and_usage() {
    let Some(paths) = streams() else { return };
    assert_eq!(paths.len(), 13);
    let (mut all, mut counted) = (Vec::new(), BTreeMap::<&str, u64>::new());
    let mut add = |what: &'static str, more: u64| *counted.entry(what).or_default() += more;
    for path in paths {
        let events = read(&path);
        for stream in json(&path).as_array().unwrap() {
            add("streams", 1);
            for content in
                stream.as_array().unwrap().iter().flat_map(|update| update["contents"].as_array().unwrap())
            {
                let has_text = content["text"].as_str().is_some_and(|text| !text.is_empty());
                match content["$type"].as_str().unwrap() {
                    "text" => add("text", u64::from(has_text)),
                    "reasoning" => add("reasoning", u64::from(has_text)),
                    "functionCall" => add("calls", 1),
                    "functionResult" => add("results", 1),
                    "toolApprovalRequest" => add("approvals", 1),
                    "usage" => {
                        add("usages", 1);
                        add("input", content["details"]["inputTokenCount"].as_u64().unwrap());
                        add("output", content["details"]["outputTokenCount"].as_u64().unwrap());
                        add("thought", content["details"]["reasoningTokenCount"].as_u64().unwrap());
                    }
                    _ => {}
                }
            }
        }
        all.extend(events);
    }
    let kinds = kinds(&all);
    let of = |kind: &str| kinds.get(kind).copied().unwrap_or(0);
    assert_eq!(counted["streams"], 20);
    assert_eq!((of("run.started"), of("run.completed")), (20, 20));
    // Two streams hold an answer before a tool's result and one behind.
    assert_eq!((of("model.call.started"), of("model.call.completed")), (22, 22));
    assert_eq!(of("message.delta"), counted["text"]);
    assert_eq!(of("reasoning.delta"), counted["reasoning"]);
    // Three calls are told again when the client has decided; one of these was asked for approval.
    assert_eq!(of("tool.request.completed"), counted["calls"] + counted["approvals"] - 3);
    assert_eq!(of("tool.approval.started"), counted["approvals"]);
    assert_eq!(of("tool.call.completed"), counted["results"]);
    let with_usage = all.iter().filter(|event| {
        event.kind().as_str() == "model.call.completed" && payload(event)["usage"].is_object()
    });
    assert_eq!(with_usage.count() as u64, counted["usages"]);
    for (field, name) in
        [("input_tokens", "input"), ("output_tokens", "output"), ("reasoning_tokens", "thought")]
    {
        assert_eq!(used(&all, "model.call.completed", field), counted[name]);
        assert_eq!(used(&all, "run.completed", field), counted[name]);
    }
}

#[test]
fn every_event_of_the_baselines_is_told() {
    let Some(paths) = baselines() else { return };
    assert_eq!(paths.len(), 40);
    let (mut all, mut sorts, mut input) = (Vec::new(), BTreeMap::<String, u64>::new(), 0);
    for path in paths {
        for event in json(&path).as_array().unwrap() {
            *sorts.entry(event["type"].as_str().unwrap().to_owned()).or_default() += 1;
            let usage = event["usage"].as_array().into_iter().flatten();
            input += usage.map(|usage| usage["inputTokens"].as_u64().unwrap_or(0)).sum::<u64>();
        }
        all.extend(read(&path));
    }
    assert_eq!(sorts.values().sum::<u64>(), 3_796);
    let kinds = kinds(&all);
    for (sort, kind) in [
        ("RUN_STARTED", "run.started"),
        ("RUN_FINISHED", "run.completed"),
        ("TEXT_MESSAGE_CONTENT", "message.delta"),
        ("TEXT_MESSAGE_END", "message.created"),
        ("REASONING_MESSAGE_CONTENT", "reasoning.delta"),
        ("REASONING_MESSAGE_END", "reasoning.created"),
        ("TOOL_CALL_START", "tool.request.started"),
        ("TOOL_CALL_ARGS", "tool.request.delta"),
        ("TOOL_CALL_END", "tool.request.completed"),
        ("TOOL_CALL_END", "tool.call.started"),
        ("TOOL_CALL_RESULT", "tool.call.completed"),
        ("STATE_SNAPSHOT", "state.saved"),
    ] {
        assert_eq!(kinds.get(kind), sorts.get(sort), "{sort}");
    }
    let kept = ["TEXT_MESSAGE_START", "REASONING_START", "REASONING_MESSAGE_START", "REASONING_END", "RAW"];
    assert_eq!(kinds["ag_ui.event.kept"], kept.iter().map(|sort| sorts[*sort]).sum::<u64>());
    assert_eq!(used(&all, "run.completed", "input_tokens"), input);
}

/// Every text and number of the source stands in some event, empty texts aside.
#[test]
fn nothing_that_a_recorded_stream_tells_is_lost() {
    let (Some(streams), Some(baselines)) = (streams(), baselines()) else { return };
    for path in streams.iter().chain(&baselines) {
        let told = told(&read(path));
        assert_told(&json(path), &told, &["$type"], &path.display().to_string());
    }
}

#[test]
fn events_may_come_as_lines_or_as_server_sent_events_too() {
    let Some(paths) = baselines() else { return };
    let kinds_of = |text: &str| {
        let mut import = newswire_recording::read(text.as_bytes(), "stream").unwrap();
        assert_eq!(import.format().name, "ag-ui");
        events(import.by_ref()).iter().map(|event| event.kind().to_string()).collect::<Vec<_>>()
    };
    let array = json(&paths[5]);
    let each: Vec<_> = array.as_array().unwrap().iter().map(Value::to_string).collect();
    let whole = kinds_of(&array.to_string());
    assert_eq!(kinds_of(&each.join("\n")), whole);
    assert_eq!(kinds_of(&format!("data: {}\n\n", each.join("\n\ndata: "))), whole);
}

#[test]
fn errors_cancellations_steps_state_and_chunks_are_told() {
    let text = r#"
        {"type":"RUN_STARTED","threadId":"t","runId":"r","timestamp":1000,"input":{"messages":[]}}
        {"type":"STEP_STARTED","stepName":"plan"}
        {"type":"STEP_FINISHED","stepName":"plan"}
        {"type":"STATE_DELTA","delta":[{"op":"add","path":"/a","value":1}]}
        {"type":"THINKING_TEXT_MESSAGE_CONTENT","delta":"hm"}
        {"type":"TEXT_MESSAGE_CHUNK","messageId":"m","delta":"Hel"}
        {"type":"TEXT_MESSAGE_CHUNK","messageId":"m","delta":"lo"}
        {"type":"RUN_FINISHED","threadId":"t","runId":"r","timestamp":3000,"outcome":{"type":"cancelled"}}
        {"type":"RUN_STARTED","threadId":"t","runId":"s"}
        {"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"ls"}
        {"type":"RUN_ERROR","message":"no quota","code":"429"}
        {"type":"HOLOGRAM_STARTED","mood":"calm"}
    "#;
    let mut import = import("ag-ui", text.as_bytes(), "run");
    let events = events(import.by_ref());
    let kinds: Vec<_> = events.iter().map(|event| event.kind().as_str()).collect();
    let expected = [
        "run.started",
        "step.started",
        "step.completed",
        "state.changed",
        "reasoning.delta",
        "reasoning.created",
        "message.delta",
        "message.delta",
        "message.created",
        "run.canceled",
        "run.started",
        "tool.request.started",
        "tool.request.canceled",
        "run.failed",
        "ag_ui.event.kept",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(events[1].correlation().span, events[2].correlation().span);
    assert_eq!(payload(&events[8])["content"], "Hello");
    assert_eq!(payload(&events[9])["duration_ns"], 2_000_000_000);
    assert_eq!(payload(&events[13])["error"]["code"], "429");
    assert_eq!(events[13].correlation().span, events[10].correlation().span);
    assert_eq!(import.report().unknown_records.keys().collect::<Vec<_>>(), ["HOLOGRAM_STARTED"]);
}

#[test]
fn what_is_broken_is_told_by_line_and_column() {
    for (text, path, column) in [
        ("[{\"type\":\"RUN_STARTED\"},\n 7]", "run:2", Some(2)),
        ("[{\"type\":\"RUN_STARTED\"},\n{\"type\":\"RUN_FINISHED\",\n \"usage\":7}]", "run:3", Some(10)),
        ("[{\"type\":\"TEXT_MESSAGE_CONTENT\",\n\"delta\":[]}]", "run:2: delta", Some(9)),
        (
            "[[{\"contents\":[\n{\"$type\":\"usage\",\"details\":{\"inputTokenCount\":-1}}]}]]",
            "run:2: inputTokenCount",
            Some(47),
        ),
        ("[[{\"contents\":7}]]", "run:1: contents", Some(15)),
        ("[{\"type\":\"RUN_STARTED\"}, {\"type\":\"RUN_ERROR\",\"message\":7}]", "run:1: message", Some(56)),
        ("[{\"type\":\"RUN_STARTED\"}", "run:1", Some(24)),
        ("[{\"type\":\"RUN_STARTED\"},\n {\"type\":\"RUN_", "run:2", Some(15)),
        ("[{\"é\":\"\0\"}]", "run:1", Some(8)),
    ] {
        let error = import("ag-ui", text.as_bytes(), "run").find_map(Result::err).unwrap();
        assert_eq!((error.path(), error.column()), (Some(path), column), "{text}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_to_a_real_stream_makes_the_importer_panic(
        file in any::<prop::sample::Index>(),
        damages in prop::collection::vec((0.0..1.0, any::<u8>(), any::<u8>()), 1..6),
    ) {
        let (Some(mut paths), Some(baselines)) = (streams(), baselines()) else { return Ok(()) };
        paths.extend(baselines);
        let bytes = std::fs::read(file.get(&paths)).unwrap();
        survives("ag-ui", &damaged(&bytes[..bytes.len().min(16_384)], &damages));
    }

    #[test]
    fn events_that_are_missing_or_come_in_another_order_lose_nothing_of_the_others(
        file in any::<prop::sample::Index>(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..40),
        streams_of in any::<bool>(),
    ) {
        let (Some(streams), Some(baselines)) = (streams(), baselines()) else { return Ok(()) };
        let paths = if streams_of { streams } else { baselines };
        let source = json(file.get::<PathBuf>(&paths));
        let all: Vec<_> = if streams_of {
            source.as_array().unwrap().iter().flat_map(|stream| stream.as_array().unwrap()).collect()
        } else {
            source.as_array().unwrap().iter().collect()
        };
        let some: Vec<_> = order.iter().map(|place| (*place.get(&all)).clone()).collect();
        let some = if streams_of { Value::Array(vec![Value::Array(some)]) } else { Value::Array(some) };
        let text = some.to_string();
        let told = told(&events(import("ag-ui", text.as_bytes(), "shuffled")));
        assert_told(&some, &told, &["$type"], &text);
    }
}
