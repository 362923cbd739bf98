//! Values for invented samples, from the names of fields: an agent plans a trip to Lisbon.
//!
//! A name that `vocabulary.rs` doesn't list gets a value by its type and unit; text, the first word that its
//! docs quote.

use std::collections::BTreeMap;

use newswire::catalogue::{FieldRow, Row, records};
use serde_json::json;
use serde_json::value::RawValue;

use super::vocabulary::{ANYTHING, FLIGHT, NAMES, NUMBERS, TEXTS};

/// How long everything takes.
pub(super) const DURATION_NS: u64 = 1_284_500_000;

/// A name for what the events of `life`, a kind without its last segment, are about.
pub(super) fn component_id(life: &str) -> &str {
    let known = NAMES.iter().find(|(known, _)| *known == life).map(|(_, name)| *name);
    known.unwrap_or(if life.starts_with("tool") { "search_flights" } else { life })
}

/// A payload with all the fields of its kind, in the order of the wire; those that it `has` stay.
pub(super) fn payload(row: &Row, has: &BTreeMap<&str, &RawValue>) -> String {
    let life = row.about();
    object(row.fields, life, has)
}

fn object(fields: &[FieldRow], life: &str, has: &BTreeMap<&str, &RawValue>) -> String {
    let member = |field: &FieldRow| match has.get(field.name) {
        Some(raw) => format!("\"{}\":{raw}", field.name),
        None => format!("\"{}\":{}", field.name, value(field, life)),
    };
    format!("{{{}}}", fields.iter().map(member).collect::<Vec<_>>().join(","))
}

fn value(field: &FieldRow, life: &str) -> String {
    match field.value {
        "text" => json!(text(field, life)).to_string(),
        "integer" | "number" => number(field),
        "boolean" => "true".to_owned(),
        "bytes" => "\"UklGRg==\"".to_owned(),
        "json" => anything(field.name).to_owned(),
        record => {
            let row = records().iter().find(|row| row.name == record);
            let row = row.unwrap_or_else(|| panic!("{record} is no record"));
            object(row.fields, record, &BTreeMap::new())
        }
    }
}

fn text(field: &FieldRow, life: &str) -> String {
    match (life, field.name) {
        ("Failure", "message") => return "the service did not answer within 30 s".to_owned(),
        ("embedding.call", "model") => return "text-embedding-3-small".to_owned(),
        (_, "name") => return component_id(life).to_owned(),
        _ => {}
    }
    if let Some((_, text)) = TEXTS.iter().find(|(name, _)| *name == field.name) {
        return (*text).to_owned();
    }
    if let Some(id) = field.name.strip_suffix("_id") {
        return format!("{}-12", id.rsplit('_').next().unwrap_or(id));
    }
    match field.docs.split('`').nth(1) {
        Some(quoted) => quoted.to_owned(),
        None if field.name.starts_with("reason") => "the user asked for something else".to_owned(),
        None => field.name.replace('_', " "),
    }
}

fn number(field: &FieldRow) -> String {
    if field.name == "duration_ns" {
        return DURATION_NS.to_string();
    }
    let known = NUMBERS.iter().find(|(name, _)| *name == field.name).map(|(_, number)| *number);
    let number = known.unwrap_or(match (field.value, field.unit()) {
        ("number", _) => "0.25",
        (_, Some("ns")) => "412000000",
        (_, Some("bytes")) => "1482",
        (_, Some("tokens")) => "8192",
        (_, Some(_)) => "3",
        (_, None) => "2",
    });
    number.to_owned()
}

fn anything(name: &str) -> &'static str {
    ANYTHING.iter().find(|(known, _)| *known == name).map_or(FLIGHT, |(_, json)| json)
}
