//! Dialects: what other systems write is read whole and written as it was, and ours is written as theirs.

mod any;
mod bad_input;
mod law;
mod ours;
mod places;
mod reading;
mod samples;

use newswire::catalogue::{System, row_of};
use newswire::{Dialect, Error, Event};
use serde_json::Value;

/// One system's samples: JSON lines, each kind in all its shapes.
const SAMPLES: [(System, &str); 5] = [
    (System::PromptKit, include_str!("samples/promptkit.jsonl")),
    (System::AiTaskAgent, include_str!("samples/aitaskagent.jsonl")),
    (System::AgentRuntime, include_str!("samples/agentruntime.jsonl")),
    (System::PicoClaw, include_str!("samples/picoclaw.jsonl")),
    (System::Praxis, include_str!("samples/praxis.jsonl")),
];

fn dialect(system: System) -> Dialect {
    Dialect::of(system)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// Why the payload of an event that was read from a system doesn't fit its kind, but for fields that must be
/// there and that the event says it lacks.
fn misfit(system: System, event: &Event) -> Option<Error> {
    let error = row_of(event.kind())?.check_payload(event.payload_json()?).err()?;
    let kept = json(event.attr(system.as_str()).expect("what the dialect keeps").get());
    let lacks = kept["lacks"].as_array().cloned().unwrap_or_default();
    let told =
        lacks.iter().filter_map(Value::as_str).any(|name| error.path() == Some(&format!("payload.{name}")));
    (!told || error.message() != "it is missing").then_some(error)
}

/// All samples, with their system.
fn samples() -> impl Iterator<Item = (System, &'static str)> {
    SAMPLES.iter().flat_map(|(system, lines)| lines.lines().map(move |line| (*system, line)))
}
