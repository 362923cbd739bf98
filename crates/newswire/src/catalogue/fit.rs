//! Whether JSON fits the payload of its kind, by the fields of the table.
//!
//! What fits is what the kind's schema calls valid, so every language can read it: a required field is there,
//! a field that is there has its type and bounds, and what is absent is left out, never null. Beyond that, totals
//! include their parts. Fields that this version doesn't know are anybody's own and no misfit.

use std::fmt::Display;

use serde_json::Value;

use super::Usage;
use super::media_record::Inline;
use super::record::records;
use super::row::{FieldRow, Row};
use super::schema::MAX_PLAIN;
use crate::error::{Error, Result};
use crate::event::{Event, Scan, member};
use crate::kind::Kind;
use crate::registry;

impl Row {
    /// Checks a payload of this kind, as JSON.
    ///
    /// ```
    /// use newswire::catalogue::{Catalogued, model::ModelCallCompleted, row_of};
    ///
    /// let row = row_of(&ModelCallCompleted::KIND).expect("a row");
    /// assert!(row.check_payload(r#"{"usage":{"input_tokens":12},"my_own":[1]}"#).is_ok());
    /// let error = row.check_payload(r#"{"usage":{"input_tokens":"12"}}"#).unwrap_err();
    /// assert_eq!(error.path(), Some("payload.usage.input_tokens"));
    /// assert_eq!(error.expected(), Some("a whole number from 0 to 9007199254740991"));
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid`, with path, column and what was expected, for the first thing that doesn't fit.
    pub fn check_payload(&self, json: &str) -> Result<()> {
        let mut whole = Scan::new(json);
        whole.value().and_then(|_| whole.end()).map_err(member::within(&"payload"))?;
        object(&mut Scan::new(json), &"payload", self.fields)
    }
}

/// Checks the payload of an event, where it is JSON and its kind is known: of the catalogue, or registered.
///
/// # Errors
/// As [`Row::check_payload`]; for registered kinds whatever their type's reader says.
pub(crate) fn check_payload(event: &Event) -> Result<()> {
    let body = &event.data().body;
    if body.is_typed() {
        return Ok(());
    }
    let Some(row) = super::row_of(event.kind()) else {
        return body.text().map_or(Ok(()), |json| registry::check(event.kind(), json));
    };
    match body.text() {
        Some(json) => row.check_payload(json),
        None => row.fields.iter().find(|field| !field.optional).map_or(Ok(()), |field| {
            Err(member::missing("payload").expecting(format!("an object with {}", field.name)))
        }),
    }
}

/// Checks a value for a path of a kind's payload.
///
/// # Errors
/// As [`Row::check_payload`], without the path; `TooLarge` for bytes over their bound.
pub(crate) fn check_value(row: &Row, path: &str, found: &Value) -> Result<()> {
    let (mut fields, mut path) = (row.fields, path);
    loop {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            return Err(Error::invalid(format!("{} has no such field", row.kind)));
        };
        match field.value {
            // What stands deeper in it is anybody's own.
            _ if rest.is_empty() || field.value == "json" => {
                return value(&mut Scan::new(&found.to_string()), &path, field);
            }
            record => (fields, path) = (fields_of(record), rest),
        }
    }
}

/// Refuses more bytes than an event may carry inline, wherever JSON of a known kind has some: such a payload is
/// held by every queue, history and store, whether its bus checks payloads or not.
///
/// # Errors
/// `TooLarge`, with the path.
#[cold]
pub(crate) fn check_inline(kind: &Kind, json: &str) -> Result<()> {
    let Some(row) = super::row_of(kind) else { return Ok(()) };
    let has_bytes = |field: &FieldRow| fields_of(field.value).iter().any(|inner| inner.value == "bytes");
    if !row.fields.iter().any(has_bytes) {
        return Ok(());
    }
    bounded(&mut Scan::new(json), &"payload", row.fields)
}

fn bounded(scan: &mut Scan<'_>, path: &dyn Display, fields: &[FieldRow]) -> Result<()> {
    if !scan.take(b'{') {
        return scan.value().map(drop);
    }
    while let Some(name) = scan.member()? {
        let known = fields.iter().find(|field| field.name == name).map_or("", |field| field.value);
        let path = format_args!("{path}.{name}");
        match known {
            "bytes" if scan.peek() == Some(b'"') => {
                Inline::check_length(&scan.string()?).map_err(member::within(&path))?;
            }
            record => bounded(scan, &path, fields_of(record))?,
        }
    }
    Ok(())
}

/// The fields of a record; none of what is no record.
pub(crate) fn fields_of(record: &str) -> &'static [FieldRow] {
    records().iter().find(|row| row.name == record).map_or(&[], |row| row.fields)
}

/// Checks an object, and all that the table knows of what is in it.
fn object(scan: &mut Scan<'_>, path: &dyn Display, fields: &[FieldRow]) -> Result<()> {
    if !scan.take(b'{') {
        return Err(member::wrong_type(scan, path, "an object"));
    }
    let mut seen: Vec<&str> = Vec::with_capacity(fields.len());
    while let Some(name) = scan.member().map_err(member::within(path))? {
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            scan.value().map_err(member::within(path))?;
            continue;
        };
        let path = format_args!("{path}.{name}");
        if seen.contains(&field.name) {
            return Err(Error::invalid("it is given twice").at_path(path.to_string()));
        }
        seen.push(field.name);
        value(scan, &path, field)?;
    }
    match fields.iter().find(|field| !field.optional && !seen.contains(&field.name)) {
        Some(field) => Err(member::missing(&format!("{path}.{}", field.name)).expecting(wanted(field))),
        None => Ok(()),
    }
}

fn value(scan: &mut Scan<'_>, path: &dyn Display, field: &FieldRow) -> Result<()> {
    match field.value {
        "text" => member::string(scan, path).map(drop),
        "integer" => member::number(scan, path, 0..=field.max_integer()).map(drop),
        "number" => member::float(scan, path).map(drop),
        "boolean" => member::truth(scan, path).map(drop),
        "bytes" => member::parsed(scan, path, |base64| Inline::parse(base64)).map(drop),
        "json" if scan.peek() == Some(b'n') => Err(member::wrong_type(scan, path, "any JSON but null")),
        "json" => scan.value().map(drop).map_err(member::within(path)),
        record => {
            let start = scan.place();
            object(scan, path, fields_of(record))?;
            match record {
                "Usage" => whole(scan.text_since(start), path),
                _ => Ok(()),
            }
        }
    }
}

/// Checks that the totals of a usage include their parts.
fn whole(usage: &str, path: &dyn Display) -> Result<()> {
    let usage: Usage = serde_json::from_str(usage).map_err(|error| Error::of_json(&error, usage))?;
    usage.check().map_err(|error| {
        let field = error.path().unwrap_or_default().to_owned();
        error.at_path(format!("{path}.{field}"))
    })
}

/// What a missing field should have been.
fn wanted(field: &FieldRow) -> String {
    match field.value {
        "text" => "text".to_owned(),
        "integer" => format!("a whole number from 0 to {}", field.max_integer()),
        "number" => "a number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "bytes" => "bytes in base64".to_owned(),
        "json" => "any JSON but null".to_owned(),
        _ => "an object".to_owned(),
    }
}

impl FieldRow {
    /// The largest integer that it can be: what every language's type for it holds.
    fn max_integer(&self) -> u64 {
        if self.is_int64() { i64::MAX as u64 } else { MAX_PLAIN }
    }
}
