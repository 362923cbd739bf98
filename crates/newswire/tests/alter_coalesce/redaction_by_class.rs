//! A rule about content leaves none of it, and leaves payloads that their kinds' handlers still read.

use newswire::catalogue::tool::ToolCallFailed;
use newswire::catalogue::{Class, Failure, System, row_of};
use newswire::{Dialect, Redaction};
use serde_json::Value;

use super::redaction::redacted;
use super::*;

fn content() -> [Redaction; 1] {
    [Redaction::class(Class::Content)]
}

fn samples() -> Vec<Event> {
    let text = include_str!("../../../../tests/conformance/samples.json");
    let mut samples: Vec<Value> = serde_json::from_str(text).unwrap();
    // No subscriber gets what is internal.
    samples.iter_mut().for_each(|sample| drop(sample.as_object_mut().unwrap().remove("internal")));
    samples.iter().map(|sample| Event::from_json(sample.to_string()).unwrap()).collect()
}

#[test]
fn a_record_is_masked_by_the_classes_of_its_own_fields() -> Result<()> {
    let failed = |kind: &str, json: &str| {
        let event = Event::builder(Kind::parse(kind).unwrap()).json(json).build().unwrap();
        redacted(&content(), event).payload_json().unwrap().to_owned()
    };
    assert_eq!(
        failed(
            "tool.call.failed",
            r#"{"name":"ls","error":{"message":"no /secret","type":"timeout","code":"504","novel":{"a":1}},"duration_ns":7}"#
        ),
        r#"{"name":"ls","error":{"message":"[redacted]","type":"timeout","code":"504","novel":"[redacted]"},"duration_ns":7}"#
    );
    // What is no record where one belongs is nothing that the catalogue knows.
    assert_eq!(
        failed("tool.call.failed", r#"{"name":"ls","error":["no"]}"#),
        r#"{"name":"ls","error":"[redacted]"}"#
    );
    assert_eq!(
        failed("media.image.received", r#"{"media":{"reference":"r","size_bytes":4,"inline":"UklGRg=="}}"#),
        r#"{"media":{"reference":"r","size_bytes":4,"inline":""}}"#
    );
    Ok(())
}

#[test]
fn every_sample_fits_its_kind_after_its_content_is_masked() {
    for sample in samples() {
        let row = row_of(sample.kind()).unwrap();
        let before = sample.payload_json().unwrap().to_owned();
        let masked = redacted(&content(), sample);
        let after = masked.payload_json().unwrap();
        row.check_payload(after).unwrap_or_else(|error| panic!("{}: {error} in {after}", row.kind));
        // Nothing is lost but content: the same members, their other values as they were.
        let (before, after) = (parsed(&before), parsed(after));
        for field in row.fields {
            let (before, after) = (&before[field.name], &after[field.name]);
            match field.class {
                Class::Content => assert_ne!(before, after, "{} {}", row.kind, field.name),
                _ => assert_eq!(before, after, "{} {}", row.kind, field.name),
            }
        }
    }
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

#[test]
fn handlers_of_a_type_are_called_for_payloads_without_their_content() -> Result<()> {
    let bus = Bus::new();
    bus.redact(Redaction::class(Class::Content))?;
    let (seen, failures) = std::sync::mpsc::channel();
    let _listener = bus.on_payload(move |_: &Event, call: &ToolCallFailed| {
        drop(seen.send(call.error.clone()));
    })?;
    let failure = Failure { class: Some("timeout".into()), ..Failure::new("no /secret") };
    bus.publish(Event::of(ToolCallFailed::new("ls", "c-1", failure, 7)).build()?)?;
    let seen = failures.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(seen, Failure { class: Some("timeout".into()), ..Failure::new("[redacted]") });
    Ok(())
}

#[test]
fn numbers_of_a_masked_class_are_left_out() -> Result<()> {
    let rule = [Redaction::class(Class::Measure)];
    let event = Event::builder(Kind::parse("model.call.completed")?)
        .json(r#"{"model":"m","duration_ns":7,"usage":{"input_tokens":12}}"#)
        .build()?;
    let masked = redacted(&rule, event);
    assert_eq!(masked.payload_json(), Some(r#"{"model":"m","usage":{}}"#));
    Ok(())
}

#[test]
fn a_components_id_that_repeats_content_is_masked() -> Result<()> {
    let masked = |rule: Redaction| -> Result<Vec<String>> {
        let bus = Bus::new();
        bus.redact(rule)?;
        let mut events = bus.subscribe("*")?;
        let emitter = bus.emitter();
        emitter.command("rm /secret", None, None).complete(None)?;
        emitter.run("plan", None).complete(None)?;
        let mut ids = Vec::new();
        while let Some(event) = events.try_next()?.and_then(Delivery::event) {
            ids.push(event.component().unwrap().id().to_owned());
        }
        Ok(ids)
    };
    let hidden = "[redacted]";
    assert_eq!(masked(Redaction::class(Class::Content))?, [hidden, hidden, "plan", "plan"]);
    let found = "rm [redacted]";
    assert_eq!(masked(Redaction::class(Class::Content).matching("/s.*")?)?, [found, found, "plan", "plan"]);
    assert_eq!(masked(Redaction::class(Class::Meta))?, ["rm /secret", "rm /secret", "plan", "plan"]);
    Ok(())
}

#[test]
fn five_kinds_have_content_for_a_label() {
    let masked = |sample: &Event| {
        let before = sample.component().map(|component| component.id().to_owned());
        before != redacted(&content(), sample.clone()).component().map(|component| component.id().to_owned())
    };
    let kinds: Vec<_> =
        samples().iter().filter(|sample| masked(sample)).map(|it| it.kind().to_string()).collect();
    let command =
        ["started", "progress", "completed", "failed", "canceled"].map(|phase| format!("command.{phase}"));
    assert_eq!(kinds, command);
}

#[test]
fn attributes_and_unknown_fields_of_the_envelope_are_content() -> Result<()> {
    let json = r#"{"id":"01a1fd87-2941-7843-a0f5-09f8630ca0f5","kind":"step.started","time":"2026-11-21T09:54:16Z","scope":{"user":"u-1","novel":"said"},"tags":["t"],"attrs":{"picoclaw":{"rest":"said"},"n":7},"payload":{"name":"plan"},"novel":{"a":"said"}}"#;
    let parts = |class: Class| -> Result<_> {
        let event = redacted(&[Redaction::class(class)], Event::from_json(json)?);
        let attrs: Vec<_> =
            event.attrs().map(|(key, value)| (key.to_owned(), value.get().to_owned())).collect();
        let unknown: Vec<_> =
            event.unknown().map(|(key, value)| (key.to_owned(), value.get().to_owned())).collect();
        assert_eq!((event.tags().collect::<Vec<_>>(), event.scope().iter().count()), (vec!["t"], 1));
        Ok((attrs, unknown, event.to_json().contains("said")))
    };
    let mask = r#""[redacted]""#.to_owned();
    let (attrs, unknown, is_told) = parts(Class::Content)?;
    assert_eq!(attrs, [("picoclaw".to_owned(), mask.clone()), ("n".to_owned(), mask.clone())]);
    assert_eq!(unknown, [("novel".to_owned(), mask.clone()), ("novel".to_owned(), mask)]);
    assert!(!is_told);
    let (attrs, unknown, is_told) = parts(Class::Measure)?;
    assert_eq!((attrs.len(), unknown.len(), is_told), (2, 2, true));
    assert!(attrs.iter().chain(&unknown).all(|(_, value)| !value.contains("redacted")));
    Ok(())
}

#[test]
fn what_a_dialect_kept_beside_an_event_is_masked_and_the_event_still_written() -> Result<()> {
    let theirs = r#"{"id":"evt-7","kind":"agent.tool.exec_end","time":"2026-06-13T10:00:00.5Z","source":{"component":"agent","name":"main"},"severity":"warn","payload":{"Tool":"exec","Duration":1200,"IsError":true,"Extra":{"a":"said"}},"attrs":{"note":"said"}}"#;
    let event = Dialect::of(System::PicoClaw).read(theirs)?;
    assert!(event.to_json().contains("said"));
    let event = redacted(&content(), event);
    let written = parsed(&Dialect::of(System::PicoClaw).write(&event).unwrap());
    assert!(!event.to_json().contains("said") && !written.to_string().contains("said"));
    assert_eq!(written["kind"], "agent.tool.exec_end");
    assert_eq!(
        (&written["payload"]["Tool"], &written["payload"]["Duration"]),
        (&"exec".into(), &1200.into())
    );
    Ok(())
}
