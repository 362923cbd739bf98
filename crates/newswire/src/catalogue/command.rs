//! The command: what a user types for the runtime to carry out.

use super::Merge::Never;
use super::table::{lifecycle, rows};
use super::{Failure, Json, Text};

lifecycle! {
    Command command command_with COMMAND Command "A command", otel Absent("OpenTelemetry has no operation for it"),
    identity (command: Option<Text> = Content => "What was typed.";
        task_id: Option<Text> = Id => "The task that it belongs to.";)
    started "command.started" CommandStarted agui Absent("AG-UI has no commands"),
        (method: Option<Text> = Meta => "The method that was called, where it came by a protocol.";)
        {params: Option<Json> = Content => "What the method is called with.";
         request_id: Option<Text> = Id => "The request.";
         context: Option<Json> = Content => "What was known when it came.";
         connection_id: Option<Text> = Id => "The connection that it came by.";
         legacy: Option<bool> = Meta => "Whether it came in an old format.";
         by_websocket: Option<bool> = Meta => "Whether it came by a WebSocket.";}
    progress "command.progress" CommandProgress agui Absent("AG-UI has no commands"),
    completed "command.completed" CommandCompleted agui Absent("AG-UI has no commands"),
        outcome result: Option<Json> = Content => "What it resulted in.";
        {method: Option<Text> = Meta => "The method that was called.";
         request_id: Option<Text> = Id => "The request.";}
    failed "command.failed" CommandFailed agui Absent("AG-UI has no commands"),
        {method: Option<Text> = Meta => "The method that was called.";
         request_id: Option<Text> = Id => "The request.";
         result: Option<Json> = Content => "What it gave all the same.";}
    canceled "command.canceled" CommandCanceled agui Absent("AG-UI has no commands"),
}

rows! { CALLED: None;
    "command.tool.called" CommandToolCalled Debug Never, "A command has called a tool.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no commands"),
    (tool: Text = Meta "gen_ai.tool.name" => "The tool.";
     arguments: Option<Json> = Content => "What it is called with.";)
    {}
}
