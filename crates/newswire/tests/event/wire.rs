//! Events to JSON and back.

use newswire::*;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::arbitrary::any_event;
use super::{event, line_with};

#[test]
fn every_field_has_its_place_on_the_wire() -> Result<()> {
    let line = concat!(
        r#"{"seq":18446744073709551615,"id":"0190163d-8694-739b-aea5-966c26f8ad91","#,
        r#""origin":{"bus":"edge","epoch":2,"seq":9},"kind":"tool.call.started","#,
        r#""time":"2026-11-21T01:02:03.123456789Z","source":{"component":"tool_runner","name":"calculator"},"#,
        r#""scope":{"session":"s-1","parent_workflow":"w-0","message":"m-1"},"#,
        r#""correlation":{"trace":"0000000000000000000000000000000a","span":"000000000000000b","#,
        r#""parent_span":"fedcba9876543210","parent_turn":"t-0","request":"q-1","reply_to":"q-0","#,
        r#""correlation":"c-1","causation":"0190163d-8694-739b-aea5-966c26f8ad92"},"#,
        r#""component":{"scope":"tool","id":"planner:tool:0"},"severity":"warn","message":"say \"hi\"\n","#,
        r#""tags":["canary","eu"],"attrs":{"b":1.50,"a":null},"payload":{ "cost_usd" : 0.1 },"internal":true}"#,
    );
    let event = Event::from_json(line)?;
    assert_eq!(event.to_json(), line);
    assert_eq!(event.seq(), u64::MAX);
    assert_eq!(event.origin().map(|origin| (&*origin.bus, origin.epoch, origin.seq)), Some(("edge", 2, 9)));
    assert_eq!(event.time_ns(), 1_795_222_923_123_456_789);
    assert_eq!(event.source().name(), Some("calculator"));
    assert_eq!(event.scope().get(ScopeField::ParentWorkflow), Some("w-0"));
    assert_eq!(event.correlation().span.map(SpanId::get), Some(11));
    assert_eq!(event.correlation().get(CorrelationField::ReplyTo), Some("q-0"));
    assert_eq!(event.component().map(Component::scope), Some(ComponentScope::Tool));
    assert_eq!(event.message(), Some("say \"hi\"\n"));
    assert_eq!(event.tags().collect::<Vec<_>>(), ["canary", "eu"]);
    assert_eq!(event.attr("b").map(|value| value.get()), Some("1.50"));
    assert_eq!(event.payload_json(), Some(r#"{ "cost_usd" : 0.1 }"#));
    assert!(event.internal());
    Ok(())
}

#[test]
fn what_is_absent_is_not_written() -> Result<()> {
    let event = event().build()?;
    let value: Value = serde_json::from_str(&event.to_json()).unwrap();
    let names: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["id", "kind", "severity", "time"]);
    Ok(())
}

#[test]
fn empty_objects_and_false_are_read_as_absent() -> Result<()> {
    let line = line_with(r#""scope":{},"correlation":{},"attrs":{},"tags":[],"internal":false"#);
    assert_eq!(Event::from_json(line)?.to_json(), line_with(""));
    Ok(())
}

#[test]
fn a_payload_of_null_is_a_payload() -> Result<()> {
    let line = line_with(r#""payload":null"#);
    let event = Event::from_json(&line)?;
    assert_eq!(event.payload_json(), Some("null"));
    assert_eq!(event.to_json(), line);
    Ok(())
}

#[test]
fn the_severity_is_the_kinds_own_where_none_is_given() -> Result<()> {
    let line = line_with("").replace(r#","severity":"info""#, "");
    assert_eq!(Event::from_json(line)?.severity(), Severity::Info);
    Ok(())
}

#[test]
fn fields_of_newer_versions_are_kept_where_they_stood() -> Result<()> {
    let line = concat!(
        r#"{"id":"0190163d-8694-739b-aea5-966c26f8ad91","origin":{"bus":"b","epoch":1,"seq":1,"hops":[1]},"#,
        r#""kind":"deploy.finished","time":"2026-11-21T01:02:03.000000000Z","#,
        r#""source":{"component":"c","host":"h"},"scope":{"tenant":"t"},"correlation":{"baggage":{}},"#,
        r#""component":{"scope":"tool","id":"x","rank":1.0},"severity":"info","payload":1,"#,
        r#""priority":{"level": 12345678901234567890123},"":0}"#,
    )
    .replace(r#","":0"#, "");
    let event = Event::from_json(&line)?;
    assert_eq!(event.to_json(), line);
    let names: Vec<_> = event.unknown().map(|(name, _)| name).collect();
    assert_eq!(names, ["hops", "host", "tenant", "baggage", "rank", "priority"]);
    Ok(())
}

#[test]
fn an_event_is_one_line_however_its_payload_was_laid_out() -> Result<()> {
    let raw = serde_json::value::RawValue::from_string("[\n 1,\r\n 2]".to_owned()).unwrap();
    let event = event().json("{\n  \"a\": \"b\\n\"\n}").attr_json("list", raw).build()?;
    let line = event.to_json();
    assert!(!line.contains(['\n', '\r']), "{line}");
    assert_eq!(event.payload_json(), Some(r#"{   "a": "b\n" }"#));
    assert_eq!(Event::from_json(&line)?.to_json(), line);
    Ok(())
}

#[test]
fn the_same_record_has_a_seq_of_its_own_on_each_bus() -> Result<()> {
    let (one, other) = (Bus::new(), Bus::new());
    let mut events = [one.subscribe("*")?, other.subscribe("*")?];
    let event = event().build()?;
    other.publish(super::event().build()?)?;
    one.publish(event.clone())?;
    other.publish(event.clone())?;
    let seen = events.each_mut().map(|subscription| {
        let deliveries = std::iter::from_fn(|| subscription.try_next().ok().flatten());
        deliveries.filter_map(Delivery::event).last().unwrap().to_json()
    });
    let unpublished = event.to_json();
    assert_eq!(seen, [1, 2].map(|seq| format!(r#"{{"seq":{seq},{}"#, &unpublished[1..])));
    Ok(())
}

#[test]
fn text_is_appended_to_what_the_buffer_holds() -> Result<()> {
    let event = event().build()?;
    let mut buffer = b"data: ".to_vec();
    event.write_json(&mut buffer);
    assert_eq!(buffer, format!("data: {}", event.to_json()).as_bytes());
    Ok(())
}

#[test]
fn an_escaped_name_is_the_name() -> Result<()> {
    let line = line_with(r#""\u006dessage":"hello""#);
    assert_eq!(Event::from_json(line)?.message(), Some("hello"));
    Ok(())
}

#[test]
fn attributes_are_found_and_written_alike_however_they_were_laid_out() -> Result<()> {
    let tight = r#""attrs":{"a":1,"b":{"c":[1, 2]},"é":"\n"}"#;
    for attrs in [
        tight,
        r#""attrs": { "a" : 1 ,"b":{"c":[1, 2]}, "é":"\n" } "#,
        r#""attrs":{"\u0061":1,"b":{"c":[1, 2]},"\u00e9":"\n"}"#,
        "\"attrs\":{\"a\":1,\"b\":{\"c\":[1,\n2]},\"é\":\"\\n\"}",
    ] {
        let event = Event::from_json(line_with(attrs))?;
        assert_eq!(event.to_json(), line_with(tight), "{attrs}");
        let names: Vec<_> = event.attrs().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(
            (names, event.attr("a").map(|value| value.get())),
            (["a", "b", "é"].map(String::from).to_vec(), Some("1"))
        );
        assert!(event.size() >= line_with(tight).len(), "{attrs}");
    }
    assert_eq!(Event::from_json(line_with(r#""attrs":{}"#))?.to_json(), line_with(""));
    let twice = Event::from_json(line_with(r#""attrs":{"a":1,"a":2}"#)).unwrap_err();
    assert_eq!(twice.path(), Some("attrs"));
    Ok(())
}

proptest! {
    #[test]
    fn any_event_survives_the_wire(event in any_event(), seq in 1..=u64::MAX) {
        let line = event.to_json();
        let back = Event::from_json(&line).unwrap();
        prop_assert_eq!(back.to_json(), &line[..]);
        prop_assert_eq!(back.scope(), event.scope());
        prop_assert_eq!(back.correlation(), event.correlation());
        prop_assert_eq!(back.payload_json(), event.payload_json());
        prop_assert_eq!(back.time_ns(), event.time_ns());
        prop_assert_eq!(back.size(), event.size());
        let published = format!(r#"{{"seq":{seq},{}"#, &line[1..]);
        prop_assert_eq!(Event::from_json(&published).unwrap().to_json(), published);
    }

    #[test]
    fn a_reader_of_many_events_gives_what_reading_each_alone_gives(
        events in proptest::collection::vec(any_event(), 1..4),
        order in proptest::collection::vec((any::<proptest::sample::Index>(), 0..4_usize), 1..12),
    ) {
        // Broken or extended pieces of what was read before mustn't be taken for it.
        let spoil = |line: &str, how: usize| match how {
            1 => line.replacen("\"scope\":{", "\"scope\":{\"planet\":\"earth\",", 1),
            2 => line.replacen("\"source\":{", "\"source\":{ ", 1),
            3 => line.replacen("},\"", "}x,\"", 1),
            _ => line.to_owned(),
        };
        let mut reader = EventReader::new();
        for (index, how) in order {
            let line = spoil(&index.get(&events).to_json(), how);
            match (Event::from_json(&line), reader.read(&line)) {
                (Ok(alone), Ok(read)) => {
                    prop_assert_eq!(read.to_json(), alone.to_json());
                    prop_assert_eq!((read.scope(), read.source()), (alone.scope(), alone.source()));
                    prop_assert_eq!(read.size(), alone.size());
                }
                (Err(alone), Err(read)) => prop_assert_eq!(read.to_string(), alone.to_string()),
                (alone, read) => prop_assert!(false, "{line}: {alone:?} but {read:?}"),
            }
        }
    }

    #[test]
    fn the_size_is_an_upper_bound_and_a_close_one(event in any_event()) {
        let line = event.to_json();
        prop_assert!(line.len() <= event.size(), "{} bytes, size {}: {line}", line.len(), event.size());
        prop_assert!(event.size() <= line.len() + 96, "{} bytes, size {}: {line}", line.len(), event.size());
    }

    #[test]
    fn others_read_what_we_write(event in any_event()) {
        let line = event.to_json();
        prop_assume!(!line.contains("e999"));
        let value: Value = serde_json::from_str(&line).unwrap();
        prop_assert_eq!(&value["kind"], &json!(event.kind().as_str()));
        prop_assert_eq!(value.get("message").and_then(Value::as_str), event.message());
        for (field, id) in event.scope().iter() {
            prop_assert_eq!(&value["scope"][field.as_str()], &json!(id));
        }
    }
}
