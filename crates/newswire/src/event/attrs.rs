//! The attributes of an event: set one by one, or the text that was read, looked into when somebody asks.
//!
//! Most events that are read are counted, matched and written again, and nobody asks for one of their attributes:
//! such text is checked with the rest of the event and kept as it is.

use std::sync::OnceLock;

use serde_json::value::RawValue;

use super::json_len;
use super::scan::Scan;

/// An attribute: its name, and its value as JSON.
pub(crate) type Attr = (Box<str>, Box<RawValue>);

/// Attributes in the order they were set; each name once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attrs {
    /// What they were read from: the members of a checked object as they are written, one at least.
    text: Option<Box<str>>,
    /// Made of the text when first asked for, where there is one.
    list: OnceLock<Vec<Attr>>,
}

impl Attrs {
    pub(crate) fn listed(list: Vec<Attr>) -> Self {
        Self { text: None, list: list.into() }
    }

    /// Of the members of an object that has been checked. They are as they would be written where nothing stands
    /// between their tokens and no name has an escape.
    pub(super) fn read(members: &str, is_as_written: bool) -> Self {
        match is_as_written {
            true => Self { text: Some(members.into()), list: OnceLock::new() },
            false => Self::listed(list_of(members)),
        }
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
