//! `newswire grep`: what it prints, what it counts, and its exit codes, which are grep's.

mod common;

use common::{lines_of, newswire, pi_sessions, piped, text_of, written};
use newswire_cli::{FAILED, OK, USAGE};
use serde_json::Value;

/// Events of runs a and b in turns, every fifth of each a failure.
fn two_runs(name: &str) -> String {
    let event = |number: u64| {
        let (run, place) = (["a", "b"][number as usize % 2], number / 2);
        let kind = if place % 5 == 4 { "task.failed" } else { "task.progress" };
        format!(
            r#"{{"id":"019b0099-5e61-7103-b62a-98a5788cd939","kind":"{kind}","time":"2025-01-01T00:00:00Z","scope":{{"run":"{run}"}},"payload":{{"place":{place}}}}}"#
        ) + "\n"
    };
    written(name, &(0..40).map(event).collect::<String>())
}

fn places(out: &str) -> Vec<(String, u64)> {
    let place = |event: &Value| {
        (event["scope"]["run"].as_str().unwrap().to_owned(), event["payload"]["place"].as_u64().unwrap())
    };
    lines_of(out).iter().map(place).collect()
}

#[test]
fn what_matches_in_recorded_sessions_is_what_a_direct_count_finds() {
    let Some(paths) = pi_sessions() else { return };
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let failed = text
            .lines()
            .filter(|line| serde_json::from_str::<Value>(line).unwrap()["message"]["isError"] == true);
        let failed = failed.count();
        let (code, out, err) = piped(&["grep", "tool.call.failed", text_of(&path)]);
        assert_eq!((code, err.as_str(), lines_of(&out).len()), (OK, "", failed));
        let (_, counted, _) = piped(&["grep", "-c", "tool.call.failed", text_of(&path)]);
        assert_eq!(lines_of(&counted)[0]["count"], failed);
        let (_, others, _) = newswire(&["grep", "-vc", "tool.call.failed", text_of(&path)]);
        let (_, all, _) = newswire(&["grep", "-c", "*", text_of(&path)]);
        let number = |text: &str| text.trim().parse::<usize>().unwrap();
        assert_eq!(number(&others) + failed, number(&all));
    }
}

#[test]
fn a_line_that_is_found_can_be_read_and_searched_again() {
    let file = two_runs("grep-again.ndjson");
    let (_, found, _) = piped(&["grep", "task.failed", &file, &file]);
    assert!(lines_of(&found).iter().all(|event| event["file"] == *file));
    let again = written("grep-found.ndjson", &found);
    assert_eq!(newswire(&["grep", "run=a", &again, "-c"]).1, "8\n");
}

#[test]
fn several_files_are_told_apart_by_their_names() {
    let (one, two) = (two_runs("grep-one.ndjson"), two_runs("grep-two.ndjson"));
    let (code, out, _) = newswire(&["grep", "task.failed and run=b", &one, &two]);
    assert_eq!(code, OK);
    assert_eq!(
        out.lines().filter(|line| line.starts_with(&format!("{one}: 00:00:00.000 ✗ task"))).count(),
        4
    );
    assert_eq!(out.lines().count(), 8);
    let (_, counts, _) = newswire(&["grep", "task.failed", &one, &two, "--count"]);
    assert_eq!(counts, format!("{one}: 8\n{two}: 8\n"));
}

#[test]
fn events_around_a_match_are_those_of_its_run() {
    let file = two_runs("grep-around.ndjson");
    let (code, out, _) = piped(&["grep", "run=a and payload.place=4", &file, "-B", "2", "-A", "1"]);
    assert_eq!(code, OK);
    assert_eq!(places(&out), [2, 3, 4, 5].map(|place| ("a".to_owned(), place)));
    let (_, all, _) = piped(&["grep", "task.failed", &file, "-B", "100", "-A", "1000"]);
    assert_eq!(places(&all).len(), 40, "each event once, however matches overlap");
}

