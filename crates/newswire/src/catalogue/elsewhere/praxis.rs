//! Praxis' 36 types, in all shapes that its code sends.
//!
//! Durations count seconds. Workflows and their nodes travel as tasks, told apart by `type`.

use super::alias::When::{Always, Filled, Is, OneOf, Says};
use super::alias::{Line, aliases};
use crate::catalogue::{command, log, peer, service, step, system, task, tool, websocket, workflow};

pub(super) const ENVELOPE: &str = "type -> @kind; data -> @payload; metadata.event_id -> @attrs.event_id \
    (an id of version 4); metadata.timestamp -> @time; metadata.correlation_id -> @correlation.correlation; \
    metadata.source -> @source.component; metadata.tags -> @tags";

/// Fields that several rows have, by the name that stands for them there.
pub(super) const SHARED: &[(&str, &str)] = &[
    (
        "FLOW",
        "type -> @kind; workflowId -> @scope.workflow; executionId -> @scope.run; \
        timestamp -> @attrs.timestamp (beside the event's own time)",
    ),
    (
        "NODES",
        "status -> @attrs.status (its own word); nodesCompleted -> step_count; nodesFailed -> failed_step_count; \
        totalExecutionTime -> duration_ns s",
    ),
];

/// The value of the enumeration for its name: `TASK_STARTED` is `task.started`.
pub(super) fn value_of(name: &str) -> Option<String> {
    let upper = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    match name {
        "NODE_STATUS_UPDATE" | "WORKFLOW_NODE_STATUS_UPDATE" => {
            Some("workflow.node_status_update".to_owned())
        }
        _ => upper.then(|| name.to_ascii_lowercase().replacen('_', ".", 1)),
    }
}

