//! Traces of Langfuse: a document with a trace and its observations, as its exports have it.
//!
//! | record | events |
//! |---|---|
//! | the trace | `run.started` first, `run.completed` last, or `run.failed` where an observation that is part of no other has failed |
//! | GENERATION | `model.call.*`; at its end `tool.request.completed` for each call that its output asks for |
//! | TOOL, AGENT | `tool.call.*`, `agent.*` |
//! | EMBEDDING, RETRIEVER, EVALUATOR | `embedding.call.*`, `retrieval.*`, `evaluation.*` |
//! | SPAN, CHAIN, GUARDRAIL and any other | `step.*`, with the type where it isn't SPAN |
//! | EVENT | `log.written` |
//! | a score | `evaluation.completed` |
//!
//! Starts and ends stand in the order of time; at one time whatever encloses begins first and ends last. Level
//! ERROR makes `failed`. An observation without an end stays open: what is known of its end is `progress`.
//! Input and output are in the payload where the kind has a place for them, else in attributes; a text that is
//! JSON stays a text. The run lasts from the first to the last time that the trace tells. Spans and the trace's id
//! follow from ids of the source, which stay in attributes as all else that is Langfuse's own; its nulls are left
//! out. What an AGENT does, and whatever is part of that, belongs to the nearest agent around it.
//!
//! Where broken records are skipped, an observation that is broken costs no other; a field of it that doesn't fit, such
//! as a figure that is none, stays in the attributes and is counted; what an event has no room for is left out, with a
//! mark in its place, and told.

mod agents;
mod observation;
mod order;
mod payload;
mod request;
mod room;
mod trace;
mod usage;

use newswire::Result;

use super::format::Format;
use super::output::Output;
use super::read::Importer;
use crate::source::Unit;

/// Traces of Langfuse.
pub(super) const FORMAT: Format = Format {
    name: "langfuse",
    about: "traces of Langfuse",
    unit: Unit::Element,
    detect: |head| {
        let fields = head.fields();
        fields.contains(&"trace") && head.names(&["id", "projectId"])
            || fields.contains(&"observations") && head.names(&["projectId", "traceId"])
    },
    importer: |_| Box::new(Mapper),
};

/// Turns documents into events; nothing goes from one to the next.
struct Mapper;

impl Importer for Mapper {
    fn record(&mut self, record: &str, out: &mut Output<'_>) -> Result<()> {
        trace::read(record, out)
    }
}
