//! Where the events of a play are shown: by whoever publishes them, and while the player waits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use newswire::{Bus, Error, Event, Result};

use crate::output::Display;
use crate::watch::{Summary, Watching};

/// Shows every event of the bus.
#[derive(Clone)]
pub(super) struct Shown(Arc<Mutex<State>>);

struct State {
    display: Display,
    watching: Watching,
    /// What kept it from being shown.
    failed: Option<Error>,
}

impl Shown {
    pub(super) fn new(display: Display, watching: Watching) -> Self {
        Self(Arc::new(Mutex::new(State { display, watching, failed: None })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what has been published.
    pub(super) fn catch_up(&self) {
        let State { display, watching, failed } = &mut *self.lock();
        watching.catch_up(|delivery| {
            // The first failure ends the play.
            if failed.is_none() {
                *failed = display.delivery(delivery).err();
            }
        });
    }

    /// Shows what has been published, and has the display do something then.
    pub(super) fn catch_up_and(&self, act: impl FnOnce(&mut Display) -> Result<()>) {
        self.catch_up();
        let State { display, failed, .. } = &mut *self.lock();
        if failed.is_none() {
            *failed = act(display).err();
        }
    }

    /// Sees to it that the event, which is about to be published, is shown even if it is internal.
    pub(super) fn expect(&self, event: &Event, bus: &Bus) {
        if !event.internal() || !self.lock().watching.would_miss(event) {
            return;
        }
        self.catch_up();
        let State { watching, failed, .. } = &mut *self.lock();
        if let Err(error) = watching.watch_internal(bus) {
            failed.get_or_insert(error);
        }
    }

    /// Whether the reader of the output has gone away.
    pub(super) fn is_unread(&self) -> bool {
        self.lock().display.is_unread()
    }

    /// What kept it from being shown, if anything did.
    pub(super) fn check(&self) -> Result<()> {
        self.lock().failed.clone().map_or(Ok(()), Err)
    }
    /// How many events it has missed.
    pub(super) fn missed(&self) -> u64 {
        self.lock().watching.missed()
    }

    /// What was shown came to, of a recording that lacks so many events.
    pub(super) fn summary(&self, missing: u64) -> Summary {
        self.lock().watching.summary(missing)
    }
}
