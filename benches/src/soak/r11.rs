//! R11: a loss of power at any moment: `full` loses nothing that had a receipt, `normal` at most its last 50 ms.
//!
//! A child's every change of the disk is recorded; the disk is then rebuilt as it may stand if power were lost at any
//! step, and opened. A child whose fsync does nothing must be found out: what finds no fault then, finds none.

use std::io::Write;
use std::path::{Path, PathBuf};

use newswire_store::{SqliteStore, Store};

use super::child;
use super::disk::{self, Disk, Step};
use super::stored::{self, LONG, Random, attached, folder};
use crate::report::{Limit, Line};
use crate::scale::Scale;

/// Names of what the child is told.
const FILE: &str = "NEWSWIRE_SOAK_FILE";
const OPTIONS: &str = "NEWSWIRE_SOAK_OPTIONS";
/// Where the child notes what had a receipt.
const NOTES: &str = "receipts";
/// How often the child opens its store.
const OPENINGS: u64 = 5;

/// What many losses of power came to.
#[derive(Default)]
struct Outcome {
    points: u64,
    /// Events that had a receipt and are gone.
    lost: u64,
    altered: u64,
    /// Stores that can't be opened or have something wrong with them.
    broken: u64,
    /// The longest time before the loss that a receipt was given for something that is gone, in ms.
    oldest_lost: f64,
}

/// Publishes and notes receipts, opening its store anew a few times.
pub(crate) fn child() {
    let file = PathBuf::from(std::env::var_os(FILE).expect("a file"));
    let options = std::env::var(OPTIONS).expect("options");
    let mut notes = std::fs::File::create(file.with_file_name(NOTES)).expect("a file");
    for opening in 0..OPENINGS {
        let bus = attached("main", &file, &options);
        let mut seq = bus.position().seq();
        for batch in 0..12 {
            for receipt in stored::publish(&bus, &mut seq, batch * 7 % 19 + 1) {
                receipt.wait(LONG).expect("a disk that works");
            }
            notes.write_all(&seq.to_le_bytes()).expect("a disk that works");
            if opening % 2 == 1 {
                std::thread::sleep(std::time::Duration::from_millis(9));
            }
        }
        assert!(bus.close(LONG).complete);
    }
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let folder = folder("r11");
    let library = match disk::library(&folder) {
        Ok(library) => library,
        Err(why) => {
            eprintln!("SKIPPED: R11: {why}");
            return Vec::new();
        }
    };
    let points = scale.pick(150, 18_000);
    let lose = |name: &str, options, lies| {
        lose_power(&folder.join(name), &recorded(&folder, &library, name, options, lies), points)
    };
    let (full, normal) =
        (lose("full", "?durability=full", false), lose("normal", "?durability=normal", false));
    let lied = lose("lied", "?durability=full", true);
    let count = |id: &str, value, outcome: &Outcome| {
        Line::new(format!("R11.{id}"), value as f64, Limit::AtMost(0.0), "events")
            .with("points", outcome.points)
    };
    vec![
        count("full_lost", full.lost, &full),
        count("altered", full.altered + normal.altered, &full),
        count("broken", full.broken + normal.broken, &full),
        Line::new("R11.normal_lost", normal.oldest_lost, Limit::AtMost(50.0), "ms")
            .with("points", normal.points),
        // A disk that lies must be seen to lose something, else this looks at nothing.
        count("teeth", u64::from(lied.lost == 0), &lied).with("lost", lied.lost),
    ]
}

/// What a child did to its disk.
fn recorded(folder: &Path, library: &Path, name: &str, options: &str, lies: bool) -> Vec<Step> {
    let (disk, log) = (folder.join(format!("{name}-disk")), folder.join(format!("{name}.log")));
    std::fs::create_dir_all(&disk).expect("a folder");
    let mut command = child::command("r11");
    command.env("LD_PRELOAD", library).env("DISK_IN", &disk).env("DISK_LOG", &log);
    command.env(FILE, disk.join("events.db")).env(OPTIONS, options);
    if lies {
        command.env("DISK_LIES", "1");
    }
    let output = command.output().expect("a child");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    disk::steps(&log)
}

