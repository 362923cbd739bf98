//! A queue of one subscription's own, for everything that a shared tape can't do: refusing the newest,
//! making publishers wait, one order per key, `once`, notices that spare their subject.
//!
//! Publishers add to it under the bus's order lock; consumers take from it. Its own lock is the inbox's.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::reader::{Bounds, merge};
use super::waiting::{Ticket, Verdict};
use crate::delivery::{Delivery, Gap, GapReason};
use crate::event::Event;
use crate::options::WhenFull;

/// An event that waits, with the loss before it.
struct Item {
    gap: Option<Gap>,
    event: Event,
    key: Option<Arc<str>>,
}

/// An event whose publisher waits for room, behind all that is queued.
struct Waiter {
    item: Item,
    ticket: Arc<Ticket>,
}

/// How an offered event fared.
pub(crate) enum Offer {
    /// Queued; that many older ones made room.
    Queued { evicted: u64 },
    /// Dropped, for the reason told in the gap.
    Dropped(GapReason),
    /// Its publisher has to wait on the ticket.
    Waiting(Arc<Ticket>),
}

/// Whether and how a publisher may wait for room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Up to the subscription's `max_wait`.
    Wait,
    /// Not at all, for this reason.
    Refuse(GapReason),
}

/// A bounded queue with a policy.
pub(crate) struct Queue {
    when_full: WhenFull,
    max_wait: Duration,
    items: VecDeque<Item>,
    /// What was lost behind everything that is queued or waits.
    tail_gap: Option<Gap>,
    bytes: u64,
    waiting: VecDeque<Waiter>,
    /// Since when it has been full without anything being taken.
    full_since: Option<Instant>,
    /// How many queued events each key has; only keyed subscriptions use it.
    keys: HashMap<Arc<str>, u64>,
    /// Keys whose call has begun and not ended.
    busy: HashSet<Arc<str>>,
}

impl Queue {
    pub(crate) fn new(when_full: WhenFull, max_wait: Duration) -> Self {
        Self {
            when_full,
            max_wait,
            items: VecDeque::new(),
            tail_gap: None,
            bytes: 0,
            waiting: VecDeque::new(),
            full_since: None,
            keys: HashMap::new(),
            busy: HashSet::new(),
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.items.len() as u64
    }

    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.len() as u64
    }

