//! A publisher's place in a full queue.

use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use crate::caller::Caller;
use crate::sync::{self, Mutex};

/// How a wait for room ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The event was queued.
    Admitted,
    /// The event was dropped.
    Dropped,
}

struct State {
    verdict: Option<Verdict>,
    caller: Caller,
}

/// A publisher's place in a full queue: decided once, by whoever makes room or ends the wait.
pub(crate) struct Ticket {
    deadline: Instant,
    state: Mutex<State>,
}

impl Ticket {
    pub(crate) fn new(deadline: Instant) -> Arc<Self> {
        Arc::new(Self { deadline, state: Mutex::new(State { verdict: None, caller: Caller::Nobody }) })
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Decides, under the lock of the queue that the publisher waits for, so that no deadline can come
    /// between; [`Ticket::tell`] follows.
    pub(crate) fn settle(&self, verdict: Verdict) {
        self.state.lock().verdict.get_or_insert(verdict);
    }

    /// Has the publisher look at its verdict, or its deadline; call it without holding a lock.
    pub(crate) fn tell(&self) {
        let caller = std::mem::take(&mut self.state.lock().caller);
        caller.tell();
    }

    /// How it was decided, if it was.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        self.state.lock().verdict
    }

    /// The verdict, or word to `waker` when there is one.
    pub(crate) fn poll(&self, waker: &Waker) -> Option<Verdict> {
        let mut state = self.state.lock();
        if state.verdict.is_none() {
            state.caller = Caller::Task(waker.clone());
        }
        state.verdict
    }

    /// Waits for the verdict until `deadline`; `None` when that passed first.
    pub(crate) fn wait_until(&self, deadline: Instant) -> Option<Verdict> {
        loop {
            {
                let mut state = self.state.lock();
                if state.verdict.is_some() {
                    return state.verdict;
                }
                state.caller = Caller::Thread(sync::current_thread());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            sync::park_timeout(left);
        }
    }
}
