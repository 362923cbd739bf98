//! Emitters and the operations that they begin.

use std::sync::{Arc, Mutex};

use newswire::catalogue::{Failure, IntoField, Json, Lifecycle, Usage};
use newswire::{Emitter, Guard, Kind, Published, Result};
use serde_json::{Map, Value, json};

use super::format::Step;
use super::report;
use super::stage::{Done, Fault, Stage, Thing, lock, not};

/// Text that a map has by a name.
pub(crate) fn texts(map: &Map<String, Value>) -> impl Iterator<Item = (&str, &str)> {
    map.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
}

/// An operation by its name, until it ends.
pub(crate) type Open = Arc<Mutex<Option<Box<dyn Operation>>>>;

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

impl Stage {
    fn emitter(&self, name: &str) -> std::result::Result<Emitter, Fault> {
        match self.thing(name)? {
            Thing::Emitter(emitter) => Ok(emitter),
            _ => Err(not(name, "emitter")),
        }
    }

    fn operation(&self, name: &str) -> std::result::Result<Open, Fault> {
        match self.thing(name)? {
            Thing::Operation(open) => Ok(open),
            _ => Err(not(name, "operation")),
        }
    }

    /// Emits an event with an emitter's context, if anybody wants it.
    pub(crate) fn emit(&self, of: &str, kind: &str, payload: Option<Value>, message: Option<String>) -> Done {
        let (emitter, kind) = (self.emitter(of)?, Kind::parse(kind)?);
        if !emitter.wants(&kind) {
            return report::value(&Published::default());
        }
        let mut builder = emitter.event(kind);
        if let Some(payload) = payload {
            builder = builder.json(payload.to_string());
        }
        if let Some(message) = message {
            builder = builder.message(message);
        }
        report::value(&emitter.publish(builder.build()?).map_err(newswire::Error::from)?)
    }

    /// Begins an operation of that component, by the name that it has in kinds.
    pub(crate) fn begin(&self, of: &str, operation: &str, label: &str, step: &Step) -> Done {
        let emitter = self.emitter(of)?;
        let begun: Box<dyn Operation> = match operation {
            "run" => Box::new(emitter.run(label, None)),
            "step" => Box::new(emitter.step(label, None)),
            "tool.call" => Box::new(emitter.tool_call(label, None, None)),
            "model.call" => Box::new(emitter.model_call(label, None)),
            other => return Err(format!("no scenario has begun a {other:?} yet").into()),
        };
        // What happens within is a part of it, and of its trace.
        let within = begun.emitter().correlation().clone();
        let text = |id: Option<String>| id.map_or(Value::Null, Value::String);
        let place = json!({
            "span": text(within.parent_span.map(|span| span.to_string())),
            "trace": text(within.trace.map(|trace| trace.to_string())),
        });
        self.keep(step, Thing::Operation(Arc::new(Mutex::new(Some(begun)))))?;
        Ok(place)
    }

    pub(crate) fn progress(&self, of: &str, message: &str) -> Done {
        let open = self.operation(of)?;
        lock(&open).as_ref().ok_or("the operation has ended")?.progress(message)?;
        Ok(Value::Null)
    }

    pub(crate) fn end(&self, of: &str, how: &str, outcome: Value) -> Done {
        let open = self.operation(of)?;
        let open = lock(&open).take().ok_or("the operation has ended before")?;
        let text = outcome.as_str().unwrap_or_default().to_owned();
        match how {
            "completed" => open.complete(outcome)?,
            "failed" => open.fail(&text)?,
            "canceled" => open.cancel(&text)?,
            other => return Err(format!("nothing ends {other:?}").into()),
        };
        Ok(Value::Null)
    }

    pub(crate) fn within(&self, of: &str, step: &Step) -> Done {
        let open = self.operation(of)?;
        let emitter = lock(&open).as_ref().ok_or("the operation has ended")?.emitter();
        self.keep(step, Thing::Emitter(emitter))?;
        Ok(Value::Null)
    }
}