    /// Whether there is nothing to take, not even a gap.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.tail_gap.is_none()
    }

    /// Whether something can be taken whose key is not being served.
    pub(crate) fn has_takeable(&self) -> bool {
        if self.items.is_empty() {
            return self.tail_gap.is_some();
        }
        self.busy.is_empty() || self.items.iter().any(|item| !self.is_busy(item))
    }

    fn is_busy(&self, item: &Item) -> bool {
        item.key.as_ref().is_some_and(|key| self.busy.contains(key))
    }

    fn has_room(&self, size: u64, bounds: Bounds) -> bool {
        self.first_in_line(bounds).is_none() && self.fits(size, bounds)
    }

    fn fits(&self, size: u64, bounds: Bounds) -> bool {
        self.len() < bounds.events && self.bytes + size <= bounds.bytes
    }

    /// Who is next to be given room: those who wait for a busy key keep nobody else from it.
    fn first_in_line(&self, bounds: Bounds) -> Option<usize> {
        self.waiting.iter().position(|waiter| !self.is_crowded(waiter.item.key.as_ref(), bounds))
    }

    /// Whether a publisher would have to wait here now.
    pub(crate) fn would_block(&self, event: &Event, key: Option<&Arc<str>>, bounds: Bounds) -> bool {
        let fits = !self.is_crowded(key, bounds) && self.has_room(event.size() as u64, bounds);
        self.when_full == WhenFull::Block && !self.is_stalled() && !fits
    }

    /// Whether it has been full for `max_wait` without anything being taken.
    fn is_stalled(&self) -> bool {
        self.stalled_for().is_some()
    }

    /// How long that is by now, if it is.
    pub(crate) fn stalled_for(&self) -> Option<Duration> {
        self.full_since.map(|since| since.elapsed()).filter(|waited| *waited >= self.max_wait)
    }

    /// Takes an event in, or not, by the policy.
    pub(crate) fn offer(
        &mut self,
        event: Event,
        key: Option<Arc<str>>,
        bounds: Bounds,
        patience: Patience,
    ) -> Offer {
        let size = event.size() as u64;
        // All or nothing was decided a moment ago: if a worker has begun with the key since, there is room all the same.
        // Who takes nothing any more was passed over then.
        let is_due = self.when_full == WhenFull::Block
            && patience == Patience::Refuse(GapReason::Stalled)
            && !self.is_stalled();
        let crowded = self.is_crowded(key.as_ref(), bounds) && !is_due;
        if !crowded && self.has_room(size, bounds) {
            self.append(event, key);
            self.note_fullness(bounds);
            return Offer::Queued { evicted: 0 };
        }
        match self.when_full {
            WhenFull::DropOldest => {
                let mut evicted = 0;
                if crowded && let Some(place) = self.items.iter().position(|item| item.key == key) {
                    self.drop_at(place, GapReason::Full);
                    evicted += 1;
                }
                while !self.has_room(size, bounds) && !self.items.is_empty() {
                    self.drop_at(0, GapReason::Full);
                    evicted += 1;
                }
                self.append(event, key);
                Offer::Queued { evicted }
            }
            WhenFull::DropNewest => {
                self.refuse(event.seq(), GapReason::Full);
                Offer::Dropped(GapReason::Full)
            }
            WhenFull::Block => {
                // Also where it is the bytes that don't fit, or the key that is crowded.
                self.full_since.get_or_insert_with(Instant::now);
                let refused = match patience {
                    _ if self.is_stalled() => Some(GapReason::Stalled),
                    Patience::Refuse(reason) => Some(reason),
                    Patience::Wait => None,
                };
                match refused {
                    Some(reason) => {
                        self.refuse(event.seq(), reason);
                        Offer::Dropped(reason)
                    }
                    None => {
                        let ticket = Ticket::new(Instant::now() + self.max_wait);
                        let item = Item { gap: self.tail_gap.take(), event, key };
                        self.waiting.push_back(Waiter { item, ticket: ticket.clone() });
                        Offer::Waiting(ticket)
                    }
                }
            }
        }
    }

    fn append(&mut self, event: Event, key: Option<Arc<str>>) {
        let gap = self.tail_gap.take();
        self.enqueue(Item { gap, event, key });
    }

    fn enqueue(&mut self, item: Item) {
        self.bytes += item.event.size() as u64;
        if let Some(key) = &item.key {
            *self.keys.entry(key.clone()).or_default() += 1;
        }
        self.items.push_back(item);
    }

    /// Remembers since when it has been full.
    fn note_fullness(&mut self, bounds: Bounds) {
        if self.waiting.is_empty() && self.fits(1, bounds) {
            self.full_since = None;
        } else if self.when_full == WhenFull::Block {
            self.full_since.get_or_insert_with(Instant::now);
        }
    }

    /// A key that is being served may hold at most half the buffer.
    fn is_crowded(&self, key: Option<&Arc<str>>, bounds: Bounds) -> bool {
        key.filter(|key| self.busy.contains(*key))
            .and_then(|key| self.keys.get(key))
            .is_some_and(|held| *held >= (bounds.events / 2).max(1))
    }

    /// Books an event as lost behind all others.
    fn refuse(&mut self, seq: u64, reason: GapReason) {
        self.tail_gap = Some(merge(self.tail_gap, Gap { first: seq, last: seq, count: 1, reason }));
    }

    fn drop_at(&mut self, place: usize, reason: GapReason) {
        let Some(Item { gap, event, key }) = self.items.remove(place) else { return };
        self.bytes -= event.size() as u64;
        self.release(key.as_ref());
        let lost = merge(gap, Gap { first: event.seq(), last: event.seq(), count: 1, reason });
        let behind = match (self.items.get_mut(place), self.waiting.front_mut()) {
            (Some(item), _) => &mut item.gap,
            (None, Some(waiter)) => &mut waiter.item.gap,
            (None, None) => &mut self.tail_gap,
        };
        *behind = Some(behind.map_or(lost, |later| merge(Some(lost), later)));
    }

    fn release(&mut self, key: Option<&Arc<str>>) {
        if let Some(key) = key
            && let Some(held) = self.keys.get_mut(key)
        {
            *held -= 1;
            if *held == 0 {
                self.keys.remove(key);
            }
        }
    }

    /// Seq of the next item.
    pub(crate) fn peek_seq(&self) -> Option<u64> {
        match self.items.front() {
            Some(item) => Some(item.gap.map_or(item.event.seq(), |gap| gap.first)),
            None => self.tail_gap.map(|gap| gap.first),
        }
    }

    /// Takes the next item whose key is not being served; an event's key is being served from then on,
    /// until [`Queue::served`]. Publishers that now have room are in `admitted`.
    pub(crate) fn take(
        &mut self,
        bounds: Bounds,
        admitted: &mut Vec<Arc<Ticket>>,
    ) -> Option<(Delivery, Option<Arc<str>>)> {
        let Some(place) = self.items.iter().position(|item| !self.is_busy(item)) else {
            let gap = if self.items.is_empty() { self.tail_gap.take() } else { None };
            return gap.map(|gap| (Delivery::Gap(gap), None));
        };
        if let Some(gap) = self.items.get_mut(place).and_then(|item| item.gap.take()) {
            return Some((Delivery::Gap(gap), None));
        }
        let Item { event, key, .. } = self.items.remove(place)?;
        self.bytes -= event.size() as u64;
        self.release(key.as_ref());
        self.busy.extend(key.clone());
        self.full_since = None;
        self.admit(bounds, admitted);
        Some((Delivery::Event(event), key))
    }

    /// The key's call has ended.
    pub(crate) fn served(&mut self, key: Option<&Arc<str>>) {
        if let Some(key) = key {
            self.busy.remove(key);
        }
    }

    /// Gives the room that there is to those who wait for it, in `seq` order (per key).
    pub(crate) fn admit(&mut self, bounds: Bounds, admitted: &mut Vec<Arc<Ticket>>) {
        while let Some(place) = self.first_in_line(bounds) {
            let size = self.waiting.get(place).map(|waiter| waiter.item.event.size() as u64);
            if !size.is_some_and(|size| self.fits(size, bounds)) {
                break;
            }
            if let Some(Waiter { item, ticket }) = self.waiting.remove(place) {
                ticket.settle(Verdict::Admitted);
                self.enqueue(item);
                admitted.push(ticket);
            }
        }
        self.note_fullness(bounds);
    }

    /// Ends the wait of one publisher by dropping its event here; false when it already had room.
    pub(crate) fn give_up(&mut self, ticket: &Arc<Ticket>, reason: GapReason) -> bool {
        let Some(place) = self.waiting.iter().position(|waiter| Arc::ptr_eq(&waiter.ticket, ticket)) else {
            return false;
        };
        self.lose_waiter(place, reason);
        true
    }

    fn lose_waiter(&mut self, place: usize, reason: GapReason) -> Option<Arc<Ticket>> {
        let Waiter { item, ticket } = self.waiting.remove(place)?;
        ticket.settle(Verdict::Dropped);
        let seq = item.event.seq();
        let lost = merge(item.gap, Gap { first: seq, last: seq, count: 1, reason });
        let behind = match self.waiting.get_mut(place) {
            Some(waiter) => &mut waiter.item.gap,
            None => &mut self.tail_gap,
        };
        *behind = Some(behind.map_or(lost, |later| merge(Some(lost), later)));
        Some(ticket)
    }

    /// Drops from the newest (or the oldest, by policy) what a smaller bound no longer allows.
    pub(crate) fn shrink(&mut self, bounds: Bounds) -> u64 {
        let mut dropped = 0;
        while self.len() > bounds.events || self.bytes > bounds.bytes {
            let newest = self.items.len() - 1;
            self.drop_at(if self.when_full == WhenFull::DropOldest { 0 } else { newest }, GapReason::Resized);
            dropped += 1;
        }
        dropped
    }

    /// Drops the events of everyone who waits: nobody waits past a close.
    pub(crate) fn release_waiting(&mut self, reason: GapReason, released: &mut Vec<Arc<Ticket>>) -> u64 {
        let before = released.len();
        released.extend(std::iter::from_fn(|| self.lose_waiter(0, reason)));
        (released.len() - before) as u64
    }
}

