//! Recordings of the five systems: every sample is read as its dialect reads it, and written again as it was.

mod common;
#[path = "common/wrong.rs"]
mod wrong;

use newswire::catalogue::System;
use newswire::view::{CallMeter, View};
use newswire::{Dialect, Event, Result};
use newswire_recording::{Broken, Format, Import, ReadOptions, read, read_with};
use proptest::prelude::*;
use serde_json::Value;

use common::{damaged, events};
use wrong::{error_of, is_placed};

/// Format, system, and one sample and more of each of its kinds and forms: JSON lines.
const SAMPLES: [(&str, System, &str); 5] = [
    ("promptkit", System::PromptKit, include_str!("../../newswire/tests/dialects/samples/promptkit.jsonl")),
    (
        "aitaskagent",
        System::AiTaskAgent,
        include_str!("../../newswire/tests/dialects/samples/aitaskagent.jsonl"),
    ),
    (
        "agent-runtime",
        System::AgentRuntime,
        include_str!("../../newswire/tests/dialects/samples/agentruntime.jsonl"),
    ),
    ("picoclaw", System::PicoClaw, include_str!("../../newswire/tests/dialects/samples/picoclaw.jsonl")),
    ("praxis", System::Praxis, include_str!("../../newswire/tests/dialects/samples/praxis.jsonl")),
];

fn import<'t>(format: &str, text: &'t str) -> Import<'t> {
    common::import(format, text.as_bytes(), "test")
}

/// The samples as one array, on one line or on many.
fn as_array(lines: &str, pretty: bool) -> String {
    let items: Vec<Value> = lines.lines().map(json).collect();
    if pretty { serde_json::to_string_pretty(&items) } else { serde_json::to_string(&items) }.unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// All that an event says but its id, which is made where the source has none that ours can be.
fn said(event: &Event) -> Value {
    let mut said = json(&event.to_json().replace(&event.id().hyphenated().to_string(), "its id"));
    // None of the systems has spans, and some calls get one.
    let correlation = said.get_mut("correlation").and_then(Value::as_object_mut);
    if correlation.is_some_and(|ids| ids.remove("span").is_some() && ids.is_empty()) {
        said.as_object_mut().unwrap().remove("correlation");
    }
    said
}

#[test]
fn every_sample_gives_the_event_that_its_dialect_reads_whether_in_lines_or_in_an_array() {
    let mut count = 0;
    for (format, system, lines) in SAMPLES {
        let mut clock = 0;
        let expected: Vec<_> = lines
            .lines()
            .map(|line| {
                let event = Dialect::of(system).read_at(line, clock).unwrap();
                clock = event.time_ns();
                said(&event)
            })
            .collect();
        count += expected.len();
        for text in
            [lines.to_owned(), lines.replace('\n', "\r\n\r\n"), as_array(lines, false), as_array(lines, true)]
        {
            let mut import = import(format, &text);
            let found: Vec<_> = events(import.by_ref()).iter().map(said).collect();
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                assert_eq!(found, expected);
            }
            assert_eq!(import.report().records as usize, expected.len());
        }
    }
    assert_eq!(count, 312);
}

#[test]
fn every_sample_is_written_again_by_its_dialect_as_it_was() {
    for (format, system, lines) in SAMPLES {
        for text in [lines.to_owned(), as_array(lines, true)] {
            let events = events(import(format, &text));
            for (event, line) in events.iter().zip(lines.lines()) {
                let written = Dialect::of(system).write(event).unwrap();
                assert_eq!(json(&written), json(line));
                // Behind the wire, too.
                let received = Event::from_json(event.to_json()).unwrap();
                assert_eq!(Dialect::of(system).write(&received).as_deref().map(json), Some(json(line)));
            }
        }
    }
}

#[test]
fn a_recording_is_told_by_whatever_of_its_system_stands_first() {
    let mut untold = Vec::new();
    for (format, _, lines) in SAMPLES {
        for line in lines.lines() {
            for text in [format!("{line}\n"), format!("\u{feff}[\n {line}]"), as_array(line, true)] {
                match read(text.as_bytes(), "test") {
                    Ok(import) => assert_eq!(import.format().name, format, "{line}"),
                    Err(_) => untold.push(line),
                }
            }
        }
    }
    untold.dedup();
    assert_eq!(untold.len(), 2, "messages of Praxis without a payload only: {untold:#?}");
    assert!(untold.iter().all(|line| line.len() < 40 && line.starts_with("{\"type\": ")));
}

