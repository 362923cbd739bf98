//! An fsync that failed is final for its file.

use std::time::Duration;

use newswire::catalogue::Usage;
use newswire::view::RunState;
use newswire::{Bus, BusOptions, ErrorKind, ScopeField, Start, SubscribeOptions};
use newswire_store::{RunInfo, RunQuery, SqliteStore, Store};

use crate::bench::{Bench, Disk, LONG, attached, event};

#[test]
fn a_failed_fsync_is_final_for_the_file_and_a_new_one_is_begun() {
    let test = "sync::a_failed_fsync_is_final_for_the_file_and_a_new_one_is_begun";
    let Some(disk) = Disk::in_child(test, "fsync") else { return };
    let file = disk.file("events.db");
    let mut bench = Bench::new(&file);
    let mut seen = Vec::new();
    for round in 1..=3_u64 {
        for _ in 0..20 {
            let receipt = bench.publish(10);
            receipt.wait(LONG).unwrap();
            bench.promised.push(receipt.published().seq.unwrap());
        }
        seen.push(bench.bus.position());
        disk.fails("s");
        let error = bench.until_refused(10);
        assert!(error.message().contains("fsync"), "{error}");
        let notice = bench.notice("bus.store.degraded");
        assert!(notice.payload_json().unwrap().contains("fsync"));
        // As long as the disk is as it is, a new file is no better.
        std::thread::sleep(Duration::from_millis(600));
        bench.goes_on_in_bounds();
        disk.works();
        bench.heals();
        assert_eq!(bench.bus.position().epoch(), round + 1, "the new file is a new epoch");
    }
    // The running bus reads all of it, through all files.
    let found = bench.replays_all(&bench.bus);
    for (count, last) in [(3, 3), (found.len(), found.len()), (found.len() - 10, found.len() - 10)] {
        let options = SubscribeOptions { start: Start::Last(count), ..SubscribeOptions::default() };
        let mut end = bench.bus.subscribe_with("tick.*", options).unwrap();
        let end = std::iter::from_fn(|| end.try_next().unwrap()).filter_map(|delivery| delivery.event());
        assert_eq!(end.count(), last);
    }
    assert!(bench.bus.close(LONG).complete);
    // The next process begins with the newest; what was set aside are stores that can be read.
    let promised = bench.promised.clone();
    let mut stored = std::collections::BTreeSet::new();
    for path in [".failed-000001", ".failed-000002", ".failed-000003", ""] {
        let store = SqliteStore::read(format!("{}{path}", file.display())).unwrap();
        let (filter, past) = (newswire::Filter::all(), store.past("main").unwrap());
        let wanted = newswire::store::Wanted { filter: &filter, internal: true };
        let mut next = 1;
        loop {
            let page = past.read(next, &wanted, 512).unwrap();
            stored.extend(
                page.deliveries.into_iter().filter_map(|delivery| delivery.event().map(|event| event.seq())),
            );
            if page.through < next {
                break;
            }
            next = page.through + 1;
        }
    }
    assert!(promised.iter().all(|seq| stored.contains(seq)));
    let (bus, _) = attached(&file).unwrap();
    // A position either continues exactly, or is told to be out of range.
    for cursor in seen {
        let options = SubscribeOptions { start: Start::After(cursor.clone()), ..SubscribeOptions::default() };
        match bus.subscribe_with("*", options) {
            Ok(mut rest) => {
                let next = rest.next_timeout(LONG).unwrap().event().expect("a gap");
                assert_eq!(next.seq(), cursor.seq() + 1);
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::OutOfRange),
        }
    }
}

#[test]
fn a_failed_fsync_is_as_final_while_the_log_is_written_back() {
    let test = "sync::a_failed_fsync_is_as_final_while_the_log_is_written_back";
    let Some(disk) = Disk::in_child(test, "write_back") else { return };
    let file = disk.file("events.db");
    let mut bench = Bench::new(&file);
    disk.fails("d");
    // All commits find their way into the log; only the file itself can't be synced, when the log has grown.
    let error = bench.until_refused(100_000);
    assert!(bench.promised.len() > 100, "{} had been promised", bench.promised.len());
    assert!(error.message().contains("fsync"), "{error}");
    bench.notice("bus.store.degraded");
    bench.goes_on_in_bounds();
    disk.works();
    bench.heals();
    assert_eq!(bench.bus.position().epoch(), 2, "the new file is a new epoch");
    bench.replays_all(&bench.bus);
    assert!(bench.bus.close(LONG).complete);
    let aside = SqliteStore::read(format!("{}.failed-000001", file.display())).unwrap();
    let verified = aside.verify().unwrap();
    assert_eq!((verified.damaged, verified.structure), (vec![], vec![]));
}

#[test]
fn a_flush_waits_for_an_fsync_whatever_the_durability() {
    let test = "sync::a_flush_waits_for_an_fsync_whatever_the_durability";
    let Some(disk) = Disk::in_child(test, "flush") else { return };
    newswire_store::register().unwrap();
    for durability in ["normal", "off"] {
        let file = disk.file(&format!("{durability}.db"));
        let bus = Bus::with(BusOptions { name: "main".into(), ..BusOptions::default() }).unwrap();
        let store = bus.attach(&format!("sqlite:{}?durability={durability}", file.display())).unwrap();
        bus.publish_durable(event(10)).unwrap().wait(LONG).unwrap();
        store.flush(LONG).unwrap();
        disk.fails("s");
        bus.publish(event(10)).unwrap();
        let error = store.flush(Duration::from_secs(2)).unwrap_err();
        assert!(error.message().contains("fsync") || error.kind() == ErrorKind::TimedOut, "{error}");
        disk.works();
        assert!(bus.close(LONG).complete);
    }
}

#[test]
fn a_run_goes_on_in_the_new_file_with_the_figures_of_the_old() {
    let test = "sync::a_run_goes_on_in_the_new_file_with_the_figures_of_the_old";
    let Some(disk) = Disk::in_child(test, "figures") else { return };
    let file = disk.file("events.db");
    let mut bench = Bench::new(&file);
    let of = |id| bench.bus.emitter().with_scope(ScopeField::Run, id).unwrap();
    let (open, over) = (of("open"), of("over"));
    over.model_call("gpt-5", "openai").complete(Usage::tokens(7, 1)).unwrap();
    let call = open.model_call("gpt-5", "openai");
    bench.store.flush(LONG).unwrap();
    disk.fails("s");
    bench.until_refused(10);
    bench.notice("bus.store.degraded");
    disk.works();
    bench.heals();
    call.complete(Usage::tokens(400, 30)).unwrap();
    assert!(bench.bus.close(LONG).complete);
    let runs = |file: &str| {
        let mut runs = Vec::new();
        let store = SqliteStore::read(file).unwrap();
        let mut each = |info: RunInfo| {
            runs.push((
                info.row.run,
                info.row.events,
                info.row.model_calls,
                info.row.open_calls,
                info.row.state,
            ));
            true
        };
        assert_eq!(store.runs(&RunQuery::default(), &mut each).unwrap(), 0);
        runs
    };
    let (new, old) = (runs(&file.to_string_lossy()), runs(&format!("{}.failed-000001", file.display())));
    assert_eq!(new, [("open".into(), 2, 1, 0, RunState::Completed)]);
    assert_eq!(old[0], ("over".into(), 2, 1, 0, RunState::Completed));
    assert_eq!(old[1], ("open".into(), 1, 1, 1, RunState::Open));
}
