//! What all commands have in common: pipes that break, disks that are full, Ctrl-C, terminals, hostile text.

mod common;

use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::{Captured, HEAD, Limited, newswire, on_terminal, piped, place, run_with, written};
use newswire_cli::{FAILED, INTERRUPTED, OK, Stdio, USAGE};

const COMMANDS: [&[&str]; 10] = [
    &["play"],
    &["stats"],
    &["stats", "--by", "kind"],
    &["show"],
    &["grep", "*"],
    &["grep", "*", "-B", "1"],
    &["check"],
    &["import"],
    &["export"],
    &["ls"],
];

fn with<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [command, more].concat()
}

/// A session of many records.
fn long(name: &str) -> String {
    written(name, &format!("{HEAD}\n{}", "{\"type\":\"compaction\",\"summary\":\"s\"}\n".repeat(3000)))
}

/// Text that would act on a terminal, or hide in it: C0, DEL, C1, bidirectional, zero width, tags.
const HOSTILE: &str = "\\u001b[2J\\u001b]0;owned\\u0007\\u0008\\r\\u007f\u{9b}31m\u{85}\u{202e}\u{2066}\u{200b}\u{feff}\u{ad}\u{e0041}x";

fn hostile(name: &str) -> String {
    let id = "019b0099-5e61-7103-b62a-98a5788cd939";
    let event = |kind: &str, payload: &str| {
        format!(
            r#"{{"id":"{id}","kind":"{kind}","time":"2025-01-01T00:00:00Z","source":{{"component":"c","name":"{HOSTILE}"}},"scope":{{"run":"{HOSTILE}","agent":"{HOSTILE}"}},"correlation":{{"span":"00000000000000aa"}},"message":"{HOSTILE}","attrs":{{"{HOSTILE}":1}},"{HOSTILE}":1,"payload":{payload}}}"#
        ) + "\n"
    };
    let name_of = format!(
        r#"{{"name":"{HOSTILE}","model":"{HOSTILE}","provider":"{HOSTILE}","error":{{"message":"{HOSTILE}"}}}}"#
    );
    let text = [
        event("tool.call.started", &name_of),
        event("tool.call.failed", &name_of),
        event("message.delta", &format!(r#"{{"text":"{HOSTILE}","message_id":"{HOSTILE}"}}"#)),
        event("model.call.completed", &name_of),
        format!("{{\"{HOSTILE}\":\"{HOSTILE}\"}}\n"),
        format!("{{\"kind\":\"{HOSTILE}\"}}\n"),
    ];
    written(name, &text.concat())
}

/// Whether nothing in it could act on a terminal or hide there.
fn is_harmless(text: &str) -> bool {
    text.lines().all(|line| newswire::Visible(line).to_string() == line)
}

#[test]
fn nothing_of_a_recording_acts_on_the_terminal_in_any_command() {
    let file = hostile("hostile.ndjson");
    for command in COMMANDS {
        for more in
            [&[&*file, "--skip"][..], &[&*file, "--skip", "--json"], &[&*file, &*file, "--skip"], &[&*file]]
        {
            if command[0] == "check" && more.contains(&"--skip")
                || more.len() > 2 && more[1] == file && ["play", "show"].contains(&command[0])
            {
                continue;
            }
            let (_, out, err) = on_terminal(&with(command, more));
            assert!(is_harmless(&out), "{command:?} {more:?}: {out:?}");
            assert!(is_harmless(&err), "{command:?} {more:?}: {err:?}");
            assert!(!out.is_empty() || !err.is_empty());
        }
    }
    let name = place("\u{1b}[2J\u{202e}.jsonl");
    fs::write(&name, "no recording").unwrap();
    for command in COMMANDS {
        let (code, out, err) = on_terminal(&with(command, &[&name]));
        assert_ne!(code, OK);
        assert!(is_harmless(&out) && is_harmless(&err) && err.contains("␛[2J<202e>"), "{err:?}");
    }
}

#[test]
fn as_json_hostile_text_is_the_same_text_on_a_terminal_and_in_a_pipe() {
    let file = hostile("hostile-json.ndjson");
    let (_, shown, _) = on_terminal(&["grep", "not recording.*", &file, "--skip", "--json"]);
    let (_, piped, _) = piped(&["grep", "not recording.*", &file, "--skip"]);
    assert_eq!(common::lines_of(&shown), common::lines_of(&piped));
    assert_ne!(shown, piped);
}

#[test]
fn a_reader_that_goes_away_ends_every_command_quietly() {
    let file = long("streams-pipe.jsonl");
    for command in COMMANDS {
        for more in [&[&*file][..], &[&*file, "--text"]] {
            let err = Captured::default();
            let stdio = Stdio::new(io::empty(), Limited(0, io::ErrorKind::BrokenPipe), err.clone());
            let code = run_with(&with(command, more), stdio);
            assert_eq!((code, err.text()), (OK, String::new()), "{command:?}");
        }
    }
}

#[test]
fn a_full_disk_is_told_and_is_a_failure_in_every_command() {
    let file = long("streams-full.jsonl");
    for command in COMMANDS {
        let err = Captured::default();
        let stdio = Stdio::new(io::empty(), Limited(0, io::ErrorKind::StorageFull), err.clone());
        let code = run_with(&with(command, &[&file]), stdio);
        assert_eq!(code, if command[0] == "grep" { USAGE } else { FAILED }, "{command:?}");
        assert_eq!(err.text().lines().count(), 1, "{command:?}: {}", err.text());
        assert!(err.text().contains("writ"), "{}", err.text());
    }
    if let Ok(full) = File::options().write(true).open("/dev/full") {
        let err = Captured::default();
        assert_eq!(run_with(&["play", &file], Stdio::new(io::empty(), full, err.clone())), FAILED);
        assert!(err.text().contains("No space left"), "{}", err.text());
    }
}

#[test]
fn what_cannot_be_read_is_one_clear_line_in_every_command() {
    let secret = written("streams-secret.jsonl", HEAD);
    let empty = written("streams-empty.jsonl", "");
    let cut = place("streams-cut.ndjson.zst");
    fs::remove_file(&cut).ok();
    assert_eq!(newswire(&["import", &long("streams-whole.jsonl"), "-o", &cut]).0, OK);
    let whole = fs::read(&cut).unwrap();
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    let folder = env!("CARGO_TARGET_TMPDIR");
    for (file, said) in [
        ("/nowhere/at.all", "there is no such file"),
        (folder, "this is a directory"),
        (&*empty, "nothing stands in it"),
        (&*secret, "the file may not be read"),
        (&*cut, "the file ends within a zstd frame"),
    ] {
        if file == secret && File::open(&secret).is_ok() {
            eprintln!("SKIPPED: this user may read everything");
            continue;
        }
        for command in COMMANDS {
            let (code, _, err) = newswire(&with(command, &[file]));
            assert_eq!(code, if command[0] == "grep" { USAGE } else { FAILED }, "{command:?} {file}");
            assert_eq!(err.lines().filter(|line| line.contains(said)).count(), 1, "{command:?}: {err}");
        }
    }
}

/// How long an input says nothing.
const STUCK: Duration = Duration::from_secs(600);

/// Gives a beginning, then nothing, for a long time.
struct Stuck(Cursor<String>);

impl Read for Stuck {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 => {
                std::thread::sleep(STUCK);
                Ok(0)
            }
            read => Ok(read),
        }
    }
}