/// It says of a call no more than the tool and the turn: what runs side by side is paired in order.
#[test]
fn calls_of_picoclaw_that_run_side_by_side_are_told_apart() {
    let call = |kind: &str, turn: &str, millis: usize, more: &str| {
        format!(
            r#"{{"id":"evt-{millis}","kind":"agent.tool.{kind}","time":"2026-06-13T10:00:00.{millis:03}Z","scope":{{"turn_id":"{turn}"}},"payload":{{"Tool":"read"{more}}}}}"#
        )
    };
    let text = [
        call("exec_start", "t-1", 1, ""),
        call("exec_start", "t-1", 2, ""),
        call("exec_start", "t-2", 3, ""),
        call("exec_skipped", "t-1", 4, r#","Reason":"steering""#),
        call("exec_end", "t-1", 5, r#","IsError":true"#),
        call("exec_end", "t-2", 6, ""),
        call("exec_end", "t-1", 7, ""),
        call("exec_end", "t-1", 8, ""),
    ]
    .join("\n");
    let spans = || -> Vec<_> {
        events(import("picoclaw", &text)).iter().map(|event| event.correlation().span).collect()
    };
    let found = spans();
    let [first, second, other] = [found[0].unwrap(), found[1].unwrap(), found[2].unwrap()];
    assert!(first != second && second != other && first != other);
    let expected =
        [Some(first), Some(second), Some(other), None, Some(first), Some(other), Some(second), None];
    assert_eq!(found, expected);
    assert_eq!(spans(), found, "imported twice, they are the same");

    let mut meter = CallMeter::default();
    events(import("picoclaw", &text)).iter().for_each(|event| meter.see(event));
    let seen = serde_json::to_value(meter.snapshot()).unwrap();
    assert_eq!(
        (&seen["tool_calls"]["open"], &seen["tool_calls"]["failed"]),
        (&json("0"), &json("1")),
        "{seen}"
    );
}

#[test]
fn calls_of_two_tools_of_one_server_are_not_taken_for_one_another() {
    let call = |kind: &str, tool: &str| {
        format!(
            r#"{{"kind":"mcp.tool.call.{kind}","time":"2026-06-13T10:00:00Z","payload":{{"server":"s","tool":"{tool}"}}}}"#
        )
    };
    let text = [call("start", "a"), call("start", "b"), call("end", "b"), call("end", "a")].join("\n");
    let spans: Vec<_> =
        events(import("picoclaw", &text)).iter().map(|event| event.correlation().span.unwrap()).collect();
    assert_eq!((spans[0], spans[1]), (spans[3], spans[2]));
    assert_ne!(spans[0], spans[1]);
}

#[test]
fn an_event_of_ours_is_not_taken_for_one_of_picoclaw() {
    let theirs = SAMPLES[3].2.lines().next().unwrap();
    let ours = events(import("picoclaw", theirs))[0].to_json();
    assert!(!read(ours.as_bytes(), "test").is_ok_and(|import| import.format().name == "picoclaw"), "{ours}");
}

#[test]
fn an_event_without_a_time_is_of_the_time_of_the_one_before() {
    let text = r#"{"type":"PING"}
{"type":"log.entry","data":{},"metadata":{"timestamp":"2025-10-10T12:00:00"}}
{"type":"PING"}"#;
    let times: Vec<_> = events(import("praxis", text)).iter().map(Event::time_ns).collect();
    assert_eq!(times, [0, 1_760_097_600_000_000_000, 1_760_097_600_000_000_000]);
}

#[test]
fn what_the_system_has_and_ours_has_not_is_counted() {
    let text = r#"{"kind":"agent.dream.begun","time":"2026-06-13T10:00:00Z","payload":{"a":1}}
{"kind":"agent.error","time":"2026-06-13T10:00:00Z","payload":{"Extra":{"a":1,"b":null}},"mood":"calm"}"#;
    let mut import = import("picoclaw", text);
    assert_eq!(events(import.by_ref()).len(), 2);
    let report = import.report();
    assert_eq!(report.unknown_records.keys().collect::<Vec<_>>(), ["agent.dream.begun"]);
    assert_eq!(report.unknown_fields.keys().collect::<Vec<_>>(), ["mood", "payload.Extra.a"]);
}

#[test]
fn what_a_dialect_refuses_is_told_by_line_and_column_and_path() {
    let good = r#"{"kind":"agent.error","time":"2026-06-13T10:00:00Z"}"#;
    let told = |text: &str| {
        let error = error_of("picoclaw", text.as_bytes());
        let expected = error.expected().unwrap_or_default().to_owned();
        (error.path().unwrap().to_owned(), error.column().unwrap(), error.message().to_owned(), expected)
    };
    let at = |path: &str, column: usize, message: &str, expected: &str| {
        (path.to_owned(), column, message.to_owned(), expected.to_owned())
    };
    assert_eq!(told(&format!("{good}\n{{\"kind\":7}}")), at("test:2: kind", 1, "found a number", "text"));
    assert_eq!(
        told(&format!("[{good},\n  {{\"kind\":\n7}}]")),
        at("test:2: kind", 3, "found a number", "text")
    );
    assert_eq!(told(&format!("{good}\n{{\"kind\": \n{good}")).0, "test:2");
    assert_eq!(told(&format!("{good}\n{{\"kind\": \n{good}")).1, 10);
    assert_eq!(
        told(&format!("[{good},\n{{\"kind\":\n\"\u{e9}\" 7}}]")),
        at("test:3", 5, "'7' can't stand here", "',' or '}'")
    );
    assert_eq!(told(&format!("{good}\n[]")), at("test:2", 1, "found a list", "an object"));
    assert_eq!(told(&format!("[{good}, 5]")), at("test:1", good.len() + 4, "found a number", "an object"));
    assert_eq!(told(&format!("[{good}, {{\"kind\"")).0, "test:1");
    let deep = format!(
        "{{\"kind\":\"a\",\"time\":\"2026-06-13T10:00:00Z\",\"payload\":{}1{}}}",
        "[".repeat(61),
        "]".repeat(61)
    );
    assert_eq!(told(&format!("{good}\n{deep}")).0, "test:2");
    let error = error_of(
        "agent-runtime",
        br#"{"scope":"tool","type":"started","status":"running","component_id":""}"#,
    );
    assert_eq!((error.path(), error.column()), (Some("test:1: component_id"), Some(1)));
}

#[test]
fn told_to_skip_what_is_broken_it_goes_on_with_the_next() {
    let good = r#"{"kind":"agent.error","time":"2026-06-13T10:00:00Z"}"#;
    let options = ReadOptions {
        broken: Broken::Skip,
        format: Some(Format::named("picoclaw").unwrap()),
        ..ReadOptions::default()
    };
    for text in
        [format!("{good}\n{{\"kind\": \n{good}\n{{}}\n{good}"), format!("[{good}, 7, {good}, {{}}, {good}]")]
    {
        let mut import: Import<'_> = read_with(text.as_bytes(), "events", &options).unwrap();
        let results: Vec<_> = import.by_ref().collect();
        assert_eq!(results.iter().filter(|result| result.is_err()).count(), 2);
        assert_eq!((import.report().events, import.report().broken_records), (3, 2));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever becomes of the samples: events that can be written again, and errors that say where.
    #[test]
    fn no_mutated_recording_makes_an_importer_panic(
        sample in prop::sample::select(SAMPLES.to_vec()),
        array in any::<bool>(),
        damages in prop::collection::vec((0.0..1.0, any::<u8>(), any::<u8>()), 1..5),
    ) {
        let (format, system, lines) = sample;
        let mut bytes = if array { as_array(lines, true) } else { lines.to_owned() }.into_bytes();
        bytes.truncate(8_000);
        let bytes = damaged(&bytes, &damages);
        let options = ReadOptions { broken: Broken::Skip, format: Some(Format::named(format).unwrap()), ..ReadOptions::default() };
        let results: Vec<Result<_>> = read_with(&*bytes, "events", &options).unwrap().collect();
        for result in results {
            match result {
                Ok(delivery) => prop_assert!(Dialect::of(system).write(&delivery.event().unwrap()).is_some()),
                Err(error) => prop_assert!(is_placed(&error, "events"), "{error}"),
            }
        }
    }
}
