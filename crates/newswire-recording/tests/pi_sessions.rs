//! What the pi importer makes of whole sessions: nothing lost, figures that hold.

mod common;

use std::collections::{BTreeMap, HashSet};

use common::{events, leaves, payload, recorded, told};
use newswire::catalogue::tool::ToolCallFailed;
use newswire::{Event, SpanId};
use newswire_recording::{Import, open};

const SESSIONS: [&str; 2] = ["large-session.jsonl", "before-compaction.jsonl"];

fn events_of(text: &str) -> Vec<Event> {
    events(read_pi(text.as_bytes()))
}

fn read_pi(text: &[u8]) -> Import<'_> {
    common::import("pi", text, "test")
}

fn session(records: &[&str]) -> String {
    let head = r#"{"type":"session","id":"s-1","timestamp":"2025-01-01T00:00:00.000Z"}"#;
    std::iter::once(&head).chain(records).map(|line| format!("{line}\n")).collect()
}

#[test]
fn both_recorded_sessions_give_the_figures_that_were_counted_in_them() {
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    let mut open_calls = HashSet::<SpanId>::new();
    let mut cost = 0.0;
    for name in SESSIONS {
        let Some(path) = recorded(&format!("pi_coding_sessions/{name}")) else { return };
        for event in events(open(&path).unwrap()) {
            *kinds.entry(event.kind().as_str().to_owned()).or_default() += 1;
            match event.kind().as_str() {
                "tool.call.started" => assert!(open_calls.insert(event.correlation().span.unwrap())),
                "tool.call.completed" | "tool.call.failed" => {
                    assert!(open_calls.remove(&event.correlation().span.unwrap()));
                }
                _ => {}
            }
            cost += payload(&event)["usage"]["cost_usd"].as_f64().unwrap_or(0.0);
        }
    }
    let count = |kind: &str| kinds.get(kind).copied().unwrap_or(0);
    assert_eq!(count("model.call.started"), 937);
    assert_eq!(count("model.call.failed") + count("model.call.canceled"), 41);
    assert_eq!(count("tool.request.completed"), 845);
    assert_eq!(count("tool.call.started"), 845);
    assert_eq!(open_calls.len(), 24);
    assert_eq!(count("tool.call.failed"), 31);
    assert_eq!(count("context.compacted"), 2);
    assert_eq!(count("pi.command.executed"), 3);
    assert_eq!(count("turn.started"), 55 + 88);
    assert_eq!(count("pi.record.kept") + count("pi.content.kept"), 0);
    assert_eq!((cost * 100.0_f64).round(), 7293.0);
}

/// Every text and number of the source, times aside, stands in some event of its session.
#[test]
fn nothing_that_a_recorded_session_tells_is_lost() {
    for name in SESSIONS {
        let Some(path) = recorded(&format!("pi_coding_sessions/{name}")) else { return };
        let mut importer = open(&path).unwrap();
        let kept = told(&events(importer.by_ref()));
        assert_eq!(importer.report().unknown_fields, BTreeMap::new());
        assert_eq!(importer.report().unknown_records, BTreeMap::new());
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(importer.report().records, text.lines().count() as u64);
        for line in text.lines() {
            leaves(&serde_json::from_str(line).unwrap(), "", &mut |field, leaf| {
                let in_the_kind = ["timestamp", "type", "role", "isError", "stopReason"].contains(&field);
                assert!(in_the_kind || kept.contains(&leaf), "{name}: {field} {leaf} is lost");
            });
        }
    }
}

#[test]
fn importing_twice_gives_the_same_spans() {
    let text = session(&[
        r#"{"type":"message","timestamp":"2025-01-01T00:00:01.000Z","message":{"role":"user","content":"hi","timestamp":1735689601000}}"#,
        r#"{"type":"message","timestamp":"2025-01-01T00:00:02.000Z","message":{"role":"assistant","content":[{"type":"text","text":"ho"}],"stopReason":"stop","timestamp":1735689601000}}"#,
    ]);
    let spans =
        |events: Vec<Event>| events.iter().map(|event| event.correlation().clone()).collect::<Vec<_>>();
    assert_eq!(spans(events_of(&text)), spans(events_of(&text)));
}

