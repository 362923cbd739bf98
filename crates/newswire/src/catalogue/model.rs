//! The model call: one request to a language model and its answer.

use super::Merge::{Add, Never};
use super::table::{lifecycle, rows};
use super::{Failure, Json, Text, Usage};

lifecycle! {
    ModelCall model_call model_call_with CALL ModelCall "A model call", otel As("chat"),
    identity (
        model: Option<Text> = Meta "gen_ai.request.model" => "The model that is asked.";
        provider: Option<Text> = Meta "gen_ai.provider.name" => "Who serves it: `openai`, `anthropic`.";)
    started "model.call.started" ModelCallStarted => model_call_started agui Absent("AG-UI shows what models say, not calls"),
        ()
        {messages: Option<Json> = Content "gen_ai.input.messages" => "The messages that it gets.";
         message_count: Option<u64> = Measure => "How many messages it gets.";
         tool_count: Option<u64> = Measure => "How many tools it may call.";
         max_output_tokens: Option<u64> = Measure "gen_ai.request.max_tokens" => "How much it may write.";
         temperature: Option<f64> = Meta "gen_ai.request.temperature" => "How free it is.";
         stream: Option<bool> = Meta "gen_ai.request.stream" => "Whether it answers in pieces.";
         purpose: Option<Text> = Meta => "What the call is for: `agent`, `judge`, `selfplay`.";
         labels: Option<Json> = Meta => "The caller's own labels.";}
    progress "model.call.progress" ModelCallProgress => model_call_progress agui Absent("deltas tell its progress"),
    completed "model.call.completed" ModelCallCompleted => model_call_completed agui Absent("AG-UI has usage on RUN_FINISHED only"),
        outcome usage: Option<Usage> = Measure "gen_ai.usage" => "What it used.";
        {finish_reason: Option<Text> = Meta "gen_ai.response.finish_reasons" => "Why it stopped: `stop`, `length`, `tool_calls`, `content_filter`.";
         raw_finish_reason: Option<Text> = Meta => "The same in the provider's words.";
         response_model: Option<Text> = Meta "gen_ai.response.model" => "The model that answered.";
         response_id: Option<Text> = Id "gen_ai.response.id" => "The provider's id of the answer.";
         content: Option<Text> = Content "gen_ai.output.messages" => "What it said.";
         content_bytes: Option<u64> = Measure => "How long that is.";
         tool_calls: Option<Json> = Content => "The calls that it asks for.";
         tool_call_count: Option<u64> = Measure => "How many calls it asks for.";
         has_reasoning: Option<bool> = Meta => "Whether it told its reasoning.";
         time_to_first_chunk_ns: Option<u64> = Measure "gen_ai.response.time_to_first_chunk" => "How long its first piece took.";
         purpose: Option<Text> = Meta => "What the call was for: `agent`, `judge`, `selfplay`.";
         labels: Option<Json> = Meta => "The caller's own labels.";}
    failed "model.call.failed" ModelCallFailed => model_call_failed agui Absent("AG-UI has errors of runs only"),
        {usage: Option<Usage> = Measure "gen_ai.usage" => "What it used all the same.";
         retry_after_ns: Option<u64> = Measure => "How long the provider asks to wait.";
         purpose: Option<Text> = Meta => "What the call was for: `agent`, `judge`, `selfplay`.";
         labels: Option<Json> = Meta => "The caller's own labels.";}
    canceled "model.call.canceled" ModelCallCanceled => model_call_canceled agui Absent("AG-UI has outcomes of runs only"),
        {usage: Option<Usage> = Measure "gen_ai.usage" => "What it had used by then.";}
}

rows! { MORE: None;
    "model.call.retried" ModelCallRetried => model_call_retried Warn Never, "A model call is tried again after an error.",
    otel As("chat"), agui Absent("AG-UI has no retries"),
    (model: Option<Text> = Meta "gen_ai.request.model" => "The model that is asked.";
     provider: Option<Text> = Meta "gen_ai.provider.name" => "Who serves it: `openai`, `anthropic`.";
     attempt: u64 = Meta => "Which try begins now; the first was 1.";
     error: Option<Failure> = Content "error.type" => "What went wrong before.";
     backoff_ns: Option<u64> = Measure => "How long it waits before.";)
    {max_retry_count: Option<u64> = Measure => "How often it may be tried again.";
     reason: Option<Text> = Meta => "Why it is worth another try.";}
}

rows! { CHUNK: None;
    "model.chunk.received" ModelChunkReceived Debug Add(&["content_bytes", "reasoning_bytes"]), "A piece of an answer has come; how long it is, not what it says.",
    otel Absent("pieces are no part of a span"), agui Absent("deltas tell what pieces say"),
    (content_bytes: u64 = Measure => "How long its text is.";
     reasoning_bytes: u64 = Measure => "How long its reasoning is.";)
    {}
}
