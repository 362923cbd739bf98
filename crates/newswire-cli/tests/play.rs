//! `newswire play`: what it shows, what it sums up, and how it says no.

mod common;

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::Path;

use common::{Captured, HEAD, Limited, data, lines_of, newswire, newswire_with, piped, run_with, written};
use newswire_cli::{FAILED, OK, Stdio, USAGE};
use newswire_recording::MAX_LINE_BYTES;
use serde_json::Value;

fn recorded(name: &str) -> Option<std::path::PathBuf> {
    data(&format!("pi_coding_sessions/{name}"))
}

/// The figures of a session, counted in its JSON without Newswire.
#[derive(Debug, Default, PartialEq)]
struct Count {
    models: u64,
    failed: u64,
    canceled: u64,
    tools: u64,
    tools_failed: u64,
    unanswered: u64,
    compactions: u64,
    input: u64,
    output: u64,
    cost: String,
}

fn count(path: &Path) -> Count {
    let (mut count, mut cost) = (Count::default(), 0.0);
    let mut open = HashSet::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        count.compactions += u64::from(record["type"] == "compaction");
        let message = &record["message"];
        if message["role"] == "assistant" {
            count.models += 1;
            count.failed += u64::from(message["stopReason"] == "error");
            count.canceled += u64::from(message["stopReason"] == "aborted");
            let usage = &message["usage"];
            let tokens = |name: &str| usage[name].as_u64().unwrap();
            count.input += tokens("input") + tokens("cacheRead") + tokens("cacheWrite");
            count.output += tokens("output");
            cost += usage["cost"]["total"].as_f64().unwrap();
            for part in message["content"].as_array().unwrap() {
                if part["type"] == "toolCall" {
                    count.tools += 1;
                    open.insert(part["id"].as_str().unwrap().to_owned());
                }
            }
        }
        if message["role"] == "toolResult" {
            count.tools_failed += u64::from(message["isError"] == true);
            open.remove(message["toolCallId"].as_str().unwrap());
        }
    }
    Count { unanswered: open.len() as u64, cost: format!("{cost:.4}"), ..count }
}

/// The same figures as the summary tells them.
fn told(output: &str) -> Count {
    let row = |name: &str| {
        let line = output.lines().rev().find(|line| line.starts_with(name)).unwrap();
        let words = line.split(|c: char| !(c.is_ascii_digit() || c == ',' || c == '.'));
        let numbers = words
            .map(|word| word.replace(',', ""))
            .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        numbers.collect::<Vec<_>>()
    };
    let number = |name: &str, place: usize| row(name)[place].parse::<u64>().unwrap();
    assert_eq!(number("events", 1), 0, "nothing is dropped");
    Count {
        models: number("model calls", 0),
        failed: number("model calls", 1),
        canceled: number("model calls", 2),
        tools: number("tool calls", 0),
        tools_failed: number("tool calls", 1),
        unanswered: number("tool calls", 2),
        compactions: number("compactions", 0),
        input: number("input tokens", 0),
        output: number("output tokens", 0),
        cost: row("cost")[0].clone(),
    }
}

#[test]
fn the_summary_equals_a_direct_count_of_both_recorded_sessions() {
    for name in ["large-session.jsonl", "before-compaction.jsonl"] {
        let Some(path) = recorded(name) else { return };
        let (code, out, err) = newswire(&["play", path.to_str().unwrap()]);
        assert_eq!((code, err.as_str()), (OK, ""));
        assert_eq!(told(&out), count(&path), "{name}");
    }
}

#[test]
fn every_event_of_a_recorded_session_is_shown_and_no_escape_of_it_gets_through() {
    let Some(path) = recorded("before-compaction.jsonl") else { return };
    let (_, out, _) = newswire(&["play", path.to_str().unwrap(), "--width", "80"]);
    let (view, summary) = out.split_once("\n\n").unwrap();
    let shown = view.lines().count();
    let events = summary.lines().find_map(|line| line.strip_prefix("events")).unwrap().trim();
    assert_eq!(events.split(' ').next().unwrap().replace(',', ""), shown.to_string());
    assert!(view.lines().all(|line| line.chars().count() <= 80 && !line.contains(char::is_control)));
    assert!(!view.contains("missing ("));
}

