//! Our events, that no other system has written, as its consumers would read them.

use newswire::catalogue::agent::AgentCompleted;
use newswire::catalogue::message::MessageDelta;
use newswire::catalogue::model::{ModelCallCompleted, ModelCallFailed};
use newswire::catalogue::reasoning::ReasoningDelta;
use newswire::catalogue::task::TaskFailed;
use newswire::catalogue::tool::{ToolCallCompleted, ToolCallFailed, ToolCallStarted};
use newswire::catalogue::turn::TurnCompleted;
use newswire::catalogue::{Alias, Given, Json, Row, System, Text, Usage, aliases, row_of};
use newswire::{Bus, Correlation, CorrelationField, Event, Form, Kind, Payload, Scope, ScopeField, Source};
use serde_json::{Map, Value, json};

use super::dialect;

fn event<P: Payload>(payload: P) -> Event {
    let scope = Scope::new().with(ScopeField::Session, "s-1").expect("an id").with(ScopeField::Run, "r-1");
    Event::of(payload)
        .scope(scope.expect("an id").with(ScopeField::Turn, "t-1").expect("an id"))
        .source(Source::named("tool_runner", "calculator").expect("names"))
        .correlation(Correlation::new().with(CorrelationField::Correlation, "c-1").expect("an id"))
        .time_ns(1_763_686_923_120_000_000)
        .build()
        .expect("an event")
}

fn written(system: System, event: &Event) -> Value {
    dialect(system).write_value(event).expect("a kind that the system has")
}

#[test]
fn a_failed_tool_call_reads_as_each_system_tells_it() {
    let mut failed =
        ToolCallFailed::new("calculator", Some("call-1".into()), "division by zero", 1_500_000u64);
    failed.engine = Some("local".into());
    let event = event(failed);
    assert_eq!(
        written(System::PicoClaw, &event),
        json!({"id": event.id().to_string(), "kind": "agent.tool.exec_end", "time": "2025-11-21T01:02:03.12Z",
            "source": {"component": "tool_runner", "name": "calculator"},
            "scope": {"session_key": "s-1", "turn_id": "t-1"}, "correlation": {}, "severity": "error",
            "payload": {"Tool": "calculator", "Duration": 1_500_000, "IsError": true}})
    );
    assert_eq!(
        written(System::PromptKit, &event),
        json!({"seq": 0, "event": {"type": "tool.call.failed", "timestamp": "2025-11-21T01:02:03.12Z",
            "execution_id": "r-1", "session_id": "s-1", "data_type": "*events.ToolCallEventData",
            "data": {"ToolName": "calculator", "CallID": "call-1", "Duration": 1_500_000, "Error": "division by zero"}}})
    );
    assert_eq!(
        written(System::Praxis, &event),
        json!({"type": "tool.executed",
            "data": {"tool_name": "calculator", "engine": "local", "success": false, "duration": 0.0015, "error": "division by zero"},
            "metadata": {"event_id": event.id().to_string(), "timestamp": "2025-11-21T01:02:03.120000",
                "correlation_id": "c-1", "source": "tool_runner.calculator", "tags": []}})
    );
    assert_eq!(
        written(System::AiTaskAgent, &event),
        json!({"EventType": "tool.completed", "StepName": "calculator", "Timestamp": "2025-11-21T01:02:03.12+00:00",
            "CorrelationId": "c-1", "SuppressFromUser": false, "ToolName": "calculator", "Success": false,
            "Duration": "00:00:00.0015000", "ErrorMessage": "division by zero"})
    );
    assert_eq!(
        written(System::AgentRuntime, &event),
        json!({"id": format!("evt_{}", event.id()), "type": "failed", "timestamp": "2025-11-21T01:02:03.120Z",
            "scope": "tool", "component_id": "calculator", "status": "failed", "workflow_id": "r-1",
            "message": "division by zero", "data": {"tool_call_id": "call-1", "duration_ms": 1.5, "tool_name": "calculator"}})
    );
}

#[test]
fn what_is_emitted_on_a_bus_carries_its_position_where_the_system_has_one() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").expect("a subscription");
    let emitter = bus.emitter();
    emitter.tool_call_started("search", None::<Text>, json!({"q": 1})).expect("room");
    emitter.tool_call_completed("search", None::<Text>, json!("found"), 5_000_000u64).expect("room");
    let events: Vec<_> = (0..2).filter_map(|_| all.next()?.event()).collect();
    assert_eq!(written(System::PromptKit, &events[1])["seq"], 2);
    assert_eq!(written(System::PromptKit, &events[1])["event"]["sequence"], 2);
    assert_eq!(written(System::AgentRuntime, &events[0])["offset"], 0);
    assert_eq!(
        written(System::AgentRuntime, &events[1])["data"],
        json!({"tool_name": "search", "result": "found", "duration_ms": 5})
    );
    assert_eq!(
        written(System::PicoClaw, &events[1])["payload"],
        json!({"Tool": "search", "Duration": 5_000_000, "IsError": false})
    );
    assert_eq!(written(System::Praxis, &events[1])["data"]["success"], true);
}

