//! What a system says in all its events of a name, and our table leaves to the kind, to other fields or to
//! nobody: its consumers would take a field that is missing for its default, which may say something else.

use serde_json::Value;

use super::document::Object;
use super::unit;
use crate::catalogue::{Alias, Ours, System, When};

/// What a field says where nothing of ours does.
enum Otherwise {
    Says(&'static str),
    Is(bool),
    Counts(u64),
    /// The tokens that were read and written, if any are known.
    AllTokens,
    /// Whether a model asks for tools, if that is known.
    AnyToolCalls,
}

use Otherwise::{AllTokens, AnyToolCalls, Counts, Says};

const OTHERWISE: &[(System, &str, &str, Otherwise)] = &[
    (System::PicoClaw, "agent.turn.end", "Status", Says("completed")),
    (System::PicoClaw, "agent.subturn.end", "Status", Says("completed")),
    (System::PromptKit, "provider.call.started", "Source", Says("agent")),
    (System::PromptKit, "provider.call.completed", "Source", Says("agent")),
    (System::PromptKit, "provider.call.failed", "Source", Says("agent")),
    (System::PromptKit, "tool.call.completed", "Status", Says("success")),
    (System::PromptKit, "tool.client.resolved", "status", Says("fulfilled")),
    (System::PromptKit, "audio.input", "direction", Says("input")),
    (System::PromptKit, "audio.output", "direction", Says("output")),
    (System::PromptKit, "image.input", "direction", Says("input")),
    (System::PromptKit, "image.output", "direction", Says("output")),
    // Its first finish reason is that of pieces: an answer without one would be read as a piece.
    (System::AiTaskAgent, "llm.response", "FinishReason", Says("Other")),
    // .NET refuses an answer without it.
    (System::AiTaskAgent, "llm.response", "Content", Says("")),
    (System::AiTaskAgent, "llm.response", "IsThinking", Otherwise::Is(false)),
    (System::AiTaskAgent, "llm.response", "TokensUsed", AllTokens),
    (System::AiTaskAgent, "llm.response", "TokensUsed", Counts(0)),
    (System::AgentRuntime, "agent.completed", "total_tokens", AllTokens),
    (System::AgentRuntime, "llm_request.completed", "usage.total_tokens", AllTokens),
    (System::AgentRuntime, "llm_request.completed", "has_tool_calls", AnyToolCalls),
    (System::Praxis, "workflow.node_status_update", "type", Says("nodeStatusUpdate")),
];

/// Completes a payload of theirs, written by a row from `ours`.
pub(super) fn say(system: System, alias: &Alias, ours: &Object, theirs: &mut Object) {
    settle(alias.when, theirs);
    for field in alias.fields().filter(|field| field.ours == Ours::Kind) {
        if let Some(value) = outcome(system, alias, field.theirs)
            && unit::at(theirs, field.theirs).is_none()
        {
            unit::set(theirs, field.theirs, value);
        }
    }
    for (.., field, otherwise) in
        OTHERWISE.iter().filter(|(of, name, ..)| (*of, *name) == (system, alias.name))
    {
        if unit::at(theirs, field).is_none()
            && let Some(value) = otherwise.value(ours)
        {
            unit::set(theirs, field, value);
        }
    }
}

impl Otherwise {
    fn value(&self, ours: &Object) -> Option<Value> {
        match self {
            Self::Says(word) => Some((*word).into()),
            Self::Is(truth) => Some((*truth).into()),
            Self::Counts(count) => Some((*count).into()),
            Self::AllTokens => {
                let count = |path| unit::at(ours, path).and_then(Value::as_u64);
                let (read, written) = (count("usage.input_tokens"), count("usage.output_tokens"));
                let all = read.unwrap_or_default().saturating_add(written.unwrap_or_default());
                read.or(written).map(|_| all.into())
            }
            Self::AnyToolCalls => {
                let count = ours.get("tool_call_count").and_then(Value::as_u64).map(|count| count > 0);
                let calls = || ours.get("tool_calls")?.as_array().map(|calls| !calls.is_empty());
                count.or_else(calls).map(Value::from)
            }
        }
    }
}

/// Makes the condition hold, as far as it asks for a certain value.
fn settle(when: When, theirs: &mut Object) {
    match when {
        When::Is(field, truth) => unit::set(theirs, field, truth.into()),
        When::Says(field, text) => unit::set(theirs, field, text.into()),
        When::OneOf(field, texts) => {
            let said = unit::at(theirs, field).and_then(Value::as_str);
            if let Some(text) = texts.first()
                && said.is_none_or(|said| !texts.contains(&said))
            {
                unit::set(theirs, field, (*text).into());
            }
        }
        When::All(conditions) => conditions.iter().for_each(|condition| settle(*condition, theirs)),
        _ => {}
    }
}

/// What a truth value must be that the kind says, where another row of the name asks for the contrary.
fn outcome(system: System, alias: &Alias, field: &str) -> Option<Value> {
    fn asked(when: When, of: &str) -> Option<bool> {
        match when {
            When::Is(field, truth) if field == of => Some(truth),
            When::All(conditions) => conditions.iter().find_map(|condition| asked(*condition, of)),
            _ => None,
        }
    }
    let of_name = system.names().iter().filter(|other| other.name == alias.name);
    let truth = of_name.filter_map(|other| asked(other.when, field)).next()?;
    Some((!truth).into())
}
