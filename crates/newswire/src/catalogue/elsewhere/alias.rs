//! One row of the tables of names: a name there, a condition, a kind here, and where the fields are.
//!
//! The fields of a row are one text, `theirs -> ours`, since a pointer for each name would cost more than
//! the names. It is split up, once, by whoever translates events; filters need the kinds only.

use std::sync::OnceLock;

use serde_json::Value;

use super::System;
use crate::event::{CorrelationField, ScopeField};
use crate::kind::Kind;

/// One name of another system and what it means here.
#[derive(Clone, Debug)]
pub struct Alias {
    /// Whose name it is.
    pub system: System,
    /// The name there.
    pub name: &'static str,
    /// When it means this kind, if no row of the name before this one does.
    pub when: When,
    /// The kind here.
    pub kind: Kind,
    /// What the name says that is a payload field here: `validation.passed` says `passed`.
    pub given: &'static [(&'static str, Given)],
    /// The fields, as they are written.
    pub(super) map: &'static str,
    /// The same, once somebody has asked for them.
    pub(super) fields: OnceLock<Box<[FieldMap]>>,
}

/// A row as it is written, without what follows from its table.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) when: When,
    /// The number of the kind.
    pub(super) kind: u16,
    pub(super) given: &'static [(&'static str, Given)],
    /// The name there, a line break, and the fields.
    pub(super) text: &'static str,
}

impl Line {
    /// What a place of the table holds until its row is written into it.
    pub(super) const BLANK: Self = Self { when: When::Always, kind: 0, given: &[], text: "" };
}

/// The value of a payload field that a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// True or false.
    Is(bool),
    /// A text.
    Says(&'static str),
}

