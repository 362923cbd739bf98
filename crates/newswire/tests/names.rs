//! Names of other systems: what they mean in filters, by prefix, plainly, and by the payload.

use newswire::catalogue::{Catalogued, Media, System, alias_for, kinds_named};
use newswire::catalogue::{Inline, media, service, tool, validation, workflow};
use newswire::{Bus, Delivery, Event, Filter, Kind, Payload};
use serde_json::{Value, json};

fn named(name: &str) -> Vec<String> {
    kinds_named(name).expect("a name").iter().map(|kind| kind.to_string()).collect()
}

fn kind_for(system: System, name: &str, payload: Value) -> String {
    alias_for(system, name, &payload).expect("a row").kind.to_string()
}

fn event(payload: impl Payload) -> Event {
    Event::of(payload).build().expect("an event")
}

fn wants(filter: &str, payload: impl Payload) -> bool {
    Filter::parse(filter).expect("a filter").matches(&event(payload))
}

#[test]
fn a_name_that_carries_its_outcome_in_the_payload_is_told_by_it() {
    let picoclaw = |payload| kind_for(System::PicoClaw, "agent.tool.exec_end", payload);
    assert_eq!(picoclaw(json!({"IsError": false})), "tool.call.completed");
    assert_eq!(picoclaw(json!({"IsError": true})), "tool.call.failed");
    let turn = |status: &str| kind_for(System::PicoClaw, "agent.turn.end", json!({"Status": status}));
    assert_eq!(turn("completed"), "turn.completed");
    assert_eq!(turn("error"), "turn.failed");
    assert_eq!(turn("aborted"), "turn.canceled");
    let llm = |payload| kind_for(System::AiTaskAgent, "llm.response", payload);
    assert_eq!(llm(json!({"FinishReason": "Streaming", "IsThinking": true})), "reasoning.delta");
    assert_eq!(llm(json!({"FinishReason": "Streaming", "IsThinking": false})), "message.delta");
    assert_eq!(llm(json!({"FinishReason": "Stop"})), "model.call.completed");
}

#[test]
fn the_shape_of_a_payload_tells_what_it_is_about() {
    let praxis = |name, payload| kind_for(System::Praxis, name, payload);
    assert_eq!(praxis("task.started", json!({"task_id": "t"})), "task.started");
    assert_eq!(praxis("task.started", json!({"type": "workflowStart"})), "workflow.started");
    assert_eq!(praxis("task.progress", json!({"type": "artifact_added"})), "task.progress");
    assert_eq!(praxis("task.progress", json!({"type": "workflowStepComplete"})), "step.completed");
    assert_eq!(praxis("dsl.command_completed", json!({"command": "c", "error": ""})), "command.completed");
    assert_eq!(praxis("dsl.command_completed", json!({"command": "c", "error": "no"})), "command.failed");
    assert_eq!(praxis("p2p.tool_response", json!({"result": {"status": "error"}})), "peer.call.failed");

    let runtime = |name, payload| kind_for(System::AgentRuntime, name, payload);
    assert_eq!(runtime("llm_request.progress", json!({"chunk": ""})), "message.delta");
    assert_eq!(runtime("system.progress", json!({"tool": "search"})), "tool.loop.detected");
    assert_eq!(runtime("system.progress", json!({"requests_limit": 10})), "rate.limited");
    assert_eq!(runtime("system.progress", json!({"chunk": null})), "system.progress");

    let promptkit = |name, payload| kind_for(System::PromptKit, name, payload);
    assert_eq!(promptkit("validation.failed", json!({"Violations": []})), "validation.failed");
    assert_eq!(promptkit("validation.failed", json!({"Violations": ["x"]})), "validation.completed");
    assert_eq!(promptkit("eval.failed", json!({"skipped": true})), "evaluation.canceled");
    assert!(alias_for(System::PromptKit, "middleware.cache.hit", &json!({})).is_none());
}

