//! The agent: one agent's share of a run, a sub-agent's included.

use super::Merge::Never;
use super::table::{lifecycle, rows};
use super::{Failure, Json, Text, Usage};

lifecycle! {
    Agent agent agent_with AGENT Agent "An agent's work", otel As("invoke_agent"),
    identity (name: Text = Meta "gen_ai.agent.name" => "The agent.";)
    started "agent.started" AgentStarted => agent_started agui As("SUBAGENT_STARTED"),
        (input: Option<Json> = Content "gen_ai.input.messages" => "What it was given.";)
        {description: Option<Text> = Meta "gen_ai.agent.description" => "What it is for.";
         version: Option<Text> = Meta "gen_ai.agent.version" => "Which version of it.";
         max_iteration_count: Option<u64> = Measure => "How many rounds of its loop it may take.";}
    progress "agent.progress" AgentProgress => agent_progress agui Absent("AG-UI tells progress by steps"),
    completed "agent.completed" AgentCompleted => agent_completed agui As("SUBAGENT_FINISHED"),
        outcome output: Option<Json> = Content "gen_ai.output.messages" => "What it answered.";
        {usage: Option<Usage> = Measure => "What its model calls used.";
         model_call_count: Option<u64> = Measure => "How many model calls it made.";
         tool_call_count: Option<u64> = Measure => "How many tool calls it made.";
         iteration_count: Option<u64> = Measure => "How many rounds of its loop it took.";}
    failed "agent.failed" AgentFailed => agent_failed agui As("SUBAGENT_ERROR"),
        {stage: Option<Text> = Meta => "Where in its loop it failed.";
         max_iteration_count: Option<u64> = Measure => "How many rounds of its loop it might take.";
         iteration_count: Option<u64> = Measure => "How many rounds of its loop it took.";}
    canceled "agent.canceled" AgentCanceled => agent_canceled agui As("SUBAGENT_FINISHED"),
}

rows! { RAISED: None;
    "agent.error.raised" AgentErrorRaised Error Never, "Something went wrong in an agent's loop, which goes on all the same.",
    otel Absent("an event of the agent's span"), agui Absent("AG-UI has errors of runs only"),
    (error: Failure = Content "error.type" => "What went wrong.";
     stage: Option<Text> = Meta => "Where in its loop.";)
    {name: Option<Text> = Meta "gen_ai.agent.name" => "The agent.";}
}
