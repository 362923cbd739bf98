//! Events that a consumer was given and has yet to say the outcome of.
//!
//! A language binding takes many events at once and calls its handlers with them one by one, perhaps later: they
//! are in flight until it confirms them, in the order of taking.

use std::collections::VecDeque;

use super::inbox::{Entry, Inbox};
use super::pull::Subscription;
use super::tally::Outcome;
use crate::event::Event;

/// What one event in hand stands for.
struct Held {
    events: u64,
    first_seq: u64,
}

/// The events in hand, oldest first.
#[derive(Default)]
pub(crate) struct InHand(VecDeque<Held>);

impl InHand {
    pub(super) fn hold(&mut self, event: &Event, events: u64) {
        let merged = event.merged().filter(|_| events > 1);
        let first_seq = merged.map_or(event.seq(), |merged| merged.first_seq);
        self.0.push_back(Held { events, first_seq });
    }

    /// Seq of the first event that has no outcome yet.
    fn first_seq(&self) -> Option<u64> {
        self.0.front().map(|held| held.first_seq)
    }

    /// Takes so many events out; says how many they were before they were merged.
    fn release(&mut self, items: usize) -> u64 {
        let items = items.min(self.0.len());
        self.0.drain(..items).map(|held| held.events).sum()
    }
}

impl Subscription {
    /// The same subscription, whose events stay in flight until [`Subscription::confirm`] says how each ended.
    ///
    /// ```
    /// use newswire::{Bus, Event, Kind, Outcome};
    ///
    /// let bus = Bus::new();
    /// let mut deploys = bus.subscribe("deploy.*")?.confirming();
    /// bus.publish(Event::builder(Kind::parse("deploy.finished")?).build()?)?;
    /// assert!(deploys.try_next()?.is_some());
    /// assert_eq!(deploys.stats().books.in_flight, 1);
    /// deploys.confirm(1, Outcome::Failed);
    /// assert_eq!(deploys.stats().books.failed, 1);
    /// # Ok::<(), newswire::Error>(())
    /// ```
    #[must_use]
    pub fn confirming(self) -> Self {
        self.subscriber().inbox.lock().in_hand.get_or_insert_default();
        self
    }
}

impl Inbox {
    /// An event is handed to whoever pulls, and handled by that, unless he says so himself.
    pub(super) fn give(&mut self, event: &Event, entry: &Entry) {
        match &mut self.in_hand {
            Some(held) => held.hold(event, entry.events),
            None => self.settle(entry, Outcome::Handled),
        }
    }

    pub(super) fn confirm(&mut self, items: usize, outcome: Outcome) -> usize {
        let Some(held) = &mut self.in_hand else { return 0 };
        let before = held.0.len();
        let events = held.release(items);
        let confirmed = before - held.0.len();
        self.books.settle(events, outcome);
        confirmed
    }

    /// The seq up to which all has been delivered.
    pub(super) fn delivered_up_to(&self) -> u64 {
        let first = self.in_hand.as_ref().and_then(InHand::first_seq);
        first.map_or(self.delivered, |first| first.saturating_sub(1).min(self.delivered))
    }
}
