//! The program itself: its streams, and the signals that it gets.
#![cfg(unix)]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use common::{HEAD, written};
use newswire_cli::{INTERRUPTED, OK};

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
