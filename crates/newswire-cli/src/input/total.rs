//! What all recordings of a command came to, and what the user should know of it.

use newswire::{Delivery, Error};
use newswire_recording::Report;

use super::message::Message;
use super::reports::add;
use crate::exit::{FAILED, INTERRUPTED, OK};
use crate::output::{Io, notice};

/// What all recordings came to.
#[derive(Default)]
pub(crate) struct Total {
    /// How many recordings were opened.
    pub(crate) files: u64,
    /// What was read from them all.
    pub(crate) report: Report,
    /// What was read of the recording that has not ended.
    unended: Report,
    /// How many events were passed on.
    pub(crate) events: u64,
    /// How many are missing, as the recordings tell.
    pub(crate) missing: u64,
    /// How many files were not read, or not to their end.
    pub(crate) unread: u64,
    /// The first broken record that was skipped.
    first_skipped: Option<Error>,
    skip: bool,
    /// What went wrong.
    pub(crate) wrong: Vec<String>,
    interrupted: bool,
}

impl Total {
    /// Nothing as yet; whether broken records are to be skipped.
    pub(super) fn of(skip: bool) -> Self {
        Self { skip, ..Self::default() }
    }

    /// Tells the user what he should know: what was unknown, skipped, went wrong.
    pub(crate) fn tell(&self, io: &mut Io) {
        if let Some(unknown) = notice::of(&self.report) {
            io.tell(&unknown);
        }
        self.tell_wrong(io);
    }

    /// Tells the user what is missing, was skipped or went wrong.
    pub(crate) fn tell_wrong(&self, io: &mut Io) {
        if let Some(missing) = notice::of_missing(self.missing, self.report.gaps + self.unended.gaps) {
            io.tell(&missing);
        }
        if let Some(first) = &self.first_skipped {
            io.tell(&notice::of_skipped(self.report.broken_records, first));
        }
        for wrong in &self.wrong {
            io.tell(wrong);
        }
        self.tell_interrupted(io);
    }

    /// Tells the user that he has ended it.
    pub(crate) fn tell_interrupted(&self, io: &mut Io) {
        if self.interrupted {
            io.tell(&notice::of_interrupted(self.events));
        }
    }

    /// How many records were read.
    pub(crate) fn records(&self) -> u64 {
        self.report.records + self.unended.records
    }

    /// How many of them were broken.
    pub(crate) fn broken_records(&self) -> u64 {
        self.report.broken_records + self.unended.broken_records
    }

    /// The exit code that follows.
    pub(crate) fn code(&self) -> u8 {
        match (self.interrupted, self.wrong.is_empty() && self.files > 0) {
            (true, _) => INTERRUPTED,
            (false, true) => OK,
            (false, false) => FAILED,
        }
    }

    pub(super) fn interrupt_if(&mut self, ended: bool) {
        self.interrupted |= ended;
        add(&mut self.report, &std::mem::take(&mut self.unended));
    }

    /// Counts what comes, before it is passed on: an end that tells it all may never come.
    pub(super) fn count(&mut self, message: &Message) {
        match message {
            Message::Item { delivery, records, .. } => {
                let event = u64::from(matches!(delivery, Delivery::Event(_)));
                self.events += event;
                self.unended.records = *records;
                self.unended.events += event;
                self.unended.gaps += 1 - event;
                if let Delivery::Gap(gap) = delivery {
                    self.missing = self.missing.saturating_add(gap.count);
                }
            }
            Message::Broken(..) => self.unended.broken_records += 1,
            _ => {}
        }
    }

    /// Takes down what is no event.
    pub(super) fn note(&mut self, message: Message) {
        match message {
            Message::Begin(_) => self.files += 1,
            Message::Broken(error, last) => self.broken(*error, last),
            Message::End(report) => {
                self.unended = Report::default();
                add(&mut self.report, &report);
            }
            Message::Unopened(error, left) => {
                self.unread += 1;
                self.wrong.push(error.to_string());
                self.wrong.extend(notice::of_left(left));
            }
            Message::Item { .. } | Message::Pause => {}
        }
    }

    fn broken(&mut self, error: Error, last: bool) {
        if self.skip && !last {
            self.first_skipped.get_or_insert(error);
        } else {
            self.unread += 1;
            self.wrong.push(notice::of_stop(self.events, &error));
        }
    }

    /// Whether the user wants what could be read though some couldn't, and has not ended it.
    pub(crate) fn is_wanted_in_part(&self) -> bool {
        self.skip && !self.interrupted
    }
}