/// A condition on another system's payload; fields are paths with dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// None: the name says it all.
    Always,
    /// A field is true or false.
    Is(&'static str, bool),
    /// A field is this text.
    Says(&'static str, &'static str),
    /// A field is one of these texts.
    OneOf(&'static str, &'static [&'static str]),
    /// A field is there and not null.
    Has(&'static str),
    /// A field is there and neither null nor empty.
    Filled(&'static str),
    /// A field is a number.
    Counts(&'static str),
    /// All of these.
    All(&'static [Self]),
}

impl When {
    /// Whether a payload of the other system fulfils it.
    pub fn admits(self, payload: &Value) -> bool {
        let at = |path: &str| {
            let found = path.split('.').try_fold(payload, |value, name| value.get(name));
            found.filter(|value| !value.is_null())
        };
        match self {
            Self::Always => true,
            Self::Is(field, wanted) => at(field).and_then(Value::as_bool) == Some(wanted),
            Self::Says(field, wanted) => at(field).and_then(Value::as_str) == Some(wanted),
            Self::OneOf(field, any) => {
                at(field).and_then(Value::as_str).is_some_and(|text| any.contains(&text))
            }
            Self::Has(field) => at(field).is_some(),
            Self::Filled(field) => at(field).is_some_and(|value| !is_empty(value)),
            Self::Counts(field) => at(field).is_some_and(Value::is_number),
            Self::All(conditions) => conditions.iter().all(|condition| condition.admits(payload)),
        }
    }

    /// The field that it asks about; `None` for what asks about several, or none.
    pub fn field(self) -> Option<&'static str> {
        match self {
            Self::Always | Self::All(_) => None,
            Self::Is(field, _) | Self::Says(field, _) | Self::OneOf(field, _) => Some(field),
            Self::Has(field) | Self::Filled(field) | Self::Counts(field) => Some(field),
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// One field of another system's payload or envelope and where it is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldMap {
    /// The path there.
    pub theirs: &'static str,
    /// The place here.
    pub ours: Ours,
    /// What the value counts there, where ours counts something else.
    pub unit: Unit,
}

/// A place in our events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ours {
    /// A path in the payload: `usage.input_tokens`; empty for the whole payload.
    Payload(&'static str),
    /// An id of the scope.
    Scope(ScopeField),
    /// An id of the correlation.
    Correlation(CorrelationField),
    /// Another member of the envelope: `time`, `message`, `source.name`.
    Envelope(&'static str),
    /// The kind says it.
    Kind,
    /// An attribute, since our events have no such field, and why; an empty name for all attributes.
    Attr(&'static str, &'static str),
}

/// What a value of another system counts, where ours counts something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The same as ours.
    Same,
    /// Milliseconds; ours are nanoseconds.
    Millis,
    /// Seconds; ours are nanoseconds.
    Seconds,
    /// A duration as .NET writes it, `[-][d.]hh:mm:ss[.fffffff]`; ours are nanoseconds.
    TimeSpan,
}

impl Alias {
    /// Where its fields are here; those that it doesn't name go to the attributes.
    pub fn fields(&self) -> impl Iterator<Item = FieldMap> {
        let fields = self.fields.get_or_init(|| field_maps(self.map, self.system.shared()).collect());
        fields.iter().copied()
    }
}

/// Reads `theirs -> ours unit (reason); ...`; where ours has the same name, it is left out. `&NAME` stands for
/// what `shared` has under that name.
pub(super) fn field_maps(
    map: &'static str,
    shared: &'static [(&'static str, &'static str)],
) -> impl Iterator<Item = FieldMap> {
    let spelled_out = move |entry: &'static str| {
        let found = entry.strip_prefix('&').and_then(|name| shared.iter().find(|(known, _)| *known == name));
        found.map_or(entry, |(_, entries)| entries)
    };
    let entries = map.split(';').flat_map(move |entry| spelled_out(entry.trim()).split(';'));
    entries.map(str::trim).filter(|entry| !entry.is_empty()).map(|entry| {
        let (theirs, ours) = entry.split_once(" -> ").unwrap_or((entry, entry));
        let (ours, reason) = ours.split_once(" (").unwrap_or((ours, ""));
        let (place, unit) = ours.trim().split_once(' ').unwrap_or((ours.trim(), ""));
        let unit = match unit {
            "ms" => Unit::Millis,
            "s" => Unit::Seconds,
            "span" => Unit::TimeSpan,
            _ => Unit::Same,
        };
        FieldMap { theirs, ours: Ours::of(place, reason.trim_end_matches(')')), unit }
    })
}

impl Ours {
    fn of(place: &'static str, reason: &'static str) -> Self {
        let Some(envelope) = place.strip_prefix('@') else { return Self::Payload(place) };
        match envelope.split_once('.') {
            None if envelope == "kind" => Self::Kind,
            None if envelope == "payload" => Self::Payload(""),
            None if envelope == "attrs" => Self::Attr("", reason),
            Some(("attrs", name)) => Self::Attr(name, reason),
            Some(("scope", name)) => ScopeField::parse(name).map_or(Self::Envelope(envelope), Self::Scope),
            Some(("correlation", name)) => {
                CorrelationField::parse(name).map_or(Self::Envelope(envelope), Self::Correlation)
            }
            _ => Self::Envelope(envelope),
        }
    }
}

/// Rows of one system: name there, condition, payload type here, what the name says, fields.
macro_rules! aliases {
    ($(
        $name:literal $when:expr => $kind:ty $([$($field:literal = $given:tt),+])?: $map:literal;
    )+) => {
        &[$($crate::catalogue::elsewhere::alias::Line {
            when: $when,
            kind: <$kind>::ROW,
            given: &[$($(($field, $crate::catalogue::elsewhere::alias::given!($given))),+)?],
            text: concat!($name, "\n", $map),
        }),+]
    };
}

macro_rules! given {
    (true) => {
        $crate::catalogue::elsewhere::alias::Given::Is(true)
    };
    (false) => {
        $crate::catalogue::elsewhere::alias::Given::Is(false)
    };
    ($text:literal) => {
        $crate::catalogue::elsewhere::alias::Given::Says($text)
    };
}

pub(super) use {aliases, given};
