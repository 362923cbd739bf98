//! R17: a long run costs no more memory, handles, threads or time at its end than at its beginning.

use std::time::{Duration, Instant};

use newswire::{Bus, SubscribeOptions};

use super::child;
use super::stored::{LONG, attached, event, folder};
use crate::report::{Limit, Line};
use crate::sample;
use crate::scale::Scale;

const FILE: &str = "NEWSWIRE_SOAK_FILE";
const EVENTS: &str = "NEWSWIRE_SOAK_EVENTS";
/// How many events are published at a time.
const BATCH: u64 = 1000;
/// How many batches a store gets before it is looked at: SQLite's cache of pages, which has a bound, is full then.
const WARM: u64 = 150;

/// What a process needs at one moment.
#[derive(Clone, Copy, Default)]
struct Needs {
    resident: f64,
    handles: f64,
    threads: f64,
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let asked = std::env::var(EVENTS).ok().and_then(|events| events.parse().ok());
    let events: u64 = asked.unwrap_or(scale.pick(200_000, 10_000_000));
    let mut lines = Vec::new();
    for (name, file) in
        [("bus", String::new()), ("store", folder("r17").join("events.db").display().to_string())]
    {
        let mut command = child::command("r17");
        let told = child::figures(command.env(FILE, file).env(EVENTS, events.to_string()), "R17");
        let line = |what: &str, value, limit, unit| {
            Line::new(format!("R17.{name}_{what}"), value, Limit::AtMost(limit), unit).with("events", events)
        };
        // A tenth of a small process is little; what is looked for grows with the events.
        lines.push(line("memory", told[0], (told[4] * 0.01).max(4.0), "MiB more"));
        lines.push(line("handles", told[1], 0.0, "more"));
        lines.push(line("threads", told[2], 0.0, "more"));
        lines.push(line("p99", told[3], 1.1, "x of the first tenth"));
    }
    lines
}

/// Publishes that many events, and tells what it needed after the first tenth and at the end.
pub(crate) fn child() {
    let events: u64 = std::env::var(EVENTS).ok().and_then(|events| events.parse().ok()).expect("a number");
    let file = std::env::var(FILE).expect("a file or none");
    let batches = events / BATCH;
    let times: Vec<Duration> = match &*file {
        "" => in_process(batches),
        file => through_store(batches, file),
    };
    let (first, last) = (&times[1..times.len() / 10], &times[times.len() * 9 / 10..]);
    let (began, ended) = NEEDS.with_borrow(|needs| (needs[0], needs[1]));
    println!(
        "\nR17: {} {} {} {} {}",
        (ended.resident - began.resident).max(0.0),
        (ended.handles - began.handles).max(0.0),
        (ended.threads - began.threads).max(0.0),
        p99(last) / p99(first),
        began.resident,
    );
}

thread_local! {
    static NEEDS: std::cell::RefCell<Vec<Needs>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// Notes what is needed after the first tenth, and at the end.
fn note(batch: u64, batches: u64) {
    if batch == batches / 10 || batch + 1 == batches {
        NEEDS.with_borrow_mut(|all| all.push(needs()));
    }
}

fn in_process(batches: u64) -> Vec<Duration> {
    let bus = Bus::new();
    let mut all = bus.subscribe_with("*", SubscribeOptions::default()).expect("a filter");
    let one = |batch| {
        let began = Instant::now();
        for event in sample::events(0, BATCH as usize) {
            bus.publish(event).expect("an open bus");
        }
        let mut seen = 0;
        while seen < BATCH as usize {
            seen += all.visit(BATCH as usize, |_| {}).expect("an open bus");
        }
        note(batch, batches);
        began.elapsed()
    };
    (0..batches).map(one).collect()
}

/// Retention keeps the file small; it is a part of what must not cost more and more.
fn through_store(batches: u64, file: &str) -> Vec<Duration> {
    let bus = attached("main", std::path::Path::new(file), "?durability=normal&max_events=500000");
    let times = (0..WARM + batches)
        .map(|batch| {
            let began = Instant::now();
            let events = (0..BATCH - 1).map(|seq| event(batch * BATCH + seq)).collect();
            bus.publish_batch(events).expect("an open bus");
            bus.publish_durable(event(batch)).expect("an open bus").wait(LONG).expect("a disk that works");
            if let Some(batch) = batch.checked_sub(WARM) {
                note(batch, batches);
            }
            began.elapsed()
        })
        .skip(WARM as usize)
        .collect();
    assert!(bus.close(LONG).complete);
    times
}

fn p99(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() * 99 / 100).map_or(1.0, Duration::as_secs_f64)
}

fn needs() -> Needs {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next()).and_then(|word| word.parse().ok()).unwrap_or(0.0)
    };
    let handles = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    Needs { resident: number("VmRSS:") / 1024.0, handles: handles as f64, threads: number("Threads:") }
}
