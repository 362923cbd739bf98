//! Every kind has a sample, and each sample is what its kind, its payload type and its schema say.

/// The table of kinds and types, which `typed.rs` fills.
macro_rules! typed {
    ($($kind:literal $family:ident::$payload:ident,)+) => {
        pub(crate) const TYPED: &[(&str, crate::Again)] =
            &[$(($kind, crate::again::<newswire::catalogue::$family::$payload>)),+];
    };
}

mod typed;
mod valid;

use std::collections::BTreeMap;

use newswire::catalogue::{Catalogued, row_of, rows, schema};
use newswire::{Event, Phase};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use typed::TYPED;

/// Reads a sample's payload as the type of a kind and writes it again.
type Again = fn(&Event) -> Value;

fn again<P: Catalogued + DeserializeOwned>(event: &Event) -> Value {
    assert_eq!(event.kind(), &P::KIND);
    let payload = event.payload::<P>().unwrap_or_else(|error| panic!("{}: {error}", event.kind()));
    serde_json::to_value(&*payload.expect("a payload")).expect("JSON")
}

/// The samples as they stand in the file, each beside its event.
fn samples() -> Vec<(String, Event)> {
    let text = include_str!("../../../../tests/conformance/samples.json");
    let samples: Vec<&RawValue> = serde_json::from_str(text).expect("an array");
    let event = |raw: &&RawValue| {
        let event = Event::from_json(raw.get()).unwrap_or_else(|error| panic!("{error}: {}", raw.get()));
        (raw.get().to_owned(), event)
    };
    samples.iter().map(event).collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn every_kind_has_one_sample_in_the_order_of_the_table() {
    let kinds: Vec<_> = samples().iter().map(|(_, event)| event.kind().to_string()).collect();
    let expected: Vec<_> = rows().iter().map(|row| row.kind).collect();
    assert_eq!(kinds, expected, "`cargo xtask codegen` writes a sample for a kind that lacks one");
}

#[test]
fn a_sample_is_written_as_it_was_read() {
    for (text, event) in samples() {
        assert_eq!(event.to_json(), text);
    }
}

#[test]
fn a_sample_reads_back_as_its_kinds_payload_and_nothing_is_unknown() {
    let typed: BTreeMap<_, _> = TYPED.iter().copied().collect();
    for (_, event) in samples() {
        let again = typed.get(event.kind().as_str()).expect("`cargo xtask codegen` lists every kind");
        assert_eq!(again(&event), json(event.payload_json().expect("a payload")), "{}", event.kind());
    }
}

#[test]
fn a_sample_has_all_fields_of_its_kind() {
    for (_, event) in samples() {
        let payload = json(event.payload_json().expect("a payload"));
        let row = row_of(event.kind()).expect("a row");
        for field in row.fields {
            assert!(payload.get(field.name).is_some(), "{} has no {}", row.kind, field.name);
        }
        assert_eq!(event.component().map(|component| component.scope()), row.component, "{}", row.kind);
        assert_eq!(event.severity(), row.severity, "{}", row.kind);
        assert_eq!(event.internal(), row.kind.starts_with("bus."), "{}", row.kind);
    }
}

#[test]
fn all_stations_of_a_lifecycle_have_one_span() {
    let mut spans = BTreeMap::new();
    for (_, event) in samples().into_iter().filter(|(_, event)| event.phase().is_some()) {
        let life = event.kind().as_str().rsplit_once('.').expect("two segments").0.to_owned();
        let span = event.correlation().span.expect("a span");
        assert_eq!(*spans.entry(life).or_insert(span), span, "{}", event.kind());
        assert!(event.phase() != Some(Phase::Failed) || event.payload_json().expect("one").contains("error"));
    }
}

#[test]
fn a_sample_is_valid_against_the_schemas() {
    let envelope = json(&schema::of_event());
    for (text, event) in samples() {
        valid::check(&envelope, &json(&text)).unwrap_or_else(|wrong| panic!("{}: {wrong}", event.kind()));
        let payload = json(&schema::of_payload(row_of(event.kind()).expect("a row")));
        valid::check(&payload, &json(event.payload_json().expect("a payload")))
            .unwrap_or_else(|wrong| panic!("{}: payload{wrong}", event.kind()));
    }
}

#[test]
fn a_payload_fits_where_its_schema_says_so_and_nowhere_else() {
    let others = ["null", "7", "-1", "1.5", "9007199254740993", "true", r#""x""#, "[]", "{}"].map(json);
    for (_, event) in samples() {
        let row = row_of(event.kind()).expect("a row");
        let schema = json(&schema::of_payload(row));
        let agrees = |payload: &Value| {
            let (fits, valid) = (row.check_payload(&payload.to_string()), valid::check(&schema, payload));
            // No schema can say that a total includes its parts.
            let sums = fits.as_ref().is_err_and(|error| error.expected() == Some("at least its parts"));
            assert_eq!(fits.is_ok() || sums, valid.is_ok(), "{} {payload}: {fits:?}, {valid:?}", row.kind);
        };
        let whole = json(event.payload_json().expect("a payload"));
        agrees(&whole);
        for path in paths(&whole) {
            for other in &others {
                let mut changed = whole.clone();
                *changed.pointer_mut(&path).expect("a value") = other.clone();
                agrees(&changed);
            }
            let (parent, name) = path.rsplit_once('/').expect("a name");
            let mut without = whole.clone();
            without.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").remove(name);
            agrees(&without);
        }
    }
}

/// All members of an object and of those in it; bytes aside, of which schemas don't say that they are base64.
fn paths(value: &Value) -> Vec<String> {
    let members = value.as_object().into_iter().flatten().filter(|(name, _)| *name != "inline");
    members
        .flat_map(|(name, value)| {
            let within = paths(value).into_iter().map(move |path| format!("/{name}{path}"));
            std::iter::once(format!("/{name}")).chain(within)
        })
        .collect()
}

#[test]
fn what_breaks_a_schema_is_refused() {
    let schema =
        json(&schema::of_payload(rows().iter().find(|row| row.kind == "tool.call.failed").expect("one")));
    let refused = |payload: &str| valid::check(&schema, &json(payload)).expect_err(payload);
    assert_eq!(refused("{}"), ".name is missing");
    assert_eq!(refused(r#"{"name":7,"error":{"message":"no"}}"#), ".name is no string");
    assert_eq!(refused(r#"{"name":"search","error":{"type":"timeout"}}"#), ".error.message is missing");
    assert_eq!(
        refused(r#"{"name":"search","error":{"message":"no"},"duration_ns":-1}"#),
        ".duration_ns is below 0"
    );
    let unknown = r#"{"name":"search","error":{"message":"no"},"later":[1]}"#;
    assert_eq!(valid::check(&schema, &json(unknown)), Ok(()));
}
