//! The law: read, then write, gives the same JSON, for every kind and form of every system, whatever stands
//! in the fields.

use newswire::catalogue::System;
use newswire::{Bus, Dialect, Event, SubscribeOptions};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::any::{event_of, id, ids, kinds, object, place, time, value};
use super::misfit;

fn picoclaw() -> impl Strategy<Value = Value> {
    const SCOPE: &[&str] = &[
        "runtime_id",
        "agent_id",
        "session_key",
        "turn_id",
        "channel",
        "account",
        "chat_id",
        "topic_id",
        "space_id",
        "space_type",
        "chat_type",
        "sender_id",
        "message_id",
    ];
    const CORRELATION: &[&str] = &["trace_id", "parent_turn_id", "request_id", "reply_to_id"];
    let severity = prop::sample::select(vec!["debug", "info", "warn", "error", "fatal", ""]);
    let payload = prop_oneof![4 => Just(None), 1 => value().prop_map(Some)];
    (
        event_of(System::PicoClaw),
        time(),
        ids(&["component", "name"]),
        ids(SCOPE),
        ids(CORRELATION),
        id(),
        severity,
        object(),
        payload,
        object(),
    )
        .prop_map(
            |((kind, known), time, source, scope, correlation, id, severity, attrs, other, mut unknown)| {
                unknown.retain(|name, _| name != "id");
                let mut event = json!({"id": id, "kind": kind, "time": time, "source": source, "scope": scope,
                "correlation": correlation, "severity": severity, "attrs": attrs,
                "payload": other.unwrap_or(Value::Object(known))});
                event.as_object_mut().expect("an object").append(&mut unknown);
                event
            },
        )
}

fn promptkit() -> impl Strategy<Value = Value> {
    let form = 0..4usize;
    (
        form,
        event_of(System::PromptKit),
        time(),
        ids(&["run", "session", "conversation", "user"]),
        any::<u32>(),
        object(),
    )
        .prop_map(|(form, (kind, data), time, ids, seq, other)| {
            let stored = form < 2;
            let named =
                |stored_name: &str, go: &str| if stored { stored_name.to_owned() } else { go.to_owned() };
            let mut event = Map::new();
            event.insert(named("type", "Type"), kind.into());
            event.insert(named("timestamp", "Timestamp"), time.into());
            event.insert(named("data", "Data"), data.into());
            for (name, id) in ids {
                let name = match name.as_str() {
                    "run" if form == 3 => "RunID".to_owned(),
                    "run" => named("execution_id", "ExecutionID"),
                    "session" => named("session_id", "SessionID"),
                    "conversation" => named("conversation_id", "ConversationID"),
                    _ => named("user_id", "UserID"),
                };
                event.insert(name, id);
            }
            if seq % 2 == 0 {
                event.insert(named("sequence", "Sequence"), seq.into());
            }
            match form {
                0 => json!({"seq": seq, "parent_id": other.get("id"), "event": event}),
                1 => {
                    event.insert("data_type".to_owned(), "*events.ToolCallStartedData".into());
                    event.into()
                }
                2 => event.into(),
                _ => {
                    event.insert("Metadata".to_owned(), other.into());
                    event.into()
                }
            }
        })
}

fn aitaskagent() -> impl Strategy<Value = Value> {
    (0..3usize, event_of(System::AiTaskAgent), time(), id(), prop::option::of(id()), any::<bool>()).prop_map(
        |(form, (kind, mut event), time, step, correlation, suppress)| {
            if form == 2 {
                return json!({"type": "pipeline", "eventType": kind, "stepName": step,
                    "correlationId": correlation, "timestamp": time, "data": event});
            }
            let camel = form == 1;
            if camel {
                event.remove("EventType");
                event.remove("type");
            }
            let named =
                |name: &str| if camel { name[..1].to_lowercase() + &name[1..] } else { name.to_owned() };
            event.insert(named("EventType"), kind.into());
            event.insert(named("StepName"), step.into());
            event.insert(named("Timestamp"), time.into());
            event.insert(named("SuppressFromUser"), suppress.into());
            event.insert(named("CorrelationId"), correlation.into());
            if camel {
                event.retain(|name, _| name != "Status" && name != "type");
            }
            event.into()
        },
    )
}

