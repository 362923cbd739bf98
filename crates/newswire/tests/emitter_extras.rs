//! What emitters and guards add beside scope and source: tags, attributes, component ids, optional fields.

use std::cell::Cell;

use newswire::catalogue::model::{ModelCallCanceled, ModelCallStarted};
use newswire::catalogue::step::StepStarted;
use newswire::catalogue::{Catalogued, Usage};
use newswire::{Bus, ComponentScope, ErrorKind, Event, Kind, Subscription};
use serde_json::json;

fn listening() -> (Bus, Subscription) {
    let bus = Bus::new();
    let events = bus.subscribe("*").expect("a subscription");
    (bus, events)
}

fn seen(events: &mut Subscription) -> Vec<Event> {
    std::iter::from_fn(|| events.try_next().ok().flatten()).filter_map(|delivery| delivery.event()).collect()
}

/// Tags and attributes, in short.
fn extras(event: &Event) -> String {
    let attrs = event.attrs().map(|(key, value)| format!("{key}={value}"));
    event.tags().map(str::to_owned).chain(attrs).collect::<Vec<_>>().join(" ")
}

#[test]
fn tags_and_attributes_of_an_emitter_are_on_its_events_and_on_what_happens_within() {
    let (bus, mut events) = listening();
    let emitter = bus.emitter().with_tag("canary").unwrap().with_attr("region", "eu-1").unwrap();
    let step = emitter.step("load", None);
    step.emitter().message_created("user", "hi").unwrap();
    step.complete(None).unwrap();
    let plain = bus.emitter().message_created("user", "hi");
    plain.unwrap();
    let seen: Vec<_> = seen(&mut events).iter().map(extras).collect();
    let all = r#"canary region="eu-1""#;
    assert_eq!(seen, [all, all, all, ""]);
}

#[test]
fn a_later_attribute_takes_the_place_of_one_with_its_key() {
    let (bus, mut events) = listening();
    let emitter = bus.emitter().with_attr("try", &1).unwrap().with_attr("try", &2).unwrap();
    emitter
        .with_tag("b")
        .unwrap()
        .with_tag("a")
        .unwrap()
        .with_tag("b")
        .unwrap()
        .message_created("user", None)
        .unwrap();
    assert_eq!(extras(&seen(&mut events)[0]), "a b try=2");
}

#[test]
fn a_guard_adds_to_its_further_events() {
    let (bus, mut events) = listening();
    let mut step = bus.emitter().step("summarize", None);
    step.set_attr("trace.llm.tokens", &40).unwrap();
    step.add_tag("slow").unwrap();
    step.emitter().message_created("user", None).unwrap();
    step.fail("no").unwrap();
    let seen: Vec<_> = seen(&mut events).iter().map(extras).collect();
    assert_eq!(seen, ["", "slow trace.llm.tokens=40", "slow trace.llm.tokens=40"]);
}

#[test]
fn wrong_tags_and_attributes_are_refused_where_they_are_set() {
    let bus = Bus::new();
    let error = |result: newswire::Result<newswire::Emitter>| result.err().expect("an error");
    let empty = error(bus.emitter().with_tag(""));
    assert_eq!((empty.kind(), empty.path()), (ErrorKind::Invalid, Some("tags")));
    let long = error(bus.emitter().with_attr("k".repeat(513), &1));
    assert_eq!((long.kind(), long.path()), (ErrorKind::TooLarge, Some("attrs")));
    let keyed_by_number = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert_eq!(error(bus.emitter().with_attr("map", &keyed_by_number)).path(), Some("attrs.map"));
    assert_eq!(error(bus.emitter().with_component("")).path(), Some("component.id"));
    let many = (0..1024).try_fold(bus.emitter(), |emitter, n| emitter.with_tag(format!("t{n}"))).unwrap();
    assert_eq!(error(many.with_tag("one more")).kind(), ErrorKind::TooLarge);
}

#[test]
fn a_component_of_ones_own_is_that_of_the_operation_and_not_of_what_happens_within() {
    let (bus, mut events) = listening();
    let planner = bus.emitter().with_tag("x").unwrap().with_component("planner:llm:0").unwrap();
    let call = planner.model_call("gpt-5", "openai");
    call.emitter().tool_call("search", None, None).complete(None).unwrap();
    call.complete(None).unwrap();
    planner.publish(planner.event(ModelCallStarted::KIND).build().unwrap()).unwrap();
    planner.message_created("user", None).unwrap();
    let seen = seen(&mut events);
    let components: Vec<_> =
        seen.iter().map(|event| event.component().map(|one| (one.scope(), one.id()))).collect();
    let (llm, tool) = (ComponentScope::ModelCall, ComponentScope::Tool);
    let (planner, search) = (Some((llm, "planner:llm:0")), Some((tool, "search")));
    assert_eq!(components, [planner, search, search, planner, planner, None]);
    assert!(seen.iter().all(|event| event.tags().eq(["x"])));
}

#[test]
fn an_event_that_is_begun_by_an_emitter_keeps_its_own_attributes() {
    let (bus, mut events) = listening();
    let emitter = bus.emitter().with_attr("region", "eu-1").unwrap().with_attr("zone", "a").unwrap();
    let kind = Kind::parse("deploy.finished").unwrap();
    emitter.publish(emitter.event(kind).attr("zone", "b").build().unwrap()).unwrap();
    assert_eq!(extras(&seen(&mut events)[0]), r#"region="eu-1" zone="b""#);
    let named =
        emitter.named("picoclaw/agent.tool.exec_start", &json!({"Tool": "ls"})).unwrap().build().unwrap();
    assert_eq!(named.attr("region").map(|value| value.get()), Some(r#""eu-1""#));
}

#[test]
fn an_operation_may_begin_with_optional_fields() {
    let (bus, mut events) = listening();
    let call = bus.emitter().model_call_with("gpt-5", "openai", |call| {
        call.message_count = Some(3);
        call.stream = Some(true);
    });
    call.complete(None).unwrap();
    let started = seen(&mut events).remove(0);
    let started = started.payload::<ModelCallStarted>().unwrap().unwrap();
    assert_eq!((started.message_count, started.stream), (Some(3), Some(true)));
    assert_eq!(started.model.as_deref(), Some("gpt-5"));
}

#[test]
fn optional_fields_of_a_start_are_not_asked_for_when_nobody_listens() {
    let bus = Bus::new();
    let _others = bus.subscribe("step.completed").unwrap();
    let asked = Cell::new(false);
    bus.emitter().step_with("load", None, |_: &mut StepStarted| asked.set(true)).complete(None).unwrap();
    assert!(!asked.get());
}

#[test]
fn a_canceled_call_may_tell_what_it_had_used() {
    let (bus, mut events) = listening();
    let call = bus.emitter().model_call("gpt-5", None);
    call.cancel_with("interrupted", |call| call.usage = Some(Usage::tokens(12, 3))).unwrap();
    let canceled = seen(&mut events).remove(1);
    let canceled = canceled.payload::<ModelCallCanceled>().unwrap().unwrap();
    assert_eq!(
        (canceled.reason.as_deref(), canceled.usage.clone()),
        (Some("interrupted"), Some(Usage::tokens(12, 3)))
    );
}
