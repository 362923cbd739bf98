//! When the disk fails: the bus goes on live, receipts say so and never lie, memory stays bounded, and the store heals
//! by itself when it can.
//!
//! The failures are real ones where they can be had: a full file system of its own, a limit of file handles. Errors
//! of reading heads and cables can't: there a child of this program runs with a library before libc that fails as
//! a disk would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use newswire::catalogue::bus::BusStoreDegraded;
use newswire::{
    Attachment, Bus, BusOptions, ErrorKind, Event, Kind, Receipt, Start, SubscribeOptions, Subscription,
};
use newswire_store::{SqliteStore, Store};

const LONG: Duration = Duration::from_secs(60);
const CHILD: &str = "NEWSWIRE_STORE_CHILD";
const QUEUE: u64 = 500;

fn attached(file: &Path) -> newswire::Result<(Bus, Attachment)> {
    newswire_store::register()?;
    let bus = Bus::with(BusOptions { name: "main".into(), ..BusOptions::default() })?;
    let store = bus.attach(&format!("sqlite:{}?queue={QUEUE}&max_wait_ms=20", file.display()))?;
    Ok((bus, store))
}

fn event(bytes: usize) -> Event {
    Event::builder(Kind::parse("tick.heard").unwrap()).serialize(&"x".repeat(bytes)).build().unwrap()
}

/// A folder for a test, empty.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("failing_disk").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A bus under test, with a subscriber who must not notice, and everything that had a receipt.
struct Bench {
    bus: Bus,
    store: Attachment,
    live: Subscription,
    notices: Subscription,
    promised: Vec<u64>,
}

impl Bench {
    fn new(file: &Path) -> Self {
        let (bus, store) = attached(file).unwrap();
        let live = bus.subscribe("tick.*").unwrap();
        let internal = SubscribeOptions { internal: true, ..SubscribeOptions::default() };
        let notices = bus.subscribe_with("bus.store.*", internal).unwrap();
        Self { bus, store, live, notices, promised: Vec::new() }
    }

    fn publish(&mut self, bytes: usize) -> Receipt {
        let receipt = self.bus.publish_durable(event(bytes)).unwrap();
        let seq = receipt.published().seq.unwrap();
        let live = self.live.next_timeout(LONG).unwrap().event().unwrap();
        assert_eq!(live.seq(), seq, "the bus goes on live");
        receipt
    }

    /// Publishes until a receipt says that it won't be durable; gives that error.
    fn until_refused(&mut self, bytes: usize) -> newswire::Error {
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < LONG, "the disk doesn't fail");
            let receipt = self.publish(bytes);
            match receipt.wait(LONG) {
                Ok(()) => self.promised.push(receipt.published().seq.unwrap()),
                Err(error) => return error,
            }
        }
    }

    fn notice(&mut self, kind: &str, within: Duration) -> Event {
        let notice = self.notices.next_timeout(within).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let notice = notice.event().unwrap();
        assert_eq!(notice.kind().as_str(), kind);
        notice
    }

    /// While it fails nobody waits for long, and no more is kept than the queue has room for.
    fn goes_on_in_bounds(&mut self) {
        let began = Instant::now();
        let receipts: Vec<_> = (0..2 * QUEUE).map(|_| self.publish(10)).collect();
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert!(self.store.lag() <= QUEUE, "{:?}", self.store.stats());
        assert!(self.store.stats().trouble.is_some());
        for receipt in receipts {
            receipt.wait(LONG).unwrap_err();
        }
    }

    fn heals(&mut self) {
        self.notice("bus.store.recovered", Duration::from_secs(2));
        // What has waited goes first.
        let until = Instant::now() + Duration::from_secs(2);
        let receipt = loop {
            let receipt = self.publish(10);
            match receipt.wait(LONG) {
                Ok(()) => break receipt,
                Err(error) => assert!(error.kind() == ErrorKind::Full && Instant::now() < until, "{error}"),
            }
        };
        self.promised.push(receipt.published().seq.unwrap());
    }

    /// All that had a receipt is in the file.
    fn reads_back(self, file: &Path) {
        assert!(self.bus.close(LONG).complete);
        let (bus, _) = attached(file).unwrap();
        let options = SubscribeOptions { start: Start::Earliest, ..SubscribeOptions::default() };
        let mut all = bus.subscribe_with("tick.*", options).unwrap();
        let found = std::iter::from_fn(|| all.try_next().unwrap()).filter_map(|delivery| delivery.event());
        let found: std::collections::BTreeSet<_> = found.map(|event| event.seq()).collect();
        let missing: Vec<_> = self.promised.iter().filter(|seq| !found.contains(seq)).collect();
        assert!(missing.is_empty(), "{missing:?} had receipts");
    }
}

