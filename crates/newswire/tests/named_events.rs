//! Events begun by a name: ours, custom, or of another system with that system's payload.

use newswire::catalogue::System;
use newswire::{
    Bus, BusOptions, Check, CorrelationField, Dialect, Error, ErrorKind, Event, KindName, Redaction,
    ScopeField, Source,
};
use serde_json::{Value, json};

fn named(name: &str, payload: &Value) -> Event {
    Event::named(name, payload).and_then(|event| event.build()).expect("an event")
}

fn refused(name: &str) -> Error {
    Event::named(name, &json!({})).expect_err("no name")
}

fn payload(event: &Event) -> Value {
    serde_json::from_str(event.payload_json().expect("a payload")).expect("JSON")
}

#[test]
fn the_payload_tells_which_kind_a_name_of_another_system_means() {
    let ended = |error: bool| named("picoclaw/agent.tool.exec_end", &json!({"Tool": "ls", "IsError": error}));
    assert_eq!(ended(true).kind().as_str(), "tool.call.failed");
    assert_eq!(ended(false).kind().as_str(), "tool.call.completed");
    assert_eq!(ended(false).component().map(|component| component.id()), Some("ls"));
}

#[test]
fn fields_of_another_system_go_where_ours_are() {
    let theirs =
        json!({"Model": "gpt-5", "Provider": "openai", "Duration": 1_500, "InputTokens": 12, "Cost": 0.5});
    let event = named("promptkit/provider.call.completed", &theirs);
    assert_eq!(event.kind().as_str(), "model.call.completed");
    assert_eq!(
        payload(&event),
        json!({"model": "gpt-5", "provider": "openai", "duration_ns": 1_500,
            "usage": {"input_tokens": 12, "cost_usd": 0.5}})
    );
    let theirs = json!({"turn_id": "t-1", "chunk_index": 3, "direction": "input",
        "metadata": {"duration_ms": 20}, "payload": {"mime_type": "audio/wav"}});
    let event = named("promptkit/audio.input", &theirs);
    assert_eq!(event.scope().get(ScopeField::Turn), Some("t-1"));
    assert_eq!(
        payload(&event),
        json!({"index": 3, "duration_ns": 20_000_000, "media": {"mime_type": "audio/wav"}})
    );
}

#[test]
fn what_the_name_says_is_in_the_payload() {
    let event = named("promptkit/validation.passed", &json!({"ValidatorName": "pii"}));
    assert_eq!(event.kind().as_str(), "validation.completed");
    assert_eq!(payload(&event)["passed"], json!(true));
}

#[test]
fn a_plain_name_works_where_one_system_has_it_and_ours_come_first() {
    assert_eq!(named("agent.tool.exec_start", &json!({"Tool": "ls"})).kind().as_str(), "tool.call.started");
    // Two systems have it and mean the same; the payload is that of the one whose fields it has.
    let promptkit = named("pipeline.started", &json!({"MiddlewareCount": 3}));
    assert_eq!(payload(&promptkit), json!({"middleware_count": 3}));
    let aitaskagent = named("pipeline.started", &json!({"PipelineName": "load"}));
    assert_eq!(payload(&aitaskagent), json!({"name": "load"}));
    let ours = named("tool.call.started", &json!({"name": "ls", "Tool": "ls"}));
    assert_eq!(payload(&ours), json!({"name": "ls", "Tool": "ls"}), "ours is taken as it stands");
    assert!(ours.attrs().next().is_none());
    let custom = named("deploy.finished", &json!({"version": 2}));
    assert_eq!((custom.kind().as_str(), payload(&custom)), ("deploy.finished", json!({"version": 2})));
}

#[test]
fn a_name_that_can_not_be_resolved_is_an_error_that_lists_what_it_could_be() {
    let several = refused("tool.completed");
    assert_eq!(several.kind(), ErrorKind::Invalid);
    assert_eq!(
        several.expected(),
        Some("one of aitaskagent/tool.completed, agentruntime/tool.completed, praxis/tool.completed")
    );
    let near = refused("picoclaw/agent.tool.exec_ends");
    assert_eq!((near.column(), near.expected()), (Some(10), Some("one of picoclaw/agent.tool.exec_end")));
    assert!(refused("langchain/tool.end").expected().is_some_and(|systems| systems.contains("picoclaw")));
    let pattern = refused("picoclaw/agent.*");
    assert_eq!(pattern.message(), "\"picoclaw/agent.*\" is a pattern, and an event has one kind");
    assert_eq!(refused("Deploy Finished").column(), Some(1));
}

