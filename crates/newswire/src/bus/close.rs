//! Close: takes a place in the order, waits for handlers, tells what became of everything.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::ask::Question;
use super::backlog::Backlog;
use super::core::Core;
use super::history::History;
use super::stats::SubscriptionStats;
use crate::ambient;
use crate::handler::service::Service;
use crate::handler::timer::{Alarm, deadline_after};
use crate::subscriber::Subscriber;
use crate::subscription::inbox::Inbox;
use crate::subscription::waiting::Ticket;
use crate::sync::wake;
use crate::sync::{self, Condvar, Mutex, Thread};

/// What a close found, subscription by subscription.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct CloseReport {
    /// Whether everything was drained before the deadline: handlers and sinks had all that was queued for
    /// them, unless they were paused or set aside, and their `on_close` has returned; an attached store has written
    /// everything. So nothing is abandoned then, and nothing discarded for want of time. False also where this
    /// caller couldn't or wouldn't wait.
    pub complete: bool,
    /// The last seq of the bus.
    pub last_seq: u64,
    /// How many events were in calls still running at the deadline, which were left alone.
    pub abandoned: u64,
    /// How many events this close discarded: what was still queued for handlers at the deadline, and what
    /// was queued for those that were paused or set aside. Earlier losses are in the books only.
    pub discarded: u64,
    /// How many events an attached store hadn't written at the deadline, or when it gave up before; at the deadline
    /// its thread goes on while there is one.
    pub unstored: u64,
    /// Every handler and sink that the close waited for; a store was waited for if one was attached.
    pub subscriptions: Vec<SubscriptionStats>,
}

#[derive(Default)]
struct State {
    begun: bool,
    last_seq: u64,
    /// Those that the close waits for.
    drained: Vec<Arc<Subscriber>>,
    /// What a store had not written when it left the closed bus.
    unstored: u64,
    report: Option<CloseReport>,
    wakers: Vec<Waker>,
    /// The bus, where nobody else may hold it any more; until the report is there.
    held: Option<Arc<Core>>,
}

/// Whom to tell that the bus has closed, once the locks are released.
#[must_use = "they wait"]
pub(super) struct Ended {
    questions: Vec<Arc<Question>>,
    released: Vec<Arc<Ticket>>,
    keeper: Option<Thread>,
}

impl Ended {
    pub(super) fn tell(self) {
        self.questions.iter().for_each(|question| question.tell(None));
        self.released.iter().for_each(|ticket| ticket.tell());
        if let Some(thread) = self.keeper {
            thread.unpark();
        }
    }
}

/// The one close of a bus, shared by everyone who asks for it.
#[derive(Default)]
pub(crate) struct Drain {
    state: Mutex<State>,
    done: Condvar,
}

impl Core {
    /// Closes, and waits up to `timeout` for the report, where waiting is possible.
    pub(crate) fn close(self: &Arc<Self>, timeout: Duration) -> CloseReport {
        let deadline = deadline_after(timeout);
        let is_first = self.begin_close(deadline);
        if ambient::in_handler() || ambient::on_loop_thread() {
            return self.closing.report_now();
        }
        let mut state = self.closing.state.lock();
        while state.report.is_none() {
            if deadline <= Instant::now() {
                drop(state);
                // The drain has the time that the first caller gave it.
                if is_first {
                    self.force_close(deadline);
                }
                return self.closing.report_now();
            }
            state = sync::wait_until(&self.closing.done, state, deadline);
        }
        drop(state);
        self.closing.report_now()
    }

    /// Closes, waiting without holding the thread.
    pub(crate) fn close_async(self: &Arc<Self>, timeout: Duration) -> Closing {
        let deadline = deadline_after(timeout);
        let is_first = self.begin_close(deadline);
        Closing { core: self.clone(), deadline, is_first, alarm: None }
    }

    /// Takes the place in the order, releases who waits, and has the drain watched; once. Says whether this
    /// was that time.
    fn begin_close(self: &Arc<Self>, deadline: Instant) -> bool {
        let Some(ended) = self.end_all(None) else { return false };
        ended.tell();
        self.wake_everyone();
        self.release_inline();
        if self.closing.state.lock().report.is_none() {
            let core = Arc::downgrade(self);
            self.timer.at(deadline, move || {
                if let Some(core) = core.upgrade() {
                    core.force_close(deadline);
                }
            });
        }
        true
    }

    /// Ends all subscriptions, in one step of the order; `None` when that has been done. The drain holds
    /// `held` until it has ended.
    pub(super) fn end_all(&self, held: Option<&Arc<Self>>) -> Option<Ended> {
        let mut released = Vec::new();
        let mut order = self.order.lock();
        if order.closed {
            return None;
        }
        order.closed = true;
        let subscribers: Vec<_> = order.subscribers.values().cloned().collect();
        for subscriber in &subscribers {
            let mut inbox = subscriber.inbox.lock();
            inbox.end(&mut released);
            if inbox.paused && subscriber.service.is_some() {
                inbox.give_up_paused();
            }
            subscriber.summon(&mut inbox, &mut order.to_wake);
        }
        order.totals.dropped += released.len() as u64;
        let mut state = self.closing.state.lock();
        state.begun = true;
        state.last_seq = order.seq;
        state.held = held.cloned();
        state.drained = subscribers.into_iter().filter(|subscriber| subscriber.service.is_some()).collect();
        let keeper = order.history.as_mut().and_then(History::backlog).and_then(Backlog::call);
        Some(Ended { questions: order.questions.take_all(), released, keeper })
    }

