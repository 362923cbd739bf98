//! Stores: which files are some, and how they are opened to be read.

use std::fs::File;
use std::path::{Path, PathBuf};

use newswire::{Error, ErrorKind, Result};
use newswire_store::{SqliteStore, is_store, read_url};

/// How stores are named that are no plain files.
const SCHEME: &str = "sqlite:";

/// What the user wrote, where it is the URL of a store.
pub(crate) fn store_url(file: &Path) -> Option<&str> {
    file.to_str().filter(|text| text.starts_with(SCHEME))
}

/// The path of the store that the user means, if it is one: by a URL, or by how the file begins.
///
/// # Errors
/// `Invalid` where it is a URL that makes no sense.
pub fn store_path(file: &Path) -> Result<Option<PathBuf>> {
    match store_url(file) {
        Some(url) => read_url(url).map(|(path, _)| Some(path)),
        None => Ok(is_store(file).then(|| file.to_owned())),
    }
}

/// The store that the user means, to be read.
///
/// # Errors
/// `Io` where there is none, `Invalid` where it is something else.
pub(crate) fn store_to_read(file: &Path) -> Result<(PathBuf, SqliteStore)> {
    let refused = |error: Error| error.at_path(file.display().to_string()).expecting("a store");
    let path = match store_path(file)? {
        Some(path) => path,
        None => {
            let unread = |error: std::io::Error| {
                let message = match error.kind() {
                    std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                    std::io::ErrorKind::PermissionDenied => "the file may not be read".to_owned(),
                    _ => format!("the file can't be read: {error}"),
                };
                refused(Error::new(ErrorKind::Io, message))
            };
            let there = file.metadata().map_err(unread)?;
            // Opening a pipe would wait for somebody to write.
            if there.is_file() {
                File::open(file).map_err(unread)?;
            }
            let what = if there.is_dir() { "this is a directory" } else { "the file is no store" };
            return Err(refused(Error::invalid(what)));
        }
    };
    let store = SqliteStore::read(&path)?;
    Ok((path, store))
}