#[test]
fn a_model_call_carries_tokens_and_cost_where_the_system_has_them() {
    let mut usage = Usage::tokens(1830, 127);
    usage.cost_usd = Some(0.00231);
    let call =
        event(ModelCallCompleted::new(Some("gpt-4".into()), Some("openai".into()), usage, 2_000_000_000u64));
    let data = &written(System::PromptKit, &call)["event"]["data"];
    assert_eq!(
        (&data["InputTokens"], &data["OutputTokens"], &data["Cost"]),
        (&json!(1830), &json!(127), &json!(0.00231))
    );
    assert_eq!(data["Source"], "agent", "its emitter's default");
    let data = &written(System::AgentRuntime, &call);
    assert_eq!(
        data["data"]["usage"],
        json!({"prompt_tokens": 1830, "completion_tokens": 127, "total_tokens": 1957})
    );
    assert_eq!(data["component_id"], "gpt-4:llm:0");
    let failed = event(ModelCallFailed::new(None::<Text>, None::<Text>, "overloaded", 1u64));
    assert_eq!(written(System::AgentRuntime, &failed)["message"], "overloaded");
}

/// Its consumers take a finish reason that is missing for that of a piece, and what is missing for 0 and false.
#[test]
fn an_answer_is_told_to_aitaskagent_with_all_that_it_requires() {
    let told = |event: &Event| {
        let written = written(System::AiTaskAgent, event);
        let fields = ["FinishReason", "RawFinishReason", "IsThinking", "TokensUsed", "Content"];
        fields.map(|name| written.get(name).cloned().unwrap_or_default())
    };
    let mut call =
        ModelCallCompleted::new(Some("gpt-4".into()), None::<Text>, Usage::tokens(1830, 127), None::<u64>);
    call.finish_reason = Some("tool_calls".into());
    call.has_reasoning = Some(true);
    assert_eq!(told(&event(call.clone())), [json!(3), json!(null), json!(true), json!(1957), json!("")]);
    call.finish_reason = Some("refusal".into());
    assert_eq!(told(&event(call))[..2], [json!(5), json!("refusal")]);
    let silent = ModelCallCompleted::new(None::<Text>, None::<Text>, None::<Usage>, None::<u64>);
    assert_eq!(told(&event(silent)), [json!(5), json!(null), json!(false), json!(0), json!("")]);
    let piece = event(MessageDelta::new("m-1", "Hel"));
    assert_eq!(told(&piece), [json!(0), json!(null), json!(false), json!(0), json!("Hel")]);
    let thought = event(ReasoningDelta::new("r-1", "Hm"));
    assert_eq!(told(&thought), [json!(0), json!(null), json!(true), json!(0), json!("Hm")]);
    for event in [&piece, &thought] {
        let again = dialect(System::AiTaskAgent).read_value(&written(System::AiTaskAgent, event));
        assert_eq!(again.expect("an event").kind(), event.kind());
    }
}

#[test]
fn why_an_answer_ended_is_in_our_words_and_written_in_those_of_its_system() {
    let theirs = json!({"EventType": "llm.response", "StepName": "s", "Timestamp": "2026-03-15T08:30:00+00:00",
        "SuppressFromUser": false, "Content": "", "FinishReason": "ToolCalls", "IsThinking": false, "TokensUsed": 12});
    let event = dialect(System::AiTaskAgent).read_value(&theirs).expect("an event");
    let call = event.payload::<ModelCallCompleted>().expect("it fits").expect("a payload");
    assert_eq!(call.finish_reason.as_deref(), Some("tool_calls"));
    assert_eq!(written(System::AiTaskAgent, &event), theirs);
    let named = Event::named("aitaskagent/llm.response", &json!({"FinishReason": 0, "Content": "Hel"}));
    assert_eq!(named.and_then(|event| event.build()).expect("an event").kind().as_str(), "message.delta");
}

#[test]
fn a_run_of_an_agent_is_told_to_agent_runtime_with_its_tokens() {
    let mut agent = AgentCompleted::new("planner", None::<Json>, 5_000_000u64);
    agent.usage = Some(Usage::tokens(1000, 200));
    assert_eq!(
        written(System::AgentRuntime, &event(agent))["data"],
        json!({"agent": "planner", "execution_time_ms": 5, "total_tokens": 1200})
    );
    let mut call = ModelCallCompleted::new(None::<Text>, None::<Text>, None::<Usage>, None::<u64>);
    call.tool_call_count = Some(2);
    assert_eq!(written(System::AgentRuntime, &event(call))["data"], json!({"has_tool_calls": true}));
}

