//! What changes an event before it gets its seq: enrichers, then redaction.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Result;
use crate::event::Event;

/// Enrichers and redaction rules.
#[derive(Default)]
pub(crate) struct Alterations {
    failures: AtomicU64,
}

impl Alterations {
    /// Whether there are any.
    pub(crate) fn are_there(&self) -> bool {
        false
    }

    /// The event as it is to be published.
    pub(crate) fn apply(&self, event: Event) -> Result<Event> {
        Ok(event)
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}
