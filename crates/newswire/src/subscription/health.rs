//! How well a subscription keeps up. Each change of state is told once, as a notice of the bus.
//!
//! A change is found under the inbox's lock and waits there until whoever found it has let go of the lock.

use std::time::Duration;

use super::inbox::Inbox;
use crate::delivery::GapReason;

/// How well a subscription keeps up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Health {
    /// It has all that it should.
    #[default]
    Well,
    /// It has lost events and not caught up since.
    Lagging,
    /// It takes nothing any more, so nobody waits for it.
    Stalled,
}

/// A change of health.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Lagged { dropped: u64, reason: GapReason },
    Stalled { waited: Duration, queued: u64 },
    Recovered { dropped: u64 },
}

/// A subscription's health, and what has not been told of it yet.
#[derive(Default)]
pub(crate) struct Condition {
    pub(crate) health: Health,
    /// What it had lost when it was well last.
    dropped_before: u64,
    untold: Vec<Change>,
}

impl Inbox {
    /// Books events as lost.
    #[inline]
    pub(crate) fn lose(&mut self, count: u64, reason: GapReason) {
        if count > 0 {
            self.fall_behind(count, reason);
        }
    }

    #[cold]
    fn fall_behind(&mut self, count: u64, reason: GapReason) {
        if self.condition.health == Health::Well {
            self.condition.health = Health::Lagging;
            self.condition.dropped_before = self.books.dropped;
            self.condition.untold.push(Change::Lagged { dropped: self.books.dropped + count, reason });
        }
        self.books.dropped += count;
    }

    /// Nobody waits for it any more.
    pub(crate) fn stall(&mut self, waited: Duration, queued: u64) {
        if self.condition.health < Health::Stalled {
            self.condition.health = Health::Stalled;
            self.condition.untold.push(Change::Stalled { waited, queued });
        }
    }

    /// Something was taken: with the last of it, the subscription has caught up.
    #[inline]
    pub(crate) fn see_whether_well(&mut self) {
        if self.condition.health != Health::Well && self.is_empty() {
            self.condition.health = Health::Well;
            let dropped = self.books.dropped - self.condition.dropped_before;
            self.condition.untold.push(Change::Recovered { dropped });
        }
    }

    /// What is to be told, once the lock has been let go of.
    #[inline]
    pub(crate) fn untold(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.condition.untold)
    }
}
