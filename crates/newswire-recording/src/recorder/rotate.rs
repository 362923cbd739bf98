//! Recordings that are full: `run.ndjson` becomes `run.000001.ndjson`, the next one `run.000002.ndjson`.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind as IoKind;
use std::path::{Path, PathBuf};

use newswire::Result;

use super::rotation_failed;

/// The names of a recording that is set aside.
pub(super) struct Rotated<'p> {
    path: &'p Path,
    folder: PathBuf,
    stem: String,
    /// What stands behind the number, its dot included.
    ending: String,
}

impl<'p> Rotated<'p> {
    pub(super) fn of(path: &'p Path) -> Self {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        // A dot at the beginning hides a file and ends nothing.
        let dot =
            name.char_indices().skip(1).find(|(_, letter)| *letter == '.').map_or(name.len(), |at| at.0);
        let (stem, ending) = name.split_at(dot);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { path, folder: folder.to_owned(), stem: stem.to_owned(), ending: ending.to_owned() }
    }

    /// Sets the file aside, if there is one, under the next number; of those set aside before, the oldest go
    /// beyond `keep`.
    pub(super) fn set_aside(&self, keep: Option<usize>) -> Result<()> {
        if !self.path.is_file() {
            return Ok(());
        }
        let failed = |error: std::io::Error| rotation_failed(self.path, &error);
        let mut numbers = self.numbers().map_err(failed)?;
        // A file of the last number can't be followed, and isn't to be replaced.
        let next = numbers.last().map_or(Some(1), |last| last.checked_add(1)).ok_or_else(|| {
            failed(std::io::Error::new(IoKind::AlreadyExists, "a file has the last number that there is"))
        })?;
        fs::rename(self.path, self.numbered(next)).map_err(failed)?;
        numbers.push(next);
        let surplus = keep.map_or(0, |keep| numbers.len().saturating_sub(keep));
        for number in numbers.into_iter().take(surplus) {
            match fs::remove_file(self.numbered(number)) {
                Err(error) if error.kind() != IoKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        Ok(())
    }

    fn numbered(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{}.{number:06}{}", self.stem, self.ending))
    }

    /// The numbers that are there, the smallest first.
    fn numbers(&self) -> std::io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            numbers.extend(self.number(&entry?.file_name()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn number(&self, name: &OsStr) -> Option<u64> {
        let name = name.to_str()?.strip_prefix(&self.stem)?.strip_prefix('.')?;
        let digits = name.strip_suffix(&self.ending)?;
        let plain = digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten()
    }
}
