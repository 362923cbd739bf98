//! Reads a source record by record: what every format has in common.

use std::collections::VecDeque;
use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use newswire::{Delivery, Error, ErrorKind, Event, Filter, Result};

use super::ahead::Ahead;
use super::format::Format;
use super::output::Output;
use super::report::Report;
use crate::source::{Elements, Lines, MAX_ELEMENT_BYTES, MAX_LINE_BYTES, Spot};

/// Turns the records of one format into events, in the order of the source.
///
/// It holds the few things that later records refer to, all bounded. Times may go backwards in real
/// recordings; they are passed on as they are.
pub trait Importer: Send {
    /// Maps one record: its text, free of NUL.
    ///
    /// # Errors
    /// `Invalid`, with the column, where it isn't what the format has there. What the record gave before its
    /// fault is not passed on.
    fn record(&mut self, record: &str, out: &mut Output<'_>) -> Result<()>;

    /// Passes on the event of a record that was decoded ahead, as [`Format`]s allow whose records are events.
    ///
    /// # Errors
    /// As [`Importer::record`].
    fn decoded(&mut self, event: Event, out: &mut Output<'_>) -> Result<()> {
        out.pass(Delivery::Event(event));
        Ok(())
    }

    /// Gives what is left when the source has ended.
    ///
    /// # Errors
    /// `Invalid` where the source can't end so.
    fn end(&mut self, _out: &mut Output<'_>) -> Result<()> {
        Ok(())
    }
}

/// What to do about a record that is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Broken {
    /// Tells the error and ends there, because what follows can't be trusted.
    #[default]
    Stop,
    /// Tells the error, counts the record, and goes on with the next. Of a record that holds many, such as a trace
    /// with its observations, only those are skipped that are broken.
    Skip,
}

/// How a source is read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// Its format; told by its beginning, where none is given.
    pub format: Option<Format>,
    /// What to do about broken records.
    pub broken: Broken,
    /// The longest line, in bytes, its end not counted. Elements of an array, and documents that are no lines, have
    /// at most 64 MiB.
    pub max_line_bytes: usize,
    /// Which events are wanted: where it is read [ahead](Import::ahead), others may be left out, and their lines
    /// be checked no further than was needed to know that.
    pub only: Option<Filter>,
    /// Counts the bytes of the source that have been read, compressed as they stand there, for whoever
    /// shows how far it is.
    pub progress: Option<Arc<AtomicU64>>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            broken: Broken::default(),
            max_line_bytes: MAX_LINE_BYTES,
            only: None,
            progress: None,
        }
    }
}

/// A source that is being read: its events and gaps, in its order.
pub struct Import<'r> {
    name: String,
    format: Format,
    broken: Broken,
    only: Option<Filter>,
    records: Records<'r>,
    importer: Box<dyn Importer>,
    pending: VecDeque<Delivery>,
    /// What is broken of the record that the pending events came from.
    broken_parts: VecDeque<Error>,
    report: Report,
    ended: bool,
}

enum Records<'r> {
    Lines(Lines<Box<dyn BufRead + Send + 'r>>),
    Elements(Elements<Box<dyn BufRead + Send + 'r>>),
    Ahead(Box<Ahead>),
}

/// What a source has next.
pub(super) enum Record<'a> {
    Text(&'a str),
    /// The event that its text stands for.
    Event(Event),
    /// So many that are not wanted.
    Unwanted(u64),
}

impl Records<'_> {
    fn next(&mut self) -> Result<Option<Record<'_>>> {
        match self {
            Self::Lines(lines) => Ok(lines.next()?.map(Record::Text)),
            Self::Elements(elements) => Ok(elements.next()?.map(Record::Text)),
            Self::Ahead(ahead) => ahead.next(),
        }
    }

    /// Where the record begins that was read last; after an error, what it is about.
    fn spot(&self) -> Spot {
        match self {
            Self::Lines(lines) => Spot { line: lines.number(), column: 1 },
            Self::Elements(elements) => elements.spot(),
            Self::Ahead(ahead) => Spot { line: ahead.line(), column: 1 },
        }
    }
}

impl<'r> Import<'r> {
    pub(crate) fn new(
        reader: Box<dyn BufRead + Send + 'r>,
        name: String,
        format: Format,
        options: &ReadOptions,
        by_lines: bool,
    ) -> Self {
        let records = if by_lines {
            Records::Lines(Lines::new(reader, options.max_line_bytes))
        } else {
            Records::Elements(Elements::new(reader, MAX_ELEMENT_BYTES))
        };
        let importer = (format.importer)(&name);
        Self {
            name,
            format,
            broken: options.broken,
            only: options.only.clone(),
            records,
            importer,
            pending: VecDeque::new(),
            broken_parts: VecDeque::new(),
            report: Report::default(),
            ended: false,
        }
    }

