//! What happened in a run, as it can be compared with what happened in another: operation after operation, without
//! ids and times of day.

use std::collections::HashMap;

use clap::ValueEnum;
use newswire::catalogue::Usage;
use newswire::{Event, Phase, ScopeField, SpanId, Status};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// What can differ between two operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Aspect {
    Arguments,
    Result,
    Status,
    Tokens,
    Cost,
    Duration,
}

/// How much of arguments and results is kept to be shown, in bytes.
const KEPT: usize = 2000;
/// How many operations of a run are compared.
const MAX_OPERATIONS: usize = 200_000;

/// Something that a run did.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Operation {
    /// Its place among those of its run, from 1.
    pub(super) number: usize,
    /// What it is: `model.call`, `tool.call`, `message`.
    pub(super) operation: String,
    /// Which model, tool or role.
    pub(super) label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arguments: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<Text>,
    #[serde(serialize_with = "word")]
    pub(super) status: Status,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
    pub(super) cost_usd: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration_ns: Option<u64>,
    #[serde(skip)]
    began_ns: i64,
}

fn word<S: serde::Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *status == Status::Running { "open" } else { status.as_str() })
}

/// A text of any length: what it begins with, and a hash of it all.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) shown: String,
    hash: u64,
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown)
    }
}

impl Text {
    fn of(pieces: &[Option<&RawValue>]) -> Option<Self> {
        let mut text = String::new();
        for piece in pieces.iter().flatten().map(|piece| piece.get()).filter(|piece| *piece != "null") {
            if !text.is_empty() {
                text.push(' ');
            }
            // What is said is shown as it was said; JSON is the same in whatever way it is written.
            match serde_json::from_str::<Value>(piece) {
                Ok(Value::String(said)) => text.push_str(&said),
                Ok(value) => text.push_str(&value.to_string()),
                Err(_) => text.push_str(piece),
            }
        }
        let hash = hash(&[&text]);
        let end = text.floor_char_boundary(KEPT);
        let cut = text.len() > end;
        text.truncate(end);
        if cut {
            text.push('…');
        }
        (!text.is_empty()).then_some(Self { shown: text, hash })
    }
}

/// What payloads of all operations may say.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told<'e> {
    call_id: Option<String>,
    name: Option<String>,
    role: Option<String>,
    model: Option<String>,
    response_model: Option<String>,
    #[serde(borrow)]
    arguments: Option<&'e RawValue>,
    #[serde(borrow)]
    messages: Option<&'e RawValue>,
    #[serde(borrow)]
    result: Option<&'e RawValue>,
    #[serde(borrow)]
    content: Option<&'e RawValue>,
    #[serde(borrow)]
    parts: Option<&'e RawValue>,
    #[serde(borrow)]
    tool_calls: Option<&'e RawValue>,
    #[serde(borrow)]
    error: Option<&'e RawValue>,
    #[serde(borrow)]
    reason: Option<&'e RawValue>,
    usage: Option<Usage>,
    duration_ns: Option<u64>,
}

/// What an event is about, in its run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Span(String, SpanId),
    Call(String, String),
    Label(String, String),
}

/// The operations of a run, in the order in which they began.
#[derive(Clone, Debug, Default)]
pub(super) struct Operations {
    pub(super) all: Vec<Operation>,
    open: HashMap<Key, usize>,
    pub(super) forgotten: u64,
    times: Option<(i64, i64)>,
}

