//! A subscription as other languages hold it: several threads may wait on it, and any may close it meanwhile.

use std::collections::VecDeque;
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::{Duration, Instant};

use newswire::{
    Bus, Cursor, Delivery, Error, ErrorKind, LoopThread, Outcome, Result, SubscriptionStats,
    SubscriptionStream,
};

use crate::batch::{BatchWriter, most};
use crate::lock::{Condvar, Mutex};
use crate::options::SubscribeSpec;

/// The longest wait, which stands for a wait without end.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// A subscription that is pulled in batches. What a call gave is in flight until the next call, or until
/// [`Pull::confirm`] says how it ended.
///
/// ```
/// use newswire::{Bus, Event, Kind};
/// use newswire_facade::{Pull, read_batch};
/// use std::time::Duration;
///
/// let bus = Bus::new();
/// let deploys = Pull::open(&bus, "deploy.*", &Default::default())?;
/// bus.publish(Event::builder(Kind::parse("deploy.finished")?).build()?)?;
/// let batch = deploys.next_batch(256, Duration::from_secs(1))?;
/// assert_eq!(read_batch(&batch)?.len(), 1);
/// # Ok::<(), newswire::Error>(())
/// ```
pub struct Pull {
    state: Mutex<State>,
    signal: Arc<Signal>,
}

struct State {
    /// `None` once it was closed.
    stream: Option<SubscriptionStream>,
    /// Taken, and found no room in the last batch.
    left: VecDeque<Delivery>,
    /// Events that were given out and have no outcome yet.
    given: usize,
}

/// Tells all who wait that it is worth looking again.
#[derive(Default)]
struct Signal {
    times: Mutex<u64>,
    told: Condvar,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        *self.times.lock() += 1;
        self.told.notify_all();
    }
}

impl Pull {
    /// Subscribes.
    ///
    /// # Errors
    /// Those of the options and of [`Bus::subscribe_with`].
    pub fn open(bus: &Bus, filter: &str, spec: &SubscribeSpec) -> Result<Self> {
        let stream = bus.subscribe_with(filter, spec.options()?)?.confirming().stream();
        let state = State { stream: Some(stream), left: VecDeque::new(), given: 0 };
        Ok(Self { state: Mutex::new(state), signal: Arc::default() })
    }

    /// Waits for something to come, up to `timeout`, and gives what is there, at most `max` items. All that was given
    /// before counts as handled.
    ///
    /// # Errors
    /// `TimedOut`; `Closed` when all has been read or it was closed; `Invalid` for no items; `WouldDeadlock` on a loop
    /// thread where nothing is there.
    pub fn next_batch(&self, max: usize, timeout: Duration) -> Result<Vec<u8>> {
        let max = most(max)?;
        let deadline = deadline(timeout);
        let waker = Waker::from(self.signal.clone());
        loop {
            let times = *self.signal.times.lock();
            if let Poll::Ready(taken) = self.take(max, &mut Context::from_waker(&waker)) {
                // The stream calls once: what this thread found, or that there will be no more, it may have been
                // alone to be told. Those who wait look again, and find it or ask to be called themselves.
                self.signal.clone().wake();
                return taken;
            }
            if LoopThread::is_current() && !timeout.is_zero() {
                let message = "waiting for an event would stop this thread's event loop";
                return Err(Error::new(ErrorKind::WouldDeadlock, message).expecting("a timeout of 0"));
            }
            let mut now = self.signal.times.lock();
            while *now == times {
                let timed_out;
                (now, timed_out) = self.signal.told.wait_until(now, deadline);
                if timed_out && *now == times {
                    return Err(Error::new(ErrorKind::TimedOut, "no event came in time"));
                }
            }
        }
    }

    /// Takes what is there; the waker is told where there is nothing.
    fn take(&self, max: usize, context: &mut Context<'_>) -> Poll<Result<Vec<u8>>> {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let Some(stream) = &mut state.stream else { return Poll::Ready(Err(closed())) };
        stream.subscription().confirm(state.given, Outcome::Handled);
        state.given = 0;
        if state.left.is_empty() {
            let mut taken = Vec::new();
            if ready!(stream.poll_batch(context, &mut taken, max)) == 0 {
                return Poll::Ready(Err(ended()));
            }
            state.left.extend(taken);
        }
        let mut batch = BatchWriter::new();
        while batch.len() < max
            && let Some(delivery) = state.left.front()
            && batch.push(delivery)
        {
            state.given += usize::from(matches!(delivery, Delivery::Event(_)));
            state.left.pop_front();
        }
        Poll::Ready(Ok(batch.finish()))
    }

    /// Says how so many events ended, in the order of giving; says how many of them were in flight.
    ///
    /// # Errors
    /// `Closed` where it was closed.
    pub fn confirm(&self, events: usize, outcome: Outcome) -> Result<usize> {
        let mut state = self.state.lock();
        let events = events.min(state.given);
        let stream = state.stream.as_ref().ok_or_else(closed)?;
        let confirmed = stream.subscription().confirm(events, outcome);
        state.given -= events;
        Ok(confirmed)
    }

    /// The position below which all has an outcome: where another subscription can resume.
    ///
    /// # Errors
    /// `Closed` where it was closed, here and below.
    pub fn position(&self) -> Result<Cursor> {
        self.with(|stream| Ok(stream.subscription().position()))
    }

    /// Takes nothing until it is resumed.
    ///
    /// # Errors
    /// As [`Pull::position`].
    pub fn pause(&self) -> Result<()> {
        self.with(|stream| {
            stream.subscription().pause();
            Ok(())
        })
    }

    /// Takes events again.
    ///
    /// # Errors
    /// As [`Pull::position`].
    pub fn resume(&self) -> Result<()> {
        self.with(|stream| {
            stream.subscription().resume();
            Ok(())
        })
    }

    /// Sets another bound.
    ///
    /// # Errors
    /// As [`Pull::position`]; `Invalid` for no places, or fewer bytes than one event may have.
    pub fn resize(&self, buffer: usize, buffer_bytes: usize) -> Result<()> {
        self.with(|stream| stream.subscription().resize(buffer, buffer_bytes))
    }

    /// This moment's numbers.
    ///
    /// # Errors
    /// As [`Pull::position`].
    pub fn stats(&self) -> Result<SubscriptionStats> {
        self.with(|stream| Ok(stream.subscription().stats()))
    }

    /// Unsubscribes: whoever waits is told at once, what is queued or in flight is discarded. Never waits.
    pub fn close(&self) {
        let stream = {
            let mut state = self.state.lock();
            state.left.clear();
            state.stream.take()
        };
        drop(stream);
        self.signal.clone().wake();
    }

    fn with<T>(&self, act: impl FnOnce(&SubscriptionStream) -> Result<T>) -> Result<T> {
        let state: MutexGuard<'_, State> = self.state.lock();
        act(state.stream.as_ref().ok_or_else(closed)?)
    }
}

/// When to give up.
pub(crate) fn deadline(timeout: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(timeout.min(FOR_EVER)).unwrap_or(now)
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the subscription was closed")
}

fn ended() -> Error {
    Error::new(ErrorKind::Closed, "the subscription has ended")
}
