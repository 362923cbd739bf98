//! One JSON object of a recording, its values untouched: what is taken is known, what is left is kept.
//!
//! Values stay slices of the line they came from. So numbers pass through digit by digit, and an error can
//! point at its column.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use newswire::{Error, Result};
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::lines::column_after;

/// The fields of an object that nobody has taken yet, in the order of the file.
pub(crate) struct Fields<'a> {
    line: &'a str,
    entries: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Fields<'a> {
    /// Reads `object`, which is `line` or a piece of it.
    ///
    /// # Errors
    /// `Invalid`, with the column in `line`, where it is no JSON object.
    pub(crate) fn read(line: &'a str, object: &'a str) -> Result<Self> {
        match serde_json::from_str(object) {
            Ok(Entries(entries)) => Ok(Self { line, entries }),
            Err(error) => {
                let start = offset(line, object);
                let column = if error.is_data() && !object.trim_start().starts_with('{') {
                    column_of(line, start + object.len() - object.trim_start().len())
                } else {
                    column_of(line, start + offset_in(object, &error))
                };
                Err(Error::invalid(reason(&error, "object")).at_column(column).expecting("a JSON object"))
            }
        }
    }

    /// An object within one of the fields.
    pub(crate) fn object(&self, raw: &'a RawValue) -> Result<Self> {
        Self::read(self.line, raw.get())
    }

    /// The objects of an array.
    pub(crate) fn array(&self, raw: &'a RawValue) -> Result<Vec<&'a RawValue>> {
        serde_json::from_str(raw.get()).map_err(|_| self.unfit(raw, "an array"))
    }

    /// The values of an array, which is `line` or a piece of it.
    ///
    /// # Errors
    /// `Invalid`, with the column in `line`, where it is no JSON array.
    pub(crate) fn array_of(line: &'a str, array: &'a str) -> Result<Vec<&'a RawValue>> {
        serde_json::from_str(array).map_err(|error| {
            let at = offset(line, array) + offset_in(array, &error);
            Error::invalid(reason(&error, "array")).at_column(column_of(line, at)).expecting("a JSON array")
        })
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let place = self.entries.iter().position(|(present, _)| present == name)?;
        Some(self.entries.remove(place).1)
    }

    /// Takes a field as some type; absent and null are `None`.
    ///
    /// # Errors
    /// `Invalid`, with the column, saying what was `expected`.
    pub(crate) fn take_as<T: DeserializeOwned>(&mut self, name: &str, expected: &str) -> Result<Option<T>> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        serde_json::from_str(raw.get()).map_err(|_| self.unfit(raw, expected).at_path(name))
    }

    pub(crate) fn take_text(&mut self, name: &str) -> Result<Option<String>> {
        self.take_as(name, "a string")
    }

    /// A field, left where it is.
    pub(crate) fn peek(&self, name: &str) -> Option<&'a RawValue> {
        self.entries.iter().find(|(present, _)| present == name).map(|(_, raw)| *raw)
    }

    /// A field that is some type, left where it is; what is absent or of another type is `None`.
    pub(crate) fn peek_as<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.peek(name)?.get()).ok()
    }

    /// A count of tokens, left where it is; absent and null are `None`.
    ///
    /// # Errors
    /// `Invalid`, with the column, where it is anything else.
    pub(crate) fn tokens(&self, name: &str) -> Result<Option<u64>> {
        let Some(raw) = self.peek(name).filter(|raw| raw.get() != "null") else { return Ok(None) };
        let count = serde_json::from_str(raw.get());
        count.map(Some).map_err(|_| self.unfit(raw, "a count of tokens").at_path(name))
    }

    /// Takes an object; absent and null are `None`.
    pub(crate) fn take_object(&mut self, name: &str) -> Result<Option<Self>> {
        let raw = self.take(name).filter(|raw| raw.get() != "null");
        raw.map(|raw| self.object(raw).map_err(|error| error.at_path(name))).transpose()
    }

    /// Takes an array; absent and null are empty.
    pub(crate) fn take_array(&mut self, name: &str) -> Result<Vec<&'a RawValue>> {
        let raw = self.take(name).filter(|raw| raw.get() != "null");
        raw.map_or(Ok(Vec::new()), |raw| self.array(raw).map_err(|error| error.at_path(name)))
    }

    /// What nobody took.
    pub(crate) fn rest(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.entries.iter().map(|(name, raw)| (&**name, *raw))
    }

    /// Forgets the fields that are null, where null says the same as nothing.
    pub(crate) fn forget_nulls(&mut self) {
        self.entries.retain(|(_, raw)| raw.get() != "null");
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The same error as one about `raw`, which stands at `place`: its path is within that, and its column is
    /// where that begins, unless it has one.
    pub(crate) fn about(&self, raw: &RawValue, place: &str, error: Error) -> Error {
        let path = error.path().map_or(place.to_owned(), |path| format!("{place}.{path}"));
        let column = error.column().unwrap_or_else(|| column_of(self.line, offset(self.line, raw.get())));
        error.at_path(path).at_column(column)
    }

    /// The error that `raw` is not what was expected there.
    pub(crate) fn unfit(&self, raw: &RawValue, expected: &str) -> Error {
        Error::invalid(format!("{} stands here", describe(raw)))
            .at_column(column_of(self.line, offset(self.line, raw.get())))
            .expecting(expected)
    }
}

/// What sort of JSON value it is, for people.
fn describe(raw: &RawValue) -> &'static str {
    match raw.get().bytes().next() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Where `piece`, which is a slice of `line`, begins.
fn offset(line: &str, piece: &str) -> usize {
    (piece.as_ptr() as usize).saturating_sub(line.as_ptr() as usize)
}

/// Where in `text`, which may have several lines, the error is.
fn offset_in(text: &str, error: &serde_json::Error) -> usize {
    let before = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len);
    before.sum::<usize>() + error.column().saturating_sub(1)
}

fn column_of(line: &str, offset: usize) -> usize {
    column_after(line.get(..line.floor_char_boundary(offset)).unwrap_or_default())
}

/// The library's words without its own line and column, which are told in ours.
fn reason(error: &serde_json::Error, sort: &str) -> String {
    let text = error.to_string();
    let words = text.rsplit_once(" at line ").map_or(&*text, |(words, _)| words);
    format!("this is no JSON {sort}: {words}")
}

/// How many names are compared one by one with a new one; beyond, a table is asked.
const FEW: usize = 32;

struct Entries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries: Self::Value = Vec::with_capacity(8);
                let mut many = HashSet::new();
                while let Some((Name(name), raw)) = map.next_entry::<Name<'de>, &RawValue>()? {
                    if entries.len() == FEW {
                        many.extend(entries.iter().map(|(name, _)| name.clone()));
                    }
                    let is_new = match entries.len() < FEW {
                        true => entries.iter().all(|(present, _)| *present != name),
                        false => many.insert(name.clone()),
                    };
                    if !is_new {
                        return Err(A::Error::custom(format_args!("the field {name:?} stands here twice")));
                    }
                    entries.push((name, raw));
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_map(Collect).map(Entries)
    }
}

/// A name, as it stands there unless it is written in escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(name))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(name.to_owned()))
            }
        }
        deserializer.deserialize_str(Read).map(Name)
    }
}