/// Runs the calling test again as `command` says, with `folder` told to it.
fn in_child(test: &str, folder: &Path, command: &mut Command) {
    let Output { status, stdout, stderr } = command.env(CHILD, folder).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success() && out.contains("1 passed"), "{test}: {status}\n{out}\n{err}");
}

fn child_folder() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

/// The calling test again, in a shell after `script`.
fn shell(script: &str, test: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["-r", "-m", "sh", "-c", &format!("{script} && exec \"$0\" --exact {test} --nocapture")]);
    command.arg(std::env::current_exe().unwrap());
    command
}

fn can_mount() -> bool {
    let mounts = Command::new("unshare").args(["-r", "-m", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]).output();
    let can = mounts.is_ok_and(|output| output.status.success());
    if !can {
        eprintln!("SKIPPED: no file system can be mounted here, not even in a namespace of its own");
    }
    can
}

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
        let notice = bench.notice("bus.store.degraded", Duration::from_secs(1));
        let told = notice.payload::<BusStoreDegraded>().unwrap().unwrap();
        assert!(told.reason.as_ref().is_some_and(|reason| reason.contains("full")), "{told:?}");
        bench.goes_on_in_bounds();
        fs::remove_file(&filler).unwrap();
        bench.heals();
    }
    bench.reads_back(&file);
}

/// The library that makes writing or fsync fail.
fn faulty_disk(folder: &Path) -> PathBuf {
    let library = folder.join("disk.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/disk.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
    assert!(built.unwrap().success());
    library
}

fn with_faults(test: &str, folder: &Path) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    command.env("LD_PRELOAD", faulty_disk(folder));
    command.env("DISK_FAULTS", folder.join("order")).env("DISK_IN", folder.join("disk"));
    in_child(test, folder, &mut command);
}

#[test]
fn an_error_of_writing_is_told_and_healed_and_nothing_promised_is_lost() {
    let test = "an_error_of_writing_is_told_and_healed_and_nothing_promised_is_lost";
    let Some(folder) = child_folder() else { return with_faults(test, &folder("eio")) };
    let (file, order) = (folder.join("disk/events.db"), folder.join("order"));
    let mut bench = Bench::new(&file);
    for _ in 0..5 {
        for _ in 0..20 {
            let receipt = bench.publish(500);
            receipt.wait(LONG).unwrap();
            bench.promised.push(receipt.published().seq.unwrap());
        }
        fs::write(&order, "w").unwrap();
        let error = bench.until_refused(1000);
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        bench.notice("bus.store.degraded", Duration::from_secs(1));
        bench.goes_on_in_bounds();
        fs::remove_file(&order).unwrap();
        bench.heals();
    }
    bench.reads_back(&file);
}

#[test]
fn a_failed_fsync_is_final_for_the_file_and_a_new_one_is_begun() {
    let test = "a_failed_fsync_is_final_for_the_file_and_a_new_one_is_begun";
    let Some(folder) = child_folder() else { return with_faults(test, &folder("fsync")) };
    let (file, order) = (folder.join("disk/events.db"), folder.join("order"));
    let mut bench = Bench::new(&file);
    let mut seen = Vec::new();
    for round in 1..=3_u64 {
        for _ in 0..20 {
            let receipt = bench.publish(10);
            receipt.wait(LONG).unwrap();
            bench.promised.push(receipt.published().seq.unwrap());
        }
        seen.push(bench.bus.position());
        fs::write(&order, "s").unwrap();
        let error = bench.until_refused(10);
        assert!(error.message().contains("fsync"), "{error}");
        let notice = bench.notice("bus.store.degraded", Duration::from_secs(1));
        assert!(notice.payload_json().unwrap().contains("fsync"));
        // As long as the disk is as it is, a new file is no better.
        std::thread::sleep(Duration::from_millis(600));
        bench.goes_on_in_bounds();
        fs::remove_file(&order).unwrap();
        bench.heals();
        assert_eq!(bench.bus.position().epoch(), round + 1, "the new file is a new epoch");
    }
    // The running bus reads all of it, through all files.
    let options = SubscribeOptions { start: Start::Earliest, ..SubscribeOptions::default() };
    let mut all = bench.bus.subscribe_with("tick.*", options).unwrap();
    let found = std::iter::from_fn(|| all.try_next().unwrap()).filter_map(|delivery| delivery.event());
    let found: std::collections::BTreeSet<_> = found.map(|event| event.seq()).collect();
    let missing: Vec<_> = bench.promised.iter().filter(|seq| !found.contains(seq)).collect();
    assert!(missing.is_empty(), "{missing:?}");
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
    }
    let error = attached(Path::new("/dev/full")).map(drop).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Io | ErrorKind::Invalid), "{error}");
}
