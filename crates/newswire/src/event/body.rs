//! What an event carries: JSON bytes parsed on demand, or a typed payload serialised on demand.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::kind::Kind;

/// A payload type: it knows its kind, and how large it can become as JSON.
///
/// ```
/// use newswire::{Kind, Payload};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct DeployFinished { version: String }
///
/// impl Payload for DeployFinished {
///     fn kind(&self) -> Kind { Kind::parse("deploy.finished").expect("a well-formed name") }
///     fn size_bound(&self) -> usize { 16 + newswire::json_len(&self.version) }
/// }
/// ```
pub trait Payload: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The kind of events that carry it.
    fn kind(&self) -> Kind;

    /// An upper bound of its size as JSON, in bytes, cheap to compute.
    fn size_bound(&self) -> usize;

    /// What an emitter calls the component that it is about, for the kinds that are lifecycles.
    fn label(&self) -> Option<&str> {
        None
    }
}

/// The exact length of `text` as a JSON string, quotes included.
pub fn json_len(text: &str) -> usize {
    let escaped = text.bytes().filter(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\').count();
    text.len() + escaped * 5 + 2
}

/// Object-safe view of a [`Payload`], so that events need no type parameter.
trait AnyPayload: Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn size_bound(&self) -> usize;
    fn to_json(&self) -> serde_json::Result<Box<RawValue>>;
}

impl<P: Payload> AnyPayload for P {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn size_bound(&self) -> usize {
        Payload::size_bound(self)
    }

    fn to_json(&self) -> serde_json::Result<Box<RawValue>> {
        serde_json::value::to_raw_value(self)
    }
}

/// The payload of an event.
#[derive(Default)]
pub(crate) struct Body(Repr);

#[derive(Default)]
enum Repr {
    #[default]
    Absent,
    Json(Box<RawValue>),
    Typed(Box<Typed>),
}

struct Typed {
    value: Box<dyn AnyPayload>,
    json: OnceLock<Box<RawValue>>,
}

impl Body {
    pub(crate) fn typed<P: Payload>(payload: P) -> Self {
        Self(Repr::Typed(Box::new(Typed { value: Box::new(payload), json: OnceLock::new() })))
    }

    pub(crate) fn json(raw: Box<RawValue>) -> Self {
        Self(Repr::Json(raw))
    }

    /// The payload as JSON text; serialised once, when first asked for.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.0 {
            Repr::Absent => None,
            Repr::Json(raw) => Some(raw.get()),
            // A payload that can't be serialised was refused when its event was built.
            Repr::Typed(typed) => match typed.json.get() {
                Some(raw) => Some(raw.get()),
                None => {
                    let raw = typed.value.to_json().ok()?;
                    Some(typed.json.get_or_init(|| raw).get())
                }
            },
        }
    }

    /// The payload as `P`: the very value where it was published typed, else parsed from the JSON.
    pub(crate) fn get<P: Payload>(&self) -> Result<Option<Cow<'_, P>>> {
        if let Repr::Typed(typed) = &self.0
            && let Some(value) = typed.value.as_any().downcast_ref::<P>()
        {
            return Ok(Some(Cow::Borrowed(value)));
        }
        let Some(text) = self.text() else { return Ok(None) };
        serde_json::from_str(text).map(|value| Some(Cow::Owned(value))).map_err(|error| {
            Error::invalid(format!("the payload doesn't fit: {error}"))
                .at_path("payload")
                .at_column(error.column())
        })
    }

    /// An upper bound of the payload's size as JSON, in bytes.
    pub(crate) fn size_bound(&self) -> usize {
        match &self.0 {
            Repr::Absent => 0,
            Repr::Json(raw) => raw.get().len(),
            Repr::Typed(typed) => match typed.json.get() {
                Some(raw) => raw.get().len(),
                None => typed.value.size_bound(),
            },
        }
    }
}

impl Clone for Body {
    fn clone(&self) -> Self {
        // Cloning happens only where an event is altered before its seq (causation, enrichment), so the
        // typed value may be exchanged for its JSON.
        match self.text().map(|text| RawValue::from_string(text.to_owned())) {
            Some(Ok(raw)) => Self::json(raw),
            _ => Self::default(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().unwrap_or("absent"))
    }
}
