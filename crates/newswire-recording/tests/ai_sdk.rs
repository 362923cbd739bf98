//! What the importer of provider streams makes of all recorded ones: every chunk read, nothing lost.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{damaged, events, files, import, kinds, leaves, payload, recorded, survives, told};
use newswire::{Delivery, Event};
use newswire_recording::{Broken, ReadOptions, open_with};
use proptest::prelude::*;
use serde_json::Value;

const SET: &str = "vercel_ai_stream_chunks";

/// The file two of whose lines lack their last brace.
const BROKEN: &str = "parallel-tool-call-wrapper.1.chunks.txt";

/// Reads a file, passing over what is no JSON; gives events, records and broken ones.
fn read(path: &Path) -> (Vec<Event>, newswire_recording::Report) {
    let options = ReadOptions { broken: Broken::Skip, ..ReadOptions::default() };
    let mut import = open_with(path, &options).unwrap();
    assert_eq!(import.format().name, "ai-sdk", "{}", path.display());
    let events = import.by_ref().filter_map(|delivery| delivery.ok().and_then(Delivery::event)).collect();
    (events, import.report().clone())
}

fn chunks(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The texts at a path of field names, through arrays, empty ones left out.
fn texts<'v>(value: &'v Value, path: &[&str], found: &mut Vec<&'v str>) {
    match (value, path) {
        (Value::Array(items), _) => items.iter().for_each(|item| texts(item, path, found)),
        (Value::String(text), []) if !text.is_empty() => found.push(text),
        (Value::Object(_), [name, rest @ ..]) => texts(&value[*name], rest, found),
        _ => {}
    }
}

/// Where providers write pieces of text, of reasoning and of what tools are called with.
const TEXT: &[&str] = &[
    "choices.delta.content",
    "choices.delta.content.text",
    "choices.text",
    "contentBlockDelta.delta.text",
    "serverContent.outputTranscription.text",
    "serverContent.inputTranscription.text",
];
const REASONING: &[&str] = &[
    "choices.delta.reasoning_content",
    "choices.delta.reasoning",
    "choices.delta.content.thinking.text",
    "contentBlockDelta.delta.reasoningContent.text",
    "delta.message.tool_plan",
];
const ARGUMENTS: &[&str] =
    &["choices.delta.tool_calls.function.arguments", "contentBlockDelta.delta.toolUse.input"];

/// The same, where it depends on the chunk's type.
const BY_TYPE: &[(&str, &str, &str)] = &[
    ("content_block_start", "content_block.text", "text"),
    ("content_block_delta", "delta.text", "text"),
    ("content_block_delta", "delta.thinking", "reasoning"),
    ("content_block_delta", "delta.partial_json", "arguments"),
    ("content-start", "delta.message.content.text", "text"),
    ("content-delta", "delta.message.content.text", "text"),
    ("content-delta", "delta.message.content.thinking", "reasoning"),
    ("tool-call-start", "delta.message.tool_calls.function.arguments", "arguments"),
    ("tool-call-delta", "delta.message.tool_calls.function.arguments", "arguments"),
    ("step.delta", "delta.text", "text"),
    ("step.delta", "delta.arguments", "arguments"),
    ("session.output_transcript.delta", "delta", "text"),
    ("session.input_transcript.delta", "delta", "text"),
    ("response.output_text.delta", "delta", "text"),
    ("response.reasoning_text.delta", "delta", "reasoning"),
    ("response.reasoning_summary_text.delta", "delta", "reasoning"),
    ("response.function_call_arguments.delta", "delta", "arguments"),
    ("response.custom_tool_call_input.delta", "delta", "arguments"),
    ("response.code_interpreter_call_code.delta", "delta", "arguments"),
    ("response.apply_patch_call_operation_diff.delta", "delta", "arguments"),
    ("response.shell_call_command.delta", "delta", "arguments"),
];

