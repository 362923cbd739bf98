//! AITaskAgent's envelope, which is flat: the members of the event stand beside those of its payload. Beside it,
//! the messages of its live stream and the traces of its steps.

use std::borrow::Cow;

use serde_json::Value;

use super::Form;
use super::clock;
use super::document::{Members, Object, put};
use super::foreign::{Envelope, Foreign, Outgoing};
use crate::error::Result;
use crate::event::{CorrelationField, ScopeField};

pub(super) struct AiTaskAgent;

const ENVELOPE: &[&str] = &["StepName", "EventType", "Timestamp", "CorrelationId", "SuppressFromUser"];

/// Its enumeration of why an answer ended, which .NET writes as numbers unless told otherwise, and our words.
const FINISH_REASONS: [(&str, &str); 6] = [
    (STREAMING, STREAMING),
    ("Stop", "stop"),
    ("Length", "length"),
    ("ToolCalls", "tool_calls"),
    ("ContentFilter", "content_filter"),
    ("Other", "other"),
];

const FINISH_REASON: &str = "FinishReason";

/// The finish reason of a piece, of which our kinds tell.
const STREAMING: &str = "Streaming";

/// The name of the events that its step tracer writes.
const TRACE: &str = "step.trace";

impl Envelope for AiTaskAgent {
    fn forms(&self) -> &'static [Form] {
        &[Form::Event, Form::CamelCase, Form::Sse, Form::Trace]
    }

    fn read(&self, document: &Object) -> Result<(Form, Foreign)> {
        let form = match document {
            _ if document.contains_key("EventType") => Form::Event,
            _ if document.contains_key("StepName") && document.contains_key("Status") => Form::Trace,
            _ if document.contains_key("type") => Form::Sse,
            _ if document.contains_key("eventType") => Form::CamelCase,
            _ => Form::Event,
        };
        let event = Members::of(document);
        let foreign = match form {
            Form::Sse => message(event)?,
            Form::CamelCase => {
                flat(document, ["eventType", "stepName", "timestamp", "correlationId", "suppressFromUser"])?
            }
            _ => flat(document, ["EventType", "StepName", "Timestamp", "CorrelationId", "SuppressFromUser"])?,
        };
        Ok((form, foreign))
    }

    fn write(&self, form: Form, out: &Outgoing<'_>) -> Option<Object> {
        if (form == Form::Trace) != (out.name == TRACE) {
            return None;
        }
        let event = out.event;
        let label = event.component().map(|component| component.id());
        let step = out.scope(ScopeField::Step).or(label).or(event.source().name()).unwrap_or_default();
        let mut payload = out.payload.as_ref().and_then(Value::as_object).cloned();
        payload.iter_mut().for_each(|payload| numbered(payload, out.read));
        let mut written = Object::new();
        put(&mut written, "StepName", Some(step));
        if form != Form::Trace {
            put(&mut written, "EventType", Some(out.name));
        }
        put(&mut written, "Timestamp", Some(clock::dotnet(event.time_ns())));
        put(&mut written, "CorrelationId", out.correlation(CorrelationField::Correlation));
        if form == Form::Sse {
            let mut message = cased(written, false);
            put(&mut message, "type", Some("pipeline"));
            put(&mut message, "data", payload.map(|members| cased(members, false)));
            return Some(message);
        }
        if form != Form::Trace {
            put(&mut written, "SuppressFromUser", Some(event.internal()));
        }
        written.extend(payload.unwrap_or_default());
        Some(if form == Form::CamelCase { cased(written, false) } else { written })
    }

    fn in_words<'p>(&self, payload: &'p Value) -> Cow<'p, Value> {
        payload
            .as_object()
            .map_or(Cow::Borrowed(payload), |members| Cow::Owned(named(members.clone()).into()))
    }
}

