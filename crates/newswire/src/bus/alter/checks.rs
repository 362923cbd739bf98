//! What a bus checks where it was told to: component ids, and whether JSON payloads fit their kind.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::catalogue;
use crate::error::Result;
use crate::event::{Component, Event};
use crate::options::{BusOptions, Check};

/// The checks of one bus, and what they have let pass.
pub(crate) struct Checks {
    component_ids: Checked,
    payloads: Checked,
}

/// What becomes of an event that breaks one format, and how many went on all the same.
struct Checked {
    check: Check,
    warnings: AtomicU64,
}

impl Checks {
    pub(super) fn new(options: &BusOptions) -> Self {
        let of = |check| Checked { check, warnings: AtomicU64::new(0) };
        Self { component_ids: of(options.component_ids), payloads: of(options.payloads) }
    }

    /// Whether component ids are among them.
    pub(crate) fn component_ids(&self) -> bool {
        self.component_ids.check != Check::Off
    }

    /// How many of them there are to be made.
    pub(super) fn count(&self) -> usize {
        [&self.component_ids, &self.payloads].iter().filter(|one| one.check != Check::Off).count()
    }

    /// Makes them.
    ///
    /// # Errors
    /// The first one that fails, of those that reject.
    pub(super) fn pass(&self, event: &Event) -> Result<()> {
        self.component_ids.judge(|| event.component().map_or(Ok(()), Component::check_format))?;
        self.payloads.judge(|| catalogue::check_payload(event))
    }

    pub(crate) fn component_id_warnings(&self) -> u64 {
        self.component_ids.warnings.load(Ordering::Relaxed)
    }

    pub(crate) fn payload_warnings(&self) -> u64 {
        self.payloads.warnings.load(Ordering::Relaxed)
    }
}

impl Checked {
    fn judge(&self, outcome: impl FnOnce() -> Result<()>) -> Result<()> {
        if self.check == Check::Off {
            return Ok(());
        }
        outcome().or_else(|error| match self.check {
            Check::Reject => Err(error),
            _ => {
                self.warnings.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        })
    }
}
