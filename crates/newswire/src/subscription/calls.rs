//! The calls of a handler that are under way, as its inbox's lock protects them.

use std::time::Instant;

/// A call whose deadline is watched.
pub(crate) struct Watched {
    pub(crate) id: u64,
    pub(crate) deadline: Instant,
    /// How many events it was given, merged into one.
    pub(crate) events: u64,
}

/// The calls of a handler that are under way.
#[derive(Default)]
pub(crate) struct Calls {
    /// Workers that are engaged, or about to be.
    pub(crate) engaged: usize,
    /// A thread serves it inline.
    pub(crate) serving: bool,
    /// The last seq that the serving thread has been asked to go to.
    pub(crate) asked_up_to: u64,
    /// The handler is being told of a gap.
    pub(crate) telling: bool,
    /// Calls past their deadline that have not returned: no longer in flight, not gone.
    pub(crate) overrunning: u64,
    /// Calls that a deadline watches.
    pub(crate) watched: Vec<Watched>,
    /// Whether the timer will look at them.
    pub(crate) watch_armed: bool,
    pub(crate) last_id: u64,
    /// Calls in a row that did not end well.
    pub(crate) failures_in_a_row: u32,
    /// Whether it has been set aside for that.
    pub(crate) set_aside: bool,
    /// What the last failure said.
    pub(crate) last_failure: Option<Box<str>>,
}

impl Calls {
    /// A call has returned; false when its deadline had already been booked.
    pub(crate) fn unwatch(&mut self, id: u64) -> bool {
        let place = self.watched.iter().position(|watched| watched.id == id);
        place.map(|place| self.watched.swap_remove(place)).is_some()
    }
}
