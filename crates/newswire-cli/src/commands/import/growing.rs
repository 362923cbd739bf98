//! A file that is not in its place yet: it grows beside it, and is moved there when all is in it. What takes the place
//! of a file is as accessible as it was, and stands where links lead to.
//!
//! A process that is killed can't take away what it has begun. So whoever writes holds a lock, which ends with its
//! process however that ends: what nobody holds is what somebody has left, and the next import removes it.

use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// How many imports of one process may write to one place at a time.
const MAX_NAMES: u32 = 100;

/// How much of a name that of its growing file has: systems bound names at 255 bytes.
const MAX_NAME_BYTES: usize = 180;

/// A file that is not in its place yet.
pub(super) struct Growing {
    /// What the user calls it.
    path: PathBuf,
    /// Where it is to be, links followed.
    place: PathBuf,
    /// Where it grows.
    growing: PathBuf,
    /// Those of the file that it replaces.
    permissions: Option<Permissions>,
}

/// What other imports to the same place have left.
#[derive(Default)]
pub(super) struct Others {
    /// How many that nobody writes any more were removed.
    pub(super) removed: u64,
    /// The names of those that somebody may still write.
    pub(super) under_way: Vec<String>,
}

impl Growing {
    /// Begins beside its place, so that it can be moved there; what replaces a file is nobody else's until then.
    ///
    /// # Errors
    /// Those of the system.
    pub(super) fn begin(path: &Path, is_there: bool) -> io::Result<(Self, File, Others)> {
        let place = if is_there { path.canonicalize()? } else { path.to_owned() };
        let permissions = is_there.then(|| place.metadata()).transpose()?.map(|file| file.permissions());
        let name = brief(&place.file_name().unwrap_or_default().to_string_lossy());
        let others = sweep(&place, &name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if permissions.is_some() {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let mut number = 0;
        loop {
            let growing = place.with_file_name(format!(".{name}.{}-{number}.part", std::process::id()));
            match options.open(&growing) {
                Ok(file) => {
                    // Where files can't be locked, the next import tells of it instead of removing it.
                    let _ = file.try_lock();
                    return Ok((Self { path: path.to_owned(), place, growing, permissions }, file, others));
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists && number < MAX_NAMES => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// What the user calls it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves it to its place.
    ///
    /// # Errors
    /// Those of the system; `AlreadyExists` where another has come there meanwhile.
    pub(super) fn settle(&self) -> io::Result<()> {
        match &self.permissions {
            Some(permissions) => fs::set_permissions(&self.growing, permissions.clone())?,
            None if self.place.symlink_metadata().is_ok() => {
                return Err(io::Error::new(
                    ErrorKind::AlreadyExists,
                    "another file has come there meanwhile",
                ));
            }
            None => {}
        }
        fs::rename(&self.growing, &self.place)
    }

    /// Removes what was begun.
    pub(super) fn forget(&self) {
        // Where it can't be removed, nothing better is left to be done.
        let _ = fs::remove_file(&self.growing);
    }
}

/// The name, or its beginning and what tells it from others that begin so.
fn brief(name: &str) -> String {
    if name.len() <= MAX_NAME_BYTES {
        return name.to_owned();
    }
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let begins = name.get(..name.floor_char_boundary(MAX_NAME_BYTES)).unwrap_or_default();
    format!("{begins}~{:016x}", hasher.finish())
}

/// Removes what imports to that place have left that were killed.
fn sweep(place: &Path, name: &str) -> Others {
    let mut others = Others::default();
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let found = entry.file_name().to_string_lossy().into_owned();
        let middle = found.strip_prefix(&format!(".{name}.")).and_then(|rest| rest.strip_suffix(".part"));
        if !middle.is_some_and(|middle| middle.chars().all(|c| c.is_ascii_digit() || c == '-')) {
            continue;
        }
        let file = OpenOptions::new().write(true).open(entry.path());
        let is_left = file.as_ref().is_ok_and(|file| file.try_lock().is_ok());
        match is_left && fs::remove_file(entry.path()).is_ok() {
            true => others.removed += 1,
            false => others.under_way.push(found),
        }
    }
    others
}
