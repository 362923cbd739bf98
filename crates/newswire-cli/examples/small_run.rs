//! Runs a small scripted agent and records it in the format that `newswire play` reads.
//!
//! The "model" follows a script; the tools are real, and so are the times. It is what `make demo` plays where
//! no recorded session is at hand:
//!
//! ```text
//! cargo run --example small_run -- target/small-run.jsonl
//! cargo run --bin newswire -- play target/small-run.jsonl
//! ```

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// What the model answers, one after the other: some words, and the tools that it wants called.
const SCRIPT: [(&str, &[(&str, &str)]); 4] = [
    (
        "I'll count the words of both files.",
        &[("count_words", "Cargo.toml"), ("count_words", "no-such-file")],
    ),
    ("One of them isn't there. Which files are there?", &[("list_files", ".")]),
    ("So I add up what I know.", &[("add", "20 22")]),
    ("Cargo.toml is there, the other file is not; and 20 + 22 = 42.", &[]),
];

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: small_run FILE")?;
    let mut recorder = Recorder { file: BufWriter::new(File::create(&path)?), tokens: 120 };
    recorder.record(json!({
        "type": "session", "id": format!("small-run-{}", now()), "cwd": ".", "provider": "scripted",
        "modelId": "scripted-1", "thinkingLevel": "off",
    }))?;
    recorder.message(json!({
        "role": "user", "timestamp": now(),
        "content": [{"type": "text", "text": "How many words have Cargo.toml and no-such-file, and what is 20 + 22?"}],
    }))?;
    let mut calls = 0;
    for (words, tools) in SCRIPT {
        let mut content = vec![json!({"type": "text", "text": words})];
        let mut results = Vec::new();
        for (name, input) in tools {
            calls += 1;
            let id = format!("call-{calls}");
            content.push(json!({"type": "toolCall", "id": id, "name": name, "arguments": {"input": input}}));
            results.push((id, *name, *input));
        }
        recorder.answer(content, if tools.is_empty() { "stop" } else { "toolUse" })?;
        for (id, name, input) in results {
            let result = call_tool(name, input);
            let failed = result.is_err();
            let text = result.unwrap_or_else(|error| error.to_string());
            recorder.message(json!({
                "role": "toolResult", "toolCallId": id, "toolName": name, "isError": failed, "timestamp": now(),
                "content": [{"type": "text", "text": text}],
            }))?;
        }
    }
    recorder.file.flush()?;
    println!("recorded {path}");
    Ok(())
}

fn call_tool(name: &str, input: &str) -> Result<String, Box<dyn Error>> {
    match name {
        "count_words" => Ok(std::fs::read_to_string(input)?.split_whitespace().count().to_string()),
        "list_files" => {
            let names =
                std::fs::read_dir(input)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
            let mut names = names.collect::<std::io::Result<Vec<_>>>()?;
            names.sort();
            Ok(names.join("\n"))
        }
        "add" => {
            let numbers = input.split(' ').map(str::parse::<i64>).collect::<Result<Vec<_>, _>>()?;
            Ok(numbers.iter().sum::<i64>().to_string())
        }
        other => Err(format!("there is no tool {other}").into()),
    }
}

struct Recorder {
    file: BufWriter<File>,
    /// The conversation so far, which every call reads again.
    tokens: u64,
}

impl Recorder {
    fn answer(&mut self, content: Vec<Value>, stop_reason: &str) -> Result<(), Box<dyn Error>> {
        let began = now();
        let output = serde_json::to_string(&content)?.len() as u64 / 4;
        let (input, cached) = (self.tokens / 4, self.tokens - self.tokens / 4);
        self.tokens += output;
        let cost = (input * 3 + output * 15) as f64 / 1e6 + cached as f64 * 0.3 / 1e6;
        self.message(json!({
            "role": "assistant", "content": content, "api": "scripted", "provider": "scripted", "model": "scripted-1",
            "stopReason": stop_reason, "timestamp": began,
            "usage": {"input": input, "output": output, "cacheRead": cached, "cacheWrite": 0, "cost": {"total": cost}},
        }))
    }

    fn message(&mut self, message: Value) -> Result<(), Box<dyn Error>> {
        self.record(json!({"type": "message", "message": message}))
    }

    fn record(&mut self, mut record: Value) -> Result<(), Box<dyn Error>> {
        record["timestamp"] = json!(iso(now()));
        serde_json::to_writer(&mut self.file, &record)?;
        self.file.write_all(b"\n")?;
        Ok(())
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// The RFC 3339 form of a time after 1970.
fn iso(millis: u64) -> String {
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut days, rest) = (millis / 86_400_000, millis % 86_400_000);
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", days + 1, rest % 1000)
}
