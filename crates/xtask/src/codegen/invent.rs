//! Values for invented samples, from the names of fields: an agent plans a trip to Lisbon.
//!
//! A name that `vocabulary.rs` doesn't list gets a value by its type and unit; text, the first word that its
//! docs quote.

use std::collections::BTreeMap;

use newswire::catalogue::{FieldRow, Row, records};
use serde_json::json;
use serde_json::value::RawValue;

use super::vocabulary::{ANYTHING, FLIGHT, NAMES, TEXTS};

/// How long everything takes.
pub(super) const DURATION_NS: u64 = 1_284_500_000;

/// A name for what the events of `life`, a kind without its last segment, are about.
pub(super) fn component_id(life: &str) -> &str {
    let known = NAMES.iter().find(|(known, _)| *known == life).map(|(_, name)| *name);
    known.unwrap_or(if life.starts_with("tool") { "search_flights" } else { life })
}

/// A payload with all the fields of its kind, in the order of the wire; those that it `has` stay.
pub(super) fn payload(row: &Row, has: &BTreeMap<&str, &RawValue>) -> String {
    let life = row.kind.rsplit_once('.').map_or(row.kind, |(life, _)| life);
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
    let value = match field.value {
        "text" => json!(text(field, life)),
        "integer" => json!(integer(field)),
        "number" => match field.unit() {
            Some("usd") => json!(0.00734),
            _ if field.name == "score" => json!(0.92),
            _ => json!(0.25),
        },
        "boolean" => json!(true),
        "bytes" => json!("UklGRg=="),
        "json" => return anything(field.name).to_owned(),
        record => {
            let row = records().iter().find(|row| row.name == record);
            let row = row.unwrap_or_else(|| panic!("{record} is no record"));
            return object(row.fields, record, &BTreeMap::new());
        }
    };
    value.to_string()
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

fn integer(field: &FieldRow) -> u64 {
    match (field.unit(), field.name) {
        (Some("ns"), "duration_ns") => DURATION_NS,
        (Some("ns"), _) => 412_000_000,
        (Some("bytes"), _) => 1_482,
        (Some("tokens"), "input_tokens") => 1_842,
        (Some("tokens"), "cache_read_tokens") => 1_024,
        (Some("tokens"), "cache_write_tokens" | "output_tokens") => 256,
        (Some("tokens"), "reasoning_tokens") => 64,
        (Some("tokens"), _) => 8_192,
        (Some(_), _) => 3,
        (None, "total") => 8,
        (None, _) => 2,
    }
}

fn anything(name: &str) -> &'static str {
    ANYTHING.iter().find(|(known, _)| *known == name).map_or(FLIGHT, |(_, json)| json)
}