/// Runs a command whose input says these lines, then nothing more, and ends it by Ctrl-C; gives the code, the output and
/// the messages.
///
/// How soon so many events have come is the machine's affair: where they hadn't, it is run again and left more time.
fn interrupted_after(events: u64, args: &[&str], lines: &str) -> (u8, String, String) {
    let mut time = Duration::from_millis(300);
    loop {
        let (out, err) = (Captured::default(), Captured::default());
        let stop = Arc::new(AtomicBool::new(false));
        let stdio = Stdio {
            stop: stop.clone(),
            ..Stdio::new(Stuck(Cursor::new(lines.to_owned())), out.clone(), err.clone())
        };
        let ending = std::thread::spawn(move || {
            std::thread::sleep(time);
            stop.store(true, Ordering::Relaxed);
            Instant::now()
        });
        let code = run_with(args, stdio);
        assert!(ending.join().unwrap().elapsed() < STUCK / 10, "{args:?}");
        if err.text().contains(&format!("interrupted after {events} events")) || time > STUCK / 10 {
            return (code, out.text(), err.text());
        }
        time *= 4;
    }
}

#[test]
fn ctrl_c_ends_every_command_soon_even_while_its_input_says_nothing() {
    let lines = format!("{HEAD}\n{{\"type\":\"compaction\"}}\n");
    for command in COMMANDS {
        let (code, out, err) = interrupted_after(2, &with(command, &["-", "--text"]), &lines);
        assert_eq!(code, INTERRUPTED, "{command:?}");
        assert_eq!(err, "newswire: interrupted after 2 events, the rest was not read\n", "{command:?}");
        if command[0] == "play" {
            assert!(out.contains("context.compacted") && out.contains("events        2 "), "{out}");
        }
    }
}

