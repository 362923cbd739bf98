//! Praxis' envelope: type, data and metadata; and the door to its WebSocket's messages.

use super::Form;
use super::clock;
use super::document::{Members, Object, put};
use super::foreign::{Envelope, Foreign, Outgoing};
use super::praxis_message;
use crate::catalogue::System;
use crate::error::Result;
use crate::event::{CorrelationField, Scope, Source};

pub(super) struct Praxis;

/// How many tags are taken over; a longer list stays with what is left over.
const MAX_TAGS: usize = 512;

impl Envelope for Praxis {
    fn forms(&self) -> &'static [Form] {
        &[Form::Event, Form::Message]
    }

    fn payload_at(&self) -> Option<&'static str> {
        Some("data")
    }

    fn read(&self, document: &Object) -> Result<(Form, Foreign)> {
        let message = !document.contains_key("metadata")
            && (document.contains_key("payload") || praxis_message::is_bare(document));
        if message {
            return Ok((Form::Message, praxis_message::read(document)?));
        }
        let event = Members::of(document);
        let mut foreign = Foreign { name: value_of(event.required("type")?), ..Foreign::default() };
        event.members("data")?;
        foreign.payload = event.get("data").cloned();
        let metadata = event.members("metadata")?;
        foreign.set_id("event_id", "", metadata.text("event_id")?);
        foreign.time_ns = metadata.time("timestamp")?;
        foreign.set_correlation(CorrelationField::Correlation, metadata.text("correlation_id")?);
        foreign.source = metadata.text("source")?.and_then(source).unwrap_or_default();
        let tags = match metadata.get("tags") {
            Some(tags) => tags.as_array().ok_or_else(|| metadata.wrong("tags", "a list of texts"))?,
            None => &Vec::new(),
        };
        let fits = |tag: &&str| !tag.is_empty() && tag.len() <= Scope::MAX_ID_LEN;
        foreign.tags = tags
            .iter()
            .take(MAX_TAGS)
            .filter_map(|tag| tag.as_str())
            .filter(fits)
            .map(str::to_owned)
            .collect();
        Ok((Form::Event, foreign))
    }

    fn write(&self, form: Form, out: &Outgoing<'_>) -> Option<Object> {
        if form == Form::Message {
            return praxis_message::write(out);
        }
        // Messages of its WebSocket that are no events of its bus have no other form.
        if out.name.starts_with(praxis_message::PREFIX) {
            return None;
        }
        let event = out.event;
        let mut metadata = Object::new();
        put(&mut metadata, "event_id", event_id(out));
        put(&mut metadata, "timestamp", Some(clock::python(event.time_ns())));
        put(&mut metadata, "correlation_id", out.correlation(CorrelationField::Correlation));
        put(&mut metadata, "source", source_text(event.source()));
        put(&mut metadata, "tags", Some(event.tags().collect::<Vec<_>>()));
        let mut written = Object::new();
        put(&mut written, "type", Some(out.name));
        put(&mut written, "data", out.payload.clone().or_else(|| Some(Object::new().into())));
        put(&mut written, "metadata", Some(metadata));
        Some(written)
    }
}

/// The id that the event came with, else ours.
pub(super) fn event_id(out: &Outgoing<'_>) -> Option<String> {
    out.text_attr("event_id").or_else(|| Some(out.event.id().to_string()))
}

/// `agent.planner` is the planner of the agents.
fn source(text: &str) -> Option<Source> {
    match text.split_once('.') {
        Some((component, name)) => Source::named(component, name).ok(),
        None => Source::new(text).ok(),
    }
}

fn source_text(source: &Source) -> Option<String> {
    let component = source.component()?;
    Some(source.name().map_or_else(|| component.to_owned(), |name| format!("{component}.{name}")))
}

/// The name that its events carry: that of the enumeration's value.
fn value_of(name: &str) -> String {
    System::Praxis.value_of(name).unwrap_or_else(|| name.to_owned())
}
