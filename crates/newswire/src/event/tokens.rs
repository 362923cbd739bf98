//! The tokens of JSON that are more than one character: strings, numbers and words.

use super::scan::Scan;
use crate::error::Result;

impl Scan<'_> {
    /// Takes a string, from quote to quote; says whether it has escapes.
    #[inline]
    pub(crate) fn skip_string(&mut self) -> Result<bool> {
        let bytes = self.text.as_bytes();
        let end = self.marks.next(bytes, self.at + 1);
        if bytes.get(end) == Some(&b'"') {
            self.at = end + 1;
            return Ok(false);
        }
        self.at = end;
        self.skip_escaped_string().map(|()| true)
    }

    /// Takes the rest of a string, from its first escape on.
    fn skip_escaped_string(&mut self) -> Result<()> {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        loop {
            at = match (bytes.get(at), bytes.get(at + 1)) {
                (Some(b'\\'), Some(b'n' | b'"' | b'\\' | b't' | b'r' | b'/' | b'b' | b'f')) => at + 2,
                (Some(b'"'), _) => {
                    self.at = at + 1;
                    return Ok(());
                }
                (byte, _) => {
                    self.at = at;
                    self.skip_other(byte.copied())?;
                    self.at
                }
            };
            at = self.marks.next(bytes, at);
        }
    }

    /// Takes a longer escape; what else stands here is wrong.
    fn skip_other(&mut self, byte: Option<u8>) -> Result<()> {
        match byte {
            Some(b'\\') => self.skip_escape(),
            Some(control) => {
                let message = format!("a string has the control character {control:#04x} unescaped");
                Err(self.error(self.at, message))
            }
            None => Err(self.error(self.at, "the JSON ends inside a string")),
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

    pub(super) fn skip_number(&mut self) -> Result<()> {
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

    pub(super) fn skip_word(&mut self, word: &str) -> Result<()> {
        let found = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        if !found {
            return Err(self.unexpected("a value"));
        }
        self.at += word.len();
        Ok(())
    }
}
