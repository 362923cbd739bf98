//! One thread a bus that does things later: deadlines of calls, windows of coalescing, a look at the
//! workers. It is started by the first thing to do, and ends after 10 s without.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::sync;
use crate::sync::plain::{Condvar, Mutex};

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
    /// By time; what is due at the same time in the order in which it was asked for.
    due: BTreeMap<Moment, Action>,
    last: u64,
    running: bool,
    ended: bool,
}

type Moment = (Instant, u64);

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
        self.add(at, Box::new(action));
    }

    /// As [`Timer::at`], until what is returned is dropped.
    pub(crate) fn alarm(self: &Arc<Self>, at: Instant, action: impl FnOnce() + Send + 'static) -> Alarm {
        Alarm { set_to: self.add(at, Box::new(action)), timer: self.clone() }
    }

    fn add(self: &Arc<Self>, at: Instant, action: Action) -> Option<Moment> {
        if !sync::TIME_PASSES {
            return None;
        }
        let mut state = self.state.lock();
        if state.ended {
            return None;
        }
        state.last += 1;
        let moment = (at, state.last);
        state.due.insert(moment, action);
        if state.running {
            // Whatever comes later than what it waits for already needs no other wait.
            if state.due.first_key_value().is_some_and(|(first, _)| *first == moment) {
                self.changed.notify_one();
            }
            return Some(moment);
        }
        let timer = self.clone();
        state.running = sync::spawn("newswire-timer".into(), move || timer.run()).is_ok();
        Some(moment)
    }

    /// How much is still to be done.
    #[cfg(all(test, not(feature = "loom")))]
    fn pending(&self) -> usize {
        self.state.lock().due.len()
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
            match state.due.first_key_value().map(|((at, _), _)| *at) {
                Some(at) if at <= now => {
                    if let Some((_, action)) = state.due.pop_first() {
                        drop(state);
                        // A task's waker, a handler's drop: one that panics must not stop the clock.
                        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(action));
                        state = self.state.lock();
                    }
                }
                Some(at) => {
                    state = self.changed.wait_until(state, at);
                }
                None => {
                    let timed_out;
                    (state, timed_out) = self.changed.wait_for(state, IDLE);
                    if timed_out && state.due.is_empty() {
                        state.running = false;
                        return;
                    }
                }
            }
        }
    }
}

/// Something to be done later, unless this is dropped before.
pub(crate) struct Alarm {
    timer: Arc<Timer>,
    set_to: Option<Moment>,
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let Some(moment) = self.set_to else { return };
        // What the action holds is freed outside the lock.
        let action = self.timer.state.lock().due.remove(&moment);
        drop(action);
    }
}

#[cfg(all(test, not(feature = "loom")))]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;
    use crate::{Bus, Event, Kind, SubscribeOptions, WhenFull};

    const FAR: Duration = Duration::from_secs(600);

    fn event() -> Event {
        Event::builder(Kind::parse("a.b").unwrap()).build().unwrap()
    }

    fn pending_while_polled<F: Future>(bus: &Bus, future: F) -> usize {
        let mut future = pin!(future);
        for _ in 0..2 {
            assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        bus.core.timer.pending()
    }

    #[test]
    fn a_future_that_is_dropped_leaves_nothing_in_the_timer() {
        let bus = Bus::new();
        assert_eq!(pending_while_polled(&bus, bus.request_async(event(), FAR)), 1);
        assert_eq!(pending_while_polled(&bus, bus.wait_for_async("c.d", FAR)), 1);
        let full =
            SubscribeOptions { buffer: 1, when_full: WhenFull::Block, max_wait: FAR, ..Default::default() };
        let _full = bus.subscribe_with("*", full).unwrap();
        bus.publish(event()).unwrap();
        assert_eq!(pending_while_polled(&bus, bus.publish_async(event()).unwrap()), 1);
        assert_eq!(pending_while_polled(&bus, bus.request_async(event(), FAR)), 2);
        assert_eq!(bus.core.timer.pending(), 0);
    }

    #[test]
    fn what_is_due_is_done_by_time_though_others_were_called_off() {
        let timer = Timer::new();
        let (tell, told) = std::sync::mpsc::channel();
        let later = |name: &'static str| {
            let tell = tell.clone();
            move || tell.send(name).unwrap()
        };
        let soon = Instant::now() + Duration::from_millis(20);
        let never = timer.alarm(soon, later("never"));
        timer.at(soon + Duration::from_millis(1), later("second"));
        let first = timer.alarm(soon, later("first"));
        drop(never);
        assert_eq!([told.recv().unwrap(), told.recv().unwrap()], ["first", "second"]);
        drop(first);
        assert_eq!(timer.pending(), 0);
    }
}
