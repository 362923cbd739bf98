//! What the importer of Codex's session logs makes of a whole one: every record read, nothing lost.

mod common;

use common::{damaged, events, import, kinds, leaves, payload, recorded, survives, told};
use newswire::ErrorKind;
use newswire_recording::open;
use proptest::prelude::*;
use serde_json::Value;

const LOG: &str = "codex_tui_recording/oss-story.jsonl";

/// How many records of the log are told of Codex, by their type.
fn count(records: &[Value], sort: &str) -> u64 {
    records.iter().filter(|record| record["payload"]["msg"]["type"] == sort).count() as u64
}

#[test]
fn the_recorded_log_gives_the_figures_that_were_counted_in_it() {
    let Some(path) = recorded(LOG) else { return };
    let text = std::fs::read_to_string(&path).unwrap();
    let records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut import = open(&path).unwrap();
    assert_eq!(import.format().name, "codex");
    let events = events(import.by_ref());
    let report = import.report();
    assert_eq!((report.records, report.events), (8_041, 8_041));
    assert!(report.unknown_records.is_empty() && report.unknown_fields.is_empty(), "{report:?}");
    let kinds = kinds(&events);
    let of = |kind: &str| kinds.get(kind).copied().unwrap_or(0);
    assert_eq!((of("message.delta"), count(&records, "agent_message_delta")), (1_379, 1_379));
    let reasoning = count(&records, "agent_reasoning_raw_content_delta");
    assert_eq!((of("reasoning.delta"), reasoning), (130, 130));
    assert_eq!((of("message.created"), of("turn.started"), of("turn.completed")), (3, 3, 3));
    assert_eq!((of("session.started"), of("session.progress"), of("session.completed")), (1, 1, 1));
    for (kind, sort) in [
        ("codex.app.sent", "app_event"),
        ("codex.key.pressed", "key_event"),
        ("codex.history.inserted", "insert_history"),
        ("codex.op.sent", "op"),
        ("log.written", "log_line"),
    ] {
        assert_eq!(of(kind), records.iter().filter(|record| record["kind"] == sort).count() as u64);
    }
    assert_eq!(of("codex.event.kept"), count(&records, "shutdown_complete"));
    assert_eq!(of("codex.record.kept"), 0);
}

/// Every text and number of the log, times aside, stands in some event.
#[test]
fn nothing_that_the_recorded_log_tells_is_lost() {
    let Some(path) = recorded(LOG) else { return };
    let told = told(&events(open(&path).unwrap()));
    for line in std::fs::read_to_string(&path).unwrap().lines() {
        leaves(&serde_json::from_str(line).unwrap(), "", &mut |field, leaf| {
            let in_the_kind =
                field == "ts" || ["\"session_start\"", "\"session_end\"", "\"log_line\""].contains(&&*leaf);
            assert!(in_the_kind || told.contains(&leaf), "{field} {leaf} is lost");
        });
    }
}

#[test]
fn pieces_of_a_message_give_the_message_and_stand_in_their_turn() {
    let Some(path) = recorded(LOG) else { return };
    let events = events(open(&path).unwrap());
    let mut pieces = std::collections::HashMap::<String, String>::new();
    for event in &events {
        let payload = payload(event);
        let id = payload["message_id"].as_str().unwrap_or_default().to_owned();
        match event.kind().as_str() {
            "message.delta" => pieces.entry(id).or_default().push_str(payload["text"].as_str().unwrap()),
            "message.created" => assert_eq!(pieces[&id], payload["content"].as_str().unwrap()),
            _ => {}
        }
    }
    let place = |kind: &str| events.iter().find(|event| event.kind().as_str() == kind).unwrap().correlation();
    assert_eq!(place("message.delta").parent_span, place("turn.started").span);
    assert_eq!(place("turn.started").parent_span, place("session.started").span);
}

fn record(msg: &str) -> String {
    format!(
        r#"{{"ts":"2025-08-10T03:12:29.000Z","dir":"to_tui","kind":"codex_event","payload":{{"id":"1","msg":{msg}}}}}"#
    )
}

#[test]
fn commands_failures_and_aborts_are_told_too_and_what_is_unknown_is_kept_and_counted() {
    let text = [
        record(r#"{"type":"task_started"}"#),
        record(r#"{"type":"exec_command_begin","call_id":"c","command":["ls"],"cwd":"/"}"#),
        record(
            r#"{"type":"exec_command_end","call_id":"c","stdout":"","stderr":"no such file","exit_code":2}"#,
        ),
        record(r#"{"type":"turn_aborted","reason":"interrupted"}"#),
        record(r#"{"type":"error","message":"stream disconnected"}"#),
        record(r#"{"type":"task_complete","last_agent_message":null}"#),
        record(r#"{"type":"token_count","info":{"total":7}}"#),
        r#"{"ts":"2025-08-10T03:12:30.000Z","dir":"to_tui","kind":"mouse","x":1}"#.to_owned(),
    ];
    let text = text.join("\n");
    let mut import = import("codex", text.as_bytes(), "log.jsonl");
    let events = events(import.by_ref());
    let kinds: Vec<_> = events.iter().map(|event| event.kind().as_str()).collect();
    let expected = [
        "turn.started",
        "tool.call.started",
        "tool.call.failed",
        "turn.canceled",
        "turn.failed",
        "turn.completed",
        "codex.event.kept",
        "codex.record.kept",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(payload(&events[2])["error"]["message"], "no such file");
    assert_eq!(events[1].correlation().span, events[2].correlation().span);
    assert_eq!(payload(&events[4])["error"]["message"], "stream disconnected");
    // What ends a turn that has ended ends nothing else: least of all the session.
    for late in &events[4..6] {
        assert!(late.correlation().span.is_none() && late.correlation().parent_span.is_some());
    }
    assert_eq!(import.report().unknown_records.keys().collect::<Vec<_>>(), ["mouse"]);
}

#[test]
fn what_is_broken_is_told_by_line_and_column() {
    let head = record(r#"{"type":"task_started"}"#);
    for (line, column, expected) in [
        ("[1]", 1, "a JSON object"),
        (r#"{"kind":"op""#, 12, "a JSON object"),
        (r#"{"ts":7,"kind":"op"}"#, 7, "a time such as 2025-08-10T03:12:26.500Z"),
        (r#"{"dir":"meta"}"#, 1, "a record with ts, dir and kind"),
        (r#"{"kind":"log_line","line":[]}"#, 27, "a string"),
    ] {
        let text = format!("{head}\n{line}\n");
        let error = import("codex", text.as_bytes(), "log.jsonl").find_map(Result::err).unwrap();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.path().unwrap().starts_with("log.jsonl:2"), "{error}");
        assert_eq!((error.column(), error.expected()), (Some(column), Some(expected)), "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_to_a_real_log_makes_the_importer_panic(
        start in 0.0..1.0,
        damages in prop::collection::vec((0.0..1.0, any::<u8>(), any::<u8>()), 1..6),
    ) {
        let Some(path) = recorded(LOG) else { return Ok(()) };
        let bytes = std::fs::read(path).unwrap();
        let at = (bytes.len() as f64 * start) as usize;
        let piece = &bytes[at..(at + 16_384).min(bytes.len())];
        let begin = piece.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        survives("codex", &damaged(&piece[begin..], &damages));
    }
}
