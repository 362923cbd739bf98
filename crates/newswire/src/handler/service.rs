//! How one handler is called, and how its calls are booked.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::timer::deadline_after;
use super::{Handler, HandlerGone, HandlerRef};
use crate::ambient;
use crate::delivery::Delivery;
use crate::event::Event;
use crate::field::Field;
use crate::options::{HandlerOptions, Host, Mode, OnPanic};
use crate::subscriber::Subscriber;
use crate::subscription::calls::Watched;
use crate::subscription::inbox::{Entry, Inbox, Taken};
use crate::subscription::tally::Outcome;
use crate::subscription::waiting::Ticket;
use crate::sync::{AtomicBool, Mutex, Ordering};

/// A handler and how it is served.
pub(crate) struct Service {
    /// Taken out after the last call, so that what the handler holds is released.
    handler: Mutex<Option<HandlerRef>>,
    released: AtomicBool,
    pub(crate) mode: Mode,
    pub(crate) timeout: Option<Duration>,
    pub(crate) on_panic: OnPanic,
    host: Option<Host>,
}

impl Service {
    pub(crate) fn new(handler: HandlerRef, options: &HandlerOptions) -> Self {
        Self {
            handler: Mutex::new(Some(handler)),
            released: AtomicBool::new(false),
            mode: options.mode.clone(),
            timeout: options.timeout,
            on_panic: options.on_panic,
            host: options.host,
        }
    }

    /// Whether an inline handler may be served on this thread.
    pub(crate) fn is_served_here(&self) -> bool {
        self.host.is_none_or(|host| (host.is_here)())
    }

    /// Runs `serve`, which calls the handler any number of times, in the handler's own runtime.
    pub(crate) fn within_host(&self, serve: &mut dyn FnMut()) {
        match self.host {
            Some(host) => (host.enter)(serve),
            None => serve(),
        }
    }

    /// How many calls may be under way at a time.
    pub(crate) fn lanes(&self) -> usize {
        match self.mode {
            Mode::Inline | Mode::Locked => 1,
            Mode::Keyed(_) => usize::MAX,
            Mode::Concurrent(calls) => calls,
        }
    }

    /// What orders the calls of a keyed handler.
    pub(crate) fn key(&self) -> Option<Field> {
        match &self.mode {
            Mode::Keyed(field) => Some(field.clone()),
            _ => None,
        }
    }

    /// Tells the handler that no more will come, and lets go of it.
    pub(crate) fn release(&self) {
        let taken = self.handler.lock().take();
        // Somebody else did, and will say when `on_close` has returned.
        let Some(handler) = taken else { return };
        if let Some(handler) = handler.get() {
            // The books are closed; what on_close does wrong is shown by the panic hook.
            let _ = catch(self, || handler.on_close());
        }
        // What the handler holds is user code's, too.
        let _ = catch(self, || drop(handler));
        self.released.store(true, Ordering::Release);
    }

    /// Whether the handler has been let go of.
    pub(crate) fn is_released(&self) -> bool {
        self.released.load(Ordering::Acquire)
    }

    fn handler(&self) -> Option<Arc<dyn Handler>> {
        self.handler.lock().as_ref().and_then(HandlerRef::get)
    }
}

/// Tells publishers that they have room; call it without holding a lock.
#[inline]
pub(crate) fn admit(admitted: Vec<Arc<Ticket>>) {
    if !admitted.is_empty() {
        admitted.into_iter().for_each(|ticket| ticket.tell());
    }
}

/// Hands one taken item to the handler, and books how that ended. It doesn't unwind: what it frees at the
/// end, a payload or the object of a weak handler, is user code as well.
pub(crate) fn serve(subscriber: &Arc<Subscriber>, service: &Service, taken: Taken) {
    let _ = catch(service, || hand_over(subscriber, service, taken));
}

