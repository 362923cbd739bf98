//! What these tests share: a bus under test, and a child of this program whose disk fails.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use newswire::{
    Attachment, Bus, BusOptions, ErrorKind, Event, Kind, Receipt, Start, SubscribeOptions, Subscription,
};

pub(crate) const LONG: Duration = Duration::from_secs(60);
pub(crate) const CHILD: &str = "NEWSWIRE_STORE_CHILD";
pub(crate) const QUEUE: u64 = 500;

pub(crate) fn attached(file: &Path) -> newswire::Result<(Bus, Attachment)> {
    newswire_store::register()?;
    let bus = Bus::with(BusOptions { name: "main".into(), ..BusOptions::default() })?;
    let store = bus.attach(&format!("sqlite:{}?queue={QUEUE}&max_wait_ms=20", file.display()))?;
    Ok((bus, store))
}

pub(crate) fn event(bytes: usize) -> Event {
    Event::builder(Kind::parse("tick.heard").unwrap()).serialize(&"x".repeat(bytes)).build().unwrap()
}

/// A folder for a test, empty.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("failing_disk").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A bus under test, with a subscriber who must not notice, and everything that had a receipt.
pub(crate) struct Bench {
    pub(crate) bus: Bus,
    pub(crate) store: Attachment,
    pub(crate) live: Subscription,
    pub(crate) notices: Subscription,
    pub(crate) promised: Vec<u64>,
}

impl Bench {
    pub(crate) fn new(file: &Path) -> Self {
        let (bus, store) = attached(file).unwrap();
        let live = bus.subscribe("tick.*").unwrap();
        let internal = SubscribeOptions { internal: true, ..SubscribeOptions::default() };
        let notices = bus.subscribe_with("bus.store.*", internal).unwrap();
        Self { bus, store, live, notices, promised: Vec::new() }
    }

    pub(crate) fn publish(&mut self, bytes: usize) -> Receipt {
        let receipt = self.bus.publish_durable(event(bytes)).unwrap();
        let seq = receipt.published().seq.unwrap();
        let live = self.live.next_timeout(LONG).unwrap().event().unwrap();
        assert_eq!(live.seq(), seq, "the bus goes on live");
        receipt
    }

    /// Publishes until a receipt says that it won't be durable; gives that error.
    pub(crate) fn until_refused(&mut self, bytes: usize) -> newswire::Error {
        // By their number, since each may wait for a slow disk.
        for _ in 0..10_000 {
            let receipt = self.publish(bytes);
            match receipt.wait(LONG) {
                Ok(()) => self.promised.push(receipt.published().seq.unwrap()),
                Err(error) => return error,
            }
        }
        panic!("the disk doesn't fail");
    }

    pub(crate) fn notice(&mut self, kind: &str) -> Event {
        let notice = self.notices.next_timeout(LONG).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let notice = notice.event().unwrap();
        assert_eq!(notice.kind().as_str(), kind);
        notice
    }

    /// While it fails nobody waits, and no more is kept than the queue has room for.
    pub(crate) fn goes_on_in_bounds(&mut self) {
        let receipts: Vec<_> = (0..2 * QUEUE).map(|_| self.publish(10)).collect();
        assert!(receipts.iter().all(|receipt| receipt.published().blocked == 0));
        assert!(self.store.lag() <= QUEUE, "{:?}", self.store.stats());
        assert!(self.store.stats().trouble.is_some());
        for receipt in receipts {
            receipt.wait(LONG).unwrap_err();
        }
    }

    pub(crate) fn heals(&mut self) {
        self.notice("bus.store.recovered");
        // What has waited goes first.
        let until = Instant::now() + LONG;
        let receipt = loop {
            let receipt = self.publish(10);
            match receipt.wait(LONG) {
                Ok(()) => break receipt,
                Err(error) => assert!(error.kind() == ErrorKind::Full && Instant::now() < until, "{error}"),
            }
        };
        self.promised.push(receipt.published().seq.unwrap());
    }

    /// All that had a receipt is in a replay on that bus; gives all seqs that are.
    pub(crate) fn replays_all(&self, bus: &Bus) -> BTreeSet<u64> {
        let options = SubscribeOptions { start: Start::Earliest, ..SubscribeOptions::default() };
        let mut all = bus.subscribe_with("tick.*", options).unwrap();
        let found = std::iter::from_fn(|| all.try_next().unwrap()).filter_map(|delivery| delivery.event());
        let found: BTreeSet<_> = found.map(|event| event.seq()).collect();
        let missing: Vec<_> = self.promised.iter().filter(|seq| !found.contains(seq)).collect();
        assert!(missing.is_empty(), "{missing:?} had receipts");
        found
    }

    /// All that had a receipt is in the file.
    pub(crate) fn reads_back(self, file: &Path) {
        assert!(self.bus.close(LONG).complete);
        let (bus, _) = attached(file).unwrap();
        self.replays_all(&bus);
    }
}

/// Runs the calling test again as `command` says, with `folder` told to it.
pub(crate) fn in_child(test: &str, folder: &Path, command: &mut Command) {
    let Output { status, stdout, stderr } = command.env(CHILD, folder).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success() && out.contains("1 passed"), "{test}: {status}\n{out}\n{err}");
}

pub(crate) fn child_folder() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

/// The calling test again, in a shell after `script`.
pub(crate) fn shell(script: &str, test: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["-r", "-m", "sh", "-c", &format!("{script} && exec \"$0\" --exact {test} --nocapture")]);
    command.arg(std::env::current_exe().unwrap());
    command
}

pub(crate) fn can_mount() -> bool {
    let mounts = Command::new("unshare").args(["-r", "-m", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]).output();
    let can = mounts.is_ok_and(|output| output.status.success());
    if !can {
        eprintln!("SKIPPED: no file system can be mounted here, not even in a namespace of its own");
    }
    can
}

/// The library that makes writing or fsync fail.
pub(crate) fn faulty_disk(folder: &Path) -> PathBuf {
    let library = folder.join("disk.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/disk.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
    assert!(built.unwrap().success());
    library
}

/// A disk that fails when it is told to, under a folder of the test's.
pub(crate) struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// The disk, in the child that runs `test` on it; the test itself runs that child, and has none.
    pub(crate) fn in_child(test: &str, name: &str) -> Option<Self> {
        if let Some(folder) = child_folder() {
            return Some(Self { folder });
        }
        let disk = Self { folder: folder(name) };
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]);
        command.env("LD_PRELOAD", faulty_disk(&disk.folder));
        command.env("DISK_FAULTS", disk.order()).env("DISK_IN", disk.folder.join("disk"));
        in_child(test, &disk.folder, &mut command);
        None
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join("disk").join(name)
    }

    /// Has it fail from now on; `disk.c` has the letters.
    pub(crate) fn fails(&self, faults: &str) {
        fs::write(self.order(), faults).unwrap();
    }

    /// Has it work again.
    pub(crate) fn works(&self) {
        fs::remove_file(self.order()).unwrap();
    }

    fn order(&self) -> PathBuf {
        self.folder.join("order")
    }
}