#[test]
fn a_turn_encloses_its_calls_and_ends_when_the_model_stops() {
    let events = events_of(&session(&[
        r#"{"type":"message","timestamp":"2025-01-01T00:00:01.000Z","message":{"role":"user","content":"hi","timestamp":1735689601000}}"#,
        r#"{"type":"message","timestamp":"2025-01-01T00:00:03.000Z","message":{"role":"assistant","content":[{"type":"toolCall","id":"c","name":"ls","arguments":{"n":1.10}}],"model":"m","provider":"p","usage":{"input":1,"output":2,"cacheRead":3,"cacheWrite":4,"cost":{"total":0.10}},"stopReason":"toolUse","timestamp":1735689601000}}"#,
        r#"{"type":"message","timestamp":"2025-01-01T00:00:04.000Z","message":{"role":"toolResult","toolCallId":"c","toolName":"ls","content":[{"type":"text","text":"a"}],"isError":true,"timestamp":1735689603500}}"#,
        r#"{"type":"message","timestamp":"2025-01-01T00:00:05.000Z","message":{"role":"assistant","content":[],"stopReason":"stop","timestamp":1735689604000}}"#,
    ]));
    let kinds: Vec<_> = events.iter().map(|event| event.kind().as_str()).collect();
    assert_eq!(
        kinds,
        [
            "session.started",
            "turn.started",
            "message.created",
            "model.call.started",
            "tool.request.completed",
            "model.call.completed",
            "tool.call.started",
            "tool.call.failed",
            "model.call.started",
            "model.call.completed",
            "turn.completed",
        ]
    );
    let of = |index: usize| events[index].correlation();
    assert_eq!(of(1).parent_span, of(0).span);
    assert_eq!(of(3).parent_span, of(1).span);
    assert_eq!(of(4).parent_span, of(3).span);
    assert_eq!((of(7).span, of(7).parent_span), (of(6).span, of(1).span));
    assert_eq!(of(10).span, of(1).span);
    // Numbers pass through digit by digit.
    assert!(events[4].payload_json().unwrap().contains(r#""arguments":{"n":1.10}"#));
    assert!(events[5].payload_json().unwrap().contains(
        r#""usage":{"input_tokens":8,"output_tokens":2,"cache_read_tokens":3,"cache_write_tokens":4,"cost_usd":0.10}"#
    ));
    assert_eq!(payload(&events[7])["duration_ns"], 500_000_000);
    assert_eq!(payload(&events[7])["error"]["message"], "a");
    assert_eq!(payload(&events[10])["duration_ns"], 4_000_000_000_i64);
}

#[test]
fn a_tool_that_fails_in_several_words_or_none_says_why_all_the_same() {
    for (content, message) in [
        (
            r#"[{"type":"text","text":"no"},{"type":"image","data":"AA=="},{"type":"text","text":"way"}]"#,
            "no\nway",
        ),
        ("[]", "the tool failed"),
    ] {
        let result = format!(
            r#"{{"type":"message","message":{{"role":"toolResult","toolCallId":"c","toolName":"ls","content":{content},"isError":true}}}}"#
        );
        let failed = events_of(&session(&[&result])).pop().unwrap();
        assert_eq!(failed.kind().as_str(), "tool.call.failed");
        let read = failed.payload::<ToolCallFailed>().unwrap().unwrap();
        assert_eq!(&*read.error.message, message);
    }
}

#[test]
fn what_the_importer_does_not_know_is_kept_and_counted() {
    let branch = r#"{"type":"branch_summary","timestamp":"soon","deep":[1.50,{"a":null}]}"#;
    let text = session(&[
        branch,
        r#"{"type":"message","message":{"role":"narrator","content":"meanwhile"}}"#,
        r#"{"type":"message","id":"m1","message":{"role":"user","mood":"calm","content":[{"type":"image","data":"AA=="}]}}"#,
    ]);
    let mut importer = read_pi(text.as_bytes());
    let events = events(importer.by_ref());
    assert_eq!(events[1].payload_json(), Some(branch));
    assert!(events[2].payload_json().unwrap().contains("meanwhile"));
    assert_eq!(payload(&events[4])["data"], "AA==");
    assert_eq!(events[5].attr("pi.mood").unwrap().get(), r#""calm""#);
    assert_eq!(events[6].attr("pi.id").unwrap().get(), r#""m1""#);
    let report = importer.report();
    let records: Vec<_> = report.unknown_records.keys().map(String::as_str).collect();
    assert_eq!(records, ["branch_summary", "content/image", "message/narrator"]);
    assert_eq!(report.unknown_fields.keys().map(String::as_str).collect::<Vec<_>>(), ["id", "mood"]);
}

#[test]
fn times_that_go_backwards_give_no_duration() {
    let events = events_of(&session(&[
        r#"{"type":"message","timestamp":"2025-01-01T00:00:01.000Z","message":{"role":"assistant","content":[],"stopReason":"stop","timestamp":1735689605000}}"#,
    ]));
    assert_eq!(payload(&events[2]).get("duration_ns"), None);
    assert!(events[2].time_ns() < events[1].time_ns());
}
