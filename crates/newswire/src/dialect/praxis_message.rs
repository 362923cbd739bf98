//! The messages of Praxis' WebSocket: events of its bus under other names, and what clients say.

use serde_json::Value;

use super::document::{Members, Object, put};
use super::foreign::{Foreign, Outgoing};
use super::{clock, praxis};
use crate::error::Result;
use crate::event::CorrelationField;

/// What the name of a message begins with that is no event of the bus.
pub(super) const PREFIX: &str = "message.";

/// A type of message, the event that it tells, and the `type` of that event's data, where it has one.
struct Told {
    message: &'static str,
    event: &'static str,
    tag: Option<&'static str>,
    /// Members that the event calls otherwise: name there, name here.
    renamed: &'static [(&'static str, &'static str)],
}

const TOLD: [Told; 13] = [
    told("dslProgress", "dsl.command_progress", None, &[]),
    told("dslResult", "dsl.command_completed", None, &[]),
    told("workflowStart", "task.started", Some("workflowStart"), &[]),
    told("workflowStart", "workflow.started", None, &[("workflowId", "workflow_id")]),
    told("workflowProgress", "task.progress", Some("workflowStep"), &[]),
    told("workflowComplete", "task.completed", Some("workflowComplete"), &[]),
    told("workflowError", "task.failed", Some("workflowError"), &[]),
    told("nodeStatusUpdate", "workflow.node_status_update", Some("nodeStatusUpdate"), &[]),
    told("workflowLog", "log.stream", None, &[]),
    told("workflowLog", "log.entry", None, &[("message", "info")]),
    told("tool_result", "tool.executed", None, &[("toolName", "tool_name")]),
    told("tool_result", "tool.failed", None, &[("toolName", "tool_name")]),
    told("DSL_COMMAND", "dsl.command_received", None, &[]),
];

const fn told(
    message: &'static str,
    event: &'static str,
    tag: Option<&'static str>,
    renamed: &'static [(&'static str, &'static str)],
) -> Told {
    Told { message, event, tag, renamed }
}

/// The messages that need no payload. Anything else without one is none of its messages: that there is a
/// `type` says nothing.
const BARE: [&str; 4] = ["PING", "PONG", "SUBSCRIBE_EVENTS", "UNSUBSCRIBE_EVENTS"];

/// Whether it is a message without a payload, such as a ping.
pub(super) fn is_bare(document: &Object) -> bool {
    let name = document.get("type").and_then(Value::as_str);
    !document.contains_key("data") && name.is_some_and(|name| BARE.contains(&name))
}

/// Reads a message.
///
/// # Errors
/// `Invalid` where it is none.
pub(super) fn read(document: &Object) -> Result<Foreign> {
    let message = Members::of(document);
    let name = message.required("type")?;
    let mut foreign = Foreign::default();
    foreign.set_id("event_id", "", message.get("id").and_then(Value::as_str));
    if let Some(Value::String(time)) = message.get("timestamp") {
        foreign.time_ns = clock::read(time).ok().flatten();
    }
    foreign.set_correlation(CorrelationField::Correlation, message.text("correlation_id")?);
    let payload = message.get("payload").cloned();
    let told = TOLD.iter().find(|told| told.message == name);
    (foreign.name, foreign.payload) = match (told, payload) {
        (Some(told), Some(Value::Object(payload))) => {
            (told.event.to_owned(), Some(told.data(payload).into()))
        }
        (_, payload) => (format!("{PREFIX}{name}"), payload),
    };
    Ok(foreign)
}

/// Writes a message.
pub(super) fn write(out: &Outgoing<'_>) -> Option<Object> {
    let told = TOLD.iter().filter(|told| told.event == out.name);
    let data = out.payload.as_ref().and_then(Value::as_object);
    let tag = data.and_then(|data| data.get("type")).and_then(Value::as_str);
    let told = told.clone().find(|told| told.tag == tag).or_else(|| told.clone().next());
    let (name, payload) = match (told, data) {
        (Some(told), Some(data)) => (told.message, Some(told.payload(data).into())),
        // Whatever the server has no message for, it sends as it is.
        _ => (out.name.strip_prefix(PREFIX).unwrap_or("eventStream"), out.payload.clone()),
    };
    let mut written = Object::new();
    put(&mut written, "type", Some(name));
    put(&mut written, "payload", payload);
    put(&mut written, "id", praxis::event_id(out));
    put(&mut written, "timestamp", Some(clock::python(out.event.time_ns())));
    put(&mut written, "correlation_id", out.correlation(CorrelationField::Correlation));
    Some(written)
}

impl Told {
    /// The data of the event.
    fn data(&self, payload: Object) -> Object {
        let mut data: Object = payload
            .into_iter()
            .map(|(name, value)| match self.renamed.iter().find(|(there, _)| *there == name) {
                Some((_, here)) => ((*here).to_owned(), value),
                None => (name, value),
            })
            .collect();
        put(&mut data, "type", self.tag);
        if self.message == "tool_result" {
            let failed = matches!(data.get("status").and_then(Value::as_str), Some("error" | "failed"));
            data.entry("success").or_insert_with(|| (!failed).into());
        }
        data
    }

    /// The payload of the message.
    fn payload(&self, data: &Object) -> Object {
        let mut payload = data.clone();
        if payload.get("type").and_then(Value::as_str) == self.tag {
            payload.remove("type");
        }
        for (there, here) in self.renamed {
            if let Some(value) = payload.remove(*here) {
                payload.insert((*there).to_owned(), value);
            }
        }
        if self.message == "tool_result"
            && let Some(success) = payload.remove("success")
        {
            let word = if success == Value::Bool(true) { "success" } else { "error" };
            payload.entry("status").or_insert_with(|| word.into());
        }
        payload
    }
}
