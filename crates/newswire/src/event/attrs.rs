//! The attributes of an event: set one by one, or the text that was read, looked into when somebody asks.
//!
//! Most events that are read or imported are counted, matched and written again, and nobody asks for one of their
//! attributes: such text has been checked with the rest of the event or record, and is kept as it is.

use std::sync::OnceLock;

use serde_json::value::RawValue;

use super::scan::Scan;
use super::{MAX_ENTRIES, json_len, plain_prefix};

/// An attribute: its name, and its value as JSON.
pub(crate) type Attr = (Box<str>, Box<RawValue>);

/// Attributes in the order they were set; each name once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attrs {
    /// What they were read from: the members of a checked object as they are written, one at least.
    text: Option<String>,
    /// How many were put into the text one by one.
    put: usize,
    /// Made of the text when first asked for, where there is one.
    list: OnceLock<Vec<Attr>>,
}

impl Attrs {
    pub(crate) fn listed(list: Vec<Attr>) -> Self {
        Self { list: list.into(), ..Self::default() }
    }

    /// Of the members of an object that has been checked. They are as they would be written where nothing stands
    /// between their tokens and no name has an escape.
    pub(super) fn read(members: &str, is_as_written: bool) -> Self {
        match is_as_written {
            true => Self { text: Some(members.into()), ..Self::default() },
            false => Self::listed(list_of(members)),
        }
    }

    /// Puts one behind the others, its value one line of JSON that is known to be sound. False where that takes more
    /// than writing it down: it may be there already, say.
    pub(super) fn put(&mut self, key: &str, value: &str) -> bool {
        let is_others = self.list.get().is_some() || (self.text.is_some() && self.put == 0);
        if is_others || self.put >= MAX_ENTRIES || plain_prefix(key.as_bytes()) < key.len() {
            return false;
        }
        let text = self.text.get_or_insert_default();
        let name = ["\"", key, "\":"];
        if self.put > 0 && text.contains(&name.concat()) {
            return false;
        }
        text.reserve(key.len() + value.len() + r#"","":"#.len());
        text.extend([if self.put > 0 { "," } else { "" }].into_iter().chain(name).chain([value]));
        self.put += 1;
        true
    }

    /// All of them.
    pub(crate) fn list(&self) -> &[Attr] {
        self.list.get_or_init(|| self.text.as_deref().map(list_of).unwrap_or_default())
    }

    /// Has them changed.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Vec<Attr>)) {
        self.list();
        let mut list = self.list.take().unwrap_or_default();
        change(&mut list);
        *self = Self::listed(list);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_none() && self.list.get().is_none_or(Vec::is_empty)
    }

    /// Their text as members of an object, where it is known.
    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// How long their text is as members of an object, each with a comma behind it.
    pub(super) fn json_bytes(&self) -> usize {
        match &self.text {
            Some(text) => text.len() + 1,
            None => self.list().iter().map(|(key, value)| json_len(key) + value.get().len() + 2).sum(),
        }
    }
}

fn list_of(members: &str) -> Vec<Attr> {
    let (mut list, mut scan) = (Vec::new(), Scan::new(members));
    // The text has been checked, so that it is read to its end.
    while scan.peek().is_some() {
        let Ok(Some(name)) = scan.member() else { break };
        let Ok(value) = scan.value().and_then(|value| value.to_raw()) else { break };
        list.push((name.into(), value));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, EventBuilder};
    use crate::json::Index;
    use crate::kind::Kind;

    /// The event with these attributes, put as text and set one by one.
    fn both_ways(attrs: &[(&str, &str)]) -> [Event; 2] {
        let builder = || {
            let id = uuid::Uuid::from_u128(7);
            Event::builder(Kind::parse("attrs.put").unwrap()).id(id).time_ns(0)
        };
        let put = |builder: EventBuilder, (key, value): &(&str, &str)| {
            builder.attr_raw(*key, Index::default().read(value).unwrap())
        };
        let set = |builder: EventBuilder, (key, value): &(&str, &str)| {
            builder.attr_json(*key, RawValue::from_string((*value).to_owned()).unwrap())
        };
        [attrs.iter().fold(builder(), put), attrs.iter().fold(builder(), set)]
            .map(|builder| builder.build().unwrap())
    }

    #[test]
    fn attributes_that_are_put_as_text_are_those_that_are_set_one_by_one() {
        let long: Vec<_> = (0..20).map(|number| (format!("k{number}"), "[1.10, {\"a\": \"b\"}]")).collect();
        let long: Vec<_> = long.iter().map(|(key, value)| (&**key, *value)).collect();
        for attrs in [
            &[("a", "1")][..],
            &[("a", "1"), ("b", "{\n \"c\": [\"d\\n\"] }"), ("c", "null")],
            &[("a", "1"), ("b", "2"), ("a", "3"), ("d", "4")],
            &[("a", "{\"b\":1}"), ("b", "\"x\""), ("b", "\"y\"")],
            &[("quoted \"key\"", "1"), ("plain", "2")],
            &[("plain", "2"), ("with\nbreak", "1"), ("other", "3")],
            &long,
        ] {
            let [put, set] = both_ways(attrs);
            assert_eq!(put.to_json(), set.to_json());
            assert_eq!(put.size(), set.size());
            let list = |event: &Event| -> Vec<_> {
                event.attrs().map(|(key, value)| (key.to_owned(), value.get().to_owned())).collect()
            };
            assert_eq!(list(&put), list(&set));
            let read = Event::from_json(put.to_json()).unwrap();
            assert_eq!(read.to_json(), put.to_json());
        }
    }

    #[test]
    fn no_more_attributes_are_put_than_an_event_may_have() {
        let mut attrs = Attrs::default();
        let taken = (0..2 * MAX_ENTRIES).filter(|number| attrs.put(&format!("k{number}"), "1")).count();
        assert_eq!((taken, attrs.list().len()), (MAX_ENTRIES, MAX_ENTRIES));
        assert!(!attrs.put("more", "1"));
    }
}