    /// Lets go of inline handlers, whom no worker will come by: user code, as their last calls are.
    pub(crate) fn release_inline(self: &Arc<Self>) {
        for subscriber in self.closing.drained() {
            if subscriber.is_inline() {
                if subscriber.inbox.lock().holds_back() {
                    subscriber.call_consumer();
                }
                subscriber.retire_if_over();
            }
        }
        self.see_whether_closed();
    }

    /// Makes the report once everything has drained.
    pub(crate) fn see_whether_closed(self: &Arc<Self>) {
        let drained = {
            let state = self.closing.state.lock();
            if !state.begun || state.report.is_some() {
                return;
            }
            state.drained.clone()
        };
        if are_released(&drained) && !self.is_keeping() {
            self.report(&drained, true, 0);
        }
    }

    /// At the deadline: what is queued for handlers is discarded, running calls are left alone.
    fn force_close(self: &Arc<Self>, deadline: Instant) {
        debug_assert!(deadline <= Instant::now(), "the drain has until its deadline");
        if self.closing.state.lock().report.is_some() {
            return;
        }
        let drained = self.closing.drained();
        let (complete, mut abandoned) = (are_released(&drained) && !self.is_keeping(), 0);
        for subscriber in &drained {
            let mut inbox = subscriber.inbox.lock();
            inbox.discard_for_close();
            abandoned += inbox.books.in_flight + inbox.calls.overrunning;
        }
        self.report(&drained, complete, abandoned);
    }

    fn report(self: &Arc<Self>, drained: &[Arc<Subscriber>], complete: bool, abandoned: u64) {
        let subscriptions: Vec<_> = drained.iter().map(|subscriber| subscriber.stats()).collect();
        let discarded = drained.iter().map(|subscriber| subscriber.inbox.lock().closed_off).sum();
        let mut order = self.order.lock();
        let lag = order.history.as_mut().and_then(History::backlog).map_or(0, |backlog| backlog.stats().lag);
        let mut state = self.closing.state.lock();
        // Not before: a store that gives up in between would be counted twice.
        drop(order);
        if state.report.is_some() {
            return;
        }
        let (complete, unstored) = (complete && state.unstored == 0, lag + state.unstored);
        let last_seq = state.last_seq;
        state.report =
            Some(CloseReport { complete, last_seq, abandoned, discarded, unstored, subscriptions });
        state.drained.clear();
        let held = state.held.take();
        drop(state);
        self.closing.done.notify_all();
        self.closing.tell();
        drop(held);
    }
}

impl Inbox {
    /// Whoever is set aside isn't called again for a close.
    pub(crate) fn give_up_paused(&mut self) {
        self.paused = false;
        self.discard_for_close();
    }

    /// Discards what is queued, for a close, which tells how much that was.
    fn discard_for_close(&mut self) {
        let before = self.books.discarded;
        self.discard();
        self.closed_off += self.books.discarded - before;
    }
}

fn are_released(drained: &[Arc<Subscriber>]) -> bool {
    drained.iter().all(|subscriber| subscriber.service.as_ref().is_none_or(Service::is_released))
}

/// A close that is under way: see [`Bus::close_async`](crate::Bus::close_async).
///
/// Dropping it stops the waiting, not the close.
#[must_use = "futures do nothing unless polled"]
pub struct Closing {
    core: Arc<Core>,
    deadline: Instant,
    is_first: bool,
    alarm: Option<Alarm>,
}

impl Future for Closing {
    type Output = CloseReport;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<CloseReport> {
        let drain = &self.core.closing;
        {
            let mut state = drain.state.lock();
            if state.report.is_none() && Instant::now() < self.deadline {
                let waker = context.waker();
                if !state.wakers.iter().any(|other| other.will_wake(waker)) {
                    state.wakers.push(waker.clone());
                }
                drop(state);
                if self.alarm.is_none() {
                    let core = Arc::downgrade(&self.core);
                    self.alarm = Some(self.core.timer.alarm(self.deadline, move || {
                        if let Some(core) = core.upgrade() {
                            core.closing.tell();
                        }
                    }));
                }
                return Poll::Pending;
            }
        }
        if self.is_first && self.deadline <= Instant::now() {
            self.core.force_close(self.deadline);
        }
        Poll::Ready(drain.report_now())
    }
}

impl Drain {
    /// Has all tasks that wait look again.
    fn tell(&self) {
        let wakers = std::mem::take(&mut self.state.lock().wakers);
        wakers.into_iter().for_each(wake);
    }

    /// A store leaves the closed bus, and has not written so many events.
    pub(super) fn give_up(&self, unstored: u64) {
        self.state.lock().unstored += unstored;
    }

    /// Holds the bus until the drain has ended.
    pub(super) fn hold(&self, core: &Arc<Core>) {
        let mut state = self.state.lock();
        if state.report.is_none() {
            state.held = Some(core.clone());
        }
    }

    /// Those that the close waits for.
    pub(super) fn drained(&self) -> Vec<Arc<Subscriber>> {
        self.state.lock().drained.clone()
    }

    /// The report, or what can be said before it is there.
    fn report_now(&self) -> CloseReport {
        let state = self.state.lock();
        state.report.clone().unwrap_or_else(|| CloseReport {
            last_seq: state.last_seq,
            subscriptions: state.drained.iter().map(|subscriber| subscriber.stats()).collect(),
            ..CloseReport::default()
        })
    }
}
