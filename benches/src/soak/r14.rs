//! R14: two processes with four buses each write one file, and others read it meanwhile: it stays whole, and its log
//! stays small.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use newswire::{Bus, Start, SubscribeOptions};
use newswire_store::{SqliteStore, Store};

use super::child;
use super::stored::{self, LONG, attached, event, folder};
use crate::report::{Limit, Line};
use crate::scale::Scale;

const FILE: &str = "NEWSWIRE_SOAK_FILE";
const SECONDS: &str = "NEWSWIRE_SOAK_SECONDS";
const BUSES: u64 = 4;

/// How long it takes; half an hour where that is asked for.
fn length(scale: Scale) -> Duration {
    let asked = std::env::var(SECONDS).ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(asked.unwrap_or(scale.pick(2, 60)))
}

/// Writes until it is told to end.
pub(crate) fn child() {
    let file = PathBuf::from(std::env::var_os(FILE).expect("a file"));
    write(&file, "child", length(Scale::Full));
}

fn write(file: &Path, who: &str, length: Duration) {
    let until = Instant::now() + length;
    let buses: Vec<Bus> =
        (0..BUSES).map(|bus| attached(&format!("{who}-{bus}"), file, "?durability=normal")).collect();
    std::thread::scope(|scope| {
        for bus in &buses {
            scope.spawn(move || {
                while Instant::now() < until {
                    // Slow enough that all are written: what is looked at is the file, not the queue.
                    for _ in 0..50 {
                        bus.publish(event(bus.position().seq() + 1)).expect("an open bus");
                    }
                    std::thread::sleep(Duration::from_millis(10));
                }
            });
        }
    });
    for bus in &buses {
        assert!(bus.close(LONG).complete);
    }
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let file = folder("r14").join("events.db");
    let length = length(scale);
    let mut command = child::command("r14");
    command.env(FILE, &file).env(SECONDS, length.as_secs().to_string()).stdout(Stdio::null());
    SqliteStore::open(&file).expect("a new file");
    let mut child = command.spawn().expect("a child");
    let log = PathBuf::from(format!("{}-wal", file.display()));
    let mut largest = 0;
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| write(&file, "parent", length));
        // A reader that stays open, in the middle of its replay.
        let bus = attached("reader", &file, "");
        bus.publish(event(1)).expect("an open bus");
        let start = SubscribeOptions { start: Start::Earliest, ..SubscribeOptions::default() };
        let held = bus.subscribe_with("*", start).expect("a filter");
        while !writer.is_finished() {
            let size = std::fs::metadata(&log).map_or(0, |about| about.len());
            largest = largest.max(size);
            if let Ok(past) = SqliteStore::read(&file).and_then(|store| store.past("parent-0")) {
                stored::each(&past, |_| {}).expect("a file that can be read");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(held);
        assert!(bus.close(LONG).complete);
    });
    assert!(child.wait().expect("a child").success());
    let store = SqliteStore::read(&file).expect("a store");
    let verified = store.verify().expect("a file that can be read");
    let buses = store.buses().expect("a file that can be read");
    let missing: u64 = buses.iter().map(|bus| bus.last).sum::<u64>() - verified.good;
    let wrong = verified.damaged.len() + verified.structure.len();
    let line = |name: &str, value: u64, unit| {
        Line::new(format!("R14.{name}"), value as f64, Limit::AtMost(0.0), unit).with("events", verified.good)
    };
    vec![
        line("wrong", wrong as u64, "damages").with("seconds", length.as_secs()),
        line("missing", missing, "events"),
        line("buses", (buses.len() as u64).abs_diff(2 * BUSES + 1), "buses"),
        Line::new("R14.log", largest as f64 / f64::from(1 << 20), Limit::AtMost(64.0), "MiB"),
    ]
}
