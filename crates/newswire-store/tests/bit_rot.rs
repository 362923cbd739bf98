//! Files that rot: bytes flipped, pieces cut off or swapped. No panic, no altered event, and most of the rest is
//! still read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use newswire::store::{Past, Wanted};
use newswire::{Bus, BusOptions, Delivery, Event, Filter, Kind};
use newswire_store::{RepairOptions, SqliteStore, Store, repair};

const EVENTS: u64 = 4000;

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bit_rot").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A store's file in one piece, and its events as they are.
fn fill(file: &Path, count: u64) -> BTreeMap<u64, String> {
    newswire_store::register().unwrap();
    let bus = Bus::with(BusOptions { name: "main".into(), ..BusOptions::default() }).unwrap();
    bus.attach(&format!("sqlite:{}?durability=off", file.display())).unwrap();
    for n in 0..count {
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
    assert_eq!(all.len() as u64, count);
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
    let folder = folder("random");
    let file = folder.join("good.db");
    let good = fill(&file, EVENTS);
    let bytes = fs::read(&file).unwrap();
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
        // Each under a name of its own: whoever helps a reader may have the last one open for a moment longer.
        let _ = fs::remove_file(folder.join(format!("rotten-{}.db", round - 1)));
        let rotten = folder.join(format!("rotten-{round}.db"));
        fs::write(&rotten, &copy).unwrap();
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
    eprintln!("{share} of the events were read beside one damage each, which {harmed} of 100 lost some by");
}

#[test]
fn whatever_bit_of_a_row_flips_a_repair_has_all_that_could_be_read() {
    const PAGE: usize = 8192;
    let folder = folder("row");
    let file = folder.join("good.db");
    fill(&file, 60);
    let good = fs::read(&file).unwrap();
    let is_rows = |page: &[u8]| page[0] == 0x0d && page.windows(7).any(|text| text == b"filler\"");
    let page = good.chunks(PAGE).position(is_rows).unwrap() * PAGE;
    let row = page + usize::from(u16::from_be_bytes([good[page + 8], good[page + 9]]));
    let rotten = folder.join("rotten.db");
    let mut read_before = 0;
    // Where the row begins, and what it says of its columns.
    for at in (page + 8..page + 10).chain(row..row + 15) {
        for bit in 0..8 {
            for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
                if entry.file_name() != "good.db" {
                    fs::remove_file(entry.path()).unwrap();
                }
            }
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            fs::write(&rotten, &bytes).unwrap();
            let read = || read_all(&SqliteStore::read(&rotten).unwrap().past("main").unwrap()).0;
            let before = read();
            repair(&rotten, RepairOptions { always: true }).unwrap();
            let after = read();
            let gone: Vec<_> = before.keys().filter(|seq| !after.contains_key(seq)).collect();
            assert!(
                gone.is_empty(),
                "byte {} bit {bit}: {gone:?}",
                if at < row { at - page } else { at - row }
            );
            read_before += before.len();
        }
    }
    assert!(read_before > 17 * 8 * 50, "{read_before}");
}