/// Cuts the power at steps all over the record, most often where something has just been synced.
fn lose_power(place: &Path, steps: &[Step], points: u64) -> Outcome {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut disk, mut outcome) = (Disk::default(), Outcome::default());
    let mut receipts: Vec<(u64, u64)> = Vec::new();
    let edges = steps.windows(2).filter(|pair| is_edge(&pair[0]) || is_edge(&pair[1])).count() as u64;
    let (at_edge, between) = (points / 2 / edges.max(1) + 1, (points / 2) as f64 / steps.len() as f64);
    for (index, step) in steps.iter().enumerate() {
        disk.step(step);
        let noted = disk.seen(NOTES);
        if let Some(seq) = noted.chunks_exact(8).last().filter(|_| noted.len() / 8 > receipts.len()) {
            receipts.push((u64::from_le_bytes(seq.try_into().expect("eight bytes")), step.ns));
        }
        let is_edge = is_edge(step) || steps.get(index + 1).is_some_and(is_edge);
        let rounds =
            if is_edge { at_edge } else { u64::from((random.below(1000) as f64) < between * 1000.0) };
        for _ in 0..rounds {
            outcome.points += 1;
            // All of it, none of it, or some share.
            let share = [0, 10, 50, 90, 100][random.below(5) as usize];
            let names = random.below(3) > 0;
            let left = disk.after_power_loss(|sector| match sector {
                u64::MAX => names,
                _ => random.below(100) < share,
            });
            look(place, &left, &receipts, step.ns, &mut outcome);
        }
    }
    outcome
}

fn is_edge(step: &Step) -> bool {
    matches!(step.op, b's' | b'r' | b'u')
}

/// Opens what is left.
fn look(
    place: &Path,
    left: &std::collections::BTreeMap<String, Vec<u8>>,
    receipts: &[(u64, u64)],
    now_ns: u64,
    outcome: &mut Outcome,
) {
    let _ = std::fs::remove_dir_all(place);
    std::fs::create_dir_all(place).expect("a folder");
    for (name, bytes) in
        left.iter().filter(|(name, _)| name.starts_with("events.db") && !name.ends_with("-shm"))
    {
        std::fs::write(place.join(name), bytes).expect("room");
    }
    let file = place.join("events.db");
    let promised = receipts.last().map_or(0, |(seq, _)| *seq);
    let found = match stored::read(&file) {
        Ok(found) => found,
        // Before anything had a receipt, a file may be there that is none yet.
        Err(_) if promised == 0 => return,
        Err(error) => return outcome.breaks(&error.to_string()),
    };
    outcome.altered += found.altered + found.lost + u64::from(!found.is_in_order());
    outcome.lost += found.missing(promised);
    for (seq, ns) in receipts {
        if found.seqs.binary_search(seq).is_err() {
            outcome.oldest_lost = outcome.oldest_lost.max((now_ns - ns) as f64 / 1e6);
            break;
        }
    }
    let verified = SqliteStore::read(&file).and_then(|store| store.verify());
    let is_sound = verified.as_ref().is_ok_and(|verified| {
        verified.damaged.is_empty()
            && verified.structure.iter().all(|what| what.starts_with("the log (-wal)"))
    });
    // It also goes on.
    let goes_on = SqliteStore::open(&file).and_then(|store| store.writer("main").map(drop));
    if !is_sound {
        outcome.breaks(&format!("{verified:?}"));
    } else if let Err(error) = goes_on {
        outcome.breaks(&error.to_string());
    }
}

impl Outcome {
    fn breaks(&mut self, what: &str) {
        self.broken += 1;
        if self.broken < 4 {
            eprintln!("R11: after {} losses of power: {what}", self.points);
        }
    }
}
