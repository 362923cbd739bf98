//! Taking many items at once: the lock is taken, and the publishers' position read, once for all.

use super::inbox::{Inbox, Source};
use super::pull::{Found, Subscription, ended};
use super::reader::Run;
use crate::delivery::{Delivery, GapReason};
use crate::error::Result;
use crate::event::Event;
use crate::handler::service::admit;
use crate::subscriber::Subscriber;

/// How many items are taken before they are shown, where they have to be copied.
const AT_A_TIME: usize = 64;

impl Subscription {
    /// Waits for at least one item, then takes what is there into `into`, at most `max`; says how many.
    /// 0 means that the bus has closed and all has been read; on a loop thread, where nothing waits, also that
    /// nothing has come.
    pub fn next_batch(&mut self, into: &mut Vec<Delivery>, max: usize) -> usize {
        let taken = self.take_batch(into, max);
        if taken > 0 || max == 0 {
            return taken;
        }
        match self.wait(None) {
            Ok(delivery) => {
                into.push(delivery);
                1 + self.take_batch(into, max - 1)
            }
            Err(_) => 0,
        }
    }

    /// Takes what is there now into `into`, at most `max`; says how many.
    ///
    /// # Errors
    /// `Closed` when the bus has closed and all has been read.
    pub fn try_next_batch(&mut self, into: &mut Vec<Delivery>, max: usize) -> Result<usize> {
        let taken = self.take_batch(into, max);
        self.unless_over(taken, max)
    }

    /// Shows what is there now to `each`, at most `max` items, and says how many; the cheapest way to keep
    /// up, as nothing is copied: the events are lent, and can be cloned by whoever wants to keep one.
    ///
    /// Should `each` panic, what it has not seen counts as discarded.
    ///
    /// # Errors
    /// `Closed` when the bus has closed and all has been read.
    ///
    /// ```
    /// use newswire::{Bus, Delivery, Event, Kind};
    ///
    /// let bus = Bus::new();
    /// let mut deploys = bus.subscribe("deploy.*")?;
    /// bus.publish(Event::builder(Kind::parse("deploy.finished")?).build()?)?;
    /// let mut kinds = Vec::new();
    /// let seen = deploys.visit(64, |item| match item {
    ///     Delivery::Event(event) => kinds.push(event.kind().to_string()),
    ///     Delivery::Gap(gap) => eprintln!("{} events are missing", gap.count),
    /// })?;
    /// assert_eq!((seen, kinds), (1, vec!["deploy.finished".to_owned()]));
    /// # Ok::<(), newswire::Error>(())
    /// ```
    pub fn visit(&mut self, max: usize, mut each: impl FnMut(Delivery<&Event>)) -> Result<usize> {
        let mut seen = 0;
        while seen < max {
            let before = seen;
            if let Some(run) = self.take_run(max - seen) {
                seen += run.len();
                self.show(run.iter().map(Delivery::Event), &mut each);
            }
            if seen == before {
                let mut taken = Vec::new();
                seen += self.take_batch(&mut taken, (max - seen).min(AT_A_TIME));
                self.show(taken.iter().map(Delivery::as_ref), &mut each);
            }
            if seen == before {
                break;
            }
        }
        self.unless_over(seen, max)
    }

