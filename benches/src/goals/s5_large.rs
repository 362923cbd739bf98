//! S-5: a store of ten million events, in a process of its own: how soon it is open, how soon its end is read and its
//! runs are listed, and what memory that takes.

use std::time::{Duration, Instant};

use newswire::{Start, SubscribeOptions};
use newswire_store::{RunQuery, SqliteStore, Store};

use super::s_store::{attached, large};
use crate::report::{Limit, Line};
use crate::scale::Scale;
use crate::soak::child;

const FILE: &str = "NEWSWIRE_BENCH_FILE";
const LAST: usize = 1000;

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let (file, events) = large(scale);
    let told = child::figures(child::command("s5").env(FILE, &file), "S-5");
    let line = |name: &str, value, limit, unit| {
        Line::new(format!("S-5.{name}"), value, Limit::AtMost(limit), unit).with("events", events)
    };
    vec![
        line("open", told[0], 1.0, "s"),
        line("last_rare", told[1], 50.0, "ms"),
        line("last_common", told[2], 50.0, "ms"),
        line("runs", told[3], 1.0, "s"),
        line("memory", told[4], 200.0, "MiB"),
    ]
}

/// Opens the store, reads the end of two filters, lists the runs, and tells how long that took.
pub(crate) fn child() {
    let file = std::env::var_os(FILE).expect("a file");
    let began = Instant::now();
    let bus = attached(file.as_ref(), "");
    let opened = began.elapsed();
    let last = |filter: &str| {
        let began = Instant::now();
        let start = SubscribeOptions { start: Start::Last(LAST), ..SubscribeOptions::default() };
        let mut end = bus.subscribe_with(filter, start).expect("a filter");
        let seen = std::iter::from_fn(|| end.try_next().expect("an open bus")).count();
        assert_eq!(seen, LAST);
        began.elapsed()
    };
    let (rare, common) = (last("deploy.*"), last("tool.*"));
    let listing = Instant::now();
    let mut runs = 0;
    let mut count = |_| {
        runs += 1;
        true
    };
    let store = SqliteStore::read(&file).expect("a store");
    assert_eq!(store.runs(&RunQuery::default(), &mut count).expect("a store"), 0);
    let listed = listing.elapsed();
    assert!(runs > 1, "{runs}");
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|line| line.split_whitespace().next()).and_then(|word| word.parse::<f64>().ok());
    let ms = |took: Duration| took.as_secs_f64() * 1e3;
    let (opened, listed) = (opened.as_secs_f64(), listed.as_secs_f64());
    let memory = peak.unwrap_or(0.0) / 1024.0;
    println!("\nS-5: {opened} {} {} {listed} {memory}", ms(rare), ms(common));
}
