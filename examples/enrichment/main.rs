//! AITaskAgent's enrichment, written with ours: what a step adds to its own events and to its trace, before
//! and after it runs.
//!
//! The step's code doesn't emit anything. Its hooks are given the event on its way to be published: what the
//! started event says is the input, what the completed one says is the result.

use std::collections::BTreeMap;

use newswire::catalogue::step::{StepCompleted, StepStarted};
use newswire::{Bus, Delivery, Enrichment, Result};
use serde_json::{Value, json};

/// The four hooks of `IEnrichableStep`, in pairs: what goes into the event, and what tags the trace.
trait EnrichableStep: Send + Sync {
    fn before(&self, input: &Value, event: &mut Enrichment);
    fn after(&self, result: &Value, event: &mut Enrichment);
}

struct LlmStep {
    model: &'static str,
}

impl EnrichableStep for LlmStep {
    fn before(&self, input: &Value, event: &mut Enrichment) {
        event.attr("inputLength", &input.as_str().map_or(0, str::len));
        event.attr("trace.llm.model", self.model);
    }

    fn after(&self, result: &Value, event: &mut Enrichment) {
        event.attr("tokensUsed", &result["tokens"]);
        event.attr("costUsd", &result["cost"]);
        event.attr("trace.llm.tokens", &result["tokens"]);
    }
}

fn main() -> Result<()> {
    let bus = Bus::new();
    let steps: BTreeMap<&str, Box<dyn EnrichableStep>> =
        BTreeMap::from([("summarize", Box::new(LlmStep { model: "scripted-1" }) as _)]);
    let _enricher = bus.add_enricher(move |event| {
        let current = event.event().clone();
        let Some(step) = current.component().and_then(|component| steps.get(component.id())) else { return };
        let json = |json: Option<&newswire::catalogue::Json>| {
            json.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or(Value::Null)
        };
        if let Ok(Some(started)) = current.as_payload::<StepStarted>() {
            step.before(&json(started.input.as_ref()), event);
        } else if let Ok(Some(completed)) = current.as_payload::<StepCompleted>() {
            step.after(&json(completed.output.as_ref()), event);
        }
    })?;

    let mut events = bus.subscribe("step.*")?;
    for name in ["summarize", "plain"] {
        let step = bus.emitter().step(name, json!("a long text"));
        step.complete(json!({"tokens": 40, "cost": 0.001}))?;
    }

    // What an exporter of traces would do: the tags of both ends belong to one span.
    let mut tags = BTreeMap::<String, Vec<String>>::new();
    while let Some(Delivery::Event(event)) = events.try_next()? {
        let name = event.component().map_or("?", |component| component.id()).to_owned();
        let (trace, own): (Vec<_>, Vec<_>) = event.attrs().partition(|(key, _)| key.starts_with("trace."));
        let own: Vec<_> = own.into_iter().map(|(key, value)| format!(" {key}={value}")).collect();
        println!("{} {name}{}", event.kind(), own.concat());
        let trace = trace.into_iter().map(|(key, value)| format!("{}={value}", &key["trace.".len()..]));
        tags.entry(name).or_default().extend(trace);
    }
    for (name, tags) in tags {
        println!("span {name}: {}", if tags.is_empty() { "no tags".into() } else { tags.join(", ") });
    }
    Ok(())
}
