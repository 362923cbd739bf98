//! Reads JSON value by value, saying path and column of whatever is wrong: the envelope's members, and what a
//! payload's are checked with.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;

use uuid::Uuid;

use super::scan::Scan;
use super::{Scope, check_count, check_text};
use crate::error::{Error, Result};
use crate::kind::Kind;

/// Reads an object, handing each member's name over where its value begins.
pub(super) fn members<'t>(
    scan: &mut Scan<'t>,
    path: &dyn Display,
    member: impl FnMut(&mut Scan<'t>, &str) -> Result<()>,
) -> Result<()> {
    members_after(scan, path, Seen::default(), member)
}

/// The same, behind the members that have been `seen`.
pub(super) fn members_after<'t>(
    scan: &mut Scan<'t>,
    path: &dyn Display,
    mut seen: Seen<'t>,
    mut member: impl FnMut(&mut Scan<'t>, &str) -> Result<()>,
) -> Result<()> {
    if seen.is_empty() && !scan.take(b'{') {
        return Err(wrong_type(scan, path, "an object"));
    }
    if scan.take(b'}') {
        return Ok(());
    }
    loop {
        if !seen.is_empty() && !scan.take(b',') {
            return Err(within(path)(scan.unexpected("',' or '}'")));
        }
        let start = scan.place();
        if scan.peek() != Some(b'"') {
            return Err(within(path)(scan.unexpected("a name in quotes")));
        }
        let key = scan.string().map_err(within(path))?;
        if key.is_empty() || key.len() > Scope::MAX_ID_LEN {
            let message = format!("a name has 1 to {} bytes, this has {}", Scope::MAX_ID_LEN, key.len());
            return Err(within(path)(scan.error(start, message)));
        }
        check_count(seen.count).map_err(within(path))?;
        if seen.has(&key) {
            return Err(within(path)(scan.error(start, format!("{key:?} is given twice"))));
        }
        if !scan.take(b':') {
            return Err(within(path)(scan.unexpected("':'")));
        }
        member(scan, &key)?;
        seen.add(key);
        if scan.take(b'}') {
            return Ok(());
        }
    }
}

/// The names that an object has given so far: the first few without asking for memory.
#[derive(Default)]
pub(super) struct Seen<'t> {
    first: [&'t str; 16],
    more: Vec<Cow<'t, str>>,
    count: usize,
}

impl<'t> Seen<'t> {
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn has(&self, name: &str) -> bool {
        // The places that are free hold the empty name, which no member has.
        self.first.contains(&name) || self.more.iter().any(|seen| seen == name)
    }

    pub(super) fn add(&mut self, name: Cow<'t, str>) {
        match (name, self.first.get_mut(self.count)) {
            (Cow::Borrowed(name), Some(free)) => *free = name,
            (name, _) => self.more.push(name),
        }
        self.count += 1;
    }
}

/// Reads an array, handing each element's path over where it begins.
pub(super) fn list(
    scan: &mut Scan<'_>,
    path: &dyn Display,
    mut element: impl FnMut(&mut Scan<'_>, &dyn Display) -> Result<()>,
) -> Result<()> {
    if !scan.take(b'[') {
        return Err(wrong_type(scan, path, "an array"));
    }
    if scan.take(b']') {
        return Ok(());
    }
    for index in 0.. {
        check_count(index).map_err(within(path))?;
        element(scan, &format_args!("{path}[{index}]"))?;
        if scan.take(b']') {
            break;
        }
        if !scan.take(b',') {
            return Err(scan.unexpected("',' or ']'").at_path(path.to_string()));
        }
    }
    Ok(())
}

/// Reads a text of any length.
#[inline]
pub(crate) fn string<'t>(scan: &mut Scan<'t>, path: &dyn Display) -> Result<Cow<'t, str>> {
    match scan.peek() {
        Some(b'"') => scan.string().map_err(within(path)),
        _ => Err(wrong_type(scan, path, "text")),
    }
}

