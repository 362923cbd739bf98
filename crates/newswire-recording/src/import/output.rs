//! Where the events of a record go, and what is to be told of it besides.

use std::collections::VecDeque;

use newswire::{Delivery, Error, EventBuilder, Result};

use super::report::Report;
use crate::source::{Fields, with_attr};

/// How many parts of one record may be broken before it is as a whole.
const MAX_BROKEN_PARTS: usize = 4096;

/// Where the events of a record go.
pub struct Output<'o> {
    pub(super) format: &'static str,
    pub(super) pending: &'o mut VecDeque<Delivery>,
    pub(crate) report: &'o mut Report,
    pub(super) over: &'o mut bool,
    /// Whether broken records, and parts of them, are to be skipped.
    pub(super) skips: bool,
    pub(super) broken_parts: &'o mut VecDeque<Error>,
    /// How many fields of this record don't fit.
    pub(super) unfit: usize,
}

impl Output<'_> {
    /// Finishes the event of `builder`.
    ///
    /// # Errors
    /// Those of [`EventBuilder::build`].
    pub fn push(&mut self, builder: EventBuilder) -> Result<()> {
        self.pass(Delivery::Event(builder.build().map_err(of_no_column)?));
        Ok(())
    }

    /// Has nothing more be read: what follows could be misunderstood, whoever wants broken records skipped.
    pub(crate) fn give_up(&mut self) {
        *self.over = true;
    }

    /// Whether parts of the record may be left out.
    pub(crate) fn skips(&self) -> bool {
        self.skips
    }

    /// Leaves out a part of the record that is broken, and tells of it.
    ///
    /// # Errors
    /// The error, where broken records aren't to be skipped, or where too much of this one is broken.
    pub(crate) fn skip_part(&mut self, error: Error) -> Result<()> {
        if !self.skips || self.broken_parts.len() + self.unfit >= MAX_BROKEN_PARTS {
            return Err(error);
        }
        self.broken_parts.push_back(error);
        Ok(())
    }

    /// What was read of a field that stays where it is; nothing, and it is counted, where it doesn't fit.
    ///
    /// # Errors
    /// As [`Output::skip_part`].
    pub(crate) fn fitting<T>(&mut self, read: Result<Option<T>>) -> Result<Option<T>> {
        let Err(error) = read else { return read };
        if !self.skips || self.broken_parts.len() + self.unfit >= MAX_BROKEN_PARTS {
            return Err(error);
        }
        self.unfit += 1;
        self.report.count_field(&format!("{}, which doesn't fit", error.path().unwrap_or_default()));
        Ok(None)
    }

    /// Passes on an event or a gap as it is.
    pub fn pass(&mut self, delivery: Delivery) {
        self.pending.push_back(delivery);
    }

    /// Finishes the event; what is left of `fields` becomes its attributes and is counted as unknown.
    pub(crate) fn push_with(&mut self, builder: EventBuilder, fields: &Fields<'_>) -> Result<()> {
        let builder = self.with_rest(builder, fields, "");
        self.push(builder)
    }

    /// Makes what is left of `fields` attributes, their names begun with `path`, and counts them as unknown.
    pub(crate) fn with_rest(
        &mut self,
        mut builder: EventBuilder,
        fields: &Fields<'_>,
        path: &str,
    ) -> EventBuilder {
        for (name, raw) in fields.rest() {
            self.report.count_field(&name);
            builder = with_attr(builder, format!("{}.{path}{name}", self.format), raw);
        }
        builder
    }

    /// Keeps fields that are the source's own, and known to be, as attributes.
    pub(crate) fn keep(
        &self,
        mut builder: EventBuilder,
        fields: &mut Fields<'_>,
        names: &[&str],
    ) -> EventBuilder {
        for name in names {
            if let Some(raw) = fields.take(name) {
                builder = with_attr(builder, [self.format, ".", name].concat(), raw);
            }
        }
        builder
    }
}

/// The error about an event, without its column, which counts within a piece of the event, not in the source.
fn of_no_column(error: Error) -> Error {
    let mut plain = Error::new(error.kind(), error.message());
    if let Some(path) = error.path() {
        plain = plain.at_path(path);
    }
    error.expected().into_iter().fold(plain, |plain, expected| plain.expecting(expected))
}
