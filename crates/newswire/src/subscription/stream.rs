//! The pull side for tasks: a `Stream` over plain wakers, so that every executor will do.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::inbox::{Call, Sleep};
use super::pull::{Found, Subscription};
use crate::delivery::Delivery;
use crate::store::receipt::Promise;
use crate::subscriber::Subscriber;
use crate::sync;

/// A [`Subscription`] as an asynchronous stream; it ends when the bus has closed and all has been read,
/// while it is paused not even then.
///
/// Dropping a future that waits for the next item loses nothing: an item is taken only when it is ready to
/// be handed over.
pub struct SubscriptionStream {
    subscription: Subscription,
    /// Told when a piece of the past has been read, which a thread is doing.
    reading: Option<Arc<Promise>>,
}

impl SubscriptionStream {
    pub(super) fn new(subscription: Subscription) -> Self {
        Self { subscription, reading: None }
    }

    pub(crate) fn subscriber(&self) -> &Arc<Subscriber> {
        self.subscription.subscriber()
    }

    /// The subscription, to be pulled by a thread again.
    pub fn into_inner(self) -> Subscription {
        self.subscription
    }

    /// The subscription, while it is a stream.
    pub fn subscription(&self) -> &Subscription {
        &self.subscription
    }

    /// Takes what is there now into `into`, at most `max` items, or word to the task's waker when there is one; 0
    /// means that it has ended.
    pub fn poll_batch(
        &mut self,
        context: &mut Context<'_>,
        into: &mut Vec<Delivery>,
        max: usize,
    ) -> Poll<usize> {
        let first = match self.subscription.take_read(into, max) {
            Ok(taken) if taken > 0 => return Poll::Ready(taken),
            Ok(_) if max > 0 => self.poll_next(context),
            Ok(_) | Err(_) => return Poll::Ready(0),
        };
        first.map(|first| match first {
            None => 0,
            Some(delivery) => {
                into.push(delivery);
                1 + self.subscription.take_read(into, max - 1).unwrap_or(0)
            }
        })
    }

    /// The next item, or word to the task's waker when there is one.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        loop {
            if let Some(reading) = &self.reading {
                if reading.poll(context.waker()).is_none() {
                    return Poll::Pending;
                }
                self.reading = None;
            }
            match self.subscription.look() {
                Found::Item(delivery) => return Poll::Ready(Some(delivery)),
                Found::Behind => {
                    self.read_past();
                    continue;
                }
                Found::Nothing => {}
            }
            if self.subscription.is_over() {
                return Poll::Ready(None);
            }
            let subscriber = self.subscription.subscriber();
            subscriber.inbox.lock().sleep = Sleep::Awake;
            if self.subscription.core().rest(subscriber, Call::Task(context.waker().clone())) {
                return Poll::Pending;
            }
        }
    }
}

impl SubscriptionStream {
    /// Reads the next piece of the past: what is in memory at once, what a store has on a thread of its own, since
    /// a disk would stop all tasks of the one that polls.
    fn read_past(&mut self) {
        let (core, subscriber) = (self.subscription.core().clone(), self.subscription.subscriber().clone());
        if core.reads_store(&subscriber) {
            let promise = Arc::new(Promise::default());
            let (reader, reads, done) = (core.clone(), subscriber.clone(), promise.clone());
            let read = move || {
                reader.catch_up(&reads);
                done.settle(Ok(()));
            };
            if sync::spawn("newswire-replay".to_owned(), read).is_ok() {
                self.reading = Some(promise);
                return;
            }
        }
        core.catch_up(&subscriber);
    }
}

impl Stream for SubscriptionStream {
    type Item = Delivery;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        Self::poll_next(&mut self, context)
    }
}
