//! What is wrong with what an event says, though it can be read: its payload doesn't fit its kind, or an object in
//! it has a name twice, of which readers take one or the other.

use std::collections::HashSet;
use std::fmt;

use newswire::catalogue::row_of;
use newswire::{Error, Event};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// All that is wrong with it, at most one thing of each sort, told by path.
pub(super) fn faults(event: &Event) -> Vec<Error> {
    let misfit = row_of(event.kind()).and_then(|row| match event.payload_json() {
        Some(json) => row.check_payload(json).err().map(of_no_column),
        None => row.fields.iter().find(|field| !field.optional).map(|field| {
            Error::invalid("it is missing")
                .at_path("payload")
                .expecting(format!("an object with {}", field.name))
        }),
    });
    // A name that the catalogue knows is told by it where it comes twice.
    let told = misfit.as_ref().is_some_and(|error| error.message().contains("twice"));
    let repeated = if told { None } else { repeated_in(event) };
    let repeated = repeated.map(|path| Error::invalid("it is given twice").at_path(path));
    misfit.into_iter().chain(repeated).collect()
}

/// What an event is about, by its component, else by what its payload calls it.
pub(super) fn label(event: &Event) -> Box<str> {
    #[derive(Deserialize)]
    struct Named {
        name: Option<String>,
        model: Option<String>,
    }
    if let Some(component) = event.component() {
        return component.id().into();
    }
    let named = event.payload_json().and_then(|json| serde_json::from_str::<Named>(json).ok());
    named.and_then(|named| named.name.or(named.model)).unwrap_or_default().into()
}

/// The error without its column, which counts within the payload, not in the line.
fn of_no_column(error: Error) -> Error {
    let plain = Error::new(error.kind(), error.message()).at_path(error.path().unwrap_or("payload"));
    error.expected().into_iter().fold(plain, |plain, expected| plain.expecting(expected))
}

/// The path of the first name that an object in the event has twice.
fn repeated_in(event: &Event) -> Option<String> {
    let found = |path: &str, json: &str| repeated(json).map(|within| format!("{path}{within}"));
    let payload = event.payload_json().and_then(|json| found("payload", json));
    let attr = || event.attrs().find_map(|(name, raw)| found(&format!("attrs.{name}"), raw.get()));
    let unknown = || event.unknown().find_map(|(name, raw)| found(name, raw.get()));
    payload.or_else(attr).or_else(unknown)
}

/// Where in the value the first name stands that comes twice. The values within are slices of it, so that no number
/// is too large to be passed over.
fn repeated(json: &str) -> Option<String> {
    if json.starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
        let mut items = items.into_iter().enumerate();
        return items.find_map(|(place, item)| Some(format!(".{place}{}", repeated(item.get())?)));
    }
    if !json.starts_with('{') {
        return None;
    }
    let Members(members) = serde_json::from_str(json).ok()?;
    let mut seen = HashSet::new();
    members.iter().find_map(|(name, value)| match seen.insert(name) {
        true => Some(format!(".{name}{}", repeated(value.get())?)),
        false => Some(format!(".{name}")),
    })
}

/// The members of an object, as they stand there.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(object: D) -> Result<Self, D::Error> {
        object.deserialize_map(Gather)
    }
}

struct Gather;

impl<'de> Visitor<'de> for Gather {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_comes_twice_is_found_however_deep_it_stands() {
        for (json, path) in [
            (r#"{"a":1,"b":[{"c":{}},{"c":{"d":1,"e":2,"d":3}}]}"#, Some(".b.1.c.d")),
            (r#"{"a":1,"\u0061":2}"#, Some(".a")),
            (r#"[{"a":1},{"a":1}]"#, None),
            ("7", None),
            (r#"{"a":1e999,"b":{"x":1},"c":{"x":1,"x":1}}"#, Some(".c.x")),
        ] {
            assert_eq!(repeated(json).as_deref(), path, "{json}");
        }
    }
}
