//! The WebSocket: clients that come, go and speak.

use super::Merge::Never;
use super::table::rows;
use super::{Json, Text};

rows! { WEBSOCKET: None;
    "websocket.client.connected" WebsocketClientConnected Info Never, "A client has come.",
    otel Absent("a matter of the transport"), agui Absent("AG-UI says nothing of its transport"),
    (connection_id: Option<Text> = Id => "The connection.";)
    {address: Option<Text> = Meta => "Where it comes from.";}

    "websocket.client.disconnected" WebsocketClientDisconnected Info Never, "A client has gone.",
    otel Absent("a matter of the transport"), agui Absent("AG-UI says nothing of its transport"),
    (connection_id: Option<Text> = Id => "The connection.";)
    {reason: Option<Text> = Meta => "Why.";
     code: Option<u64> = Meta => "The code that it closed with.";}

    "websocket.message.received" WebsocketMessageReceived Debug Never, "A client has sent a message.",
    otel Absent("a matter of the transport"), agui Absent("AG-UI says nothing of its transport"),
    (connection_id: Option<Text> = Id => "The connection.";
     message_type: Option<Text> = Meta => "What sort of message.";)
    {content: Option<Json> = Content => "What it says.";
     content_bytes: Option<u64> = Measure => "How long it is.";}

    "websocket.message.sent" WebsocketMessageSent Debug Never, "A client has been sent a message.",
    otel Absent("a matter of the transport"), agui Absent("AG-UI says nothing of its transport"),
    (connection_id: Option<Text> = Id => "The connection.";
     message_type: Option<Text> = Meta => "What sort of message.";)
    {content: Option<Json> = Content => "What it says.";
     content_bytes: Option<u64> = Measure => "How long it is.";}
}