    /// Shows items that are booked as handled; those that `each` doesn't come to see, as it panics, become
    /// discarded ones.
    fn show<'a>(
        &'a self,
        items: impl Iterator<Item = Delivery<&'a Event>>,
        each: &mut impl FnMut(Delivery<&Event>),
    ) {
        let mut unseen = Unseen { subscriber: &self.subscriber, items };
        for item in unseen.items.by_ref() {
            each(item);
        }
    }

    /// Takes a run of events that needs nothing done to it, handled from then on.
    fn take_run(&self, max: usize) -> Option<Run> {
        if self.subscriber.predicate.is_some() {
            return None;
        }
        let mut inbox = self.subscriber.inbox.lock();
        let run = inbox.take_run(max)?;
        let untold = inbox.untold();
        drop(inbox);
        self.subscriber.announce(untold);
        Some(run)
    }

    fn unless_over(&self, taken: usize, max: usize) -> Result<usize> {
        if taken == 0 && max > 0 && self.is_over() { Err(ended()) } else { Ok(taken) }
    }

    /// Takes what is there, under one lock where no predicate has to be asked.
    fn take_batch(&mut self, into: &mut Vec<Delivery>, max: usize) -> usize {
        let one_by_one = self.subscriber.predicate.is_some() || {
            let inbox = self.subscriber.inbox.lock();
            // Where chunks are merged, payloads may have to be serialised between two steps.
            inbox.is_behind() || inbox.coalescer.is_some()
        };
        if one_by_one {
            return self.take_singly(into, max, true);
        }
        let mut admitted = Vec::new();
        let mut inbox = self.subscriber.inbox.lock();
        let mut taken = 0;
        while taken < max {
            if let Some(run) = inbox.take_run(max - taken) {
                into.extend(run.iter().cloned().map(Delivery::Event));
                taken += run.len();
            }
            if taken < max {
                let Some(item) = self.take_one(&mut inbox, &mut admitted) else { break };
                into.push(item.delivery);
                taken += 1;
            }
        }
        let untold = inbox.untold();
        drop(inbox);
        self.subscriber.announce(untold);
        if !admitted.is_empty() {
            admit(admitted);
        }
        taken
    }
}

impl Subscription {
    /// As [`Subscription::try_next_batch`], but leaves what has to be read from a store.
    pub(super) fn take_read(&mut self, into: &mut Vec<Delivery>, max: usize) -> Result<usize> {
        let is_behind = self.subscriber.inbox.lock().is_behind();
        let taken = if is_behind { self.take_singly(into, max, false) } else { self.take_batch(into, max) };
        self.unless_over(taken, max)
    }

    /// Takes one by one, with at most one page of a store, where that may be read: the events of a page may be large.
    fn take_singly(&mut self, into: &mut Vec<Delivery>, max: usize, may_read: bool) -> usize {
        let before = into.len();
        while into.len() - before < max {
            match self.look() {
                Found::Item(delivery) => into.push(delivery),
                Found::Behind
                    if (!may_read || into.len() > before) && self.core.reads_store(&self.subscriber) =>
                {
                    break;
                }
                Found::Behind => self.core.catch_up(&self.subscriber),
                Found::Nothing => break,
            }
        }
        into.len() - before
    }
}

impl Inbox {
    /// Takes a run of events off a tape at once, handled from then on; `None` where there is none, or
    /// something other than an event comes next.
    fn take_run(&mut self, max: usize) -> Option<Run> {
        let Source::Tape(reader) = &mut self.source else { return None };
        if self.paused || !self.replayed.is_empty() || self.coalescer.is_some() {
            return None;
        }
        let (run, dropped) = reader.take_run(self.bounds, max);
        let reason = reader.gap.map_or(GapReason::Full, |gap| gap.reason);
        self.lose(dropped, reason);
        let run = run?;
        match &mut self.in_hand {
            Some(held) => {
                self.books.in_flight += run.len() as u64;
                run.iter().for_each(|event| held.hold(event, 1));
            }
            None => self.books.handled += run.len() as u64,
        }
        self.delivered = run.last_seq();
        self.see_whether_well();
        Some(run)
    }
}

/// What of some items has not been shown yet.
struct Unseen<'s, I: Iterator<Item = Delivery<&'s Event>>> {
    subscriber: &'s Subscriber,
    items: I,
}

impl<'s, I: Iterator<Item = Delivery<&'s Event>>> Drop for Unseen<'s, I> {
    fn drop(&mut self) {
        let unseen: Vec<&Event> = self.items.by_ref().filter_map(Delivery::event).collect();
        if unseen.is_empty() {
            return;
        }
        let mut inbox = self.subscriber.inbox.lock();
        if inbox.in_hand.is_some() {
            return;
        }
        // What an event says it was merged of may be what another bus merged; here it was one then.
        let merges = inbox.coalescer.is_some();
        let chunks = |event: &&Event| event.merged().filter(|_| merges).map_or(1, |merged| merged.count);
        let events = unseen.iter().map(chunks).fold(0, u64::saturating_add);
        inbox.books.take_back(events);
    }
}
