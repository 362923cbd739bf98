//! A value that stands in a larger one.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::index::{Node, Sort};

/// One value of an [`Index`](super::Index), known to be sound: as it stands in the text, however long, it costs
/// nothing to pass on.
#[derive(Clone, Copy)]
pub struct Raw<'a> {
    text: &'a str,
    nodes: &'a [Node],
    place: u32,
    /// Whether lines end between tokens of the text, and how deep all of it is nested.
    pub(super) form: Form,
}

/// What is known of the whole text.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) broken: bool,
    pub(super) depth: u8,
}

impl<'a> Raw<'a> {
    pub(super) fn whole(text: &'a str, nodes: &'a [Node], form: Form) -> Self {
        Self { text, nodes, place: 0, form }
    }

    fn node(&self) -> Option<&'a Node> {
        self.nodes.get(self.place as usize)
    }

    /// What sort of value it is.
    #[must_use]
    pub fn sort(&self) -> Sort {
        self.node().map_or(Sort::Null, |node| node.sort)
    }

    /// Its JSON, a slice of the text that was read.
    #[must_use]
    pub fn get(&self) -> &'a str {
        let place = self.node().map(|node| node.start as usize..node.end as usize);
        place.and_then(|place| self.text.get(place)).unwrap_or("null")
    }

    /// Its JSON on one line: the line breaks between its tokens become spaces.
    #[must_use]
    pub fn on_one_line(&self) -> Cow<'a, str> {
        match self.form.broken {
            // Inside strings a line break is escaped, so those that stand here are between tokens.
            true => self.get().replace(['\n', '\r'], " ").into(),
            false => self.get().into(),
        }
    }

    /// Its JSON on one line, as the JSON library's type.
    #[must_use]
    pub fn to_raw(&self) -> Box<RawValue> {
        // What has been checked is taken.
        RawValue::from_string(self.on_one_line().into()).unwrap_or_else(|_| RawValue::NULL.to_owned())
    }

    /// The text that it is, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match self.sort() {
            Sort::Plain => self.inner().map(Cow::Borrowed),
            // What has been checked can be decoded.
            Sort::Escaped => serde_json::from_str(self.get()).ok().map(Cow::Owned),
            _ => None,
        }
    }

    /// What stands between its quotes.
    fn inner(&self) -> Option<&'a str> {
        self.get().strip_prefix('"')?.strip_suffix('"')
    }

    /// Whether it is that text.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        match self.sort() {
            Sort::Plain => self.inner() == Some(text),
            Sort::Escaped => self.text().is_some_and(|own| own == text),
            _ => false,
        }
    }

    /// Its members, each with its name; none where it is no object.
    pub fn members(&self) -> impl Iterator<Item = (Raw<'a>, Raw<'a>)> + use<'a> {
        let mut parts = self.parts(Sort::Object);
        std::iter::from_fn(move || Some((parts.next()?, parts.next()?)))
    }

    /// Its elements; none where it is no array.
    pub fn elements(&self) -> impl Iterator<Item = Raw<'a>> + use<'a> {
        self.parts(Sort::Array)
    }

    /// The values that it holds, if it is of that sort.
    fn parts(&self, sort: Sort) -> Parts<'a> {
        let (_, next, end) = self.within(sort);
        Parts { within: *self, next, end }
    }

    /// All nodes, and from where up to where those stand that it holds, if it is of that sort.
    pub(super) fn within(&self, sort: Sort) -> (&'a [Node], u32, u32) {
        let end = self.node().filter(|node| node.sort == sort).map_or(0, |node| node.next);
        (self.nodes, self.place + 1, end)
    }

    /// The value at a place.
    pub(super) fn at(&self, place: u32) -> Self {
        Self { place, ..*self }
    }

    /// The whole number from 0 that it is, if it is one.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        if self.sort() == Sort::Number { self.get().parse().ok() } else { None }
    }

    /// How deep it may be nested: known without a look at it.
    pub(crate) fn depth_bound(&self) -> usize {
        usize::from(self.form.depth.saturating_sub(u8::from(self.place > 0)))
    }
}

/// What an object or array holds, one after the other; of an object, names too.
struct Parts<'a> {
    within: Raw<'a>,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Parts<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Raw<'a>> {
        if self.next >= self.end {
            return None;
        }
        let part = self.within.at(self.next);
        self.next = part.node()?.next;
        Some(part)
    }
}

impl fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

/// As it stands, where it is written as JSON by `serde_json`.
impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(self.get()).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}
