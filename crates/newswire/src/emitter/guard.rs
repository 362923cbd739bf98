//! Guards: an operation that has begun and is sure to end.
//!
//! One generic guard serves every lifecycle of the catalogue. It gives all events of an operation the same
//! span, which is the operation's identity, and tells how long it took. Ending it consumes it, so it can't
//! end twice; one that is dropped open has been canceled.

use std::time::Instant;

use serde::Serialize;

use super::Emitter;
use crate::catalogue::{Catalogued, Failure, IntoField, Lifecycle, Text};
use crate::delivery::Published;
use crate::error::Result;
use crate::event::{ComponentScope, Event, ScopeField, TraceId, new_span, new_trace};

/// An operation under way; dropping it open cancels it, with the reason `dropped while open` or `panicked`.
///
/// ```
/// use newswire::Bus;
/// use newswire::catalogue::Usage;
///
/// let bus = Bus::new();
/// let run = bus.emitter().run("greet", None);
/// let call = run.emitter().model_call("gpt-5", "openai");
/// call.complete_with(Usage::tokens(120, 8), |call| call.finish_reason = Some("stop".into()))?;
/// run.complete(None)?;
/// # Ok::<(), newswire::Error>(())
/// ```
#[must_use = "dropping it cancels the operation"]
pub struct Guard<L: Lifecycle> {
    /// Its events are about the operation's span.
    about: Emitter,
    /// `None` once it has ended, and where the emitter is disabled.
    life: Option<L>,
    /// `None` where nobody wanted to know when it began.
    began: Option<Instant>,
}

impl<L: Lifecycle> Guard<L> {
    /// Begins an operation, within what `emitter` is about; emits what `started` makes of it.
    pub(crate) fn open<S: Catalogued>(
        emitter: &Emitter,
        life: impl FnOnce() -> L,
        started: impl FnOnce(&L) -> S,
    ) -> Self {
        let mut about = emitter.child();
        // The operation itself is what the emitter's component was meant for.
        about.extras = emitter.extras.clone();
        about.correlation.span = Some(new_span());
        let trace = about.join_ambient();
        if !about.is_enabled() {
            return Self { about, life: None, began: None };
        }
        if L::COMPONENT == ComponentScope::Run && about.scope.get(ScopeField::Run).is_none() {
            // Whoever aggregates keys on the run, so a run without an id of its own gets its trace's.
            about.scope = about.scope.clone().with(ScopeField::Run, trace.to_string()).unwrap_or_default();
        }
        let timed = about.wants(&L::Completed::KIND)
            || about.wants(&L::Failed::KIND)
            || about.wants(&L::Canceled::KIND);
        let life = life();
        // A start that can't be published (the bus is closed, the input too large) is no reason to keep the
        // caller from its work; the end reports the same error.
        let _ = about.emit_made(|| started(&life));
        Self { about, life: Some(life), began: timed.then(Instant::now) }
    }

    /// An emitter for what happens within the operation.
    pub fn emitter(&self) -> Emitter {
        self.about.child()
    }

    /// Tells how far it has come.
    ///
    /// # Errors
    /// As [`Emitter::emit`].
    pub fn progress(&self, message: impl IntoField<Option<Text>>) -> Result<Published> {
        self.progress_with(message, |_| {})
    }

    /// Tells how far it has come; `fill` sets further fields.
    ///
    /// # Errors
    /// As [`Emitter::emit`].
    pub fn progress_with(
        &self,
        message: impl IntoField<Option<Text>>,
        fill: impl FnOnce(&mut L::Progress),
    ) -> Result<Published> {
        let Some(life) = &self.life else { return Ok(Published::default()) };
        self.about.emit_made(|| {
            let mut payload = life.progress(message.into_field());
            fill(&mut payload);
            payload
        })
    }

    /// Ends it without error.
    ///
    /// # Errors
    /// As [`Emitter::emit`].
    pub fn complete(self, outcome: impl IntoField<L::Outcome>) -> Result<Published> {
        self.complete_with(outcome, |_| {})
    }

