//! R10: a writer that is killed in the middle of its work loses nothing that had a receipt, and its file opens at once.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use newswire_store::{SqliteStore, Store};

use super::child;
use super::stored::{self, LONG, Random, attached, folder};
use crate::report::{Limit, Line};
use crate::scale::Scale;

const FILE: &str = "NEWSWIRE_SOAK_FILE";
const OPTIONS: &str = "NEWSWIRE_SOAK_OPTIONS";
/// What kills came to.
#[derive(Default)]
struct Outcome {
    lost: u64,
    altered: u64,
    unreadable: u64,
    /// What was said of the first that couldn't be read.
    said: Option<String>,
}

impl Outcome {
    fn unreadable(&mut self, said: String) {
        self.unreadable += 1;
        self.said.get_or_insert(said);
    }
}

/// Publishes batches until it is killed, and tells each receipt.
pub(crate) fn child() {
    let file = PathBuf::from(std::env::var_os(FILE).expect("a file"));
    let bus = attached("main", &file, &std::env::var(OPTIONS).expect("options"));
    let (mut seq, mut random) = (bus.position().seq(), Random(u64::from(std::process::id()) | 1));
    let mut out = std::io::stdout();
    loop {
        for receipt in stored::publish(&bus, &mut seq, random.below(500) + 1) {
            receipt.wait(LONG).expect("a disk that works");
            writeln!(out, "stored {}", receipt.published().seq.expect("a seq")).expect("a reader");
        }
        out.flush().expect("a reader");
    }
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let folder = folder("r10");
    let kills: u64 = scale.pick(200, 1_000);
    // A file that has grown to this is put away, so that reading it all stays quick.
    let large = scale.pick(2_000, 40_000);
    let (mut random, mut all) = (Random(0x2545_f491_4f6c_dd1d), Outcome::default());
    let mut file = folder.join("events.db");
    let mut before = 0;
    for kill in 0..kills {
        if before > large {
            (file, before) = (folder.join(format!("events-{kill}.db")), 0);
        }
        let options = ["?durability=full", "?durability=normal", "?durability=off"][(kill % 3) as usize];
        let promised = kill_after(&file, options, Duration::from_millis(5 + random.below(295)));
        before = look(&file, promised.max(before), &mut all);
    }
    let count = |name: &str, value: u64, unit| {
        Line::new(format!("R10.{name}"), value as f64, Limit::AtMost(0.0), unit).with("kills", kills)
    };
    let (events, opened) = reopened(&folder.join("large.db"), scale.pick(20_000, 1_000_000));
    vec![
        count("lost", all.lost, "events"),
        count("altered", all.altered, "events"),
        count("unreadable", all.unreadable, "files").with("said", all.said),
        Line::new("R10.reopen", opened.as_secs_f64(), Limit::AtMost(1.0), "s").with("events", events),
    ]
}

/// Runs the child and kills it; gives the last seq that it told a receipt of.
fn kill_after(file: &Path, options: &str, life: Duration) -> u64 {
    let mut command = child::command("r10");
    command.env(FILE, file).env(OPTIONS, options).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("a child");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    let told = |line: &str| line.trim().strip_prefix("stored ").and_then(|seq| seq.parse::<u64>().ok());
    let (mut line, mut first) = (String::new(), None);
    // Its life counts from its first receipt: what is to be interrupted is writing.
    while first.is_none() && output.read_line(&mut line).expect("text") > 0 {
        first = told(&line);
        line.clear();
    }
    let reader = std::thread::spawn(move || {
        let mut rest = String::new();
        output.read_to_string(&mut rest).expect("text");
        // The last line may have been cut.
        rest.rsplit_once('\n').and_then(|(whole, _)| whole.lines().filter_map(told).max()).unwrap_or(0)
    });
    std::thread::sleep(life);
    child.kill().expect("a child");
    child.wait().expect("a child");
    reader.join().expect("no panic").max(first.unwrap_or(0))
}

/// Reads all that is there; gives the last seq.
fn look(file: &Path, promised: u64, all: &mut Outcome) -> u64 {
    let found = match stored::read(file) {
        Ok(found) => found,
        Err(error) => {
            all.unreadable(error.to_string());
            return promised;
        }
    };
    all.lost += found.missing(promised);
    all.altered += found.altered + found.lost + u64::from(!found.is_in_order());
    // What was being written when it was killed may stand in the log, without an end.
    match SqliteStore::read(file).and_then(|store| store.verify()) {
        Ok(verified) if verified.damaged.is_empty() && verified.structure.is_empty() => {}
        Ok(verified) => all.unreadable(format!("{verified:?}")),
        Err(error) => all.unreadable(error.to_string()),
    }
    found.seqs.last().copied().unwrap_or(0).max(promised)
}

/// How long a large store takes until it is on a bus again, its log not written back.
fn reopened(file: &Path, events: u64) -> (u64, Duration) {
    let mut child = child::command("r10");
    child.env(FILE, file).env(OPTIONS, "?durability=off").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = child.spawn().expect("a child");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let is_enough = |line: &str| {
        line.strip_prefix("stored ").and_then(|seq| seq.parse::<u64>().ok()).is_some_and(|seq| seq >= events)
    };
    for line in lines.map_while(Result::ok) {
        if is_enough(&line) {
            break;
        }
    }
    child.kill().expect("a child");
    child.wait().expect("a child");
    let began = Instant::now();
    let bus = attached("main", file, "");
    let took = began.elapsed();
    (bus.position().seq(), took)
}
