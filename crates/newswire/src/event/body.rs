//! What an event carries: JSON text parsed on demand, or a typed payload serialised on demand.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::outline::{Members, Outline};
use super::scan;
use super::text::json_len;
use super::{MAX_EVENT_BYTES, text};
use crate::error::{Error, ErrorKind, Result};
use crate::kind::Kind;
use crate::registry;

/// A payload type: it knows its kind, and how large it can become as JSON.
///
/// It is serialised when JSON is first asked for, if ever. Should that fail then, the event is long
/// published; its JSON carries `{"error":"the payload could not be serialised: ..."}` instead. Its `Serialize`
/// may use the bus; its `Drop` may not, since events are also freed while the bus is locked.
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

    /// The one kind of all events that carry it, where that is known without a value: that of the catalogue's
    /// types, and the one that the type is [registered](Kind::register) for.
    fn only_kind() -> Option<Kind> {
        registry::kind_of::<Self>()
    }

    /// An upper bound of its size as JSON, in bytes, cheap to compute.
    fn size_bound(&self) -> usize;

    /// What an emitter calls the component that it is about, for the kinds that are lifecycles.
    fn label(&self) -> Option<&str> {
        None
    }
}

/// Object-safe view of a [`Payload`], so that events need no type parameter.
trait AnyPayload: Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn size_bound(&self) -> usize;
    fn to_json(&self) -> serde_json::Result<String>;
}

impl<P: Payload> AnyPayload for P {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn size_bound(&self) -> usize {
        Payload::size_bound(self)
    }

    fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

/// The payload of an event.
#[derive(Clone, Default)]
pub(crate) struct Body(Repr);

#[derive(Clone, Default)]
enum Repr {
    #[default]
    Absent,
    Json(Box<str>, Outline),
    Typed(Arc<Typed<dyn AnyPayload>>),
}

struct Typed<P: ?Sized> {
    json: OnceLock<Box<str>>,
    value: P,
}

impl Typed<dyn AnyPayload> {
    fn text(&self) -> &str {
        self.json.get_or_init(|| {
            let json = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.value.to_json()))
                .map_err(|_| Error::invalid("its Serialize panicked"))
                .and_then(|json| json.map_err(|error| Error::invalid(error.to_string())));
            json.and_then(|json| checked(json.into())).map_or_else(|error| failure(&error), |(json, _)| json)
        })
    }
}

/// What the JSON of a payload that can't be serialised takes at most, in bytes.
const FAILURE_BYTES: usize = 192;

/// How the JSON of a payload begins that can't be serialised.
const FAILED: &str = r#"{"error":"the payload could not be serialised: "#;

/// Says in the payload's place why there is none.
fn failure(error: &Error) -> Box<str> {
    const FRAME: usize = r#"{"error":}"#.len();
    let mut message = String::from("the payload could not be serialised: ");
    for character in error.to_string().chars() {
        message.push(character);
        if FRAME + json_len(&message) > FAILURE_BYTES {
            message.pop();
            break;
        }
    }
    let mut json = br#"{"error":"#.to_vec();
    text::write_string(&mut json, &message);
    json.push(b'}');
    String::from_utf8_lossy(&json).into()
}

/// Checks JSON from outside, and refuses what no event can hold; gives its outline, too.
pub(super) fn checked(json: Box<str>) -> Result<(Box<str>, Outline)> {
    if json.len() > MAX_EVENT_BYTES {
        let message = format!("it has {} bytes, the limit is {MAX_EVENT_BYTES}", json.len());
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    scan::checked(json)
}

impl Body {
    pub(crate) fn typed<P: Payload>(payload: P) -> Self {
        Self(Repr::Typed(Arc::new(Typed { json: OnceLock::new(), value: payload })))
    }

    /// A payload of JSON that has been checked.
    pub(crate) fn json(text: Box<str>) -> Self {
        Self::outlined(text, Outline::UNKNOWN)
    }

    /// The same, where its outline was noted.
    pub(super) fn outlined(text: Box<str>, outline: Outline) -> Self {
        Self(Repr::Json(text, outline))
    }

    /// Its members, where it is an object.
    pub(super) fn members(&self) -> Option<Members<'_>> {
        match &self.0 {
            Repr::Absent => None,
            Repr::Json(text, outline) => Members::noted(text, *outline),
            Repr::Typed(typed) => Members::of(typed.text()),
        }
    }

    /// The payload as JSON text; serialised once, when first asked for.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.0 {
            Repr::Absent => None,
            Repr::Json(text, _) => Some(text),
            Repr::Typed(typed) => Some(typed.text()),
        }
    }

    /// The JSON text that it was given as, where it was.
    pub(super) fn given(&self) -> Option<&str> {
        match &self.0 {
            Repr::Json(text, _) => Some(text),
            _ => None,
        }
    }

    /// Whether it is a value of a payload type.
    pub(crate) fn is_typed(&self) -> bool {
        matches!(&self.0, Repr::Typed(_))
    }

    /// Whether asking for the JSON would serialise: run the payload type's own code.
    pub(crate) fn is_unread(&self) -> bool {
        matches!(&self.0, Repr::Typed(typed) if typed.json.get().is_none())
    }

    /// Whether a typed payload turned out to have no JSON form.
    pub(crate) fn has_no_json(&self) -> bool {
        matches!(&self.0, Repr::Typed(typed) if typed.text().starts_with(FAILED))
    }

    /// The payload as `P`: the very value where it was published typed, else parsed from the JSON.
    pub(crate) fn get<P: Payload>(&self) -> Result<Option<Cow<'_, P>>> {
        if let Repr::Typed(typed) = &self.0
            && let Some(value) = typed.value.as_any().downcast_ref::<P>()
        {
            return Ok(Some(Cow::Borrowed(value)));
        }
        let Some(text) = self.text() else { return Ok(None) };
        serde_json::from_str(text)
            .map(|value| Some(Cow::Owned(value)))
            .map_err(|error| Error::of_json(&error, text).at_path("payload"))
    }

    /// An upper bound of the payload's size as JSON, in bytes; 0 only where there is none.
    pub(crate) fn size_bound(&self) -> usize {
        match &self.0 {
            Repr::Absent => 0,
            Repr::Json(text, _) => text.len(),
            Repr::Typed(typed) => match typed.json.get() {
                Some(text) => text.len(),
                None => typed.value.size_bound().max(FAILURE_BYTES),
            },
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().unwrap_or("absent"))
    }
}