/// All pieces that the chunks hold, by sort, counted from the source alone.
fn pieces(chunks: &[Value]) -> BTreeMap<&'static str, Vec<&str>> {
    let mut pieces = BTreeMap::<&str, Vec<&str>>::new();
    for chunk in chunks {
        let mut add = |sort, path: &str| {
            let path: Vec<_> = path.split('.').collect();
            texts(chunk, &path, pieces.entry(sort).or_default());
        };
        for (sort, paths) in [("text", TEXT), ("reasoning", REASONING), ("arguments", ARGUMENTS)] {
            paths.iter().for_each(|path| add(sort, path));
        }
        let sort = chunk["type"].as_str().or(chunk["event_type"].as_str()).unwrap_or_default();
        for (_, path, what) in BY_TYPE.iter().filter(|(of, _, _)| *of == sort) {
            add(*what, path);
        }
        for part in chunk["candidates"].as_array().into_iter().flatten() {
            for part in part["content"]["parts"].as_array().into_iter().flatten() {
                let sort = if part["thought"] == true { "reasoning" } else { "text" };
                texts(part, &["text"], pieces.entry(sort).or_default());
            }
        }
    }
    pieces
}

/// The texts of all events of that kind.
fn said(events: &[Event], kind: &str) -> Vec<String> {
    let of_kind = events.iter().filter(|event| event.kind().as_str() == kind);
    of_kind.map(|event| payload(event)["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_chunk_of_every_file_is_read_and_every_piece_told_in_its_order() {
    let Some(set) = recorded(SET) else { return };
    let paths = files(&set, ".chunks.txt");
    assert_eq!(paths.len(), 127);
    let (mut records, mut broken, mut told) = (0, 0, BTreeMap::<_, usize>::new());
    for path in paths {
        let (events, report) = read(&path);
        let name = path.display();
        assert!(report.unknown_records.is_empty() && report.unknown_fields.is_empty(), "{name}: {report:?}");
        assert_eq!(report.broken_records, if path.ends_with(BROKEN) { 2 } else { 0 }, "{name}");
        records += report.records;
        broken += report.broken_records;
        let chunks = chunks(&path);
        assert_eq!(report.records, chunks.len() as u64);
        let pieces = pieces(&chunks);
        for (sort, kind) in [("text", "message.delta"), ("reasoning", "reasoning.delta")] {
            assert_eq!(said(&events, kind), pieces[sort], "{name}: {sort}");
            *told.entry(sort).or_default() += pieces[sort].len();
        }
        // Gemini's partial arguments, and what it searches for, are no text.
        let arguments: Vec<_> = said(&events, "tool.request.delta")
            .into_iter()
            .filter(|text| !text.starts_with(['[', '{']) || pieces["arguments"].contains(&text.as_str()))
            .collect();
        assert_eq!(arguments, pieces["arguments"], "{name}: arguments");
        *told.entry("arguments").or_default() += arguments.len();
    }
    assert_eq!((records, broken), (14_955, 2));
    assert_eq!((told["text"], told["reasoning"], told["arguments"]), (7_929, 3_010, 2_670));
}

/// What the last chunk that tells a usage tells, or the sum of all, by the names that the family has for it.
fn usage(chunks: &[Value], object: &str, input: &[&str], output: &[&str]) -> Option<(u64, u64)> {
    let told: Vec<_> =
        chunks.iter().filter_map(|chunk| chunk.pointer(object).filter(|usage| usage.is_object())).collect();
    let sum = |usage: &Value, names: &[&str]| {
        names.iter().map(|name| usage[name].as_u64().unwrap_or(0)).sum::<u64>()
    };
    let last = told.iter().rev().find(|usage| usage.get(input[0]).is_some())?;
    Some((sum(last, input), sum(last, output)))
}

#[test]
fn usage_is_told_in_one_meaning_for_all_providers() {
    let Some(set) = recorded(SET) else { return };
    let mut calls = 0;
    for path in files(&set, ".chunks.txt") {
        let (events, _) = read(&path);
        let chunks = chunks(&path);
        let ends: Vec<_> = events
            .iter()
            .filter(|event| event.kind().as_str() == "model.call.completed")
            .map(payload)
            .collect();
        let [end] = &ends[..] else { continue };
        let expected = usage(&chunks, "/usage", &["prompt_tokens"], &["completion_tokens"])
            .or_else(|| usage(&chunks, "/x_groq/usage", &["prompt_tokens"], &["completion_tokens"]))
            .or_else(|| usage(&chunks, "/response/usage", &["input_tokens"], &["output_tokens"]))
            .or_else(|| usage(&chunks, "/metadata/usage", &["inputTokens"], &["outputTokens"]))
            .or_else(|| usage(&chunks, "/delta/usage/tokens", &["input_tokens"], &["output_tokens"]))
            .or_else(|| {
                let output = ["candidatesTokenCount", "thoughtsTokenCount"];
                usage(&chunks, "/usageMetadata", &["promptTokenCount"], &output)
            })
            .or_else(|| {
                let input = ["total_input_tokens", "total_tool_use_tokens"];
                let output = ["total_output_tokens", "total_thought_tokens"];
                usage(&chunks, "/interaction/usage", &input, &output)
            })
            .or_else(|| {
                let input = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];
                usage(&chunks, "/usage", &input, &["output_tokens"])
            });
        let Some((input, mut output)) = expected else { continue };
        let beside = ["xai-text.chunks.txt", "xai-tool-call.chunks.txt"];
        if beside.iter().any(|name| path.ends_with(name)) {
            // xAI counts what a model thinks beside what it says.
            output += end["usage"]["reasoning_tokens"].as_u64().unwrap();
            let cost = end["usage"]["cost_usd"].as_f64().unwrap();
            assert!((0.000_1..0.000_2).contains(&cost), "{cost}");
        }
        assert_eq!(end["usage"]["input_tokens"], input, "{}", path.display());
        assert_eq!(end["usage"]["output_tokens"], output, "{}", path.display());
        calls += 1;
    }
    assert_eq!(calls, 108);
}

/// Every text and number of the chunks stands in some event of their file, empty texts aside.
#[test]
fn nothing_that_a_recorded_stream_tells_is_lost() {
    let Some(set) = recorded(SET) else { return };
    for path in files(&set, ".chunks.txt") {
        let (events, _) = read(&path);
        let told = told(&events);
        for chunk in chunks(&path) {
            leaves(&chunk, "", &mut |field, leaf| {
                let in_the_kind = field == "type" || leaf == "\"\"";
                assert!(in_the_kind || told.contains(&leaf), "{}: {field} {leaf} is lost", path.display());
            });
        }
    }
}

#[test]
fn tools_of_providers_are_called_and_answered_and_those_of_applications_only_asked_for() {
    let Some(set) = recorded(SET) else { return };
    let (mut all, mut server, mut starts) = (Vec::new(), 0, 0);
    for path in files(&set, ".chunks.txt") {
        all.extend(read(&path).0);
        for chunk in chunks(&path) {
            server += u64::from(
                chunk["content_block"]["type"]
                    .as_str()
                    .is_some_and(|sort| sort.ends_with("server_tool_use") || sort == "mcp_tool_use"),
            );
            starts += u64::from(
                ["message_start", "response.created", "interaction.created", "message-start"]
                    .contains(&chunk["type"].as_str().or(chunk["event_type"].as_str()).unwrap_or_default()),
            );
        }
    }
    let kinds = kinds(&all);
    eprintln!("{server} {starts} {kinds:#?}");
}

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
    assert_eq!(kinds_of(&lines(&[])), begun);
    assert_eq!(kinds_of(&lines(&[stop])), with(&["tool.request.failed"]));
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
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_to_a_real_stream_makes_the_importer_panic(
        file in any::<prop::sample::Index>(),
        damages in prop::collection::vec((0.0..1.0, any::<u8>(), any::<u8>()), 1..6),
    ) {
        let Some(set) = recorded(SET) else { return Ok(()) };
        let bytes = std::fs::read(file.get(&files(&set, ".chunks.txt"))).unwrap();
        survives("ai-sdk", &damaged(&bytes[..bytes.len().min(16_384)], &damages));
    }
}
