//! What differs between two runs.

mod common;

use common::{lines_of, newswire, pi_sessions, piped, text_of, written};
use newswire_cli::{FAILED, OK, USAGE};

/// A tool's call: its name, what it is called with, what it gives, how long it takes in milliseconds.
type Call<'c> = (&'c str, &'c str, &'c str, u64);

fn run(id: &str, calls: &[Call<'_>]) -> String {
    let mut text = String::new();
    for (number, (name, arguments, result, millis)) in calls.iter().enumerate() {
        for (phase, payload) in [
            ("started", format!(r#"{{"name":"{name}","arguments":{{"a":"{arguments}"}}}}"#)),
            (
                "completed",
                format!(r#"{{"name":"{name}","result":"{result}","duration_ns":{}}}"#, millis * 1_000_000),
            ),
        ] {
            let unique = format!("{}{phase}{number}", id);
            let hash =
                unique.bytes().fold(7_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
            text.push_str(&format!(
                r#"{{"id":"019b0099-5e61-7103-b62a-{:012x}","kind":"tool.call.{phase}","time":"2026-01-01T00:00:00Z","source":{{"component":"test"}},"scope":{{"run":"{id}"}},"correlation":{{"span":"{:016x}"}},"severity":"info","payload":{payload}}}"#,
                hash & 0xffff_ffff_ffff,
                number + 1
            ));
            text.push('\n');
        }
    }
    text
}

fn file(name: &str, calls: &[Call<'_>]) -> String {
    written(
        name,
        &format!(
            "{{\"newswire\":\"recording\",\"version\":1,\"writer\":\"newswire 0.1.0\"}}\n{}",
            run("r-1", calls)
        ),
    )
}

const BEFORE: [Call<'_>; 5] = [
    ("read", "x", "1", 5),
    ("bash", "ls", "2", 5),
    ("bash", "make", "ok", 50),
    ("edit", "y", "3", 5),
    ("read", "z", "4", 5),
];

#[test]
fn a_run_is_no_different_from_itself() {
    let file = file("diff-same.ndjson", &BEFORE);
    let (code, out, err) = newswire(&["diff", &file, &file]);
    assert_eq!((code, err.as_str()), (OK, ""));
    assert!(
        out.ends_with("5 the same, 0 changed, 0 only in the first, 0 only in the second, 0 moved\n"),
        "{out}"
    );
}

#[test]
fn the_same_json_in_other_writing_is_the_same() {
    let (a, b) = (file("diff-e.ndjson", &BEFORE), file("diff-f.ndjson", &BEFORE));
    let text = std::fs::read_to_string(&b).unwrap().replace("{\"a\":\"ls\"}", "{ \"a\" : \"l\\u0073\" }");
    std::fs::write(&b, text).unwrap();
    assert_eq!(piped(&["diff", &a, &b]).0, OK);
}

#[test]
fn what_differs_is_told_once_as_what_it_is() {
    let after: [Call<'_>; 5] = [
        ("read", "x", "1", 5),
        ("bash", "make", "error", 80),
        ("edit", "w", "3", 5),
        ("read", "z", "4", 5),
        ("grep", "q", "5", 1),
    ];
    let (a, b) = (file("diff-a.ndjson", &BEFORE), file("diff-b.ndjson", &after));
    let (code, out, err) = piped(&["diff", &a, &b]);
    assert_eq!((code, err.as_str()), (FAILED, ""));
    let told: Vec<String> = lines_of(&out)
        .iter()
        .map(|line| {
            let side = if line["second"]["label"].is_null() { "first" } else { "second" };
            format!("{} {} {}", line["change"].as_str().unwrap(), line[side]["label"], line["differs"])
        })
        .collect();
    assert_eq!(
        told[..4],
        [
            "removed \"bash\" null",
            r#"changed "bash" ["result","duration"]"#,
            r#"changed "edit" ["arguments"]"#,
            "added \"grep\" null",
        ]
    );
    let summary = lines_of(&out).pop().unwrap();
    assert_eq!((&summary["same"], &summary["moved"]), (&2.into(), &0.into()));
    let (_, text, _) = newswire(&["diff", &a, &b]);
    assert!(
        text.contains("~ tool.call bash  result  50 ms → 80 ms\n    - result ok\n    + result error\n"),
        "{text}"
    );
    let ignored = ["--ignore", "duration,result,arguments"];
    let (code, out, _) = piped(&[&["diff", &*a, &*b], &ignored[..]].concat());
    assert_eq!((code, lines_of(&out).len()), (FAILED, 3));
}

#[test]
fn what_stands_elsewhere_has_moved_and_is_not_gone_as_well() {
    let (mut later, mut earlier) = (BEFORE, BEFORE);
    later.rotate_left(1);
    earlier.rotate_right(1);
    let a = file("diff-c.ndjson", &BEFORE);
    for (moved, told) in [(later, "from 1 to 5"), (earlier, "from 5 to 1")] {
        let (code, out, _) = newswire(&["diff", &a, &file("diff-d.ndjson", &moved)]);
        assert_eq!(code, FAILED);
        assert!(out.contains(&format!("> tool.call read  {told}\n")), "{out}");
        assert!(
            out.ends_with("4 the same, 0 changed, 0 only in the first, 0 only in the second, 1 moved\n"),
            "{out}"
        );
    }
}

#[test]
fn two_runs_of_one_file_are_named_and_what_is_not_clear_is_refused() {
    let text = format!(
        "{{\"newswire\":\"recording\",\"version\":1,\"writer\":\"newswire 0.1.0\"}}\n{}{}",
        run("r-1", &BEFORE),
        run("r-12", &BEFORE[..2])
    );
    let both = written("diff-both.ndjson", &text);
    let (code, out, _) = piped(&["diff", &both, "r-1", "r-12"]);
    assert_eq!((code, lines_of(&out).last().unwrap()["removed"].as_u64()), (FAILED, Some(3)));
    for (args, told) in [
        (&["r-1", "r-2"][..], "no run begins with \"r-2\""),
        (&["r-", "r-1"], "more than one run begins with \"r-\": r-1, r-12"),
        (&[&*both], "there is more than one run: r-1, r-12"),
        (&["r-1", "r-12", "r-1"], "unexpected"),
    ] {
        let (code, out, err) = piped(&[&["diff", &*both], args].concat());
        assert_eq!((code, out.as_str()), (USAGE, ""), "{args:?}");
        assert!(err.contains(told), "{err}");
    }
    assert_eq!(piped(&["diff", &both, "no-such-file"]).0, USAGE);
}

#[test]
fn real_sessions_are_the_same_in_a_store_and_differ_from_one_another() {
    let Some([large, small]) = pi_sessions() else { return };
    let (large, small) = (text_of(&large).to_owned(), text_of(&small).to_owned());
    let store = common::place("diff-pi.db");
    for end in ["", "-wal", "-shm", "-lease-1"] {
        let _ = std::fs::remove_file(format!("{store}{end}"));
    }
    assert_eq!(piped(&["record", &large, &small, "-o", &store]).0, OK);
    let (code, out, err) = piped(&["diff", &store, "ffae", "ffae836b-9420-4060-ac13-7745215f90ff"]);
    assert_eq!(code, OK, "{out}{err}");
    let (code, out, _) = piped(&["diff", &large, &small]);
    let summary = lines_of(&out).pop().unwrap();
    assert_eq!(code, FAILED);
    let total = |side: &str| summary[side]["operations"].as_u64().unwrap();
    let count = |what: &str| summary[what].as_u64().unwrap();
    let paired = count("same") + count("changed") + count("moved");
    assert_eq!((total("first"), total("second")), (paired + count("removed"), paired + count("added")));
}

#[test]
fn a_run_named_whole_is_found_behind_however_many_that_begin_so() {
    let others: String = (0..20).map(|number| run(&format!("r-1{number:02}"), &BEFORE[..1])).collect();
    let all = written("diff-many.ndjson", &format!("{others}{}", run("r-1", &BEFORE)));
    let (code, _, err) = piped(&["diff", &all, "r-1", "r-1"]);
    assert_eq!((code, err.as_str()), (OK, ""));
}

#[test]
fn a_member_that_does_not_fit_hides_no_difference_of_the_others() {
    for odd in [r#""duration_ns":1.5"#, r#""role":{"a":1}"#, r#""name":"t","name":"t""#] {
        let [a, b] = ["one", "two"].map(|argument| {
            let text = run("r-1", &[("t", argument, "1", 5)])
                .replace(r#""name":"t""#, &format!(r#""name":"t",{odd}"#));
            written(&format!("diff-odd-{argument}.ndjson"), &text)
        });
        let (code, out, _) = piped(&["diff", &a, &b]);
        assert_eq!(
            (code, lines_of(&out)[0]["differs"][0].as_str()),
            (FAILED, Some("arguments")),
            "{odd}: {out}"
        );
    }
}

#[test]
fn a_run_that_did_nothing_costs_nothing() {
    let file = written("diff-nothing.ndjson", &run("r-1", &BEFORE[..1]).replace("tool.call.", "run."));
    let (code, out, _) = piped(&["diff", &file, &file]);
    assert_eq!(code, OK);
    assert!(out.contains(r#""cost_usd":0.0"#) && !out.contains("-0.0"), "{out}");
}
