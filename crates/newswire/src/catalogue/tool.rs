//! Tools: the model writes a request, somebody may have to approve it, then the tool is called.
//!
//! `tool.request.*` is the writing, `tool.call.*` the execution; both carry the same `call_id`.

use super::Merge::{Concatenate, Never};
use super::table::{lifecycle, rows};
use super::{Failure, Json, Text};

lifecycle! {
    ToolRequest tool_request tool_request_with REQUEST Tool "The model's writing of a tool call", otel Absent("a part of the chat operation"),
    identity (
        name: Text = Meta "gen_ai.tool.name" => "The tool.";
        call_id: Option<Text> = Id "gen_ai.tool.call.id" => "The call's id, shared with its execution.";)
    started "tool.request.started" ToolRequestStarted => tool_request_started agui As("TOOL_CALL_START"),
        ()
        {message_id: Option<Text> = Id => "The message that it is a part of.";}
    progress "tool.request.progress" ToolRequestProgress => tool_request_progress agui Absent("deltas tell its progress"),
    completed "tool.request.completed" ToolRequestCompleted => tool_request_completed agui As("TOOL_CALL_END"),
        outcome arguments: Option<Json> = Content "gen_ai.tool.call.arguments" => "The whole arguments.";
        {}
    failed "tool.request.failed" ToolRequestFailed => tool_request_failed agui As("TOOL_CALL_END"),
        {text: Option<Text> = Content => "What the model wrote, which is no valid call.";}
    canceled "tool.request.canceled" ToolRequestCanceled => tool_request_canceled agui As("TOOL_CALL_END"),
}

rows! { DELTA: None;
    "tool.request.delta" ToolRequestDelta => tool_request_delta Debug Concatenate { field: "text", stream: "call_id" },
    "A piece of a tool call's arguments, as the model writes them.",
    otel Absent("pieces are no part of a span"), agui As("TOOL_CALL_ARGS"),
    (call_id: Text = Id "gen_ai.tool.call.id" => "The call that it belongs to: its stream.";
     text: Text = Content => "The piece.";)
    {name: Option<Text> = Meta "gen_ai.tool.name" => "The tool.";}
}

lifecycle! {
    ToolCall tool_call tool_call_with CALL Tool "A tool call", otel As("execute_tool"),
    identity (
        name: Text = Meta "gen_ai.tool.name" => "The tool.";
        call_id: Option<Text> = Id "gen_ai.tool.call.id" => "The call's id, shared with the model's request.";)
    started "tool.call.started" ToolCallStarted => tool_call_started agui Absent("AG-UI shows the request and the result"),
        (arguments: Option<Json> = Content "gen_ai.tool.call.arguments" => "What it is called with.";)
        {tool_type: Option<Text> = Meta "gen_ai.tool.type" => "`function`, `extension` or `datastore`.";
         engine: Option<Text> = Meta => "What runs it.";
         agent: Option<Text> = Meta "gen_ai.agent.name" => "The agent that calls it.";
         labels: Option<Json> = Meta => "The caller's own labels.";
         data: Option<Json> = Content => "Whatever the runtime adds.";}
    progress "tool.call.progress" ToolCallProgress => tool_call_progress agui As("ACTIVITY_SNAPSHOT"),
    completed "tool.call.completed" ToolCallCompleted => tool_call_completed agui As("TOOL_CALL_RESULT"),
        outcome result: Option<Json> = Content "gen_ai.tool.call.result" => "What it gave.";
        {result_bytes: Option<u64> = Measure => "How long the result is.";
         shown_bytes: Option<u64> = Measure => "How long the part for the user is.";
         status: Option<Text> = Meta => "The runtime's own word for how it ended.";
         parts: Option<Json> = Content => "The result's pieces of media, without their bytes.";
         detached: Option<bool> = Meta => "Whether it goes on in the background.";
         engine: Option<Text> = Meta => "What ran it.";
         agent: Option<Text> = Meta "gen_ai.agent.name" => "The agent that called it.";
         labels: Option<Json> = Meta => "The caller's own labels.";
         data: Option<Json> = Content => "Whatever the runtime adds.";}
    failed "tool.call.failed" ToolCallFailed => tool_call_failed agui As("TOOL_CALL_RESULT"),
        {result: Option<Json> = Content "gen_ai.tool.call.result" => "What it gave all the same.";
         result_bytes: Option<u64> = Measure => "How long the result is.";
         shown_bytes: Option<u64> = Measure => "How long the part for the user is.";
         detached: Option<bool> = Meta => "Whether it goes on in the background.";
         engine: Option<Text> = Meta => "What ran it.";
         agent: Option<Text> = Meta "gen_ai.agent.name" => "The agent that called it.";
         labels: Option<Json> = Meta => "The caller's own labels.";
         data: Option<Json> = Content => "Whatever the runtime adds.";}
    canceled "tool.call.canceled" ToolCallCanceled => tool_call_canceled agui As("TOOL_CALL_RESULT"),
}

