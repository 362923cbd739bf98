//! One thread a bus that does things later: deadlines of calls, windows of coalescing, a look at the
//! workers. It is started by the first thing to do, and ends after 10 s without.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::sync;

const IDLE: Duration = Duration::from_secs(10);

/// No deadline lies further ahead: a clock can't tell every time that a `Duration` can.
const FURTHEST: Duration = Duration::from_secs(1 << 30);

/// The moment when `timeout` will have passed.
pub(crate) fn deadline_after(timeout: Duration) -> Instant {
    Instant::now() + timeout.min(FURTHEST)
}

type Action = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct State {
    due: BinaryHeap<Reverse<Due>>,
    last: u64,
    running: bool,
    ended: bool,
}

struct Due {
    at: (Instant, u64),
    action: Action,
}

/// Does things later.
pub(crate) struct Timer {
    state: Mutex<State>,
    changed: Condvar,
}

impl Timer {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(State::default()), changed: Condvar::new() })
    }

    /// Runs `action` at `at`, or soon after; never here and now, for the caller may hold a lock. Where no
    /// thread can be had, the next call tries again.
    pub(crate) fn at(self: &Arc<Self>, at: Instant, action: impl FnOnce() + Send + 'static) {
        if !sync::TIME_PASSES {
            return;
        }
        let mut state = self.state.lock();
        if state.ended {
            return;
        }
        state.last += 1;
        let due = Due { at: (at, state.last), action: Box::new(action) };
        state.due.push(Reverse(due));
        if state.running {
            self.changed.notify_one();
            return;
        }
        let timer = self.clone();
        state.running = sync::spawn("newswire-timer".into(), move || timer.run()).is_ok();
    }

    /// Ends the thread, whose bus is gone: what was due later means nothing any more.
    pub(crate) fn end(&self) {
        let due = {
            let mut state = self.state.lock();
            state.ended = true;
            std::mem::take(&mut state.due)
        };
        self.changed.notify_one();
        drop(due);
    }

    fn run(&self) {
        let mut state = self.state.lock();
        while !state.ended {
            let now = Instant::now();
            match state.due.peek().map(|Reverse(due)| due.at.0) {
                Some(at) if at <= now => {
                    if let Some(Reverse(due)) = state.due.pop() {
                        parking_lot::MutexGuard::unlocked(&mut state, || {
                            // A task's waker, a handler's drop: one that panics must not stop the clock.
                            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(due.action));
                        });
                    }
                }
                Some(at) => {
                    self.changed.wait_until(&mut state, at);
                }
                None => {
                    if self.changed.wait_for(&mut state, IDLE).timed_out() && state.due.is_empty() {
                        state.running = false;
                        return;
                    }
                }
            }
        }
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}
