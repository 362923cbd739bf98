//! Which components run, and how those that ran have ended.

use serde::{Serialize, Serializer};

use super::View;
use super::ledger::Ledger;
use super::occurrence::{Stage, Station, Timing};
use super::payload::{self, Said, cut_sentence};
use crate::delivery::Gap;
use crate::error::Result;
use crate::event::{ComponentScope, Event, ScopeField, SpanId, Status};
use crate::filter::Filter;

/// Follows the status and timing of every component: runs, steps, calls.
///
/// ```
/// use newswire::{Bus, Status, view::StatusTracker};
///
/// let bus = Bus::new();
/// let tracker = bus.watch(StatusTracker::new())?;
/// let search = bus.emitter().tool_call("search", "call_1", None);
/// bus.emitter().tool_call("fetch", "call_2", None).fail("no route")?;
///
/// let snapshot = tracker.snapshot();
/// assert_eq!((snapshot.running, snapshot.failed), (1, 1));
/// assert_eq!(snapshot.components[1].status, Status::Failed);
/// assert_eq!(snapshot.components[1].said.as_deref(), Some("no route"));
/// # drop(search);
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Debug)]
pub struct StatusTracker {
    components: Ledger<ComponentStatus>,
    ends: Ends,
    unreadable: u64,
    missed: u64,
}

/// How those that have ended did, the forgotten ones too.
#[derive(Debug, Default)]
struct Ends {
    completed: u64,
    failed: u64,
    canceled: u64,
}

impl Ends {
    fn of(&mut self, status: Status) -> Option<&mut u64> {
        match status {
            Status::Completed => Some(&mut self.completed),
            Status::Failed => Some(&mut self.failed),
            Status::Canceled => Some(&mut self.canceled),
            Status::Pending | Status::Running => None,
        }
    }

    /// One that told another end before counts by its latest.
    fn count(&mut self, before: Status, now: Status) {
        if let Some(count) = self.of(before) {
            *count -= 1;
        }
        if let Some(count) = self.of(now) {
            *count += 1;
        }
    }
}

/// One component's status.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ComponentStatus {
    /// Which part of the system it is.
    #[serde(serialize_with = "as_text")]
    pub scope: ComponentScope,
    /// Its label.
    pub label: String,
    /// The run that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Its span.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_optional_text")]
    pub span: Option<SpanId>,
    /// What state it is in.
    #[serde(serialize_with = "as_text")]
    pub status: Status,
    /// When it began, in nanoseconds since the Unix epoch; absent where that was not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_ns: Option<i64>,
    /// How long it took, in nanoseconds; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ns: Option<u64>,
    /// What it said last: its progress, its error, the reason of its cancellation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// What a [`StatusTracker`] knows at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StatusSnapshot {
    /// How many run, of those that are remembered.
    pub running: u64,
    /// How many ended without error, those that have been forgotten included, as in the next two.
    pub completed: u64,
    /// How many errored.
    pub failed: u64,
    /// How many were refused, skipped or stopped.
    pub canceled: u64,
    /// Those that are remembered, in the order of their first event.
    pub components: Vec<ComponentStatus>,
    /// How many more there were, forgotten since the table is bounded.
    pub forgotten: u64,
    /// How many payloads had fields that don't fit their kind, and were read without these.
    pub unreadable: u64,
    /// How many events were lost on the way here.
    pub missed: u64,
}

impl StatusTracker {
    /// How many components it remembers, unless told otherwise.
    pub const CAPACITY: usize = 10_000;

    /// A tracker that remembers [`StatusTracker::CAPACITY`] components.
    pub fn new() -> Self {
        Self::with_capacity(Self::CAPACITY)
    }

    /// A tracker that remembers so many components, at least one.
    pub fn with_capacity(components: usize) -> Self {
        Self { components: Ledger::new(components), ends: Ends::default(), unreadable: 0, missed: 0 }
    }
}

impl Default for StatusTracker {
    fn default() -> Self {
        Self::new()
    }
}

impl View for StatusTracker {
    type Snapshot = StatusSnapshot;

    fn filter(&self) -> Result<Filter> {
        Filter::parse("phase in (started, progress, completed, failed, canceled)")
    }

    fn see(&mut self, event: &Event) {
        let Some(station) = Station::of(event) else { return };
        if station.begins_anew() {
            self.components.part(&station.occurrence);
        }
        let component = self.components.entry(station.occurrence.clone(), || ComponentStatus {
            scope: station.scope,
            label: station.label.to_owned(),
            run: event.scope().get(ScopeField::Run).map(str::to_owned),
            span: event.correlation().span,
            status: Status::Running,
            started_ns: None,
            duration_ns: None,
            said: None,
        });
        let Some(component) = component else { return };
        if station.stage != Stage::Ends && component.status != Status::Running {
            // It has ended already: this one came late, over a link for instance.
            return;
        }
        let said: Said = payload::told(event, &mut self.unreadable);
        let mut timing = Timing { started_ns: component.started_ns, duration_ns: component.duration_ns };
        timing.at(station.stage, event, said.duration_ns);
        (component.started_ns, component.duration_ns) = (timing.started_ns, timing.duration_ns);
        let before = std::mem::replace(&mut component.status, station.phase.status());
        self.ends.count(before, component.status);
        let words = said.error.map(|error| error.message).or(said.reason).or(said.message);
        component.said = words.map(cut_sentence).or(component.said.take());
        if station.stage == Stage::Ends {
            self.components.end(&station.occurrence);
        }
    }

    fn miss(&mut self, gap: &Gap) {
        self.missed = self.missed.saturating_add(gap.count);
    }

    fn snapshot(&self) -> StatusSnapshot {
        let running = self.components.iter().filter(|one| one.status == Status::Running).count();
        StatusSnapshot {
            running: running as u64,
            completed: self.ends.completed,
            failed: self.ends.failed,
            canceled: self.ends.canceled,
            components: self.components.iter().cloned().collect(),
            forgotten: self.components.forgotten(),
            unreadable: self.unreadable,
            missed: self.missed,
        }
    }
}

pub(super) fn as_text<S: Serializer>(
    value: &impl std::fmt::Display,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(super) fn as_optional_text<S: Serializer>(
    value: &Option<impl std::fmt::Display>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}
