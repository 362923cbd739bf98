//! Replay, then live: a subscription that starts in the past reads history at its own pace, and joins the
//! live events without gap or duplicate.

use std::sync::Arc;

use super::core::Core;
use crate::cursor::Cursor;
use crate::delivery::{Delivery, Gap, GapReason};
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::filter::{Filter, Look};
use crate::options::{Start, SubscribeOptions};
use crate::subscriber::Subscriber;
use crate::subscription::inbox::Source;

/// How many events are read from history at a time.
const CHUNK: usize = 64;

impl Core {
    /// The first seq that a subscription wants to read from history; `None` when it begins live.
    ///
    /// # Errors
    /// `Invalid` where there is no history; `OutOfRange` where the position isn't kept.
    pub(crate) fn resolve(&self, filter: &Filter, options: &SubscribeOptions) -> Result<Option<u64>> {
        if options.start == Start::Live {
            return Ok(None);
        }
        let kept = {
            let order = self.order.lock();
            order.history.as_ref().map(|history| history.first().unwrap_or(order.seq + 1)..order.seq + 1)
        };
        if let Start::After(cursor) = &options.start {
            let last = kept.as_ref().map_or_else(|| self.order.lock().seq, |kept| kept.end - 1);
            let first = kept.as_ref().map_or(last + 1, |kept| kept.start);
            return self.after(cursor, first, last);
        }
        let Some(kept) = kept else {
            return Err(Error::invalid("the bus keeps no history").at_path("options.start").expecting(
                "Start::Live, or a bus made with BusOptions { history, .. } or with a store attached",
            ));
        };
        Ok(Some(match &options.start {
            Start::Last(count) => self.nth_last_match(filter, options.internal, *count, kept.end),
            Start::Since(time) => self.first_since(*time, kept.start),
            _ => kept.start,
        }))
    }

    fn after(&self, cursor: &Cursor, first: u64, last: u64) -> Result<Option<u64>> {
        let elsewhere = *cursor != self.beginning.at(cursor.seq());
        if elsewhere || cursor.seq() > last || cursor.seq() + 1 < first {
            let why = if elsewhere { "is of another bus or epoch" } else { "is not kept" };
            return Err(Error::new(ErrorKind::OutOfRange, format!("the position {cursor} {why}"))
                .at_path("options.start")
                .expecting(format!("one of this bus between {} and {last}", first.saturating_sub(1))));
        }
        Ok(Some(cursor.seq() + 1))
    }

    fn read(&self, seq: u64, count: usize) -> Vec<Event> {
        self.order.lock().history.as_ref().map_or_else(Vec::new, |history| history.read(seq, count))
    }

    fn nth_last_match(&self, filter: &Filter, internal: bool, count: usize, end: u64) -> u64 {
        let (mut at, mut missing) = (end, count);
        while missing > 0 && at > 1 {
            let from = at.saturating_sub(CHUNK as u64).max(1);
            let mut events = self.read(from, usize::try_from(at - from).unwrap_or(CHUNK));
            // What is kept may begin later than asked for.
            events.retain(|event| event.seq() < at);
            let Some(oldest) = events.first().map(Event::seq) else { break };
            for event in events.iter().rev().filter(|event| wants(filter, internal, event)) {
                missing -= 1;
                if missing == 0 {
                    return event.seq();
                }
            }
            at = oldest;
        }
        if missing == 0 { end } else { at }
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

    /// Reads a piece of history into the inbox, or joins the live events when there is no more.
    pub(crate) fn catch_up(self: &Arc<Self>, subscriber: &Arc<Subscriber>) {
        let mut order = self.order.lock();
        let mut inbox = subscriber.inbox.lock();
        let Source::Replay { mut next } = inbox.source else { return };
        let seq = order.seq;
        let first = order.history.as_ref().and_then(super::history::History::first).unwrap_or(seq + 1);
        if next < first {
            // How many of them the filter wanted, nobody knows any more.
            inbox.replay_gap(Gap {
                first: next,
                last: first - 1,
                count: first - next,
                reason: GapReason::Retention,
            });
            next = first;
            inbox.source = Source::Replay { next };
        }
        let events = order.history.as_ref().map_or_else(Vec::new, |history| history.read(next, CHUNK));
        let Some(last) = events.last().map(Event::seq) else {
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
        let matching: Vec<_> = events
            .into_iter()
            .filter(|event| wants(&subscriber.filter, subscriber.internal, event))
            .collect();
        let mut inbox = subscriber.inbox.lock();
        // Another worker of the same handler may have read the same piece meanwhile.
        if let Source::Replay { next: place } = &mut inbox.source
            && *place == next
        {
            *place = last + 1;
            inbox.books.matched += matching.len() as u64;
            inbox.replayed.extend(matching.into_iter().map(Delivery::Event));
        }
    }
}

fn wants(filter: &Filter, internal: bool, event: &Event) -> bool {
    (internal || !event.internal()) && filter.matches_with(event, &mut Look::default())
}
