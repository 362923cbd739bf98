//! What makes figures wrong, or output incomplete, is told to people as to programs.

mod common;

use common::{lines_of, newswire, piped, written};
use newswire_cli::OK;

/// An event's line: its kind, the end of its id, and its payload.
fn event(kind: &str, id: u64, payload: &str) -> String {
    format!(
        r#"{{"id":"019b0099-5e61-7103-b62a-{id:012x}","kind":"{kind}","time":"2025-01-01T00:00:00Z","scope":{{"run":"r"}},"correlation":{{"span":"{id:016x}"}},"payload":{payload}}}"#
    ) + "\n"
}

const GAP: &str = "{\"gap\":{\"first\":2,\"last\":401,\"count\":400,\"reason\":\"full\"}}\n";

fn with_gap(name: &str) -> String {
    let call = event(
        "model.call.completed",
        1,
        r#"{"model":"m","provider":"p","usage":{"input_tokens":"many","output_tokens":7,"reasoning_tokens":5}}"#,
    );
    written(name, &format!("{call}{GAP}"))
}

#[test]
fn people_are_told_what_the_figures_lack() {
    let file = with_gap("told-stats.ndjson");
    let (code, out, err) = newswire(&["stats", &file]);
    assert_eq!(code, OK);
    for line in [
        "missing       400 events that the recordings lack",
        "unreadable    1 payload with fields that don't fit, which count nowhere",
        "output tokens 7 (5 reasoning)",
    ] {
        assert!(out.lines().any(|told| told == line), "{line}: {out}");
    }
    assert_eq!(err, "newswire: 400 events are missing, as 1 gap in what was read tells\n");
    let (_, out, _) = piped(&["stats", &file]);
    let told = &lines_of(&out)[0];
    assert_eq!((told["missing_events"].as_u64(), told["unreadable"].as_u64()), (Some(400), Some(1)));

    let (_, out, err) = newswire(&["stats", "--by", "model", &file]);
    assert!(!out.contains("unreadable"), "{out}");
    assert!(err.contains("newswire: 1 payload with fields that don't fit"), "{err}");
}

#[test]
fn sound_recordings_get_no_lines_about_what_is_wrong() {
    let file = written("told-sound.ndjson", &event("tool.call.started", 1, r#"{"name":"ls","call_id":"c"}"#));
    let (_, out, err) = newswire(&["stats", &file]);
    assert_eq!(err, "");
    assert!(out.contains("events        1 (0 dropped)\n\n"), "{out}");
}

#[test]
fn every_command_tells_that_events_are_missing() {
    let file = with_gap("told-all.ndjson");
    for args in [
        vec!["show", &file],
        vec!["grep", "model.*", &file],
        vec!["grep", "-c", "model.*", &file],
        vec!["ls", &file],
        vec!["play", "--filter", "model.*", &file],
        vec!["diff", &file, &file],
        vec!["import", &file],
    ] {
        let (code, _, err) = newswire(&args);
        assert_eq!(code, OK, "{args:?}: {err}");
        assert!(err.contains("400 events are missing"), "{args:?}: {err}");
    }
}

#[test]
fn calls_that_were_forgotten_are_not_called_unanswered() {
    let calls = (1..=65_540).map(|id| event("tool.call.started", id, r#"{"name":"ls","call_id":"c"}"#));
    let file = written("told-forgotten.ndjson", &calls.collect::<String>());
    let (code, out, _) = newswire(&["stats", &file]);
    assert_eq!(code, OK);
    assert!(out.contains("tool calls    65,540 (0 failed, 65,536 never answered, 4 forgotten)"), "{out}");
    assert!(out.lines().any(|line| line.starts_with("forgotten     4 calls ")), "{out}");
}

#[test]
fn a_table_that_is_full_does_not_promise_to_show_all() {
    let calls = (1..=10_005)
        .map(|id| event("tool.call.started", id, &format!(r#"{{"name":"tool-{id}","call_id":"c"}}"#)));
    let file = written("told-ungrouped.ndjson", &calls.collect::<String>());
    let (_, out, _) = newswire(&["stats", &file]);
    assert!(out.contains("ungrouped     5 calls that stand in no table"), "{out}");
    assert!(out.contains("and 9,980 more: --by tool shows all that are told apart"), "{out}");
}

#[test]
fn a_tree_names_calls_that_have_no_component() {
    let calls = event("tool.call.started", 1, r#"{"name":"ls","call_id":"c"}"#)
        + &event("model.call.started", 2, r#"{"model":"m","provider":"p"}"#);
    let file = written("told-names.ndjson", &calls);
    let (_, out, _) = newswire(&["show", &file]);
    assert!(out.contains("tool.call ls") && out.contains("model.call m"), "{out}");
    let (_, out, _) = newswire(&["check", &file]);
    assert!(out.contains("tool.call ls never ends") && out.contains("model.call m never ends"), "{out}");
}

#[test]
fn runs_of_a_recording_that_are_not_listed_are_told() {
    let run = |number: u64| {
        format!(
            r#"{{"id":"019b0099-5e61-7103-b62a-{number:012x}","kind":"run.started","time":"2025-01-01T00:00:00Z","scope":{{"run":"r-{number}"}},"payload":{{}}}}"#
        ) + "\n"
    };
    let file = written("told-runs.ndjson", &(0..1_001).map(run).collect::<String>());
    let (code, out, err) = newswire(&["ls", &file]);
    assert_eq!((code, out.lines().count()), (newswire_cli::OK, 1_001));
    assert_eq!(err, "newswire: only the last 1000 runs are shown; -n shows more\n");
    let (_, out, err) = newswire(&["ls", "-n", "2000", &file]);
    assert_eq!((out.lines().count(), err.as_str()), (1_002, ""));
}

#[test]
fn what_lasted_from_the_first_moment_to_the_last_is_told_whole() {
    let at = |number: u64, time: &str| {
        format!(
            r#"{{"id":"019b0099-5e61-7103-b62a-{number:012x}","kind":"run.started","time":"{time}","scope":{{"run":"r"}},"payload":{{}}}}"#
        ) + "\n"
    };
    let (first, last) = ("1677-09-21T00:12:43.145224193Z", "2262-04-11T23:47:16.854775807Z");
    let file = written("told-lasted.ndjson", &(at(1, first) + &at(2, last)));
    let (_, out, _) = newswire(&["stats", &file]);
    assert!(out.contains("\nlasted        5124095h 34m\n"), "{out}");
    let (code, out, err) = newswire(&["play", "--from", "1677-09-21T00:12:43.1Z", &file]);
    assert_eq!((code, out.is_empty()), (newswire_cli::USAGE, true), "{err}");
    let (code, _, err) = newswire(&["play", "--from", first, &file]);
    assert_eq!((code, err.as_str()), (newswire_cli::OK, ""));
}
