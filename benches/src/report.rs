//! What a run says: one JSON line a goal on standard output, tables for people on standard error.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::scale::Scale;

/// A goal's id and what measures it.
pub(crate) type Goal = (&'static str, fn(Scale) -> Vec<Line>);

/// What the value is held against.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// It may be this at most.
    AtMost(f64),
    /// It must be this at least.
    AtLeast(f64),
}

/// What was found about one goal.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    id: String,
    value: f64,
    limit: f64,
    unit: &'static str,
    pass: bool,
    /// Whether a good value is high or low.
    better: &'static str,
    /// Whom it was measured beside.
    peer: &'static str,
    detail: Map<String, Value>,
}

impl Line {
    /// Holds `value`, in `unit`, against its limit.
    pub(crate) fn new(id: impl Into<String>, value: f64, limit: Limit, unit: &'static str) -> Self {
        let (limit, pass, better) = match limit {
            Limit::AtMost(limit) => (limit, value <= limit, "lower"),
            Limit::AtLeast(limit) => (limit, value >= limit, "higher"),
        };
        let value = (value * 1000.0).round() / 1000.0;
        Self { id: id.into(), value, limit, unit, pass, better, peer: "none", detail: Map::new() }
    }

    /// Names the peer.
    pub(crate) fn beside(mut self, peer: &'static str) -> Self {
        self.peer = peer;
        self
    }

    /// Adds what else was measured.
    pub(crate) fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.detail.insert(name.into(), value.into());
        self
    }

    /// Whether the value keeps to its limit.
    #[cfg(test)]
    pub(crate) fn is_met(&self) -> bool {
        self.pass
    }

    /// Whether it counts what must not happen at all, rather than measuring.
    #[cfg(test)]
    pub(crate) fn is_count(&self) -> bool {
        self.limit == 0.0
    }

    /// Prints it: JSON for machines, a sentence for people.
    pub(crate) fn print(&self) {
        println!("{}", serde_json::to_string(self).expect("a line is plain data"));
        let verdict = if self.pass { "met" } else { "NOT MET" };
        eprintln!(
            "{:14} {:7}  {} {} (limit {}, {} is better)",
            self.id, verdict, self.value, self.unit, self.limit, self.better
        );
    }
}
