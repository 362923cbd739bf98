//! The URLs that sinks are attached by.
//!
//! ```text
//! url    = scheme ":" body [ "?" param *( "&" param ) ]      at most 4,096 bytes
//! scheme = ( "a"-"z" ) *( "a"-"z" / "0"-"9" / "+" / "-" / "." )         at most 64 bytes
//! param  = name "=" value
//! ```
//!
//! Body and values are percent-decoded. Errors name a parameter and its column, never the body, which may
//! hold credentials.

use std::ops::RangeInclusive;

use crate::error::{Error, ErrorKind, Result};

const MAX_LEN: usize = 4096;
/// The longest scheme, in bytes.
const MAX_SCHEME: usize = 64;
const FORM: &str = "scheme:address?name=value, such as console:?width=120";

/// A URL, checked and taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct SinkUrl {
    scheme: String,
    body: String,
    /// The body without credentials.
    shown: String,
    params: Vec<Param>,
}

/// One `name=value` of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    name: String,
    value: String,
    column: usize,
}

impl SinkUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// `Invalid`, with the column, where it breaks the grammar; `TooLarge` over 4,096 bytes, 64 of them scheme.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_LEN {
            let message = format!("a sink's URL has at most {MAX_LEN} bytes, this has {}", text.len());
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        if let Some(index) = text.chars().position(char::is_control) {
            return Err(Error::invalid("a control character stands in the URL").at_column(index + 1));
        }
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(Error::invalid("the URL has no scheme").at_column(1).expecting(FORM));
        };
        check_scheme(scheme)?;
        let body_column = scheme.len() + 2;
        let (body, query) = rest.split_once('?').map_or((rest, None), |(body, query)| (body, Some(query)));
        let mut params: Vec<Param> = Vec::new();
        let mut column = body_column + body.chars().count() + 1;
        for part in query.iter().flat_map(|query| query.split('&')).filter(|part| !part.is_empty()) {
            let param = Param::parse(part, column)?;
            if params.iter().any(|present| present.name == param.name) {
                return Err(Error::invalid(format!("{:?} is given twice", param.name)).at_column(column));
            }
            params.push(param);
            column += part.chars().count() + 1;
        }
        let (body, shown) = (decode(body, body_column)?, decode(&without_credentials(body), body_column)?);
        Ok(Self { scheme: scheme.to_owned(), body, shown, params })
    }

    /// What stands before the colon.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// What stands between the colon and the question mark: a path, a host.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The parameter of that name.
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|param| param.name == name)
    }

    /// Refuses parameters that are not among `names`.
    ///
    /// # Errors
    /// `Invalid`, with the column and the names that exist.
    pub fn allow(&self, names: &[&str]) -> Result<()> {
        match self.params.iter().find(|param| !names.contains(&param.name.as_str())) {
            None => Ok(()),
            Some(param) => Err(Error::invalid(format!("{}: has no option {:?}", self.scheme, param.name))
                .at_column(param.column)
                .expecting(format!("one of {}", names.join(", ")))),
        }
    }

    /// Scheme and address without credentials and parameters, for stats and logs.
    pub fn name(&self) -> String {
        format!("{}:{}", self.scheme, self.shown)
    }
}

/// The body as it was written, without what stands before the host: once it is decoded, nobody knows any more which
/// slash or at sign is a part of a password.
fn without_credentials(body: &str) -> String {
    let Some(address) = body.strip_prefix("//") else { return body.to_owned() };
    let (host, path) = address.split_at(address.find('/').unwrap_or(address.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("//{host}{path}")
}

impl Param {
    fn parse(part: &str, column: usize) -> Result<Self> {
        let (name, value) = part.split_once('=').ok_or_else(|| {
            Error::invalid(format!("{part:?} has no value")).at_column(column).expecting("name=value")
        })?;
        let value = decode(value, column + name.chars().count() + 1)?;
        Ok(Self { name: decode(name, column)?, value, column })
    }

    /// What stands after the equals sign.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The value as a number.
    ///
    /// # Errors
    /// `Invalid`, with the column, where it is none or lies outside of `range`.
    pub fn number(&self, range: RangeInclusive<usize>) -> Result<usize> {
        let number = self.value.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| self.wrong(&format!("a number from {} to {}", range.start(), range.end())))
    }

    /// The value as one of a few words.
    ///
    /// # Errors
    /// `Invalid`, with the column and the words that exist.
    pub fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Result<T> {
        let found = words.iter().find(|(word, _)| *word == self.value).map(|(_, meaning)| *meaning);
        found.ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(&format!("one of {}", words.join(", ")))
        })
    }

    /// The error that the value doesn't fit, with its column: for values that a sink reads by itself.
    pub fn wrong(&self, expected: &str) -> Error {
        Error::invalid(format!("{}={:?} doesn't fit", self.name, self.value))
            .at_column(self.column)
            .expecting(expected)
    }
}

pub(super) fn check_scheme(scheme: &str) -> Result<()> {
    if scheme.len() > MAX_SCHEME {
        let message =
            format!("the scheme of a sink's URL has at most {MAX_SCHEME} bytes, this has {}", scheme.len());
        return Err(Error::new(ErrorKind::TooLarge, message).at_column(1));
    }
    let fits = |(index, character): (usize, char)| match character {
        'a'..='z' => true,
        '0'..='9' | '+' | '-' | '.' => index > 0,
        _ => false,
    };
    let wrong = scheme.chars().enumerate().position(|place| !fits(place));
    match wrong.or_else(|| scheme.is_empty().then_some(0)) {
        None => Ok(()),
        Some(index) => Err(Error::invalid("the URL's scheme is not well formed")
            .at_column(index + 1)
            .expecting("lower-case letters, then digits, + - . too")),
    }
}

/// Decodes `%xx`; `column` is where `text` stands in the URL.
fn decode(text: &str, column: usize) -> Result<String> {
    let wrong = |before: &str, what: &str| {
        let column = column + before.chars().count();
        Error::invalid(what).at_column(column).expecting("% and two hexadecimal digits of UTF-8 text")
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escaped)) = rest.split_once('%') {
        bytes.extend_from_slice(plain.as_bytes());
        let byte = escaped.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let before = text.get(..text.len() - escaped.len() - 1).unwrap_or_default();
        let byte = byte.filter(|byte| !byte.is_ascii_control());
        bytes.push(
            byte.ok_or_else(|| {
                wrong(before, "a percent sign without its digits, or for a control character")
            })?,
        );
        rest = escaped.get(2..).unwrap_or_default();
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).map_err(|_| wrong("", "the percent-encoded bytes are not UTF-8"))
}
