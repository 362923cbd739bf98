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

/// An event's line: its kind, the end of its id, and what it has besides.
fn event(kind: &str, id: u64, more: &str) -> String {
    format!(
        r#"{{"id":"019b0099-5e61-7103-b62a-{id:012x}","kind":"{kind}","time":"2025-01-01T00:00:00Z","scope":{{"run":"r"}}{more}}}"#
    ) + "\n"
}

#[test]
fn ends_without_beginnings_unknown_kinds_and_fields_are_notes() {
    let call =
        |span: &str| format!(r#","correlation":{{"span":"{span}"}},"payload":{{"call_id":"c","name":"ls"}}"#);
    let text = [
        event("tool.call.started", 1, &call("00000000000000aa")),
        event("tool.call.completed", 2, &call("00000000000000aa")),
        event("tool.call.completed", 3, &call("00000000000000bb")),
        event("turn.completed", 4, r#","correlation":{"span":"00000000000000cc"},"payload":{}"#),
        event("deploy.finished", 5, r#","mood":"calm""#),
    ];
    let file = written("check-notes.ndjson", &text.concat());
    let (code, out, _) = newswire(&["check", &file]);
    assert_eq!(code, OK, "{out}");
    for said in [
        ":3: note: tool.call.completed ends what has not begun (span 00000000000000bb)",
        ":4: note: turn.completed: 1 end of what is never told to begin, the first here",
        ":5: note: the kind \"deploy.finished\" is unknown (1 time)",
        ":5: note: the field \"mood\" is unknown (1 time)",
        ": 5 records, 5 events, 0 errors, 4 notes",
    ] {
        assert!(out.lines().any(|line| line == format!("{file}{said}")), "{said}: {out}");
    }
}

#[test]
fn a_payload_that_does_not_fit_its_kind_is_an_error_with_its_path() {
    let text = [
        event(
            "model.call.completed",
            1,
            r#","payload":{"model":"m","provider":"p","usage":{"input_tokens":"12"}}"#,
        ),
        event("tool.call.started", 2, ""),
        event("tool.call.started", 3, r#","payload":{"call_id":"c"}"#),
        event("deploy.finished", 4, r#","payload":[1]"#),
    ];
    let file = written("check-payloads.ndjson", &text.concat());
    let (code, out, _) = newswire(&["check", &file]);
    assert_eq!(code, FAILED);
    let told: Vec<_> = out.lines().filter(|line| !line.contains("note: ")).collect();
    for (line, said) in told.iter().zip([
        ":1: payload.usage.input_tokens: it is text; expected a whole number",
        ":2: payload: it is missing; expected an object with name",
        ":3: payload.name: it is missing",
        ": 4 records, 4 events, 3 errors, 1 note",
    ]) {
        assert!(line.starts_with(&format!("{file}{said}")), "{line}");
    }
    let (_, out, _) = piped(&["check", &file]);
    let first = &lines_of(&out)[0];
    assert_eq!((first["level"].as_str(), first["line"].as_u64()), (Some("error"), Some(1)));
    assert!(first["message"].as_str().unwrap().starts_with("payload.usage.input_tokens: "), "{first}");
}

#[test]
fn a_name_that_an_object_in_an_event_has_twice_is_an_error_wherever_it_stands() {
    let text = [
        event("deploy.finished", 1, r#","payload":{"a":[{"b":1,"c":1e999,"b":2}]}"#),
        event("deploy.finished", 2, r#","attrs":{"x":{"y":1,"\u0079":1}}"#),
        event("tool.call.started", 3, r#","payload":{"call_id":"c","name":"a","name":"b"}"#),
        event("tool.call.started", 4, r#","payload":{"call_id":"c","name":"a","arguments":{"n":1,"n":1}}"#),
    ];
    let file = written("check-twice.ndjson", &text.concat());
    let (code, out, _) = newswire(&["check", &file]);
    assert_eq!(code, FAILED);
    for said in [
        ":1: payload.a.0.b: it is given twice",
        ":2: attrs.x.y: it is given twice",
        ":3: payload.name: it is given twice",
        ":4: payload.arguments.n: it is given twice",
    ] {
        assert!(out.lines().any(|line| line == format!("{file}{said}")), "{said}: {out}");
    }
    assert!(out.contains(", 4 errors, "), "{out}");
}

#[test]
fn gaps_whose_count_does_not_fit_and_ids_that_come_again_are_notes() {
    let gap = |first: u64, last: u64, count: u64| {
        format!(r#"{{"gap":{{"first":{first},"last":{last},"count":{count},"reason":"full"}}}}"#) + "\n"
    };
    let text = [
        event("deploy.finished", 1, ""),
        gap(2, 4, 3),
        gap(5, 6, 3),
        gap(7, 7, 0),
        event("deploy.finished", 2, ""),
        event("deploy.finished", 1, ""),
        event("deploy.finished", 2, ""),
    ];
    let file = written("check-gaps.ndjson", &text.concat());
    let (code, out, _) = newswire(&["check", &file]);
    assert_eq!(code, OK);
    let told: Vec<_> = out.lines().filter(|line| !line.contains("unknown")).collect();
    let expected = [
        ":2: note: 3 events missing here (full)",
        ":3: note: 3 events missing here (full)",
        ":3: note: the gap has room for 2 events, from 5 to 6, and 3 are missing",
        ":4: note: 0 events missing here (full)",
        ":4: note: nothing is missing in the gap",
        ":6: note: 2 events have an id that came before, the first here that of line 1",
        ": 7 records, 4 events, 0 errors, 7 notes",
    ];
    assert_eq!(told, expected.map(|said| format!("{file}{said}")));
}

#[test]
fn what_our_own_importers_and_grep_write_is_known() {
    let session = format!(
        "{HEAD}\n{}\n{}\n{}\n",
        r#"{"type":"model_change","provider":"p","modelId":"m"}"#,
        r#"{"type":"thinking_level_change","thinkingLevel":"high"}"#,
        r#"{"type":"message","message":{"role":"bashExecution","command":"ls","output":""}}"#,
    );
    let file = written("check-own.jsonl", &session);
    let (_, found, _) = piped(&["grep", "*", &file, &file]);
    assert_eq!(lines_of(&found).len(), 8);
    let again = written("check-found.ndjson", &found);
    for (path, records) in [(&file, 4), (&again, 8)] {
        let (code, out, _) = newswire(&["check", path]);
        assert_eq!(code, OK);
        assert!(!out.contains("unknown"), "{out}");
        assert!(out.contains(&format!(": {records} records, {records} events, 0 errors, ")), "{out}");
    }
}

#[test]
fn a_recording_of_a_later_version_is_refused_and_nothing_more_of_it_is_read() {
    let text = format!(
        "{}{}\n{}",
        event("deploy.finished", 1, ""),
        r#"{"newswire":"recording","version":2}"#,
        event("deploy.finished", 2, "")
    );
    let file = written("check-later.ndjson", &text);
    let (code, out, _) = newswire(&["check", &file]);
    assert_eq!(code, FAILED);
    assert!(
        out.contains(&format!("{file}:2: version: the recording is of version 2, which is newer")),
        "{out}"
    );
    assert!(out.contains(": 1 record, 1 event, 1 error, "), "{out}");
    for command in [&["stats"][..], &["play"], &["import"], &["show"], &["grep", "*"]] {
        let args: Vec<&str> = command.iter().copied().chain([&*file, "--skip"]).collect();
        let (code, _, err) = piped(&args);
        assert_ne!(code, OK, "{command:?}");
        assert!(err.contains("of version 2, which is newer than this program"), "{command:?}: {err}");
    }
}

#[test]
fn what_cannot_be_opened_is_a_failure_and_the_other_files_are_checked() {
    let file = written("check-fine.jsonl", &format!("{HEAD}\n"));
    let (code, out, err) = newswire(&["check", "/nowhere/at.all", &file]);
    assert_eq!(code, FAILED);
    assert!(err.contains("/nowhere/at.all: there is no such file"), "{err}");
    assert!(out.contains(": 1 record, 1 event, 0 errors"), "{out}");
}

#[test]
fn what_is_found_often_is_one_note_with_its_first_line() {
    let of = |kind: &str, span: u64| {
        event(
            kind,
            span,
            &format!(r#","correlation":{{"span":"{span:016x}"}},"payload":{{"call_id":"c","name":"ls"}}"#),
        )
    };
    let text = [
        of("tool.call.started", 1),
        of("tool.call.completed", 2),
        of("tool.call.completed", 3),
        event("deploy.finished", 4, r#","mood":"calm""#),
        event("deploy.finished", 5, r#","mood":"calm""#),
    ];
    let file = written("check-often.ndjson", &text.concat());
    let (_, out, _) = newswire(&["check", &file]);
    for said in [
        ":2: note: tool.call.completed: 2 ends of what has not begun, the first here (span 0000000000000002)",
        ":4: note: the kind \"deploy.finished\" is unknown (2 times, the first here)",
        ":4: note: the field \"mood\" is unknown (2 times, the first here)",
        ": 5 records, 5 events, 0 errors, 4 notes",
    ] {
        assert!(out.lines().any(|line| line == format!("{file}{said}")), "{said}: {out}");
    }
}

#[test]
fn records_and_fields_that_an_importer_does_not_know_are_told_with_their_first_line() {
    let odd = "{\"type\":\"label\",\"x\":1}\n";
    let file = written(
        "check-unknown.jsonl",
        &format!("{HEAD}\n{{\"type\":\"compaction\",\"mood\":\"calm\"}}\n{odd}{odd}"),
    );
    let (_, out, _) = newswire(&["check", &file]);
    for said in [
        ":3: note: the record \"label\" is unknown (2 times, the first here)",
        ":2: note: the field \"mood\" is unknown (1 time)",
    ] {
        assert!(out.lines().any(|line| line == format!("{file}{said}")), "{said}: {out}");
    }
}

#[test]
fn beyond_what_can_be_followed_the_number_is_told_and_ends_are_judged_again_afterwards() {
    const FOLLOWED: u64 = 65_536;
    let of = |kind: &str, span: u64| {
        event(
            kind,
            span,
            &format!(r#","correlation":{{"span":"{span:016x}"}},"payload":{{"call_id":"c","name":"ls"}}"#),
        )
    };
    let mut text: String = (1..=FOLLOWED + 2).map(|span| of("tool.call.started", span)).collect();
    text.extend([FOLLOWED + 1, FOLLOWED + 2, 1].map(|span| of("tool.call.completed", span)));
    // All that had no room has ended: this can be nobody's.
    text.push_str(&of("tool.call.completed", 99_999));
    let file = written("check-many.ndjson", &text);
    let (_, out, _) = newswire(&["check", &file]);
    for said in [
        format!(
            ":{}: note: 2 more operations could not be followed, the first here: too many were open",
            FOLLOWED + 1
        ),
        format!(
            ":{}: note: tool.call.completed ends what has not begun (span 000000000001869f)",
            FOLLOWED + 6
        ),
    ] {
        assert!(out.lines().any(|line| line == format!("{file}{said}")), "{said}");
    }
    assert_eq!(out.lines().filter(|line| line.contains("never ends")).count() as u64, FOLLOWED - 1);
}
