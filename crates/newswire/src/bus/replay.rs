//! Replay, then live: a subscription that starts in the past reads history at its own pace, and joins the
//! live events without gap or duplicate.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::core::Core;
use super::history::History;
use crate::cursor::Cursor;
use crate::delivery::{Delivery, Gap, GapReason};
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::filter::{Filter, Look};
use crate::options::SubscribeOptions;
use crate::start::Start;
use crate::store::{Past, Wanted};
use crate::subscriber::Subscriber;
use crate::subscription::inbox::Source;

/// How many events are read from history at a time.
const CHUNK: usize = 64;
/// How many are read from a store at a time.
const PAGE: usize = 512;

impl Core {
    /// The first seq that a subscription wants to read from the past; `None` when it begins live.
    ///
    /// # Errors
    /// `Invalid` where there is no history; `OutOfRange` where the position isn't kept; what a store says that
    /// can't be read.
    pub(crate) fn resolve(&self, filter: &Filter, options: &SubscribeOptions) -> Result<Option<u64>> {
        if options.start == Start::Live {
            return Ok(None);
        }
        let (in_memory, end, past, beginning) = {
            let order = self.order.lock();
            let beginning = self.beginning.lock().clone();
            (order.history.as_ref().map(History::first), order.seq + 1, order.past.clone(), beginning)
        };
        let stored = past.as_ref().map(|past| past.first()).transpose()?.flatten();
        let first = in_memory.into_iter().chain(stored).min();
        if let Start::After(cursor) = &options.start {
            return after(cursor, &beginning, first.unwrap_or(end)..end, past.as_deref());
        }
        let (Some(first), Some(in_memory)) = (first, in_memory) else {
            return Err(Error::invalid("the bus keeps no history")
                .at_path("options.start")
                .expecting("live, or a bus that was made with history or has a store attached"));
        };
        let wanted = Wanted { filter, internal: options.internal };
        Ok(Some(match &options.start {
            Start::Last(count) => self.nth_last_match(wanted, *count, in_memory..end, past.as_deref())?,
            Start::Since(time) => match past.map(|past| past.since(*time)).transpose()?.flatten() {
                Some(seq) if seq < in_memory => seq,
                // Memory may have what the store was never given.
                seq => self.first_since(*time, in_memory).min(seq.unwrap_or(u64::MAX)),
            },
            _ => first,
        }))
    }

    fn read(&self, seq: u64, count: usize) -> Vec<Event> {
        let read =
            self.order.lock().history.as_ref().map_or_else(Vec::new, |history| history.read(seq, count));
        read.into_iter().filter_map(Delivery::event).collect()
    }

    fn nth_last_match(
        &self,
        wanted: Wanted<'_>,
        count: usize,
        in_memory: Range<u64>,
        past: Option<&dyn Past>,
    ) -> Result<u64> {
        let (mut at, mut missing) = (in_memory.end, count);
        while missing > 0 && at > in_memory.start {
            let from = at.saturating_sub(CHUNK as u64).max(in_memory.start);
            let mut events = self.read(from, usize::try_from(at - from).unwrap_or(CHUNK));
            // What is kept may begin later than asked for.
            events.retain(|event| event.seq() < at);
            for event in events.iter().rev().filter(|event| wants(wanted, event)) {
                missing -= 1;
                if missing == 0 {
                    return Ok(event.seq());
                }
            }
            at = from;
        }
        if missing == 0 {
            return Ok(in_memory.end);
        }
        Ok(past.map(|past| past.nth_last(missing, at, &wanted)).transpose()?.flatten().unwrap_or(at))
    }

    fn first_since(&self, time: i64, start: u64) -> u64 {
        let mut at = start;
        loop {
            let events = self.read(at, CHUNK);
            let Some(last) = events.last().map(Event::seq) else { return at };
            if let Some(event) = events.iter().find(|event| event.time_ns() >= time) {
                return event.seq();
            }
            at = last + 1;
        }
    }

    /// Whether the next piece of the past has to come from a store: reading may take as long as a disk does.
    pub(crate) fn reads_store(&self, subscriber: &Subscriber) -> bool {
        let order = self.order.lock();
        let first = order.history.as_ref().map_or(order.seq + 1, History::first);
        let inbox = subscriber.inbox.lock();
        order.past.is_some() && matches!(inbox.source, Source::Replay { next } if next < first)
    }

