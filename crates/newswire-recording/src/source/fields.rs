//! One JSON object of a recording, its values untouched: what is taken is known, what is left is kept.
//!
//! Values stay slices of the line they came from, found in one pass over it. So numbers pass through digit by
//! digit, and an error can point at its column.

use std::borrow::Cow;
use std::fmt;

use newswire::json::{Index, Raw, Sort};
use newswire::{Error, Result};
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::lines::column_after;

/// The fields of an object that nobody has taken yet, in the order of the file.
pub(crate) struct Fields<'a> {
    line: &'a str,
    object: Raw<'a>,
    /// Which of the first fields are taken, a bit each, and which of the others, in the same way.
    taken: u64,
    taken_too: Vec<u64>,
}

impl<'a> Fields<'a> {
    /// Reads `object`, which is `line` or a piece of it; `index` is where it is remembered how.
    ///
    /// # Errors
    /// `Invalid`, with the column in `line`, where it is no JSON object.
    pub(crate) fn read(index: &'a mut Index, line: &'a str, object: &'a str) -> Result<Self> {
        let whole = index.read(object).map_err(|error| no_json(line, object, Sort::Object, &error))?;
        Self::of(line, whole)
    }

    /// Reads `object`, which stands in `line`.
    ///
    /// # Errors
    /// As [`Fields::read`].
    pub(crate) fn of(line: &'a str, object: Raw<'a>) -> Result<Self> {
        if object.sort() != Sort::Object {
            let error = Error::invalid("it is something else");
            return Err(no_json(line, object.get(), Sort::Object, &error));
        }
        if let Some(name) = object.doubled_name() {
            let message = format!(
                "this is no JSON object: the field {:?} stands here twice",
                name.text().unwrap_or_default()
            );
            let column = column_of(line, offset(line, name.get()) + name.get().len());
            return Err(Error::invalid(message).at_column(column).expecting("a JSON object"));
        }
        Ok(Self { line, object, taken: 0, taken_too: Vec::new() })
    }

    /// An object within one of the fields.
    pub(crate) fn object(&self, raw: Raw<'a>) -> Result<Self> {
        Self::of(self.line, raw)
    }

    /// The values of an array.
    pub(crate) fn array(&self, raw: Raw<'a>) -> Result<Vec<Raw<'a>>> {
        if raw.sort() == Sort::Array {
            Ok(raw.elements().collect())
        } else {
            Err(self.unfit(raw, "an array"))
        }
    }

    /// The values of an array, which is `line` or a piece of it.
    ///
    /// # Errors
    /// `Invalid`, with the column in `line`, where it is no JSON array.
    pub(crate) fn array_of(index: &'a mut Index, line: &'a str, array: &'a str) -> Result<Vec<Raw<'a>>> {
        let whole = index.read(array).map_err(|error| no_json(line, array, Sort::Array, &error))?;
        if whole.sort() == Sort::Array {
            return Ok(whole.elements().collect());
        }
        Err(no_json(line, array, Sort::Array, &Error::invalid("it is something else")))
    }

    /// The fields that are left, each with its place among all.
    fn left(&self) -> impl Iterator<Item = (usize, Raw<'a>, Raw<'a>)> {
        let all = self.object.members().enumerate();
        all.filter(|(place, _)| !self.is_taken(*place)).map(|(place, (name, value))| (place, name, value))
    }

    fn is_taken(&self, place: usize) -> bool {
        let taken = match (place / 64).checked_sub(1) {
            None => self.taken,
            Some(word) => self.taken_too.get(word).copied().unwrap_or(0),
        };
        taken >> (place % 64) & 1 == 1
    }

    fn note_taken(&mut self, place: usize) {
        let taken = match (place / 64).checked_sub(1) {
            None => Some(&mut self.taken),
            Some(word) => {
                self.taken_too.resize(self.taken_too.len().max(word + 1), 0);
                self.taken_too.get_mut(word)
            }
        };
        if let Some(taken) = taken {
            *taken |= 1 << (place % 64);
        }
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Raw<'a>> {
        let (place, value) = self.object.member(name).filter(|(place, _)| !self.is_taken(*place))?;
        self.note_taken(place);
        Some(value)
    }

    /// Takes a field as some type; absent and null are `None`.
    ///
    /// # Errors
    /// `Invalid`, with the column, saying what was `expected`.
    pub(crate) fn take_as<T: DeserializeOwned>(&mut self, name: &str, expected: &str) -> Result<Option<T>> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        serde_json::from_str(raw.get()).map_err(|_| self.unfit(raw, expected).at_path(name))
    }

    /// Takes a whole number from 0; absent and null are `None`.
    ///
    /// # Errors
    /// `Invalid`, with the column, saying what was `expected`.
    pub(crate) fn take_count(&mut self, name: &str, expected: &str) -> Result<Option<u64>> {
        let Some(raw) = self.take(name).filter(|raw| raw.sort() != Sort::Null) else { return Ok(None) };
        raw.count().map(Some).ok_or_else(|| self.unfit(raw, expected).at_path(name))
    }

    /// Takes `true` or `false`; absent and null are `None`.
    ///
    /// # Errors
    /// `Invalid`, with the column, where it is anything else.
    pub(crate) fn take_truth(&mut self, name: &str) -> Result<Option<bool>> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        match raw.sort() {
            Sort::Null => Ok(None),
            Sort::True => Ok(Some(true)),
            Sort::False => Ok(Some(false)),
            _ => Err(self.unfit(raw, "true or false").at_path(name)),
        }
    }

