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

/// What a payload says, member by member: one that isn't as its kind has it takes nothing from the others.
#[derive(Default)]
struct Told<'e>(HashMap<String, &'e RawValue>);

impl<'e> Told<'e> {
    fn of(event: &'e Event) -> Self {
        let members = event.payload_json().and_then(|json| serde_json::from_str(json).ok());
        Self(members.unwrap_or_default())
    }

    /// The member as it stands there.
    fn raw(&self, name: &str) -> Option<&'e RawValue> {
        self.0.get(name).copied()
    }

    /// The member, where it is of that type.
    fn read<T: Deserialize<'e>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.raw(name)?.get()).ok()
    }

    /// What these members say, one after another.
    fn text(&self, names: &[&str]) -> Option<Text> {
        let members: Vec<_> = names.iter().map(|name| self.raw(name)).collect();
        Text::of(&members)
    }
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
        let told = Told::of(event);
        let own =
            ["name", "response_model", "model", "role"].iter().find_map(|name| told.read::<String>(name));
        let component = event.component().map(|component| component.id().to_owned());
        let label = own.or(component).unwrap_or_default();
        if is_message {
            let result = told.text(&["content", "parts", "tool_calls"]);
            self.begin("message", label, time, |operation| {
                (operation.status, operation.result) = (Status::Completed, result);
            });
            return;
        }
        let key = match (event.correlation().span, told.read::<String>("call_id")) {
            (Some(span), _) => Key::Span(stem.to_owned(), span),
            (None, Some(call)) => Key::Call(stem.to_owned(), call),
            (None, None) => Key::Label(stem.to_owned(), label.clone()),
        };
        if event.phase() == Some(Phase::Started) {
            let arguments = told.text(&["arguments", "messages"]);
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
        operation.result = told.text(&["result", "content", "tool_calls", "error", "reason"]);
        if operation.arguments.is_none() {
            operation.arguments = told.text(&["arguments"]);
        }
        if told.read::<String>("response_model").is_some() {
            operation.label = label;
        }
        let usage: Usage = told.read("usage").unwrap_or_default();
        operation.input_tokens = usage.input_tokens.unwrap_or(0);
        operation.output_tokens = usage.output_tokens.unwrap_or(0);
        operation.cost_usd = usage.cost_usd.unwrap_or(0.0);
        let between = || u64::try_from(time.checked_sub(operation.began_ns)?).ok();
        let has_times = time != 0 && operation.began_ns != 0;
        operation.duration_ns = told.read("duration_ns").or_else(|| has_times.then(between).flatten());
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
        self.times.map_or(0, |(first, last)| last.abs_diff(first))
    }
}

/// The run that an event belongs to, or none.
pub(super) fn run_of(event: &Event) -> &str {
    event.scope().get(ScopeField::Run).unwrap_or_default()
}
