//! AITaskAgent's 12 event types, and the one of its sample.
//!
//! Durations are .NET's `TimeSpan`, as text.

use super::alias::When::{All, Always, Is, Says};
use super::alias::{Line, aliases};
use crate::catalogue::{context, message, model, reasoning, step, tag, tool, validation, workflow};

pub(super) const ENVELOPE: &str = "StepName -> @scope.step; EventType -> @kind; Timestamp -> @time; \
    CorrelationId -> @correlation.correlation; SuppressFromUser -> @internal";

/// Fields that several rows have, by the name that stands for them there.
pub(super) const SHARED: &[(&str, &str)] = &[(
    "PIECE",
    "Content -> text; FinishReason -> @kind; IsThinking -> @kind; \
        RawFinishReason -> @attrs.raw_finish_reason (the last event of an answer tells why it ended); \
        TokensUsed -> @attrs.tokens_used (the last event of an answer tells what it used); \
        Model -> @attrs.model (the call tells it); Provider -> @attrs.provider (the call tells it)",
)];

pub(super) const NAMES: &[Line] = aliases! {
    "pipeline.started" Always => workflow::WorkflowStarted: "PipelineName -> name; TotalSteps -> step_count";
    "pipeline.completed" Is("Success", false) => workflow::WorkflowFailed:
        "PipelineName -> name; Success -> @kind; Duration -> duration_ns span; ErrorMessage -> error.message";
    "pipeline.completed" Always => workflow::WorkflowCompleted:
        "PipelineName -> name; Success -> @kind; Duration -> duration_ns span; \
         ErrorMessage -> @attrs.error_message (an error without consequence)";
    "step.started" Always => step::StepStarted: "StepName -> name; AttemptNumber -> attempt; AdditionalData -> data";
    "step.completed" Is("Success", false) => step::StepFailed:
        "StepName -> name; Success -> @kind; Duration -> duration_ns span; ErrorMessage -> error.message; \
         AdditionalData -> data";
    "step.completed" Always => step::StepCompleted:
        "StepName -> name; Success -> @kind; Duration -> duration_ns span; AdditionalData -> data; \
         ErrorMessage -> @attrs.error_message (an error without consequence)";
    "step.progress" Always => step::StepProgress:
        "StepName -> name; Message -> message; CurrentProgress -> current; TotalProgress -> total; Metadata -> data";
    "step.routing" Always => step::StepRouted: "StepName -> name; SelectedRoute -> route; RoutingReason -> reason";
    "step.validation" Always => validation::ValidationCompleted:
        "StepName -> name; IsValid -> passed; ValidationError -> explanation; ValidationType -> validation_type; \
         AttemptNumber -> attempt";
    "llm.response" All(&[Says("FinishReason", "Streaming"), Is("IsThinking", true)]) => reasoning::ReasoningDelta:
        "&PIECE";
    "llm.response" Says("FinishReason", "Streaming") => message::MessageDelta:
        "&PIECE";
    "llm.response" Always => model::ModelCallCompleted:
        "Content -> content; FinishReason -> finish_reason; RawFinishReason -> raw_finish_reason; \
         IsThinking -> has_reasoning; TokensUsed -> @attrs.tokens_used (a sum that can't be told apart); \
         Model -> model; Provider -> provider";
    "tool.started" Always => tool::ToolCallStarted: "ToolName -> name; AdditionalData -> data";
    "tool.completed" Is("Success", false) => tool::ToolCallFailed:
        "ToolName -> name; Success -> @kind; Duration -> duration_ns span; ErrorMessage -> error.message; \
         AdditionalData -> data";
    "tool.completed" Always => tool::ToolCallCompleted:
        "ToolName -> name; Success -> @kind; Duration -> duration_ns span; AdditionalData -> data; \
         ErrorMessage -> @attrs.error_message (an error without consequence)";
    "tag.started" Always => tag::TagStarted: "TagName -> name; Attributes -> attributes; AdditionalData -> data";
    "tag.completed" Is("Success", false) => tag::TagFailed:
        "TagName -> name; Success -> @kind; Duration -> duration_ns span; ErrorMessage -> error.message; \
         AdditionalData -> data";
    "tag.completed" Always => tag::TagCompleted:
        "TagName -> name; Success -> @kind; Duration -> duration_ns span; AdditionalData -> data; \
         ErrorMessage -> @attrs.error_message (an error without consequence)";
    "context.snapshot" Always => context::ContextCaptured:
        "StepResults -> steps; Metadata -> data; CurrentPath -> path";
};
