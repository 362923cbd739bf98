//! The unknown names that reading has found until now. The end of a recording tells them, but whoever ends a command
//! may never see it: the reading thread keeps them here, where they can be had while it waits for its input.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use newswire_recording::Report;

use super::reports::add;

/// Unknown names, with their counts.
#[derive(Default)]
pub(super) struct Names {
    /// Those of recordings that have ended.
    ended: Report,
    /// Those of the recording that is being read.
    current: Report,
}

impl Names {
    /// Takes over those of the recording that is being read.
    pub(super) fn current(&mut self, report: &Report) {
        take_over(&mut self.current.unknown_records, &report.unknown_records);
        take_over(&mut self.current.unknown_fields, &report.unknown_fields);
    }

    /// The recording has ended.
    pub(super) fn end(&mut self) {
        add(&mut self.ended, &std::mem::take(&mut self.current));
    }

    /// Has the report tell all that there are.
    pub(super) fn tell(&self, report: &mut Report) {
        let mut all = self.ended.clone();
        add(&mut all, &self.current);
        (report.unknown_records, report.unknown_fields) = (all.unknown_records, all.unknown_fields);
    }
}

/// Names only come, and mostly it is the same ones: then the counts are all that changes.
fn take_over(kept: &mut BTreeMap<String, u64>, found: &BTreeMap<String, u64>) {
    match kept.len() == found.len() {
        true => kept.values_mut().zip(found.values()).for_each(|(kept, found)| *kept = *found),
        false => found.clone_into(kept),
    }
}

/// The names that reading has found.
pub(super) fn names_in(names: &Mutex<Names>) -> MutexGuard<'_, Names> {
    names.lock().unwrap_or_else(PoisonError::into_inner)
}