/// Reads the flat event; `names` are those of type, step, time, correlation and suppression.
fn flat(document: &Object, names: [&'static str; 5]) -> Result<Foreign> {
    let [kind, step, time, correlation, suppress] = names;
    let event = Members::of(document);
    let name = match document.contains_key(kind) {
        false if document.contains_key("Status") => event.text("Status")?.and(Some(TRACE)),
        _ => None,
    };
    let name = name.map_or_else(|| event.required(kind), Ok)?;
    let mut foreign = Foreign { name: name.to_owned(), envelope: ENVELOPE, ..Foreign::default() };
    foreign.time_ns = event.time(time)?;
    foreign.internal = event.truth(suppress)?.unwrap_or_default();
    common(&mut foreign, event.required(step)?, event.text(correlation)?);
    // The names of unknown members stay as they are, unless all of them are in the other case.
    let camel = kind == "eventType";
    let members = if camel { cased(document.clone(), true) } else { document.clone() };
    foreign.payload = Some(named(members).into());
    Ok(foreign)
}

/// Reads a message of the live stream: an event of a pipeline, or a line of a log.
fn message(event: Members<'_>) -> Result<Foreign> {
    let sort = event.word("type", &["pipeline", "log"])?;
    let name = if sort == "pipeline" { event.required("eventType")? } else { sort };
    let mut foreign = Foreign { name: name.to_owned(), envelope: &["StepName"], ..Foreign::default() };
    if event.get("timestamp").is_some() {
        foreign.time_ns = event.time("timestamp")?;
    }
    common(&mut foreign, event.text("stepName")?.unwrap_or_default(), event.text("correlationId")?);
    let mut payload = match event.get("data") {
        Some(Value::Object(data)) => cased(data.clone(), true),
        _ => Object::new(),
    };
    if let Some(step) = event.text("stepName")? {
        payload.entry("StepName").or_insert_with(|| step.into());
    }
    foreign.payload = Some(named(payload).into());
    Ok(foreign)
}

fn common(foreign: &mut Foreign, step: &str, correlation: Option<&str>) {
    foreign.set_scope(ScopeField::Step, Some(step));
    foreign.set_correlation(CorrelationField::Correlation, correlation);
    // Pieces of one answer are told apart by who writes them, for want of an id.
    foreign.told = vec![("message_id", correlation.unwrap_or(step).to_owned())];
}

/// Gives the enumeration's numbers and names our words.
fn named(mut payload: Object) -> Object {
    if let Some(reason) = payload.get_mut(FINISH_REASON) {
        let number = reason.as_u64().and_then(|number| FINISH_REASONS.get(usize::try_from(number).ok()?));
        let name = || FINISH_REASONS.iter().find(|(name, _)| reason.as_str() == Some(name));
        if let Some((_, ours)) = number.or_else(name) {
            *reason = (*ours).into();
        }
    }
    payload
}

/// Gives our words its names, in what it wrote; else its numbers, since every .NET reads these. A word that
/// it doesn't have is `Other`, and stands as it is beside.
fn numbered(payload: &mut Object, read: bool) {
    let Some(Value::String(reason)) = payload.get(FINISH_REASON).cloned() else { return };
    let known = FINISH_REASONS.iter().position(|(name, ours)| [*name, *ours].contains(&&*reason));
    let (number, raw) = match known {
        Some(number) => (number, None),
        // What it wrote and isn't of its enumeration is written as it was.
        None if read => return,
        None => (FINISH_REASONS.len() - 1, Some(reason)),
    };
    let value = match FINISH_REASONS.get(number) {
        Some((name, _)) if read => (*name).into(),
        _ => number.into(),
    };
    payload.insert(FINISH_REASON.to_owned(), value);
    if let Some(raw) = raw {
        payload.entry("RawFinishReason").or_insert_with(|| raw.into());
    }
}

/// The same members, their names beginning with an upper or a lower letter.
fn cased(members: Object, upper: bool) -> Object {
    let change = |name: String| {
        let mut letters = name.chars();
        match letters.next() {
            Some(first) if upper => first.to_ascii_uppercase().to_string() + letters.as_str(),
            Some(first) => first.to_ascii_lowercase().to_string() + letters.as_str(),
            None => name,
        }
    };
    members.into_iter().map(|(name, value)| (change(name), value)).collect()
}