lifecycle! {
    ToolApproval tool_approval tool_approval_with APPROVAL Tool "The asking for approval of a tool call", otel Absent("OpenTelemetry has no approvals"),
    identity (
        name: Text = Meta "gen_ai.tool.name" => "The tool.";
        call_id: Option<Text> = Id "gen_ai.tool.call.id" => "The call that is to be approved.";)
    started "tool.approval.started" ToolApprovalStarted => tool_approval_started agui As("RUN_FINISHED"),
        (arguments: Option<Json> = Content "gen_ai.tool.call.arguments" => "What it would be called with.";)
        {prompt: Option<Text> = Content => "What the person is asked.";
         categories: Option<Json> = Meta => "What sorts of consent are needed.";}
    progress "tool.approval.progress" ToolApprovalProgress => tool_approval_progress agui Absent("AG-UI has interrupts only"),
    completed "tool.approval.completed" ToolApprovalCompleted => tool_approval_completed agui Absent("the answer opens a new run"),
        outcome approved: bool = Meta => "The verdict.";
        {reason: Option<Text> = Content => "Why.";
         decided_by: Option<Text> = Meta => "Who decided.";}
    failed "tool.approval.failed" ToolApprovalFailed => tool_approval_failed agui Absent("AG-UI has interrupts only"), {}
    canceled "tool.approval.canceled" ToolApprovalCanceled => tool_approval_canceled agui Absent("AG-UI has interrupts only"),
}

lifecycle! {
    ToolClient tool_client tool_client_with CLIENT Tool "The carrying out of a tool call by the client", otel As("execute_tool"),
    identity (call_id: Text = Id "gen_ai.tool.call.id" => "The call.";
        name: Option<Text> = Meta "gen_ai.tool.name" => "The tool.";)
    started "tool.client.started" ToolClientStarted agui Absent("the client knows of it"),
        (arguments: Option<Json> = Content "gen_ai.tool.call.arguments" => "What it is called with.";)
        {prompt: Option<Text> = Content => "What the user is asked, where consent is needed.";
         categories: Option<Json> = Meta => "What sorts of consent are needed.";}
    progress "tool.client.progress" ToolClientProgress agui Absent("the client knows of it"),
    completed "tool.client.completed" ToolClientCompleted agui Absent("the client knows of it"),
        outcome result: Option<Json> = Content "gen_ai.tool.call.result" => "What it gave.";
        {}
    failed "tool.client.failed" ToolClientFailed agui Absent("the client knows of it"),
        {}
    canceled "tool.client.canceled" ToolClientCanceled agui Absent("the client knows of it"),
}

rows! { LOOP: None;
    "tool.loop.detected" ToolLoopDetected Warn Never, "A model calls one tool again and again with the same arguments.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no loops"),
    (name: Text = Meta "gen_ai.tool.name" => "The tool.";)
    {call_id: Option<Text> = Id "gen_ai.tool.call.id" => "The last of the calls.";
     agent: Option<Text> = Meta "gen_ai.agent.name" => "The agent that calls it.";
     arguments: Option<Json> = Content "gen_ai.tool.call.arguments" => "What it is called with.";
     previous_result: Option<Json> = Content => "What it gave before.";
     call_count: Option<u64> = Measure => "How often it was called.";
     message: Option<Text> = Content => "What the model is told.";}
}
