//! Which occurrence an event is about, where in its life, and when that was.

use std::borrow::Cow;
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
    About(Arc<About<Box<str>>>),
}

/// All that tells an occurrence without a span from others. What happens again of the same is told by its
/// start alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct About<T> {
    scope: ComponentScope,
    /// A tool's request and its call have the same label and call id.
    operation: T,
    label: T,
    call_id: Option<T>,
    turn: Option<T>,
    step: Option<T>,
}

impl<'e> About<Cow<'e, str>> {
    fn of(event: &'e Event, subject: &Subject<'e>) -> Self {
        let Subject { scope, operation, label, .. } = *subject;
        let id = |field, scopes: &[ComponentScope]| {
            let id = scopes.contains(&scope).then(|| event.scope().get(field)).flatten();
            id.map(Cow::Borrowed)
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

    fn kept(self) -> About<Box<str>> {
        let Self { scope, operation, label, call_id, turn, step } = self;
        let kept = |text: Cow<'_, str>| text.into_owned().into_boxed_str();
        About {
            scope,
            operation: kept(operation),
            label: kept(label),
            call_id: call_id.map(|id| payload::cut(&id, payload::MAX_NAME_BYTES).into()),
            turn: turn.map(kept),
            step: step.map(kept),
        }
    }
}

fn call_id<'e>(event: &'e Event, operation: &str) -> Option<Cow<'e, str>> {
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

/// What an event of a lifecycle is about.
struct Subject<'e> {
    scope: ComponentScope,
    operation: &'static str,
    label: &'e str,
    phase: Phase,
}

impl<'e> Subject<'e> {
    fn of(event: &'e Event) -> Option<Self> {
        let phase = event.phase()?;
        let row = catalogue::row_of(event.kind())?;
        let scope = event.component().map(|component| component.scope()).or(row.component)?;
        let operation = stem(row.kind);
        let label = event.component().map_or(operation, |component| component.id());
        Some(Self { scope, operation, label, phase })
    }
}

/// Tells `each` all that an event's occurrence is made of, as bytes and in an order that no build changes, for keys
/// that are kept; gives the phase, or `None` for what is no event of a lifecycle.
pub(super) fn each_part(event: &Event, mut each: impl FnMut(Option<&[u8]>)) -> Option<Phase> {
    let subject = Subject::of(event)?;
    each(event.scope().get(ScopeField::Run).map(str::as_bytes));
    if let Some(span) = event.correlation().span {
        each(Some(&span.get().to_le_bytes()));
    } else {
        let About { scope, operation, label, call_id, turn, step } = About::of(event, &subject);
        [scope.as_str(), &operation, &label].into_iter().for_each(|text| each(Some(text.as_bytes())));
        [call_id, turn, step].iter().for_each(|text| each(text.as_deref().map(str::as_bytes)));
    }
    Some(subject.phase)
}

impl Occurrence {
    /// What an event of no lifecycle may be about: what has its span, else what it is a part of.
    pub(super) fn around(event: &Event) -> impl Iterator<Item = Self> {
        let ids = event.correlation();
        let run = event.scope().shared(ScopeField::Run).cloned();
        let spans = [ids.span, ids.parent_span].into_iter().flatten();
        spans.map(move |span| Self { run: run.clone(), mark: Mark::Span(span) })
    }
}

impl<'e> Station<'e> {
    /// What the event says of a lifecycle; `None` for other kinds.
    pub(super) fn of(event: &'e Event) -> Option<Self> {
        let subject = Subject::of(event)?;
        let mark = match event.correlation().span {
            Some(span) => Mark::Span(span),
            None => Mark::About(Arc::new(About::of(event, &subject).kept())),
        };
        let run = event.scope().shared(ScopeField::Run).cloned();
        let Subject { scope, operation, label, phase } = subject;
        let stage = Stage::of(phase);
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
    // A search for a character is made for longer texts.
    let dot = kind.bytes().rposition(|byte| byte == b'.');
    dot.and_then(|dot| kind.get(..dot)).unwrap_or(kind)
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