impl Operations {
    /// Looks at the run's next event.
    pub(super) fn see(&mut self, event: &Event) {
        let time = event.time_ns();
        if time != 0 {
            let (first, last) = self.times.get_or_insert((time, time));
            (*first, *last) = ((*first).min(time), (*last).max(time));
        }
        let kind = event.kind().as_str();
        let (stem, last) = kind.rsplit_once('.').unwrap_or((kind, ""));
        let is_message = kind == "message.created";
        // What runs, sessions and turns are made of is compared; a request is its call's beginning.
        let is_about = event.phase().is_some() && !["run", "session", "turn", "tool.request"].contains(&stem);
        if !is_message && !is_about || last == "progress" {
            return;
        }
        let told: Told<'_> =
            event.payload_json().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        let own = told
            .name
            .as_ref()
            .or(told.response_model.as_ref())
            .or(told.model.as_ref())
            .or(told.role.as_ref());
        let component = event.component().map(|component| component.id().to_owned());
        let label = own.cloned().or(component).unwrap_or_default();
        if is_message {
            let result = Text::of(&[told.content, told.parts, told.tool_calls]);
            self.begin("message", label, time, |operation| {
                (operation.status, operation.result) = (Status::Completed, result);
            });
            return;
        }
        let key = match (event.correlation().span, &told.call_id) {
            (Some(span), _) => Key::Span(stem.to_owned(), span),
            (None, Some(call)) => Key::Call(stem.to_owned(), call.clone()),
            (None, None) => Key::Label(stem.to_owned(), label.clone()),
        };
        if event.phase() == Some(Phase::Started) {
            let arguments = Text::of(&[told.arguments, told.messages]);
            if let Some(place) = self.begin(stem, label, time, |operation| operation.arguments = arguments) {
                self.open.insert(key, place);
            }
            return;
        }
        let place = match self.open.remove(&key) {
            Some(place) => Some(place),
            None => self.begin(stem, label.clone(), time, |_| {}),
        };
        let Some(operation) = place.and_then(|place| self.all.get_mut(place)) else { return };
        operation.status = event.status().unwrap_or(Status::Completed);
        operation.result = Text::of(&[told.result, told.content, told.tool_calls, told.error, told.reason]);
        if operation.arguments.is_none() {
            operation.arguments = Text::of(&[told.arguments]);
        }
        if told.response_model.is_some() {
            operation.label = label;
        }
        let usage = told.usage.unwrap_or_default();
        operation.input_tokens = usage.input_tokens.unwrap_or(0);
        operation.output_tokens = usage.output_tokens.unwrap_or(0);
        operation.cost_usd = usage.cost_usd.unwrap_or(0.0);
        let between = || u64::try_from(time.checked_sub(operation.began_ns)?).ok();
        let has_times = time != 0 && operation.began_ns != 0;
        operation.duration_ns = told.duration_ns.or_else(|| has_times.then(between).flatten());
    }

    /// Adds an operation; gives its place, where there is room for it.
    fn begin(
        &mut self,
        operation: &str,
        label: String,
        began_ns: i64,
        fill: impl FnOnce(&mut Operation),
    ) -> Option<usize> {
        if self.all.len() >= MAX_OPERATIONS {
            self.forgotten += 1;
            return None;
        }
        let mut begun = Operation {
            number: self.all.len() + 1,
            operation: operation.to_owned(),
            label,
            arguments: None,
            result: None,
            status: Status::Running,
            input_tokens: 0,
            output_tokens: 0,
            cost_usd: 0.0,
            duration_ns: None,
            began_ns,
        };
        fill(&mut begun);
        self.all.push(begun);
        Some(self.all.len() - 1)
    }

    /// The time between the first and the last event.
    pub(super) fn lasted_ns(&self) -> u64 {
        let between = self.times.and_then(|(first, last)| last.checked_sub(first));
        between.and_then(|nanos| u64::try_from(nanos).ok()).unwrap_or(0)
    }
}

impl Operation {
    /// What it is, whatever it was called with.
    pub(super) fn sort(&self) -> u64 {
        hash(&[&self.operation, &self.label])
    }

    /// What it is and what with; of a message, what it says.
    pub(super) fn identity(&self) -> u64 {
        let text = if self.operation == "message" { &self.result } else { &self.arguments };
        let text = text.as_ref().map_or(0, |text| text.hash).to_string();
        hash(&[&self.operation, &self.label, &text])
    }

    /// In what it differs from another.
    pub(super) fn differs(&self, other: &Self, ignored: &[Aspect]) -> Vec<Aspect> {
        let aspects = [
            (Aspect::Arguments, self.arguments != other.arguments),
            (Aspect::Result, self.result != other.result),
            (Aspect::Status, self.status != other.status),
            (
                Aspect::Tokens,
                (self.input_tokens, self.output_tokens) != (other.input_tokens, other.output_tokens),
            ),
            (Aspect::Cost, self.cost_usd != other.cost_usd),
            (Aspect::Duration, self.duration_ns != other.duration_ns),
        ];
        let differs = aspects.into_iter().filter(|(aspect, differs)| *differs && !ignored.contains(aspect));
        differs.map(|(aspect, _)| aspect).collect()
    }
}

/// The run that an event belongs to, or none.
pub(super) fn run_of(event: &Event) -> &str {
    event.scope().get(ScopeField::Run).unwrap_or_default()
}

/// FNV-1a.
fn hash(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
