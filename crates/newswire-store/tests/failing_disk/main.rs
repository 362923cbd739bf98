//! When the disk fails: the bus goes on live, receipts say so and never lie, memory stays bounded, and the store heals
//! by itself when it can.
//!
//! The failures are real ones where they can be had: a full file system of its own, a limit of file handles. Errors
//! of reading heads and cables can't: there a child of this program runs with a library before libc that fails as
//! a disk would.

mod bench;
mod sync;

use std::fs;
use std::path::Path;
use std::process::Command;

use newswire::catalogue::bus::BusStoreDegraded;
use newswire::{ErrorKind, Start, SubscribeOptions};

use bench::{Bench, Disk, LONG, QUEUE, attached, can_mount, child_folder, event, folder, in_child, shell};

#[test]
fn a_full_disk_is_told_and_healed_and_nothing_promised_is_lost() {
    let test = "a_full_disk_is_told_and_healed_and_nothing_promised_is_lost";
    let Some(folder) = child_folder() else {
        let folder = folder("full");
        if can_mount() {
            let mount = format!("mount -t tmpfs -o size=6m tmpfs '{}'", folder.display());
            in_child(test, &folder, &mut shell(&mount, test));
        }
        return;
    };
    let (file, filler) = (folder.join("events.db"), folder.join("filler"));
    let mut bench = Bench::new(&file);
    for round in 0..5 {
        // The file grows by what each round stores, so the filler takes whatever is left.
        let room = 300_000;
        let mut size = 6 << 20;
        while size > 0 && fs::write(&filler, vec![0; size]).is_err() {
            size -= 100_000;
        }
        fs::write(&filler, vec![0; size.saturating_sub(room)]).unwrap();
        let error = bench.until_refused(20_000);
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        assert!(error.message().contains("full"), "round {round}: {error}");
        let notice = bench.notice("bus.store.degraded");
        let told = notice.payload::<BusStoreDegraded>().unwrap().unwrap();
        assert!(told.reason.as_ref().is_some_and(|reason| reason.contains("full")), "{told:?}");
        bench.goes_on_in_bounds();
        fs::remove_file(&filler).unwrap();
        bench.heals();
    }
    bench.reads_back(&file);
}

#[test]
fn an_error_of_writing_is_told_and_healed_and_nothing_promised_is_lost() {
    let test = "an_error_of_writing_is_told_and_healed_and_nothing_promised_is_lost";
    let Some(disk) = Disk::in_child(test, "eio") else { return };
    let file = disk.file("events.db");
    let mut bench = Bench::new(&file);
    for _ in 0..5 {
        for _ in 0..20 {
            let receipt = bench.publish(500);
            receipt.wait(LONG).unwrap();
            bench.promised.push(receipt.published().seq.unwrap());
        }
        disk.fails("w");
        let error = bench.until_refused(1000);
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        bench.notice("bus.store.degraded");
        bench.goes_on_in_bounds();
        disk.works();
        bench.heals();
    }
    bench.reads_back(&file);
}

#[test]
fn without_file_handles_it_goes_on_with_those_it_has() {
    let test = "without_file_handles_it_goes_on_with_those_it_has";
    let Some(folder) = child_folder() else {
        let folder = folder("handles");
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n 64 && exec \"$0\" --exact {test} --nocapture")]);
        command.arg(std::env::current_exe().unwrap());
        return in_child(test, &folder, &mut command);
    };
    let file = folder.join("events.db");
    let mut bench = Bench::new(&file);
    for n in 0..2000 {
        let receipt = bench.publish(10);
        bench.promised.push(receipt.published().seq.unwrap());
        if n % (QUEUE / 2) == 0 {
            bench.store.flush(LONG).unwrap();
        }
    }
    let taken: Vec<_> = std::iter::from_fn(|| fs::File::open("/dev/null").ok()).collect();
    assert!(taken.len() > 10);
    let error = attached(&folder.join("other.db")).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    bench.store.flush(LONG).unwrap();
    bench.publish(10).wait(LONG).unwrap();
    // Readers share the connection that there is.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let options = SubscribeOptions { start: Start::Earliest, ..SubscribeOptions::default() };
            let mut all = bench.bus.subscribe_with("tick.*", options).unwrap();
            scope.spawn(move || {
                for seq in 1..=2001 {
                    assert_eq!(all.next_timeout(LONG).unwrap().event().expect("a gap").seq(), seq);
                }
            });
        }
    });
    drop(taken);
    bench.reads_back(&file);
}

#[test]
fn a_place_that_can_not_be_written_is_refused_with_the_reason() {
    let test = "a_place_that_can_not_be_written_is_refused_with_the_reason";
    let Some(folder) = child_folder() else {
        let folder = folder("read_only");
        if can_mount() {
            let (bus, _) = attached(&folder.join("events.db")).unwrap();
            bus.publish(event(10)).unwrap();
            bus.close(LONG);
            let path = folder.display();
            let mount = format!("mount --bind '{path}' '{path}' && mount -o remount,bind,ro '{path}'");
            in_child(test, &folder, &mut shell(&mount, test));
        }
        return;
    };
    for name in ["events.db", "new.db", "deep/new.db"] {
        let error = attached(&folder.join(name)).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        assert!(error.path().is_some_and(|path| path.contains("read_only")), "{error}");
        assert!(error.message().contains("Read-only file system"), "{error}");
    }
    let error = attached(Path::new("/dev/full")).map(drop).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Io | ErrorKind::Invalid), "{error}");
}
