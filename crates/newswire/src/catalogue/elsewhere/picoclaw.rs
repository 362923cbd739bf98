//! PicoClaw's 45 kinds.
//!
//! Payloads of its agents have Go's field names; the others have tags. Durations of the former count
//! nanoseconds, `duration_ms` milliseconds. `content_len` counts characters, `ContentLen` bytes.

use super::alias::When::{Always, Filled, Is, Says};
use super::alias::{Line, aliases};
use crate::catalogue::{
    agent, bus, channel, context, follow_up, interrupt, mcp, model, service, session, steering, subturn,
    tool, turn,
};

pub(super) const ENVELOPE: &str = "id -> @attrs.id (a counter of its process, no UUID); kind -> @kind; \
    time -> @time; source.component -> @source.component; source.name -> @source.name; \
    scope.runtime_id -> @scope.runtime; scope.agent_id -> @scope.agent; scope.session_key -> @scope.session; \
    scope.turn_id -> @scope.turn; scope.channel -> @scope.channel; scope.account -> @scope.account; \
    scope.chat_id -> @scope.chat; scope.topic_id -> @scope.topic; scope.space_id -> @scope.space; \
    scope.space_type -> @scope.space_type; scope.chat_type -> @scope.chat_type; \
    scope.sender_id -> @scope.sender; scope.message_id -> @scope.message; \
    correlation.trace_id -> @attrs.trace_id (a path, no 128 bits); \
    correlation.parent_turn_id -> @correlation.parent_turn; correlation.request_id -> @correlation.request; \
    correlation.reply_to_id -> @correlation.reply_to; severity -> @severity; payload -> @payload; attrs -> @attrs";

/// Fields that several rows have, by the name that stands for them there.
pub(super) const SHARED: &[(&str, &str)] = &[(
    "TURN",
    "Status -> @kind; Workspace -> details.workspace; Iterations -> iteration_count; Duration -> duration_ns; \
        UserMessage -> details.user_message; ActiveSkills -> details.active_skills; \
        AttemptedSkills -> details.attempted_skills; FinalSuccessfulPath -> details.final_successful_path; \
        SkillContextSnapshots -> details.skill_context_snapshots; ToolKinds -> details.tool_kinds; \
        ToolExecutions -> details.tool_executions",
)];

