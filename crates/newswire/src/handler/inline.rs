//! Inline handlers: served on the publisher's thread, one thread at a time, in `seq` order.
//!
//! A round is one event and the inline handlers that it matched, by priority. Events published from inside
//! a handler get rounds of their own, after the current one and before the outermost publish returns; so
//! depth never grows, however long the chain, on one bus or across several.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::service::{self, Service, admit};
use crate::bus::order::Called;
use crate::event::Event;
use crate::subscriber::Subscriber;
use crate::subscription::inbox::{Inbox, Step};
use crate::sync::{MutexGuard, thread_local};

/// After so many events of others a publisher hands the handler to a worker.
const FOREIGN: u32 = 64;
/// The limit of a worker, which goes on as long as there is something.
const WORKER: u64 = u64::MAX;

/// One event and the inline handlers that it matched.
struct Round {
    seq: u64,
    handlers: Vec<Called>,
    /// Whether this thread already has the handler, and goes on with what other threads left to it.
    continued: bool,
}

/// What this thread is in the middle of.
#[derive(Clone, Copy)]
struct Here {
    /// It serves inline handlers.
    serving: bool,
    /// There are rounds to be served after the one at hand.
    more: bool,
    /// How many events of others it has served since its outermost publish.
    foreign: u32,
}

thread_local! {
    /// In one place, which is looked up once for a publish: in a shared library that is a call each time.
    static HERE: Cell<Here> = const { Cell::new(Here { serving: false, more: false, foreign: 0 }) };
    static ROUNDS: RefCell<VecDeque<Round>> = const { RefCell::new(VecDeque::new()) };
}

/// Whether this thread is inside an inline handler.
pub(crate) fn is_serving_here() -> bool {
    HERE.with(Cell::get).serving
}

/// Serves the inline handlers of event `seq`, unless this thread is already inside one: then the outermost
/// publish will. Says to how many of those that have it queued it was left.
pub(crate) fn serve_round(seq: u64, mut handlers: Vec<Called>) -> u32 {
    handlers.sort_by_key(|called| (Reverse(called.subscriber.priority), called.subscriber.id));
    HERE.with(|here| {
        if here.get().serving {
            let count = handlers.iter().map(|called| u32::from(called.queued)).sum();
            push(Round { seq, handlers, continued: false });
            return count;
        }
        let serving = Serving::begin(here);
        let deferred = serve_all(seq, &handlers);
        serving.serve_pushed();
        deferred
    })
}

/// As [`serve_round`], for one handler that has the event queued.
#[inline]
pub(crate) fn serve_one(seq: u64, subscriber: Arc<Subscriber>) -> u32 {
    HERE.with(|here| {
        if here.get().serving {
            push(Round { seq, handlers: vec![Called { subscriber, queued: true }], continued: false });
            return 1;
        }
        let serving = Serving::begin(here);
        let deferred = u32::from(!begin(&subscriber, seq));
        serving.serve_pushed();
        deferred
    })
}

/// Goes on where a publisher has served enough events of others.
pub(crate) fn serve_on_worker(subscriber: &Arc<Subscriber>) {
    HERE.with(|here| {
        let serving = Serving::begin(here);
        serve(subscriber, WORKER);
        serving.serve_pushed();
    });
}

/// This thread serves inline handlers until it is dropped, also by unwinding.
struct Serving<'a> {
    here: &'a Cell<Here>,
    before: bool,
}

impl<'a> Serving<'a> {
    fn begin(here: &'a Cell<Here>) -> Self {
        let Here { serving: before, more, .. } = here.get();
        here.set(Here { serving: true, more, foreign: 0 });
        Self { here, before }
    }

    /// Serves the rounds that have come meanwhile, and those that come of them.
    #[inline]
    fn serve_pushed(&self) {
        if self.here.get().more {
            serve_rounds();
            self.here.set(Here { more: false, ..self.here.get() });
        }
    }
}

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        self.here.set(Here { serving: self.before, ..self.here.get() });
    }
}

#[cold]
fn push(round: Round) {
    ROUNDS.with(|rounds| rounds.borrow_mut().push_back(round));
    HERE.with(|here| here.set(Here { more: true, ..here.get() }));
}