fn agent_runtime() -> impl Strategy<Value = Value> {
    let known = prop::sample::select(kinds(System::AgentRuntime)).prop_flat_map(|(name, fields)| {
        let values = prop::collection::vec(prop::option::weighted(0.7, value()), fields.len());
        (Just(name), Just(fields), values, object())
    });
    let status = prop::sample::select(vec!["pending", "running", "completed", "failed", "canceled"]);
    (
        known,
        time(),
        ids(&["workflow_id", "parent_workflow_id", "message"]),
        id(),
        any::<u64>(),
        status,
        any::<bool>(),
    )
        .prop_map(|((name, fields, values, mut data), time, ids, id, offset, status, documented)| {
            for (field, value) in fields.iter().zip(values) {
                if let Some(value) = value {
                    place(&mut data, field, value);
                }
            }
            let (scope, phase) = name.rsplit_once('.').expect("scope and type");
            let component = match scope {
                "workflow_step" => "pipeline:step:3",
                "llm_request" => "planner:llm:0",
                "system" => "system:tool_loop_detection",
                _ => "calculator:2",
            };
            let mut event = json!({"timestamp": time, "scope": scope, "component_id": component,
                "status": status, "data": data});
            let event = event.as_object_mut().expect("an object");
            event.insert((if documented { "event_id" } else { "id" }).to_owned(), id.into());
            event.insert((if documented { "event_type" } else { "type" }).to_owned(), phase.into());
            if !documented {
                event.insert("offset".to_owned(), offset.into());
            }
            event.extend(ids);
            event.clone().into()
        })
}

fn praxis() -> impl Strategy<Value = Value> {
    const MESSAGES: &[&str] = &[
        "dslProgress",
        "dslResult",
        "workflowStart",
        "workflowProgress",
        "workflowComplete",
        "workflowError",
        "nodeStatusUpdate",
        "workflowLog",
        "tool_result",
        "chatMessage",
        "eventStream",
        "PONG",
        "error",
        "DSL_COMMAND",
        "EXECUTE_WORKFLOW",
        "CHAT_MESSAGE",
        "SUBSCRIBE_EVENTS",
        "UNSUBSCRIBE_EVENTS",
        "PING",
    ];
    let message = (
        prop::sample::select(MESSAGES),
        event_of(System::Praxis),
        object(),
        ids(&["id", "correlation_id"]),
        prop::option::of(time()),
    )
        .prop_map(|(name, (_, mut payload), mut other, ids, time)| {
            payload.append(&mut other);
            let mut message = json!({"type": name, "payload": payload});
            let members = message.as_object_mut().expect("an object");
            members.extend(ids);
            members.insert("timestamp".to_owned(), time.into());
            message
        });
    let tags = prop::collection::vec(id(), 0..3);
    let event = (
        event_of(System::Praxis),
        time(),
        ids(&["event_id", "correlation_id", "source"]),
        tags,
        any::<bool>(),
    )
        .prop_map(|((kind, data), time, mut metadata, tags, has_tags)| {
            metadata.insert("timestamp".to_owned(), time.into());
            if has_tags {
                metadata.insert("tags".to_owned(), tags.into());
            }
            json!({"type": kind, "data": data, "metadata": metadata})
        });
    prop_oneof![3 => event.boxed(), 1 => message.boxed()]
}

/// Through a bus and through the wire, as an event would come to a consumer.
fn travelled(event: Event) -> Event {
    let bus = Bus::new();
    let options = SubscribeOptions { internal: true, ..SubscribeOptions::default() };
    let mut all = bus.subscribe_with("*", options).expect("a subscription");
    bus.publish(event).expect("room");
    let event = all.next().and_then(|delivery| delivery.event()).expect("the event");
    Event::from_json(event.to_json()).expect("our own JSON")
}

fn holds(system: System, theirs: &Value) -> Result<(), TestCaseError> {
    let dialect = Dialect::of(system);
    let read = dialect.read(theirs.to_string());
    let event = read.map_err(|error| TestCaseError::fail(format!("{error}: {theirs}")))?;
    let written = dialect.write_value(&event);
    prop_assert_eq!(written.as_ref(), Some(theirs));
    prop_assert_eq!(misfit(system, &event), None, "{}", theirs);
    let event = travelled(event);
    let written = dialect.write(&event).map(|text| serde_json::from_str::<Value>(&text).expect("JSON"));
    prop_assert_eq!(written.as_ref(), Some(theirs));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_picoclaw_writes_is_written_again_as_it_was(theirs in picoclaw()) {
        holds(System::PicoClaw, &theirs)?;
    }

    #[test]
    fn what_promptkit_writes_is_written_again_as_it_was(theirs in promptkit()) {
        holds(System::PromptKit, &theirs)?;
    }

    #[test]
    fn what_aitaskagent_writes_is_written_again_as_it_was(theirs in aitaskagent()) {
        holds(System::AiTaskAgent, &theirs)?;
    }

    #[test]
    fn what_agent_runtime_writes_is_written_again_as_it_was(theirs in agent_runtime()) {
        holds(System::AgentRuntime, &theirs)?;
    }

    #[test]
    fn what_praxis_writes_is_written_again_as_it_was(theirs in praxis()) {
        holds(System::Praxis, &theirs)?;
    }
}