#[test]
fn ctrl_c_tells_what_was_read_and_skipped_until_then() {
    let odd = r#"{"type":"label","x":1}"#;
    let lines = [HEAD, "{\"type\":", odd, "[]", r#"{"type":"compaction","mood":"calm"}"#].join("\n") + "\n";
    for command in [&["stats"][..], &["play"], &["import"]] {
        let (code, out, err) = interrupted_after(3, &with(command, &["-", "--skip", "--text"]), &lines);
        assert_eq!(code, INTERRUPTED, "{command:?}");
        assert!(
            err.contains("newswire: kept as they are, being unknown: 1 record (label), 1 field (mood)\n"),
            "{command:?}: {err}"
        );
        assert!(err.contains("newswire: 2 broken records were skipped, the first: "), "{command:?}: {err}");
        assert!(err.ends_with("interrupted after 3 events, the rest was not read\n"), "{command:?}: {err}");
        assert!(command != ["stats"] || out.contains("(3 records, 2 broken)"), "{out}");
    }
}

#[test]
fn ctrl_c_tells_how_much_was_found_until_then() {
    let lines = format!("{HEAD}\n{{\"type\":\"compaction\"}}\n");
    let (code, out, err) = interrupted_after(2, &["grep", "-c", "*", "-", "--text"], &lines);
    assert_eq!((code, out.as_str()), (INTERRUPTED, "2\n"));
    assert!(err.contains("interrupted after 2 events"), "{err}");
}

#[test]
fn what_is_told_is_one_line_whatever_names_the_recording_has() {
    let forged = "label\\nnewswire: 7 events of 7 records written to /etc/passwd";
    let records = format!("{HEAD}\n{{\"type\":\"{forged}\"}}\n");
    let file = written("streams-forged.jsonl", &records);
    let visible = "label↵newswire: 7 events of 7 records written to /etc/passwd";
    for command in [&["play"][..], &["stats"], &["import"]] {
        let (code, _, err) = newswire(&with(command, &[&file]));
        let said = format!("newswire: kept as they are, being unknown: 1 record ({visible})\n");
        assert_eq!((code, err), (OK, said), "{command:?}");
    }
    let run = HEAD.replace("s-1", "s-1\\nnewswire: s-2");
    let file = written("streams-forged-run.jsonl", &format!("{run}\n"));
    let (code, _, err) = newswire(&["show", &file, "no-such-run"]);
    assert_eq!((code, err.lines().count()), (FAILED, 1), "{err}");
    assert!(err.contains("s-1↵newswire: s-2"), "{err}");
}

#[test]
fn ctrl_c_leaves_no_half_import() {
    let out = place("streams-import.ndjson");
    fs::remove_file(&out).ok();
    let err = Captured::default();
    let stop = Arc::new(AtomicBool::new(true));
    let stdio = Stdio { stop, ..Stdio::new(io::empty(), io::sink(), err.clone()) };
    assert_eq!(run_with(&["import", &long("streams-half.jsonl"), "-o", &out], stdio), INTERRUPTED);
    assert!(err.text().contains("was not written") && File::open(&out).is_err(), "{}", err.text());
}

#[test]
fn long_work_shows_how_far_it_is_on_a_terminal_and_takes_the_line_away_again() {
    let file = long("streams-progress.jsonl");
    for command in [&["stats"][..], &["check"], &["import"], &["grep", "workflow.failed"]] {
        let err = Captured::default();
        let stdio = Stdio { err_terminal: true, ..Stdio::new(io::empty(), io::sink(), err.clone()) };
        run_with(&with(command, &[&file]), stdio);
        let shown = err.text();
        assert!(shown.starts_with('\r') && shown.ends_with("\r\x1b[K"), "{command:?}: {shown:?}");
    }
    let (_, _, err) = piped(&["stats", &file]);
    assert_eq!(err, "");
}

#[test]
fn output_is_for_people_on_a_terminal_and_json_elsewhere_unless_told_otherwise() {
    let file = long("streams-modes.jsonl");
    let is_json = |out: &str| out.lines().all(|line| line.starts_with('{'));
    assert!(is_json(&piped(&["stats", &file]).1));
    assert!(is_json(&on_terminal(&["stats", &file, "--json"]).1));
    assert!(!is_json(&on_terminal(&["stats", &file]).1));
    assert!(!is_json(&piped(&["stats", &file, "--text"]).1));
    assert!(piped(&["--color", "always", "play", &file]).1.contains('\x1b'));
    let coloured = |args: &[&str]| {
        let out = Captured::default();
        let stdio =
            Stdio { out_terminal: true, color: true, ..Stdio::new(io::empty(), out.clone(), io::sink()) };
        run_with(args, stdio);
        out.text().contains('\x1b')
    };
    assert!(coloured(&["play", &file]));
    assert!(!coloured(&["play", &file, "--color", "never"]) && !coloured(&["play", &file, "--json"]));
    assert!(!on_terminal(&["play", &file]).1.contains('\x1b'), "NO_COLOR");
}
