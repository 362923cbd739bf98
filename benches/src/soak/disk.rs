//! A disk as it may stand after a loss of power, rebuilt from the record of everything that a process did to it.
//!
//! Certain is only what an fsync was over. Of what came later each sector of 512 bytes may be there or not,
//! whatever was written before or after it; of names in the folder, the changes up to some one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const SECTOR: u64 = 512;
const HEAD: usize = 32;

/// One step of the record.
pub(crate) struct Step {
    pub(crate) op: u8,
    fd: i32,
    offset: u64,
    pub(crate) data: Vec<u8>,
    /// Nanoseconds of the monotonic clock.
    pub(crate) ns: u64,
}

/// A file's bytes as they are certain to be, and what was done since.
#[derive(Clone, Default)]
struct File {
    synced: Vec<u8>,
    /// Truncations have no bytes.
    later: Vec<(u64, Option<Vec<u8>>)>,
}

/// A change of the names.
#[derive(Clone)]
enum Naming {
    Made(String, usize),
    Moved(String, String),
    Removed(String),
}

/// The folder, at one moment.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    /// File by name, as processes see them.
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    namings: Vec<Naming>,
    /// File by descriptor; the folder itself has none.
    open: BTreeMap<i32, Option<usize>>,
}

/// The library that a child is run with, or why it can't be had.
pub(crate) fn library(folder: &Path) -> Result<PathBuf, String> {
    if !cfg!(target_os = "linux") {
        return Err("the disk can be watched on Linux only".into());
    }
    let library = folder.join("disk.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/newswire-store/tests/disk.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
    match built {
        Ok(status) if status.success() => Ok(library),
        other => Err(format!("the disk's library can't be compiled: {other:?}")),
    }
}

/// The steps that the library has recorded.
pub(crate) fn steps(log: &Path) -> Vec<Step> {
    let bytes = std::fs::read(log).expect("a record");
    let mut steps = Vec::new();
    let mut rest = &bytes[..];
    while let Some((head, after)) = rest.split_at_checked(HEAD) {
        let number = |at: usize, len: usize| {
            head[at..at + len].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        let size = usize::try_from(number(16, 4)).expect("a size");
        let Some((data, next)) = after.split_at_checked(size) else { break };
        let fd = i32::try_from(number(4, 4) as u32 as i64).unwrap_or(-1);
        steps.push(Step { op: head[0], fd, offset: number(8, 8), data: data.to_vec(), ns: number(24, 8) });
        rest = next;
    }
    steps
}

impl Disk {
    /// Takes one step.
    pub(crate) fn step(&mut self, step: &Step) {
        let text = || String::from_utf8_lossy(&step.data).into_owned();
        match step.op {
            b'o' => {
                let name = text();
                let file = (!name.is_empty()).then(|| self.file(name));
                self.open.insert(step.fd, file);
            }
            b'w' => self.later(step, Some(step.data.clone())),
            b't' => self.later(step, None),
            b's' => match self.open.get(&step.fd) {
                Some(Some(file)) => {
                    let file = &mut self.files[*file];
                    for (offset, change) in std::mem::take(&mut file.later) {
                        apply(&mut file.synced, offset, change.as_deref(), |_| true);
                    }
                }
                Some(None) => {
                    self.synced_names = self.names.clone();
                    self.namings.clear();
                }
                None => {}
            },
            b'r' => {
                let names = text();
                let (from, to) = names.split_once('\0').expect("two names");
                self.rename(Naming::Moved(from.to_owned(), to.to_owned()));
            }
            b'u' => self.rename(Naming::Removed(text())),
            other => panic!("no such step: {other}"),
        }
    }

    /// The file of that name as processes see it, with all that was written.
    pub(crate) fn seen(&self, name: &str) -> Vec<u8> {
        let Some(file) = self.names.get(name) else { return Vec::new() };
        self.files[*file].rebuilt(|_| true)
    }

    /// The folder as it may stand if power is lost now; `keeps` is asked of everything that isn't certain.
    pub(crate) fn after_power_loss(&self, mut keeps: impl FnMut(u64) -> bool) -> BTreeMap<String, Vec<u8>> {
        let mut names = self.synced_names.clone();
        for naming in &self.namings {
            if !keeps(u64::MAX) {
                break;
            }
            change(&mut names, naming);
        }
        names.into_iter().map(|(name, file)| (name, self.files[file].rebuilt(&mut keeps))).collect()
    }

    fn file(&mut self, name: String) -> usize {
        if let Some(file) = self.names.get(&name) {
            return *file;
        }
        self.files.push(File::default());
        let file = self.files.len() - 1;
        self.rename(Naming::Made(name, file));
        file
    }

    fn rename(&mut self, naming: Naming) {
        change(&mut self.names, &naming);
        self.namings.push(naming);
    }

    fn later(&mut self, step: &Step, change: Option<Vec<u8>>) {
        if let Some(Some(file)) = self.open.get(&step.fd) {
            self.files[*file].later.push((step.offset, change));
        }
    }
}

impl File {
    fn rebuilt(&self, mut keeps: impl FnMut(u64) -> bool) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        for (offset, change) in &self.later {
            apply(&mut bytes, *offset, change.as_deref(), &mut keeps);
        }
        bytes
    }
}

fn change(names: &mut BTreeMap<String, usize>, naming: &Naming) {
    match naming {
        Naming::Made(name, file) => _ = names.insert(name.clone(), *file),
        Naming::Removed(name) => _ = names.remove(name),
        Naming::Moved(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
    }
}

/// Writes (or cuts) those sectors that are kept.
fn apply(bytes: &mut Vec<u8>, offset: u64, change: Option<&[u8]>, mut keeps: impl FnMut(u64) -> bool) {
    let size = |number: u64| usize::try_from(number).expect("a size");
    let Some(data) = change else {
        if keeps(offset / SECTOR) {
            bytes.resize(size(offset), 0);
        }
        return;
    };
    let (mut at, end) = (offset, offset + data.len() as u64);
    while at < end {
        let next = ((at / SECTOR + 1) * SECTOR).min(end);
        if keeps(at / SECTOR) {
            if bytes.len() < size(next) {
                bytes.resize(size(next), 0);
            }
            bytes[size(at)..size(next)].copy_from_slice(&data[size(at - offset)..size(next - offset)]);
        }
        at = next;
    }
}