    pub(crate) fn take_text(&mut self, name: &str) -> Result<Option<String>> {
        Ok(self.take_str(name)?.map(Cow::into_owned))
    }

    /// Takes a text, as it stands there unless something in it is escaped; absent and null are `None`.
    ///
    /// # Errors
    /// `Invalid`, with the column, where it is anything else.
    pub(crate) fn take_str(&mut self, name: &str) -> Result<Option<Cow<'a, str>>> {
        let Some(raw) = self.take(name).filter(|raw| raw.sort() != Sort::Null) else { return Ok(None) };
        raw.text().map(Some).ok_or_else(|| self.unfit(raw, "a string").at_path(name))
    }

    /// A field, left where it is.
    pub(crate) fn peek(&self, name: &str) -> Option<Raw<'a>> {
        self.object.member(name).filter(|(place, _)| !self.is_taken(*place)).map(|(_, value)| value)
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
        let Some(raw) = self.peek(name).filter(|raw| raw.sort() != Sort::Null) else { return Ok(None) };
        raw.count().map(Some).ok_or_else(|| self.unfit(raw, "a count of tokens").at_path(name))
    }

    /// Takes an object; absent and null are `None`.
    pub(crate) fn take_object(&mut self, name: &str) -> Result<Option<Self>> {
        let raw = self.take(name).filter(|raw| raw.sort() != Sort::Null);
        raw.map(|raw| self.object(raw).map_err(|error| error.at_path(name))).transpose()
    }

    /// Takes an array; absent and null are empty.
    pub(crate) fn take_array(&mut self, name: &str) -> Result<Vec<Raw<'a>>> {
        let raw = self.take(name).filter(|raw| raw.sort() != Sort::Null);
        raw.map_or(Ok(Vec::new()), |raw| self.array(raw).map_err(|error| error.at_path(name)))
    }

    /// What nobody took.
    pub(crate) fn rest(&self) -> impl Iterator<Item = (Cow<'a, str>, Raw<'a>)> {
        self.left().map(|(_, name, value)| (name.text().unwrap_or_default(), value))
    }

    /// The same with the place of each, by which it can be [taken](Self::take_at) without being sought.
    pub(crate) fn rest_with_places(&self) -> impl Iterator<Item = (usize, Cow<'a, str>, Raw<'a>)> {
        self.left().map(|(place, name, value)| (place, name.text().unwrap_or_default(), value))
    }

    /// Takes the field at that place.
    pub(crate) fn take_at(&mut self, place: usize) {
        self.note_taken(place);
    }

    /// Forgets the fields that are null, where null says the same as nothing.
    pub(crate) fn forget_nulls(&mut self) {
        let nulls = self.left().filter(|(_, _, value)| value.sort() == Sort::Null);
        let nulls: Vec<_> = nulls.map(|(place, ..)| place).collect();
        nulls.into_iter().for_each(|place| self.note_taken(place));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.left().next().is_none()
    }

    /// The same error as one about `raw`, which stands at `place`: its path is within that, and its column is
    /// where that begins, unless it has one.
    pub(crate) fn about(&self, raw: Raw<'_>, place: &str, error: Error) -> Error {
        let path = error.path().map_or(place.to_owned(), |path| format!("{place}.{path}"));
        let column = error.column().unwrap_or_else(|| column_of(self.line, offset(self.line, raw.get())));
        error.at_path(path).at_column(column)
    }

    /// The error that `raw` is not what was expected there.
    pub(crate) fn unfit(&self, raw: Raw<'_>, expected: &str) -> Error {
        Error::invalid(format!("{} stands here", describe(raw)))
            .at_column(column_of(self.line, offset(self.line, raw.get())))
            .expecting(expected)
    }
}

/// What sort of JSON value it is, for people.
fn describe(raw: Raw<'_>) -> &'static str {
    match raw.sort() {
        Sort::Object => "an object",
        Sort::Array => "an array",
        Sort::Plain | Sort::Escaped => "a string",
        Sort::True | Sort::False => "a boolean",
        Sort::Null => "null",
        Sort::Number => "a number",
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

/// The error that `text`, a piece of `line`, is not of that sort: in the words of the JSON library, unless it would
/// let it pass.
fn no_json(line: &str, text: &str, sort: Sort, error: &Error) -> Error {
    let (sort, said) = match sort {
        Sort::Array => ("array", serde_json::from_str::<Elements>(text).err()),
        _ => ("object", serde_json::from_str::<Members>(text).err()),
    };
    let start = offset(line, text);
    let (words, at) = match said {
        // The library has read the value when it says that it is of another sort.
        Some(said) if said.is_data() => (said.to_string(), text.len() - text.trim_start().len()),
        Some(said) => (said.to_string(), offset_in(text, &said)),
        None => {
            let before = error.column().unwrap_or(1).saturating_sub(1);
            (error.message().to_owned(), text.char_indices().nth(before).map_or(text.len(), |(at, _)| at))
        }
    };
    // Without its own line and column, which are told in ours.
    let words = words.rsplit_once(" at line ").map_or(&*words, |(words, _)| words);
    Error::invalid(format!("this is no JSON {sort}: {words}"))
        .at_column(column_of(line, start + at))
        .expecting(format!("a JSON {sort}"))
}

/// An object, for what the JSON library says of a text that is none.
struct Members;

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pass;
        impl<'de> Visitor<'de> for Pass {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Members)
            }
        }
        deserializer.deserialize_map(Pass)
    }
}

/// An array, for the same.
type Elements = Vec<IgnoredAny>;