#[test]
fn a_filter_takes_the_union_of_what_a_name_can_mean() {
    let filter = "picoclaw/agent.tool.exec_end";
    assert!(wants(filter, tool::ToolCallCompleted::new("search", None, None, None)));
    assert!(wants(filter, tool::ToolCallFailed::new("search", None, "no", None)));
    assert!(!wants(filter, tool::ToolCallStarted::new("search", None, None)));
    assert_eq!(
        Filter::parse(filter).expect("a filter").to_string(),
        "tool.call.completed or tool.call.failed",
        "the names are resolved when it is compiled"
    );
    assert_eq!(Filter::kind(filter), Filter::parse(&format!("kind={filter}")));
}

#[test]
fn a_filter_tells_names_apart_that_are_one_kind_here() {
    let passed = |passed| validation::ValidationCompleted::new("pii", passed, None);
    assert!(wants("promptkit/validation.passed", passed(true)));
    assert!(!wants("promptkit/validation.passed", passed(false)));
    assert!(wants("promptkit/validation.failed", passed(false)));
    assert!(wants("promptkit/validation.failed", validation::ValidationFailed::new("pii", "no", None)));

    let stored = |operation| media::MediaStorageCompleted::new(operation, Media::at("s3://a"), None);
    assert!(wants("promptkit/media.stored", stored("store")));
    assert!(!wants("promptkit/media.stored", stored("delete")));
    let up = |what| service::ServiceLaunchCompleted::new(what, None, None, None);
    assert!(wants("picoclaw/gateway.*", up("gateway")) && !wants("picoclaw/gateway.*", up("channel")));
    assert!(wants("praxis/agent.started", up("agent")));
}

#[test]
fn names_resolve_by_prefix_or_plainly_where_they_have_one_meaning() {
    assert_eq!(named("tool.call.started"), ["tool.call.started"]);
    assert_eq!(named("picoclaw/agent.turn.start"), ["turn.started"]);
    assert_eq!(
        named("picoclaw/agent.turn.*"),
        ["turn.started", "turn.failed", "turn.canceled", "turn.completed"]
    );
    assert_eq!(named("pipeline.started"), ["workflow.started"], "two systems mean the same");
    assert_eq!(named("deploy.finished"), ["deploy.finished"]);
    assert!(named("picoclaw/*").len() > 40);
}

#[test]
fn a_plain_name_with_several_meanings_lists_its_candidates() {
    let ambiguous = kinds_named("tool.completed").expect_err("several meanings");
    assert_eq!(
        ambiguous.expected(),
        Some("one of aitaskagent/tool.completed, agentruntime/tool.completed, praxis/tool.completed")
    );
    let filter = Filter::parse("session=s-1 and tool.completed").expect_err("several meanings");
    assert_eq!((filter.column(), filter.expected()), (Some(17), ambiguous.expected()));
    assert_eq!(named("workflow.completed"), ["workflow.completed"], "a name of ours is always ours");
}

/// Its events carry the enumeration's values, its code writes the enumeration's names.
#[test]
fn both_names_of_a_type_of_praxis_are_names_of_it() {
    assert_eq!(named("praxis/TASK_CREATED"), ["task.created"]);
    assert_eq!(named("praxis/TOOL_EXECUTED"), named("praxis/tool.executed"));
    assert_eq!(named("praxis/NODE_STATUS_UPDATE"), named("praxis/workflow.node_status_update"));
    assert_eq!(named("TASK_CREATED"), ["task.created"]);
    let failed = tool::ToolCallFailed::new("search", None, "no", None);
    assert!(wants("praxis/TOOL_EXECUTED and severity=error", failed.clone()));
    assert!(wants("kind in (praxis/TASK_CREATED, praxis/TOOL_EXECUTED)", failed));
    let created =
        Event::named("praxis/TASK_CREATED", &json!({"task_id": "t-1"})).and_then(|event| event.build());
    assert_eq!(created.expect("an event").kind().as_str(), "task.created");
    assert!(kinds_named("praxis/NO_SUCH").is_err() && kinds_named("picoclaw/TASK_CREATED").is_err());
}

