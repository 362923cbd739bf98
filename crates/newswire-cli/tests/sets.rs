//! `newswire stats` on every set of recorded data: its totals are those of a direct count of the source.

mod common;

use std::path::{Path, PathBuf};

use common::piped;
use newswire_cli::OK;
use serde_json::Value;

/// The files of a set whose names end so; none where the set isn't there, which is told.
fn set(name: &str, end: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if !folder.exists() {
        eprintln!("SKIPPED: ../shared/data/{name} is missing");
        return Vec::new();
    }
    let (mut found, mut folders) = (Vec::new(), vec![folder]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.to_string_lossy().ends_with(end) => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    found
}

fn stats(files: &[PathBuf], options: &[&str]) -> Value {
    let files = files.iter().map(|file| file.to_str().unwrap());
    let args: Vec<&str> =
        ["stats", "--json"].into_iter().chain(options.iter().copied()).chain(files).collect();
    let (code, out, err) = piped(&args);
    assert_eq!(code, OK, "{err}");
    serde_json::from_str(&out).unwrap()
}

fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap()
}

#[test]
fn every_run_and_tool_call_of_tau_bench_is_counted() {
    let files = set("tau_bench_airline_gpt4o", ".json");
    let Some(file) = files.first() else { return };
    let source = json(file);
    let messages = || source.as_array().unwrap().iter().flat_map(|run| run["traj"].as_array().unwrap());
    let calls: usize = messages().map(|message| message["tool_calls"].as_array().map_or(0, Vec::len)).sum();
    let said = stats(&files, &[]);
    assert_eq!((&said["runs"], &said["records"]), (&200.into(), &200.into()));
    assert_eq!(said["by_kind"]["run.started"], source.as_array().unwrap().len());
    assert_eq!((&said["tool_calls"]["calls"], calls), (&1164.into(), 1164));
    let assistants = messages().filter(|message| message["role"] == "assistant").count();
    assert_eq!(said["model_calls"]["calls"], assistants);
    // The source has no times, so nothing is said of any.
    assert_eq!((&said["lasted_ns"], &said["tool_calls"]["timed"]), (&0.into(), &0.into()));
}

#[test]
fn every_record_and_delta_of_the_log_of_codex_is_counted() {
    let files = set("codex_tui_recording", ".jsonl");
    let Some(file) = files.first() else { return };
    let text = std::fs::read_to_string(file).unwrap();
    let deltas =
        |sort: &str| text.lines().filter(|line| line.contains(&format!("\"type\":\"{sort}\""))).count();
    let said = stats(&files, &[]);
    assert_eq!((&said["records"], text.lines().count()), (&8041.into(), 8041));
    assert_eq!((&said["by_kind"]["message.delta"], deltas("agent_message_delta")), (&1379.into(), 1379));
    assert_eq!(
        (&said["by_kind"]["reasoning.delta"], deltas("agent_reasoning_raw_content_delta")),
        (&130.into(), 130)
    );
}

/// The tokens are those of model calls, the one that never ends included. A sum over all observations of what
/// their `usageDetails` say differs: an agent's repeat those of its own call, and one trace tells its calls'
/// tokens elsewhere.
#[test]
fn every_observation_of_langfuse_is_counted_and_every_token_once() {
    let files = set("langfuse_framework_traces", ".json");
    let (mut observations, mut all, mut calls) = (0, [0, 0], [0, 0]);
    for file in &files {
        for observation in json(file)["observations"].as_array().unwrap() {
            observations += 1;
            let is_call = observation["type"] == "GENERATION";
            for (at, name) in ["input", "output"].into_iter().enumerate() {
                let details = observation["usageDetails"][name].as_u64().unwrap_or(0);
                let elsewhere = observation[format!("{name}Usage")].as_u64().unwrap_or(0);
                all[at] += details;
                calls[at] += if is_call { details.max(elsewhere) } else { 0 };
            }
        }
    }
    if files.is_empty() {
        return;
    }
    assert_eq!((observations, all, calls), (91, [11_779, 3_675], [12_348, 3_655]));
    let said = stats(&files, &[]);
    let begun =
        ["model.call", "tool.call", "agent", "step"].map(|what| &said["by_kind"][format!("{what}.started")]);
    assert_eq!(begun.iter().map(|count| count.as_u64().unwrap()).sum::<u64>(), observations);
    let usage = &said["model_calls"]["usage"];
    assert_eq!(
        [&usage["input_tokens"], &usage["output_tokens"]],
        [&Value::from(calls[0]), &Value::from(calls[1])]
    );
}

#[test]
fn every_chunk_of_every_stream_of_the_ai_sdk_is_counted() {
    let files = set("vercel_ai_stream_chunks", ".chunks.txt");
    if files.is_empty() {
        return;
    }
    let texts: Vec<_> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let lines = texts.iter().flat_map(|text| text.lines()).filter(|line| !line.trim().is_empty());
    let (whole, broken): (Vec<_>, Vec<_>) =
        lines.partition(|line| serde_json::from_str::<Value>(line).is_ok());
    let said = stats(&files, &["--skip"]);
    assert_eq!((&said["recordings"], files.len()), (&127.into(), 127));
    assert_eq!((&said["records"], &said["broken_records"]), (&whole.len().into(), &broken.len().into()));
}

#[test]
fn every_model_stream_of_the_recordings_of_ag_ui_is_counted() {
    let files = set("agui_recordings/fixtures", ".recording.json");
    if files.is_empty() {
        return;
    }
    let streams: usize = files.iter().map(|file| json(file).as_array().unwrap().len()).sum();
    let said = stats(&files, &[]);
    assert_eq!((&said["recordings"], &said["runs"]), (&13.into(), &streams.into()));
    // Two streams hold an answer on either side of a tool's result.
    assert_eq!(said["model_calls"]["calls"], streams + 2);
}