fn hand_over(subscriber: &Arc<Subscriber>, service: &Service, taken: Taken) {
    let Taken { delivery, entry } = taken;
    let Some(handler) = service.handler() else {
        // A weak handler whose object is gone: nobody will ever take these events.
        match delivery {
            Delivery::Event(_) => subscriber.inbox.lock().settle(&entry, Outcome::Discarded),
            Delivery::Gap(_) => subscriber.gap_is_told(),
        }
        subscriber.leave();
        return;
    };
    let event = match delivery {
        Delivery::Event(event) => event,
        Delivery::Gap(gap) => {
            // A gap is not in the books; what on_gap does wrong is shown by the panic hook.
            let _ = catch(service, || ambient::handling(subscriber.id, None, || handler.on_gap(&gap)));
            return subscriber.gap_is_told();
        }
    };
    let outcome = match subscriber.accepts(&event) {
        Ok(true) => {
            if subscriber.once && subscriber.predicate.is_some() {
                // Its one event has come: nothing more will match, what else is queued is given up.
                subscriber.leave();
            }
            return call(subscriber, service, &*handler, &event, &entry);
        }
        Ok(false) => Outcome::Skipped,
        Err(_) => Outcome::Panicked,
    };
    finish(subscriber, &entry, None, outcome, None);
}

fn call(
    subscriber: &Arc<Subscriber>,
    service: &Service,
    handler: &dyn Handler,
    event: &Event,
    entry: &Entry,
) {
    let began = service.timeout.map(|timeout| (Instant::now(), timeout));
    let watched = match began {
        Some((_, timeout)) if service.mode != Mode::Inline => {
            Some(subscriber.watch(deadline_after(timeout), entry.events))
        }
        _ => None,
    };
    let result = catch(service, || {
        // A failure's text and its drop are user code as well.
        ambient::handling(subscriber.id, Some(event), || {
            let result = handler.on_event(event);
            result.map_err(|failure| (!failure.is::<HandlerGone>()).then(|| failure.to_string()))
        })
    });
    let (mut outcome, said) = match result {
        Ok(Ok(())) => (Outcome::Handled, None),
        Ok(Err(None)) => (Outcome::Discarded, None),
        Ok(Err(said)) => (Outcome::Failed, said),
        Err(said) => (Outcome::Panicked, Some(said)),
    };
    let is_gone = outcome == Outcome::Discarded;
    if watched.is_none() && began.is_some_and(|(began, timeout)| began.elapsed() > timeout) {
        outcome = Outcome::TimedOut;
    }
    finish(subscriber, entry, watched, outcome, said);
    if is_gone {
        subscriber.leave();
    }
}

fn finish(
    subscriber: &Arc<Subscriber>,
    entry: &Entry,
    watched: Option<u64>,
    outcome: Outcome,
    said: Option<String>,
) {
    let set_aside = {
        let mut inbox = subscriber.inbox.lock();
        if watched.is_some_and(|id| !inbox.calls.unwatch(id)) {
            // Its deadline has passed and was booked; the result comes too late to count.
            inbox.calls.overrunning -= 1;
            inbox.served(entry);
            subscriber.tell_if_quiet(&inbox);
            return;
        }
        inbox.settle(entry, outcome);
        if let Some(said) = said {
            inbox.note_failure(said);
        }
        let set_aside = inbox.set_aside_by(outcome, subscriber.set_aside_after);
        subscriber.tell_if_quiet(&inbox);
        set_aside
    };
    if set_aside {
        subscriber.announce_set_aside();
    }
}

impl Inbox {
    /// Keeps what the last failing call said.
    pub(crate) fn note_failure(&mut self, said: String) {
        self.calls.last_failure = Some(bounded(said));
    }

    /// Counts how a call of a handler has ended, and gives up what is queued where that sets the handler aside while
    /// the bus closes: nobody may be left to resume it.
    fn set_aside_by(&mut self, outcome: Outcome, limit: Option<u32>) -> bool {
        let set_aside = self.count_failures(1, outcome, limit);
        if set_aside && self.ended {
            self.give_up_paused();
        }
        set_aside
    }

