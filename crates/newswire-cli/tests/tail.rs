//! `newswire tail`: the end of a store, and a store that another process writes.
#![cfg(unix)]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use common::{lines_of, newswire, piped};
use newswire::{Attachment, Bus, BusOptions, ErrorKind, Event, Kind};
use newswire_cli::{INTERRUPTED, OK, USAGE};
use serde_json::Value;

const LONG: Duration = Duration::from_secs(60);

fn store(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tail").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder.join("events.db")
}

fn attached(name: &str, store: &Path) -> (Bus, Attachment) {
    newswire_store::register().unwrap();
    let bus = Bus::with(BusOptions { name: name.into(), ..BusOptions::default() }).unwrap();
    let until = Instant::now() + LONG;
    loop {
        match bus.attach(&format!("sqlite:{}", store.display())) {
            Ok(attachment) => return (bus, attachment),
            // Until a child of another test runs its program, it has a lease that is given up here.
            Err(error) => assert!(error.kind() == ErrorKind::Full && Instant::now() < until, "{error}"),
        }
    }
}

fn publish(bus: &Bus, store: &Attachment, kind: &str, number: u64) {
    let event = Event::builder(Kind::parse(kind).unwrap()).json(number.to_string()).build().unwrap();
    bus.publish(event).unwrap();
    store.flush(LONG).unwrap();
}

fn program(args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newswire"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// The lines of a process, as they come.
fn lines(output: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            if sender.send(line.unwrap()).is_err() {
                return;
            }
        }
    });
    receiver
}

fn payload(lines: &Receiver<String>) -> u64 {
    let line = lines.recv_timeout(LONG).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    line["payload"].as_u64().unwrap_or_else(|| panic!("{line}"))
}

fn payloads(out: &str) -> Vec<u64> {
    lines_of(out).iter().map(|line| line["payload"].as_u64().unwrap()).collect()
}

fn signal(child: &Child) {
    let killed = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap();
    assert!(killed.success());
}

#[test]
fn the_last_events_that_match_are_shown_in_order() {
    let file = store("last");
    let (bus, attachment) = attached("main", &file);
    for number in 0..500 {
        let kind = if number % 100 == 0 { "rare.thing" } else { "tick.heard" };
        let event = Event::builder(Kind::parse(kind).unwrap()).json(number.to_string()).build().unwrap();
        bus.publish(event).unwrap();
    }
    attachment.flush(LONG).unwrap();
    let file = file.to_str().unwrap();
    let tail = |more: &[&str]| piped(&[&["tail", file], more].concat());
    assert_eq!(payloads(&tail(&[]).1), (490..500).collect::<Vec<_>>());
    assert_eq!(payloads(&tail(&["-n", "3", "--filter", "rare.thing"]).1), [200, 300, 400]);
    assert_eq!(payloads(&tail(&["-n", "9", "--filter", "rare.thing"]).1), [0, 100, 200, 300, 400]);
    assert_eq!(payloads(&tail(&["-n", "2", "--filter", "payload < 7"]).1), [5, 6]);
    assert_eq!(tail(&["-n", "0"]), (OK, String::new(), String::new()));
    assert_eq!(tail(&["--filter", "none.such"]), (OK, String::new(), String::new()));
    assert_eq!(tail(&["--filter", "a ="]).0, USAGE);
    let (code, text, _) = newswire(&["tail", file, "-n", "1"]);
    assert!(code == OK && text.contains("tick.heard"), "{text}");
    bus.close(LONG);
    // Those of several buses are taken together.
    let (other, attachment) = attached("other", Path::new(file));
    publish(&other, &attachment, "tick.heard", 1000);
    assert_eq!(payloads(&tail(&["-n", "2"]).1), [499, 1000]);
    assert_eq!(payloads(&tail(&["-n", "2", "--bus", "main"]).1), [498, 499]);
}

