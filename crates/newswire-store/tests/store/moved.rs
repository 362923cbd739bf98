//! The file, its log or its lease taken away while a bus writes it: no receipt says what nobody will find.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use newswire::catalogue::bus::BusStoreDegraded;
use newswire::{Attachment, Bus, ErrorKind, Start, SubscribeOptions, Subscription};
use newswire_store::{Events, Query, SqliteStore};

use crate::common::{LONG, bus, close, event, file, from, publish, seqs, stored, url};

const DURABILITIES: [&str; 3] = ["full", "normal", "off"];

/// A bus with a store, and its notices.
fn watched(file: &Path, durability: &str) -> (Bus, Attachment, Subscription) {
    let (bus, store) = stored("main", file, &format!("?durability={durability}"));
    let internal = SubscribeOptions { internal: true, ..SubscribeOptions::default() };
    let notices = bus.subscribe_with("bus.store.*", internal).unwrap();
    (bus, store, notices)
}

/// Publishes until a receipt is given again; gives the seqs of those that were.
fn promised(bus: &Bus, count: usize) -> Vec<u64> {
    let (mut promised, mut since) = (Vec::new(), Instant::now());
    while promised.len() < count {
        assert!(since.elapsed() < LONG, "it doesn't heal");
        let receipt = bus.publish_durable(event("tick.heard", 0)).unwrap();
        match receipt.wait(LONG) {
            Ok(()) => {
                promised.extend(receipt.published().seq);
                since = Instant::now();
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Io, "{error}"),
        }
    }
    promised
}

/// The seqs that the file has.
fn kept(file: &Path) -> Vec<u64> {
    let events = Events::of(SqliteStore::read(file).unwrap(), Query::default()).unwrap();
    events.filter_map(|delivery| Some(delivery.unwrap().event()?.seq())).collect()
}

fn told(notices: &mut Subscription) {
    let degraded = notices.next_timeout(LONG).unwrap().event().unwrap();
    let reason = degraded.payload::<BusStoreDegraded>().unwrap().unwrap().reason.clone().unwrap();
    assert!(reason.contains("deleted or renamed"), "{reason}");
    assert_eq!(notices.next_timeout(LONG).unwrap().event().unwrap().kind().as_str(), "bus.store.recovered");
}

#[test]
fn a_store_whose_folder_was_deleted_goes_on_in_a_new_file_and_promises_only_what_is_there() {
    for durability in DURABILITIES {
        let file = file(&format!("deleted_{durability}"));
        let (bus, _store, mut notices) = watched(&file, durability);
        promised(&bus, 5);
        // The store may notice half-way, and begin its new file in the folder that is going.
        let until = Instant::now() + LONG;
        while fs::remove_dir_all(file.parent().unwrap()).is_err() {
            assert!(Instant::now() < until, "the folder can't be deleted");
        }
        let promised = promised(&bus, 5);
        told(&mut notices);
        assert_eq!(
            seqs(&mut bus.subscribe_with("tick.*", from(Start::Earliest)).unwrap())[..5],
            [1, 2, 3, 4, 5]
        );
        close(&bus);
        let kept = kept(&file);
        assert!(promised.iter().all(|seq| kept.contains(seq)), "{durability}: {promised:?} of {kept:?}");
    }
}

#[test]
fn a_store_that_was_renamed_away_has_all_that_it_promised_and_the_new_file_the_rest() {
    for durability in DURABILITIES {
        let file = file(&format!("renamed_{durability}"));
        let aside = file.with_file_name("aside.db");
        let (bus, _store, mut notices) = watched(&file, durability);
        let before = promised(&bus, 50);
        fs::rename(&file, &aside).unwrap();
        let after = promised(&bus, 5);
        told(&mut notices);
        let position = bus.position();
        close(&bus);
        let in_old = kept(&aside);
        assert!(before.iter().all(|seq| in_old.contains(seq)), "{durability}: {in_old:?}");
        let in_new = kept(&file);
        assert!(after.iter().all(|seq| in_new.contains(seq)), "{durability}: {in_new:?}");
        assert_eq!(position.epoch(), 2, "openings are counted on");
        let (next, _) = stored("main", &file, "");
        assert_eq!(next.position().epoch(), 3);
    }
}

#[test]
fn a_log_that_was_deleted_costs_nothing() {
    for durability in DURABILITIES {
        let file = file(&format!("log_{durability}"));
        let (bus, _store, mut notices) = watched(&file, durability);
        let before = promised(&bus, 50);
        fs::remove_file(file.with_file_name("events.db-wal")).unwrap();
        let after = promised(&bus, 5);
        told(&mut notices);
        close(&bus);
        let mut all = kept(&file.with_file_name("events.db.failed-000001"));
        all.extend(kept(&file));
        assert!(before.iter().chain(&after).all(|seq| all.contains(seq)), "{durability}: {all:?}");
    }
}

#[test]
fn who_wrote_a_bus_until_another_took_it_is_told_and_promises_nothing_more() {
    for durability in DURABILITIES {
        let file = file(&format!("taken_{durability}"));
        let (first, _) = stored("main", &file, &format!("?durability={durability}"));
        promised(&first, 5);
        fs::remove_file(file.with_file_name("events.db-lease-1")).unwrap();
        let second = bus("main");
        second.attach(&url(&file, &format!("?durability={durability}"))).unwrap();
        second.publish_durable(event("tock.heard", 0)).unwrap().wait(LONG).unwrap();
        for _ in 0..3 {
            let error = first.publish_durable(event("tick.heard", 0)).unwrap().wait(LONG).unwrap_err();
            assert!(error.message().contains("is written by process"), "{error}");
            std::thread::sleep(Duration::from_millis(300));
        }
        publish(&second, 3);
        close(&second);
        let error = first.publish_durable(event("tick.heard", 0)).unwrap().wait(LONG).unwrap_err();
        assert!(error.message().contains("main"), "{error}");
        let report = first.close(Duration::from_secs(1));
        assert!(!report.complete && report.unstored > 0, "{report:?}");
        let events = Events::of(SqliteStore::read(&file).unwrap(), Query::default()).unwrap();
        let kinds: Vec<_> =
            events.map(|delivery| delivery.unwrap().event().unwrap().kind().as_str().to_owned()).collect();
        assert_eq!(kinds.iter().filter(|kind| *kind == "tick.heard").count(), 5 + 3, "{kinds:?}");
        assert_eq!(kinds[5], "tock.heard");
    }
}
