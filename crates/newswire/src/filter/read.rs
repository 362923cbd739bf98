//! Reads text character by character, knowing the column.

use std::str::Chars;

use crate::error::{Error, Result};

/// A place in a text.
#[derive(Clone)]
pub(crate) struct Reader<'t> {
    text: &'t str,
    rest: Chars<'t>,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, rest: text.chars() }
    }

    /// The column of the next character, counted in characters from 1; it is counted when asked for, so
    /// keep a clone where an error may have to point.
    pub(crate) fn column(&self) -> usize {
        self.text.chars().count() - self.rest.clone().count() + 1
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    /// Takes `expected` if it comes next.
    pub(crate) fn take(&mut self, expected: &str) -> bool {
        match self.rest.as_str().strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest.chars();
                true
            }
            None => false,
        }
    }

    /// Takes all characters that `belongs` admits.
    pub(crate) fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest.as_str();
        let end = rest.find(|character| !belongs(character)).unwrap_or(rest.len());
        let (word, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
        self.rest = rest.chars();
        word
    }

    pub(crate) fn skip_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Takes a quoted text; the next character is its opening quote.
    ///
    /// # Errors
    /// `Invalid`, with the column, for an unknown escape or a missing closing quote.
    pub(crate) fn quoted(&mut self) -> Result<String> {
        let opening = self.clone();
        self.take("\"");
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|character| !matches!(character, '"' | '\\')));
            let mark = self.clone();
            match self.rest.next() {
                Some('"') => return Ok(text),
                Some(_) => text.push(self.escape(&mark)?),
                None => {
                    return Err(Error::invalid("a quoted text doesn't end")
                        .at_column(opening.column())
                        .expecting("a closing \""));
                }
            }
        }
    }

    fn escape(&mut self, mark: &Self) -> Result<char> {
        let escaped = match self.rest.next() {
            Some(same @ ('"' | '\\')) => Some(same),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('u') if self.take("{") => {
                let digits = self.take_while(|character| character.is_ascii_hexdigit());
                u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).filter(|_| self.take("}"))
            }
            _ => None,
        };
        escaped.ok_or_else(|| {
            Error::invalid("there is no such escape")
                .at_column(mark.column())
                .expecting(r#"\" \\ \n \r \t or \u{...} with a code point in hexadecimal"#)
        })
    }
}

/// `text` in quotes, so that [`Reader::quoted`] reads it.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str(r"\\"),
            '\n' => quoted.push_str(r"\n"),
            '\r' => quoted.push_str(r"\r"),
            '\t' => quoted.push_str(r"\t"),
            control if control.is_control() => quoted.extend(control.escape_unicode()),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
