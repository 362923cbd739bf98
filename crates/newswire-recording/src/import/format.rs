//! The formats that can be read, and how they are told apart.

use std::fmt;

use newswire::{Error, Result};

use super::read::Importer;
use super::{ag_ui, ai_sdk, codex, langfuse, ours, pi, systems, tau_bench};
use crate::source::{Head, Unit};

/// A format of recordings.
#[derive(Clone, Copy)]
pub struct Format {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Whose recordings these are, for people.
    pub about: &'static str,
    pub(crate) unit: Unit,
    /// Whether a source that begins so is of this format.
    pub(crate) detect: fn(&Head<'_>) -> bool,
    /// An importer for a source of that name.
    pub(crate) importer: fn(&str) -> Box<dyn Importer>,
}

/// All formats. A source is of the first that its beginning fits: those told by the fields of their first object
/// come before those told by words anywhere in the first line, and Praxis' messages fit what is left.
const FORMATS: &[Format] = &[
    ours::FORMAT,
    systems::PICOCLAW,
    systems::PROMPTKIT,
    systems::AITASKAGENT,
    systems::AGENT_RUNTIME,
    langfuse::FORMAT,
    tau_bench::FORMAT,
    ag_ui::FORMAT,
    ai_sdk::FORMAT,
    codex::FORMAT,
    pi::FORMAT,
    systems::PRAXIS,
];

/// All formats that can be read.
///
/// ```
/// assert!(newswire_recording::formats().iter().any(|format| format.name == "pi"));
/// ```
#[must_use]
pub fn formats() -> &'static [Format] {
    FORMATS
}

impl Format {
    /// The format of that name.
    ///
    /// # Errors
    /// `Invalid` where there is none; lists those that there are.
    pub fn named(name: &str) -> Result<Self> {
        FORMATS.iter().copied().find(|format| format.name == name).ok_or_else(|| {
            Error::invalid(format!("{name:?} is no format that can be read")).expecting(names())
        })
    }

    /// Whether its lines are events as they stand.
    pub(crate) fn is_ours(&self) -> bool {
        *self == ours::FORMAT
    }

    /// The format of a source that begins so.
    pub(crate) fn detect(head: &Head<'_>) -> Result<Self> {
        let found = FORMATS.iter().copied().find(|format| (format.detect)(head));
        found.ok_or_else(|| match head.looks_like() {
            Some(what) => Error::invalid(format!("this looks like {what}"))
                .expecting("a recording: JSON in UTF-8, compressed by zstd or not at all"),
            None if head.is_empty() => Error::invalid("nothing stands in it").expecting("a recording"),
            None => Error::invalid("its beginning is of no known format").at_column(1).expecting(names()),
        })
    }
}

fn names() -> String {
    let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
    format!("a recording of one of these formats: {}", names.join(", "))
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Format").field(&self.name).finish()
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Format {}
