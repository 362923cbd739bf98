//! Messages: what people, models and tools say.

use super::Merge::{Concatenate, LastWins, Never};
use super::table::rows;
use super::{Json, Text, Usage};

rows! { MESSAGE: None;
    "message.created" MessageCreated => message_created Info Never, "A message is part of the conversation now.",
    otel Absent("messages are attributes of the chat operation"), agui As("TEXT_MESSAGE_END"),
    (role: Text = Meta => "Who says it: `user`, `assistant`, `tool`, `system`.";
     content: Option<Text> = Content => "What is said.";)
    {message_id: Option<Text> = Id => "The message's id: the stream of its deltas.";
     index: Option<u64> = Meta => "Its place in the conversation, from 0.";
     parts: Option<Json> = Content => "Its pieces, media by reference.";
     tool_calls: Option<Json> = Content => "The calls that it asks for.";
     tool_result: Option<Json> = Content => "The result that it brings.";
     sender: Option<Text> = Meta => "Which participant says it.";}

    "message.updated" MessageUpdated => message_updated Info LastWins, "What is known about a message has changed.",
    otel Absent("messages are attributes of the chat operation"), agui As("MESSAGES_SNAPSHOT"),
    (message_id: Option<Text> = Id => "The message's id.";
     index: Option<u64> = Meta => "Its place in the conversation, from 0.";)
    {content: Option<Text> = Content => "What it says now.";
     duration_ns: Option<u64> = Measure => "How long it took to make.";
     usage: Option<Usage> = Measure => "What that used.";}

    "message.delta" MessageDelta => message_delta Debug Concatenate { field: "text", stream: "message_id" },
    "A piece of a message, as it is written.",
    otel Absent("pieces are no part of a span"), agui As("TEXT_MESSAGE_CONTENT"),
    (message_id: Text = Id => "The message that it belongs to: its stream.";
     text: Text = Content => "The piece.";)
    {role: Option<Text> = Meta => "Who writes it.";}
}
