//! The one place where events get their order: everything that the order lock protects.
//!
//! Between taking the `seq` and the event being visible stands nothing that can fail or run user code.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::ask::{Question, Questions};
use super::backlog::Told;
use super::history::History;
use super::interest::{Counts, Interest};
use super::route::{Route, Routes};
use crate::delivery::Published;
use crate::event::Event;
use crate::handler::inline;
use crate::kind::Kind;
use crate::store::Past;
use crate::store::receipt::Promise;
use crate::subscriber::Subscriber;
use crate::subscription::health::Change;
use crate::subscription::queue::{Offer, Patience};
use crate::subscription::tape::Tape;
use crate::subscription::waiting::Ticket;
use crate::sync::{AtomicU64, Ordering, Thread};

/// Counters of the whole bus.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) matched: u64,
    pub(crate) dropped: u64,
    pub(crate) blocked: u64,
}

/// Everything that the order lock protects.
pub(crate) struct Order {
    pub(crate) seq: u64,
    pub(crate) closed: bool,
    pub(crate) routes: Routes,
    pub(crate) counts: Counts,
    /// Consumers to be called, the last first.
    pub(crate) to_wake: Vec<Arc<Subscriber>>,
    pub(crate) history: Option<History>,
    /// Reads what a store has kept; stays when that is detached.
    pub(crate) past: Option<Arc<dyn Past>>,
    pub(crate) questions: Questions,
    pub(crate) totals: Totals,
    pub(crate) subscribers: BTreeMap<u64, Arc<Subscriber>>,
    /// Closed subscriptions, kept for the stats.
    pub(crate) retired: VecDeque<Arc<Subscriber>>,
    /// Places of the routes that the event at hand matches; kept to save the allocation.
    pub(crate) matched: Vec<usize>,
    shared_bytes: u64,
    pushed_bytes: u64,
    freed_bytes: Arc<AtomicU64>,
}

/// An inline handler that an event matched.
pub(crate) struct Called {
    pub(crate) subscriber: Arc<Subscriber>,
    /// Whether the event is in its queue; else there is a gap to tell, or its publisher waits for room.
    pub(crate) queued: bool,
}

/// What became of an event that went the short way; no more than what only the lock tells, since readers close behind
/// wait for it to be given back.
pub(crate) struct Straight {
    seq: u64,
    readers: u32,
    /// What history let go of; freed outside the lock.
    garbage: Option<Event>,
    /// The one inline handler that wants it.
    inline: Option<Arc<Subscriber>>,
}

impl Straight {
    /// What is left to be done once the lock is released.
    #[inline]
    pub(crate) fn see_through(self) -> Published {
        let Self { seq, readers, garbage, inline } = self;
        drop(garbage);
        let deferred = inline.map_or(0, |subscriber| inline::serve_one(seq, subscriber));
        Published {
            seq: Some(seq),
            matched: readers,
            delivered: readers - deferred,
            deferred,
            ..Published::default()
        }
    }
}

/// What became of an event, and what is left to be done once the lock is released.
#[derive(Default)]
pub(crate) struct Sent {
    pub(crate) published: Published,
    /// The subscription that the event is about: it doesn't get it.
    pub(crate) about: Option<u64>,
    /// Who is to be told when the event is durable.
    pub(crate) promise: Option<Arc<Promise>>,
    /// What history let go of; freed outside the lock.
    pub(crate) garbage: Option<Event>,
    /// Most events leave nothing: then nothing is allocated, or even looked at.
    pub(crate) todo: Option<Box<Todo>>,
}

/// What few events leave to be done.
#[derive(Default)]
pub(crate) struct Todo {
    /// Inline handlers to serve.
    pub(crate) inline: Vec<Called>,
    /// Full queues to wait for; the store's is nobody's.
    pub(crate) tickets: Vec<(Option<Arc<Subscriber>>, Arc<Ticket>)>,
    /// `once` subscriptions that this event spent.
    pub(crate) spent: Vec<Arc<Subscriber>>,
    /// What else history let go of.
    pub(crate) garbage: Vec<Event>,
    /// The question that this event answers.
    pub(crate) answered: Option<(Arc<Question>, Event)>,
    /// Subscriptions that have begun to lose events, or to stall.
    pub(crate) untold: Vec<(Arc<Subscriber>, Vec<Change>)>,
    /// The store's thread, which has to be called.
    pub(crate) keeper: Option<Thread>,
    /// Whom the store's queue has to tell of a loss.
    pub(crate) told: Vec<Told>,
}

impl Sent {
    /// The place for what is left to be done.
    #[cold]
    pub(crate) fn todo(&mut self) -> &mut Todo {
        self.todo.get_or_insert_default()
    }
}

