//! Retrieval: a search in a knowledge base.

use super::table::lifecycle;
use super::{Failure, Json, Text};

lifecycle! {
    Retrieval retrieval retrieval_with RETRIEVAL Retrieval "A retrieval", otel As("retrieval"),
    identity (name: Option<Text> = Id "gen_ai.data_source.id" => "The knowledge base.";)
    started "retrieval.started" RetrievalStarted => retrieval_started agui As("ACTIVITY_SNAPSHOT"),
        (query: Option<Text> = Content "gen_ai.retrieval.query.text" => "What is searched for.";)
        {limit_count: Option<u64> = Measure "gen_ai.retrieval.top_k" => "How many documents are wanted.";}
    progress "retrieval.progress" RetrievalProgress => retrieval_progress agui Absent("too fine for an activity"),
    completed "retrieval.completed" RetrievalCompleted => retrieval_completed agui As("ACTIVITY_SNAPSHOT"),
        outcome documents: Option<Json> = Content "gen_ai.retrieval.documents" => "What was found.";
        {document_count: Option<u64> = Measure => "How many were found.";}
    failed "retrieval.failed" RetrievalFailed => retrieval_failed agui As("ACTIVITY_SNAPSHOT"), {}
    canceled "retrieval.canceled" RetrievalCanceled => retrieval_canceled agui As("ACTIVITY_SNAPSHOT"),
}
