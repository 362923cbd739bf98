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
        if missing == 0 {
            return Ok(found);
        }
        let older_end = end.min(self.until + 1);
        // Where it can't be read, as many as are missing may be lost at its end, which is told by reading from there.
        let lost = |_| Some(older_end.saturating_sub(u64::try_from(missing).unwrap_or(u64::MAX)).max(1));
        Ok(self.older.nth_last(missing, older_end, wanted).unwrap_or_else(lost).or(found))
    }

    fn since(&self, time_ns: i64) -> Result<Option<u64>> {
        match self.older.since(time_ns) {
            Ok(Some(seq)) if seq <= self.until => Ok(Some(seq)),
            _ => self.newer.since(time_ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use newswire::{Error, ErrorKind, Filter};

    use super::*;

    /// Has nothing, or can't be read.
    struct File {
        is_broken: bool,
    }

    impl File {
        fn gives<T>(&self, what: T) -> Result<T> {
            if self.is_broken { Err(Error::new(ErrorKind::Io, "the disk fails")) } else { Ok(what) }
        }
    }

    impl Past for File {
        fn first(&self) -> Result<Option<u64>> {
            self.gives(None)
        }

        fn epoch_end(&self, _: u64) -> Result<Option<u64>> {
            self.gives(None)
        }

        fn read(&self, _: u64, _: &Wanted<'_>, _: usize) -> Result<Page> {
            self.gives(Page::default())
        }

        fn nth_last(&self, _: usize, _: u64, _: &Wanted<'_>) -> Result<Option<u64>> {
            self.gives(None)
        }

        fn since(&self, _: i64) -> Result<Option<u64>> {
            self.gives(None)
        }
    }

    #[test]
    fn the_last_of_a_file_that_cannot_be_read_are_a_gap() {
        let file = |is_broken| Arc::new(File { is_broken });
        let chain = Chain { older: file(true), until: 10, newer: file(false) };
        let filter = Filter::all();
        let wanted = Wanted { filter: &filter, internal: true };
        for (count, first) in [(3, 8), (10, 1), (usize::MAX, 1)] {
            assert_eq!(chain.nth_last(count, 14, &wanted), Ok(Some(first)));
            let page = chain.read(first, &wanted, 5).unwrap();
            let Some(Delivery::Gap(gap)) = page.deliveries.first() else { panic!("{page:?}") };
            assert_eq!((gap.first, gap.last, gap.count), (first, 10, 11 - first));
            assert_eq!((gap.reason, page.through), (GapReason::Unreadable, 10));
        }
    }
}
