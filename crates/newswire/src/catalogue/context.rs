//! The context: what a model gets to read, and what had to be left out of it.

use super::Merge::Never;
use super::table::rows;
use super::{Json, Text};

rows! { CONTEXT: None;
    "context.built" ContextBuilt => context_built Debug Never, "The context of a model call has been put together.",
    otel Absent("the context is an attribute of the chat operation"), agui Absent("AG-UI has no contexts"),
    (message_count: Option<u64> = Measure => "How many messages it holds.";
     context_tokens: Option<u64> = Measure => "How long it is.";)
    {budget_tokens: Option<u64> = Measure => "How long it may be.";
     truncated: Option<bool> = Meta => "Whether something had to be left out.";}

    "context.exceeded" ContextExceeded => context_exceeded Warn Never, "The context is longer than it may be.",
    otel Absent("the context is an attribute of the chat operation"), agui Absent("AG-UI has no contexts"),
    (required_tokens: u64 = Measure => "How long it would be.";
     budget_tokens: u64 = Measure => "How long it may be.";)
    {excess_tokens: Option<u64> = Measure => "By how much it is too long.";}

    "context.compacted" ContextCompacted => context_compacted Warn Never, "Older messages have been left out or summed up.",
    otel As("gen_ai.conversation.compacted"), agui Absent("AG-UI has no contexts"),
    (reason: Option<Text> = Meta => "Why: `proactive_budget`, `llm_retry`, `summarize`.";
     original_tokens: Option<u64> = Measure => "How long it was.";
     compacted_tokens: Option<u64> = Measure => "How long it is now.";)
    {budget_tokens: Option<u64> = Measure => "How long it may be.";
     dropped_message_count: Option<u64> = Measure => "How many messages went.";
     remaining_message_count: Option<u64> = Measure => "How many are left.";
     round: Option<u64> = Meta => "In which round of the loop.";
     summary: Option<Text> = Content => "What stands for those that went.";}
}

rows! { CAPTURED: None;
    "context.captured" ContextCaptured Debug Never, "What a pipeline knows at this point.",
    otel Absent("the context is an attribute of the chat operation"), agui Absent("AG-UI has no contexts"),
    (path: Option<Text> = Meta => "Where it is.";)
    {steps: Option<Json> = Content => "The results of its steps, by name.";
     data: Option<Json> = Content => "Whatever else it knows.";}
}
