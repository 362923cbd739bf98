//! JSON that isn't its system's: path, what was found, what was expected; and never a panic.

use newswire::catalogue::System;
use newswire::{Error, ErrorKind};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{dialect, json, samples};

fn refused(system: System, theirs: &Value) -> Error {
    dialect(system).read_value(theirs).expect_err("it isn't the system's")
}

/// Where, what was found, what was expected.
fn told(system: System, theirs: &Value) -> (Option<String>, String, Option<String>) {
    let error = refused(system, theirs);
    assert_eq!(error.kind(), ErrorKind::Invalid);
    (error.path().map(str::to_owned), error.message().to_owned(), error.expected().map(str::to_owned))
}

fn at(path: &str, found: &str, expected: &str) -> (Option<String>, String, Option<String>) {
    (Some(path.to_owned()), found.to_owned(), Some(expected.to_owned()))
}

#[test]
fn what_is_no_object_is_no_event_of_any_system() {
    for system in System::ALL {
        for theirs in [json!([]), json!(null), json!("event"), json!(7)] {
            assert_eq!(refused(*system, &theirs).expected(), Some("an object"));
        }
        let error = dialect(*system).read("{\"kind\": ").expect_err("it ends too early");
        assert_eq!((error.kind(), error.column()), (ErrorKind::Invalid, Some(10)));
    }
}

#[test]
fn a_missing_kind_is_told_with_its_path() {
    let missing = |path| at(path, "found nothing", "text");
    assert_eq!(told(System::PicoClaw, &json!({})), missing("kind"));
    assert_eq!(told(System::PromptKit, &json!({})), missing("type"));
    assert_eq!(told(System::PromptKit, &json!({"seq": 1, "event": {}})), missing("event.type"));
    assert_eq!(told(System::PromptKit, &json!({"RunID": "r"})), missing("Type"));
    assert_eq!(told(System::AiTaskAgent, &json!({})), missing("EventType"));
    assert_eq!(told(System::Praxis, &json!({})), missing("type"));
    let scopes = "one of workflow, workflow_step, agent, llm_request, tool, system";
    assert_eq!(told(System::AgentRuntime, &json!({})), missing("scope"));
    assert_eq!(
        told(System::AgentRuntime, &json!({"scope": "pipeline"})),
        at("scope", "found \"pipeline\"", scopes)
    );
}

/// That there is a type says nothing: any JSON has one.
#[test]
fn an_object_with_a_type_and_nothing_else_is_no_event_of_any_system() {
    let stranger = json!({"type": "x"});
    assert_eq!(told(System::Praxis, &stranger), at("metadata.timestamp", "found nothing", "text"));
    assert_eq!(told(System::AiTaskAgent, &stranger), at("type", "found \"x\"", "one of pipeline, log"));
    assert_eq!(told(System::PromptKit, &stranger), at("timestamp", "found nothing", "text"));
    assert_eq!(told(System::AgentRuntime, &stranger), at("scope", "found nothing", "text"));
    assert_eq!(told(System::PicoClaw, &stranger), at("kind", "found nothing", "text"));
    assert!(dialect(System::Praxis).read_value(&json!({"type": "PING"})).is_ok());
}

#[test]
fn a_member_of_another_type_is_told_with_path_found_and_expected() {
    let picoclaw = |member: &str, value: Value| {
        let mut event = json!({"id": "evt-1", "kind": "agent.error", "time": "2026-06-13T10:00:00Z"});
        event[member] = value;
        told(System::PicoClaw, &event)
    };
    assert_eq!(picoclaw("severity", json!(5)), at("severity", "found a number", "text"));
    assert_eq!(picoclaw("scope", json!("s")), at("scope", "found text", "an object"));
    assert_eq!(picoclaw("scope", json!({"chat_id": 4711})), at("scope.chat_id", "found a number", "text"));
    assert_eq!(picoclaw("attrs", json!([])), at("attrs", "found a list", "an object"));
    let (path, found, _) = picoclaw("time", json!("yesterday"));
    assert_eq!((path.as_deref(), &*found), (Some("time"), "found \"yesterday\""));
    let praxis = |metadata: Value| {
        told(System::Praxis, &json!({"type": "log.entry", "data": {}, "metadata": metadata}))
    };
    assert_eq!(praxis(json!({})), at("metadata.timestamp", "found nothing", "text"));
    assert_eq!(
        praxis(json!({"timestamp": "2025-10-10T12:00:00", "tags": "a"})),
        at("metadata.tags", "found text", "a list of texts")
    );
    let aitaskagent = json!({"EventType": "step.started", "StepName": "s", "Timestamp": "2026-03-15T08:30:00Z", "SuppressFromUser": 1});
    assert_eq!(
        told(System::AiTaskAgent, &aitaskagent),
        at("SuppressFromUser", "found a number", "true or false")
    );
    let promptkit = json!({"seq": "one", "event": {"type": "t", "timestamp": "2026-03-15T08:30:00Z"}});
    assert_eq!(told(System::PromptKit, &promptkit), at("seq", "found text", "a whole number"));
}

