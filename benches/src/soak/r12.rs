//! R12: a disk that is full, fails, can't be opened or won't sync: the bus goes on live, says so, never promises what
//! isn't true, and heals.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use newswire::{Bus, Delivery, Receipt, SubscribeOptions, Subscription};
use newswire_store::{SqliteStore, Store};

use super::stored::{self, LONG, attached, event, folder};
use super::{child, disk};
use crate::report::{Limit, Line};
use crate::scale::Scale;

const FOLDER: &str = "NEWSWIRE_SOAK_FOLDER";
const ROUNDS: &str = "NEWSWIRE_SOAK_ROUNDS";
/// Writing fails, the disk is full, syncing fails, nothing can be written or opened for it, writing fails and there is
/// no file handle left.
const FAULTS: [&str; 5] = ["w", "f", "s", "r", "h"];

/// What rounds came to, as the child tells it.
#[derive(Default)]
struct Outcome {
    /// Receipts that were given while nothing could be kept, or never came.
    untrue: u64,
    /// Events with a receipt that no file has.
    lost: u64,
    /// Events that a live subscriber missed.
    missed: u64,
    told_ms: f64,
    healed_ms: f64,
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let folder = folder("r12");
    let library = match disk::library(&folder) {
        Ok(library) => library,
        Err(why) => {
            eprintln!("SKIPPED: R12: {why}");
            return Vec::new();
        }
    };
    std::fs::create_dir_all(folder.join("disk")).expect("a folder");
    let rounds: u64 = scale.pick(10, 1_000);
    let mut command = child::command("r12");
    command.env("LD_PRELOAD", library).env("DISK_IN", folder.join("disk"));
    command.env("DISK_FAULTS", folder.join("order")).env(FOLDER, &folder).env(ROUNDS, rounds.to_string());
    let output = command.output().expect("a child");
    let (said, cried) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let panics = cried.matches("panicked").count() + usize::from(!output.status.success());
    if panics > 0 {
        eprintln!("{cried}");
    }
    let told = child::told(&said, "R12").unwrap_or_else(|| vec![f64::INFINITY; 5]);
    let line = |name: &str, value: f64, limit: f64, unit| {
        Line::new(format!("R12.{name}"), value, Limit::AtMost(limit), unit).with("rounds", rounds)
    };
    vec![
        line("panics", panics as f64, 0.0, "panics"),
        line("untrue", told[0], 0.0, "receipts"),
        line("lost", told[1], 0.0, "events"),
        line("missed", told[2], 0.0, "events"),
        line("told", told[3], 1000.0, "ms"),
        line("healed", told[4], 2000.0, "ms"),
    ]
}

/// Has the disk fail and work again, in turns.
pub(crate) fn child() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("a folder"));
    let rounds: u64 = std::env::var(ROUNDS).ok().and_then(|rounds| rounds.parse().ok()).expect("a number");
    let (file, order) = (folder.join("disk/events.db"), folder.join("order"));
    let bus = attached("main", &file, "?queue=200&max_wait_ms=200");
    let mut live = bus.subscribe("tick.*").expect("a filter");
    let internal = SubscribeOptions { internal: true, ..SubscribeOptions::default() };
    let mut notices = bus.subscribe_with("bus.store.*", internal).expect("a filter");
    let (mut outcome, mut promised) = (Outcome::default(), Vec::new());
    for round in 0..rounds {
        for _ in 0..10 {
            promised.extend(publish(&bus, &mut live, &mut outcome));
        }
        let began = Instant::now();
        std::fs::write(&order, FAULTS[(round % 5) as usize]).expect("room");
        // One may have been on its way.
        while publish(&bus, &mut live, &mut outcome).map(|seq| promised.push(seq)).is_some() {
            assert!(began.elapsed() < LONG, "the disk doesn't fail");
        }
        if wait_for(&mut notices, "bus.store.degraded") {
            outcome.told_ms = outcome.told_ms.max(began.elapsed().as_secs_f64() * 1e3);
        } else {
            outcome.told_ms = f64::INFINITY;
        }
        // Together, since a receipt is refused when the store has tried again.
        let receipts: Vec<_> = (0..300).map(|_| send(&bus, &mut live, &mut outcome)).collect();
        outcome.untrue += receipts.iter().filter(|receipt| receipt.wait(LONG).is_ok()).count() as u64;
        std::fs::remove_file(&order).expect("a file");
        let began = Instant::now();
        let healed = wait_for(&mut notices, "bus.store.recovered");
        while publish(&bus, &mut live, &mut outcome).map(|seq| promised.push(seq)).is_none() {
            assert!(began.elapsed() < LONG, "it never heals");
        }
        let took = if healed { began.elapsed().as_secs_f64() * 1e3 } else { f64::INFINITY };
        outcome.healed_ms = outcome.healed_ms.max(took);
    }
    assert!(bus.close(LONG).complete);
    let mut stored = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(folder.join("disk")).expect("a folder").map_while(Result::ok) {
        let path = entry.path();
        let is_store = path.extension().is_some_and(|end| end == "db")
            || path.to_string_lossy().contains(".failed-")
                && !path.to_string_lossy().contains("-wal")
                && !path.to_string_lossy().ends_with("-shm");
        let past = is_store.then(|| SqliteStore::read(&path).and_then(|store| store.past("main")));
        if let Some(Ok(past)) = past {
            let keep = |delivery: Delivery| {
                if let Delivery::Event(event) = delivery {
                    stored.insert(event.seq());
                }
            };
            stored::each(&past, keep).expect("a file that can be read");
        }
    }
    outcome.lost = promised.iter().filter(|seq| !stored.contains(*seq)).count() as u64;
    let Outcome { untrue, lost, missed, told_ms, healed_ms } = outcome;
    println!("\nR12: {untrue} {lost} {missed} {told_ms} {healed_ms}");
}

/// Publishes one event, which the live subscriber must see.
fn send(bus: &Bus, live: &mut Subscription, outcome: &mut Outcome) -> Receipt {
    let receipt = bus.publish_durable(event(bus.position().seq() + 1)).expect("an open bus");
    let seen = live.next_timeout(LONG).ok().and_then(Delivery::event);
    outcome.missed += u64::from(seen.map(|event| event.seq()) != receipt.published().seq);
    receipt
}

/// Publishes one event; gives its seq if it had a receipt.
fn publish(bus: &Bus, live: &mut Subscription, outcome: &mut Outcome) -> Option<u64> {
    let receipt = send(bus, live, outcome);
    match receipt.wait(LONG) {
        Ok(()) => receipt.published().seq,
        Err(error) => {
            outcome.untrue += u64::from(error.kind() == newswire::ErrorKind::TimedOut);
            None
        }
    }
}

fn wait_for(notices: &mut Subscription, kind: &str) -> bool {
    let until = Instant::now() + Duration::from_secs(10);
    while let Ok(notice) = notices.next_timeout(until.saturating_duration_since(Instant::now())) {
        if notice.event().is_some_and(|event| event.kind().as_str() == kind) {
            return true;
        }
    }
    false
}
