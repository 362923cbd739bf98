//! Provider streams that are framed, cut off, unknown, broken or damaged.

mod common;

use common::{assert_told, damaged, events, files, import, payload, recorded, survives, told};
use newswire::Result;
use proptest::prelude::*;
use serde_json::Value;

fn kinds_of(text: &str) -> Vec<String> {
    let mut import = import("ai-sdk", text.as_bytes(), "stream.txt");
    events(import.by_ref()).iter().map(|event| event.kind().to_string()).collect()
}

#[test]
fn chunks_may_come_as_server_sent_events() {
    let bare = r#"{"id":"a","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}"#;
    let framed = format!(": hello\nevent: message\ndata: {bare}\n\ndata: [DONE]\n\n");
    let mut kinds = kinds_of(&framed);
    kinds.retain(|kind| kind != "ai_sdk.chunk.kept");
    assert_eq!(kinds, kinds_of(bare));
    assert_eq!(kinds, ["model.call.started", "message.delta", "message.created", "model.call.completed"]);
    let told =
        |text: &str| newswire_recording::read(text.as_bytes(), "stream").map(|import| import.format().name);
    assert_eq!((told(bare), told(&framed)), (Ok("ai-sdk"), Ok("ai-sdk")));
    let other = format!(r#"{{"type":"trace","body":{bare}}}"#);
    assert!(told(&other).is_err());
}

#[test]
fn what_ends_ill_is_told_as_it_ended() {
    let start = r#"{"type":"message_start","message":{"id":"a","model":"m","usage":{"input_tokens":3}}}"#;
    let next = r#"{"type":"message_start","message":{"id":"b","model":"m"}}"#;
    let tool = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"c","name":"ls","input":{}}}"#;
    let piece = r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a"}}"#;
    let stop = r#"{"type":"content_block_stop","index":0}"#;
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let begun: [&'static str; 3] = ["model.call.started", "tool.request.started", "tool.request.delta"];
    let with = |ends: &[&'static str]| [&begun, ends].concat();
    let lines = |more: &[&str]| [&[start, tool, piece], more].concat().join("\n");
    // What it had used by then is told in the place of an end.
    assert_eq!(kinds_of(&lines(&[])), with(&["model.call.progress"]));
    assert_eq!(kinds_of(&lines(&[stop])), with(&["tool.request.failed", "model.call.progress"]));
    let canceled = events(import("ai-sdk", lines(&[next]).as_bytes(), "test"));
    let canceled = canceled.iter().find(|event| event.kind().as_str() == "model.call.canceled").unwrap();
    assert_eq!(payload(canceled)["usage"]["input_tokens"], 3);
    let cut = ["tool.request.canceled", "model.call.canceled", "model.call.started"];
    assert_eq!(kinds_of(&lines(&[next])), with(&cut));
    assert_eq!(kinds_of(&lines(&[error])), with(&["tool.request.failed", "model.call.failed"]));
}

#[test]
fn a_chunk_of_unknown_shape_is_kept_whole_and_counted() {
    let odd = r#"{"hologram":{"deep":[1.50,{"a":null}]}}"#;
    let text = format!("{odd}\n{{\"type\":\"response.hologram.delta\",\"delta\":\"x\"}}\n");
    let mut import = import("ai-sdk", text.as_bytes(), "stream.txt");
    let events = events(import.by_ref());
    assert_eq!(events[0].payload_json(), Some(odd));
    let names: Vec<_> = import.report().unknown_records.keys().map(String::as_str).collect();
    assert_eq!(names, ["chunk", "hologram.delta"]);
}

#[test]
fn what_is_broken_is_told_by_line_and_column() {
    let head = r#"{"id":"a","created":1,"model":"m","choices":[]}"#;
    for (line, path, column) in [
        ("[1]", "s:2", 1),
        ("data: {\"choices\":7}", "s:2: choices", 18),
        (r#"{"choices":[{"delta":{"content":7}}]}"#, "s:2", 33),
        (r#"{"choices":[{"delta":[]}]}"#, "s:2: delta", 22),
        (r#"{"choices":[{"delta":{}}],"usage":{"prompt_tokens":-1}}"#, "s:2: prompt_tokens", 52),
        (r#"{"choices":[{"delta":"#, "s:2", 21),
        (r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":{}}}"#, "s:2: text", 67),
        (r#"{"contentBlockDelta":7}"#, "s:2", 22),
    ] {
        let text = format!("{head}\n{line}\n");
        let error = import("ai-sdk", text.as_bytes(), "s").find_map(Result::err).unwrap();
        assert_eq!((error.path(), error.column()), (Some(path), Some(column)), "{line}: {error}");
    }
}

#[test]
fn importing_twice_gives_the_same_spans_and_other_sources_others() {
    let text = r#"{"type":"message_start","message":{"id":"a","model":"m"}}"#;
    let spans = |name: &str| {
        let events = events(import("ai-sdk", text.as_bytes(), name));
        events.iter().map(|event| event.correlation().clone()).collect::<Vec<_>>()
    };
    assert_eq!(spans("a/x.chunks.txt"), spans("a/x.chunks.txt"));
    assert_ne!(spans("a/x.chunks.txt"), spans("b/x.chunks.txt"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_to_a_real_stream_makes_the_importer_panic(
        file in any::<prop::sample::Index>(),
        damages in prop::collection::vec((0.0..1.0, any::<u8>(), any::<u8>()), 1..6),
    ) {
        let Some(set) = recorded("vercel_ai_stream_chunks") else { return Ok(()) };
        let bytes = std::fs::read(file.get(&files(&set, ".chunks.txt"))).unwrap();
        survives("ai-sdk", &damaged(&bytes[..bytes.len().min(16_384)], &damages));
    }

    #[test]
    fn chunks_that_are_missing_or_come_in_another_order_lose_nothing_of_the_others(
        file in any::<prop::sample::Index>(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..40),
    ) {
        let Some(set) = recorded("vercel_ai_stream_chunks") else { return Ok(()) };
        let text = std::fs::read_to_string(file.get(&files(&set, ".chunks.txt"))).unwrap();
        let lines: Vec<_> = text.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).collect();
        let lines: Vec<_> = order.iter().map(|place| *place.get(&lines)).collect();
        let text = lines.join("\n");
        let told = told(&events(import("ai-sdk", text.as_bytes(), "shuffled")));
        lines.iter().for_each(|line| assert_told(&serde_json::from_str(line).unwrap(), &told, &["type"], &text));
    }
}

#[test]
fn one_field_in_every_part_is_kept_under_names_of_their_own_however_many_there_are() {
    let chunk = |parts: usize, part: &str| {
        let parts = vec![part; parts].join(",");
        format!(
            r#"{{"candidates":[{{"content":{{"parts":[{parts}],"role":"model"}}}}],"modelVersion":"gemini-2.0-flash"}}"#
        )
    };
    let all = events(import("ai-sdk", chunk(3, r#"{"text":"a","x":1}"#).as_bytes(), "test"));
    let names: Vec<_> = all.iter().flat_map(|event| event.attrs().map(|(name, _)| name.to_owned())).collect();
    for end in ["parts.x", "parts.x.2", "parts.x.3"] {
        assert_eq!(names.iter().filter(|name| name.ends_with(end)).count(), 1, "{names:?}");
    }
    // As many as a line has room for are told at once, though no event has.
    let many = chunk(50_000, r#"{"x":1}"#);
    let mut import = import("ai-sdk", many.as_bytes(), "test");
    let error = import.find_map(Result::err).unwrap();
    assert!(error.to_string().contains("1024"), "{error}");
}
