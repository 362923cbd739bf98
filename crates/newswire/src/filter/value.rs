//! The values that fields have and that filters compare them with.
//!
//! Values of different types are never equal and have no order.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::time::Duration;

use uuid::Uuid;

use super::look;
use super::number::{Number, duration_ns, number_len, unit_ns};
use crate::error::Result;
use crate::event::{Severity, SpanId, TraceId};

/// What a field is compared with: text, a number, a duration, true or false.
///
/// It is made from the Rust types of these; floating point must be finite, which is checked where the
/// filter is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Value<'a>(pub(crate) Is<'a>);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Is<'a> {
    Text(Cow<'a, str>),
    Number(Number),
    /// Nanoseconds, until it is known that the field counts them.
    Duration(i128),
    Bool(bool),
    Null,
    /// An object or array, as its JSON: present, but equal to nothing.
    Nested(&'a str),
    Severity(Severity),
    Trace(TraceId),
    Span(SpanId),
    Id(Uuid),
}

impl Is<'_> {
    /// How two values compare; `None` where they differ in type, or differ and have no order.
    pub(crate) fn compare(&self, other: &Is<'_>) -> Option<Ordering> {
        match (self, other) {
            (Is::Text(a), Is::Text(b)) => Some(a.as_ref().cmp(b.as_ref())),
            (Is::Number(a), Is::Number(b)) => a.compare(*b),
            (Is::Severity(a), Is::Severity(b)) => Some(a.cmp(b)),
            (Is::Bool(a), Is::Bool(b)) => (a == b).then_some(Ordering::Equal),
            (Is::Null, Is::Null) => Some(Ordering::Equal),
            (Is::Trace(a), Is::Trace(b)) => (a == b).then_some(Ordering::Equal),
            (Is::Span(a), Is::Span(b)) => (a == b).then_some(Ordering::Equal),
            (Is::Id(a), Is::Id(b)) => (a == b).then_some(Ordering::Equal),
            _ => None,
        }
    }
}

impl<'a> Is<'a> {
    /// Reads a piece of valid JSON; objects and arrays stay as they are.
    pub(crate) fn from_json(json: &'a str) -> Option<Self> {
        Some(match json.as_bytes().first()? {
            b'"' => Self::Text(look::text(json)?),
            b't' => Self::Bool(true),
            b'f' => Self::Bool(false),
            b'n' => Self::Null,
            b'{' | b'[' => Self::Nested(json),
            _ => Self::Number(Number::from_json(json)?),
        })
    }

    /// The value as text, as a key or for a pattern; null has none.
    pub(crate) fn into_text(self) -> Option<Cow<'a, str>> {
        Some(match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string().into(),
            Self::Duration(ns) => ns.to_string().into(),
            Self::Bool(true) => "true".into(),
            Self::Bool(false) => "false".into(),
            Self::Null => return None,
            Self::Nested(json) => json.into(),
            Self::Severity(severity) => severity.as_str().into(),
            Self::Trace(id) => id.to_string().into(),
            Self::Span(id) => id.to_string().into(),
            Self::Id(id) => id.to_string().into(),
        })
    }
}

macro_rules! value_from {
    ($($type:ty => |$value:ident| $is:expr;)+) => {
        $(impl From<$type> for Value<'static> {
            fn from($value: $type) -> Self {
                Self($is)
            }
        })+
    };
}

value_from! {
    String => |text| Is::Text(text.into());
    bool => |value| Is::Bool(value);
    i32 => |number| Is::Number(Number::Whole(number.into()));
    i64 => |number| Is::Number(Number::Whole(number.into()));
    u32 => |number| Is::Number(Number::Whole(number.into()));
    u64 => |number| Is::Number(Number::Whole(number.into()));
    usize => |number| Is::Number(Number::Whole(number as i128));
    f64 => |number| Is::Number(Number::from_float(number));
    Duration => |duration| Is::Duration(i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX));
    Severity => |severity| Is::Severity(severity);
    TraceId => |id| Is::Trace(id);
    SpanId => |id| Is::Span(id);
    Uuid => |id| Is::Id(id);
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self(Is::Text(text.into()))
    }
}

impl<'a> Is<'a> {
    /// The value that an unquoted word stands for, where the field can have any JSON.
    ///
    /// # Errors
    /// `Invalid` for numbers and durations that can't be held exactly.
    pub(crate) fn from_word(word: &'a str) -> Result<Self> {
        match word {
            "true" => return Ok(Self::Bool(true)),
            "false" => return Ok(Self::Bool(false)),
            "null" => return Ok(Self::Null),
            _ => {}
        }
        match word.split_at_checked(number_len(word)) {
            None | Some(("", _)) => Ok(Self::Text(word.into())),
            Some((number, "")) => Number::parse(number).map(Self::Number),
            Some((number, unit)) => match unit_ns(unit) {
                Some(scale) => duration_ns(number, scale).map(Self::Duration),
                None => Ok(Self::Text(word.into())),
            },
        }
    }

    /// The value without anything borrowed.
    pub(crate) fn into_owned(self) -> Is<'static> {
        match self {
            Self::Text(text) => Is::Text(text.into_owned().into()),
            Self::Number(number) => Is::Number(number),
            Self::Duration(ns) => Is::Duration(ns),
            Self::Bool(value) => Is::Bool(value),
            Self::Null => Is::Null,
            Self::Nested(json) => Is::Text(json.to_owned().into()),
            Self::Severity(severity) => Is::Severity(severity),
            Self::Trace(id) => Is::Trace(id),
            Self::Span(id) => Is::Span(id),
            Self::Id(id) => Is::Id(id),
        }
    }
}
