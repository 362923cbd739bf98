//! Sessions of the pi coding agent: JSON lines, one record a line, written as the session goes.
//!
//! | record | events |
//! |---|---|
//! | `session` | `session.started` |
//! | `message`, user | `turn.started`, `message.created` |
//! | `message`, assistant | `model.call.started`; by content `message.created`, `reasoning.created`, `tool.request.completed`; `model.call.completed`, `failed` or `canceled`; `tool.call.started` for each request; the turn's end when the model stops |
//! | `message`, toolResult | `tool.call.completed` or `failed` |
//! | `message`, bashExecution | `pi.command.executed`: the user's own, not a tool call |
//! | `compaction` | `context.compacted` |
//! | `model_change`, `thinking_level_change` | `pi.model.changed`, `pi.thinking_level.changed` |
//! | anything else | `pi.record.kept`, or of a message's parts `pi.content.kept`: whole |
//!
//! A model call begins at its message's own time and ends when its record was written. A tool call begins
//! with that record, so that its duration includes the wait for the calls before it. Spans and the trace follow
//! from the session's id: imported twice, they are the same. What is the source's own stays in `pi.*` attributes,
//! so does the time at which a record was written whose events are of another.

mod message;
mod payload;
mod record;

use crate::import::format::Format;
use crate::source::Unit;

/// Sessions of the pi coding agent.
pub(super) const FORMAT: Format = Format {
    name: "pi",
    about: "sessions of the pi coding agent",
    unit: Unit::Line,
    detect: |head| head.line_names(&["type", "id"]) && head.line().contains("\"session\""),
    importer: |_| Box::new(record::Mapper::default()),
};
