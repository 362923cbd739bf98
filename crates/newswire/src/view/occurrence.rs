//! Which occurrence an event is about, where in its life, and when that was.

use std::sync::Arc;

use serde::Serialize;

use super::payload;
use crate::catalogue;
use crate::event::{ComponentScope, Event, Phase, ScopeField, SpanId};

/// The identity of a run, a step or a call: run and span. Where an event has no span, what it is about
/// stands for it, within the run. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Occurrence {
    run: Option<Arc<str>>,
    mark: Mark,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Mark {
    Span(SpanId),
    About(Arc<About>),
}

/// All that tells an occurrence without a span from others. What happens again of the same is told by its
/// start alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct About {
    scope: ComponentScope,
    /// A tool's request and its call have the same label and call id.
    operation: Box<str>,
    label: Box<str>,
    call_id: Option<Box<str>>,
    turn: Option<Box<str>>,
    step: Option<Box<str>>,
}

impl Occurrence {
    /// All that it is made of, as bytes and in an order that no build changes, for keys that are kept.
    pub(super) fn each_part(&self, each: &mut impl FnMut(Option<&[u8]>)) {
        each(self.run.as_deref().map(str::as_bytes));
        match &self.mark {
            Mark::Span(span) => each(Some(&span.get().to_le_bytes())),
            Mark::About(about) => about.texts().into_iter().for_each(|text| each(text.map(str::as_bytes))),
        }
    }
}

impl About {
    fn texts(&self) -> [Option<&str>; 6] {
        let Self { scope, operation, label, call_id, turn, step } = self;
        let [call_id, turn, step] = [call_id, turn, step].map(Option::as_deref);
        [Some(scope.as_str()), Some(operation), Some(label), call_id, turn, step]
    }

    fn of(event: &Event, scope: ComponentScope, label: &str) -> Self {
        let operation = stem(event.kind().as_str());
        let id = |field, scopes: &[ComponentScope]| {
            let id = scopes.contains(&scope).then(|| event.scope().get(field)).flatten();
            id.map(Into::into)
        };
        Self {
            scope,
            operation: operation.into(),
            label: label.into(),
            call_id: call_id(event, operation),
            turn: id(
                ScopeField::Turn,
                &[ComponentScope::Turn, ComponentScope::ModelCall, ComponentScope::Tool],
            ),
            step: id(
                ScopeField::Step,
                &[ComponentScope::WorkflowStep, ComponentScope::ModelCall, ComponentScope::Tool],
            ),
        }
    }
}

fn call_id(event: &Event, operation: &str) -> Option<Box<str>> {
    let has_one = matches!(operation, "tool.call" | "tool.request" | "tool.approval");
    payload::text_of(event.payload_members().filter(|_| has_one)?, "call_id")
}

/// An event of a lifecycle, as views see it.
pub(super) struct Station<'e> {
    pub(super) occurrence: Occurrence,
    pub(super) scope: ComponentScope,
    /// Its kind without the phase.
    pub(super) operation: &'static str,
    pub(super) label: &'e str,
    pub(super) phase: Phase,
    pub(super) stage: Stage,
}

/// Where in its life an occurrence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Begins,
    GoesOn,
    Ends,
}

impl Stage {
    fn of(phase: Phase) -> Self {
        match phase {
            Phase::Started => Self::Begins,
            Phase::Progress => Self::GoesOn,
            Phase::Completed | Phase::Failed | Phase::Canceled => Self::Ends,
        }
    }
}

impl<'e> Station<'e> {
    /// What the event says of a lifecycle; `None` for other kinds.
    pub(super) fn of(event: &'e Event) -> Option<Self> {
        let phase = event.phase()?;
        let row = catalogue::row_of(event.kind())?;
        let scope = event.component().map(|component| component.scope()).or(row.component)?;
        let label = event.component().map_or_else(|| stem(row.kind), |component| component.id());
        let mark = match event.correlation().span {
            Some(span) => Mark::Span(span),
            None => Mark::About(Arc::new(About::of(event, scope, label))),
        };
        let run = event.scope().shared(ScopeField::Run).cloned();
        let stage = Stage::of(phase);
        let operation = stem(row.kind);
        Some(Self { occurrence: Occurrence { run, mark }, scope, operation, label, phase, stage })
    }

    fn has_span(&self) -> bool {
        matches!(self.occurrence.mark, Mark::Span(_))
    }

    /// Whether one that has ended cannot be meant: without a span, what begins again is another.
    pub(super) fn begins_anew(&self) -> bool {
        self.stage == Stage::Begins && !self.has_span()
    }

    /// Whether it tells again what is known already, over a link for instance, of an occurrence that is open or
    /// has ended. Without a span nothing tells that from two occurrences.
    pub(super) fn is_told_again(&self, is_open: bool) -> bool {
        let told = if is_open { Stage::Begins } else { Stage::Ends };
        self.has_span() && self.stage == told
    }
}

/// `tool.call` of `tool.call.started`.
pub(super) fn stem(kind: &str) -> &str {
    kind.rsplit_once('.').map_or(kind, |(stem, _)| stem)
}

/// When something began and how long it took. Sources without a clock have all their events at the beginning
/// of 1970: such a time tells nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Timing {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) started_ns: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration_ns: Option<u64>,
}

impl Timing {
    /// By the source's own measurement, else by the times of the two events.
    pub(super) fn at(&mut self, stage: Stage, event: &Event, measured: Option<u64>) {
        match stage {
            Stage::Begins => self.started_ns = self.started_ns.or(told(event)),
            Stage::GoesOn => {}
            Stage::Ends => {
                let between = || u64::try_from(told(event)?.checked_sub(self.started_ns?)?).ok();
                self.duration_ns = measured.or_else(between);
            }
        }
    }
}

/// When it happened, if its source knows.
pub(super) fn told(event: &Event) -> Option<i64> {
    Some(event.time_ns()).filter(|time| *time != 0)
}