impl Order {
    pub(crate) fn new(history: Option<History>, questions: Questions, shared_bytes: u64) -> Self {
        Self {
            seq: 0,
            closed: false,
            routes: Routes::default(),
            counts: Counts::new(),
            to_wake: Vec::new(),
            history,
            past: None,
            questions,
            totals: Totals::default(),
            subscribers: BTreeMap::new(),
            retired: VecDeque::new(),
            matched: Vec::new(),
            shared_bytes,
            pushed_bytes: 0,
            freed_bytes: Arc::new(AtomicU64::new(0)),
        }
    }

    /// Whether a store is attached.
    pub(crate) fn is_kept(&self) -> bool {
        self.history.as_ref().is_some_and(History::is_kept)
    }

    /// An empty tape on this bus's budget.
    pub(crate) fn new_tape(&self) -> Tape {
        Tape::new(self.freed_bytes.clone())
    }

    /// Makes the kind's table, and corrects the interest that was kept before its name was known.
    pub(crate) fn learn(&mut self, kind: &Kind, interest: &Interest) {
        if !self.routes.learn(kind) || !kind.is_interned() {
            return;
        }
        let slot = kind.slot();
        let mut surplus = [0; super::interest::WORDS];
        if let Some(word) = surplus.get_mut(slot / 64) {
            *word = 1 << (slot % 64);
        }
        for route in self.routes.iter_mut() {
            if !route.filter.admits_kind(kind) && super::interest::clear(&mut route.bits, slot) {
                self.counts.remove(&surplus, interest);
            }
        }
    }

    /// Finds the routes that match, filters evaluated here and now.
    pub(crate) fn match_under_lock(&mut self, event: &Event, interest: &Interest) {
        self.learn(event.kind(), interest);
        let mut ask = Vec::new();
        self.matched.clear();
        self.routes.find_matches(event, &mut self.matched, &mut ask);
        super::route::evaluate(event, &ask, &mut self.matched);
    }

    /// What is full, if a publisher of `event` would have to wait for the store or one of the matched routes.
    pub(crate) fn would_block(&mut self, event: &Event) -> Option<&'static str> {
        let Self { matched, routes, history, .. } = self;
        let backlog = history.as_mut().and_then(History::backlog);
        if backlog.is_some_and(|backlog| backlog.would_block(event.size())) {
            return Some("the queue of the store is full");
        }
        let is_full = matched.iter().any(|place| {
            routes.get_mut(*place).is_some_and(|route| {
                (route.internal || !event.internal())
                    && route.own.iter().any(|subscriber| {
                        let key = subscriber.key_of(event);
                        subscriber.inbox.lock().would_block(event, key.as_ref())
                    })
            })
        });
        is_full.then_some("the queue of a subscription that blocks is full")
    }

    /// The short way of an event that is wanted by the readers of one tape and nobody else, all of them
    /// awake, one inline handler at most, where the tape has room in its segment: [`Order::commit`] without the
    /// questions whose answers are known. Gives the event back where they aren't.
    #[inline]
    pub(crate) fn commit_straight(&mut self, event: Event) -> Result<Straight, Event> {
        let (internal, size) = (event.internal(), event.size());
        let fits = self.history.as_ref().is_none_or(|history| history.needs_one_place(size));
        if self.closed || internal || !fits || self.questions.any() {
            return Err(event);
        }
        let Some(route) = self.routes.only_match(&event) else { return Err(event) };
        if !(route.own.is_empty() && route.inline.len() <= 1 && route.sleepers.is_empty()) {
            return Err(event);
        }
        let Some(tape) = route.tape.as_mut().filter(|tape| tape.has_room()) else { return Err(event) };
        self.seq += 1;
        let event = event.sequenced(self.seq);
        let garbage = self.history.as_mut().and_then(|history| history.push(event.clone()));
        tape.push(event);
        self.pushed_bytes += size as u64;
        self.totals.matched += u64::from(route.readers);
        Ok(Straight { seq: self.seq, readers: route.readers, garbage, inline: route.inline.first().cloned() })
    }

    /// Gives the event its seq and puts it where it belongs; `matched` holds the routes.
    #[inline]
    pub(crate) fn commit(
        &mut self,
        event: Event,
        patience: &dyn Fn(Option<&Subscriber>) -> Patience,
        sent: &mut Sent,
    ) {
        self.seq += 1;
        let seq = self.seq;
        sent.published.seq = Some(seq);
        let event = event.sequenced(seq);
        let (internal, size) = (event.internal(), event.size() as u64);
        let about = sent.about;
        let Self { routes, matched, to_wake, history, questions, .. } = self;
        if let Some(history) = history {
            sent.garbage = history.push(event.clone());
            while let Some(more) = history.evict() {
                sent.todo().garbage.push(more);
            }
            if history.is_kept() {
                history.enlist(seq, event.size(), || patience(None), sent);
            }
        }
        if questions.any()
            && let Some(question) = questions.answered_by(&event)
        {
            sent.todo().answered = Some((question, event.clone()));
        }
        let mut event = Some(event);
        let last = matched.len().saturating_sub(1);
        let (mut begun_segments, mut readers) = (false, 0);
        for (index, place) in matched.iter().enumerate() {
            let Some(route) = routes.get_mut(*place) else { continue };
            if internal && !route.internal {
                continue;
            }
            for subscriber in &route.own {
                if about == Some(subscriber.id) {
                    continue;
                }
                if let Some(event) = &event {
                    offer(subscriber, event, patience, sent, to_wake, &mut self.totals);
                }
            }
            if let Some(tape) = &mut route.tape {
                let handed = if index == last { event.take() } else { event.clone() };
                let Some(event) = handed else { continue };
                readers += route.readers;
                self.pushed_bytes += size;
                if tape.push(event) {
                    tape.trim(route.window);
                    begun_segments = true;
                    if tape.has_overtaken() {
                        look_for_slow(&route.on_tape, sent);
                    }
                }
                if !route.sleepers.is_empty() {
                    wake_sleepers(route, to_wake);
                }
            }
            for subscriber in &route.inline {
                sent.todo().inline.push(Called { subscriber: subscriber.clone(), queued: true });
            }
        }
        matched.clear();
        sent.published.matched += readers;
        sent.published.delivered += readers;
        self.totals.matched += u64::from(readers);
        if begun_segments {
            self.keep_budget(sent);
        }
    }

    /// Bytes that the tapes keep for their readers.
    pub(crate) fn held_bytes(&self) -> u64 {
        self.pushed_bytes.saturating_sub(self.freed_bytes.load(Ordering::Relaxed))
    }

    /// Lets go of the oldest segments while all tapes together hold too much.
    fn keep_budget(&mut self, sent: &mut Sent) {
        while self.held_bytes() > self.shared_bytes {
            let oldest = self
                .routes
                .iter_mut()
                .filter_map(|route| Some((route.tape.as_mut()?, &route.on_tape)))
                .filter_map(|(tape, readers)| Some((tape.oldest()?, tape, readers)));
            let Some((_, tape, readers)) = oldest.min_by_key(|(seq, ..)| *seq) else { return };
            tape.evict_oldest();
            if tape.has_overtaken() {
                look_for_slow(readers, sent);
            }
        }
    }
}

