//! Emitters and the operations that they begin.

use newswire::catalogue::{Failure, IntoField, Json, Lifecycle, Usage};
use newswire::{Correlation, Emitter, Guard, Kind, Published, Result};
use serde_json::{Map, Value};

use super::stage::Fault;

/// Text that a map has by a name.
pub(crate) fn texts(map: &Map<String, Value>) -> impl Iterator<Item = (&str, &str)> {
    map.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
}

/// Emits an event with an emitter's context, if anybody wants it.
pub(crate) fn emit(
    emitter: &Emitter,
    kind: &str,
    payload: Option<Value>,
    message: Option<String>,
) -> std::result::Result<Published, Fault> {
    let kind = Kind::parse(kind)?;
    if !emitter.wants(&kind) {
        return Ok(Published::default());
    }
    let mut builder = emitter.event(kind);
    if let Some(payload) = payload {
        builder = builder.json(payload.to_string());
    }
    if let Some(message) = message {
        builder = builder.message(message);
    }
    Ok(emitter.publish(builder.build()?).map_err(newswire::Error::from)?)
}

/// An operation that has begun, whatever it is.
pub(crate) trait Operation: Send {
    fn emitter(&self) -> Emitter;
    fn progress(&self, message: &str) -> Result<Published>;
    fn complete(self: Box<Self>, outcome: Value) -> std::result::Result<Published, Fault>;
    fn fail(self: Box<Self>, error: &str) -> Result<Published>;
    fn cancel(self: Box<Self>, reason: &str) -> Result<Published>;
}

/// What an operation may come to, from JSON.
pub(crate) trait Outcome: Sized {
    fn of(value: Value) -> std::result::Result<Self, Fault>;
}

impl Outcome for Option<Json> {
    fn of(value: Value) -> std::result::Result<Self, Fault> {
        Ok(if value.is_null() { None } else { value.into_field() })
    }
}

impl Outcome for Option<Usage> {
    fn of(value: Value) -> std::result::Result<Self, Fault> {
        serde_json::from_value(value).map_err(|error| Fault::Broken(error.to_string()))
    }
}

impl<L> Operation for Guard<L>
where
    L: Lifecycle + Send,
    L::Outcome: Outcome + IntoField<L::Outcome>,
{
    fn emitter(&self) -> Emitter {
        Guard::emitter(self)
    }

    fn progress(&self, message: &str) -> Result<Published> {
        Guard::progress(self, message)
    }

    fn complete(self: Box<Self>, outcome: Value) -> std::result::Result<Published, Fault> {
        Ok(Guard::complete(*self, L::Outcome::of(outcome)?)?)
    }

    fn fail(self: Box<Self>, error: &str) -> Result<Published> {
        let error: Failure = error.into_field();
        Guard::fail(*self, error)
    }

    fn cancel(self: Box<Self>, reason: &str) -> Result<Published> {
        Guard::cancel(*self, reason)
    }
}

/// Begins an operation of that component, by the name that it has in kinds.
pub(crate) fn begin(
    emitter: &Emitter,
    operation: &str,
    label: &str,
) -> std::result::Result<Box<dyn Operation>, Fault> {
    Ok(match operation {
        "run" => Box::new(emitter.run(label, None)),
        "step" => Box::new(emitter.step(label, None)),
        "tool.call" => Box::new(emitter.tool_call(label, None, None)),
        "model.call" => Box::new(emitter.model_call(label, None)),
        other => return Err(format!("no scenario has begun a {other:?} yet").into()),
    })
}

/// Where an operation's own events stand.
pub(crate) fn place(operation: &dyn Operation) -> Correlation {
    let mut place = operation.emitter().correlation().clone();
    place.span = place.parent_span.take();
    place
}
