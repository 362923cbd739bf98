//! What goes into the store: what was read and the store hasn't yet.

use std::time::Duration;

use newswire::{Attachment, Delivery, Error, ErrorKind, Result};

use super::known::Known;
use crate::input::{Message, Recordings};
use crate::output::Io;

/// How long a publisher waits for the store, which may be slow, but must not lose anything.
pub(super) const PATIENCE: Duration = Duration::from_secs(24 * 3600);
/// After how many events it is looked whether the store is still well.
const LOOK: u64 = 256;

/// What is to be stored: what the store hasn't yet.
pub(super) struct Feed<'a> {
    /// What was read before the store was opened.
    pub(super) first: Option<Message>,
    pub(super) recordings: &'a mut Recordings,
    pub(super) io: &'a mut Io,
    pub(super) store: Attachment,
    pub(super) known: &'a mut Known,
    pub(super) taken: u64,
    pub(super) failed: &'a mut Option<Error>,
    /// How many records of the recording that is being read have been; those of whole ones are in the total.
    pub(super) under_way: &'a mut u64,
}

impl Feed<'_> {
    /// The next that is new; what is wrong with the store ends it.
    fn wanted(&mut self) -> Result<Option<Delivery>> {
        while let Some(message) = self.first.take().or_else(|| self.recordings.next(self.io)) {
            let Message::Item { delivery, records, .. } = message else {
                if matches!(message, Message::End(_)) {
                    *self.under_way = 0;
                }
                self.recordings.note(message, self.io);
                continue;
            };
            *self.under_way = records;
            self.taken += 1;
            if self.taken.is_multiple_of(LOOK)
                && let Some(trouble) = self.store.stats().trouble
            {
                return Err(Error::new(ErrorKind::Io, trouble));
            }
            let is_new = match &delivery {
                Delivery::Event(event) => self.known.is_new(event, || self.store.flush(PATIENCE))?,
                Delivery::Gap(_) => true,
            };
            if is_new {
                return Ok(Some(delivery));
            }
        }
        Ok(None)
    }
}

impl Iterator for Feed<'_> {
    type Item = Result<Delivery>;

    fn next(&mut self) -> Option<Self::Item> {
        self.wanted()
            .unwrap_or_else(|error| {
                *self.failed = Some(error);
                None
            })
            .map(Ok)
    }
}