    /// The format it is read as.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The line on which the record begins that the last event or error came from, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.records.spot().line
    }

    /// Whether nothing more will come: it has ended, or an error has ended it. Where broken records are skipped, those
    /// that can't be gone past still end it: reading failed, or the recording is of a later version.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ended && self.pending.is_empty() && self.broken_parts.is_empty()
    }

    /// What has been read so far.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Whether the next event is there already, so that asking for it waits for nothing.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let is_there = !self.pending.is_empty() || !self.broken_parts.is_empty();
        is_there || matches!(&self.records, Records::Ahead(ahead) if ahead.is_ready())
    }

    /// Maps one more record, or what is left at the end.
    fn advance(&mut self) -> Result<()> {
        let mut out = Output {
            format: self.format.name,
            pending: &mut self.pending,
            report: &mut self.report,
            over: &mut self.ended,
            skips: self.broken == Broken::Skip,
            broken_parts: &mut self.broken_parts,
            unfit: 0,
        };
        let record = match self.records.next() {
            Ok(record) => record,
            Err(error) => {
                // Whatever failed to be read can't be gone past, unless it was one record.
                *out.over |= error.kind() == ErrorKind::Io;
                return Err(place(error, &self.name, self.records.spot(), ""));
            }
        };
        let Some(record) = record else {
            *out.over = true;
            if out.report.records == 0 && out.report.broken_records == 0 {
                let nothing = Error::invalid("nothing stands in it").at_path(&*self.name);
                return Err(nothing.expecting("a recording"));
            }
            self.importer.end(&mut out).map_err(|error| error.at_path(&*self.name))?;
            self.report.at_line(self.records.spot().line);
            self.report.count(&self.pending);
            return Ok(());
        };
        let (records, text, mapped) = match record {
            Record::Text(text) => (1, text, self.importer.record(text, &mut out)),
            Record::Event(event) => (1, "", self.importer.decoded(event, &mut out)),
            Record::Unwanted(records) => (records, "", Ok(())),
        };
        if let Err(error) = mapped {
            let text = text.to_owned();
            self.report.at_line(self.records.spot().line);
            return Err(place(error, &self.name, self.records.spot(), &text));
        }
        if !self.broken_parts.is_empty() {
            let text = text.to_owned();
            place_all(&mut self.broken_parts, &self.name, self.records.spot(), &text);
        }
        self.report.records += records;
        self.report.at_line(self.records.spot().line);
        self.report.count(&self.pending);
        Ok(())
    }
}

impl Import<'static> {
    /// The same source, read and decoded on threads of their own, as far ahead as memory of a few megabytes
    /// allows. What comes, and its order, are the same; so are errors. Formats whose records can't be decoded
    /// one without the other are read as before.
    ///
    /// # Errors
    /// `Io` where there can be no thread.
    pub fn ahead(self) -> Result<Self> {
        let records = match self.records {
            Records::Lines(lines) if self.format.is_ours() => {
                Records::Ahead(Box::new(Ahead::begin(lines, self.only.as_ref())?))
            }
            other => other,
        };
        Ok(Self { records, ..self })
    }
}

impl Iterator for Import<'_> {
    type Item = Result<Delivery>;

    /// The next event or gap.
    ///
    /// # Errors
    /// What is wrong, with source, line and column; the iterator then ends or goes on, as [`Broken`] says.
    /// Where reading itself fails, and where a later version of the format begins, it always ends.
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(error) = self.broken_parts.pop_front() {
                self.report.broken_records += 1;
                return Some(Err(error));
            }
            if let Some(delivery) = self.pending.pop_front() {
                return Some(Ok(delivery));
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.advance() {
                // What the broken record gave before its fault is not to follow the error.
                self.pending.clear();
                self.broken_parts.clear();
                self.report.broken_records += 1;
                self.ended |= self.broken == Broken::Stop;
                return Some(Err(error));
            }
        }
    }
}

/// Says where in the source the error is; `record` begins at `spot`, and its columns count from there.
fn place(error: Error, name: &str, spot: Spot, record: &str) -> Error {
    Walk { spot, rest: record, passed: 0 }.place(error, name)
}

/// The same of many errors about one record, which is walked through once for them all: it may be long.
fn place_all(errors: &mut VecDeque<Error>, name: &str, spot: Spot, record: &str) {
    let mut walk = Walk { spot, rest: record, passed: 0 };
    let mut by_column: Vec<_> = errors.iter_mut().collect();
    by_column.sort_by_key(|error| error.column());
    for error in by_column {
        *error = walk.place(error.clone(), name);
    }
}

/// A way through a record, from one column to a later one.
struct Walk<'a> {
    /// The place in the source.
    spot: Spot,
    rest: &'a str,
    /// How many characters have been passed.
    passed: usize,
}

impl Walk<'_> {
    /// The error with its place in the source; columns don't fall from error to error.
    fn place(&mut self, mut error: Error, name: &str) -> Error {
        if let Some(column) = error.column().or((error.kind() != ErrorKind::Io).then_some(1)) {
            let more = column.saturating_sub(1).saturating_sub(self.passed);
            let end = self.rest.char_indices().nth(more).map_or(self.rest.len(), |(at, _)| at);
            let (before, rest) = self.rest.split_at(end);
            let passed = before.chars().count();
            self.spot.pass(before.as_bytes());
            (self.rest, self.passed) = (rest, self.passed + passed);
            error = error.at_column(self.spot.column + (more - passed));
        }
        let place = format!("{name}:{}", self.spot.line);
        let place = error.path().map_or(place.clone(), |path| format!("{place}: {path}"));
        error.at_path(place)
    }
}
