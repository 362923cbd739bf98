//! Reasoning: what a model thinks before it answers.

use super::Merge::{Concatenate, Never};
use super::table::rows;
use super::{Json, Text};

rows! { REASONING: None;
    "reasoning.created" ReasoningCreated => reasoning_created Info Never, "A model has told its reasoning.",
    otel Absent("reasoning is a part of the output messages"), agui As("REASONING_MESSAGE_END"),
    (content: Option<Text> = Content => "What it thinks; absent where the provider hides it.";)
    {reasoning_id: Option<Text> = Id => "The reasoning's id: the stream of its deltas.";
     redacted: Option<bool> = Meta => "Whether the provider hides it.";
     opaque: Option<Json> = Content => "Signatures and encrypted pieces, to be handed back to the provider.";}

    "reasoning.delta" ReasoningDelta => reasoning_delta Debug Concatenate { field: "text", stream: "reasoning_id" },
    "A piece of a model's reasoning, as it is written.",
    otel Absent("pieces are no part of a span"), agui As("REASONING_MESSAGE_CONTENT"),
    (reasoning_id: Text = Id => "The reasoning that it belongs to: its stream.";
     text: Text = Content => "The piece.";)
    {}
}
