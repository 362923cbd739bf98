//! PromptKit's 68 kinds, and what its custom ones carry.
//!
//! Its payloads have Go's field names unless a tag says otherwise, durations in nanoseconds, errors as text.

use super::alias::When::{Always, Filled, Is, Says};
use super::alias::{Line, aliases};
use crate::catalogue::{
    composition, context, embedding, evaluation, image, media, message, middleware, model, prompt, reasoning,
    session, speech, stage, state, stream, tool, transcription, validation, workflow,
};

pub(super) const ENVELOPE: &str = "Type -> @kind; Timestamp -> @time; Sequence -> @attrs.sequence (a position on its own bus); \
    ExecutionID -> @scope.run; RunID -> @scope.run; SessionID -> @scope.session; \
    ConversationID -> @scope.conversation; UserID -> @scope.user; Data -> @payload; \
    SpanContext -> @correlation.span; Metadata -> @attrs";

pub(super) const CUSTOM: &str = "MiddlewareName -> @source.name; EventName -> @attrs.event_name \
    (the kind is its type, this a name within it); Data -> @payload; Message -> @message";

/// Fields that several rows have, by the name that stands for them there.
pub(super) const SHARED: &[(&str, &str)] = &[
    (
        "BLOB",
        "payload.storage_ref -> media.reference; payload.mime_type -> media.mime_type; \
        payload.size -> media.size_bytes; payload.checksum -> media.checksum; \
        payload.inline_data -> media.inline",
    ),
    (
        "AUDIO",
        "direction -> @kind; actor; metadata.sample_rate -> sample_rate_hz; \
        metadata.channels -> channel_count; metadata.encoding -> encoding; \
        metadata.bits_per_sample -> bits_per_sample; metadata.duration_ms -> duration_ns ms; \
        turn_id -> @scope.turn; chunk_index -> index; is_final -> last; generated_from",
    ),
    ("IMAGE", "direction -> @kind; actor; metadata; description; generated_from; prompt"),
    (
        "STORAGE",
        "Operation -> operation; Backend -> backend; Reference -> media.reference; \
        MIMEType -> media.mime_type; SizeBytes -> media.size_bytes; Duration -> duration_ns; \
        Reason -> reason; RunID -> @scope.run; MessageIdx -> message_index; PartIdx -> part_index",
    ),
    (
        "EVAL",
        "eval_id -> name; eval_type -> evaluation_type; trigger; explanation; details; \
        duration_ms -> duration_ns ms; message -> @message; skipped -> @kind",
    ),
    (
        "CALL",
        "Provider -> provider; Model -> model; Capability -> capability; Source -> purpose; \
        Quantities -> quantities; Dimensions -> dimensions; Labels -> labels",
    ),
];

