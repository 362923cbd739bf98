//! What each part of a document of Langfuse gives, and what is said where one is wrong.

mod common;
#[path = "common/wrong.rs"]
mod wrong;

use newswire::{Event, ScopeField, Severity};
use newswire_recording::Import;
use serde_json::{Value, json};

use common::{events, payload};
use wrong::error_of;

fn import(text: &str) -> Import<'_> {
    common::import("langfuse", text.as_bytes(), "test")
}

fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.kind().as_str()).collect()
}

/// The events of a document with these observations.
fn events_of(observations: &Value) -> Vec<Event> {
    events(import(&document(observations)))
}

fn document(observations: &Value) -> String {
    json!({"trace": {"id": "t", "timestamp": "2025-01-01T00:00:00.000Z"}, "observations": observations})
        .to_string()
}

fn at(second: u32) -> String {
    format!("2025-01-01T00:00:{second:02}.000Z")
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
    let mut import = import(&around);
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
    let again = common::events(common::import("langfuse", within.to_string().as_bytes(), "test"));
    assert_eq!(kinds(&again), kinds(&events));
}

#[test]
fn documents_one_after_another_or_in_an_array_are_each_a_record() {
    let one = document(&json!([]));
    for text in [format!("{one}\n{one}"), format!("[{one},{one}]")] {
        let mut import = import(&text);
        assert_eq!(
            kinds(&events(import.by_ref())),
            ["run.started", "run.completed", "run.started", "run.completed"]
        );
        assert_eq!(import.report().records, 2);
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
