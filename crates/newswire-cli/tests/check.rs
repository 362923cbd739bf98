//! `newswire check`: every problem with its line.

mod common;

use common::{HEAD, lines_of, newswire, pi_sessions, piped, text_of, written};
use newswire_cli::{FAILED, OK};

#[test]
fn every_broken_record_is_told_with_its_line_and_it_is_a_failure() {
    let file = written(
        "check.jsonl",
        &format!(
            "{HEAD}\n{{\"type\":\n{{\"type\":\"compaction\"}}\n[]\n{{\"type\":\"compaction\",\"timestamp\":7}}\n{{\"a\":\"\0\"}}\n"
        ),
    );
    let (code, out, err) = newswire(&["check", &file]);
    assert_eq!((code, err.as_str()), (FAILED, ""));
    let told: Vec<_> = out.lines().filter(|line| !line.contains("note:")).collect();
    assert_eq!(told.len(), 5, "{out}");
    for (line, said) in told.iter().zip([":2: ", ":4: ", ":5: ", ":6: a NUL"]) {
        assert!(line.starts_with(&format!("{file}{said}")), "{line}");
    }
    assert!(told[4].starts_with(&format!("{file}: 2 records, 2 events, 4 errors, ")), "{}", told[4]);
}

#[test]
fn for_programs_each_finding_is_an_object_with_line_and_column() {
    let file = written("check-json.jsonl", &format!("{HEAD}\n{{\"type\":\"compaction\",\"timestamp\":7}}\n"));
    let (code, out, _) = piped(&["check", &file]);
    let findings = lines_of(&out);
    assert_eq!((code, findings[0]["level"].as_str()), (FAILED, Some("error")));
    assert_eq!((findings[0]["line"].as_u64(), findings[0]["column"].as_u64()), (Some(2), Some(34)));
    assert_eq!((findings[0]["file"].as_str(), findings[0]["expected"].is_string()), (Some(&*file), true));
    let verdict = findings.last().unwrap();
    assert_eq!((verdict["level"].as_str(), verdict["errors"].as_u64()), (Some("verdict"), Some(1)));
}

#[test]
fn recorded_sessions_are_sound_and_their_oddities_are_notes() {
    let Some(paths) = pi_sessions() else { return };
    let (code, out, err) = newswire(&["check", text_of(&paths[0]), text_of(&paths[1])]);
    assert_eq!((code, err.as_str()), (OK, ""));
    let open =
        out.lines().filter(|line| line.contains("note: tool.call ") && line.contains("never ends")).count();
    assert_eq!(open, 24);
    for path in &paths {
        let second = format!("{}:2: note: the time goes back by ", path.display());
        assert!(out.lines().any(|line| line.starts_with(&second)), "{second}");
    }
    assert_eq!(out.lines().filter(|line| line.contains(", 0 errors, ")).count(), 2);
}

#[test]
fn ends_without_beginnings_unknown_kinds_and_fields_are_notes() {
    let event = |kind: &str, span: &str, more: &str| {
        format!(
            r#"{{"id":"019b0099-5e61-7103-b62a-98a5788cd939","kind":"{kind}","time":"2025-01-01T00:00:00Z","scope":{{"run":"r"}},"correlation":{{"span":"{span}"}}{more}}}"#
        ) + "\n"
    };
    let text = [
        event("tool.call.started", "00000000000000aa", ""),
        event("tool.call.completed", "00000000000000aa", ""),
        event("tool.call.completed", "00000000000000bb", ""),
        event("turn.completed", "00000000000000cc", ""),
        event("deploy.finished", "00000000000000dd", r#","mood":"calm""#),
    ];
    let file = written("check-notes.ndjson", &text.concat());
    let (code, out, _) = newswire(&["check", &file]);
    assert_eq!(code, OK);
    for said in [
        ":3: note: tool.call.completed ends what has not begun (span 00000000000000bb)",
        ":4: note: turn.completed: 1 end of what is never told to begin, the first here",
        ": note: the kind \"deploy.finished\" is unknown (1 time)",
        ": note: the field \"mood\" is unknown (1 time)",
        ": 5 records, 5 events, 0 errors, 4 notes",
    ] {
        assert!(out.lines().any(|line| line == format!("{file}{said}")), "{said}: {out}");
    }
}

#[test]
fn what_cannot_be_opened_is_a_failure_and_the_other_files_are_checked() {
    let file = written("check-fine.jsonl", &format!("{HEAD}\n"));
    let (code, out, err) = newswire(&["check", "/nowhere/at.all", &file]);
    assert_eq!(code, FAILED);
    assert!(err.contains("/nowhere/at.all: there is no such file"), "{err}");
    assert!(out.contains(": 1 records, 1 events, 0 errors"), "{out}");
}
