//! The types that payload fields have, and what may be given for them.
//!
//! Every field type knows whether it is absent and how large it can become as JSON, so that a payload's
//! own bound is the sum of its fields'. What an emitter's method takes for a field is looser: whatever
//! becomes it, turned into it only when somebody wants the event.

use std::fmt;
use std::time::Duration;

use compact_str::CompactString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::fields::{Field, Plain};
use super::record::Failure;
use crate::error::{Error, Result};
use crate::event::json_len;

/// Text of a payload field; short ones need no allocation.
pub type Text = CompactString;

/// A piece of JSON of any shape, kept as its text; `null` says that there is none, and isn't written.
///
/// ```
/// use newswire::catalogue::Json;
///
/// let arguments = Json::of(&["rust", "events"])?;
/// assert_eq!(arguments.get(), r#"["rust","events"]"#);
/// assert!(Json::parse("[1,").is_err());
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone)]
pub struct Json(Box<RawValue>);

impl Json {
    /// The JSON of anything that serialises.
    ///
    /// # Errors
    /// `Invalid` where `value` has no JSON form, such as a map whose keys are no texts.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self> {
        to_raw_value(value).map(Self).map_err(|error| Error::invalid(error.to_string()))
    }

    /// JSON text, checked and kept as it stands.
    ///
    /// # Errors
    /// `Invalid`, with the column, for text that is no JSON.
    pub fn parse(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        serde_json::from_str::<&RawValue>(&text)
            .map(|raw| Self(raw.to_owned()))
            .map_err(|error| Error::of_json(&error, &text))
    }

    pub(super) fn of_raw(raw: Box<RawValue>) -> Self {
        Self(raw)
    }

    /// Its text.
    pub fn get(&self) -> &str {
        self.0.get()
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Box::deserialize(deserializer).map(Self)
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

/// A type that a payload field can have; no others can be added.
pub trait FieldValue: Field {
    /// An upper bound of its size as JSON, in bytes.
    fn size_bound(&self) -> usize;

    /// Whether it is left out of the JSON.
    fn is_absent(&self) -> bool {
        false
    }

    /// Its text, for the types that are text.
    fn as_text(&self) -> Option<&str> {
        None
    }
}

impl FieldValue for Text {
    fn size_bound(&self) -> usize {
        json_len(self)
    }

    fn as_text(&self) -> Option<&str> {
        Some(self)
    }
}

impl FieldValue for Json {
    fn size_bound(&self) -> usize {
        self.get().len()
    }

    /// What is absent is left out, never null.
    fn is_absent(&self) -> bool {
        self.get() == "null"
    }
}

impl FieldValue for u64 {
    fn size_bound(&self) -> usize {
        "18446744073709551615".len()
    }
}

impl FieldValue for f64 {
    fn size_bound(&self) -> usize {
        "-2.2250738585072014e-308".len()
    }

    /// What is no number has no JSON but null, and what is absent is left out, never null.
    fn is_absent(&self) -> bool {
        !self.is_finite()
    }
}

impl FieldValue for bool {
    fn size_bound(&self) -> usize {
        "false".len()
    }
}

impl<T: FieldValue + Plain> FieldValue for Option<T> {
    fn size_bound(&self) -> usize {
        self.as_ref().map_or(0, T::size_bound)
    }

    fn is_absent(&self) -> bool {
        self.as_ref().is_none_or(T::is_absent)
    }

    fn as_text(&self) -> Option<&str> {
        self.as_ref().and_then(T::as_text)
    }
}

/// What a field named `name` adds to its object: quotes, colon, comma and the value, or nothing.
pub(super) fn member_bound(name: &str, value: &impl FieldValue) -> usize {
    if value.is_absent() { 0 } else { name.len() + 4 + value.size_bound() }
}

/// What can be given for a field of type `T`: a `T`, or what becomes one; `None` for an optional one.
pub trait IntoField<T> {
    /// The field's value.
    fn into_field(self) -> T;
}

impl<T: FieldValue> IntoField<T> for T {
    fn into_field(self) -> T {
        self
    }
}

impl<T: FieldValue + Plain> IntoField<Option<T>> for T {
    fn into_field(self) -> Option<T> {
        Some(self)
    }
}

/// For types other than the field's own: the conversion, and the same where the field is optional.
macro_rules! becomes {
    ($($field:ty: $given:ty = |$value:ident| $convert:expr;)+) => {$(
        impl IntoField<$field> for $given {
            fn into_field(self) -> $field {
                let $value = self;
                $convert
            }
        }

        impl IntoField<Option<$field>> for $given {
            fn into_field(self) -> Option<$field> {
                Some(self.into_field())
            }
        }
    )+};
}

becomes! {
    Text: &str = |text| text.into();
    Text: &String = |text| text.as_str().into();
    Text: String = |text| text.into();
    // A value of serde_json's own always has a JSON form.
    Json: serde_json::Value =
        |value| Json(to_raw_value(&value).unwrap_or_else(|_| RawValue::NULL.to_owned()));
    u64: Duration = |duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    Failure: &str = |message| message.into();
    Failure: String = |message| message.into();
}
