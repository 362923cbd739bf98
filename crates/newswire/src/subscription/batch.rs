//! Taking many items at once: the lock is taken, and the publishers' position read, once for all.

use std::sync::Arc;

use super::inbox::{Inbox, Source};
use super::pull::{Subscription, ended};
use super::reader::Run;
use super::tally::Outcome;
use crate::delivery::{Delivery, GapReason};
use crate::error::Result;
use crate::event::Event;
use crate::handler::service::admit;
use crate::subscriber::Subscriber;

impl Subscription {
    /// Waits for at least one item, then takes what is there into `into`, at most `max`; says how many.
    /// 0 means that the bus has closed and all has been read.
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
            if let Some(mut showing) = Showing::begin(&self.subscriber, max - seen) {
                seen += showing.run.len();
                for event in showing.run.iter() {
                    showing.seen += 1;
                    each(Delivery::Event(event));
                }
            } else if let Some(item) = self.take_wanted() {
                seen += 1;
                each(item.as_ref());
            } else {
                break;
            }
        }
        self.unless_over(seen, max)
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
            let before = into.len();
            into.extend(std::iter::from_fn(|| self.take_wanted()).take(max));
            return into.len() - before;
        }
        let mut admitted = Vec::new();
        let mut inbox = self.subscriber.inbox.lock();
        let mut taken = 0;
        while taken < max {
            if let Some(run) = inbox.take_run(max - taken) {
                inbox.books.settle(run.len() as u64, Outcome::Handled);
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

impl Inbox {
    /// Takes a run of events off a tape at once, in flight from then on; `None` where there is none, or
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
        self.books.in_flight += run.len() as u64;
        self.delivered = run.last_seq();
        self.see_whether_well();
        Some(run)
    }
}

/// A run that is being shown: booked when that is over, however it ends.
struct Showing<'a> {
    subscriber: &'a Arc<Subscriber>,
    run: Run,
    seen: u64,
}

impl<'a> Showing<'a> {
    fn begin(subscriber: &'a Arc<Subscriber>, max: usize) -> Option<Self> {
        if subscriber.predicate.is_some() {
            return None;
        }
        let mut inbox = subscriber.inbox.lock();
        let run = inbox.take_run(max)?;
        let untold = inbox.untold();
        drop(inbox);
        subscriber.announce(untold);
        Some(Self { subscriber, run, seen: 0 })
    }
}

impl Drop for Showing<'_> {
    fn drop(&mut self) {
        let mut inbox = self.subscriber.inbox.lock();
        inbox.books.settle(self.seen, Outcome::Handled);
        inbox.books.settle(self.run.len() as u64 - self.seen, Outcome::Discarded);
    }
}
