//! agent-runtime's matrix: six scopes times five types, written `scope.type`.
//!
//! Its document and its code differ in fields; both are here. What a pair carries beyond that is free. The
//! text of an error is the envelope's message, `data` has its code at most.

use super::alias::When::{Always, Counts, Filled, Has};
use super::alias::{Line, aliases};
use crate::catalogue::{agent, message, model, rate, step, system, tool, workflow};

pub(super) const ENVELOPE: &str = "id -> @attrs.id (an id of version 4 with a prefix); event_id -> @id; \
    offset -> @attrs.offset (a position in its own stream); timestamp -> @time; scope -> @kind; type -> @kind; component_id -> @component.id; \
    status -> @kind; workflow_id -> @scope.workflow; parent_workflow_id -> @scope.parent_workflow; \
    message -> @message; data -> @payload";

/// Fields that several rows have, by the name that stands for them there.
pub(super) const SHARED: &[(&str, &str)] = &[
    ("LOOP", "agent; tool -> name; tool_name -> name; message; arguments; previous_result; call_count"),
    (
        "LIMIT",
        "requests_used -> used_count; requests_limit -> limit_count; message -> @message; \
        agent -> @attrs.agent (the limit is everybody's)",
    ),
];

pub(super) const NAMES: &[Line] = aliases! {
    "workflow.started" Always => workflow::WorkflowStarted:
        "step_count; parent_workflow_id -> @scope.parent_workflow; input";
    "workflow.progress" Always => workflow::WorkflowProgress: "";
    "workflow.completed" Always => workflow::WorkflowCompleted: "steps_completed -> step_count; output";
    "workflow.failed" Always => workflow::WorkflowFailed:
        "failed_step -> failed_step_index; failed_step_name -> failed_step; error -> error.message; \
         error_code -> error.code";
    "workflow.canceled" Always => workflow::WorkflowCanceled: "";
    "workflow_step.started" Always => step::StepStarted: "step_name -> name; step_type; input";
    "workflow_step.progress" Always => step::StepProgress: "step_name -> name";
    "workflow_step.completed" Always => step::StepCompleted:
        "step_name -> name; execution_time_ms -> duration_ns ms; output; duration_ms -> duration_ns ms";
    "workflow_step.failed" Always => step::StepFailed:
        "step_name -> name; timeout_ms -> @attrs.timeout_ms (free data of an example)";
    "workflow_step.canceled" Always => step::StepCanceled: "step_name -> name";
    "agent.started" Always => agent::AgentStarted: "agent -> name; workflow_id -> @scope.workflow; input";
    "agent.progress" Always => agent::AgentProgress: "agent -> name; iteration -> current; max_iterations -> total";
    "agent.completed" Always => agent::AgentCompleted:
        "agent -> name; execution_time_ms -> duration_ns ms; tool_calls -> tool_call_count; \
         iterations -> iteration_count; mock -> @attrs.mock (tells a run without a model); output; \
         llm_calls -> model_call_count; total_tokens -> @attrs.total_tokens (a sum that can't be told apart)";
    "agent.failed" Always => agent::AgentFailed:
        "agent -> name; iterations -> iteration_count; max_allowed -> max_iteration_count";
    "agent.canceled" Always => agent::AgentCanceled: "agent -> name";
    "llm_request.started" Counts("messages") => model::ModelCallStarted:
        "messages -> message_count; model; stream";
    "llm_request.started" Always => model::ModelCallStarted: "messages; model; stream";
    "llm_request.progress" Has("chunk") => message::MessageDelta: "chunk -> text";
    "llm_request.progress" Always => model::ModelCallProgress: "";
    "llm_request.completed" Always => model::ModelCallCompleted:
        "content; has_tool_calls -> @attrs.has_tool_calls (tells that there are some, not how many); \
         response -> content; usage.prompt_tokens -> usage.input_tokens; \
         usage.completion_tokens -> usage.output_tokens; \
         usage.total_tokens -> @attrs.total_tokens (the sum of the other two); finish_reason; tool_calls";
    "llm_request.failed" Always => model::ModelCallFailed:
        "retry_after -> retry_after_ns s; error_code -> error.code";
    "llm_request.canceled" Always => model::ModelCallCanceled: "";
    "tool.started" Always => tool::ToolCallStarted:
        "agent; tool_call_id -> call_id; arguments; tool_name -> name";
    "tool.progress" Always => tool::ToolCallProgress:
        "tool_name -> name; percent -> current; pages_fetched -> data.pages_fetched; total_pages -> data.total_pages";
    "tool.completed" Always => tool::ToolCallCompleted:
        "agent; tool_call_id -> call_id; result; duration_ms -> duration_ns ms; tool_name -> name";
    "tool.failed" Always => tool::ToolCallFailed:
        "agent; tool_call_id -> call_id; duration_ms -> duration_ns ms; tool_name -> name; error_code -> error.code";
    "tool.canceled" Always => tool::ToolCallCanceled: "tool_call_id -> call_id; tool_name -> name";
    "system.started" Always => system::SystemStarted: "";
    "system.progress" Filled("tool") => tool::ToolLoopDetected: "&LOOP";
    "system.progress" Filled("tool_name") => tool::ToolLoopDetected: "&LOOP";
    "system.progress" Has("requests_limit") => rate::RateLimited: "&LIMIT";
    "system.progress" Has("requests_used") => rate::RateLimited: "&LIMIT";
    "system.progress" Always => system::SystemProgress:
        "message; agent -> data.agent; arguments -> data.arguments; previous_result -> data.previous_result; \
         call_count -> data.call_count";
    "system.completed" Always => system::SystemCompleted: "";
    "system.failed" Always => system::SystemFailed: "";
    "system.canceled" Always => system::SystemCanceled: "";
};
