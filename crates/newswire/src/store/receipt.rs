//! Word that an event is durable, or won't be.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::ambient;
use crate::delivery::Published;
use crate::error::{Error, ErrorKind, Result};
use crate::handler::timer::deadline_after;
use crate::sync::{self, Condvar, Mutex, wake};

#[derive(Default)]
struct State {
    outcome: Option<Result<()>>,
    wakers: Vec<Waker>,
}

/// Decided once, by whoever writes or gives up.
#[derive(Default)]
pub(crate) struct Promise {
    state: Mutex<State>,
    changed: Condvar,
}

impl Promise {
    /// Decides it, unless it is decided; call it without holding a lock.
    pub(crate) fn settle(&self, outcome: Result<()>) {
        let wakers = {
            let mut state = self.state.lock();
            state.outcome.get_or_insert(outcome);
            std::mem::take(&mut state.wakers)
        };
        self.changed.notify_all();
        wakers.into_iter().for_each(wake);
    }

    pub(crate) fn outcome(&self) -> Option<Result<()>> {
        self.state.lock().outcome.clone()
    }

    /// Waits until it is decided, up to `timeout`.
    pub(crate) fn wait(&self, timeout: Duration) -> Result<()> {
        let deadline = deadline_after(timeout);
        let mut state = self.state.lock();
        loop {
            if let Some(outcome) = &state.outcome {
                return outcome.clone();
            }
            if ambient::on_loop_thread() {
                let message = "waiting for the store would stop this thread's event loop";
                return Err(Error::new(ErrorKind::WouldDeadlock, message).expecting("the receipt awaited"));
            }
            if Instant::now() >= deadline {
                return Err(Error::new(ErrorKind::TimedOut, "the store hasn't written it in time"));
            }
            state = sync::wait_until(&self.changed, state, deadline);
        }
    }

    pub(crate) fn poll(&self, waker: &Waker) -> Option<Result<()>> {
        let mut state = self.state.lock();
        if state.outcome.is_none() && !state.wakers.iter().any(|other| other.will_wake(waker)) {
            state.wakers.push(waker.clone());
        }
        state.outcome.clone()
    }
}

/// Word of one event that it is durable, in the sense of the store's durability, or won't be: to be waited
/// for, or awaited. It always comes, and never before it is true.
///
/// An error means that durability isn't promised. Where the store is in trouble the event may yet be written.
#[derive(Clone)]
#[must_use = "only a receipt says that the event is durable"]
pub struct Receipt {
    published: Published,
    promise: Arc<Promise>,
}

impl Receipt {
    pub(crate) fn new(published: Published, promise: Arc<Promise>) -> Self {
        Self { published, promise }
    }

    /// What became of the event on the bus.
    pub fn published(&self) -> Published {
        self.published
    }

    /// The word, if it is there.
    pub fn outcome(&self) -> Option<Result<()>> {
        self.promise.outcome()
    }

    /// Waits for the word, up to `timeout`.
    ///
    /// # Errors
    /// `Full` where the store's queue had no room; `Io` where writing failed; `Closed` where the store was
    /// detached before; `TimedOut` when there is no word yet; `WouldDeadlock` on a loop thread.
    pub fn wait(&self, timeout: Duration) -> Result<()> {
        self.promise.wait(timeout)
    }
}

impl Future for Receipt {
    type Output = Result<Published>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<Published>> {
        match self.promise.poll(context.waker()) {
            None => Poll::Pending,
            Some(outcome) => Poll::Ready(outcome.map(|()| self.published)),
        }
    }
}
