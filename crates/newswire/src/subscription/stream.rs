//! The pull side for tasks: a `Stream` over plain wakers, so that every executor will do.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::inbox::{Call, Sleep};
use super::pull::Subscription;
use crate::delivery::Delivery;
use crate::subscriber::Subscriber;

/// A [`Subscription`] as an asynchronous stream; it ends when the bus has closed and all has been read,
/// while it is paused not even then.
///
/// Dropping a future that waits for the next item loses nothing: an item is taken only when it is ready to
/// be handed over.
pub struct SubscriptionStream {
    subscription: Subscription,
}

impl SubscriptionStream {
    pub(super) fn new(subscription: Subscription) -> Self {
        Self { subscription }
    }

    pub(crate) fn subscriber(&self) -> &Arc<Subscriber> {
        self.subscription.subscriber()
    }

    /// The subscription, to be pulled by a thread again.
    pub fn into_inner(self) -> Subscription {
        self.subscription
    }

    /// The next item, or word to the task's waker when there is one.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        loop {
            if let Some(delivery) = self.subscription.take_wanted() {
                return Poll::Ready(Some(delivery));
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

impl Stream for SubscriptionStream {
    type Item = Delivery;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        Self::poll_next(&mut self, context)
    }
}
