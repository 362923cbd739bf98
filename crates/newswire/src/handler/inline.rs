//! Inline handlers: served on the publisher's thread, one thread at a time, in `seq` order.
//!
//! A round is one event and the inline handlers that it matched, by priority. Events published from inside
//! a handler get rounds of their own, after the current one and before the outermost publish returns; so
//! depth never grows, however long the chain, on one bus or across several.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use super::service::{self, admit};
use crate::subscriber::Subscriber;

/// After so many events of others a publisher hands the handler to a worker.
const FOREIGN: u32 = 64;

/// One event and the inline handlers that it matched.
struct Round {
    seq: u64,
    handlers: Vec<Arc<Subscriber>>,
    /// Whether this thread already has the handler, and goes on with what other threads left to it.
    continued: bool,
}

thread_local! {
    static SERVING: Cell<bool> = const { Cell::new(false) };
    static ROUNDS: RefCell<VecDeque<Round>> = const { RefCell::new(VecDeque::new()) };
    /// How many events of others this thread has served since its outermost publish.
    static FOREIGN_SERVED: Cell<u32> = const { Cell::new(0) };
}

/// Serves the inline handlers of event `seq`, unless this thread is already inside one: then the outermost
/// publish will. Says how many were left to others.
pub(crate) fn serve_round(seq: u64, handlers: Vec<Arc<Subscriber>>) -> u32 {
    if SERVING.get() {
        let count = u32::try_from(handlers.len()).unwrap_or(u32::MAX);
        push(Round { seq, handlers, continued: false });
        return count;
    }
    SERVING.set(true);
    FOREIGN_SERVED.set(0);
    let deferred = serve_all(seq, &handlers);
    serve_pushed();
    SERVING.set(false);
    deferred
}

/// Goes on where a publisher has served enough events of others.
pub(crate) fn serve_on_worker(subscriber: &Arc<Subscriber>) {
    let was_serving = SERVING.replace(true);
    serve(subscriber, u64::MAX);
    serve_pushed();
    SERVING.set(was_serving);
}

fn push(round: Round) {
    ROUNDS.with(|rounds| rounds.borrow_mut().push_back(round));
}

fn serve_pushed() {
    while let Some(Round { seq, handlers, continued }) = ROUNDS.with(|rounds| rounds.borrow_mut().pop_front())
    {
        if continued {
            handlers.iter().for_each(|handler| go_on(handler, seq));
        } else {
            serve_all(seq, &handlers);
        }
    }
}

fn serve_all(seq: u64, handlers: &[Arc<Subscriber>]) -> u32 {
    handlers.iter().map(|handler| u32::from(!begin(handler, seq))).sum()
}

/// Serves one handler up to event `seq`; false when it is being served already, by whoever will do it then.
fn begin(subscriber: &Arc<Subscriber>, seq: u64) -> bool {
    {
        let calls = &mut subscriber.inbox.lock().calls;
        calls.asked_up_to = calls.asked_up_to.max(seq);
        if calls.serving {
            return false;
        }
        calls.serving = true;
    }
    serve(subscriber, seq);
    true
}

/// Serves what other threads left to this one, or has a worker do it when that is too much.
fn go_on(subscriber: &Arc<Subscriber>, seq: u64) {
    if FOREIGN_SERVED.get() < FOREIGN {
        serve(subscriber, seq);
    } else if let Some(core) = subscriber.core.upgrade() {
        core.pool.submit(subscriber.clone());
    }
}

/// Serves up to event `limit`; what was asked for beyond gets a round of its own, and the handler stays
/// this thread's until then.
fn serve(subscriber: &Arc<Subscriber>, limit: u64) {
    let Some(handling) = &subscriber.service else { return };
    loop {
        let mut admitted = Vec::new();
        let (taken, untold) = {
            let mut inbox = subscriber.inbox.lock();
            let asked = inbox.calls.asked_up_to;
            let due = inbox.peek_seq().filter(|seq| *seq <= asked);
            if due.is_some_and(|seq| seq > limit) {
                push(Round { seq: asked, handlers: vec![subscriber.clone()], continued: true });
                return;
            }
            let taken = due.and_then(|_| inbox.take(&mut admitted));
            if taken.is_none() {
                inbox.calls.serving = false;
                subscriber.tell_if_quiet(&inbox);
            }
            if due.is_some_and(|seq| seq != limit) {
                FOREIGN_SERVED.set(FOREIGN_SERVED.get() + 1);
            }
            (taken, inbox.untold())
        };
        subscriber.announce(untold);
        admit(admitted);
        let Some(taken) = taken else { break };
        service::serve(subscriber, handling, taken);
    }
    subscriber.retire_if_over();
}
