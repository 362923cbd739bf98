//! The right to write a bus: a locked file beside the store. The system unlocks it when its process dies, however
//! it does.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use newswire::{Error, ErrorKind, Result};

use super::fault::io_error;

/// Held as long as this lives.
pub(super) struct Lease {
    _file: File,
}

impl Lease {
    /// Takes the lease on the bus of that number.
    ///
    /// # Errors
    /// `Full` where somebody else has it, with who that is; `Io`.
    pub(super) fn take(store: &Path, number: i64, bus: &str) -> Result<Self> {
        let path = file_of(store, number);
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
        Ok(Self { _file: file })
    }
}

fn file_of(store: &Path, number: i64) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(format!("-lease-{number}"));
    name.into()
}