/// Reads a text and what it stands for.
#[inline]
pub(crate) fn parsed<T>(
    scan: &mut Scan<'_>,
    path: &dyn Display,
    parse: impl FnOnce(&str) -> Result<T>,
) -> Result<T> {
    let start = scan.place();
    let text = string(scan, path)?;
    parse(&text).map_err(|error| {
        let quote = scan.column(start);
        // A column within the text can be found again only if nothing in it was escaped.
        let column = match (&text, error.column()) {
            (Cow::Borrowed(_), Some(column)) => quote + column,
            _ => quote,
        };
        within(path)(error).at_column(column)
    })
}

/// Reads a text that is bounded and not empty.
pub(super) fn owned(scan: &mut Scan<'_>, path: &dyn Display) -> Result<Box<str>> {
    parsed(scan, path, |text| check_text(path, text).map(|()| text.into()))
}

/// Reads a kind.
pub(super) fn kind(scan: &mut Scan<'_>) -> Result<Kind> {
    parsed(scan, &"kind", Kind::parse)
}

/// Reads a whole number of that range.
pub(crate) fn number(scan: &mut Scan<'_>, path: &dyn Display, range: RangeInclusive<u64>) -> Result<u64> {
    let expected = || format!("a whole number from {} to {}", range.start(), range.end());
    let start = scan.place();
    if !matches!(scan.peek(), Some(b'-' | b'0'..=b'9')) {
        return Err(wrong_type(scan, path, &expected()));
    }
    let text = scan.value().map_err(within(path))?.text;
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| match text.contains(['.', 'e', 'E']) {
        // No language but JavaScript takes such a one for an integer.
        true => wrong_number(scan, start, path, text, "has a fraction or an exponent").expecting(expected()),
        false => wrong_number(scan, start, path, text, "is out of range").expecting(expected()),
    })
}

/// Reads a number that is a float or can be one.
pub(crate) fn float(scan: &mut Scan<'_>, path: &dyn Display) -> Result<f64> {
    let start = scan.place();
    if !matches!(scan.peek(), Some(b'-' | b'0'..=b'9')) {
        return Err(wrong_type(scan, path, "a number"));
    }
    let text = scan.value().map_err(within(path))?.text;
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| {
        wrong_number(scan, start, path, text, "is out of range").expecting("a number of 64 bits")
    })
}

fn wrong_number(scan: &Scan<'_>, start: usize, path: &dyn Display, number: &str, what: &str) -> Error {
    let shown: String = number.chars().take(40).collect();
    scan.error(start, format!("{shown} {what}")).at_path(path.to_string())
}

/// Reads `true` or `false`.
pub(crate) fn truth(scan: &mut Scan<'_>, path: &dyn Display) -> Result<bool> {
    match scan.peek() {
        Some(b't' | b'f') => Ok(scan.value().map_err(within(path))?.text == "true"),
        _ => Err(wrong_type(scan, path, "true or false")),
    }
}

/// Reads an id in the form that is written, in either case.
pub(super) fn parse_uuid(text: &str) -> Result<Uuid> {
    let hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
    let id = hyphenated.then(|| Uuid::try_parse(text).ok()).flatten().filter(|id| !id.is_nil());
    id.ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Error::invalid(format!("{shown:?} is no id"))
            .expecting("a UUID such as 0190163d-8694-739b-aea5-966c26f8ad91")
    })
}

/// The error of a member that has to be there.
pub(crate) fn missing(path: &str) -> Error {
    Error::invalid("it is missing").at_path(path)
}

/// Points an error at `path`, unless it already points at a field or `path` is the event itself.
pub(crate) fn within(path: &dyn Display) -> impl FnOnce(Error) -> Error {
    move |error| match (error.path(), path.to_string()) {
        (None, path) if !path.is_empty() => error.at_path(path),
        _ => error,
    }
}

/// The error of a value of another type than it should be.
pub(crate) fn wrong_type(scan: &mut Scan<'_>, path: &dyn Display, expected: &str) -> Error {
    let found = match scan.peek() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "text",
        Some(b't' | b'f') => "true or false",
        Some(b'-' | b'0'..=b'9') => "a number",
        Some(b'n') => {
            let at = scan.place();
            let error = scan.error(at, "it is null; what is absent is left out, never null");
            return within(path)(error).expecting(expected);
        }
        _ => return within(path)(scan.unexpected(expected)),
    };
    let at = scan.place();
    within(path)(scan.error(at, format!("it is {found}"))).expecting(expected)
}
