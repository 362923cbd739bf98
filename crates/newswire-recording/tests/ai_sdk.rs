//! What the importer of provider streams makes of all recorded ones: every chunk read, nothing lost.

mod common;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use common::{assert_told, files, kinds, payload, recorded, told};
use newswire::{Delivery, Event};
use newswire_recording::{Broken, ReadOptions, open_with};
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

/// A live session has no end in its recording, and tells what it used piece by piece.
#[test]
fn what_a_call_used_that_never_ends_is_told_all_the_same() {
    let Some(set) = recorded(SET) else { return };
    let paths = files(&set, "google-live-speech-translation.chunks.txt");
    let (events, _) = read(&paths[0]);
    let told: Vec<_> =
        events.iter().filter(|event| event.kind().as_str() == "model.call.progress").map(payload).collect();
    let sum = |name: &str| -> u64 {
        chunks(&paths[0]).iter().filter_map(|chunk| chunk["usageMetadata"][name].as_u64()).sum()
    };
    assert_eq!((sum("promptTokenCount"), sum("responseTokenCount")), (150, 150));
    let [told] = &told[..] else { panic!("{told:?}") };
    assert_eq!(told["data"]["usage"], serde_json::json!({"input_tokens": 150, "output_tokens": 150}));
    assert!(!events.iter().any(|event| event.kind().as_str() == "model.call.completed"));
}

/// Every text and number of the chunks stands in some event of their file, empty texts aside.
#[test]
fn nothing_that_a_recorded_stream_tells_is_lost() {
    let Some(set) = recorded(SET) else { return };
    for path in files(&set, ".chunks.txt") {
        let (events, _) = read(&path);
        let told = told(&events);
        for chunk in chunks(&path) {
            assert_told(&chunk, &told, &["type"], &path.display().to_string());
        }
    }
}

/// Model calls, requests, and calls of tools that providers run, counted from the chunks of one stream.
fn calls(chunks: &[Value]) -> (usize, usize, usize) {
    let (mut answers, mut asked, mut server) = (HashSet::new(), HashSet::new(), 0);
    for (number, chunk) in chunks.iter().enumerate() {
        let sort = chunk["type"].as_str().or(chunk["event_type"].as_str()).unwrap_or_default();
        match sort {
            "message_start" => _ = answers.insert(chunk["message"]["id"].as_str()),
            "response.created" => _ = answers.insert(chunk["response"]["id"].as_str()),
            "interaction.created" | "message-start" => _ = answers.insert(Some(sort)),
            _ => {}
        }
        let item = chunk["item"]["type"].as_str().filter(|_| sort == "response.output_item.added");
        let step = chunk["step"]["type"].as_str().unwrap_or_default();
        let block = chunk["content_block"]["type"].as_str().unwrap_or_default();
        let asks = item.is_some_and(|item| item.ends_with("_call") || item == "program")
            || step.ends_with("_call")
            || block.ends_with("tool_use")
            || sort == "tool-call-start"
            || chunk["contentBlockStart"]["start"]["toolUse"].is_object();
        if asks {
            asked.insert(number.to_string());
        }
        let mut ids = Vec::new();
        texts(chunk, &["choices", "delta", "tool_calls", "id"], &mut ids);
        asked.extend(ids.into_iter().map(str::to_owned));
        let mut names = Vec::new();
        texts(chunk, &["candidates", "content", "parts", "functionCall", "name"], &mut names);
        let held = chunk["message"]["content"].as_array().map_or(0, Vec::len);
        asked.extend((0..names.len() + held).map(|place| format!("{number}/{place}")));
        let client = ["function", "custom_tool", "local_shell", "apply_patch"];
        let runs =
            item.and_then(|item| item.strip_suffix("_call").or(Some(item).filter(|item| *item == "program")));
        let runs = runs.is_some_and(|tool| {
            let elsewhere = tool == "shell" && chunk["item"]["environment"].is_null()
                || tool == "tool_search" && chunk["item"]["execution"] == "client";
            !client.contains(&tool) && !elsewhere
        });
        let theirs = ["server_tool_use", "mcp_tool_use"].contains(&block);
        server += usize::from(runs || theirs || step == "google_search_call");
    }
    (answers.len().max(1), asked.len(), server)
}

#[test]
fn every_answer_is_a_model_call_and_every_tool_of_a_provider_is_called() {
    let Some(set) = recorded(SET) else { return };
    let mut all = Vec::new();
    for path in files(&set, ".chunks.txt") {
        let (events, _) = read(&path);
        let kinds = kinds(&events);
        let of = |kind: &str| kinds.get(kind).map_or(0, |times| usize::try_from(*times).unwrap());
        let told = (of("model.call.started"), of("tool.request.started"), of("tool.call.started"));
        assert_eq!(told, calls(&chunks(&path)), "{}", path.display());
        all.extend(events);
    }
    let kinds = kinds(&all);
    assert_eq!((kinds["model.call.started"], kinds["model.call.completed"]), (155, 151));
    // One was cut off by the next, one had no quota; a live session never ends, one's end is broken.
    assert_eq!((kinds["model.call.canceled"], kinds["model.call.failed"]), (1, 1));
    assert_eq!((kinds["tool.request.started"], kinds["tool.request.completed"]), (133, 132));
    assert_eq!((kinds["tool.call.started"], kinds["tool.call.completed"]), (52, 52));
}

#[test]
fn the_model_that_answers_and_what_it_hides_are_told() {
    let Some(set) = recorded(SET) else { return };
    let of = |file: &str, kind: &str| -> Vec<Value> {
        let (events, _) = read(&set.join(file));
        events.iter().filter(|event| event.kind().as_str() == kind).map(payload).collect()
    };
    let fallback = "anthropic/src/__fixtures__/anthropic-fallback.chunks.txt";
    let [end] = &of(fallback, "model.call.completed")[..] else { panic!() };
    assert_eq!(
        (&end["model"], &end["response_model"]),
        (&"claude-fable-5".into(), &"claude-opus-4-8".into())
    );
    let signed = "anthropic/src/__fixtures__/spliced-message-start.chunks.txt";
    let reasonings = of(signed, "reasoning.created");
    assert_eq!(reasonings[0]["opaque"], "sig-first");
    let hidden = &of("google/src/interactions/__fixtures__/basic.chunks.txt", "reasoning.created")[0];
    assert_eq!((&hidden["redacted"], hidden.get("content")), (&true.into(), None));
    let nested = "google/src/__fixtures__/google-vertex-stream-tool-call-arguments-nested.1.chunks.txt";
    let arguments = &of(nested, "tool.request.completed")[0]["arguments"];
    assert_eq!(arguments["recipe"]["ingredients"][9]["name"], "Pepper");
}
