//! Handlers of a scenario: they keep what they were given, and do the steps that they were told to.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};

use newswire::{Event, Failure, Gap, Handler, Listener};
use serde_json::{Map, Value};

use super::compare::Names;
use super::report;
use super::stage::{LONG, Stage, label, lock, without_panic};

/// A handler's place on its bus, and what it was given.
pub(crate) struct Served {
    pub(crate) heard: Arc<Heard>,
    /// `None` once it is unsubscribed.
    pub(crate) listener: Mutex<Option<Listener>>,
}

/// What a handler was given, in the order in which its calls began.
pub(crate) struct Heard {
    stage: Weak<Stage>,
    steps: Vec<Map<String, Value>>,
    calls: Mutex<Vec<Value>>,
    more: Condvar,
}

impl Heard {
    pub(crate) fn new(stage: &Arc<Stage>, steps: Vec<Map<String, Value>>) -> Self {
        Self { stage: Arc::downgrade(stage), steps, calls: Mutex::default(), more: Condvar::new() }
    }

    /// What it was given, once it was given so much.
    pub(crate) fn calls(&self, count: usize) -> Result<Vec<Value>, String> {
        let waited = self.more.wait_timeout_while(lock(&self.calls), LONG, |calls| calls.len() < count);
        let (calls, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            return Err(format!("it was called {} times, not {count}", calls.len()));
        }
        Ok(calls.clone())
    }

    fn note(&self, call: Value) {
        lock(&self.calls).push(call);
        self.more.notify_all();
    }
}

impl Handler for Heard {
    fn on_event(&self, event: &Event) -> Result<(), Failure> {
        let event = report::event(event)?;
        self.note(event.clone());
        let Some(stage) = self.stage.upgrade() else { return Ok(()) };
        for (at, step) in self.steps.iter().enumerate() {
            let is_meant = |when| Names::default().compare(when, &event).is_ok();
            if !step.get("when").is_none_or(is_meant) {
                continue;
            }
            if step.get("do").and_then(Value::as_str) == Some("fail") {
                return Err(step.get("message").and_then(Value::as_str).unwrap_or("failed").into());
            }
            if let Err(why) = without_panic(|| stage.step(step, Some(&event))) {
                stage.note(format!("the handler's {}: {why}", label(&[at + 1], step)));
            }
        }
        Ok(())
    }

    fn on_gap(&self, gap: &Gap) {
        self.note(report::gap(gap));
    }
}
