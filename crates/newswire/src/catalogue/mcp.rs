//! MCP: servers that offer tools by the Model Context Protocol.

use super::Merge::Never;
use super::table::{lifecycle, rows};
use super::{Failure, Json, Text};

lifecycle! {
    McpConnection mcp_connection mcp_connection_with CONNECTION Service "A connection to an MCP server", otel Absent("a matter of the connection: mcp.client.session.duration"),
    identity (server: Text = Meta => "The server.";)
    started "mcp.connection.started" McpConnectionStarted agui Absent("AG-UI has no servers of tools"),
        ()
        {transport: Option<Text> = Meta "network.transport" => "How it is reached: `stdio`, `http`.";
         url: Option<Text> = Meta => "Where it is.";
         command: Option<Text> = Meta => "What starts it.";}
    progress "mcp.connection.progress" McpConnectionProgress agui Absent("AG-UI has no servers of tools"),
    completed "mcp.connection.completed" McpConnectionCompleted agui Absent("AG-UI has no servers of tools"),
        outcome tool_count: Option<u64> = Measure => "How many tools it offers.";
        {transport: Option<Text> = Meta "network.transport" => "How it is reached.";
         url: Option<Text> = Meta => "Where it is.";
         command: Option<Text> = Meta => "What starts it.";}
    failed "mcp.connection.failed" McpConnectionFailed agui Absent("AG-UI has no servers of tools"),
        {transport: Option<Text> = Meta "network.transport" => "How it is reached.";
         url: Option<Text> = Meta => "Where it is.";
         command: Option<Text> = Meta => "What starts it.";
         tool_count: Option<u64> = Measure => "How many tools it offers.";}
    canceled "mcp.connection.canceled" McpConnectionCanceled agui Absent("AG-UI has no servers of tools"),
}

rows! { DISCOVERED: None;
    "mcp.tool.discovered" McpToolDiscovered Info Never, "An MCP server offers a tool.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no servers of tools"),
    (server: Text = Meta => "The server.";
     tool: Text = Meta "gen_ai.tool.name" => "The tool.";)
    {description: Option<Text> = Content "gen_ai.tool.description" => "What it is for.";
     schema: Option<Json> = Meta => "What it takes, as a JSON Schema.";
     transport: Option<Text> = Meta "network.transport" => "How the server is reached.";
     url: Option<Text> = Meta => "Where the server is.";
     command: Option<Text> = Meta => "What starts the server.";}
}

lifecycle! {
    McpToolCall mcp_tool_call mcp_tool_call_with CALL Tool "The call of a tool at an MCP server", otel As("tools/call"),
    identity (server: Text = Meta => "The server.";
        tool: Text = Meta "gen_ai.tool.name" => "The tool.";
        call_id: Option<Text> = Id "gen_ai.tool.call.id" => "The call's id, shared with `tool.call`.";)
    started "mcp.tool.call.started" McpToolCallStarted agui Absent("AG-UI has no servers of tools"),
        (arguments: Option<Json> = Content "gen_ai.tool.call.arguments" => "What it is called with.";)
        {}
    progress "mcp.tool.call.progress" McpToolCallProgress agui Absent("AG-UI has no servers of tools"),
    completed "mcp.tool.call.completed" McpToolCallCompleted agui Absent("AG-UI has no servers of tools"),
        outcome result: Option<Json> = Content "gen_ai.tool.call.result" => "What it gave.";
        {}
    failed "mcp.tool.call.failed" McpToolCallFailed agui Absent("AG-UI has no servers of tools"),
        {}
    canceled "mcp.tool.call.canceled" McpToolCallCanceled agui Absent("AG-UI has no servers of tools"),
}
