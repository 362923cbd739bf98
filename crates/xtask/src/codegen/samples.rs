//! `tests/conformance/samples.json`: one event of every kind, as an emitter would make it.
//!
//! Samples that exist are kept, whoever wrote them; they are only brought into the wire form, and their
//! payloads get the fields that they lack and lose those that their kind has no more. For a kind without
//! one an event is invented: times and ids come from the kind's name, so that a new row changes no other
//! sample.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use newswire::catalogue::{Row, row_of, rows};
use newswire::{ComponentScope, Event, Phase};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::Generated;
use super::invent::{DURATION_NS, component_id, payload};
use super::names::family_of;

const PATH: &str = "tests/conformance/samples.json";

pub(super) fn file(root: &Path) -> Generated {
    let kept = kept(root);
    let lines: Vec<_> = rows()
        .iter()
        .map(|row| kept.get(row.kind).cloned().unwrap_or_else(|| invented(row).to_json()))
        .collect();
    Generated::new(PATH, format!("[\n{}\n]\n", lines.join(",\n")))
}

/// The samples that exist, by kind.
fn kept(root: &Path) -> HashMap<&'static str, String> {
    let Ok(text) = fs::read_to_string(root.join(PATH)) else { return HashMap::new() };
    let samples: Vec<&RawValue> =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{PATH}: {error}"));
    let events = samples.iter().map(|sample| {
        Event::from_json(sample.get()).unwrap_or_else(|error| panic!("{PATH}: {}: {error}", sample.get()))
    });
    events.filter_map(|event| row_of(event.kind()).map(|row| (row.kind, fitted(row, &event)))).collect()
}

/// The event as JSON, its payload with the fields of its kind: those that it has untouched, others invented.
fn fitted(row: &Row, event: &Event) -> String {
    let old = event.payload_json().unwrap_or_default();
    let has: BTreeMap<&str, &RawValue> =
        serde_json::from_str(old).unwrap_or_else(|error| panic!("{PATH}: {}: {error}", row.kind));
    let fits = has.len() == row.fields.len() && row.fields.iter().all(|field| has.contains_key(field.name));
    match fits {
        true => event.to_json(),
        false => event.to_json().replacen(old, &payload(row, &has), 1),
    }
}

/// An event of that kind.
fn invented(row: &Row) -> Event {
    let family = family_of(row.kind);
    let life = row.about();
    // Within an hour of one morning, all stations of a lifecycle together; the id's first 48 bits are the
    // time's milliseconds.
    let after_ns = hash(life) % 3_500_000_000_000 + since_start_ns(row.phase);
    let unix_ms = 1_795_251_600_000 + after_ns / 1_000_000;
    let (second, minute) = (after_ns / 1_000_000_000 % 60, after_ns / 60_000_000_000);
    let id = format!(
        "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
        unix_ms >> 16,
        unix_ms & 0xffff,
        hash(row.payload) & 0xfff,
        0x8000 | hash(row.payload) >> 16 & 0x3fff,
        hash(row.payload) >> 16 & 0xffff_ffff_ffff
    );
    let mut event = json!({
        "id": id,
        "kind": row.kind,
        "time": format!("2026-11-21T09:{minute:02}:{second:02}.{:09}Z", after_ns % 1_000_000_000),
        "severity": row.severity.as_str(),
    });
    let of_bus = family == "bus";
    if of_bus {
        event["internal"] = json!(true);
        event["source"] = json!({"component": "bus"});
    } else {
        event["source"] = json!({"component": family, "name": component_id(life)});
        event["scope"] = json!({"agent": "trip_planner", "session": "s-42", "run": "r-7"});
    }
    if row.phase.is_some() || !of_bus {
        event["correlation"] = correlation(life, (life != "run" && !of_bus).then_some("run"));
    }
    if let Some(scope) = row.component {
        event["component"] = component(scope, life);
    }
    let envelope = event.to_string();
    // The payload is joined as text, which keeps its fields in the order of the wire.
    let text = format!(
        "{},\"payload\":{}}}",
        envelope.strip_suffix('}').unwrap_or_default(),
        payload(row, &BTreeMap::new())
    );
    Event::from_json(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// How long after its start a lifecycle comes to a station.
fn since_start_ns(phase: Option<Phase>) -> u64 {
    match phase {
        None | Some(Phase::Started) => 0,
        Some(Phase::Progress) => DURATION_NS / 2,
        Some(_) => DURATION_NS,
    }
}

/// All events of one lifecycle have the same span.
fn correlation(life: &str, parent: Option<&str>) -> Value {
    let mut ids = Map::new();
    ids.insert("trace".into(), json!("4bf92f3577b34da6a3ce929d0e0e4736"));
    ids.insert("span".into(), json!(hex(life)));
    ids.extend(parent.map(|parent| ("parent_span".into(), json!(hex(parent)))));
    Value::Object(ids)
}

fn component(scope: ComponentScope, life: &str) -> Value {
    json!({"scope": scope.as_str(), "id": component_id(life)})
}

fn hex(name: &str) -> String {
    format!("{:016x}", hash(name))
}

/// FNV-1a: the same number on every machine, for ever.
fn hash(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
