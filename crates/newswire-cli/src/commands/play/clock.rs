//! The clock that a play goes by.

use std::time::Duration;

use newswire_recording::{Clock, Controls, SystemClock};

use super::shown::Shown;
use crate::output::{Display, Stop};

/// How long a play that waits doesn't look whether it should end.
const GLANCE: Duration = Duration::from_millis(50);

/// The player's clock: while it waits, what has been played is shown, and the user may end it.
pub(super) struct Watched {
    pub(super) clock: SystemClock,
    pub(super) stop: Stop,
    pub(super) controls: Controls,
    pub(super) shown: Shown,
}

impl Clock for Watched {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn wait(&self, until: Option<Duration>) {
        self.shown.catch_up_and(Display::flush);
        if self.stop.is_set() || self.shown.check().is_err() || self.shown.is_unread() {
            return self.controls.stop();
        }
        let soon = self.now() + GLANCE;
        self.clock.wait(Some(until.map_or(soon, |until| until.min(soon))));
    }
}