pub(super) const NAMES: &[Line] = aliases! {
    "agent.turn.start" Always => turn::TurnStarted: "UserMessage -> input; MediaCount -> media_count";
    "agent.turn.end" Says("Status", "error") => turn::TurnFailed:
        "&TURN; FinalContentLen -> details.final_content_len; FinalContent -> details.final_content";
    "agent.turn.end" Says("Status", "aborted") => turn::TurnCanceled:
        "&TURN; FinalContentLen -> details.final_content_len; FinalContent -> details.final_content";
    "agent.turn.end" Always => turn::TurnCompleted:
        "&TURN; FinalContentLen -> output_bytes; FinalContent -> output";
    "agent.llm.request" Always => model::ModelCallStarted:
        "Model -> model; MessagesCount -> message_count; ToolsCount -> tool_count; \
         MaxTokens -> max_output_tokens; Temperature -> temperature";
    "agent.llm.delta" Always => model::ModelChunkReceived:
        "ContentDeltaLen -> content_bytes; ReasoningDeltaLen -> reasoning_bytes";
    "agent.llm.response" Always => model::ModelCallCompleted:
        "ContentLen -> content_bytes; ToolCalls -> tool_call_count; HasReasoning -> has_reasoning";
    "agent.llm.retry" Always => model::ModelCallRetried:
        "Attempt -> attempt; MaxRetries -> max_retry_count; Reason -> reason; Error -> error.message; \
         Backoff -> backoff_ns";
    "agent.context.compress" Always => context::ContextCompacted:
        "Reason -> reason; DroppedMessages -> dropped_message_count; \
         RemainingMessages -> remaining_message_count";
    "agent.session.summarize" Always => session::SessionSummarized:
        "SummarizedMessages -> summarized_message_count; KeptMessages -> kept_message_count; \
         SummaryLen -> summary_bytes; OmittedOversized -> omitted";
    "agent.tool.exec_start" Always => tool::ToolCallStarted: "Tool -> name; Arguments -> arguments";
    "agent.tool.exec_end" Is("IsError", true) => tool::ToolCallFailed:
        "Tool -> name; Duration -> duration_ns; ForLLMLen -> result_bytes; ForUserLen -> shown_bytes; \
         IsError -> @kind; Async -> detached";
    "agent.tool.exec_end" Always => tool::ToolCallCompleted:
        "Tool -> name; Duration -> duration_ns; ForLLMLen -> result_bytes; ForUserLen -> shown_bytes; \
         IsError -> @kind; Async -> detached";
    "agent.tool.exec_skipped" Always => tool::ToolCallCanceled: "Tool -> name; Reason -> reason";
    "agent.steering.injected" Always => steering::SteeringInjected:
        "Count -> message_count; TotalContentLen -> content_bytes";
    "agent.follow_up.queued" Always => follow_up::FollowUpQueued: "SourceTool -> tool; ContentLen -> content_bytes";
    "agent.interrupt.received" Always => interrupt::InterruptReceived:
        "Kind -> interrupt_type; Role -> role; ContentLen -> content_bytes; QueueDepth -> queued_count; \
         HintLen -> hint_bytes";
    "agent.subturn.spawn" Always => subturn::SubturnStarted:
        "AgentID -> agent; Label -> label; ParentTurnID -> @correlation.parent_turn";
    "agent.subturn.end" Says("Status", "error") => subturn::SubturnFailed: "AgentID -> agent; Status -> status";
    "agent.subturn.end" Says("Status", "aborted") => subturn::SubturnCanceled: "AgentID -> agent; Status -> @kind";
    "agent.subturn.end" Always => subturn::SubturnCompleted: "AgentID -> agent; Status -> status";
    "agent.subturn.result_delivered" Always => subturn::SubturnDelivered:
        "TargetChannel -> target_channel; TargetChatID -> target_chat; ContentLen -> content_bytes";
    "agent.subturn.orphan" Always => subturn::SubturnOrphaned:
        "ParentTurnID -> @correlation.parent_turn; ChildTurnID -> child_turn; Reason -> reason";
    "agent.error" Always => agent::AgentErrorRaised: "Stage -> stage; Message -> error.message";

    "channel.lifecycle.initialized" Always => service::ServiceInitialized ["service" = "channel"]: "type -> variant";
    "channel.lifecycle.started" Always => service::ServiceLaunchCompleted ["service" = "channel"]: "type -> variant";
    "channel.lifecycle.start_failed" Always => service::ServiceLaunchFailed ["service" = "channel"]:
        "type -> variant; error -> error.message";
    "channel.lifecycle.stopped" Always => service::ServiceShutdownCompleted ["service" = "channel"]:
        "type -> variant";
    "channel.webhook.registered" Always => channel::ChannelWebhookRegistered: "type -> variant";
    "channel.webhook.unregistered" Always => channel::ChannelWebhookUnregistered: "type -> variant";
    "channel.message.outbound_queued" Always => channel::ChannelOutboundQueued:
        "media -> has_media; content_len -> character_count; reply_to_message_id; \
         message_ids -> @attrs.message_ids (a message that waits has none yet)";
    "channel.message.outbound_sent" Always => channel::ChannelOutboundCompleted:
        "media -> has_media; content_len -> character_count; message_ids; reply_to_message_id";
    "channel.message.outbound_failed" Always => channel::ChannelOutboundFailed:
        "media -> has_media; content_len -> character_count; message_ids; reply_to_message_id; \
         error -> error.message; retries -> retry_count";
    "channel.rate_limited" Always => channel::ChannelOutboundLimited:
        "content_len -> character_count; reply_to_message_id; error -> error.message; media -> has_media";

    "bus.publish.failed" Always => bus::BusPublishRejected: "stream; error -> error.message";
    "bus.close.started" Always => bus::BusCloseStarted:
        "drained -> @attrs.drained (nothing can be drained before it begins)";
    "bus.close.drained" Always => bus::BusCloseDrained: "drained -> drained_count";
    "bus.close.completed" Always => bus::BusCloseCompleted: "drained -> drained_count";

    "gateway.start" Filled("error") => service::ServiceLaunchFailed ["service" = "gateway"]:
        "duration_ms -> duration_ns ms; error -> error.message";
    "gateway.start" Always => service::ServiceLaunchStarted ["service" = "gateway"]:
        "duration_ms -> @attrs.duration_ms (what begins has no duration)";
    "gateway.ready" Filled("error") => service::ServiceLaunchFailed ["service" = "gateway"]:
        "duration_ms -> duration_ns ms; error -> error.message";
    "gateway.ready" Always => service::ServiceLaunchCompleted ["service" = "gateway"]:
        "duration_ms -> duration_ns ms";
    "gateway.shutdown" Filled("error") => service::ServiceShutdownFailed ["service" = "gateway"]:
        "duration_ms -> duration_ns ms; error -> error.message";
    "gateway.shutdown" Always => service::ServiceShutdownCompleted ["service" = "gateway"]:
        "duration_ms -> duration_ns ms";
    "gateway.reload.started" Always => service::ServiceReloadStarted ["service" = "gateway"]:
        "duration_ms -> @attrs.duration_ms (what begins has no duration); \
         error -> @attrs.error (what begins has no error)";
    "gateway.reload.completed" Always => service::ServiceReloadCompleted ["service" = "gateway"]:
        "duration_ms -> duration_ns ms; error -> @attrs.error (an error without consequence)";
    "gateway.reload.failed" Always => service::ServiceReloadFailed ["service" = "gateway"]:
        "duration_ms -> duration_ns ms; error -> error.message";

    "mcp.server.connecting" Always => mcp::McpConnectionStarted:
        "server; type -> transport; url; command; tool_count -> @attrs.tool_count (nobody knows it yet); \
         error -> @attrs.error (what begins has no error)";
    "mcp.server.connected" Always => mcp::McpConnectionCompleted:
        "server; type -> transport; url; command; tool_count; error -> @attrs.error (an error without consequence)";
    "mcp.server.failed" Always => mcp::McpConnectionFailed:
        "server; type -> transport; url; command; tool_count; error -> error.message";
    "mcp.tool.discovered" Always => mcp::McpToolDiscovered: "server; type -> transport; url; command; tool";
    "mcp.tool.call.start" Always => mcp::McpToolCallStarted:
        "server; tool; duration_ms -> @attrs.duration_ms (what begins has no duration); is_error -> @kind; \
         error -> @attrs.error (what begins has no error)";
    "mcp.tool.call.end" Is("is_error", true) => mcp::McpToolCallFailed:
        "server; tool; duration_ms -> duration_ns ms; is_error -> @kind; error -> error.message";
    "mcp.tool.call.end" Always => mcp::McpToolCallCompleted:
        "server; tool; duration_ms -> duration_ns ms; is_error -> @kind; \
         error -> @attrs.error (an error without consequence)";
};
