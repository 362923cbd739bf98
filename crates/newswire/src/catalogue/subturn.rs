//! The sub-turn: a turn that a turn spawns, mostly for another agent.

use super::Merge::Never;
use super::table::{lifecycle, rows};
use super::{Failure, Json, Text};

lifecycle! {
    Subturn subturn subturn_with SUBTURN Turn "A sub-turn", otel Absent("OpenTelemetry has no operation for it"),
    identity (agent: Option<Text> = Meta "gen_ai.agent.name" => "The agent that takes it.";)
    started "subturn.started" SubturnStarted agui Absent("AG-UI has sub-agents, without turns"),
        (label: Option<Text> = Meta => "What it is called.";)
        {}
    progress "subturn.progress" SubturnProgress agui Absent("AG-UI has sub-agents, without turns"),
    completed "subturn.completed" SubturnCompleted agui Absent("AG-UI has sub-agents, without turns"),
        outcome output: Option<Json> = Content => "What it resulted in.";
        {status: Option<Text> = Meta => "The runtime's own word for how it ended.";}
    failed "subturn.failed" SubturnFailed agui Absent("AG-UI has sub-agents, without turns"),
        {status: Option<Text> = Meta => "The runtime's own word for how it ended.";}
    canceled "subturn.canceled" SubturnCanceled agui Absent("AG-UI has sub-agents, without turns"),
}

rows! { MORE: None;
    "subturn.delivered" SubturnDelivered Info Never, "A sub-turn's result has reached those who wait for it.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has sub-agents, without turns"),
    (target_channel: Option<Text> = Meta => "The channel that it goes to.";)
    {target_chat: Option<Text> = Id => "The chat that it goes to.";
     content_bytes: Option<u64> = Measure => "How long it is.";
     content: Option<Text> = Content => "What it says.";}

    "subturn.orphaned" SubturnOrphaned Error Never, "A sub-turn has ended with nobody left to take its result.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has sub-agents, without turns"),
    (reason: Option<Text> = Meta => "Why.";)
    {child_turn: Option<Text> = Id => "The sub-turn.";}
}
