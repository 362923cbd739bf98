//! Where what is read goes: envelope, units, attributes; and what happens to it when somebody changes it.

use newswire::catalogue::tool::{ToolCallCompleted, ToolCallFailed};
use newswire::catalogue::{Catalogued, System};
use newswire::{ComponentScope, CorrelationField, Event, ScopeField, Severity};
use serde_json::{Value, json};

use super::{dialect, json};

fn read(system: System, theirs: &Value) -> Event {
    dialect(system).read_value(theirs).expect("an event of the system")
}

fn picoclaw() -> Value {
    json!({"id": "evt-7", "kind": "agent.tool.exec_end", "time": "2026-06-13T10:00:00.5Z",
        "source": {"component": "agent", "name": "main"},
        "scope": {"runtime_id": "rt", "agent_id": "main", "session_key": "s", "turn_id": "t", "channel": "tg",
            "account": "bot", "chat_id": "4711", "topic_id": "9", "space_id": "sp", "space_type": "guild",
            "chat_type": "direct", "sender_id": "ada", "message_id": "m"},
        "correlation": {"trace_id": "turn-1/turn-3", "parent_turn_id": "turn-1", "request_id": "r", "reply_to_id": "evt-1"},
        "severity": "warn",
        "payload": {"Tool": "exec", "Duration": 1200, "ForLLMLen": -1, "ForUserLen": 3, "IsError": true, "Async": false, "Extra": {"a": 1}},
        "attrs": {"iteration": 2}})
}

#[test]
fn an_envelope_of_picoclaw_has_all_its_ids_in_ours() {
    let event = read(System::PicoClaw, &picoclaw());
    assert_eq!(event.kind(), &ToolCallFailed::KIND);
    assert_eq!(event.scope().iter().count(), 13);
    assert_eq!(event.scope().get(ScopeField::ChatType), Some("direct"));
    assert_eq!(event.correlation().get(CorrelationField::ParentTurn), Some("turn-1"));
    assert_eq!((event.source().component(), event.source().name()), (Some("agent"), Some("main")));
    assert_eq!((event.severity(), event.time_ns()), (Severity::Warn, 1_781_344_800_500_000_000));
    assert_eq!(event.attr("iteration").map(|value| value.get()), Some("2"));
    assert_eq!(event.attr("trace_id").map(|value| value.get()), Some("\"turn-1/turn-3\""));
    let payload = event.payload::<ToolCallFailed>().expect("it fits").expect("a payload");
    assert_eq!((&*payload.name, payload.duration_ns), ("exec", Some(1200)));
    assert_eq!(
        event.component().map(|component| (component.scope(), component.id())),
        Some((ComponentScope::Tool, "exec"))
    );
}

#[test]
fn what_has_no_place_stays_in_the_attribute_named_after_the_system() {
    let event = read(System::PicoClaw, &picoclaw());
    let kept = json(event.attr("picoclaw").expect("what is left over").get());
    assert_eq!(kept["name"], "agent.tool.exec_end");
    // A length can't be negative, so that one is kept as it came.
    assert_eq!(kept["rest"], json!({"payload": {"ForLLMLen": -1, "Extra": {"a": 1}}}));
    let bus = newswire::Bus::new();
    let mut found = bus.subscribe("attrs.picoclaw.rest.payload.Extra.a = 1").expect("a filter");
    bus.publish(event).expect("room");
    assert!(found.next().is_some());
}

#[test]
fn units_of_other_systems_become_nanoseconds() {
    let duration = |system, theirs: Value| {
        let event = read(system, &theirs);
        event.payload::<ToolCallCompleted>().expect("it fits").expect("a payload").duration_ns
    };
    let runtime = json!({"id": "evt_1", "offset": 0, "timestamp": "2026-05-15T12:00:00Z", "scope": "tool", "type": "completed",
        "component_id": "calculator", "status": "completed", "workflow_id": "w", "data": {"duration_ms": 12.5}});
    assert_eq!(duration(System::AgentRuntime, runtime), Some(12_500_000));
    let praxis = json!({"type": "tool.executed", "data": {"tool_name": "a", "success": true, "duration": 1.5}, "metadata": {"timestamp": "2025-10-10T12:00:00"}});
    assert_eq!(duration(System::Praxis, praxis), Some(1_500_000_000));
    let aitaskagent = json!({"EventType": "tool.completed", "StepName": "s", "Timestamp": "2026-03-15T08:30:00Z", "ToolName": "a", "Success": true, "Duration": "00:00:01.5000000"});
    assert_eq!(duration(System::AiTaskAgent, aitaskagent), Some(1_500_000_000));
}

