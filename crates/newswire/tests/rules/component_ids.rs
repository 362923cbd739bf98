//! agent-runtime's formats of component ids, where a bus is told to keep them.

use newswire::catalogue::{Catalogued, model::ModelCallStarted};
use newswire::{Bus, BusOptions, Check, Component, ComponentScope, ErrorKind, Event};

use super::common::{event, seqs};

fn bus(component_ids: Check) -> Bus {
    Bus::with(BusOptions { component_ids, ..BusOptions::default() }).unwrap()
}

fn call(id: &str) -> Event {
    let component = Component::new(ComponentScope::ModelCall, id).unwrap();
    Event::builder(ModelCallStarted::KIND).component(component).build().unwrap()
}

#[test]
fn component_ids_of_any_form_pass_by_default() {
    let bus = Bus::new();
    bus.publish(call("gpt-4")).unwrap();
    assert_eq!((bus.stats().published, bus.stats().component_id_warnings), (1, 0));
}

#[test]
fn a_bus_told_to_reject_refuses_a_wrong_component_id_before_the_seq() {
    let bus = bus(Check::Reject);
    let mut all = bus.subscribe("*").unwrap();
    let rejected = bus.publish(call("planner:llm:first")).unwrap_err();
    assert_eq!((rejected.error.kind(), rejected.error.path()), (ErrorKind::Invalid, Some("component.id")));
    assert_eq!(rejected.error.message(), "LlmRequest iteration must be a number, got 'first'");
    assert_eq!(rejected.value.component().unwrap().id(), "planner:llm:first");
    assert!(bus.publish_batch(vec![call("planner:llm:0"), call("planner")]).is_err());
    bus.publish(call("planner:llm:0")).unwrap();
    bus.publish(event("log.written")).unwrap();
    assert_eq!(seqs(&mut all), [1, 2]);
}

#[test]
fn a_bus_told_to_warn_publishes_a_wrong_component_id_and_counts_it() {
    let bus = bus(Check::Warn);
    for id in ["planner", "planner:llm:0", "planner:llm"] {
        bus.publish(call(id)).unwrap();
    }
    assert_eq!((bus.stats().published, bus.stats().component_id_warnings), (3, 2));
}

#[test]
fn component_ids_are_checked_in_the_words_of_agent_runtime() {
    let told = |scope, id: &str| {
        let component = Component::new(scope, id).unwrap();
        component.check_format().map_err(|error| error.message().to_owned())
    };
    assert_eq!(told(ComponentScope::WorkflowStep, "pipeline:step:0"), Ok(()));
    assert_eq!(
        told(ComponentScope::WorkflowStep, "pipeline:0"),
        Err("WorkflowStep component_id must be 'workflow_name:step:N', got 'pipeline:0'".to_owned())
    );
    assert_eq!(
        told(ComponentScope::WorkflowStep, "pipeline:step:-1"),
        Err("WorkflowStep index must be a number, got '-1'".to_owned())
    );
    assert_eq!(
        told(ComponentScope::ModelCall, "gpt-4"),
        Err("LlmRequest component_id must be 'agent_name:llm:N', got 'gpt-4'".to_owned())
    );
    assert_eq!(told(ComponentScope::System, "system:rate_limiter"), Ok(()));
    assert_eq!(
        told(ComponentScope::System, "loop"),
        Err("System component_id must start with 'system:', got 'loop'".to_owned())
    );
    assert_eq!(told(ComponentScope::Tool, "calculator"), Ok(()));
    assert_eq!(told(ComponentScope::Session, "s-1"), Ok(()));
}

#[test]
fn the_ways_to_treat_component_ids_have_words() {
    for mode in [Check::Off, Check::Warn, Check::Reject] {
        assert_eq!(Check::parse(mode.as_str()), Ok(mode));
    }
    assert_eq!(Check::parse("on").unwrap_err().expected(), Some("off, warn or reject"));
}