    /// Ends it without error; `fill` sets further fields.
    ///
    /// # Errors
    /// As [`Emitter::emit`].
    pub fn complete_with(
        self,
        outcome: impl IntoField<L::Outcome>,
        fill: impl FnOnce(&mut L::Completed),
    ) -> Result<Published> {
        self.end(|life, duration_ns| {
            let mut payload = life.completed(outcome.into_field(), duration_ns);
            fill(&mut payload);
            payload
        })
    }

    /// Ends it with an error.
    ///
    /// # Errors
    /// As [`Emitter::emit`].
    pub fn fail(self, error: impl IntoField<Failure>) -> Result<Published> {
        self.fail_with(error, |_| {})
    }

    /// Ends it with an error; `fill` sets further fields.
    ///
    /// # Errors
    /// As [`Emitter::emit`].
    pub fn fail_with(
        self,
        error: impl IntoField<Failure>,
        fill: impl FnOnce(&mut L::Failed),
    ) -> Result<Published> {
        self.end(|life, duration_ns| {
            let mut payload = life.failed(error.into_field(), duration_ns);
            fill(&mut payload);
            payload
        })
    }

    /// Ends it because it was refused, skipped or stopped.
    ///
    /// # Errors
    /// As [`Emitter::emit`].
    pub fn cancel(self, reason: impl IntoField<Text>) -> Result<Published> {
        self.cancel_with(reason, |_| {})
    }

    /// Ends it because it was refused, skipped or stopped; `fill` sets further fields.
    ///
    /// # Errors
    /// As [`Emitter::emit`].
    pub fn cancel_with(
        self,
        reason: impl IntoField<Text>,
        fill: impl FnOnce(&mut L::Canceled),
    ) -> Result<Published> {
        self.end(|life, duration_ns| {
            let mut payload = life.canceled(reason.into_field(), duration_ns);
            fill(&mut payload);
            payload
        })
    }

    /// Adds a tag to its further events, and to those of emitters that it gives from now on.
    ///
    /// # Errors
    /// As [`Emitter::with_tag`].
    pub fn add_tag(&mut self, tag: impl Into<Box<str>>) -> Result<()> {
        self.about.add_tag(tag)
    }

    /// Sets an attribute of its further events, and of those of emitters that it gives from now on.
    ///
    /// ```
    /// # let bus = newswire::Bus::new();
    /// let mut step = bus.emitter().step("summarize", None);
    /// step.set_attr("trace.llm.model", "gpt-5")?;
    /// step.complete(None)?;
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Emitter::with_attr`].
    pub fn set_attr(&mut self, key: impl Into<Box<str>>, value: &(impl Serialize + ?Sized)) -> Result<()> {
        self.about.set_attr(key, value)
    }

    fn end<P: Catalogued>(mut self, payload: impl FnOnce(&L, Option<u64>) -> P) -> Result<Published> {
        let Some(life) = &self.life else { return Ok(Published::default()) };
        let ended = self.about.emit_made(|| payload(life, self.duration_ns()));
        // Not before: where the caller's code panics in there, the operation is still open.
        self.life = None;
        ended
    }

    fn duration_ns(&self) -> Option<u64> {
        self.began.map(|began| began.elapsed().into_field())
    }
}

impl Emitter {
    /// Makes it a part of the event being handled, where it isn't a part of anything else; returns its trace.
    fn join_ambient(&mut self) -> TraceId {
        let handled = crate::ambient::event();
        let around = handled.as_ref().map(Event::correlation);
        let trace =
            self.correlation.trace.or(around.and_then(|around| around.trace)).unwrap_or_else(new_trace);
        self.correlation.trace = Some(trace);
        if let Some(around) = around.filter(|around| around.trace == Some(trace)) {
            let span = around.span.or(around.parent_span);
            self.correlation.parent_span = self.correlation.parent_span.or(span);
        }
        trace
    }
}

impl<L: Lifecycle> Drop for Guard<L> {
    fn drop(&mut self) {
        let Some(life) = self.life.take() else { return };
        let reason = if std::thread::panicking() { "panicked" } else { "dropped while open" };
        let _ = self.about.emit_made(|| life.canceled(reason.into(), self.duration_ns()));
    }
}
