//! C1 to C4: the `newswire` command on long files, beside `jq` and `grep` where they are installed.
//!
//! C2 to C4 are about events of all recorded sets; those of the pi sessions alone, whose events are larger, are
//! reported beside (`C2.sessions`, `C3.sessions`).
//! `jq` is given the first part of the file only, since it would take minutes; rates are compared.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::command::{Made, Ran, Recorded, newswire, recording, run, session};
use crate::contest::median;
use crate::report::{Limit, Line};
use crate::scale::Scale;

/// How much of a file `jq` is given.
const JQ_BYTES: u64 = 64 << 20;

/// Megabytes a second on one core: import, from a file to a file.
pub(crate) fn import(scale: Scale) -> Vec<Line> {
    let Some(path) = session(scale.pick(10_000_000, 1_000_000_000)) else { return Vec::new() };
    let (bytes, part) = (size(&path), beginning(&path, JQ_BYTES));
    let out = path.with_extension("ndjson");
    let filter = "[.type, .timestamp, .message.usage] | tostring";
    let mut rates = Rates::default();
    for _ in 0..scale.pick(1, 3) {
        let words: [OsString; 5] =
            ["import".into(), path.clone().into(), "--force".into(), "-o".into(), out.clone().into()];
        // Else each round but the first would also free what the last one wrote, three bytes for one.
        let _ = std::fs::remove_file(&out);
        let ran = run(newswire(words));
        rates.add(megabytes(bytes) / cpu_bound(&ran), || jq(filter, &part, megabytes(size(&part))));
    }
    let _ = std::fs::remove_file(out);
    rates.lines("C1", Limit::AtLeast(200.0), "MB/s", "jq", 20.0)
}

/// Events a second: play, as fast as it can, to a pipe.
pub(crate) fn play(scale: Scale) -> Vec<Line> {
    let files = [("C2", Made::OfAllSets), ("C2.sessions", Made::OfSessions)];
    files.into_iter().filter_map(|(id, made)| played(id, made, scale)).collect()
}

fn played(id: &str, made: Made, scale: Scale) -> Option<Line> {
    let file = long(made, scale)?;
    let rate = |_| {
        let words: [OsString; 4] = ["play".into(), file.path.clone().into(), "--speed".into(), "max".into()];
        let ran = run(newswire(words));
        assert!(ran.lines >= file.events, "{} of {} events were played", ran.lines, file.events);
        (file.rate(&ran), ran)
    };
    let runs: Vec<_> = (0..scale.pick(1, 3)).map(rate).collect();
    let line = Line::new(id, median(runs.iter().map(|(rate, _)| *rate)), Limit::AtLeast(1e6), "events/s");
    let line = line.with("all", runs.iter().map(|(rate, _)| *rate).collect::<Vec<_>>());
    Some(line.with("bytes_an_event", file.bytes / file.events).with("memory_bytes", most(&runs)))
}

/// Events a second and memory: stats.
pub(crate) fn stats(scale: Scale) -> Vec<Line> {
    let files = [("C3", Made::OfAllSets), ("C3.sessions", Made::OfSessions)];
    files.into_iter().flat_map(|(id, made)| summed(id, made, scale)).collect()
}

fn summed(id: &str, made: Made, scale: Scale) -> Vec<Line> {
    let Some(file) = long(made, scale) else { return Vec::new() };
    let part = beginning(&file.path, JQ_BYTES);
    let part_events = lines_of(&part);
    let filter = "reduce (inputs | select(.kind == \"model.call.completed\") | .payload) as $p \
        ({}; .[$p.model // \"none\"] += $p.usage.input_tokens + $p.usage.output_tokens)";
    let (mut rates, mut runs) = (Rates::default(), Vec::new());
    for _ in 0..scale.pick(1, 3) {
        let words: [OsString; 3] = ["stats".into(), file.path.clone().into(), "--json".into()];
        let ran = run(newswire(words));
        rates.add(file.rate(&ran), || jq_with(&["-n", filter], &part, part_events));
        runs.push((0.0, ran));
    }
    let mut lines = rates.lines(id, Limit::AtLeast(1e6), "events/s", "jq", 20.0);
    let memory = most(&runs) as f64 / f64::from(1 << 20);
    lines.push(Line::new(format!("{id}.memory"), memory, Limit::AtMost(100.0), "MiB"));
    lines
}