#[test]
fn an_unknown_kind_becomes_one_under_the_prefix_of_its_system() {
    for (name, kind) in [
        ("agent.dream.begun", "picoclaw.agent.dream.begun"),
        ("DreamBegun v2", "picoclaw.dream_begun.v2"),
        ("3d", "picoclaw.x3d"),
        ("...", "picoclaw.unnamed"),
        ("\u{1F980}", "picoclaw.x_"),
    ] {
        let theirs = json!({"kind": name, "time": "2026-06-13T10:00:00Z", "payload": [1]});
        let event = read(System::PicoClaw, &theirs);
        assert_eq!((event.kind().as_str(), event.payload_json()), (kind, Some("[1]")));
        assert_eq!(dialect(System::PicoClaw).write_value(&event), Some(theirs));
    }
}

#[test]
fn what_is_changed_after_reading_is_written_as_changed() {
    let mut theirs = picoclaw();
    let event = read(System::PicoClaw, &theirs);
    let changed = event
        .to_json()
        .replace(r#""duration_ns":1200"#, r#""duration_ns":1300"#)
        .replace(r#""turn":"t""#, r#""turn":"u""#);
    let changed = Event::from_json(changed).expect("an event");
    theirs["payload"]["Duration"] = json!(1300);
    theirs["scope"]["turn_id"] = json!("u");
    assert_eq!(dialect(System::PicoClaw).write_value(&changed), Some(theirs));
}

/// Whatever a dialect reads fits its kind, or says what of it is missing.
#[test]
fn a_number_that_ours_must_have_is_not_made_up_and_said_to_be_missing() {
    let theirs = json!({"Type": "context.token_budget_exceeded", "Timestamp": "2026-08-21T09:20:00Z", "Data": {"Budget": 8}});
    let event = read(System::PromptKit, &theirs);
    assert_eq!(event.payload_json(), Some(r#"{"budget_tokens":8}"#));
    let kept = json(event.attr("promptkit").expect("what the dialect keeps").get());
    assert_eq!(kept["lacks"], json!(["required_tokens"]));
    assert_eq!(dialect(System::PromptKit).write_value(&event), Some(theirs));
}

#[test]
fn a_whole_number_may_be_written_as_a_float() {
    for (theirs, ours) in
        [(json!(1.0), Some(1)), (json!(1.5), None), (json!(1e300), None), (json!(-1.0), None)]
    {
        let payload = json!({"Tool": "a", "Duration": theirs, "IsError": false});
        let theirs =
            json!({"kind": "agent.tool.exec_end", "time": "2026-06-13T10:00:00Z", "payload": payload});
        let event = read(System::PicoClaw, &theirs);
        let payload = event.payload::<ToolCallCompleted>().expect("it fits").expect("a payload");
        assert_eq!(payload.duration_ns, ours, "{theirs}");
        let written = dialect(System::PicoClaw).write(&event).expect("a kind that it has");
        assert!(written.contains(&format!("\"Duration\":{}", theirs["payload"]["Duration"])), "{written}");
    }
}

/// Its tokens from the cache can't be a part of fewer tokens: there, the input is counted without them.
#[test]
fn parts_that_their_total_cannot_include_are_left_over() {
    let theirs = json!({"Type": "provider.call.completed", "Timestamp": "2026-08-21T09:20:00Z",
        "Data": {"Provider": "p", "Model": "m", "InputTokens": 10, "CachedTokens": 300}});
    let event = read(System::PromptKit, &theirs);
    assert_eq!(json(event.payload_json().expect("a payload"))["usage"], json!({"input_tokens": 10}));
    let kept = json(event.attr("promptkit").expect("what the dialect keeps").get());
    assert_eq!(kept["rest"]["Data"]["CachedTokens"], 300);
    assert_eq!(dialect(System::PromptKit).write_value(&event), Some(theirs));
}

#[test]
fn a_figure_that_loses_nothing_by_a_change_of_unit_is_written_as_it_was() {
    let mut theirs = json!({"type": "tool.executed", "data": {"tool_name": "a", "success": true, "duration": 0.1234567890123},
        "metadata": {"timestamp": "2025-10-10T12:00:00"}});
    let event = read(System::Praxis, &theirs);
    assert_eq!(dialect(System::Praxis).write_value(&event), Some(theirs.clone()));
    let slower = event.to_json().replace(r#""duration_ns":123456789"#, r#""duration_ns":2000000000"#);
    theirs["data"]["duration"] = json!(2.0);
    assert_eq!(
        dialect(System::Praxis).write_value(&Event::from_json(slower).expect("an event")),
        Some(theirs)
    );
}

#[test]
fn the_payload_of_an_unknown_kind_is_kept_once() {
    let data = json!({"a": {"deep": "marker"}, "n": [1, null]});
    let wrapped = json!({"MiddlewareName": "m", "Data": data});
    let flat = |mut event: Value| {
        event.as_object_mut().expect("an object").extend(data.as_object().expect("an object").clone());
        event
    };
    let time = "2026-03-15T08:30:00Z";
    for (system, theirs) in [
        (
            System::PromptKit,
            json!({"Type": "dream.begun", "Timestamp": time, "SessionID": "s", "Data": data}),
        ),
        (
            System::PromptKit,
            json!({"Type": "dream.begun", "Timestamp": time, "SessionID": "s", "Data": wrapped}),
        ),
        (
            System::PromptKit,
            json!({"seq": 1, "event": {"type": "dream.begun", "timestamp": time, "data": data}}),
        ),
        (System::PicoClaw, json!({"kind": "dream.begun", "time": time, "payload": data})),
        (System::AiTaskAgent, flat(json!({"EventType": "dream.begun", "StepName": "s", "Timestamp": time}))),
        (System::AiTaskAgent, flat(json!({"eventType": "dream.begun", "stepName": "s", "timestamp": time}))),
        (System::AiTaskAgent, flat(json!({"StepName": "s", "Status": "Started", "Timestamp": time}))),
        (
            System::AiTaskAgent,
            json!({"type": "pipeline", "eventType": "dream.begun", "stepName": "s", "timestamp": time, "data": data}),
        ),
        (System::AiTaskAgent, flat(json!({"type": "log", "timestamp": time}))),
        (System::Praxis, json!({"type": "dream.begun", "data": data, "metadata": {"timestamp": time}})),
        (System::Praxis, json!({"type": "chatMessage", "payload": data})),
        (System::Praxis, json!({"type": "eventStream", "payload": data})),
    ] {
        let event = read(system, &theirs);
        assert_eq!(event.to_json().matches("marker").count(), 1, "{}", event.to_json());
        assert_eq!(dialect(system).write_value(&event), Some(theirs));
    }
}

#[test]
fn a_custom_event_of_promptkit_is_unwrapped() {
    let theirs = json!({"Type": "middleware.cache.hit", "Timestamp": "2026-08-21T09:20:00Z", "Data": {"MiddlewareName": "cache",
        "EventName": "cache_hit", "Data": {"cache_key": "k"}, "Message": "from the cache"}});
    let event = read(System::PromptKit, &theirs);
    assert_eq!(event.kind().as_str(), "promptkit.middleware.cache.hit");
    assert_eq!((event.source().name(), event.message()), (Some("cache"), Some("from the cache")));
    assert_eq!(event.payload_json(), Some(r#"{"cache_key":"k"}"#));
    assert_eq!(dialect(System::PromptKit).write_value(&event), Some(theirs));
}

#[test]
fn what_residue_somebody_tampered_with_can_do_no_harm() {
    let event = read(System::PicoClaw, &picoclaw());
    for residue in [
        json!(5),
        json!({}),
        json!({"name": 7}),
        json!({"name": "no.such"}),
        json!({"name": "agent.error", "form": "sse", "rest": [], "edits": [1, {"at": "x"}, {"at": [], "ours": 1}]}),
    ] {
        let mut tampered = json(&event.to_json());
        tampered["attrs"]["picoclaw"] = residue;
        let tampered = Event::from_json(tampered.to_string()).expect("an event");
        let written = dialect(System::PicoClaw).write_value(&tampered).expect("a kind that it has");
        assert_eq!(written["kind"], "agent.tool.exec_end");
    }
}

/// Else a redaction of ours would leave the original beside it.
#[test]
fn what_can_be_said_in_two_words_is_written_in_the_one_that_was_read() {
    let mut theirs = json!({"id": "evt_1", "offset": 0, "timestamp": "2026-05-15T12:00:00Z", "scope": "llm_request",
        "type": "completed", "component_id": "a:llm:0", "status": "completed", "workflow_id": "w",
        "data": {"response": "secret", "finish_reason": "stop"}});
    let bus = newswire::Bus::new();
    bus.redact(newswire::Redaction::field("payload.content").expect("a path")).expect("room");
    let mut all = bus.subscribe("*").expect("a subscription");
    bus.publish(read(System::AgentRuntime, &theirs)).expect("room");
    let event = all.next().and_then(|delivery| delivery.event()).expect("the event");
    let written = dialect(System::AgentRuntime).write_value(&event).expect("a kind that it has");
    theirs["data"]["response"] = written["data"]["response"].clone();
    assert_eq!(written, theirs);
    assert!(!written.to_string().contains("secret"));
}