#[test]
fn where_others_stand_between_there_is_a_rule_for_people_and_none_for_programs() {
    let file = written(
        "grep-rule.ndjson",
        &std::fs::read_to_string(two_runs("grep-rule-source.ndjson"))
            .unwrap()
            .lines()
            .filter(|line| line.contains(r#""run":"a""#))
            .map(|line| format!("{line}\n"))
            .collect::<String>(),
    );
    let (_, out, _) = newswire(&["grep", "task.failed", &file, "-A", "1"]);
    assert_eq!(out.lines().filter(|line| *line == "--").count(), 3);
    let (_, out, _) = piped(&["grep", "task.failed", &file, "-A", "1"]);
    assert_eq!(lines_of(&out).len(), 7);
}

#[test]
fn the_exit_code_tells_match_no_match_and_trouble_apart() {
    let file = two_runs("grep-codes.ndjson");
    assert_eq!(newswire(&["grep", "task.failed", &file]).0, OK);
    assert_eq!(newswire(&["grep", "run.failed", &file]), (FAILED, String::new(), String::new()));
    let (code, out, err) = newswire(&["grep", "sesion=s-1", &file]);
    assert_eq!((code, out.as_str()), (USAGE, ""));
    assert!(err.contains("did you mean session?"), "{err}");
    let (code, _, err) = newswire(&["grep", "*", "/nowhere/at.all", &file, "--skip"]);
    assert_eq!(code, USAGE);
    assert!(err.contains("there is no such file"), "{err}");
}

/// Three lines of ours: what stands in the payload of the second is no JSON.
fn broken_inside(name: &str) -> String {
    let event = |kind: &str, payload: &str| {
        format!(
            r#"{{"id":"019b0099-5e61-7103-b62a-98a5788cd939","kind":"{kind}","time":"2025-01-01T00:00:00.000000000Z","payload":{payload}}}"#
        ) + "\n"
    };
    let lines = [
        event("deploy.finished", r#"{"place":1}"#),
        event("task.progress", r#"{"place":nul}"#),
        event("task.failed", r#"{"name":"build"}"#),
    ];
    written(name, &lines.concat())
}

#[test]
fn lines_that_their_kind_or_a_missing_text_rules_out_are_not_looked_into() {
    let file = broken_inside("grep-passed-over.ndjson");
    assert_eq!(newswire(&["grep", "-c", "task.failed", &file]), (OK, "1\n".into(), String::new()));
    assert_eq!(newswire(&["grep", "-c", "payload.name = build", &file]), (OK, "1\n".into(), String::new()));
    // What is looked into is checked.
    for words in [&["grep", "-c", "task.*", &file][..], &["grep", "-vc", "task.failed", &file]] {
        let (code, _, err) = newswire(words);
        assert_eq!(code, USAGE);
        assert!(err.contains("grep-passed-over.ndjson:2"), "{err}");
    }
}

#[test]
fn a_kind_of_ones_own_counts_as_seen_though_what_is_sought_beside_it_is_missing() {
    let file = broken_inside("grep-own-kind.ndjson");
    let (code, out, err) =
        newswire(&["grep", "--skip", "-c", "deploy.finished and payload.name = build", &file]);
    assert_eq!((code, out.as_str()), (FAILED, "0\n"));
    assert!(!err.contains("no event is of kind"), "{err}");
}

#[test]
fn no_line_is_wider_than_was_asked_for() {
    let Some(paths) = pi_sessions() else { return };
    for width in [40, 59, 100] {
        let (code, out, _) =
            newswire(&["grep", "tool.call.failed", text_of(&paths[0]), "--width", &width.to_string()]);
        assert_eq!(code, OK);
        assert!(out.lines().all(|line| newswire::Visible(line).columns() <= width), "{out}");
    }
}

/// A line with that event of that run.
fn event(run: u64, id: u64, kind: &str) -> String {
    format!(
        r#"{{"id":"019b0099-5e61-7103-b62a-{id:012x}","kind":"{kind}","time":"2025-01-01T00:00:00Z","scope":{{"run":"r-{run}"}}}}"#
    ) + "\n"
}

#[test]
fn only_events_that_a_match_lacks_are_told_as_not_shown() {
    // More runs than are followed at a time.
    let many: String = (1..=1_100).map(|run| event(run, run, "turn.started")).collect();
    let file = written("grep-many-runs.ndjson", &many);
    let (_, out, err) = newswire(&["grep", "-B", "1", "turn.failed", &file]);
    assert_eq!((out.as_str(), err.as_str()), ("", ""));

    let with_match = many + &event(1, 2_000, "turn.failed") + &event(1_100, 2_001, "turn.failed");
    let file = written("grep-many-runs-match.ndjson", &with_match);
    let (_, out, err) = newswire(&["grep", "-B", "1", "turn.failed", &file]);
    assert_eq!(out.lines().filter(|line| line.contains("turn")).count(), 3, "{out}");
    assert!(err.contains("1 event before a match is not shown"), "{err}");
}

#[test]
fn what_follows_a_match_is_shown_however_many_runs_stand_between() {
    // More runs than are followed at a time.
    let others: String = (1..=1_100).map(|run| event(run, run, "turn.started")).collect();
    let text = event(0, 2_000, "turn.failed") + &others + &event(0, 2_001, "turn.started");
    let file = written("grep-after-many-runs.ndjson", &text);
    let (_, out, err) = piped(&["grep", "-A", "1", "turn.failed", &file]);
    assert_eq!((lines_of(&out).len(), err.as_str()), (2, ""), "{out}");
}