/// A recording of as many events as the goals name, or of as many as tell the speed.
fn long(made: Made, scale: Scale) -> Option<Recorded> {
    let full = if made == Made::OfAllSets { 10_000_000 } else { 1_000_000 };
    recording(made, scale.pick(10_000, full))
}

/// How much of the speed of `grep -c` a filter has that matches nothing: one that a kind decides, and one
/// that needs the payload.
pub(crate) fn grep(scale: Scale) -> Vec<Line> {
    let Some(file) = recording(Made::OfAllSets, scale.pick(10_000, 1_000_000)) else { return Vec::new() };
    let filters = [("C4", "kind = memory.created"), ("C4.payload", "payload.name = \"nobody\"")];
    let mut ratios = filters.map(|_| Vec::new());
    for _ in 0..scale.pick(1, 5) {
        let mut peer = Command::new("grep");
        peer.args(["-c", "nobody"]).arg(&file.path).env("LC_ALL", "C");
        let Some(peer) = installed(peer) else { return Vec::new() };
        for ((_, filter), ratios) in filters.iter().zip(&mut ratios) {
            let words: [OsString; 4] =
                ["grep".into(), "-c".into(), (*filter).into(), file.path.clone().into()];
            ratios.push(peer.time.as_secs_f64() / run(newswire(words)).time.as_secs_f64());
        }
    }
    let line = |((id, filter), ratios): ((&str, &str), Vec<f64>)| {
        let line = Line::new(id, median(ratios.iter().copied()), Limit::AtLeast(0.3), "ratio").beside("grep");
        line.with("filter", filter).with("megabytes", megabytes(file.bytes)).with("all", ratios)
    };
    filters.into_iter().zip(ratios).map(line).collect()
}

/// Our rates, and those of a peer in the same round.
#[derive(Default)]
struct Rates {
    ours: Vec<f64>,
    ratios: Vec<f64>,
}

impl Rates {
    fn add(&mut self, ours: f64, peer: impl FnOnce() -> Option<f64>) {
        self.ours.push(ours);
        self.ratios.extend(peer().map(|peer| ours / peer));
    }

    fn lines(self, id: &str, limit: Limit, unit: &'static str, peer: &'static str, times: f64) -> Vec<Line> {
        let mut lines =
            vec![Line::new(id, median(self.ours.iter().copied()), limit, unit).with("all", self.ours)];
        if !self.ratios.is_empty() {
            let value = median(self.ratios.iter().copied());
            let line = Line::new(format!("{id}.{peer}"), value, Limit::AtLeast(times), "ratio").beside(peer);
            lines.push(line.with("all", self.ratios));
        }
        lines
    }
}

impl Recorded {
    fn rate(&self, ran: &Ran) -> f64 {
        self.events as f64 / ran.time.as_secs_f64()
    }
}

/// What `jq` does in a second, in units of `work`; nothing where it isn't installed.
fn jq(filter: &str, path: &Path, work: f64) -> Option<f64> {
    jq_with(&["-r", filter], path, work)
}

fn jq_with(words: &[&str], path: &Path, work: f64) -> Option<f64> {
    let mut command = Command::new("jq");
    command.args(words).arg(path);
    installed(command).map(|ran| work / ran.time.as_secs_f64())
}

/// Runs a peer; nothing where it isn't installed.
fn installed(command: Command) -> Option<Ran> {
    let name = command.get_program().to_owned();
    let there = Command::new(&name).arg("--version").stdout(Stdio::null()).status().is_ok();
    if !there {
        eprintln!("SKIPPED: {} is not installed, so nothing is compared with it", name.display());
        return None;
    }
    Some(run(command))
}

/// The seconds that it would have taken on one core.
fn cpu_bound(ran: &Ran) -> f64 {
    ran.cpu.max(ran.time).as_secs_f64()
}

fn most(runs: &[(f64, Ran)]) -> u64 {
    runs.iter().map(|(_, ran)| ran.memory).max().unwrap_or(0)
}

/// A file with the first lines of another.
fn beginning(path: &Path, bytes: u64) -> PathBuf {
    let part = path.with_extension("part");
    let mut out = File::create(&part).expect("a folder that can be written");
    let mut lines = BufReader::new(File::open(path).expect("a file").take(bytes));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).expect("a file that can be read") > 0 {
        if line.last() == Some(&b'\n') {
            out.write_all(&line).expect("room on the disk");
        }
        line.clear();
    }
    part
}

fn lines_of(path: &Path) -> f64 {
    BufReader::new(File::open(path).expect("a file")).split(b'\n').count() as f64
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).expect("a file").len()
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
