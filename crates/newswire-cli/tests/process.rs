//! The program itself: its streams, and the signals that it gets.
#![cfg(unix)]

mod common;

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
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
fn a_reader_that_takes_one_line_ends_the_program_quietly() {
    let file =
        written("process-long.jsonl", &format!("{HEAD}\n{}", "{\"type\":\"compaction\"}\n".repeat(20_000)));
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
    let out = place("process-killed.ndjson");
    let _ = fs::remove_file(&out);
    let mut child = newswire(&["import", "-", "-o", &out]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let parts = || {
        let names =
            fs::read_dir(env!("CARGO_TARGET_TMPDIR")).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with(".process-killed.ndjson.")).count()
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
