//! agent-runtime's constructors, written with ours: scope x type, a checked component id, two workflow ids,
//! a message, any JSON.

use newswire::{Bus, Component, ComponentScope, Delivery, Event, Kind, Phase, Result, Scope, ScopeField};
use serde_json::{Value, json};

/// The two ids that agent-runtime gives with every event.
#[derive(Clone, Copy)]
struct Workflow<'a>(&'a str, Option<&'a str>);

/// All thirty constructors are this one: six scopes, five types.
fn constructed(
    scope: ComponentScope,
    phase: Phase,
    id: &str,
    Workflow(workflow, parent): Workflow<'_>,
    message: Option<&str>,
    data: Value,
) -> Result<Event> {
    let stem = match scope {
        ComponentScope::WorkflowStep => "step",
        ComponentScope::ModelCall => "model.call",
        ComponentScope::Tool => "tool.call",
        other => other.as_str(), // workflow, agent, system
    };
    let component = Component::new(scope, id)?;
    component.check_format()?; // in agent-runtime's own words
    let mut ids = Scope::new().with(ScopeField::Workflow, workflow)?;
    if let Some(parent) = parent {
        ids = ids.with(ScopeField::ParentWorkflow, parent)?;
    }
    let event = Event::builder(Kind::parse(&format!("{stem}.{phase}"))?)
        .component(component)
        .scope(ids)
        .serialize(&data);
    match message {
        Some(message) => event.message(message).build(),
        None => event.build(),
    }
}

fn llm_started(id: &str, workflow: Workflow<'_>, data: Value) -> Result<Event> {
    constructed(ComponentScope::ModelCall, Phase::Started, id, workflow, None, data)
}

fn llm_progress(id: &str, workflow: Workflow<'_>, chunk: &str) -> Result<Event> {
    constructed(
        ComponentScope::ModelCall,
        Phase::Progress,
        id,
        workflow,
        Some(chunk),
        json!({"chunk": chunk}),
    )
}

fn llm_failed(id: &str, workflow: Workflow<'_>, error: &str, data: Value) -> Result<Event> {
    constructed(ComponentScope::ModelCall, Phase::Failed, id, workflow, Some(error), data)
}

fn main() -> Result<()> {
    let bus = Bus::new();
    let mut events = bus.subscribe("component.scope=model_call and parent_workflow=wf-0")?;
    let workflow = Workflow("wf-1", Some("wf-0"));
    bus.publish(llm_started("researcher:llm:0", workflow, json!({"model": "gpt-4", "stream": true}))?)?;
    bus.publish(llm_progress("researcher:llm:0", workflow, "Q4")?)?;
    bus.publish(llm_failed("researcher:llm:0", workflow, "rate limit", json!({"retry_after": 60}))?)?;
    while let Some(Delivery::Event(event)) = events.try_next()? {
        let (Some(component), Some(status)) = (event.component(), event.status()) else { continue };
        let (message, data) = (event.message().unwrap_or("-"), event.payload_json().unwrap_or_default());
        println!("{} {} {status} {message} {data}", event.kind(), component.id());
    }
    if let Err(error) =
        constructed(ComponentScope::WorkflowStep, Phase::Started, "load", workflow, None, json!({}))
    {
        println!("{error}");
    }
    Ok(())
}
