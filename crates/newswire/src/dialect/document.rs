//! What another system has written: parsed once, bounded, its members asked for with errors that say where.

use serde_json::Value;
use uuid::Uuid;

use super::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{MAX_EVENT_BYTES, Scan};

/// A JSON object.
pub(super) type Object = serde_json::Map<String, Value>;

/// How deep a document may be nested: some levels less than an event's JSON, which has to hold it.
const MAX_DEPTH: usize = 60;

/// Parses a document.
///
/// # Errors
/// `Invalid` for what is no JSON object, `TooLarge` over the bounds of an event.
pub(super) fn parse(json: &str) -> Result<Object> {
    if json.len() > MAX_EVENT_BYTES {
        let message = format!("it has {} bytes, the limit is {MAX_EVENT_BYTES}", json.len());
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    // The scan has no recursion, and refuses what the parser would have to recurse into too deep.
    let mut scan = Scan::new(json);
    let checked = scan.value().map(drop);
    // Where it stops for the depth isn't malformed: as of a value that is parsed already, it is too much.
    if checked.is_err() && depth_of(json.as_bytes().get(..scan.at()).unwrap_or_default()) >= MAX_DEPTH {
        return Err(too_deep());
    }
    checked.and_then(|()| scan.end())?;
    let value: Value = serde_json::from_str(json).map_err(|error| Error::of_json(&error, json))?;
    object(&value).cloned()
}

/// The object that a document is.
///
/// # Errors
/// `Invalid` for other values, `TooLarge` where it is nested too deep.
pub(super) fn object(value: &Value) -> Result<&Object> {
    check_depth(value)?;
    value.as_object().ok_or_else(|| Error::invalid(found(Some(value))).expecting("an object"))
}

/// Refuses what is nested too deep for an event that has to hold it.
pub(super) fn check_depth(value: &Value) -> Result<()> {
    if deeper_than(value, MAX_DEPTH) { Err(too_deep()) } else { Ok(()) }
}

fn too_deep() -> Error {
    let message = format!("JSON of another system may be nested {MAX_DEPTH} deep, this is deeper");
    Error::new(ErrorKind::TooLarge, message)
}

/// How many objects and arrays are open behind JSON that is well formed as far as it goes.
fn depth_of(json: &[u8]) -> usize {
    let (mut depth, mut in_string, mut bytes) = (0usize, false, json.iter());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' => drop(bytes.next()),
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth
}

fn deeper_than(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth == 0 || items.iter().any(|item| deeper_than(item, depth - 1)),
        Value::Object(members) => depth == 0 || members.values().any(|item| deeper_than(item, depth - 1)),
        _ => false,
    }
}

/// Says what stands where something else should.
fn found(value: Option<&Value>) -> &'static str {
    match value {
        None => "found nothing",
        Some(Value::Null) => "found null",
        Some(Value::Bool(_)) => "found a truth value",
        Some(Value::Number(_)) => "found a number",
        Some(Value::String(_)) => "found text",
        Some(Value::Array(_)) => "found a list",
        Some(Value::Object(_)) => "found an object",
    }
}

/// The members of one object of a document.
#[derive(Clone, Copy)]
pub(super) struct Members<'d> {
    object: Option<&'d Object>,
    path: &'static str,
}

impl<'d> Members<'d> {
    /// Those of the document itself.
    pub(super) fn of(object: &'d Object) -> Self {
        Self { object: Some(object), path: "" }
    }

    /// An error about one of them.
    pub(super) fn wrong(self, name: &str, expected: &str) -> Error {
        Error::invalid(found(self.raw(name))).at_path(self.path_of(name)).expecting(expected)
    }

    fn path_of(self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn raw(self, name: &str) -> Option<&'d Value> {
        self.object.and_then(|object| object.get(name))
    }

    /// The member, if it is there and not null.
    pub(super) fn get(self, name: &str) -> Option<&'d Value> {
        self.raw(name).filter(|value| !value.is_null())
    }

    /// A text that may be missing.
    pub(super) fn text(self, name: &str) -> Result<Option<&'d str>> {
        self.get(name).map(|value| value.as_str().ok_or_else(|| self.wrong(name, "text"))).transpose()
    }

    /// A text that must be there.
    pub(super) fn required(self, name: &str) -> Result<&'d str> {
        self.text(name)?.ok_or_else(|| self.wrong(name, "text"))
    }

    /// A truth value that may be missing.
    pub(super) fn truth(self, name: &str) -> Result<Option<bool>> {
        self.get(name)
            .map(|value| value.as_bool().ok_or_else(|| self.wrong(name, "true or false")))
            .transpose()
    }

    /// Requires a whole number, if it is there.
    pub(super) fn whole(self, name: &str) -> Result<()> {
        match self.get(name) {
            Some(value) if !(value.is_u64() || value.is_i64()) => Err(self.wrong(name, "a whole number")),
            _ => Ok(()),
        }
    }

    /// An object that may be missing; all of its members are, then.
    pub(super) fn members(self, name: &'static str) -> Result<Self> {
        let object = match self.get(name) {
            Some(value) => Some(value.as_object().ok_or_else(|| self.wrong(name, "an object"))?),
            None => None,
        };
        // Objects of an envelope are one level deep in all five systems, so their name is their path.
        Ok(Self { object, path: name })
    }

    /// All of them.
    pub(super) fn iter(self) -> impl Iterator<Item = (&'d String, &'d Value)> {
        self.object.into_iter().flatten()
    }

    /// A time that must be there; `None` where it is out of the range of ours.
    pub(super) fn time(self, name: &str) -> Result<Option<i64>> {
        let text = self.required(name)?;
        clock::read(text).map_err(|_| {
            let shown: String = text.chars().take(40).collect();
            Error::invalid(format!("found {shown:?}"))
                .at_path(self.path_of(name))
                .expecting("a time of ISO 8601, such as 2026-11-21T01:02:03.123456Z")
        })
    }

    /// One of some words.
    pub(super) fn word(self, name: &str, words: &[&str]) -> Result<&'d str> {
        let text = self.required(name)?;
        if words.contains(&text) {
            return Ok(text);
        }
        let shown: String = text.chars().take(40).collect();
        Err(Error::invalid(format!("found {shown:?}"))
            .at_path(self.path_of(name))
            .expecting(format!("one of {}", words.join(", "))))
    }
}

/// An id that ours can be.
pub(super) fn uuid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|id| !id.is_nil())
}

/// Sets a member, where there is a value for it.
pub(super) fn put(object: &mut Object, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.into());
    }
}
