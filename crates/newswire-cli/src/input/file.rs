//! The files that the user names: one may be the standard input, and none the output.

use std::path::{Path, PathBuf};

use newswire::{Error, Result};

use crate::output::Io;

/// Whether none of the files is where the output is written to.
///
/// # Errors
/// `Invalid` where one is.
pub(crate) fn check_output(io: &Io, files: &[PathBuf]) -> Result<()> {
    match files.iter().find(|file| io.is_output(Some(&***file).filter(|file| !is_input(file)))) {
        None => Ok(()),
        Some(file) => {
            let message = "the output is written to the file that is read, which would never end";
            Err(Error::invalid(message).at_path(name_of(file)).expecting("another file for the output"))
        }
    }
}

/// Whether it stands for the standard input.
pub(crate) fn is_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// What messages call it.
pub(crate) fn name_of(file: &Path) -> String {
    if is_input(file) { "standard input".to_owned() } else { file.display().to_string() }
}

/// How much there is to read; unknown where one of them is no regular file.
pub(super) fn bytes_of(files: &[PathBuf]) -> Option<u64> {
    let bytes =
        files.iter().map(|file| file.metadata().ok().filter(|file| file.is_file()).map(|file| file.len()));
    bytes.sum()
}
