//! Files that rot: bytes flipped, pieces cut off or swapped. No panic, no altered event, and most of the rest is
//! still read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use newswire::store::{Past, Wanted};
use newswire::{Bus, BusOptions, Delivery, Event, Filter, Kind};
use newswire_store::{SqliteStore, Store};

const EVENTS: u64 = 4000;

fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bit_rot");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A store's file in one piece, and its events as they are.
fn fill(file: &Path) -> BTreeMap<u64, String> {
    newswire_store::register().unwrap();
    let bus = Bus::with(BusOptions { name: "main".into(), ..BusOptions::default() }).unwrap();
    bus.attach(&format!("sqlite:{}?durability=off", file.display())).unwrap();
    for n in 0..EVENTS {
        let kind = Kind::parse(["tick.heard", "tool.call.started"][n as usize % 2]).unwrap();
        bus.publish(
            Event::builder(kind)
                .json(format!(r#"{{"n":{n},"filler":"{}"}}"#, "y".repeat(200)))
                .build()
                .unwrap(),
        )
        .unwrap();
    }
    assert!(bus.close(std::time::Duration::from_secs(60)).complete);
    drop(bus);
    let all = read_all(&SqliteStore::read(file).unwrap().past("main").unwrap()).0;
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    assert_eq!(all.len() as u64, EVENTS);
    all
}

/// All events, and how many seqs are told as missing.
fn read_all(past: &std::sync::Arc<dyn Past>) -> (BTreeMap<u64, String>, u64) {
    let filter = Filter::all();
    let wanted = Wanted { filter: &filter, internal: true };
    let (mut events, mut lost, mut next) = (BTreeMap::new(), 0, 1);
    while next <= EVENTS {
        let page = past.read(next, &wanted, 512).unwrap_or_default();
        for delivery in page.deliveries {
            match delivery {
                Delivery::Event(event) => _ = events.insert(event.seq(), event.to_json()),
                Delivery::Gap(gap) => lost += gap.count,
            }
        }
        if page.through < next {
            return (events, lost + EVENTS + 1 - next);
        }
        next = page.through + 1;
    }
    (events, lost)
}

/// Numbers that look random and are the same every time.
fn random(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 1).unwrap()
}

#[test]
fn what_rots_is_never_returned_as_good_and_the_rest_is_read() {
    let folder = folder();
    let file = folder.join("good.db");
    let good = fill(&file);
    let bytes = fs::read(&file).unwrap();
    let rotten = folder.join("rotten.db");
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let (mut opened, mut read, mut found, mut harmed) = (0_u64, 0_u64, 0, 0);
    for round in 0..100 {
        let mut copy = bytes.clone();
        let at = random(&mut state) % copy.len();
        match round % 8 {
            0 => copy.truncate(at),
            1 => {
                let other = random(&mut state) % copy.len();
                copy.swap(at, other);
            }
            _ => copy[at] ^= 1 << (random(&mut state) % 8),
        }
        fs::write(&rotten, &copy).unwrap();
        for end in ["-wal", "-shm"] {
            let _ = fs::remove_file(folder.join(format!("rotten.db{end}")));
        }
        // What is damaged at its root is refused, with an error that says so.
        let Ok(store) = SqliteStore::read(&rotten) else { continue };
        let Ok(past) = store.past("main") else { continue };
        let (events, lost) = read_all(&past);
        for (seq, json) in &events {
            assert_eq!(Some(json), good.get(seq), "round {round}: {seq} is altered");
        }
        assert!(events.len() as u64 + lost >= EVENTS, "round {round}: something is missing silently");
        if round % 8 != 0 {
            opened += EVENTS;
            read += events.len() as u64;
        }
        if (events.len() as u64) < EVENTS {
            harmed += 1;
            let verified = store.verify();
            let is_found = verified.is_err()
                || verified
                    .is_ok_and(|verified| !verified.damaged.is_empty() || !verified.structure.is_empty());
            assert!(is_found, "round {round}: verify finds nothing");
            found += 1;
        }
    }
    assert_eq!(found, harmed);
    assert!(harmed > 30, "{harmed}");
    let share = read as f64 / opened as f64;
    assert!(share > 0.999, "{share} of the events were still read");
    eprintln!("{share} of the events were read beside one damage each");
}
