//! Short ways to make events of lifecycles.

use newswire::{
    Bus, Component, ComponentScope, Correlation, Emitter, Event, Kind, Scope, ScopeField, SpanId,
};

pub(crate) fn span(number: u64) -> SpanId {
    SpanId::new(number).unwrap()
}

/// An event of `kind` at `time_ns`, about the span `own` as a part of `parent`.
pub(crate) fn station(kind: &str, time_ns: i64, own: u64, parent: Option<u64>, payload: &str) -> Event {
    let mut correlation = Correlation::new();
    (correlation.span, correlation.parent_span) = (Some(span(own)), parent.map(span));
    Event::builder(Kind::parse(kind).unwrap())
        .time_ns(time_ns)
        .correlation(correlation)
        .json(payload)
        .build()
        .unwrap()
}

/// The end of a call of the tool `name`.
pub(crate) fn labelled(name: &str, own: u64, payload: &str) -> Event {
    let mut correlation = Correlation::new();
    correlation.span = Some(span(own));
    Event::builder(Kind::parse("tool.call.completed").unwrap())
        .component(Component::new(ComponentScope::Tool, name).unwrap())
        .correlation(correlation)
        .json(payload)
        .build()
        .unwrap()
}

/// An emitter of one run.
pub(crate) fn run(bus: &Bus, id: &str) -> Emitter {
    bus.emitter().with_scope(ScopeField::Run, id).unwrap()
}

/// A scope with one id.
pub(crate) fn scope(field: ScopeField, id: &str) -> Scope {
    Scope::new().with(field, id).unwrap()
}

/// An event without a span, at `time_ns` in the turn `turn`.
pub(crate) fn spanless(kind: &str, time_ns: i64, turn: &str, payload: &str) -> Event {
    Event::builder(Kind::parse(kind).unwrap())
        .time_ns(time_ns)
        .scope(scope(ScopeField::Turn, turn))
        .json(payload)
        .build()
        .unwrap()
}

/// An event of `run` about the span `own` as a part of `parent`.
pub(crate) fn of_run(run: &str, kind: &str, own: u64, parent: Option<u64>) -> Event {
    let mut correlation = Correlation::new();
    (correlation.span, correlation.parent_span) = (Some(span(own)), parent.map(span));
    Event::builder(Kind::parse(kind).unwrap())
        .scope(scope(ScopeField::Run, run))
        .correlation(correlation)
        .build()
        .unwrap()
}
