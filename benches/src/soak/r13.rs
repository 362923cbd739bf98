//! R13: bits that flip, files cut off, pieces swapped: no altered event is taken for good, nearly all others are still
//! read, what is wrong is found, and a repair never costs what is good.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use newswire::Delivery;
use newswire_store::{RepairOptions, SqliteStore, Store, repair};

use super::stored::{self, LONG, Random, attached, event, folder};
use crate::report::{Limit, Line};
use crate::scale::Scale;

const EVENTS: u64 = 4000;

/// What damages came to.
#[derive(Default)]
struct Outcome {
    panics: u64,
    altered: u64,
    /// Events that are missing without a word.
    silent: u64,
    /// Damages that cost events and weren't found.
    unfound: u64,
    /// Events that could be read before a repair and can't after it.
    unrepaired: u64,
    /// Events that should be and are readable, with one byte damaged: in place, and repaired.
    expected: u64,
    read: u64,
    read_repaired: u64,
    /// What was damaged where a repair cost something first.
    said: Option<String>,
    expected_repaired: u64,
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let folder = folder("r13");
    let file = folder.join("good.db");
    let bus = attached("main", &file, "?durability=off");
    (1..=EVENTS).for_each(|seq| _ = bus.publish(event(seq)).expect("an open bus"));
    assert!(bus.close(LONG).complete);
    let good = std::fs::read(&file).expect("a file");
    let rounds: u64 = scale.pick(40, 10_000);
    let (mut random, mut all) = (Random(0x9e37_79b9_7f4a_7c15), Outcome::default());
    for round in 0..rounds {
        let mut bytes = good.clone();
        let size = bytes.len() as u64;
        let at = random.below(size) as usize;
        match round % 8 {
            0 => bytes.truncate(at),
            1 => bytes.swap(at, random.below(size) as usize),
            2 => {
                let other = random.below(size) as usize;
                let len = 64.min(bytes.len() - at.max(other));
                (0..len).for_each(|byte| bytes.swap(at + byte, other + byte));
            }
            _ => bytes[at] ^= 1 << random.below(8),
        }
        let rotten = folder.join("rotten.db");
        let looked = catch_unwind(AssertUnwindSafe(|| look(&rotten, &bytes, round, &mut all)));
        all.panics += u64::from(looked.is_err());
    }
    let line = |name: &str, value: u64, unit| {
        Line::new(format!("R13.{name}"), value as f64, Limit::AtMost(0.0), unit).with("rounds", rounds)
    };
    let share = |read: u64, expected: u64| read as f64 / expected.max(1) as f64 * 100.0;
    vec![
        line("panics", all.panics, "panics"),
        line("altered", all.altered, "events"),
        line("silent", all.silent, "events"),
        line("unfound", all.unfound, "damages"),
        line("unrepaired", all.unrepaired, "events").with("said", all.said),
        Line::new("R13.read", share(all.read, all.expected), Limit::AtLeast(99.9), "%"),
        Line::new("R13.repaired", share(all.read_repaired, all.expected_repaired), Limit::AtLeast(99.9), "%"),
    ]
}

fn look(rotten: &Path, bytes: &[u8], round: u64, all: &mut Outcome) {
    for entry in
        std::fs::read_dir(rotten.parent().expect("a folder")).expect("a folder").map_while(Result::ok)
    {
        if entry.file_name().to_string_lossy().starts_with("rotten") {
            std::fs::remove_file(entry.path()).expect("a file");
        }
    }
    std::fs::write(rotten, bytes).expect("room");
    let before = read(rotten, all);
    let is_cut = round.is_multiple_of(8);
    if let Some(before) = &before {
        let is_harmed = (before.len() as u64) < EVENTS;
        let verified = SqliteStore::read(rotten).and_then(|store| store.verify());
        let is_found =
            verified.map_or(true, |found| !found.damaged.is_empty() || !found.structure.is_empty());
        all.unfound += u64::from(is_harmed && !is_found);
        if !is_cut {
            all.expected += EVENTS;
            all.read += before.len() as u64;
        }
    }
    if !round.is_multiple_of(10) && before.is_some() {
        return;
    }
    let report = match repair(rotten, RepairOptions { always: true }) {
        Ok(report) => report,
        Err(error) => {
            // Nothing of a store is left of a file that was cut off in its first page.
            if let Some(before) = before.filter(|before| !before.is_empty()) {
                all.unrepaired += before.len() as u64;
                all.said.get_or_insert(format!("round {round}: {error}"));
            }
            return;
        }
    };
    let after = read(rotten, all).unwrap_or_default();
    let gone: Vec<u64> =
        before.iter().flat_map(HashMap::keys).filter(|seq| !after.contains_key(seq)).copied().collect();
    if !gone.is_empty() {
        all.unrepaired += gone.len() as u64;
        all.said.get_or_insert_with(|| format!("round {round}: {gone:?} of {:?}", report.damage));
    }
    if !is_cut {
        all.expected_repaired += EVENTS;
        all.read_repaired += after.len() as u64;
    }
}

/// What can be read of it; `None` where it is refused.
fn read(file: &Path, all: &mut Outcome) -> Option<HashMap<u64, ()>> {
    let past = SqliteStore::read(file).and_then(|store| store.past("main")).ok()?;
    let (mut seqs, mut lost) = (HashMap::new(), 0);
    let read = stored::each(&past, |delivery| match delivery {
        Delivery::Event(event) if event.payload_json() == Some(&*stored::payload(event.seq())) => {
            seqs.insert(event.seq(), ());
        }
        Delivery::Event(_) => all.altered += 1,
        Delivery::Gap(gap) => lost += gap.count,
    });
    let known = SqliteStore::read(file).and_then(|store| store.buses());
    let last = known.ok().and_then(|buses| buses.first().map(|bus| bus.last)).unwrap_or(0).min(EVENTS);
    if read.is_ok() && seqs.len() as u64 + lost < last {
        all.silent += last - seqs.len() as u64 - lost;
    }
    Some(seqs)
}
