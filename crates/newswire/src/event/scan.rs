//! Walks JSON text that somebody else wrote, checking all of it in one pass.
//!
//! Stricter than the parsers that come later, so that what it lets through can be kept as text and
//! handed to any of them, in any language: escapes must be whole (no lone surrogates), nesting ends at
//! [`MAX_DEPTH`], and no recursion is spent on it. Values stay as they stand, except that line breaks
//! between their tokens become spaces: the JSON of an event is always one line.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::marks::Marks;
use super::outline::Outline;
use crate::error::{Error, Result};

/// How deep arrays and objects of one value may be nested.
pub(crate) const MAX_DEPTH: usize = 64;

/// A place in JSON text.
pub(crate) struct Scan<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    broken: bool,
    pub(super) marks: Marks,
}

/// The text of a well-formed value.
#[derive(Clone, Copy)]
pub(crate) struct Value<'t> {
    pub(crate) text: &'t str,
    /// Whether it stands on several lines.
    pub(super) broken: bool,
}

impl Value<'_> {
    /// The value on one line, owned.
    pub(crate) fn to_text(self) -> Box<str> {
        match self.broken {
            // Inside strings a line break is escaped, so those that stand here are between tokens.
            true => self.text.replace(['\n', '\r'], " ").into(),
            false => self.text.into(),
        }
    }

    /// The value on one line, as the JSON library's type.
    pub(crate) fn to_raw(self) -> Result<Box<RawValue>> {
        RawValue::from_string(self.to_text().into()).map_err(|error| Error::invalid(error.to_string()))
    }
}

/// Checks that `text` is one value, and keeps it, on one line, with its outline.
pub(super) fn checked(text: Box<str>) -> Result<(Box<str>, Outline)> {
    let mut scan = Scan::new(&text);
    let (value, outline) = scan.value_outlined()?;
    scan.end()?;
    let is_kept = !value.broken && value.text.len() == text.len();
    Ok((if is_kept { text } else { value.to_text() }, outline))
}

/// The same for a piece that the JSON library has read, whose checks are fewer.
pub(crate) fn checked_raw(raw: Box<RawValue>) -> Result<Box<RawValue>> {
    let value = Scan::new(raw.get()).value()?;
    if value.broken { value.to_raw() } else { Ok(raw) }
}

