//! Two files of one bus, the second begun where the first was given up.

use std::sync::Arc;

use newswire::store::{Page, Past, Wanted};
use newswire::{Delivery, Gap, GapReason, Result};

use crate::keeper::last_seq;

/// How many events are counted at a time.
const PAGE: usize = 512;

/// What was stored up to a seq, and what was stored elsewhere after it.
pub(crate) struct Chain {
    pub(crate) older: Arc<dyn Past>,
    /// The last seq of the older one.
    pub(crate) until: u64,
    pub(crate) newer: Arc<dyn Past>,
}

impl Past for Chain {
    fn first(&self) -> Result<Option<u64>> {
        match self.older.first() {
            Ok(Some(first)) if first <= self.until => Ok(Some(first)),
            _ => self.newer.first(),
        }
    }

    fn epoch_end(&self, epoch: u64) -> Result<Option<u64>> {
        self.newer.epoch_end(epoch)
    }

    fn read(&self, from: u64, wanted: &Wanted<'_>, limit: usize) -> Result<Page> {
        if from > self.until {
            return self.newer.read(from, wanted, limit);
        }
        let read = self.older.read(from, wanted, limit).ok().filter(|page| page.through >= from);
        let mut page = read.unwrap_or_else(|| {
            let lost = Gap {
                first: from,
                last: self.until,
                count: self.until + 1 - from,
                reason: GapReason::Unreadable,
            };
            Page { deliveries: vec![Delivery::Gap(lost)], through: self.until }
        });
        // What was being written when it was given up is in the newer one.
        page.deliveries.retain(|delivery| last_seq(delivery) <= self.until);
        page.through = page.through.min(self.until);
        Ok(page)
    }

    fn nth_last(&self, count: usize, end: u64, wanted: &Wanted<'_>) -> Result<Option<u64>> {
        let found = self.newer.nth_last(count, end, wanted)?.filter(|found| *found > self.until);
        let (mut next, mut missing) = (found.unwrap_or(end), count);
        while missing > 0 && next < end {
            let page = self.newer.read(next, wanted, PAGE)?;
            let events = page.deliveries.iter().filter(|delivery| matches!(delivery, Delivery::Event(_)));
            missing = missing.saturating_sub(events.filter(|event| last_seq(event) < end).count());
            if page.through < next {
                break;
            }
            next = page.through + 1;
        }
        match missing {
            0 => Ok(found),
            _ => Ok(self.older.nth_last(missing, end.min(self.until + 1), wanted)?.or(found)),
        }
    }

    fn since(&self, time_ns: i64) -> Result<Option<u64>> {
        match self.older.since(time_ns) {
            Ok(Some(seq)) if seq <= self.until => Ok(Some(seq)),
            _ => self.newer.since(time_ns),
        }
    }
}
