//! Recordings of the five systems: each record is one event, as its [`Dialect`] reads it, in any of the
//! system's forms.
//!
//! | format | records: lines, or the elements of one array |
//! |---|---|
//! | `promptkit` | lines of its event store, stored events, events of its bus |
//! | `picoclaw` | events of its bus |
//! | `aitaskagent` | events of its bus in both cases, messages of its live stream, traces of its steps |
//! | `agent-runtime` | events of its bus, and as its document shows them |
//! | `praxis` | events of its bus, messages of its WebSocket |
//!
//! Written again by the dialect, an event gives the JSON that it was. One that tells no time is of the time of
//! the one before. Calls of PicoClaw get a span each, since it gives them no ids. What has no kind or no place in ours is counted as unknown, and kept as the dialect says.

use newswire::catalogue::System;
use newswire::{Delivery, Dialect, Event, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::format::Format;
use super::output::Output;
use super::pairing::Pairing;
use super::read::Importer;
use super::report::Report;
use crate::source::{Head, Unit};

/// PromptKit's.
pub(super) const PROMPTKIT: Format = Format {
    name: "promptkit",
    about: "events of PromptKit: its store, its recordings, its bus",
    unit: Unit::LineOrElement,
    detect: |head| {
        has(head, &["seq", "event"])
            || has(head, &["type", "data_type"])
            || has(head, &["Type", "Timestamp", "Data"])
            || has(head, &["Type", "Timestamp", "SessionID"])
    },
    importer: |_| reader(System::PromptKit),
};

/// AITaskAgent's.
pub(super) const AITASKAGENT: Format = Format {
    name: "aitaskagent",
    about: "events of AITaskAgent: its bus, its live stream, its step traces",
    unit: Unit::LineOrElement,
    detect: |head| {
        has(head, &["StepName", "EventType"])
            || has(head, &["StepName", "Status"])
            || has(head, &["stepName", "eventType"])
            || has(head, &["type", "level", "message", "timestamp"])
    },
    importer: |_| reader(System::AiTaskAgent),
};

/// agent-runtime's.
pub(super) const AGENT_RUNTIME: Format = Format {
    name: "agent-runtime",
    about: "events of agent-runtime",
    unit: Unit::LineOrElement,
    detect: |head| has(head, &["scope", "component_id", "status"]),
    importer: |_| reader(System::AgentRuntime),
};

/// PicoClaw's, told from ours by its ids, or by a time in another form than ours.
pub(super) const PICOCLAW: Format = Format {
    name: "picoclaw",
    about: "events of PicoClaw",
    unit: Unit::LineOrElement,
    detect: |head| {
        let is = |name: &str, test: fn(&str) -> bool| head.text_of(name).is_some_and(test);
        has(head, &["kind", "time"]) && is("id", |id| id.starts_with("evt-"))
            || has(head, &["kind", "time", "source", "correlation"])
                && is("time", |time| time.len() != OUR_TIME.len() || !time.ends_with('Z'))
    },
    importer: |_| reader(System::PicoClaw),
};

/// Praxis'. A message without a payload says too little to be told by.
pub(super) const PRAXIS: Format = Format {
    name: "praxis",
    about: "events of Praxis: its bus, its WebSocket",
    unit: Unit::LineOrElement,
    detect: |head| {
        let message = ["type", "payload", "id", "timestamp", "correlation_id"];
        has(head, &["type", "data", "metadata"])
            || has(head, &["type", "payload"]) && head.fields().iter().all(|name| message.contains(name))
    },
    importer: |_| reader(System::Praxis),
};

/// A time as ours are always written.
const OUR_TIME: &str = "2026-11-21T01:02:03.123456789Z";

/// Whether what stands first has all these fields.
fn has(head: &Head<'_>, names: &[&str]) -> bool {
    let fields = head.fields();
    names.iter().all(|name| fields.contains(name))
}

fn reader(system: System) -> Box<dyn Importer> {
    Box::new(Reader { system, clock: 0, pairing: Pairing::default() })
}

/// Reads one system's events.
struct Reader {
    system: System,
    /// When the last event was, for those that don't tell.
    clock: i64,
    /// Of PicoClaw's calls, which have no ids.
    pairing: Pairing,
}

impl Importer for Reader {
    fn record(&mut self, record: &str, out: &mut Output<'_>) -> Result<()> {
        let event = Dialect::of(self.system).read_at(record, self.clock)?;
        self.clock = event.time_ns();
        count_unknown(self.system, &event, out.report);
        let event = if self.system == System::PicoClaw { self.pairing.of(event)? } else { event };
        out.pass(Delivery::Event(event));
        Ok(())
    }
}

/// What the dialect keeps with an event.
#[derive(Deserialize)]
struct Kept {
    name: String,
    #[serde(default)]
    rest: Map<String, Value>,
}

fn count_unknown(system: System, event: &Event, report: &mut Report) {
    let kept = event.attr(system.as_str()).and_then(|raw| serde_json::from_str::<Kept>(raw.get()).ok());
    let Some(kept) = kept else { return };
    let own = event.kind().as_str().strip_prefix(system.as_str());
    if own.is_some_and(|rest| rest.starts_with('.')) {
        report.count_record(&kept.name);
    } else {
        count_fields("", &kept.rest, report);
    }
}

/// Counts members by their paths; null says the same as nothing.
fn count_fields(path: &str, members: &Map<String, Value>, report: &mut Report) {
    for (name, value) in members {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Null => {}
            Value::Object(members) => count_fields(&path, members, report),
            _ => report.count_field(&path),
        }
    }
}