pub(super) const NAMES: &[Line] = aliases! {
    "pipeline.started" Always => workflow::WorkflowStarted: "MiddlewareCount -> middleware_count";
    "pipeline.completed" Always => workflow::WorkflowCompleted:
        "Duration -> duration_ns; TotalCost -> usage.cost_usd; InputTokens -> usage.input_tokens; \
         OutputTokens -> usage.output_tokens; MessageCount -> message_count";
    "pipeline.failed" Always => workflow::WorkflowFailed: "Error -> error.message; Duration -> duration_ns";
    "middleware.started" Always => middleware::MiddlewareStarted: "Name -> name; Index -> index";
    "middleware.completed" Always => middleware::MiddlewareCompleted:
        "Name -> name; Index -> index; Duration -> duration_ns";
    "middleware.failed" Always => middleware::MiddlewareFailed:
        "Name -> name; Index -> index; Duration -> duration_ns; Error -> error.message";
    "stage.started" Always => stage::StageStarted: "Name -> name; Index -> index; StageType -> stage_type";
    "stage.completed" Always => stage::StageCompleted:
        "Name -> name; Index -> index; StageType -> stage_type; Duration -> duration_ns";
    "stage.failed" Always => stage::StageFailed:
        "Name -> name; Index -> index; StageType -> stage_type; Duration -> duration_ns; \
         Error -> error.message";

    "provider.call.started" Always => model::ModelCallStarted:
        "Provider -> provider; Model -> model; MessageCount -> message_count; ToolCount -> tool_count; \
         Source -> purpose; Labels -> labels";
    "provider.call.completed" Always => model::ModelCallCompleted:
        "Provider -> provider; Model -> model; Duration -> duration_ns; InputTokens -> usage.input_tokens; \
         OutputTokens -> usage.output_tokens; CachedTokens -> usage.cache_read_tokens; \
         Cost -> usage.cost_usd; FinishReason -> finish_reason; ToolCallCount -> tool_call_count; \
         Source -> purpose; Labels -> labels";
    "provider.call.failed" Always => model::ModelCallFailed:
        "Provider -> provider; Model -> model; Error -> error.message; Duration -> duration_ns; \
         Source -> purpose; Labels -> labels";

    "tool.call.started" Always => tool::ToolCallStarted:
        "ToolName -> name; CallID -> call_id; Args -> arguments; Labels -> labels";
    "tool.call.completed" Always => tool::ToolCallCompleted:
        "ToolName -> name; CallID -> call_id; Duration -> duration_ns; Status -> status; Parts -> parts; \
         Labels -> labels";
    "tool.call.failed" Always => tool::ToolCallFailed:
        "ToolName -> name; CallID -> call_id; Duration -> duration_ns; Error -> error.message; \
         Labels -> labels";
    "tool.client.request" Always => tool::ToolClientStarted:
        "call_id; tool_name -> name; args -> arguments; consent_msg -> prompt; categories";
    "tool.client.resolved" Says("status", "rejected") => tool::ToolClientCanceled:
        "call_id; tool_name -> name; status -> @kind; rejection_reason -> reason";
    "tool.client.resolved" Says("status", "error") => tool::ToolClientFailed:
        "call_id; tool_name -> name; status -> @kind; rejection_reason -> error.message";
    "tool.client.resolved" Always => tool::ToolClientCompleted:
        "call_id; tool_name -> name; status -> @kind; \
         rejection_reason -> @attrs.rejection_reason (a call that was carried out has none)";

    "validation.started" Always => validation::ValidationStarted:
        "ValidatorName -> name; ValidatorType -> validation_type; Direction -> direction";
    "validation.passed" Always => validation::ValidationCompleted ["passed" = true]:
        "ValidatorName -> name; ValidatorType -> validation_type; Direction -> direction; \
         Duration -> duration_ns; Enforced -> enforced; Score -> score";
    "validation.failed" Filled("Violations") => validation::ValidationCompleted ["passed" = false]:
        "ValidatorName -> name; ValidatorType -> validation_type; Direction -> direction; \
         Duration -> duration_ns; Error -> explanation; Violations -> violations; Enforced -> enforced; \
         Score -> score";
    "validation.failed" Always => validation::ValidationFailed:
        "ValidatorName -> name; ValidatorType -> validation_type; Direction -> direction; \
         Duration -> duration_ns; Error -> error.message; Enforced -> enforced; Score -> score";

    "context.built" Always => context::ContextBuilt:
        "MessageCount -> message_count; TokenCount -> context_tokens; TokenBudget -> budget_tokens; \
         Truncated -> truncated";
    "context.token_budget_exceeded" Always => context::ContextExceeded:
        "RequiredTokens -> required_tokens; Budget -> budget_tokens; Excess -> excess_tokens";
    "context.compacted" Always => context::ContextCompacted:
        "round; original_tokens; compacted_tokens; messages_folded -> dropped_message_count; budget_tokens";
    "state.loaded" Always => state::StateLoaded:
        "ConversationID -> @scope.conversation; MessageCount -> message_count";
    "state.saved" Always => state::StateSaved:
        "ConversationID -> @scope.conversation; MessageCount -> message_count";
    "stream.interrupted" Always => stream::StreamInterrupted: "Reason -> reason";
    "reasoning.delta" Always => reasoning::ReasoningDelta: "Text -> text";
    "message.created" Always => message::MessageCreated:
        "Role -> role; Content -> content; Index -> index; Parts -> parts; ToolCalls -> tool_calls; \
         ToolResult -> tool_result; Reasoning -> @attrs.reasoning (never in its JSON)";
    "message.updated" Always => message::MessageUpdated:
        "Index -> index; LatencyMs -> duration_ns ms; InputTokens -> usage.input_tokens; \
         OutputTokens -> usage.output_tokens; TotalCost -> usage.cost_usd";
    "conversation.started" Always => session::SessionStarted: "SystemPrompt -> system_prompt";

    "audio.input" Always => media::MediaAudioReceived: "&AUDIO; &BLOB";
    "audio.output" Always => media::MediaAudioProduced: "&AUDIO; &BLOB";
    "audio.transcription" Always => media::MediaAudioTranscribed:
        "text; language; confidence; turn_id -> @scope.turn; audio_event_id; is_final -> last; provider";
    "video.frame" Always => media::MediaVideoCaptured:
        "&BLOB; metadata.width -> width_px; metadata.height -> height_px; metadata.encoding -> encoding; \
         metadata.frame_rate -> frame_rate; metadata.duration_ms -> duration_ns ms; frame_index -> index; \
         timestamp_ms -> offset_ns ms; is_keyframe -> keyframe";
    "screenshot" Always => media::MediaScreenCaptured: "&BLOB; metadata; window_title; window_bounds; reason";
    "image.input" Always => media::MediaImageReceived: "&IMAGE; &BLOB";
    "image.output" Always => media::MediaImageProduced: "&IMAGE; &BLOB";
    "media.stored" Always => media::MediaStorageCompleted ["operation" = "store"]: "&STORAGE";
    "media.retrieved" Says("Operation", "get_url") => media::MediaStorageCompleted ["operation" = "get_url"]:
        "&STORAGE";
    "media.retrieved" Always => media::MediaStorageCompleted ["operation" = "retrieve"]: "&STORAGE";
    "media.deleted" Always => media::MediaStorageCompleted ["operation" = "delete"]: "&STORAGE";
    "media.store_error" Always => media::MediaStorageFailed: "&STORAGE; Error -> error.message";

    "eval.completed" Is("skipped", true) => evaluation::EvaluationCanceled:
        "&EVAL; skip_reason -> reason; passed -> @attrs.passed (what is skipped has no verdict); \
         score -> @attrs.score (what is skipped has none); error -> @attrs.error (what is skipped can't err); \
         violations -> @attrs.violations (what is skipped finds none)";
    "eval.completed" Always => evaluation::EvaluationCompleted:
        "&EVAL; passed; score; violations; error -> @attrs.error (an error without consequence); \
         skip_reason -> @attrs.skip_reason (what wasn't skipped has none)";
    "eval.failed" Is("skipped", true) => evaluation::EvaluationCanceled:
        "&EVAL; skip_reason -> reason; passed -> @attrs.passed (what is skipped has no verdict); \
         score -> @attrs.score (what is skipped has none); error -> @attrs.error (what is skipped can't err); \
         violations -> @attrs.violations (what is skipped finds none)";
    "eval.failed" Filled("error") => evaluation::EvaluationFailed:
        "&EVAL; error -> error.message; passed -> @attrs.passed (what errs has no verdict); score; violations; \
         skip_reason -> @attrs.skip_reason (what wasn't skipped has none)";
    "eval.failed" Always => evaluation::EvaluationCompleted ["passed" = false]:
        "&EVAL; passed; score; violations; skip_reason -> @attrs.skip_reason (what wasn't skipped has none)";

    "workflow.transitioned" Always => workflow::WorkflowTransitioned:
        "from_state -> from; to_state -> to; event; prompt_task -> task; host_extras -> extras";
    "workflow.completed" Always => workflow::WorkflowCompleted: "final_state; transition_count";
    "workflow.max_visits_exceeded" Always => workflow::WorkflowVisitLimitExceeded:
        "from_state -> from; original_target -> to; event; visit_count; max_visits -> max_visit_count; \
         redirected_to; terminated";
    "workflow.budget_exhausted" Always => workflow::WorkflowBudgetExhausted:
        "limit; current; max; current_state -> state; transition_count";

    "prompt.template.started" Always => prompt::PromptTemplateStarted:
        "task_type -> name; raw_template -> template; variable_count; model_override -> model";
    "prompt.template.rendered" Always => prompt::PromptTemplateCompleted:
        "task_type -> name; system_prompt -> text; prompt_hash -> hash; variables_used -> variables; \
         unused_variables; fragments_used -> fragments; render_passes -> pass_count";
    "prompt.template.failed" Always => prompt::PromptTemplateFailed:
        "task_type -> name; error -> error.message; unresolved_placeholders";

    "image_gen.call.started" Always => image::ImageCallStarted: "&CALL";
    "image_gen.call.completed" Always => image::ImageCallCompleted:
        "&CALL; Duration -> duration_ns; Cost -> usage.cost_usd; Images -> image_count";
    "image_gen.call.failed" Always => image::ImageCallFailed:
        "&CALL; Duration -> duration_ns; Cost -> usage.cost_usd; Error -> error.message";
    "tts.call.started" Always => speech::SpeechCallStarted: "&CALL";
    "tts.call.completed" Always => speech::SpeechCallCompleted:
        "&CALL; Duration -> duration_ns; Cost -> usage.cost_usd; Characters -> character_count; \
         AudioSeconds -> audio_ns s";
    "tts.call.failed" Always => speech::SpeechCallFailed:
        "&CALL; Duration -> duration_ns; Cost -> usage.cost_usd; Error -> error.message";
    "stt.call.started" Always => transcription::TranscriptionCallStarted: "&CALL";
    "stt.call.completed" Always => transcription::TranscriptionCallCompleted:
        "&CALL; Duration -> duration_ns; Cost -> usage.cost_usd; AudioSeconds -> audio_ns s";
    "stt.call.failed" Always => transcription::TranscriptionCallFailed:
        "&CALL; Duration -> duration_ns; Cost -> usage.cost_usd; Error -> error.message";
    "embedding.call.started" Always => embedding::EmbeddingCallStarted: "&CALL";
    "embedding.call.completed" Always => embedding::EmbeddingCallCompleted:
        "&CALL; Duration -> duration_ns; Cost -> usage.cost_usd; InputTokens -> usage.input_tokens; \
         Vectors -> vector_count";
    "embedding.call.failed" Always => embedding::EmbeddingCallFailed:
        "&CALL; Duration -> duration_ns; Cost -> usage.cost_usd; Error -> error.message";

    "composition.started" Always => composition::CompositionStarted: "composition -> name; input";
    "composition.completed" Filled("error") => composition::CompositionFailed:
        "composition -> name; output; error -> error.message; duration_ms -> duration_ns ms";
    "composition.completed" Always => composition::CompositionCompleted:
        "composition -> name; output; duration_ms -> duration_ns ms";
    "composition.step.started" Always => composition::CompositionStepStarted:
        "step_id -> name; kind -> step_type; input";
    "composition.step.completed" Filled("error") => composition::CompositionStepFailed:
        "step_id -> name; kind -> step_type; input; output; attempt; error -> error.message";
    "composition.step.completed" Always => composition::CompositionStepCompleted:
        "step_id -> name; kind -> step_type; input; output; attempt";
    "composition.branch.evaluated" Always => composition::CompositionBranchEvaluated: "step_id -> step; taken";
    "composition.parallel.completed" Always => composition::CompositionParallelJoined:
        "step_id -> step; branches";
};