pub(super) const NAMES: &[Line] = aliases! {
    "agent.starting" Always => service::ServiceLaunchStarted ["service" = "agent"]:
        "agent_name -> name; config";
    "agent.started" Always => service::ServiceLaunchCompleted ["service" = "agent"]:
        "agent_name -> name; components; listen_addresses -> addresses; peer_id";
    "agent.stopping" Always => service::ServiceShutdownStarted ["service" = "agent"]: "agent_name -> name";
    "agent.stopped" Always => service::ServiceShutdownCompleted ["service" = "agent"]: "agent_name -> name";
    "agent.error" Always => service::ServiceLaunchFailed ["service" = "agent"]:
        "agent_name -> name; error -> error.message; component -> stage";

    "p2p.peer_discovered" Always => peer::PeerDiscovered: "peer_id; addresses";
    "p2p.peer_connected" Always => peer::PeerConnected: "peer_id; addresses";
    "p2p.peer_disconnected" Always => peer::PeerDisconnected: "peer_id";
    "p2p.card_exchange" Always => peer::PeerCardExchanged: "peer_id; card";
    "p2p.tool_request" Always => peer::PeerCallStarted:
        "task_id; tool_name -> tool; parameters -> arguments; context_id";
    "p2p.tool_response" OneOf("result.status", &["error", "failed"]) => peer::PeerCallFailed:
        "task_id; tool_name -> tool; result.status -> status; result.output -> result";
    "p2p.tool_response" Always => peer::PeerCallCompleted:
        "task_id; tool_name -> tool; result.status -> status; result.output -> result";

    "task.created" Always => task::TaskCreated:
        "task_id; context_id; task -> input; timeout -> timeout_ns s; \
         command -> @attrs.command (what the task is made of, beside its input); method";
    "task.started" Says("type", "workflowStart") => workflow::WorkflowStarted:
        "&FLOW; nodes; edges; metadata -> @attrs.metadata (free data); \
         startTime -> @attrs.start_time (beside the event's own time); totalNodes -> step_count";
    "task.started" Always => task::TaskStarted:
        "task_id; command -> input; context_id; tool_name -> name; parameters -> input";
    "task.progress" Says("type", "workflowStepComplete") => step::StepCompleted:
        "&FLOW; nodeId -> name; status -> @attrs.status (its own word); message -> @message; result -> output";
    "task.progress" Says("type", "workflowStep") => step::StepProgress:
        "&FLOW; nodeId -> name; status -> @attrs.status (its own word); message; result -> data";
    "task.progress" Says("type", "workflowProgress") => workflow::WorkflowProgress:
        "&FLOW; updateType -> @attrs.update_type (its own word); message; data";
    "task.progress" Always => task::TaskProgress:
        "task_id; old_state -> data.old_state; new_state -> data.new_state; status -> data.status; \
         error_details -> data.error_details; artifact -> data.artifact; type -> data.type; \
         message";
    "task.completed" Says("type", "workflowError") => workflow::WorkflowFailed:
        "&FLOW; &NODES; error -> error.message";
    "task.completed" Says("type", "workflowComplete") => workflow::WorkflowCompleted:
        "&FLOW; message -> @message; results -> output; duration -> duration_ns s; &NODES; \
         error -> @attrs.error (an error without consequence)";
    "task.completed" Always => task::TaskCompleted:
        "task_id; result; execution_method -> method; task -> @attrs.task (the whole task, again); \
         error_details -> @attrs.error_details (an error without consequence)";
    "task.failed" Says("type", "workflowError") => workflow::WorkflowFailed:
        "&FLOW; nodeId -> failed_step; error -> error.message; &NODES";
    "task.failed" Always => task::TaskFailed:
        "task_id; error -> error.message; tool_name -> name; task -> @attrs.task (the whole task, again); \
         error_details -> details";
    "task.cancelled" Always => task::TaskCanceled:
        "task_id; status -> @attrs.status (its own word); task -> @attrs.task (the whole task, again); \
         error_details -> reason";

    "dsl.command_received" Always => command::CommandStarted:
        "command; context; method; params; request_id; task_id; legacy_format -> legacy; \
         message -> @message; connection_id; websocket_source -> by_websocket";
    "dsl.command_progress" Filled("tool") => command::CommandToolCalled: "tool; arguments";
    "dsl.command_progress" Always => command::CommandProgress: "task_id; stage -> data.stage; message; command";
    "dsl.command_completed" Filled("error") => command::CommandFailed:
        "command; result; error -> error.message; method; request_id; success -> @kind";
    "dsl.command_completed" Is("success", false) => command::CommandFailed:
        "command; result; error -> error.message; method; request_id; success -> @kind";
    "dsl.command_completed" Always => command::CommandCompleted:
        "command; result; method; request_id; success -> @kind";

    "workflow.started" Always => workflow::WorkflowStarted:
        "workflow_id -> @scope.workflow; nodes; edges; connection_id -> @correlation.request";
    "workflow.progress" Always => workflow::WorkflowProgress: "";
    "workflow.completed" Always => workflow::WorkflowCompleted: "";
    "workflow.node_status_update" Says("status", "completed") => step::StepCompleted:
        "&FLOW; nodeId -> @scope.step; nodeName -> name; status -> @kind; executionTime -> duration_ns s; \
         error -> @attrs.error (an error without consequence)";
    "workflow.node_status_update" OneOf("status", &["failed", "error"]) => step::StepFailed:
        "&FLOW; nodeId -> @scope.step; nodeName -> name; status -> @kind; executionTime -> duration_ns s; \
         error -> error.message";
    "workflow.node_status_update" Always => step::StepProgress:
        "&FLOW; nodeId -> @scope.step; nodeName -> name; status -> data.status; \
         executionTime -> @attrs.execution_time (what goes on has no duration); error -> data.error";

    "tool.executed" Is("success", false) => tool::ToolCallFailed:
        "tool_name -> name; engine; success -> @kind; duration -> duration_ns s; error -> error.message";
    "tool.executed" Always => tool::ToolCallCompleted:
        "tool_name -> name; engine; success -> @kind; duration -> duration_ns s; \
         error -> @attrs.error (an error without consequence)";
    "tool.starting" Always => tool::ToolCallStarted: "tool_name -> name; engine";
    "tool.completed" Always => tool::ToolCallCompleted: "tool_name -> name; engine; duration -> duration_ns s";
    "tool.failed" Always => tool::ToolCallFailed:
        "tool_name -> name; engine; duration -> duration_ns s; error -> error.message";

    "ws.client_connected" Always => websocket::WebsocketClientConnected: "connection_id";
    "ws.client_disconnected" Always => websocket::WebsocketClientDisconnected: "connection_id";
    "ws.message_received" Always => websocket::WebsocketMessageReceived: "connection_id";
    "ws.message_sent" Always => websocket::WebsocketMessageSent: "connection_id";

    "log.entry" Always => log::LogWritten:
        "tool; path -> fields.path; status -> fields.status; count -> fields.count; source -> fields.source; \
         target -> fields.target; info -> message";
    "log.stream" Always => log::LogWritten: "message; level";
    "system.shutdown" Always => service::ServiceShutdownStarted ["service" = "system"]: "reason";
    "system.error" Always => system::SystemFailed: "error -> error.message";
};