    /// Reads a piece of the past into the inbox, or joins the live events when there is no more.
    pub(crate) fn catch_up(self: &Arc<Self>, subscriber: &Arc<Subscriber>) {
        let mut order = self.order.lock();
        let mut inbox = subscriber.inbox.lock();
        let Source::Replay { next } = inbox.source else { return };
        let first = order.history.as_ref().map_or(order.seq + 1, History::first);
        if next < first {
            // How many of them the filter wanted, nobody knows any more.
            let lost = |reason| Gap { first: next, last: first - 1, count: first - next, reason };
            let Some(past) = order.past.clone() else {
                inbox.replay_gap(lost(GapReason::Retention));
                inbox.source = Source::Replay { next: first };
                return;
            };
            drop(inbox);
            drop(order);
            let wanted = Wanted { filter: &subscriber.filter, internal: subscriber.internal };
            // The store may be anybody's; one that panics costs no more than what it couldn't read.
            let read = match catch_unwind(AssertUnwindSafe(|| past.read(next, &wanted, PAGE))) {
                Ok(Ok(page)) if page.through >= next => (page.deliveries, page.through),
                Ok(Ok(_)) => (vec![Delivery::Gap(lost(GapReason::Retention))], first - 1),
                Ok(Err(_)) | Err(_) => (vec![Delivery::Gap(lost(GapReason::Unreadable))], first - 1),
            };
            return subscriber.replay(next, read.0, read.1);
        }
        let read = order.history.as_ref().map_or_else(Vec::new, |history| history.read(next, CHUNK));
        let Some(last) = read.last().map(Delivery::last_seq) else {
            let bounds = inbox.bounds;
            let source = match order.closed {
                true => Source::Nowhere,
                false => order.enter(subscriber, bounds, &self.interest),
            };
            inbox.go_live(source);
            return;
        };
        drop(inbox);
        drop(order);
        let wanted = Wanted { filter: &subscriber.filter, internal: subscriber.internal };
        let matching = read.into_iter().filter(|delivery| match delivery {
            Delivery::Event(event) => wants(wanted, event),
            Delivery::Gap(_) => true,
        });
        subscriber.replay(next, matching.collect(), last);
    }
}

/// Where a subscription resumes at a cursor, on a bus of which so much is kept.
fn after(
    cursor: &Cursor,
    beginning: &Cursor,
    kept: Range<u64>,
    past: Option<&dyn Past>,
) -> Result<Option<u64>> {
    let (seq, first, last) = (cursor.seq(), kept.start, kept.end - 1);
    let end = match past {
        _ if cursor.bus() != beginning.bus() => None,
        _ if cursor.epoch() == beginning.epoch() => Some(last),
        Some(past) => past.epoch_end(cursor.epoch())?,
        None => None,
    };
    let why = match end {
        None => "is of another bus or epoch",
        // What was seen there and not stored, a later epoch's events may have the seqs of.
        Some(end) if seq > end && end < last => "is past the end of what was stored of its epoch",
        Some(_) if seq <= last && seq + 1 >= first => return Ok(Some(seq + 1)),
        Some(_) => "is not kept",
    };
    Err(Error::new(ErrorKind::OutOfRange, format!("the position {cursor} {why}"))
        .at_path("options.start")
        .expecting(format!("one of this bus between {} and {last}", first.saturating_sub(1))))
}

impl Subscriber {
    /// Queues what was read from `from` up to `through`, unless another worker of the same handler has.
    fn replay(&self, from: u64, mut read: Vec<Delivery>, through: u64) {
        let mut inbox = self.inbox.lock();
        if let Source::Replay { next: place } = &mut inbox.source
            && *place == from
        {
            *place = through + 1;
            let is_event = |item: &Delivery| matches!(item, Delivery::Event(_));
            if self.once
                && self.predicate.is_none()
                && let Some(first) = read.iter().position(is_event)
            {
                // It is spent by its first match, wherever that comes from.
                read.truncate(first + 1);
                inbox.ended = true;
                inbox.source = Source::Nowhere;
            }
            inbox.books.matched += read.iter().filter(|item| is_event(item)).count() as u64;
            inbox.replayed.extend(read);
        }
    }
}

fn wants(wanted: Wanted<'_>, event: &Event) -> bool {
    (wanted.internal || !event.internal()) && wanted.filter.matches_with(event, &mut Look::default())
}
