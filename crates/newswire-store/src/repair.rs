//! Making a store whole again from what of it can be read.

use std::path::{Path, PathBuf};

use newswire::Result;

use crate::sqlite;

/// How a store is repaired.
#[derive(Clone, Copy, Debug, Default)]
pub struct RepairOptions {
    /// Builds it anew even where [`verify`](crate::Store::verify) finds nothing wrong.
    pub always: bool,
}

/// What a repair has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// Where the file is now that was there before, its `-wal` beside it; `None` where nothing was wrong, and nothing
    /// was touched.
    pub aside: Option<PathBuf>,
    /// What was wrong, as far as it was found before; the first hundred.
    pub damage: Vec<String>,
    /// How many events the store has now.
    pub events: u64,
    /// How many it should have and hasn't; they replay as gaps.
    pub lost: u64,
    /// The buses, by name.
    pub buses: Vec<RepairedBus>,
}

/// A bus of a repaired store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepairedBus {
    /// Its name; `bus-N` where that was lost.
    pub name: String,
    /// How many of its events are there.
    pub events: u64,
    /// How many aren't, besides those that retention has deleted.
    pub lost: u64,
    /// Seq of the oldest event that is there.
    pub first: Option<u64>,
    /// The last seq, whether it is there or not.
    pub last: u64,
}

/// Builds a store anew from all events that can still be read and whose checksums hold, wherever in the file or
/// its `-wal` they stand; no index, header or tree is needed for that. The damaged file is set aside beside the new
/// one, as `NAME.damaged-000001`, whole: nothing is ever deleted. What is lost becomes gaps (`unreadable`).
///
/// No bus of the store may be written meanwhile: that is refused, unless nothing is wrong and so nothing is done.
/// Cursors from before stay valid up to the last event that is there;
/// what came after may be lost, and gives `OutOfRange`.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("newswire-repair-doc-{}", std::process::id()));
/// # let file = folder.join("events.db");
/// # newswire_store::SqliteStore::open(&file)?;
/// let report = newswire_store::repair(&file, newswire_store::RepairOptions::default())?;
/// match report.aside {
///     Some(aside) => println!("{} events; the damaged file is now {}", report.events, aside.display()),
///     None => println!("nothing is wrong"),
/// }
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok::<(), newswire::Error>(())
/// ```
///
/// # Errors
/// `Full` where somebody writes the store; `Invalid` where the file is no store, or of a later version, or nothing
/// of a store can be found in it; `Io`. The file is as it was then.
pub fn repair(path: impl AsRef<Path>, options: RepairOptions) -> Result<RepairReport> {
    sqlite::repair(path.as_ref(), options)
}