#[cfg(all(test, not(feature = "loom")))]
mod tests {
    use super::*;
    use crate::kind::Kind;

    #[test]
    fn a_busy_key_of_one_that_is_stalled_holds_at_most_half_the_buffer_whoever_publishes() {
        let bounds = Bounds { events: 4, bytes: 1 << 24 };
        let mut queue = Queue::new(WhenFull::Block, Duration::ZERO);
        let key: Option<Arc<str>> = Some("a".into());
        let event = |seq| Event::builder(Kind::parse("a.b").unwrap()).build().unwrap().sequenced(seq);
        for seq in 1..=3 {
            assert!(matches!(
                queue.offer(event(seq), key.clone(), bounds, Patience::Wait),
                Offer::Queued { .. }
            ));
        }
        assert!(queue.take(bounds, &mut Vec::new()).is_some());
        let all_or_nothing = Patience::Refuse(GapReason::Stalled);
        for (seq, patience) in [(4, Patience::Wait), (5, all_or_nothing)] {
            let offer = queue.offer(event(seq), key.clone(), bounds, patience);
            assert!(matches!(offer, Offer::Dropped(GapReason::Stalled)), "{seq}");
            assert!(!queue.would_block(&event(seq), key.as_ref(), bounds));
        }
    }

    #[test]
    fn who_was_told_that_there_is_room_has_it_though_a_worker_begins_with_the_key_meanwhile() {
        let bounds = Bounds { events: 4, bytes: 1 << 24 };
        let mut queue = Queue::new(WhenFull::Block, Duration::from_secs(600));
        let key: Option<Arc<str>> = Some("a".into());
        let event = |seq| Event::builder(Kind::parse("a.b").unwrap()).build().unwrap().sequenced(seq);
        for seq in 1..=3 {
            let offer = queue.offer(event(seq), key.clone(), bounds, Patience::Wait);
            assert!(matches!(offer, Offer::Queued { evicted: 0 }));
        }
        assert!(!queue.would_block(&event(4), key.as_ref(), bounds));
        assert!(queue.take(bounds, &mut Vec::new()).is_some());
        let offer = queue.offer(event(4), key.clone(), bounds, Patience::Refuse(GapReason::Stalled));
        assert!(matches!(offer, Offer::Queued { evicted: 0 }));
        assert!(queue.would_block(&event(5), key.as_ref(), bounds));
    }
}
