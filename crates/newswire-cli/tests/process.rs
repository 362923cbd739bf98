//! The program itself: its streams, and the signals that it gets.
#![cfg(unix)]

mod common;

use std::fs::{self, OpenOptions, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use common::{HEAD, place, written};
use newswire_cli::{FAILED, INTERRUPTED, OK, USAGE};

fn newswire(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newswire"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn ctrl_c_ends_the_program_with_its_own_code_and_all_that_it_has() {
    let mut child = newswire(&["play", "-", "--text"]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{HEAD}").unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut shown = String::new();
    // What has come is shown while the input says nothing more.
    output.read_line(&mut shown).unwrap();
    assert!(shown.contains("session"), "{shown}");
    let killed = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap();
    assert!(killed.success());
    output.read_to_string(&mut shown).unwrap();
    assert!(shown.contains("events        1 "), "{shown}");
    assert_eq!(child.wait().unwrap().code(), Some(INTERRUPTED.into()));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "newswire: interrupted after 1 event, the rest was not read\n");
    drop(input);
}

#[test]
fn sums_so_far_are_told_while_the_input_says_nothing_more() {
    let mut child = newswire(&["stats", "--every", "1h", "--format", "pi", "-"]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{HEAD}").unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert!(line.starts_with(r#"{"recordings":1,"records":1,"#), "{line}");
    writeln!(input, "{{\"type\":\"compaction\"}}").unwrap();
    drop(input);
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with(r#"{"recordings":1,"records":2,"#) && rest.lines().count() == 1, "{rest}");
    assert_eq!(child.wait().unwrap().code(), Some(OK.into()));
}

#[test]
fn a_reader_that_takes_one_line_ends_the_program_quietly() {
    let file =
        written("process-long.jsonl", &format!("{HEAD}\n{}", "{\"type\":\"compaction\"}\n".repeat(5000)));
    let mut child = newswire(&["play", &file]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with('{'), "{line}");
    assert_eq!(child.wait().unwrap().code(), Some(OK.into()));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}

#[test]
fn an_input_that_is_also_the_output_is_refused_and_stays_as_it_is() {
    let text = format!("{HEAD}\n{}", "{\"type\":\"compaction\"}\n".repeat(100));
    let file = written("process-itself.jsonl", &text);
    let append = || OpenOptions::new().append(true).open(&file).unwrap();
    for (args, code) in [
        (&["import", &file][..], FAILED),
        (&["play", &file], FAILED),
        (&["grep", "*", &file], USAGE),
        (&["import", "-"], FAILED),
    ] {
        let input = fs::File::open(&file).unwrap();
        let child = newswire(args).stdin(input).stdout(append()).output().unwrap();
        assert_eq!(child.status.code(), Some(code.into()), "{args:?}");
        let said = String::from_utf8(child.stderr).unwrap();
        assert!(said.contains("the output is written to the file that is read"), "{args:?}: {said}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text, "{args:?}");
    }
    // Another file may be written to, and a recording that is being written may be read.
    let other = OpenOptions::new().create(true).append(true).open(place("process-other.ndjson")).unwrap();
    assert!(newswire(&["import", &file]).stdout(other).status().unwrap().success());
}

#[test]
fn an_import_that_is_killed_leaves_nothing_in_its_place_and_the_next_one_clears_up() {
    // In a folder of its own: nothing that an earlier run of the test has left counts.
    let folder = place("process-killed");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let out = format!("{folder}/out.ndjson");
    let mut child = newswire(&["import", "-", "-o", &out]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let parts = || {
        let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with(".out.ndjson.")).count()
    };
    writeln!(input, "{HEAD}").unwrap();
    let begun = std::time::Instant::now();
    while parts() == 0 {
        assert!(begun.elapsed().as_secs() < 60, "it never began");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(fs::metadata(&out).is_err());
    let file = written("process-killed.jsonl", &format!("{HEAD}\n"));
    let child = newswire(&["import", &file, "-o", &out]).output().unwrap();
    let said = String::from_utf8(child.stderr).unwrap();
    assert!(said.contains("1 unfinished import of "), "{said}");
    assert_eq!((child.status.code(), parts()), (Some(OK.into()), 0));
}

/// A user who may do little, whom one who may do everything can become.
const NOBODY: u32 = 65_534;

#[test]
fn what_may_not_be_read_or_written_is_told_by_its_name() {
    let folder = place("process-locked");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let file = |name: &str, mode: u32| {
        let path = format!("{folder}/{name}");
        fs::write(&path, format!("{HEAD}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    };
    let (open, secret) = (file("open.jsonl", 0o644), file("secret.jsonl", 0o000));
    fs::set_permissions(&folder, Permissions::from_mode(0o555)).unwrap();
    // Who may read everything runs the program as somebody who may not.
    let is_root = fs::File::open(&secret).is_ok();
    let run = |args: &[&str]| {
        let mut command = newswire(args);
        if is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        let child = command.output();
        let Ok(child) = child else {
            eprintln!("SKIPPED: another user may not run {}: {child:?}", env!("CARGO_BIN_EXE_newswire"));
            return None;
        };
        Some((child.status.code(), String::from_utf8(child.stderr).unwrap()))
    };
    let Some((code, said)) = run(&["stats", &open]) else { return };
    assert_eq!((code, said.as_str()), (Some(OK.into()), ""));
    let Some((code, said)) = run(&["stats", &secret]) else { return };
    assert_eq!(code, Some(FAILED.into()));
    assert_eq!(said, format!("newswire: {secret}: the file may not be read; expected a recording\n"));
    let out = format!("{folder}/out.ndjson");
    let Some((code, said)) = run(&["import", &open, "-o", &out]) else { return };
    assert_eq!(code, Some(FAILED.into()));
    assert!(said.starts_with(&format!("newswire: {out}: the file can't be written: ")), "{said}");
    let Some((code, said)) = run(&["import", &open, "-o", &secret, "--force"]) else { return };
    assert_eq!(code, Some(FAILED.into()));
    assert!(said.starts_with(&format!("newswire: {secret}: the file can't be replaced: ")), "{said}");
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    assert!(!Path::new(&out).exists());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
}

#[test]
fn a_recording_that_grows_while_it_is_read_is_read_to_the_end_it_has_by_then() {
    let file = written("process-grows.jsonl", &format!("{HEAD}\n{{\"type\":\"compaction\"}}\n{{\"type\":"));
    // The last record is half there: what is whole counts, and where it breaks off is told.
    let child = newswire(&["grep", "-c", "*", &file, "--text"]).output().unwrap();
    assert_eq!(child.status.code(), Some(USAGE.into()));
    let said = String::from_utf8(child.stderr).unwrap();
    assert!(said.contains("stopped after 2 events") && said.contains("process-grows.jsonl:3: "), "{said}");
    // Its writer goes on.
    let mut grown = OpenOptions::new().append(true).open(&file).unwrap();
    writeln!(grown, "\"compaction\"}}").unwrap();
    let child = newswire(&["grep", "-c", "*", &file, "--text"]).output().unwrap();
    assert_eq!((child.status.code(), &*child.stdout), (Some(OK.into()), &b"3\n"[..]));
    // A pipe that stays open is read as it grows, and ends when its writer does.
    let mut child = newswire(&["grep", "-c", "*", "-", "--text"]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for piece in fs::read(&file).unwrap().chunks(7) {
        input.write_all(piece).unwrap();
        input.flush().unwrap();
    }
    drop(input);
    assert_eq!(child.wait_with_output().unwrap().stdout, b"3\n");
}

/// A folder with a store of two events, in which nothing can be written but by who may do everything.
fn resting_store(name: &str) -> (String, String) {
    let folder = place(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let recording = format!("{folder}/run.jsonl");
    fs::write(&recording, format!("{HEAD}\n{{\"type\":\"compaction\"}}\n")).unwrap();
    // A name that SQLite would take for more than a name, were it not told otherwise.
    let file = format!("{folder}/a b#?%41.db");
    let stored = newswire(&["record", &recording, "-o", &file]).output().unwrap();
    assert_eq!(stored.status.code(), Some(OK.into()), "{stored:?}");
    for end in ["-wal", "-shm", "-lease-1"] {
        fs::remove_file(format!("{file}{end}")).unwrap();
    }
    fs::set_permissions(&file, Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o555)).unwrap();
    (folder, file)
}

/// What a command says who may not do everything; `None` where this user can't become such a one.
fn run_by_nobody(args: &[&str]) -> Option<(Option<i32>, String, String)> {
    let mut command = newswire(args);
    if Command::new("id").arg("-u").output().is_ok_and(|said| said.stdout == b"0\n") {
        command.uid(NOBODY).gid(NOBODY);
    }
    let Ok(child) = command.output() else {
        eprintln!("SKIPPED: another user may not run {}", env!("CARGO_BIN_EXE_newswire"));
        return None;
    };
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Some((child.status.code(), text(child.stdout), text(child.stderr)))
}

#[test]
fn a_store_where_nothing_can_be_written_is_read() {
    let (folder, file) = resting_store("process-resting");
    for (args, lines) in [
        (vec!["ls", &file], 1),
        (vec!["tail", &file], 2),
        (vec!["grep", "*", &file], 2),
        (vec!["export", &file], 3),
        (vec!["verify", &file], 1),
    ] {
        let Some((code, out, said)) = run_by_nobody(&args) else { return };
        assert_eq!((code, out.lines().count(), said.as_str()), (Some(OK.into()), lines, ""), "{args:?}");
    }
    let Some((code, _, said)) = run_by_nobody(&["prune", &file, "--keep-count", "1"]) else { return };
    assert_eq!(code, Some(FAILED.into()));
    assert!(said.contains("the file can't be written"), "{said}");
    // What stands in a log can't be read there, and must not be left out in silence.
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    fs::write(format!("{file}-wal"), "more").unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o555)).unwrap();
    let Some((code, out, said)) = run_by_nobody(&["verify", &file]) else { return };
    assert_eq!((code, out.as_str()), (Some(FAILED.into()), ""));
    assert!(said.contains("the store has a log that can't be read where nothing can be written"), "{said}");
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_store_that_may_not_be_read_is_not_called_something_else() {
    let (folder, file) = resting_store("process-secret-store");
    fs::set_permissions(&file, Permissions::from_mode(0o000)).unwrap();
    for command in ["verify", "tail"] {
        let Some((code, _, said)) = run_by_nobody(&[command, &file]) else { break };
        assert_eq!(code, Some(FAILED.into()));
        assert_eq!(said, format!("newswire: {file}: the file may not be read; expected a store\n"));
    }
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn help_that_can_not_be_written_is_a_failure_too() {
    let Ok(full) = OpenOptions::new().write(true).open("/dev/full") else { return };
    let child = newswire(&["--help"]).stdout(full).output().unwrap();
    assert_eq!(child.status.code(), Some(FAILED.into()));
    assert!(String::from_utf8_lossy(&child.stderr).starts_with("newswire: the output can't be written: "));
}

#[test]
fn a_store_that_can_not_grow_is_told_once_with_what_it_has() {
    let folder = place("process-full-store");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let (recording, file) = (format!("{folder}/run.jsonl"), format!("{folder}/events.db"));
    let record = format!("{{\"type\":\"compaction\",\"summary\":\"{}\"}}\n", "x".repeat(1000));
    fs::write(&recording, format!("{HEAD}\n{}", record.repeat(5000))).unwrap();
    let limited = "trap '' XFSZ; ulimit -f 4000; exec \"$0\" record \"$1\" -o \"$2\" --text";
    let mut shell = Command::new("sh");
    let child =
        shell.args(["-c", limited, env!("CARGO_BIN_EXE_newswire"), &recording, &file]).output().unwrap();
    let said = String::from_utf8(child.stderr).unwrap();
    assert_eq!(child.status.code(), Some(FAILED.into()), "{said}");
    assert!(!said.contains(" of 0 records"), "{said}");
    assert_eq!(said.matches("the disk").count(), 1, "{said}");
}

#[test]
#[cfg(unix)]
fn who_follows_a_store_ends_with_its_reader_though_nothing_comes() {
    let (_, file) = resting_store("process-followed");
    let mut child = newswire(&["tail", "-f", &file]).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    assert!(child.try_wait().unwrap().is_none(), "it follows");
    drop(out);
    assert_eq!(child.wait().unwrap().code(), Some(OK.into()));
}

/// A pipe with a name, into which a thread writes that text.
fn pipe(name: &str, text: String) -> (String, std::thread::JoinHandle<()>) {
    let path = place(name);
    let _ = fs::remove_file(&path);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let writes = path.clone();
    // Where its reader goes away, what that has read is looked at.
    let writing = std::thread::spawn(move || drop(fs::write(writes, text)));
    (path, writing)
}

#[test]
fn a_pipe_with_a_name_is_recorded_and_exported_to_its_last_event() {
    let turn = |number: u64| {
        let text = "x".repeat(400);
        format!(
            r#"{{"type":"message","timestamp":"2025-01-01T00:00:01.000Z","message":{{"role":"user","content":"{number} {text}"}}}}"#
        ) + "\n"
    };
    // Longer than what is looked at to tell the format.
    let session = format!("{HEAD}\n{}", (0..1_000).map(turn).collect::<String>());
    let (path, writing) = pipe("recorded.pipe", session);
    let store = place("recorded-pipe.db");
    ["", "-wal", "-shm"].iter().for_each(|end| drop(fs::remove_file(format!("{store}{end}"))));
    let done = newswire(&["record", &path, "-o", &store, "--json"]).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert_eq!((done.status.code(), &*err), (Some(OK.into()), ""));
    assert!(out.contains(r#""records":1001"#), "{out}");
    writing.join().unwrap();

    let event = r#"{"id":"019b0099-5e61-7103-b62a-98a5788cd939","kind":"tick.heard","time":"2025-01-01T00:00:00Z","scope":{"run":"r-1"}}"#;
    let (path, writing) = pipe("exported.pipe", format!("{event}\n"));
    let done = newswire(&["export", &path, "--run", "r-1"]).output().unwrap();
    assert_eq!(done.status.code(), Some(OK.into()), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(String::from_utf8_lossy(&done.stdout).lines().count(), 2);
    writing.join().unwrap();
}
