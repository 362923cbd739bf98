//! Looks into payloads: parsed only when a filter asks, and then at most once per event.
//!
//! An object is split into its members when a path first enters it; the members stay raw text until a path
//! enters them in turn. So many filters on one event share the parsing, no text is copied, and what no
//! filter asks for is only skipped over.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::event::Event;

/// What has been parsed of an event's payload so far; hand the same one to all filters of a publish.
#[derive(Default)]
pub(crate) struct Look<'e> {
    payload: Option<Node<'e>>,
}

impl<'e> Look<'e> {
    /// The piece of the payload at `path`, as JSON.
    pub(crate) fn payload(&mut self, event: &'e Event, path: &[Box<str>]) -> Option<&'e str> {
        let json = event.payload_json()?;
        // Another event's payload: begin again, so that a mix-up costs time, never a wrong answer.
        let payload = match self.payload.take() {
            Some(node) if std::ptr::eq(node.json, json) => node,
            _ => Node::new(json),
        };
        self.payload.insert(payload).find(path)
    }
}

/// The piece of `json` at `path`.
pub(crate) fn find<'e>(json: &'e str, path: &[Box<str>]) -> Option<&'e str> {
    Node::new(json).find(path)
}

/// The text of a JSON string; borrowed where nothing in it is escaped.
pub(crate) fn text(json: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(json).ok().map(|text| text.0)
}

struct Node<'e> {
    json: &'e str,
    inside: Option<Box<Inside<'e>>>,
}

enum Inside<'e> {
    Scalar,
    Object(Vec<(Cow<'e, str>, Node<'e>)>),
    Array(Vec<Node<'e>>),
}

impl<'e> Node<'e> {
    fn new(json: &'e str) -> Self {
        Self { json, inside: None }
    }

    fn find(&mut self, path: &[Box<str>]) -> Option<&'e str> {
        let Some((first, rest)) = path.split_first() else { return Some(self.json) };
        let json = self.json;
        match self.inside.get_or_insert_with(|| Box::new(Inside::of(json))).as_mut() {
            Inside::Scalar => None,
            // Of members with the same name the last one counts, as for most readers of JSON.
            Inside::Object(members) => {
                members.iter_mut().rev().find(|(name, _)| **name == **first)?.1.find(rest)
            }
            Inside::Array(items) => items.get_mut(place(first)?)?.find(rest),
        }
    }
}

/// The place in an array that a segment of digits names.
fn place(segment: &str) -> Option<usize> {
    // Rust reads `+1` too, which is a name and no place.
    segment.parse().ok().filter(|_| segment.bytes().all(|byte| byte.is_ascii_digit()))
}

impl<'e> Inside<'e> {
    fn of(json: &'e str) -> Self {
        if json.starts_with(['{', '[']) {
            serde_json::from_str(json).unwrap_or(Self::Scalar)
        } else {
            Self::Scalar
        }
    }
}

impl<'de> Deserialize<'de> for Inside<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Split;

        impl<'de> Visitor<'de> for Split {
            type Value = Inside<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or array")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Text(name), raw)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    members.push((name, Node::new(raw.get())));
                }
                Ok(Inside::Object(members))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(raw) = seq.next_element::<&'de RawValue>()? {
                    items.push(Node::new(raw.get()));
                }
                Ok(Inside::Array(items))
            }
        }

        deserializer.deserialize_any(Split)
    }
}

/// A string, borrowed where the input allows.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::Look;
    use crate::event::Event;
    use crate::filter::Filter;
    use crate::kind::Kind;

    #[test]
    fn a_look_that_is_handed_another_event_answers_about_that_one() {
        let event = |json: &str| Event::builder(Kind::parse("a.b").unwrap()).json(json).build().unwrap();
        let (one, two) = (event(r#"{"n":{"m":1}}"#), event(r#"{"n":{"m":2}}"#));
        let filters =
            ["payload.n.m=1", "payload.n.m=2", "has payload.n"].map(|text| Filter::parse(text).unwrap());
        let mut look = Look::default();
        let mut ask = |event| filters.each_ref().map(|filter| filter.matches_with(event, &mut look));
        assert_eq!(ask(&one), [true, false, true]);
        assert_eq!(ask(&two), [false, true, true]);
        assert_eq!(ask(&one), [true, false, true]);
    }

    #[test]
    fn a_payload_of_many_levels_or_members_is_looked_into() {
        let deep = format!("{}7{}", r#"{"a":"#.repeat(60), "}".repeat(60));
        let wide = format!("[{}7]", "0,".repeat(100_000));
        let path = vec!["a"; 60].join(".");
        for (json, path) in [(deep, path.as_str()), (wide, "100000")] {
            let event = Event::builder(Kind::parse("a.b").unwrap()).json(json).build().unwrap();
            assert!(Filter::parse(&format!("payload.{path}=7")).unwrap().matches(&event));
        }
    }
}
