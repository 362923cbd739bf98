//! Values for invented samples, from the names of fields: an agent plans a trip to Lisbon.
//!
//! A name that isn't listed gets a value by its type and unit; text, the first word that its docs quote.

use std::collections::BTreeMap;

use newswire::catalogue::{FieldRow, Row, records};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// How long everything takes.
pub(super) const DURATION_NS: u64 = 1_284_500_000;

/// What things are called, by the kind without its last segment.
const NAMES: &[(&str, &str)] = &[
    ("agent", "trip_planner"),
    ("embedding.call", "embedder"),
    ("evaluation", "answer_relevance"),
    ("message", "assistant"),
    ("memory", "preferences"),
    ("model.call", "planner:llm:0"),
    ("retrieval", "travel_guides"),
    ("run", "plan_trip"),
    ("session", "lisbon"),
    ("state", "choosing_hotel"),
    ("step", "fetch_offers"),
    ("turn", "turn-3"),
    ("validation", "no_personal_data"),
    ("workflow", "book_trip"),
];

/// Texts, by the name of the field.
const TEXTS: &[(&str, &str)] = &[
    ("agent", "trip_planner"),
    ("call_id", "call_7f3a"),
    ("code", "504"),
    ("content", "Three flights fit; the one at 09:40 is the cheapest."),
    ("decided_by", "ana"),
    ("description", "Plans trips and books them."),
    ("engine", "python"),
    ("explanation", "The answer names a flight, a price and a time, as asked."),
    ("failed_step", "fetch_offers"),
    ("final_state", "booked"),
    ("from", "collecting_dates"),
    ("input", "Find me a flight to Lisbon on Friday."),
    ("level", "info"),
    ("logger", "planner.offers"),
    ("message", "3 of 8 offers compared"),
    ("model", "gpt-5"),
    ("output", "The flight at 09:40 costs 112 EUR."),
    ("prompt", "May search_flights be called with these arguments?"),
    ("provider", "openai"),
    ("query", "flights to Lisbon on Friday"),
    ("raw_finish_reason", "end_turn"),
    ("response_model", "gpt-5-2026-08-01"),
    ("sender", "trip_planner"),
    ("stage", "provider"),
    ("status", "complete"),
    ("step_type", "tool"),
    ("store", "sqlite:events.db"),
    ("subscription", "dashboard"),
    ("summary", "Ana wants to fly to Lisbon on Friday for at most 150 EUR."),
    ("system_prompt", "You plan trips. Answer briefly."),
    ("text", "The flight at 09:40"),
    ("to", "choosing_flight"),
    ("tool", "search_flights"),
    ("type", "timeout"),
    ("validation_type", "pattern"),
    ("version", "1.4.0"),
    ("workspace", "trips/lisbon"),
];

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
        "json" => any_json(field.name),
        record => {
            let row = records().iter().find(|row| row.name == record);
            return object(
                row.unwrap_or_else(|| panic!("{record} is no record")).fields,
                record,
                &BTreeMap::new(),
            );
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

fn any_json(name: &str) -> Value {
    let flight = json!({"flight": "TP 533", "price_eur": 112.0});
    match name {
        "arguments" => json!({"to": "LIS", "date": "2026-11-27"}),
        "categories" => json!(["network"]),
        "documents" => json!([{"id": "guide-7", "content": "Lisbon has one airport.", "score": 0.83}]),
        "edges" => json!([["fetch_offers", "compare"]]),
        "input" => json!("Find me a flight to Lisbon on Friday."),
        "labels" => json!({"team": "travel"}),
        "messages" => json!([{"role": "user", "parts": [{"type": "text", "content": "Find me a flight."}]}]),
        "nodes" => json!(["fetch_offers", "compare"]),
        "output" => json!("The flight at 09:40 costs 112 EUR."),
        "parts" => json!([{"type": "text", "content": "Three flights fit."}]),
        "patch" => json!([{"op": "replace", "path": "/hotel", "value": "Baixa"}]),
        "result" => json!([flight]),
        "state" => json!({"flight": "TP 533", "hotel": null}),
        "tool_calls" => json!([{"id": "call_7f3a", "name": "search_flights", "arguments": {"to": "LIS"}}]),
        "tool_result" => json!({"call_id": "call_7f3a", "result": [flight]}),
        "violations" => json!([{"rule": "no_phone_number", "at": 14}]),
        _ => flight,
    }
}
