//! The pull side: take what has come, or wait for it.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::control::Control;
use super::inbox::{Call, Inbox, Sleep, Taken};
use super::stream::SubscriptionStream;
use super::tally::Outcome;
use crate::bus::core::Core;
use crate::cursor::Cursor;
use crate::delivery::Delivery;
use crate::error::{Error, ErrorKind, Result};
use crate::handler::service::admit;
use crate::handler::timer::deadline_after;
use crate::subscriber::Subscriber;
use crate::sync;

/// A bounded queue of matching events, pulled by one consumer. Dropping it unsubscribes.
///
/// As an [`Iterator`] it waits for each item, and ends when the bus has closed and all has been read.
/// Where events are missing it yields a [`Gap`](crate::Gap) in their position. One that is paused has not
/// been read to its end: also after a close it neither yields nor ends until it is resumed, so `next` would
/// wait for ever, and [`Subscription::next_timeout`] times out. On a loop thread nothing waits, so there
/// iteration ends with what has come so far; [`Subscription::stream`] is for there.
///
/// ```
/// use newswire::{Bus, Delivery, Event, Kind};
///
/// let bus = Bus::new();
/// let mut deploys = bus.subscribe("deploy.*")?;
/// bus.publish(Event::builder(Kind::parse("deploy.finished")?).build()?)?;
/// assert!(matches!(deploys.try_next()?, Some(Delivery::Event(event)) if event.seq() == 1));
/// assert!(deploys.try_next()?.is_none());
/// # Ok::<(), newswire::Error>(())
/// ```
pub struct Subscription {
    control: Control,
    /// Whether the last wait ended before the consumer had to park: then the next may, too.
    lively: bool,
}

/// How long a consumer looks around before it parks. Waking a parked thread costs its publisher some
/// microseconds; a consumer that is kept busy shouldn't put that on it.
const LINGER: Duration = Duration::from_micros(50);

/// How many consumers linger now; at most one less than there are cores, so that looking around never
/// takes the publisher's own.
static LINGERING: AtomicUsize = AtomicUsize::new(0);

/// How many threads can run at a time.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// What a look for the next item has come to.
pub(super) enum Found {
    Item(Delivery),
    /// A piece of the past has to be read first.
    Behind,
    Nothing,
}

impl Subscription {
    pub(crate) fn new(core: Arc<Core>, subscriber: Arc<Subscriber>) -> Self {
        Self { control: Control { core, subscriber }, lively: true }
    }

    /// Takes the next item if there is one now.
    ///
    /// # Errors
    /// `Closed` when the bus has closed and all has been read.
    pub fn try_next(&mut self) -> Result<Option<Delivery>> {
        match self.take_wanted() {
            Some(delivery) => Ok(Some(delivery)),
            None if self.is_over() => Err(ended()),
            None => Ok(None),
        }
    }

    /// Waits for the next item, up to `timeout`.
    ///
    /// # Errors
    /// `TimedOut`, also while it is paused, whether the bus has closed or not; `Closed` when the bus has
    /// closed and all has been read; `WouldDeadlock` on a loop thread, where nothing waits: use [`Subscription::stream`] there.
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Delivery> {
        self.wait(Some(deadline_after(timeout)))
    }

    /// The items as an asynchronous stream, for any executor.
    pub fn stream(self) -> SubscriptionStream {
        SubscriptionStream::new(self)
    }

    /// As [`Control::position`], which an iterator's own would hide.
    pub fn position(&self) -> Cursor {
        self.control.position()
    }

