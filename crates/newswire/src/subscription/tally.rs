//! The books of one subscription.

use serde::Serialize;

/// What became of every event that a subscription matched, as of one moment.
///
/// `matched = handled + skipped + failed + panicked + timed_out + dropped + discarded + waiting + queued
/// + in_flight`, in every snapshot: the terms are disjoint and an outcome is given once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Books {
    /// Events that the filter wanted.
    pub matched: u64,
    /// Handed to user code, which did not complain.
    pub handled: u64,
    /// Rejected by the user's predicate, or merged away by `once`.
    pub skipped: u64,
    /// The handler returned an error.
    pub failed: u64,
    /// The handler panicked.
    pub panicked: u64,
    /// The handler was still running at its deadline.
    pub timed_out: u64,
    /// Lost to a full queue; told as gaps.
    pub dropped: u64,
    /// Still queued when the subscription or bus closed.
    pub discarded: u64,
    /// Their publishers wait for room.
    pub waiting: u64,
    /// Wait for the consumer.
    pub queued: u64,
    /// Taken and without an outcome yet: calls that have begun, chunks that are held back to be merged.
    pub in_flight: u64,
}

impl Books {
    /// Whether the equation holds.
    pub fn balance(&self) -> bool {
        self.matched
            == self.handled
                + self.skipped
                + self.failed
                + self.panicked
                + self.timed_out
                + self.dropped
                + self.discarded
                + self.waiting
                + self.queued
                + self.in_flight
    }
}

/// How one event's delivery ended; the terms of [`Books`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was handled.
    Handled,
    /// It was passed over.
    Skipped,
    /// Its handler returned an error.
    Failed,
    /// Its handler panicked.
    Panicked,
    /// Its handler was still running at its deadline.
    TimedOut,
    /// It was given up.
    Discarded,
}

impl Books {
    /// Books the end of a delivery of that many events, which were in flight.
    pub(crate) fn settle(&mut self, events: u64, outcome: Outcome) {
        self.in_flight -= events;
        *match outcome {
            Outcome::Handled => &mut self.handled,
            Outcome::Skipped => &mut self.skipped,
            Outcome::Failed => &mut self.failed,
            Outcome::Panicked => &mut self.panicked,
            Outcome::TimedOut => &mut self.timed_out,
            Outcome::Discarded => &mut self.discarded,
        } += events;
    }

    /// Events that were handed over turn out never to have been seen.
    pub(crate) fn take_back(&mut self, events: u64) {
        // More can't be taken back than was booked, whatever events that came from elsewhere say of themselves.
        let events = events.min(self.handled);
        self.handled -= events;
        self.discarded += events;
    }
}
