//! What is told of a recording: every problem as it is found, and a verdict at the end.

use newswire::{Error, Result};
use newswire_recording::Report;
use serde::Serialize;

use crate::output::{Io, grouped, plural};

/// What has been told of one recording.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) file: String,
    pub(super) errors: u64,
    notes: u64,
}

/// Something to be told of a recording.
#[derive(Debug, Serialize)]
struct Finding<'f> {
    level: &'static str,
    file: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'f str>,
}

/// What one recording came to.
#[derive(Debug, Serialize)]
struct Verdict<'f> {
    level: &'static str,
    file: &'f str,
    records: u64,
    events: u64,
    gaps: u64,
    errors: u64,
    notes: u64,
}

impl Findings {
    /// Of that file nothing has been told.
    pub(super) fn of(file: &str) -> Self {
        Self { file: file.to_owned(), ..Self::default() }
    }

    /// Tells an error, and counts it.
    pub(super) fn error(&mut self, error: &Error, io: &mut Io) -> Result<()> {
        self.errors += 1;
        if !io.json {
            return io.print_sentence(&error.to_string());
        }
        // The place stands before the path within the record: file:line, or file:line: path.
        let place = error.path().and_then(|path| path.strip_prefix(&*self.file)?.strip_prefix(':'));
        let (line, path) = place.map_or((None, None), |place| match place.split_once(": ") {
            Some((line, path)) => (line.parse().ok(), Some(path)),
            None => (place.parse().ok(), None),
        });
        let message =
            path.map_or_else(|| error.message().to_owned(), |path| format!("{path}: {}", error.message()));
        let finding = Finding {
            level: "error",
            file: &self.file,
            line,
            column: error.column(),
            message,
            expected: error.expected(),
        };
        io.print_json(&finding)
    }

    /// Tells a note, and counts it.
    pub(super) fn note(&mut self, line: Option<u64>, message: String, io: &mut Io) -> Result<()> {
        self.notes += 1;
        let file = &*self.file;
        if io.json {
            return io.print_json(&Finding {
                level: "note",
                file,
                line,
                column: None,
                message,
                expected: None,
            });
        }
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        io.print_sentence(&format!("{file}{line}: note: {message}"))
    }

    /// Tells what the recording came to.
    pub(super) fn verdict(&self, report: &Report, io: &mut Io) -> Result<()> {
        let Self { file, errors, notes } = self;
        let (errors, notes) = (*errors, *notes);
        let Report { records, events, gaps, .. } = *report;
        if io.json {
            return io.print_json(&Verdict { level: "verdict", file, records, events, gaps, errors, notes });
        }
        let figures = [(records, "record"), (events, "event"), (errors, "error"), (notes, "note")];
        let figures = figures.map(|(number, what)| format!("{} {what}{}", grouped(number), plural(number)));
        io.print_sentence(&format!("{file}: {}", figures.join(", ")))
    }
}