    /// What can be done beside pulling, for others than who pulls.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.subscriber.inbox.lock().is_over()
    }

    /// Takes the next item that the user's predicate accepts.
    pub(crate) fn take_wanted(&mut self) -> Option<Delivery> {
        loop {
            match self.look() {
                Found::Item(delivery) => return Some(delivery),
                Found::Behind => self.core.catch_up(&self.subscriber),
                Found::Nothing => return None,
            }
        }
    }

    /// As [`Subscription::take_wanted`], but doesn't read the past.
    pub(super) fn look(&mut self) -> Found {
        let mut admitted = Vec::new();
        loop {
            let mut inbox = self.subscriber.inbox.lock();
            if inbox.is_behind() {
                return Found::Behind;
            }
            let taken = self.take_one(&mut inbox, &mut admitted);
            // Chunks that were held back may have been all that was read of history.
            let is_behind = taken.is_none() && inbox.is_behind();
            let unread = if taken.is_none() { inbox.unread() } else { None };
            let untold = inbox.untold();
            drop(inbox);
            self.subscriber.announce(untold);
            if !admitted.is_empty() {
                admit(std::mem::take(&mut admitted));
            }
            match taken {
                Some(taken) if !self.is_wanted(&taken) => {}
                None if is_behind => {}
                None if let Some(event) = &unread => event.serialise(),
                other => return other.map_or(Found::Nothing, |taken| Found::Item(taken.delivery)),
            }
        }
    }

    /// A pulled event counts as handled when it is handed over; where a predicate has the last word, it is
    /// in flight until then.
    #[inline]
    pub(super) fn take_one(
        &self,
        inbox: &mut Inbox,
        admitted: &mut Vec<Arc<super::waiting::Ticket>>,
    ) -> Option<Taken> {
        let taken = inbox.take(admitted)?;
        if let Delivery::Event(event) = &taken.delivery
            && self.subscriber.predicate.is_none()
        {
            inbox.give(event, &taken.entry);
        }
        Some(taken)
    }

    fn is_wanted(&self, Taken { delivery, entry }: &Taken) -> bool {
        let Delivery::Event(event) = delivery else { return true };
        if self.subscriber.predicate.is_none() {
            return true;
        }
        let outcome = match self.subscriber.accepts(event) {
            Ok(true) => Outcome::Handled,
            Ok(false) => Outcome::Skipped,
            Err(_) => Outcome::Panicked,
        };
        match outcome {
            Outcome::Handled => self.subscriber.inbox.lock().give(event, entry),
            outcome => self.subscriber.inbox.lock().settle(entry, outcome),
        }
        if outcome == Outcome::Handled && self.subscriber.once {
            self.subscriber.leave();
        }
        outcome == Outcome::Handled
    }

    pub(super) fn wait(&mut self, deadline: Option<Instant>) -> Result<Delivery> {
        if crate::ambient::on_loop_thread() {
            let message = "waiting for an event would stop this thread's event loop";
            return match self.try_next()? {
                Some(delivery) => Ok(delivery),
                None => Err(Error::new(ErrorKind::WouldDeadlock, message).expecting("to await it instead")),
            };
        }
        loop {
            if let Some(delivery) = self.take_wanted() {
                return Ok(delivery);
            }
            if self.is_over() {
                return Err(ended());
            }
            if self.linger(deadline) {
                continue;
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Err(Error::new(ErrorKind::TimedOut, "no event came in time"));
            }
            if !self.core.rest(&self.subscriber, Call::Thread(sync::current_thread())) {
                continue;
            }
            match deadline {
                Some(deadline) => sync::park_timeout(deadline.saturating_duration_since(Instant::now())),
                None => sync::park(),
            }
            self.get_up();
        }
    }

    /// Looks around for a while instead of parking; says whether something came.
    fn linger(&mut self, deadline: Option<Instant>) -> bool {
        let others = LINGERING.fetch_add(1, Ordering::Relaxed);
        let allowed = sync::TIME_PASSES && self.lively && others + 1 < cores();
        let until = Instant::now() + LINGER;
        let until = deadline.map_or(until, |deadline| deadline.min(until));
        let mut came = false;
        while allowed && !came && Instant::now() < until {
            std::thread::yield_now();
            let inbox = self.subscriber.inbox.lock();
            came = !inbox.is_empty() || inbox.is_over();
        }
        LINGERING.fetch_sub(1, Ordering::Relaxed);
        self.lively = came || !allowed;
        came
    }

    /// After a sleep: whoever was woken calls the next sleeper.
    pub(crate) fn get_up(&mut self) {
        let was_woken = {
            let mut inbox = self.subscriber.inbox.lock();
            matches!(std::mem::replace(&mut inbox.sleep, Sleep::Awake), Sleep::Awake)
        };
        if was_woken {
            self.lively = true;
            self.core.wake_next();
        }
    }
}

pub(super) fn ended() -> Error {
    Error::new(ErrorKind::Closed, "the subscription has ended")
}

impl Deref for Subscription {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}

impl Iterator for Subscription {
    type Item = Delivery;

    fn next(&mut self) -> Option<Delivery> {
        self.wait(None).ok()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.confirm(usize::MAX, Outcome::Discarded);
        self.core.unsubscribe(&self.subscriber);
    }
}
