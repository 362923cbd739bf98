//! JSON payloads that don't fit their kind, where a bus is told to look.

use newswire::catalogue::Usage;
use newswire::{Bus, BusOptions, Check, Error, ErrorKind, Event, Kind, Payload, Redaction};
use serde::{Deserialize, Serialize};

use super::common::{event, kind, seqs};

fn bus(payloads: Check) -> Bus {
    Bus::with(BusOptions { payloads, ..BusOptions::default() }).unwrap()
}

fn json(name: &str, payload: &str) -> Event {
    Event::builder(kind(name)).json(payload).build().unwrap()
}

/// What a bus that rejects says of it; path and what was expected.
fn refused(name: &str, payload: &str) -> (String, String) {
    let error = bus(Check::Reject).publish(json(name, payload)).unwrap_err().error;
    assert_eq!(error.kind(), ErrorKind::Invalid);
    (error.path().unwrap().to_owned(), error.expected().unwrap_or_default().to_owned())
}

fn is_refused(name: &str, payload: &str, path: &str, expected: &str) {
    assert_eq!(refused(name, payload), (path.to_owned(), expected.to_owned()), "{payload}");
}

#[test]
fn a_payload_that_doesnt_fit_passes_by_default() {
    let bus = Bus::new();
    bus.publish(json("tool.call.failed", r#"{"name":7}"#)).unwrap();
    assert_eq!((bus.stats().published, bus.stats().payload_warnings), (1, 0));
}

#[test]
fn a_bus_told_to_warn_publishes_what_doesnt_fit_and_counts_it() {
    let bus = bus(Check::Warn);
    let mut all = bus.subscribe("*").unwrap();
    for payload in [r#"{"name":7}"#, r#"{"name":"search"}"#, "[]"] {
        bus.publish(json("tool.call.started", payload)).unwrap();
    }
    assert_eq!(seqs(&mut all), [1, 2, 3]);
    assert_eq!(bus.stats().payload_warnings, 2);
}

#[test]
fn a_bus_told_to_reject_refuses_what_doesnt_fit_before_the_seq_at_every_door() {
    let bus = bus(Check::Reject);
    let mut all = bus.subscribe("*").unwrap();
    let (good, bad) =
        (json("step.started", r#"{"name":"load"}"#), json("step.started", r#"{"name":["load"]}"#));
    let rejected = bus.publish(bad.clone()).unwrap_err();
    assert_eq!(rejected.value.payload_json(), bad.payload_json());
    assert_eq!(rejected.error.to_string(), "payload.name: it is an array at column 9; expected text");
    assert!(bus.try_publish(bad.clone()).is_err());
    assert!(bus.publish_batch(vec![good.clone(), bad.clone()]).is_err());
    assert!(bus.publish_async(bad).is_err());
    bus.publish(good).unwrap();
    assert_eq!(seqs(&mut all), [1]);
}

#[test]
fn a_misfit_is_told_with_its_path_and_the_expected_type() {
    let plain = "a whole number from 0 to 9007199254740991";
    let call = "model.call.completed";
    is_refused(call, r#"{"usage":{"input_tokens":"12"}}"#, "payload.usage.input_tokens", plain);
    is_refused(call, r#"{"usage":{"input_tokens":1.5}}"#, "payload.usage.input_tokens", plain);
    is_refused(call, r#"{"usage":{"output_tokens":9007199254740992}}"#, "payload.usage.output_tokens", plain);
    is_refused(call, r#"{"usage":{"cost_usd":"1.5"}}"#, "payload.usage.cost_usd", "a number");
    is_refused(call, r#"{"usage":{"cost_usd":1e999}}"#, "payload.usage.cost_usd", "a number of 64 bits");
    is_refused(call, r#"{"usage":12}"#, "payload.usage", "an object");
    is_refused(call, r#"{"usage":null}"#, "payload.usage", "an object");
    let nanos = "a whole number from 0 to 9223372036854775807";
    is_refused(call, r#"{"duration_ns":-1}"#, "payload.duration_ns", nanos);
    is_refused(call, r#"{"has_reasoning":1}"#, "payload.has_reasoning", "true or false");
    is_refused(call, "7", "payload", "an object");
    let failed = "tool.call.failed";
    is_refused(failed, "{}", "payload.name", "text");
    is_refused(failed, r#"{"name":"search"}"#, "payload.error", "an object");
    is_refused(failed, r#"{"name":"search","error":{}}"#, "payload.error.message", "text");
    is_refused(
        failed,
        r#"{"name":"search","error":{"message":"no","code":504}}"#,
        "payload.error.code",
        "text",
    );
    is_refused("tool.approval.completed", r#"{"name":"search"}"#, "payload.approved", "true or false");
    let twice = bus(Check::Reject).publish(json("step.started", r#"{"name":"a","name":"b"}"#)).unwrap_err();
    assert_eq!(twice.error.to_string(), "payload.name: it is given twice");
}

#[test]
fn an_integer_has_neither_fraction_nor_exponent() {
    for number in ["1.0", "1.5", "1e3", "1E0"] {
        let payload = format!(r#"{{"name":"a","duration_ns":{number}}}"#);
        let error = bus(Check::Reject).publish(json("tool.call.completed", &payload)).unwrap_err().error;
        assert_eq!(error.message(), format!("{number} has a fraction or an exponent"));
    }
}

#[test]
fn what_is_absent_is_left_out_and_never_null_json_of_any_shape_included() {
    is_refused("tool.call.completed", r#"{"name":"a","result":null}"#, "payload.result", "any JSON but null");
    bus(Check::Reject).publish(json("tool.call.completed", r#"{"name":"a","result":[null]}"#)).unwrap();
    let bus = bus(Check::Reject);
    let mut all = bus.subscribe("*").unwrap();
    bus.emitter().tool_call_completed("a", None, serde_json::Value::Null, None).unwrap();
    assert_eq!(all.next().unwrap().event().unwrap().payload_json(), Some(r#"{"name":"a"}"#));
}

#[test]
fn totals_of_a_usage_include_their_parts() {
    let call = "model.call.completed";
    let usage = |parts: &str| format!(r#"{{"usage":{{{parts}}}}}"#);
    for parts in [
        r#""input_tokens":10,"cache_read_tokens":7,"cache_write_tokens":3"#,
        r#""cache_read_tokens":7,"reasoning_tokens":3"#,
        r#""output_tokens":3,"reasoning_tokens":3"#,
    ] {
        bus(Check::Reject).publish(json(call, &usage(parts))).unwrap();
    }
    let cached = r#""input_tokens":10,"cache_read_tokens":7,"cache_write_tokens":4"#;
    is_refused(call, &usage(cached), "payload.usage.input_tokens", "at least its parts");
    let thought = r#""output_tokens":3,"reasoning_tokens":4"#;
    is_refused(call, &usage(thought), "payload.usage.output_tokens", "at least its parts");
    let huge =
        r#""input_tokens":10,"cache_read_tokens":9007199254740991,"cache_write_tokens":9007199254740991"#;
    is_refused(call, &usage(huge), "payload.usage.input_tokens", "at least its parts");
}

const IMAGE: &str = "media.image.received";

#[test]
fn bytes_in_a_payload_are_base64() {
    let media = |inline: &str| format!(r#"{{"media":{{"inline":"{inline}"}}}}"#);
    assert!(bus(Check::Reject).publish(json(IMAGE, &media("UklGRg=="))).is_ok());
    assert_eq!(refused(IMAGE, &media("RIFF!")).0, "payload.media.inline");
}

#[test]
fn a_missing_payload_is_a_misfit_only_where_a_field_must_be_there() {
    let bus = bus(Check::Reject);
    bus.publish(event("run.started")).unwrap();
    let error = bus.publish(event("tool.call.failed")).unwrap_err().error;
    assert_eq!(error.to_string(), "payload: it is missing; expected an object with name");
}

#[test]
fn unknown_fields_are_kept_and_are_no_misfit() {
    let bus = bus(Check::Reject);
    let mut all = bus.subscribe("*").unwrap();
    let payload = r#"{"name":"load","of_later":{"n":null},"of_later":[1],"also_later":1e999}"#;
    bus.publish(json("step.started", payload)).unwrap();
    assert_eq!(all.next().unwrap().event().unwrap().payload_json(), Some(payload));
}

#[test]
fn typed_payloads_and_kinds_that_nobody_knows_are_not_looked_at() {
    let bus = bus(Check::Reject);
    bus.emitter().model_call("gpt-5", "openai").complete(Usage::tokens(u64::MAX, 0)).unwrap();
    bus.publish(json("deploy.begun", r#"{"name":7}"#)).unwrap();
    // The bus's own events are typed, too.
    let _all = bus.subscribe("*").unwrap();
    assert_eq!(bus.stats().payload_warnings, 0);
}

#[test]
fn what_an_enricher_makes_of_a_payload_is_checked_and_what_redaction_does_is_not() {
    let bus = bus(Check::Reject);
    bus.redact(Redaction::field("payload.index").unwrap()).unwrap();
    bus.publish(json("step.started", r#"{"name":"load","index":3}"#)).unwrap();
    let _enricher = bus.add_enricher(|event| event.json(r#"{"name":3}"#)).unwrap();
    let error = bus.publish(json("step.started", r#"{"name":"load"}"#)).unwrap_err().error;
    assert_eq!(error.path(), Some("payload.name"));
}

#[derive(Clone, Serialize, Deserialize)]
struct CacheHit {
    bytes: u64,
}

impl Payload for CacheHit {
    fn kind(&self) -> Kind {
        kind("fit_test.cache.hit")
    }

    fn size_bound(&self) -> usize {
        40
    }
}

#[test]
fn a_registered_kind_is_checked_by_its_type() {
    Kind::register::<CacheHit>("fit_test.cache.hit").unwrap();
    let bus = bus(Check::Reject);
    bus.publish(json("fit_test.cache.hit", r#"{"bytes":7,"more":1}"#)).unwrap();
    let error = bus.publish(json("fit_test.cache.hit", r#"{"bytes":"7"}"#)).unwrap_err().error;
    assert_eq!((error.path(), error.column()), (Some("payload"), Some(12)));
    assert_eq!(error.message(), r#"invalid type: string "7", expected u64"#);
}

/// Whose reader panics.
#[derive(Clone, Serialize)]
struct Explosive;

impl<'de> Deserialize<'de> for Explosive {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("a test's own")
    }
}

impl Payload for Explosive {
    fn kind(&self) -> Kind {
        kind("fit_test.explosive")
    }

    fn size_bound(&self) -> usize {
        4
    }
}

#[test]
fn a_reader_that_panics_is_a_misfit() {
    Kind::register::<Explosive>("fit_test.explosive").unwrap();
    let bus = bus(Check::Reject);
    let error: Error = bus.publish(json("fit_test.explosive", "{}")).unwrap_err().error;
    assert_eq!(error.to_string(), "payload: its reader panicked");
    bus.publish(event("log.written.twice")).unwrap();
}