#[test]
fn a_name_that_nobody_has_is_an_error_that_says_what_is_near() {
    let unknown = kinds_named("nobody/agent.turn.*").expect_err("no such system");
    assert!(unknown.expected().is_some_and(|expected| expected.contains("picoclaw")));
    let near = kinds_named("picoclaw/agent.turn.stat").expect_err("no such name");
    assert_eq!((near.column(), near.expected()), (Some(10), Some("one of picoclaw/agent.turn.start")));
    assert_eq!(kinds_named("praxis/no.such").expect_err("no such name").column(), Some(8));
    assert!(Filter::parse("picoclaw/*.failed").is_err(), "only a prefix can be asked for");
    assert!(Filter::parse(&format!("picoclaw/{}", "a".repeat(4000))).is_err());
}

#[test]
fn patterns_without_a_system_match_names_of_ours_only() {
    let filter = Filter::parse("pipeline.*").expect("a filter");
    assert_eq!(filter.to_string(), "pipeline.*");
    assert!(!filter.matches(&event(workflow::WorkflowStarted::new(None, None))));
}

#[test]
fn a_plain_name_also_means_custom_events_that_are_called_so() {
    let filter = Filter::parse("pipeline.started").expect("a filter");
    assert!(filter.matches(&event(workflow::WorkflowStarted::new(None, None))));
    let custom = Event::builder(Kind::parse("pipeline.started").expect("a kind")).build().expect("an event");
    assert!(filter.matches(&custom));
    assert_eq!(Filter::parse(&filter.to_string()), Ok(filter), "what is printed reads back");
}

#[test]
fn a_subscription_by_another_systems_name_gets_our_events() {
    let bus = Bus::new();
    let ended = bus.subscribe("picoclaw/agent.turn.end").expect("a subscription");
    bus.emitter().turn_completed(None, "done", None).expect("published");
    bus.emitter().turn_started(None, "hello").expect("published");
    assert_eq!(ended.stats().books.matched, 1);
}

#[test]
fn lifecycles_of_the_extended_tier_have_guards() {
    let bus = Bus::new();
    let mut all = bus.subscribe("service.* or media.*").expect("a subscription");
    let launch = bus.emitter().service_launch("gateway", "main", None);
    drop(launch);
    bus.emitter()
        .media_storage("store", Media::at("s3://a"))
        .complete(Media::at("s3://a"))
        .expect("published");
    let mut kinds = Vec::new();
    while let Ok(Some(Delivery::Event(event))) = all.try_next() {
        let component = event.component().map(|component| component.id().to_owned());
        kinds.push((event.kind().to_string(), component.unwrap_or_default()));
    }
    let kinds: Vec<_> = kinds.iter().map(|(kind, component)| (kind.as_str(), component.as_str())).collect();
    let expected = [
        ("service.launch.started", "gateway"),
        ("service.launch.canceled", "gateway"),
        ("media.storage.started", "store"),
        ("media.storage.completed", "store"),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn media_are_referred_to_or_small() {
    let mut chunk = media::MediaAudioReceived::new(Media::at("file:///a.wav"));
    chunk.media.inline = Some(Inline::of(b"RIFF").expect("few bytes"));
    let json = serde_json::to_string(&chunk).expect("JSON");
    assert_eq!(json, r#"{"media":{"reference":"file:///a.wav","inline":"UklGRg=="}}"#);
    assert!(json.len() <= chunk.size_bound());
    assert_eq!(serde_json::from_str::<media::MediaAudioReceived>(&json).expect("the same"), chunk);

    for (bytes, text) in
        [(&b""[..], ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v"), (b"\xff\xfe", "//4=")]
    {
        assert_eq!(Inline::of(bytes).map(|inline| inline.base64().to_owned()), Ok(text.to_owned()));
        assert!(Inline::parse(text).is_ok());
    }
    for wrong in ["a", "====", "Zg=", "Z g=", "Zé=="] {
        assert!(Inline::parse(wrong).is_err(), "{wrong}");
    }
    let most = Inline::of(&vec![7; Inline::MAX_BYTES]).expect("the most");
    assert!(Inline::parse(most.base64()).is_ok());
    assert!(Inline::parse(format!("AAAA{}", most.base64())).is_err());
    let event = r#"{"media":{"inline":"not base64"}}"#;
    assert!(serde_json::from_str::<media::MediaAudioReceived>(event).is_err());
    assert_eq!(media::MediaAudioReceived::KIND.as_str(), "media.audio.received");
}
