//! What is to be played: of what is read, the deliveries of the time that was asked for.

use newswire::{Bus, Delivery, Result};

use super::between::Between;
use super::shown::Shown;
use crate::input::{Message, Recordings};
use crate::output::{Display, Io};
use crate::watch::{Strange, Unseen};

/// The deliveries of a recording, for the player; all else is taken down on the way.
pub(super) struct Deliveries<'a> {
    pub(super) recordings: &'a mut Recordings,
    pub(super) io: &'a mut Io,
    pub(super) bus: &'a Bus,
    pub(super) shown: Shown,
    pub(super) strange: &'a mut Strange,
    pub(super) between: Between,
    pub(super) unseen: Unseen,
}

impl Iterator for Deliveries<'_> {
    type Item = Result<Delivery>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.recordings.next(self.io)? {
                Message::Item { delivery, .. } => {
                    delivery.as_ref().event().into_iter().for_each(|event| self.strange.see(event));
                    if self.between.takes(&delivery) {
                        if let Delivery::Event(event) = &delivery {
                            self.shown.expect(event, self.bus);
                            if self.unseen.add(event) {
                                self.shown.catch_up();
                            }
                        }
                        return Some(Ok(delivery));
                    }
                }
                Message::Pause => self.shown.catch_up_and(Display::flush),
                other => self.recordings.note(other, self.io),
            }
            // What can't be shown need not be played.
            if self.shown.check().is_err() {
                return None;
            }
        }
    }
}
