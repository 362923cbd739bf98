//! Walks JSON text that somebody else wrote, checking all of it in one pass.
//!
//! Stricter than the parsers that come later, so that what it lets through can be kept as text and
//! handed to any of them, in any language: escapes must be whole (no lone surrogates), nesting ends at
//! [`MAX_DEPTH`], and no recursion is spent on it. Values stay as they stand, except that line breaks
//! between their tokens become spaces: the JSON of an event is always one line.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::text::plain_prefix;
use crate::error::{Error, Result};

/// How deep arrays and objects of one value may be nested.
pub(crate) const MAX_DEPTH: usize = 64;

/// A place in JSON text.
pub(crate) struct Scan<'t> {
    text: &'t str,
    at: usize,
    broken: bool,
}

/// The text of a well-formed value.
#[derive(Clone, Copy)]
pub(crate) struct Value<'t> {
    pub(crate) text: &'t str,
    broken: bool,
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

/// Checks that `text` is one value, and keeps it, on one line.
pub(crate) fn checked(text: Box<str>) -> Result<Box<str>> {
    let mut scan = Scan::new(&text);
    let value = scan.value()?;
    scan.end()?;
    if value.broken || value.text.len() != text.len() { Ok(value.to_text()) } else { Ok(text) }
}

/// The same for a piece that the JSON library has read, whose checks are fewer.
pub(crate) fn checked_raw(raw: Box<RawValue>) -> Result<Box<RawValue>> {
    let value = Scan::new(raw.get()).value()?;
    if value.broken { value.to_raw() } else { Ok(raw) }
}

impl<'t> Scan<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0, broken: false }
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

    /// Takes so many bytes and the quote behind them, if nothing among them is escaped.
    pub(crate) fn take_quoted(&mut self, bytes: usize) -> Option<&'t str> {
        let rest = self.text.get(self.at..)?;
        let text = rest.get(..bytes).filter(|_| rest.as_bytes().get(bytes) == Some(&b'"'))?;
        self.at += bytes + 1;
        Some(text).filter(|text| plain_prefix(text.as_bytes()) == bytes)
    }

    /// Takes `frame`, and the text behind it up to its quote, if nothing in it is escaped.
    pub(crate) fn take_word(&mut self, frame: &str) -> Option<&'t str> {
        let rest = self.text.get(self.at..)?.strip_prefix(frame)?;
        let bytes = plain_prefix(rest.as_bytes());
        self.at += frame.len() + bytes + 1;
        rest.get(..bytes).filter(|_| rest.as_bytes().get(bytes) == Some(&b'"'))
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

    /// Takes any value.
    pub(crate) fn value(&mut self) -> Result<Value<'t>> {
        let start = self.place();
        self.broken = false;
        self.skip_value()?;
        Ok(Value { text: self.text.get(start..self.at).unwrap_or_default(), broken: self.broken })
    }

    fn skip_value(&mut self) -> Result<()> {
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
                            self.skip_key()?;
                        }
                        continue;
                    }
                }
                Some(b'"') => {
                    self.skip_string()?;
                }
                _ => self.skip_simple()?,
            }
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let in_object = objects & 1 == 1;
                if self.take(b',') {
                    if in_object {
                        self.skip_key()?;
                    }
                    break;
                }
                if !self.take(if in_object { b'}' } else { b']' }) {
                    return Err(self.unexpected(if in_object { "',' or '}'" } else { "',' or ']'" }));
                }
                depth -= 1;
                objects >>= 1;
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

    fn skip_key(&mut self) -> Result<()> {
        self.skip_name()?;
        if self.take(b':') { Ok(()) } else { Err(self.unexpected("':'")) }
    }

    /// Takes a string, from quote to quote; says whether it has escapes.
    pub(crate) fn skip_string(&mut self) -> Result<bool> {
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        self.at += 1;
        loop {
            let rest = bytes.get(self.at..).unwrap_or_default();
            let plain = plain_prefix(rest);
            self.at += plain;
            match rest.get(plain..).unwrap_or_default() {
                [b'"', ..] => {
                    self.at += 1;
                    return Ok(escaped);
                }
                [b'\\', b'n' | b'"' | b'\\' | b't' | b'r' | b'/' | b'b' | b'f', ..] => {
                    escaped = true;
                    self.at += 2;
                }
                [b'\\', ..] => {
                    escaped = true;
                    self.skip_escape()?;
                }
                [control, ..] => {
                    let message = format!("a string has the control character {control:#04x} unescaped");
                    return Err(self.error(self.at, message));
                }
                [] => return Err(self.error(self.at, "the JSON ends inside a string")),
            }
        }
    }

    fn skip_escape(&mut self) -> Result<()> {
        let start = self.at;
        match self.text.as_bytes().get(start + 1) {
            Some(b'u') => {
                let unit = self.code_unit(start)?;
                self.at += 6;
                if (0xd800..0xdc00).contains(&unit) {
                    let second = self.text.get(self.at..).is_some_and(|rest| rest.starts_with("\\u"));
                    if !second || !(0xdc00..0xe000).contains(&self.code_unit(self.at)?) {
                        return Err(self.error(start, format!("\\u{unit:04x} is half of a surrogate pair")));
                    }
                    self.at += 6;
                } else if (0xdc00..0xe000).contains(&unit) {
                    return Err(self.error(start, format!("\\u{unit:04x} is half of a surrogate pair")));
                }
            }
            Some(_) => {
                return Err(self
                    .error(start, "there is no such escape")
                    .expecting(r#"one of \" \\ \/ \b \f \n \r \t \uXXXX"#));
            }
            None => return Err(self.error(start, "the JSON ends inside a string")),
        }
        Ok(())
    }

    /// The number that `\uXXXX` at byte `start` stands for.
    fn code_unit(&self, start: usize) -> Result<u32> {
        self.text
            .get(start + 2..start + 6)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.error(start, "\\u needs four hexadecimal digits"))
    }

    fn skip_number(&mut self) -> Result<()> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let next = |at: usize| bytes.get(at).copied();
        let digits = |at: usize| {
            let rest = bytes.get(at..).unwrap_or_default();
            rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len())
        };
        let wrong = |scan: &Self, at| Err(scan.error(at, "a number needs a digit here"));
        let mut at = start + usize::from(next(start) == Some(b'-'));
        let whole = digits(at);
        if whole == 0 {
            return wrong(self, at);
        }
        if whole > 1 && next(at) == Some(b'0') {
            return Err(self.error(at, "a number can't begin with 0"));
        }
        at += whole;
        if next(at) == Some(b'.') {
            let fraction = digits(at + 1);
            if fraction == 0 {
                return wrong(self, at + 1);
            }
            at += 1 + fraction;
        }
        if matches!(next(at), Some(b'e' | b'E')) {
            at += 1 + usize::from(matches!(next(at + 1), Some(b'+' | b'-')));
            let exponent = digits(at);
            if exponent == 0 {
                return wrong(self, at);
            }
            at += exponent;
        }
        self.at = at;
        Ok(())
    }

    fn skip_word(&mut self, word: &str) -> Result<()> {
        let found = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        if !found {
            return Err(self.unexpected("a value"));
        }
        self.at += word.len();
        Ok(())
    }
}
