//! The right to write a bus: a locked file beside the store. The system unlocks it when its process dies, however
//! it does.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use newswire::{Error, ErrorKind, Result};

use super::fault::io_error;
use super::renew::FileMark;
use super::schema::beside;

/// Held as long as this lives.
pub(super) struct Lease {
    _file: File,
    path: PathBuf,
    mark: FileMark,
}

impl Lease {
    /// Takes the lease on the bus of that number.
    ///
    /// # Errors
    /// `Full` where somebody else has it, with who that is; `Io`.
    pub(super) fn take(store: &Path, number: i64, bus: &str) -> Result<Self> {
        let path = beside(store, &format!("-lease-{number}"));
        let failed = |what: &'static str| {
            let path = path.clone();
            move |error: std::io::Error| io_error(&path, what, &error)
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(failed("the lease can't be opened"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who has just taken it may not have written its name yet.
                let _ = file.read_to_string(&mut holder);
                let holder = if holder.is_empty() { "another process" } else { holder.trim() };
                let message = format!("the bus {bus:?} is written by {holder} already");
                return Err(Error::new(ErrorKind::Full, message)
                    .at_path(store.display().to_string())
                    .expecting("another name of the bus, or another file"));
            }
            Err(TryLockError::Error(error)) => return Err(failed("the lease can't be taken")(error)),
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            let program = std::env::args_os().next().unwrap_or_default();
            let program = Path::new(&program).file_name().unwrap_or_default().to_string_lossy().into_owned();
            writeln!(file, "process {} ({program})", std::process::id())
        };
        write(&mut file).map_err(failed("the lease can't be written"))?;
        let about = file.metadata().map_err(failed("the lease can't be looked at"))?;
        Ok(Self { _file: file, mark: FileMark::of_file(&about), path })
    }

    /// Whether whoever else wants to write the bus finds it.
    pub(super) fn is_in_place(&self) -> bool {
        FileMark::of(&self.path).is_ok_and(|there| there == self.mark)
    }

    /// Takes the leases on all buses that have ever been written.
    ///
    /// # Errors
    /// As [`Lease::take`].
    pub(super) fn take_all(store: &Path) -> Result<Vec<Self>> {
        let folder = store.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let entries = folder.read_dir().map_err(|error| io_error(folder, "it can't be listed", &error))?;
        let ours = store.file_name().unwrap_or_default().to_string_lossy();
        let number_of = |entry: std::io::Result<std::fs::DirEntry>| {
            let name = entry.ok()?.file_name();
            let end = name.to_str()?.strip_prefix(&*ours)?.strip_prefix("-lease-")?;
            end.parse().ok()
        };
        entries
            .filter_map(number_of)
            .map(|number| Self::take(store, number, &format!("bus {number}")))
            .collect()
    }
}