/// Offers the event to a queue of its own.
fn offer(
    subscriber: &Arc<Subscriber>,
    event: &Event,
    patience: &dyn Fn(Option<&Subscriber>) -> Patience,
    sent: &mut Sent,
    to_wake: &mut Vec<Arc<Subscriber>>,
    totals: &mut Totals,
) {
    let key = subscriber.key_of(event);
    let mut inbox = subscriber.inbox.lock();
    if inbox.ended {
        return;
    }
    let Some(offer) = inbox.offer(event.clone(), key, patience(Some(subscriber))) else { return };
    sent.published.matched += 1;
    totals.matched += 1;
    if subscriber.is_inline() {
        let queued = matches!(offer, Offer::Queued { .. });
        sent.todo().inline.push(Called { subscriber: subscriber.clone(), queued });
    }
    match offer {
        Offer::Queued { .. } => {
            sent.published.delivered += 1;
            subscriber.summon(&mut inbox, to_wake);
        }
        Offer::Dropped(_) => {
            sent.published.dropped += 1;
            totals.dropped += 1;
            subscriber.summon(&mut inbox, to_wake);
        }
        Offer::Waiting(ticket) => {
            totals.blocked += 1;
            sent.todo().tickets.push((Some(subscriber.clone()), ticket));
        }
    }
    let untold = inbox.untold();
    if !untold.is_empty() {
        sent.todo().untold.push((subscriber.clone(), untold));
    }
    if subscriber.once && subscriber.predicate.is_none() {
        inbox.ended = true;
        sent.todo().spent.push(subscriber.clone());
    }
}

/// Finds those whom the window has overtaken, though they don't read now.
#[cold]
fn look_for_slow(readers: &[Arc<Subscriber>], sent: &mut Sent) {
    for subscriber in readers {
        let mut inbox = subscriber.inbox.lock();
        inbox.books();
        let untold = inbox.untold();
        if !untold.is_empty() {
            sent.todo().untold.push((subscriber.clone(), untold));
        }
    }
}

#[cold]
fn wake_sleepers(route: &mut Route, to_wake: &mut Vec<Arc<Subscriber>>) {
    for subscriber in route.sleepers.drain(..) {
        let mut inbox = subscriber.inbox.lock();
        inbox.listed = false;
        subscriber.summon(&mut inbox, to_wake);
    }
}