#[test]
fn component_ids_of_agent_runtime_are_enforced_in_its_words() {
    let event = |scope: &str, id: &str| {
        let event = json!({"id": "evt_1", "offset": 0, "timestamp": "2026-05-15T12:00:00Z", "scope": scope, "type": "started",
            "component_id": id, "status": "running", "workflow_id": "w", "data": {}});
        let error = refused(System::AgentRuntime, &event);
        assert_eq!(error.path(), Some("component_id"));
        error.message().to_owned()
    };
    assert_eq!(event("tool", ""), "Tool component_id cannot be empty");
    assert_eq!(
        event("workflow_step", "a:b"),
        "WorkflowStep component_id must be 'workflow_name:step:N', got 'a:b'"
    );
    assert_eq!(event("workflow_step", "a:step:x"), "WorkflowStep index must be a number, got 'x'");
    assert_eq!(event("llm_request", "a"), "LlmRequest component_id must be 'agent_name:llm:N', got 'a'");
    assert_eq!(
        event("llm_request", "a:llm:1:2"),
        "LlmRequest component_id must be 'agent_name:llm:N', got 'a:llm:1:2'"
    );
    assert_eq!(event("system", "loop"), "System component_id must start with 'system:', got 'loop'");
}

#[test]
fn what_is_too_large_or_too_deep_is_refused() {
    let large =
        format!(r#"{{"kind":"a","time":"2026-06-13T10:00:00Z","payload":"{}"}}"#, "x".repeat(2 << 20));
    let deep = format!(
        r#"{{"kind":"a","time":"2026-06-13T10:00:00Z","payload":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let picoclaw = dialect(System::PicoClaw);
    assert_eq!(picoclaw.read(large).expect_err("too large").kind(), ErrorKind::TooLarge);
    assert!(picoclaw.read(deep).is_err());
    let nested = |depth: usize| {
        let payload = (0..depth).fold(json!(1), |inner, _| json!([inner]));
        picoclaw.read_value(
            &json!({"kind": "agent.error", "time": "2026-06-13T10:00:00Z", "payload": {"Extra": payload}}),
        )
    };
    assert!(nested(58).is_ok());
    assert_eq!(nested(59).expect_err("too deep").kind(), ErrorKind::TooLarge);
}

#[test]
fn text_that_is_nested_too_deep_is_too_large_however_deep_it_is() {
    let nested = |depth: usize, end: &str| {
        let payload = format!("{}\"[\\\"\"{end}", r#"[{},{"a":"#.repeat(depth / 2));
        let line = format!(r#"{{"kind":"agent.error","time":"2026-06-13T10:00:00Z","payload":{payload}}}"#);
        dialect(System::PicoClaw).read(line).map(|_| ()).map_err(|error| error.kind())
    };
    let closed = |depth: usize| nested(depth, &"}]".repeat(depth / 2));
    assert_eq!(closed(58), Ok(()));
    for depth in [60, 62, 64, 66, 100_000] {
        assert_eq!(closed(depth), Err(ErrorKind::TooLarge), "{depth}");
    }
    assert_eq!(nested(10, ""), Err(ErrorKind::Invalid));
}

#[test]
fn more_bytes_than_an_event_carries_inline_are_refused_with_their_path() {
    let audio = |bytes: usize| {
        let payload = json!({"inline_data": "A".repeat(bytes / 3 * 4), "mime_type": "audio/wav"});
        json!({"type": "audio.input", "timestamp": "2026-03-15T08:30:00Z", "data": {"payload": payload}})
    };
    assert!(dialect(System::PromptKit).read_value(&audio(60_000)).is_ok());
    let error = refused(System::PromptKit, &audio(66_000));
    assert_eq!((error.kind(), error.path()), (ErrorKind::TooLarge, Some("data.payload.inline_data")));
    let line = json!({"seq": 1, "event": audio(66_000)});
    assert_eq!(refused(System::PromptKit, &line).path(), Some("event.data.payload.inline_data"));
    let named = newswire::Event::named("promptkit/audio.input", &audio(66_000)["data"]);
    let error = named.map(drop).expect_err("too large");
    assert_eq!((error.kind(), error.path()), (ErrorKind::TooLarge, Some("payload.payload.inline_data")));
}

/// One member of a sample, somewhere in it, becomes something else.
fn mutated(theirs: &mut Value, path: &[prop::sample::Index], value: Value) {
    match (theirs, path) {
        (Value::Object(members), [index, rest @ ..]) if !members.is_empty() => {
            let place = index.index(members.len());
            members.values_mut().nth(place).into_iter().for_each(|inner| mutated(inner, rest, value.clone()));
        }
        (place, _) => *place = value,
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}", system in prop::sample::select(System::ALL)) {
        let _ = dialect(system).read(text);
    }

    #[test]
    fn a_sample_with_something_else_in_it_is_read_whole_or_refused(
        line in any::<prop::sample::Index>(),
        system in prop::sample::select(System::ALL),
        path in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        value in prop::sample::select(vec![json!(null), json!({}), json!([]), json!("x"), json!(-1), json!(1.5), json!({"a": {"b": []}})]),
    ) {
        let lines: Vec<_> = samples().collect();
        let (_, line) = lines[line.index(lines.len())];
        let mut theirs = json(line);
        mutated(&mut theirs, &path, value);
        if let Ok(event) = dialect(system).read_value(&theirs) {
            prop_assert_eq!(dialect(system).write_value(&event), Some(theirs));
        }
    }
}