#[cold]
fn serve_rounds() {
    while let Some(Round { seq, handlers, continued }) = ROUNDS.with(|rounds| rounds.borrow_mut().pop_front())
    {
        if continued {
            handlers.iter().for_each(|called| serve(&called.subscriber, seq));
        } else {
            serve_all(seq, &handlers);
        }
    }
}

fn serve_all(seq: u64, handlers: &[Called]) -> u32 {
    handlers.iter().map(|called| u32::from(!begin(&called.subscriber, seq) && called.queued)).sum()
}

/// Serves one handler up to event `seq`; false when others do: who is at it already, or a worker.
fn begin(subscriber: &Arc<Subscriber>, seq: u64) -> bool {
    let is_here = subscriber.service.as_ref().is_none_or(Service::is_served_here);
    let mut inbox = subscriber.inbox.lock();
    let calls = &mut inbox.calls;
    calls.asked_up_to = calls.asked_up_to.max(seq);
    if std::mem::replace(&mut calls.serving, true) {
        return false;
    }
    if !is_here {
        drop(inbox);
        subscriber.submit();
        return false;
    }
    serve_from(subscriber, seq, Some(inbox));
    true
}

/// Serves up to event `limit`; what was asked for beyond gets a round of its own, and the handler stays
/// this thread's until then. When too much of it is others', a worker goes on instead.
fn serve(subscriber: &Arc<Subscriber>, limit: u64) {
    serve_from(subscriber, limit, None);
}

/// As [`serve`], where its lock may be held already.
fn serve_from(subscriber: &Arc<Subscriber>, limit: u64, held: Option<MutexGuard<'_, Inbox>>) {
    let served = catch_unwind(AssertUnwindSafe(|| serve_up_to(subscriber, limit, held)));
    if served.is_err() {
        // Events that were freed on the way may bring down this round, but not the handler for ever, nor
        // the publisher.
        let mut inbox = subscriber.inbox.lock();
        inbox.calls.serving = false;
        subscriber.tell_if_quiet(&inbox);
    }
}

fn serve_up_to(subscriber: &Arc<Subscriber>, limit: u64, mut held: Option<MutexGuard<'_, Inbox>>) {
    let Some(handling) = &subscriber.service else { return };
    let mut has_ended = false;
    loop {
        let mut admitted = Vec::new();
        let (step, window, untold, unread) = {
            let mut inbox = held.take().unwrap_or_else(|| subscriber.inbox.lock());
            let asked = inbox.calls.asked_up_to;
            let due = inbox.peek_seq().filter(|seq| *seq <= asked);
            if due.is_some_and(|seq| seq > limit) {
                let called = Called { subscriber: subscriber.clone(), queued: true };
                push(Round { seq: asked, handlers: vec![called], continued: true });
                return;
            }
            if due.is_some_and(|seq| seq != limit) {
                let here = HERE.with(Cell::get);
                if here.foreign >= FOREIGN
                    && limit != WORKER
                    && let Some(core) = subscriber.core.upgrade()
                {
                    drop(inbox);
                    return core.pool.submit(subscriber.clone());
                }
                HERE.with(|place| place.set(Here { foreign: here.foreign + 1, ..here }));
            }
            let step = due.map_or(Step::Nothing, |_| inbox.step_to_serve(&mut admitted));
            let mut window = None;
            if matches!(step, Step::Nothing) {
                inbox.calls.serving = false;
                subscriber.tell_if_quiet(&inbox);
                window = inbox.arm_window();
                has_ended = inbox.ended;
            }
            (step, window, inbox.untold(), inbox.unread())
        };
        subscriber.announce(untold);
        admit(admitted);
        match step {
            Step::Item(taken) => service::serve(subscriber, handling, taken),
            Step::Held => unread.iter().for_each(Event::serialise),
            Step::Nothing => {
                subscriber.watch_window(window);
                break;
            }
        }
    }
    // Who ends it later finds that nobody serves it.
    if has_ended {
        subscriber.retire_if_over();
    }
}