#[test]
fn what_another_process_writes_appears_soon_and_ctrl_c_ends_it() {
    let file = store("follow");
    let (bus, attachment) = attached("main", &file);
    publish(&bus, &attachment, "tick.heard", 0);
    let mut child = program(&["tail", "-f", file.to_str().unwrap(), "-n", "1", "--filter", "tick.*"]);
    let shown = lines(child.stdout.take().unwrap());
    assert_eq!(payload(&shown), 0);
    // Soon, wherever the machine has time for it: of twenty in a row the most came so.
    let (until, mut number) = (Instant::now() + LONG, 0);
    loop {
        let mut latencies = [Duration::ZERO; 20].map(|_| {
            number += 1;
            publish(&bus, &attachment, "other.kind", number);
            publish(&bus, &attachment, "tick.heard", number);
            let began = Instant::now();
            assert_eq!(payload(&shown), number);
            began.elapsed()
        });
        latencies.sort();
        if latencies[10] < Duration::from_millis(250) {
            break;
        }
        assert!(Instant::now() < until, "{latencies:?}");
    }
    // A bus that begins later is followed, too.
    let (other, of_other) = attached("other", &file);
    publish(&other, &of_other, "tick.heard", 77);
    assert_eq!(payload(&shown), 77);
    signal(&child);
    assert_eq!(child.wait().unwrap().code(), Some(INTERRUPTED.into()));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let file = store("broken");
    let (bus, attachment) = attached("main", &file);
    publish(&bus, &attachment, "tick.heard", 0);
    let mut child = program(&["tail", "-f", file.to_str().unwrap()]);
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let until = Instant::now() + LONG;
    let mut number = 0;
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until);
        number += 1;
        publish(&bus, &attachment, "tick.heard", number);
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(child.wait().unwrap().code(), Some(OK.into()));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}

#[test]
fn pruning_and_another_store_in_its_place_are_survived() {
    let file = store("rotated");
    let (bus, attachment) = attached("main", &file);
    for number in 0..50 {
        publish(&bus, &attachment, "tick.heard", number);
    }
    let path = file.to_str().unwrap();
    let mut child = program(&["tail", "-f", path, "-n", "2"]);
    let shown = lines(child.stdout.take().unwrap());
    assert_eq!([payload(&shown), payload(&shown)], [48, 49]);
    assert_eq!(piped(&["prune", path, "--keep-count", "1"]).0, OK);
    publish(&bus, &attachment, "tick.heard", 50);
    assert_eq!(payload(&shown), 50);
    bus.close(LONG);
    for end in ["", "-wal", "-shm"] {
        let (from, to) = (format!("{path}{end}"), format!("{path}.old{end}"));
        let _ = std::fs::rename(from, to);
    }
    let (bus, attachment) = attached("main", &file);
    publish(&bus, &attachment, "tick.heard", 51);
    assert_eq!(payload(&shown), 51);
    publish(&bus, &attachment, "tick.heard", 52);
    assert_eq!(payload(&shown), 52);
    signal(&child);
    assert_eq!(child.wait().unwrap().code(), Some(INTERRUPTED.into()));
}

#[test]
fn a_recording_that_is_killed_half_way_leaves_a_store_with_what_came_before() {
    let file = store("killed");
    let path = file.to_str().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_newswire"));
    command.args(["record", "-o", path]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        let mut number = 0_u64;
        let line = |number: u64| {
            format!(
                "{{\"id\":\"019b0099-5e61-7103-b62a-{number:012x}\",\"kind\":\"tick.heard\",\"time\":\"2026-01-01T00:00:00Z\",\"source\":{{\"component\":\"c\"}},\"scope\":{{\"run\":\"r\"}},\"severity\":\"info\",\"payload\":{number}}}\n"
            )
        };
        while input.write_all(line(number).as_bytes()).is_ok() {
            number += 1;
        }
    });
    let until = Instant::now() + LONG;
    let stored = || {
        let (code, out, _) = piped(&["tail", path, "-n", "1"]);
        (code == OK)
            .then(|| lines_of(&out).pop())
            .flatten()
            .and_then(|line| line["seq"].as_u64())
            .unwrap_or(0)
    };
    while stored() < 2000 {
        assert!(Instant::now() < until);
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    writer.join().unwrap();
    assert_eq!(piped(&["verify", path]).0, OK);
    let (_, out, _) = piped(&["export", path]);
    let events = lines_of(&out);
    assert!(events.len() > 2000);
    let in_order = events[1..].iter().enumerate().all(|(place, line)| line["payload"] == place);
    assert!(in_order);
    let (_, out, _) = piped(&["ls", path]);
    assert_eq!(lines_of(&out)[0]["events"].as_u64(), Some(events.len() as u64 - 1));
}
