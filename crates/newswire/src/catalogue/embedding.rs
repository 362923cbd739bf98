//! The embedding call: texts become vectors.

use super::table::lifecycle;
use super::{Failure, Json, Text, Usage};

lifecycle! {
    EmbeddingCall embedding_call embedding_call_with CALL ModelCall "An embedding call", otel As("embeddings"),
    identity (
        model: Option<Text> = Meta "gen_ai.request.model" => "The model that is asked.";
        provider: Option<Text> = Meta "gen_ai.provider.name" => "Who serves it.";)
    started "embedding.call.started" EmbeddingCallStarted => embedding_call_started agui Absent("AG-UI has no embeddings"),
        (input_count: Option<u64> = Measure => "How many texts are to be embedded.";)
        {capability: Option<Text> = Meta => "The provider's word for what it does: `embedding`.";
         purpose: Option<Text> = Meta => "What the call is for: `agent`, `judge`, `selfplay`.";
         quantities: Option<Json> = Meta => "What is billed, by name.";
         dimensions: Option<Json> = Meta => "What the price depends on, by name.";
         labels: Option<Json> = Meta => "The caller's own labels.";}
    progress "embedding.call.progress" EmbeddingCallProgress => embedding_call_progress agui Absent("AG-UI has no embeddings"),
    completed "embedding.call.completed" EmbeddingCallCompleted => embedding_call_completed agui Absent("AG-UI has no embeddings"),
        outcome usage: Option<Usage> = Measure "gen_ai.usage" => "What it used.";
        {vector_count: Option<u64> = Measure => "How many vectors it gave.";
         dimension_count: Option<u64> = Measure "gen_ai.embeddings.dimension.count" => "How long each of them is.";
         capability: Option<Text> = Meta => "The provider's word for what it does: `embedding`.";
         purpose: Option<Text> = Meta => "What the call is for: `agent`, `judge`, `selfplay`.";
         quantities: Option<Json> = Meta => "What is billed, by name.";
         dimensions: Option<Json> = Meta => "What the price depends on, by name.";
         labels: Option<Json> = Meta => "The caller's own labels.";}
    failed "embedding.call.failed" EmbeddingCallFailed => embedding_call_failed agui Absent("AG-UI has no embeddings"),
        {usage: Option<Usage> = Measure "gen_ai.usage" => "What it used all the same.";
         capability: Option<Text> = Meta => "The provider's word for what it does: `embedding`.";
         purpose: Option<Text> = Meta => "What the call is for: `agent`, `judge`, `selfplay`.";
         quantities: Option<Json> = Meta => "What is billed, by name.";
         dimensions: Option<Json> = Meta => "What the price depends on, by name.";
         labels: Option<Json> = Meta => "The caller's own labels.";}
    canceled "embedding.call.canceled" EmbeddingCallCanceled => embedding_call_canceled agui Absent("AG-UI has no embeddings"),
}
