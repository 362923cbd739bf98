//! What happened in a run, as it can be compared with what happened in another: operation after operation, without
//! ids and times of day.

use std::collections::HashMap;

use newswire::catalogue::Usage;
use newswire::{Event, Phase, ScopeField, SpanId, Status};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::operation::{Operation, Text};

/// How many operations of a run are compared.
const MAX_OPERATIONS: usize = 200_000;

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

/// The run that an event belongs to, or none.
pub(super) fn run_of(event: &Event) -> &str {
    event.scope().get(ScopeField::Run).unwrap_or_default()
}
