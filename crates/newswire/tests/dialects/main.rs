//! Dialects: what other systems write is read whole and written as it was, and ours is written as theirs.

mod any;
mod bad_input;
mod law;
mod ours;
mod places;
mod reading;
mod samples;

use newswire::Dialect;
use newswire::catalogue::System;
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

/// All samples, with their system.
fn samples() -> impl Iterator<Item = (System, &'static str)> {
    SAMPLES.iter().flat_map(|(system, lines)| lines.lines().map(move |line| (*system, line)))
}