#[test]
fn a_payload_nested_too_deep_is_refused() {
    let deep = (0..61).fold(json!(1), |inner, _| json!([inner]));
    let error = Event::named("picoclaw/agent.error", &json!({"Message": deep})).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn its_system_reads_the_payload_as_it_was_given_with_our_envelope_around_it() {
    let theirs =
        json!({"Tool": "ls", "Duration": 1_200, "IsError": false, "Extra": {"a": [1, null]}, "Async": "?"});
    for system in [System::PicoClaw, System::PromptKit, System::AgentRuntime] {
        let name = match system {
            System::PicoClaw => "picoclaw/agent.tool.exec_end",
            System::PromptKit => "promptkit/tool.call.completed",
            _ => "agentruntime/tool.completed",
        };
        let event = Event::named(name, &theirs).unwrap().message("done").time_ns(7).build().unwrap();
        let written = Dialect::of(system).write_value(&event).expect("its own kind");
        assert!(contains(&written, &theirs), "{written}");
        let without = Event::of(newswire::catalogue::tool::ToolCallCompleted::new("ls", None, None, None));
        let plain = Dialect::of(system).write_value(&without.time_ns(7).build().unwrap()).unwrap();
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let mut expected = names(&plain);
        if system == System::AgentRuntime {
            expected.push("message".into());
            expected.sort();
        }
        assert_eq!(names(&written), expected, "its envelope is that of an event of ours");
    }
}

/// Whether `value` has `part` in it somewhere.
fn contains(value: &Value, part: &Value) -> bool {
    value == part
        || match value {
            Value::Object(members) => members.values().any(|member| contains(member, part)),
            Value::Array(items) => items.iter().any(|item| contains(item, part)),
            _ => false,
        }
}

#[test]
fn an_emitter_adds_its_context_and_the_payload_wins_over_it() {
    let bus = Bus::new();
    let emitter = bus.emitter().with_source(Source::new("tool_runner").unwrap());
    let emitter =
        emitter.with_scope(ScopeField::Run, "r-1").unwrap().with_scope(ScopeField::Turn, "t-0").unwrap();
    let emitter = emitter.with_correlation(CorrelationField::Request, "q-1").unwrap();
    let theirs = json!({"turn_id": "t-1", "payload": {"mime_type": "audio/wav"}});
    let event = emitter.named("promptkit/audio.input", &theirs).unwrap().build().unwrap();
    assert_eq!(event.scope().get(ScopeField::Run), Some("r-1"));
    assert_eq!(event.scope().get(ScopeField::Turn), Some("t-1"));
    assert_eq!(event.correlation().get(CorrelationField::Request), Some("q-1"));
    assert_eq!(event.source().component(), Some("tool_runner"));
}

#[test]
fn two_events_of_one_name_have_ids_of_their_own() {
    let begun = || named("pipeline.started", &json!({}));
    assert_ne!(begun().id(), begun().id());
}

#[test]
fn what_is_begun_by_a_name_fits_its_kind() {
    let bus = Bus::with(BusOptions { payloads: Check::Reject, ..BusOptions::default() }).unwrap();
    let theirs = json!({"Tool": 7, "Duration": -1, "IsError": "yes"});
    bus.publish(named("picoclaw/agent.tool.exec_end", &theirs)).unwrap();
}

#[test]
fn a_redaction_rule_takes_names_of_other_systems() {
    let bus = Bus::new();
    let mut events = bus.subscribe("*").unwrap();
    let rule = |kinds: &str| Redaction::field("payload.**").unwrap().of_kinds(kinds);
    bus.redact(rule("picoclaw/agent.tool.*").unwrap()).unwrap();
    bus.redact(rule("promptkit/validation.passed").unwrap()).unwrap();
    let mut masked = |name: &str, theirs: Value| {
        bus.publish(named(name, &theirs)).unwrap();
        events.next().unwrap().event().unwrap().payload_json().unwrap().contains("[redacted]")
    };
    assert!(masked("picoclaw/agent.tool.exec_start", json!({"Tool": "ls"})));
    assert!(masked("tool.call.failed", json!({"name": "ls"})));
    assert!(!masked("agent.started", json!({"name": "ls"})));
    // A rule goes by kinds alone: what a payload says may be masked already.
    assert!(masked("validation.completed", json!({"name": "pii", "passed": false})));
    let error = rule("tool.completed").unwrap_err();
    assert!(error.expected().is_some_and(|candidates| candidates.contains("praxis/tool.completed")));
    assert!(rule("picoclaw/agent.nothing").is_err());
    assert!(rule("pipeline.started").is_ok());
}

#[test]
fn a_name_that_has_been_looked_up_begins_the_events_that_its_text_begins() {
    let payloads = [
        json!({"Tool": "ls", "IsError": true, "Extra": 1}),
        json!({"MiddlewareCount": 3}),
        json!({"PipelineName": "load"}),
        json!([1]),
    ];
    let names = ["picoclaw/agent.tool.exec_end", "pipeline.started", "tool.call.started", "deploy.finished"];
    for (name, payload) in names.iter().flat_map(|name| payloads.iter().map(move |payload| (name, payload))) {
        let looked_up = KindName::parse(name).unwrap();
        let begun = |event: Result<newswire::EventBuilder, Error>| {
            let event = event.and_then(|event| event.build())?;
            let attrs: Vec<_> =
                event.attrs().map(|(key, value)| (key.to_owned(), value.to_string())).collect();
            Ok::<_, Error>((event.kind().clone(), event.payload_json().map(str::to_owned), attrs))
        };
        assert_eq!(begun(Event::named(&looked_up, payload)), begun(Event::named(*name, payload)), "{name}");
        assert_eq!(looked_up.as_str(), *name);
    }
    let ambiguous = KindName::parse("tool.completed").unwrap_err();
    assert_eq!(ambiguous, refused("tool.completed"));
}