    /// Counts failures in a row; says whether the handler has just been set aside for them.
    pub(crate) fn count_failures(&mut self, calls: u32, outcome: Outcome, limit: Option<u32>) -> bool {
        let in_a_row = &mut self.calls.failures_in_a_row;
        match outcome {
            Outcome::Handled if calls > 0 => *in_a_row = 0,
            Outcome::Failed | Outcome::Panicked | Outcome::TimedOut => {
                *in_a_row = in_a_row.saturating_add(calls);
            }
            Outcome::Handled | Outcome::Skipped | Outcome::Discarded => {}
        }
        let too_many = limit.is_some_and(|limit| self.calls.failures_in_a_row >= limit);
        if too_many && !self.calls.set_aside {
            self.calls.set_aside = true;
            self.paused = true;
            return true;
        }
        false
    }
}

/// Runs user code; a panic is an outcome, unless the user chose to crash.
fn catch<R>(service: &Service, run: impl FnOnce() -> R) -> Result<R, String> {
    let result = catch_unwind(AssertUnwindSafe(run));
    if result.is_err() && service.on_panic == OnPanic::Crash {
        std::process::abort();
    }
    result.map_err(|panic| {
        let text = panic_text(&*panic);
        // Its drop may panic again; one that does so is let go of.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            std::mem::forget(again);
        }
        text
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("with something that is no text"))
}

/// What is kept of a failure's text.
fn bounded(mut text: String) -> Box<str> {
    const KEPT: usize = 1024;
    if text.len() > KEPT {
        let cut = (0..=KEPT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(cut);
        text.push('…');
    }
    text.into()
}

impl Subscriber {
    /// What the user's predicate says; a panic in it is an error.
    pub(crate) fn accepts(&self, event: &Event) -> Result<bool, Box<dyn Any + Send>> {
        match &self.predicate {
            None => Ok(true),
            Some(predicate) => catch_unwind(AssertUnwindSafe(|| predicate(event))),
        }
    }

    /// Has the deadline of a call watched; returns the call's id.
    fn watch(self: &Arc<Self>, deadline: Instant, events: u64) -> u64 {
        let mut inbox = self.inbox.lock();
        inbox.calls.last_id += 1;
        let id = inbox.calls.last_id;
        inbox.calls.watched.push(Watched { id, deadline, events });
        let arm = !std::mem::replace(&mut inbox.calls.watch_armed, true);
        drop(inbox);
        if arm {
            self.arm_watch(deadline);
        }
        id
    }

    fn arm_watch(self: &Arc<Self>, deadline: Instant) {
        let Some(core) = self.core.upgrade() else { return };
        let subscriber = Arc::downgrade(self);
        core.timer.at(deadline, move || {
            if let Some(subscriber) = subscriber.upgrade() {
                subscriber.judge_overdue();
            }
        });
    }

    /// Books every call whose deadline has passed as timed out.
    fn judge_overdue(self: &Arc<Self>) {
        let now = Instant::now();
        let mut set_aside = false;
        let mut inbox = self.inbox.lock();
        while let Some(place) = inbox.calls.watched.iter().position(|watched| watched.deadline <= now) {
            let Watched { events, .. } = inbox.calls.watched.remove(place);
            inbox.books.settle(events, Outcome::TimedOut);
            inbox.calls.overrunning += 1;
            set_aside |= inbox.set_aside_by(Outcome::TimedOut, self.set_aside_after);
        }
        let next = inbox.calls.watched.iter().map(|watched| watched.deadline).min();
        inbox.calls.watch_armed = next.is_some();
        drop(inbox);
        if let Some(next) = next {
            self.arm_watch(next);
        }
        if set_aside {
            self.announce_set_aside();
        }
    }

    /// Further calls may begin.
    fn gap_is_told(&self) {
        let mut inbox = self.inbox.lock();
        inbox.calls.telling = false;
        self.tell_if_quiet(&inbox);
    }

    /// Tells those who wait for the end of the last call.
    pub(crate) fn tell_if_quiet(&self, inbox: &Inbox) {
        if inbox.is_quiet() {
            self.quiet.notify_all();
        }
    }
}
