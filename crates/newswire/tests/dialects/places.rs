//! Every field of every row, one by one: what is read goes where its table says, and nowhere else.

use newswire::catalogue::{
    Alias, FieldMap, Ours, Row, System, Unit, When, alias_for, aliases, records, row_of,
};
use newswire::{CorrelationField, Event, ScopeField};
use serde_json::{Map, Value, json};

use super::any::place;
use super::json;

/// Something that fits there, in their unit.
fn sample(map: &FieldMap, row: &Row) -> Value {
    let Ours::Payload(path) = map.ours else { return json!("some") };
    let mut segments = path.split('.');
    let head = segments.next().unwrap_or_default();
    let field = row.fields.iter().find(|field| field.name == head).expect("a field of the payload");
    let record = records().iter().find(|record| record.name == field.value);
    let inner = segments.next().and_then(|name| record?.fields.iter().find(|field| field.name == name));
    match (inner.unwrap_or(field).value, map.unit) {
        (_, Unit::TimeSpan) => json!("00:00:07"),
        ("text", _) => json!("some"),
        ("integer", _) => json!(7),
        ("number", _) => json!(0.25),
        ("boolean", _) => json!(true),
        ("bytes", _) => json!("UklGRg=="),
        _ => json!(["some"]),
    }
}

/// Makes the condition hold.
fn fulfil(when: When, payload: &mut Map<String, Value>) {
    match when {
        When::Always => {}
        When::Is(field, truth) => place(payload, field, json!(truth)),
        When::Says(field, text) => place(payload, field, json!(text)),
        When::OneOf(field, texts) => place(payload, field, json!(texts[0])),
        When::Has(field) | When::Filled(field) => place(payload, field, json!("some")),
        When::Counts(field) => place(payload, field, json!(7)),
        When::All(conditions) => conditions.iter().for_each(|condition| fulfil(*condition, payload)),
    }
}

/// What stands there in ours.
fn at(event: &Event, ours: Ours) -> Option<Value> {
    let scope = |field: ScopeField| event.scope().get(field).map(Value::from);
    let correlation = |field: CorrelationField| event.correlation().get(field).map(Value::from);
    match ours {
        Ours::Payload(path) => {
            let payload = json(event.payload_json()?);
            path.split('.').try_fold(&payload, |value, name| value.get(name)).cloned()
        }
        Ours::Scope(field) => scope(field),
        Ours::Correlation(field) => correlation(field),
        Ours::Envelope(_) => event.message().map(Value::from),
        Ours::Attr(name, _) => event.attr(name).map(|value| json(value.get())),
        Ours::Kind => None,
    }
}

/// Whether some object in it has such a member.
fn has_member(value: &Value, name: &str) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, inner)| key == name || has_member(inner, name)),
        Value::Array(items) => items.iter().any(|item| has_member(item, name)),
        _ => false,
    }
}

fn goes_where_its_table_says(alias: &Alias, map: &FieldMap) {
    let row = row_of(&alias.kind).expect("a kind of the table");
    let mut payload = Map::new();
    fulfil(alias.when, &mut payload);
    // What the condition asks for stands there already.
    if !matches!(alias.when, When::Is(field, _) | When::Says(field, _) | When::OneOf(field, _) if field == map.theirs)
    {
        place(&mut payload, map.theirs, sample(map, row));
    }
    let what = format!("{}/{} where {}: {}", alias.system.as_str(), alias.name, alias.when, map.theirs);
    let name = format!("{}/{}", alias.system.as_str(), alias.name);
    let payload = Value::Object(payload);
    let chosen = alias_for(alias.system, alias.name, &payload).expect("a row");
    assert_eq!(chosen.kind, alias.kind, "{what} makes it another kind");
    let event = Event::named(&name, &payload).and_then(|event| event.build()).expect("an event");
    assert!(at(&event, map.ours).is_some(), "{what} isn't at {:?} of {}", map.ours, event.to_json());
    let kept = json(event.attr(alias.system.as_str()).expect("what the dialect keeps").get());
    let last = map.theirs.rsplit('.').next().unwrap_or_default();
    // What the condition asks for says the same already.
    let mut said =
        alias.fields().filter(|other| Some(other.theirs) == alias.when.field() && other.theirs != map.theirs);
    assert!(
        said.any(|other| other.ours == map.ours) || !has_member(&kept["rest"], last),
        "{what} is left over: {kept}"
    );
}

#[test]
fn every_field_of_every_row_goes_where_its_table_says() {
    for alias in aliases() {
        for map in alias.fields().filter(|map| map.ours != Ours::Kind) {
            goes_where_its_table_says(alias, &map);
        }
    }
}

#[test]
fn what_a_turn_of_picoclaw_that_was_aborted_tells_is_kept_in_fields() {
    let payload =
        json!({"Status": "aborted", "Iterations": 3, "FinalContent": "so far", "ToolKinds": ["read"]});
    let event = Event::named("picoclaw/agent.turn.end", &payload).and_then(|event| event.build());
    let event = event.expect("an event");
    assert_eq!(event.kind().as_str(), "turn.canceled");
    let expected =
        json!({"iteration_count": 3, "details": {"final_content": "so far", "tool_kinds": ["read"]}});
    assert_eq!(json(event.payload_json().expect("a payload")), expected);
    assert_eq!(
        super::dialect(System::PicoClaw).write_value(&event).expect("a kind of its")["payload"],
        payload
    );
}

/// What ours must have.
fn required(row: &Row) -> Map<String, Value> {
    let fields = row.fields.iter().filter(|field| !field.optional);
    let value = |value| match value {
        "text" => json!("some"),
        "integer" => json!(7),
        "number" => json!(0.25),
        "boolean" => json!(true),
        "Failure" => json!({"message": "some"}),
        _ => json!({}),
    };
    fields.map(|field| (field.name.to_owned(), value(field.value))).collect()
}

/// A verdict without violations reads as an operation that errored: it has no other way to say why.
const EXCEPT: &[(&str, &str)] = &[("validation.failed", "explanation")];

/// What one row can say of ours is written, whichever of the names is taken.
#[test]
fn every_field_of_ours_that_a_system_has_is_written_and_read_again() {
    let mut lost = Vec::new();
    for alias in aliases() {
        let row = row_of(&alias.kind).expect("a kind of the table");
        for map in alias.fields() {
            let Ours::Payload(path) = map.ours else { continue };
            let mut payload = required(row);
            // Milliseconds are whole in some systems.
            let value = match path {
                _ if path.ends_with("_ns") => json!(7_000_000_000u64),
                "finish_reason" => json!("stop"),
                _ => sample(&FieldMap { unit: Unit::Same, ..map }, row),
            };
            place(&mut payload, path, value.clone());
            for (field, given) in alias.given {
                place(&mut payload, field, super::ours::value_of(*given));
            }
            let asks = alias.when.field() == Some(map.theirs);
            if asks
                || alias.given.iter().any(|(field, _)| *field == path)
                || EXCEPT.contains(&(alias.name, path))
            {
                continue;
            }
            let event = Event::builder(alias.kind.clone()).json(Value::Object(payload).to_string()).build();
            let event = event.expect("an event");
            let written = super::dialect(alias.system).write_value(&event).expect("a kind that it has");
            let again = super::dialect(alias.system).read_value(&written);
            let again = again.unwrap_or_else(|error| panic!("{error}: {written}"));
            if at(&again, map.ours) != Some(value) {
                lost.push(format!("{}/{} {path}: {written}", alias.system.as_str(), alias.name));
            }
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}