#[test]
fn a_small_session_is_shown_line_by_line() {
    let file = written(
        "small.jsonl",
        &format!(
            "{HEAD}\n{}\n{}\n",
            r#"{"type":"message","timestamp":"2025-01-01T00:00:01.000Z","message":{"role":"user","content":"red \u001b[31m?","timestamp":1735689601000}}"#,
            r#"{"type":"message","timestamp":"2025-01-01T00:00:03.500Z","message":{"role":"assistant","content":[{"type":"text","text":"no"}],"model":"m-1","provider":"p","stopReason":"stop","timestamp":1735689601000}}"#,
        ),
    );
    let (code, out, _) = newswire(&["play", &file]);
    let expected = "\
00:00:00.000 … session s-1
00:00:01.000   … turn 1
00:00:01.000     · message.created user  red ␛[31m?
00:00:01.000     … model.call m-1  provider=p
00:00:03.500       · message.created assistant  no
00:00:03.500     ✓ model.call m-1  2.5 s  finish_reason=stop provider=p
00:00:03.500   ✓ turn 1  2.5 s

turns         1
model calls   1 (0 failed, 0 canceled)
tool calls    0 (0 failed, 0 never answered)
compactions   0
input tokens  0 (0 read from cache, 0 written to it)
output tokens 0
cost          USD 0.0000
events        7 (0 dropped)
";
    assert_eq!((code, out.as_str()), (OK, expected));
    let (_, colored, _) = newswire(&["play", &file, "--color", "always"]);
    assert!(colored.contains("\x1b[32m ✓ \x1b[0m"));
}

#[test]
fn what_the_importer_does_not_know_is_shown_and_told() {
    let odd = r#"{"type":"label","timestamp":"2025-01-01T00:00:01.000Z","x":1}"#;
    let file =
        written("odd.jsonl", &format!("{HEAD}\n{odd}\n{{\"type\":\"compaction\",\"mood\":\"calm\"}}\n"));
    let (code, out, err) = newswire(&["play", &file]);
    assert_eq!(code, OK);
    assert!(out.contains("pi.record.kept"), "{out}");
    assert_eq!(err, "newswire: kept as they are, being unknown: 1 record (label), 1 field (mood)\n");
}

#[test]
fn a_file_that_breaks_off_is_shown_as_far_as_it_goes_and_is_a_failure() {
    let file = written("broken.jsonl", &format!("{HEAD}\n{{\"type\":\"compaction\"}}\n{{\"type\":\n"));
    let (code, out, err) = newswire(&["play", &file]);
    assert_eq!(code, FAILED);
    assert!(out.contains("context.compacted") && out.contains("events        2"), "{out}");
    let told = err.strip_prefix("newswire: ").unwrap();
    assert!(told.starts_with("stopped after 2 events, the rest was not read: "), "{err}");
    assert!(told.contains("broken.jsonl:3: "), "{err}");
    assert!(told.ends_with("at column 8; expected a JSON object\n"), "{err}");
    assert!(out.ends_with(&format!("events        2 (0 dropped)\n{told}")), "the summary says it too: {out}");
}

#[test]
fn whatever_breaks_a_session_off_is_one_line_each_that_says_where_and_what_was_expected() {
    let long = "x".repeat(MAX_LINE_BYTES + 1);
    let large = format!(r#"{{"type":"message","message":{{"role":"user","content":"{}"}}}}"#, &long[200..]);
    let cases: [(&[u8], &str); 5] = [
        (b"{\"a\":\"\xff\"}", ":2: these bytes are not UTF-8 at column 7; expected one record a line"),
        (b"{\"a\":\"\0\"}", ":2: a NUL stands in the text at column 7; expected one record a line"),
        (
            long.as_bytes(),
            ":2: a line has at most 1048576 bytes, this has more at column 1; expected one record",
        ),
        (b"[]", ":2: this is no JSON object"),
        (large.as_bytes(), ":2: "),
    ];
    for (line, said) in cases {
        let bytes = [HEAD.as_bytes(), b"\n", line, b"\n{\"type\":\"compaction\"}\n"].concat();
        let (code, out, err) = newswire_with(&["play", "-"], io::Cursor::new(bytes));
        assert_eq!((code, err.lines().count()), (FAILED, 1), "{err}");
        assert!(err.starts_with("newswire: stopped after 1 event, the rest"), "{err}");
        assert!(err.contains(&format!("standard input{said}")), "{err}");
        assert!(out.contains("events        1 ") && !out.contains("context.compacted"), "{out}");
    }
}

#[test]
fn a_dash_is_the_standard_input() {
    let text = format!("{HEAD}\n{{\"type\":\"compaction\"}}\n");
    let (code, out, err) = newswire_with(&["play", "-"], io::Cursor::new(text));
    assert_eq!((code, err.as_str()), (OK, ""));
    assert!(out.contains("context.compacted") && out.contains("events        2 "), "{out}");
    let (code, out, err) = newswire(&["play", "-"]);
    assert_eq!((code, out.as_str()), (FAILED, ""));
    assert_eq!(err, "newswire: standard input: nothing stands in it; expected a recording\n");
}

#[test]
fn an_input_that_can_be_read_no_further_is_told_after_what_came() {
    struct Torn;
    impl Read for Torn {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the line is down"))
        }
    }
    let input = io::Cursor::new(format!("{HEAD}\n")).chain(Torn);
    let (code, out, err) = newswire_with(&["play", "-"], input);
    assert_eq!(code, FAILED);
    assert!(err.contains("after 1 event") && err.contains("reading failed: the line is down"), "{err}");
    assert!(out.contains("events        1 "), "{out}");
}

#[test]
fn what_cannot_be_played_is_told_on_the_standard_error_without_control_characters() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let notes = written("notes.md", "# Notes\n");
    let empty = written("empty.jsonl", "");
    let hostile = written("hostile.jsonl", r#"{"type":"\u001b]0;owned\u0007"}"#);
    for (file, said) in [
        ("/nowhere/\u{1b}[2J.jsonl", "there is no such file; expected a recording"),
        (folder, "this is a directory; expected a recording"),
        (&*empty, "nothing stands in it; expected a recording"),
        (&*notes, "expected a recording of one of these formats: "),
        (&*hostile, "its beginning is of no known format"),
    ] {
        let (code, out, err) = newswire(&["play", file]);
        assert_eq!((code, out.as_str()), (FAILED, ""), "{file:?}");
        assert!(err.starts_with("newswire: ") && err.contains(said), "{err}");
        assert!(!err.trim_end().contains(char::is_control) && err.contains("; expected "), "{err:?}");
    }
}

#[test]
fn wrong_usage_is_its_own_code_and_help_has_an_example() {
    for args in
        [&[][..], &["fly"], &["play"], &["play", "x", "--width", "39"], &["play", "x", "--color", "pink"]]
    {
        let (code, out, err) = newswire(args);
        assert_eq!((code, out.as_str()), (USAGE, ""), "{args:?}");
        assert!(err.contains("--help"), "{err}");
    }
    let (code, out, err) = newswire(&["play", "--help"]);
    assert_eq!((code, err.as_str()), (OK, ""));
    assert!(out.contains("newswire play session.jsonl --width 120"), "{out}");
    assert_eq!(newswire(&["--help"]).0, OK);
    assert!(newswire(&["--version"]).1.contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_time_or_filter_that_cannot_be_understood_is_wrong_usage() {
    let file = written("misunderstood.jsonl", &format!("{HEAD}\n"));
    for (option, value) in [("--from", "5x"), ("--to", "soon"), ("--filter", "nope nope")] {
        let (code, out, err) = newswire(&["play", &file, option, value]);
        assert_eq!((code, out.as_str(), err.lines().count()), (USAGE, "", 1), "{value}: {err}");
        assert!(err.starts_with("newswire: ") && err.contains("; expected "), "{err}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_play_quietly() {
    let compactions = "{\"type\":\"compaction\"}\n".repeat(500);
    let file = written("long.jsonl", &format!("{HEAD}\n{compactions}"));
    let play = |error| {
        let err = Captured::default();
        let stdio = Stdio { out_terminal: true, ..Stdio::new(io::empty(), Limited(300, error), err.clone()) };
        (run_with(&["play", &file], stdio), err.text())
    };
    assert_eq!(play(io::ErrorKind::BrokenPipe), (OK, String::new()));
    let (code, said) = play(io::ErrorKind::StorageFull);
    assert_eq!(code, FAILED);
    assert!(said.contains("the output can't be written"), "{said}");
}

#[test]
fn a_pipe_gets_every_event_as_a_line_of_json_in_the_order_of_the_recording() {
    let Some(path) = recorded("before-compaction.jsonl") else { return };
    let (code, out, err) = piped(&["play", path.to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (OK, ""));
    let events = lines_of(&out);
    assert!(events.iter().enumerate().all(|(place, event)| event["seq"] == place + 1));
    let calls = events.iter().filter(|event| event["kind"] == "tool.call.started").count() as u64;
    assert_eq!(calls, count(&path).tools);
}

#[test]
fn an_end_before_the_beginning_is_wrong_usage_and_a_time_without_events_is_told() {
    let file = written("play-times.jsonl", &format!("{HEAD}\n{{\"type\":\"compaction\"}}\n"));
    for times in [["5m", "1m"], ["2025-01-02T00:00:00Z", "2025-01-01T00:00:00Z"]] {
        let (code, out, err) = newswire(&["play", &file, "--from", times[0], "--to", times[1]]);
        assert_eq!((code, out.as_str()), (USAGE, ""));
        let said = format!("--to {} lies before --from {}", times[1], times[0]);
        assert!(err.contains(&said), "{err}");
    }
    for times in [["--from", "5m"], ["--to", "2024-01-01T00:00:00Z"]] {
        let (code, _, err) = piped(&["play", &file, times[0], times[1]]);
        assert_eq!((code, err.as_str()), (OK, "newswire: no event lies in the time that was asked for\n"));
    }
    assert_eq!(piped(&["play", &file, "--from", "0s", "--to", "0s"]).2, "");
}

#[test]
fn each_event_is_judged_by_its_own_time_wherever_the_times_before_it_were() {
    let event = |minute: u8, number: u8| {
        format!(
            r#"{{"id":"019b0099-5e61-7103-b62a-0000000000{number:02}","kind":"own.kind","time":"2026-01-01T00:{minute:02}:00Z"}}"#
        )
    };
    // As where a session is branched off: its head is later than all that it has taken along.
    let lines: Vec<_> = [30, 10, 20, 31, 15, 50].into_iter().zip(1..).map(|(at, n)| event(at, n)).collect();
    let file = written("play-own-times.ndjson", &(lines.join("\n") + "\n"));
    for (from, to, minutes) in [
        ("2026-01-01T00:10:00Z", "2026-01-01T00:20:00Z", vec!["10", "20", "15"]),
        ("2026-01-01T00:30:00Z", "2026-01-01T00:40:00Z", vec!["30", "31"]),
        ("0s", "1m", vec!["30", "31"]),
        ("20m", "1h", vec!["50"]),
    ] {
        let (code, out, err) = piped(&["play", &file, "--from", from, "--to", to]);
        assert_eq!((code, err.as_str()), (OK, ""));
        let times =
            lines_of(&out).into_iter().map(|event| event["time"].as_str().unwrap()[14..16].to_owned());
        assert_eq!(times.collect::<Vec<_>>(), minutes, "from {from} to {to}");
    }
}

#[test]
fn a_kind_in_a_filter_that_neither_catalogue_nor_recording_has_is_told_with_what_comes_near() {
    let head = HEAD.replace("s-1", "s-2");
    let file = written("play-strange.jsonl", &format!("{head}\n{{\"type\":\"label\"}}\n"));
    let told = |filter: &str| {
        let (_, _, played) = piped(&["play", &file, "--filter", filter]);
        let (_, _, found) = piped(&["grep", filter, &file]);
        let of = |err: &str| {
            err.lines().filter(|line| line.contains("of kind")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(of(&played), of(&found));
        of(&played)
    };
    let said = |kind: &str, meant: &str| {
        format!("newswire: no event is of kind {kind}, nor is one in the catalogue{meant}")
    };
    assert_eq!(told("tol.* or session.*"), [said("tol.*", " (did you mean tool.*?)")]);
    assert_eq!(told("tool.call.startd"), [said("tool.call.startd", " (did you mean tool.call.started?)")]);
    assert_eq!(told("zebra.crossed"), [said("zebra.crossed", "")]);
    assert_eq!(told("tool.* or run=zebra or pi.record.kept or pi.*"), [""; 0]);
}

#[test]
fn events_that_were_internal_are_shown_in_their_places_and_counted() {
    let line = |number: u32| {
        let internal = if matches!(number, 300..600 | 700) { r#","internal":true"# } else { "" };
        format!(
            r#"{{"id":"0190163d-8694-739b-aea5-{number:012}","kind":"step.started","time":"2026-11-21T01:02:03Z"{internal}}}"#
        )
    };
    let recording: String = (0..1000).map(|number| line(number) + "\n").collect();
    let recording = written("internal.ndjson", &recording);
    let (code, out, err) = piped(&["play", &recording, "--speed", "max"]);
    assert_eq!((code, &*err), (OK, ""));
    let shown: Vec<_> = lines_of(&out);
    let ids = shown.iter().map(|event| event["id"].as_str().unwrap()[24..].parse().unwrap());
    assert_eq!(ids.collect::<Vec<u32>>(), (0..1000).collect::<Vec<_>>());
    assert_eq!(shown.iter().filter(|event| event["internal"] == true).count(), 301);

    let (code, out, err) = piped(&["stats", &recording]);
    assert_eq!((code, &*err), (OK, ""));
    let said: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&said["events"], &said["missed"]), (&1000.into(), &0.into()));
}