#[test]
fn a_consumer_of_praxis_messages_gets_messages() {
    let failed = event(TaskFailed::new(Some("t-1".into()), None::<Text>, "no tool", None::<u64>));
    let message = dialect(System::Praxis).write_as(&failed, Form::Message).expect("a message");
    assert_eq!(
        (&message["type"], &message["payload"]["error"]),
        (&json!("workflowError"), &json!("no tool"))
    );
    let done = event(ToolCallCompleted::new("search", None::<Text>, None::<Json>, None::<u64>));
    let message = dialect(System::Praxis).write_as(&done, Form::Message).expect("a message");
    assert_eq!(message["type"], "tool_result");
    assert_eq!(message["payload"], json!({"toolName": "search", "status": "success"}));
    assert_eq!(dialect(System::PicoClaw).write_as(&done, Form::Message), None);
}

#[test]
fn an_outcome_that_another_system_says_in_words_is_said() {
    let turn = event(TurnCompleted::new(None::<Text>, Some("done".into()), 5u64));
    assert_eq!(written(System::PicoClaw, &turn)["payload"]["Status"], "completed");
}

#[test]
fn kinds_that_a_system_does_not_have_are_not_written() {
    let custom = Event::builder(Kind::parse("deploy.finished").expect("a kind")).build().expect("an event");
    for system in System::ALL {
        assert_eq!(dialect(*system).write(&custom), None);
    }
    let started = event(ToolCallStarted::new("search", None::<Text>, None::<Json>));
    assert!(dialect(System::AgentRuntime).write(&started).is_some());
    let kind = Kind::parse("memory.started").expect("a kind");
    let memory = Event::builder(kind).json("{}").build().expect("an event");
    assert_eq!(dialect(System::PicoClaw).write(&memory), None);
}

#[test]
fn what_one_system_wrote_can_be_written_as_another_would() {
    let line = r#"{"type":"tool.executed","data":{"tool_name":"read","engine":"dagger","success":true,"duration":0.5,"secret":1},
        "metadata":{"event_id":"e","timestamp":"2025-10-10T12:00:00","source":"agent.worker","tags":["a"]}}"#;
    let event = dialect(System::Praxis).read(line).expect("an event of Praxis");
    let written = written(System::PicoClaw, &event);
    assert_eq!(written["kind"], "agent.tool.exec_end");
    assert_eq!(written["source"], json!({"component": "agent", "name": "worker"}));
    assert_eq!(written["payload"], json!({"Tool": "read", "Duration": 500_000_000, "IsError": false}));
}

/// A payload with something in every field.
fn full(alias: &Alias, row: &Row) -> Value {
    let mut payload: Map<String, Value> = row
        .fields
        .iter()
        .map(|field| {
            let value = match field.value {
                "text" => json!("some"),
                "integer" => json!(3_000_000_000u64),
                "number" => json!(0.25),
                "boolean" => json!(true),
                "Usage" => json!({"input_tokens": 3, "output_tokens": 2, "cost_usd": 0.5}),
                "Failure" => json!({"message": "broken", "code": "42"}),
                "Media" => json!({"reference": "file:a", "mime_type": "image/png", "size_bytes": 3}),
                _ => json!({"any": ["thing"]}),
            };
            (field.name.to_owned(), value)
        })
        .collect();
    payload.extend(alias.given.iter().map(|(field, given)| ((*field).to_owned(), value_of(*given))));
    payload.into()
}

pub(crate) fn value_of(given: Given) -> Value {
    match given {
        Given::Is(truth) => json!(truth),
        Given::Says(text) => json!(text),
    }
}

#[test]
fn every_kind_that_a_system_has_is_written_so_that_it_reads_as_that_kind() {
    for alias in aliases() {
        let row = row_of(&alias.kind).expect("a kind of the table");
        let payload = full(alias, row);
        let event = Event::builder(alias.kind.clone()).json(payload.to_string()).build().expect("an event");
        let written = written(alias.system, &event);
        let again = dialect(alias.system).read_value(&written);
        let again = again.unwrap_or_else(|error| panic!("{error}: {written}"));
        assert_eq!(again.kind(), event.kind(), "{}: {written}", alias.name);
    }
}

#[test]
fn an_event_that_says_little_is_an_event_of_the_system_all_the_same() {
    for alias in aliases() {
        let given = alias.given.iter().map(|(field, given)| ((*field).to_owned(), value_of(*given)));
        let payload = Value::Object(given.collect());
        let event = Event::builder(alias.kind.clone()).json(payload.to_string()).build().expect("an event");
        let written = written(alias.system, &event);
        assert!(dialect(alias.system).read_value(&written).is_ok(), "{}: {written}", alias.name);
    }
}