impl<'t> Scan<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0, broken: false, marks: Marks::new() }
    }

    /// An error about the character at byte `at`.
    pub(crate) fn error(&self, at: usize, message: impl Into<String>) -> Error {
        Error::invalid(message).at_column(self.column(at))
    }

    /// The column of byte `at`, counted in characters from 1.
    pub(crate) fn column(&self, at: usize) -> usize {
        self.text.get(..at).unwrap_or(self.text).chars().count() + 1
    }

    /// Where the next token begins.
    #[inline]
    pub(crate) fn place(&mut self) -> usize {
        self.peek();
        self.at
    }

    /// The first byte of the next token.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\n' | b'\r') => {
                    self.broken = true;
                    self.at += 1;
                }
                other => return other.copied(),
            }
        }
    }

    /// Takes `token` if it comes next.
    #[inline]
    pub(crate) fn take(&mut self, token: u8) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    /// Takes `text` if it comes next: a whole value, as it was taken before.
    #[inline]
    pub(crate) fn take_text(&mut self, text: &str) -> bool {
        let found = self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(text.as_bytes()));
        self.at += if found { text.len() } else { 0 };
        found
    }

    /// Where what has been taken ends.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Whether a line has ended between tokens.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// How far it is, to go [back](Self::back_to) there.
    pub(crate) fn mark(&self) -> (usize, bool) {
        (self.at, self.broken)
    }

    /// Has what was taken since `mark` not taken.
    pub(crate) fn back_to(&mut self, mark: (usize, bool)) {
        (self.at, self.broken) = mark;
    }

    /// Takes `frame` and the number behind it, if they come next, it counts from 1, and others follow.
    pub(crate) fn take_digits(&mut self, frame: &str) -> Option<u64> {
        let rest = self.text.get(self.at..)?.strip_prefix(frame)?;
        let digits = rest.bytes().position(|byte| !byte.is_ascii_digit())?;
        (rest.as_bytes().get(digits) == Some(&b',')).then_some(())?;
        let number = rest.get(..digits).filter(|number| !number.starts_with('0'))?.parse().ok()?;
        self.at += frame.len() + digits;
        Some(number)
    }

    /// Takes so many bytes and the quote behind them; whoever reads them is to refuse what no string may hold.
    pub(crate) fn take_quoted(&mut self, bytes: usize) -> Option<&'t str> {
        let end = self.at + bytes;
        let text = self.text.get(self.at..end).filter(|_| self.text.as_bytes().get(end) == Some(&b'"'))?;
        self.at = end + 1;
        Some(text)
    }

    /// Takes `frame`, and the text behind it up to its quote, if nothing in it is escaped.
    pub(crate) fn take_word(&mut self, frame: &str) -> Option<&'t str> {
        self.take_text(frame).then_some(())?;
        let (start, bytes) = (self.at, self.text.as_bytes());
        let end = self.marks.next(bytes, start);
        self.at = end + 1;
        self.text.get(start..end).filter(|_| bytes.get(end) == Some(&b'"'))
    }

    /// What has been taken since byte `start`.
    pub(crate) fn text_since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Requires that nothing follows.
    pub(crate) fn end(&mut self) -> Result<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("the end")),
        }
    }

    /// An error about the next token, which should have been something else.
    pub(crate) fn unexpected(&mut self, expected: &str) -> Error {
        self.peek();
        let found = match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(character) => format!("{character:?} can't stand here"),
            None => "the JSON ends too early".to_owned(),
        };
        self.error(self.at, found).expecting(expected)
    }

    /// Takes a string and decodes it.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Cow<'t, str>> {
        let start = self.place();
        let escaped = self.skip_string()?;
        let text = self.text;
        if escaped {
            let quoted = text.get(start..self.at).unwrap_or_default();
            return serde_json::from_str(quoted)
                .map(Cow::Owned)
                .map_err(|e| self.error(start, e.to_string()));
        }
        Ok(Cow::Borrowed(text.get(start + 1..self.at - 1).unwrap_or_default()))
    }

    /// Takes the name of the next member of an object that is known to be well formed, behind the object's
    /// brace or the value before; `None` at the object's end.
    pub(crate) fn member(&mut self) -> Result<Option<Cow<'t, str>>> {
        self.take(b',');
        if self.take(b'}') {
            return Ok(None);
        }
        let name = self.string()?;
        if self.take(b':') { Ok(Some(name)) } else { Err(self.unexpected("':'")) }
    }

    /// Goes on at byte `at`.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.at = at;
    }

    /// Takes any value.
    pub(crate) fn value(&mut self) -> Result<Value<'t>> {
        let start = self.begin_value();
        self.skip_value(|_, _, _| {})?;
        Ok(self.value_since(start))
    }

    /// The same, noting where the members of an object are.
    pub(super) fn value_outlined(&mut self) -> Result<(Value<'t>, Outline)> {
        let (start, mut outline) = (self.begin_value(), Outline::new());
        self.skip_value(|place, bytes, is_escaped| outline.note(place - start, bytes, is_escaped))?;
        Ok((self.value_since(start), outline))
    }

    fn begin_value(&mut self) -> usize {
        let start = self.place();
        self.broken = false;
        start
    }

    fn value_since(&self, start: usize) -> Value<'t> {
        Value { text: self.text_since(start), broken: self.broken }
    }

    /// Takes any value; of the members of an object it tells the place of the name's quote, how long the name is,
    /// and whether it has escapes.
    fn skip_value(&mut self, mut note: impl FnMut(usize, usize, bool)) -> Result<()> {
        // One bit a level, 1 for an object: with 64 levels the whole stack is a number.
        let (mut objects, mut depth) = (0u64, 0usize);
        loop {
            match self.peek() {
                Some(open @ (b'{' | b'[')) => {
                    if depth == MAX_DEPTH {
                        let message = format!("JSON may be nested {MAX_DEPTH} deep, this is deeper");
                        return Err(self.error(self.at, message));
                    }
                    self.at += 1;
                    if !self.take(open + 2) {
                        depth += 1;
                        objects = objects << 1 | u64::from(open == b'{');
                        if open == b'{' {
                            self.skip_key(depth == 1, &mut note)?;
                        }
                        continue;
                    }
                }
                Some(b'"') => {
                    self.skip_string()?;
                }
                _ => self.skip_simple()?,
            }
            while depth > 0 {
                let in_object = objects & 1 == 1;
                match (self.peek(), in_object) {
                    (Some(b','), _) => {
                        self.at += 1;
                        if in_object {
                            self.skip_key(depth == 1, &mut note)?;
                        }
                        break;
                    }
                    (Some(b'}'), true) | (Some(b']'), false) => self.at += 1,
                    (_, true) => return Err(self.unexpected("',' or '}'")),
                    (_, false) => return Err(self.unexpected("',' or ']'")),
                }
                depth -= 1;
                objects >>= 1;
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Takes a value that holds no others and is no string.
    pub(crate) fn skip_simple(&mut self) -> Result<()> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.skip_number(),
            Some(b't') => self.skip_word("true"),
            Some(b'f') => self.skip_word("false"),
            Some(b'n') => self.skip_word("null"),
            _ => Err(self.unexpected("a value")),
        }
    }

    /// Takes the name of a member; says whether it has escapes.
    pub(crate) fn skip_name(&mut self) -> Result<bool> {
        if self.peek() == Some(b'"') { self.skip_string() } else { Err(self.unexpected("a name in quotes")) }
    }

    fn skip_key(&mut self, is_noted: bool, note: &mut impl FnMut(usize, usize, bool)) -> Result<()> {
        self.peek();
        let start = self.at;
        let is_escaped = self.skip_name()?;
        if is_noted {
            note(start, self.at - start - r#""""#.len(), is_escaped);
        }
        if self.take(b':') { Ok(()) } else { Err(self.unexpected("':'")) }
    }
}
