//! `newswire show`: runs as trees.

mod common;

use common::{HEAD, lines_of, newswire, pi_sessions, piped, text_of, written};
use newswire_cli::{FAILED, OK};

const MESSAGES: [&str; 5] = [
    r#"{"type":"message","timestamp":"2025-01-01T00:00:01.000Z","message":{"role":"user","content":"hi","timestamp":1735689601000}}"#,
    r#"{"type":"message","timestamp":"2025-01-01T00:00:03.500Z","message":{"role":"assistant","content":[{"type":"toolCall","id":"c-1","name":"ls","arguments":{}},{"type":"toolCall","id":"c-2","name":"rm","arguments":{}}],"model":"m-1","provider":"p","stopReason":"toolUse","timestamp":1735689601000,"usage":{"input":1000,"output":50,"cacheRead":200,"cacheWrite":0,"cost":{"total":0.25}}}}"#,
    r#"{"type":"message","timestamp":"2025-01-01T00:00:04.000Z","message":{"role":"toolResult","toolCallId":"c-1","toolName":"ls","isError":true,"content":"no\u001b[31m folder","timestamp":1735689604000}}"#,
    r#"{"type":"message","timestamp":"2025-01-01T00:00:06.000Z","message":{"role":"assistant","content":[],"model":"m-1","provider":"p","stopReason":"stop","timestamp":1735689605000,"usage":{"input":10,"output":5,"cacheRead":0,"cacheWrite":0,"cost":{"total":0.5}}}}"#,
    r#"{"type":"message","timestamp":"2025-01-01T00:00:07.000Z","message":{"role":"user","content":"more","timestamp":1735689607000}}"#,
];

fn small(name: &str) -> String {
    written(name, &format!("{HEAD}\n{}\n", MESSAGES.join("\n")))
}

#[test]
fn a_run_is_a_tree_with_durations_tokens_cost_failures_and_open_calls() {
    let (code, out, err) = newswire(&["show", &small("show.jsonl")]);
    let expected = "\
run s-1
… session s-1  open  1.2k in  55 out  $0.7500
├─ ✓ turn 1  5.0 s  1.2k in  55 out  $0.7500
│  ├─ ✓ model.call m-1  2.5 s  1.2k in  50 out  $0.2500
│  ├─ ✗ tool.call ls  500 ms  no␛[31m folder
│  ├─ … tool.call rm  open
│  └─ ✓ model.call m-1  1.0 s  10 in  5 out  $0.5000
└─ … turn 2  open
";
    assert_eq!((code, out.as_str(), err.as_str()), (OK, expected, ""));
    let (_, colored, _) = newswire(&["show", &small("show.jsonl"), "--color", "always"]);
    assert!(colored.contains("\x1b[31m✗\x1b[0m tool.call ls"), "{colored}");
}

#[test]
fn as_json_each_operation_is_a_line_and_tells_its_depth() {
    let (code, out, _) = piped(&["show", &small("show-json.jsonl")]);
    let nodes = lines_of(&out);
    assert_eq!(code, OK);
    let call = nodes.iter().find(|node| node["operation"] == "tool.call" && node["label"] == "rm").unwrap();
    assert_eq!((call["depth"].as_u64(), call["status"].as_str()), (Some(2), Some("running")));
    let model = nodes.iter().find(|node| node["operation"] == "model.call").unwrap();
    assert_eq!(model["usage"]["output_tokens"], 50);
}

#[test]
fn a_run_is_found_by_how_its_id_begins() {
    let Some([first, _]) = pi_sessions() else { return };
    let (_, all, _) = newswire(&["show", text_of(&first)]);
    let id = all.lines().next().unwrap().strip_prefix("run ").unwrap();
    let (code, one, _) = newswire(&["show", text_of(&first), &id[..4]]);
    assert_eq!((code, one), (OK, all.clone()));
    let (code, out, err) = newswire(&["show", text_of(&first), "zebra"]);
    assert_eq!((code, out.as_str()), (FAILED, ""));
    assert_eq!(err, format!("newswire: no run begins with \"zebra\"; expected one of {id}\n"));
}

#[test]
fn the_trees_of_recorded_sessions_hold_every_call_and_mark_those_that_are_open() {
    let Some(paths) = pi_sessions() else { return };
    let trees: String = paths.iter().map(|path| newswire(&["show", text_of(path)]).1).collect();
    let lines = |part: &str| trees.lines().filter(|line| line.contains(part)).count();
    assert_eq!((lines(" model.call "), lines(" tool.call ")), (937, 845));
    assert_eq!(
        trees.lines().filter(|line| line.contains("… tool.call") && line.contains("  open")).count(),
        24
    );
    assert!(trees.lines().all(|line| line.chars().count() <= 100 && !line.contains(char::is_control)));
}

#[test]
fn deep_trees_and_many_runs_neither_overflow_nor_take_long() {
    let event = |number: u64| {
        format!(
            r#"{{"id":"019b0099-5e61-7103-b62a-98a5788cd939","kind":"step.started","time":"2025-01-01T00:00:00Z","scope":{{"run":"r"}},"correlation":{{"span":"{:016x}","parent_span":"{number:016x}"}},"payload":{{"name":"s"}}}}"#,
            number + 1
        ) + "\n"
    };
    let file = written("deep.ndjson", &(1..=20_000).map(event).collect::<String>());
    let (code, out, _) = newswire(&["show", &file]);
    assert_eq!((code, out.lines().count()), (OK, 20_001));
    assert!(out.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn a_run_that_is_named_whole_is_shown_alone_and_how_many_are_not_is_told() {
    let event = |number: u64, run: &str| {
        format!(
            r#"{{"id":"019b0099-5e61-7103-b62a-{number:012x}","kind":"run.started","time":"2025-01-01T00:00:00Z","scope":{{"run":"{run}"}},"correlation":{{"span":"{:016x}"}},"payload":{{}}}}"#,
            number + 1
        ) + "\n"
    };
    let others: String = (0..150).map(|number| event(number, &format!("r-1{number:03}"))).collect();
    let file = written("show-whole.ndjson", &(event(1_000, "r-10") + &others + &event(1_001, "r-1")));
    let store = common::place("show-whole.db");
    ["", "-wal", "-shm"].iter().for_each(|end| drop(std::fs::remove_file(format!("{store}{end}"))));
    assert_eq!(piped(&["record", &file, "-o", &store]).0, OK);
    for from in [&file, &store] {
        for run in ["r-1", "r-10"] {
            let (code, out, err) = newswire(&["show", from, run]);
            assert_eq!((code, err.as_str()), (OK, ""));
            let runs: Vec<_> = out.lines().filter(|line| line.starts_with("run ")).collect();
            assert_eq!(runs, [format!("run {run}")], "{from}");
        }
    }
    let (code, out, err) = newswire(&["show", &store, "r-"]);
    assert_eq!((code, out.lines().filter(|line| line.starts_with("run ")).count()), (OK, 100));
    assert_eq!(err, "newswire: only the last 100 runs are shown whose ids begin so\n");
}
