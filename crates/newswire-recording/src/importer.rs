//! What every importer does, and how a file finds the one that can read it.
//!
//! An importer streams: it holds one line at a time and the few things that later lines refer to, all
//! bounded. It gives the first error and then ends, because what follows a broken line can't be trusted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind as IoKind};
use std::path::Path;

use newswire::{Error, ErrorKind, Event, Result};

use crate::pi::PiSession;

/// Reads a recording of some system as events, in the order of the file.
///
/// Times may go backwards in real recordings; they are passed on as they are.
pub trait Importer: Iterator<Item = Result<Event>> + Send {
    /// What has been read so far.
    fn report(&self) -> &Report;
}

/// What an importer has read so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Lines with something on them.
    pub lines: u64,
    /// Events made from them.
    pub events: u64,
    /// Records and parts of a type that the importer doesn't know, by type; they are kept whole as events.
    pub unknown_records: BTreeMap<String, u64>,
    /// Fields that the importer doesn't know, by name; they are kept as attributes.
    pub unknown_fields: BTreeMap<String, u64>,
}

/// What can be opened, for error messages.
pub(crate) const SESSION: &str = "a recorded session";

/// How many names a [`Report`] tells apart; the rest is counted under `other`.
const MAX_NAMES: usize = 256;

impl Report {
    pub(crate) fn count_record(&mut self, name: &str) {
        count(&mut self.unknown_records, name);
    }

    pub(crate) fn count_field(&mut self, name: &str) {
        count(&mut self.unknown_fields, name);
    }
}

fn count(names: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(times) = names.get_mut(name) {
        *times += 1;
    } else {
        let name = if names.len() < MAX_NAMES { name } else { "other" };
        *names.entry(name.to_owned()).or_default() += 1;
    }
}

/// Opens a recording in any format that an importer exists for.
///
/// # Errors
/// `Io` where the file isn't there or can't be read, `Invalid` where it is a directory, is empty or is no
/// recording. What is wrong further down comes from the importer, when it gets there.
pub fn open(path: &Path) -> Result<Box<dyn Importer>> {
    let name = path.display().to_string();
    let refused = |error: std::io::Error| {
        let message = match error.kind() {
            IoKind::NotFound => "there is no such file".to_owned(),
            IoKind::PermissionDenied => "the file may not be read".to_owned(),
            _ => format!("the file can't be read: {error}"),
        };
        Error::new(ErrorKind::Io, message).at_path(&*name).expecting(SESSION)
    };
    let file = File::open(path).map_err(refused)?;
    if file.metadata().map_err(refused)?.is_dir() {
        return Err(Error::invalid("this is a directory").at_path(&*name).expecting(SESSION));
    }
    read(BufReader::with_capacity(1 << 16, file), name)
}

/// Reads a recording from anywhere, in any format that an importer exists for; `name` is what errors call it.
///
/// ```
/// let session = r#"{"type":"session","id":"s-1"}"#;
/// let events = newswire_recording::read(session.as_bytes(), "standard input")?;
/// assert_eq!(events.count(), 1);
/// # Ok::<(), newswire::Error>(())
/// ```
///
/// # Errors
/// As [`open`], once there is something to read.
pub fn read<'r>(reader: impl BufRead + Send + 'r, name: impl Into<String>) -> Result<Box<dyn Importer + 'r>> {
    Ok(Box::new(PiSession::read(reader, name)?))
}
