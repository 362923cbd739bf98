//! PicoClaw's envelope: ids in `scope` and `correlation`, a payload of any shape, attributes.

use serde_json::Value;

use super::Form;
use super::clock;
use super::document::{Members, Object, put};
use super::foreign::{Envelope, Foreign, Outgoing};
use crate::error::Result;
use crate::event::{CorrelationField, ScopeField, Severity, Source, TraceId};

pub(super) struct PicoClaw;

const SCOPE: [(&str, ScopeField); 13] = [
    ("runtime_id", ScopeField::Runtime),
    ("agent_id", ScopeField::Agent),
    ("session_key", ScopeField::Session),
    ("turn_id", ScopeField::Turn),
    ("channel", ScopeField::Channel),
    ("account", ScopeField::Account),
    ("chat_id", ScopeField::Chat),
    ("topic_id", ScopeField::Topic),
    ("space_id", ScopeField::Space),
    ("space_type", ScopeField::SpaceType),
    ("chat_type", ScopeField::ChatType),
    ("sender_id", ScopeField::Sender),
    ("message_id", ScopeField::Message),
];

const CORRELATION: [(&str, CorrelationField); 3] = [
    ("parent_turn_id", CorrelationField::ParentTurn),
    ("request_id", CorrelationField::Request),
    ("reply_to_id", CorrelationField::ReplyTo),
];

/// The attributes that stand for members of the envelope: an id that is no UUID, a trace that is a path.
const KEPT: [&str; 2] = ["id", "trace_id"];

impl Envelope for PicoClaw {
    fn forms(&self) -> &'static [Form] {
        &[Form::Event]
    }

    fn payload_at(&self) -> Option<&'static str> {
        Some("payload")
    }

    fn read(&self, document: &Object) -> Result<(Form, Foreign)> {
        let event = Members::of(document);
        let mut foreign = Foreign { name: event.required("kind")?.to_owned(), ..Foreign::default() };
        foreign.set_id("id", "", event.text("id")?);
        foreign.time_ns = event.time("time")?;
        let source = event.members("source")?;
        foreign.source = match (source.text("component")?, source.text("name")?) {
            (Some(component), Some(name)) => Source::named(component, name),
            (Some(component), None) => Source::new(component),
            _ => Ok(Source::unknown()),
        }
        .unwrap_or_default();
        let scope = event.members("scope")?;
        for (name, field) in SCOPE {
            foreign.set_scope(field, scope.text(name)?);
        }
        let correlation = event.members("correlation")?;
        for (name, field) in CORRELATION {
            foreign.set_correlation(field, correlation.text(name)?);
        }
        if let Some(trace) = correlation.text("trace_id")? {
            match TraceId::parse(trace) {
                Ok(trace) => foreign.correlation.trace = Some(trace),
                Err(_) => foreign.set_attr("trace_id", trace.into()),
            }
        }
        foreign.severity = event.text("severity")?.and_then(|word| Severity::parse(word).ok());
        for (key, value) in event.members("attrs")?.iter().filter(|(key, _)| !KEPT.contains(&key.as_str())) {
            foreign.set_attr(key, value.clone());
        }
        foreign.payload = event.get("payload").cloned();
        Ok((Form::Event, foreign))
    }

    fn write(&self, _: Form, out: &Outgoing<'_>) -> Option<Object> {
        let event = out.event;
        let mut source = Object::new();
        put(&mut source, "component", Some(event.source().component().unwrap_or_default()));
        put(&mut source, "name", event.source().name());
        let mut scope = Object::new();
        for (name, field) in SCOPE {
            put(&mut scope, name, out.scope(field));
        }
        let mut correlation = Object::new();
        for (name, field) in CORRELATION {
            put(&mut correlation, name, out.correlation(field));
        }
        let trace = event.correlation().trace.map(|trace| trace.to_string());
        put(&mut correlation, "trace_id", out.text_attr("trace_id").or(trace));
        let mut written = Object::new();
        put(&mut written, "id", out.text_attr("id").or_else(|| Some(event.id().to_string())));
        put(&mut written, "kind", Some(out.name));
        put(&mut written, "time", Some(clock::go(event.time_ns())));
        put(&mut written, "source", Some(source));
        put(&mut written, "scope", Some(scope));
        put(&mut written, "correlation", Some(correlation));
        put(&mut written, "severity", Some(event.severity().as_str()));
        put(&mut written, "payload", out.payload.clone());
        put(&mut written, "attrs", out.attrs(&KEPT).map(Value::Object));
        Some(written)
    }
}
