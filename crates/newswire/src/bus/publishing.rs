//! A publish that waits for room without holding the thread.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use super::core::Core;
use super::order::Sent;
use crate::delivery::Published;
use crate::handler::timer::Alarm;
use crate::subscriber::Subscriber;
use crate::subscription::waiting::Ticket;

/// A publish that waits for room: see [`Bus::publish_async`](crate::Bus::publish_async).
///
/// Dropping it stops the waiting, not the event: where there was no room yet, it is dropped.
#[must_use = "futures do nothing unless polled"]
pub struct Publishing {
    core: Arc<Core>,
    sent: Sent,
    tickets: Vec<(Option<Arc<Subscriber>>, Arc<Ticket>)>,
    /// Set while the last ticket is waited for.
    alarm: Option<Alarm>,
}

impl Future for Publishing {
    type Output = Published;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Published> {
        while let Some((subscriber, ticket)) = self.tickets.last().cloned() {
            let overdue = ticket.deadline() <= Instant::now();
            let verdict = match ticket.poll(context.waker()) {
                Some(verdict) => verdict,
                None if overdue => self.core.give_up(subscriber.as_ref(), &ticket),
                None => {
                    if self.alarm.is_none() {
                        let late = Arc::downgrade(&ticket);
                        self.alarm = Some(self.core.timer.alarm(ticket.deadline(), move || {
                            if let Some(ticket) = late.upgrade() {
                                ticket.tell();
                            }
                        }));
                    }
                    return Poll::Pending;
                }
            };
            self.alarm = None;
            self.tickets.pop();
            self.sent.count_wait(subscriber.is_some(), verdict);
        }
        Poll::Ready(self.sent.published)
    }
}

impl Publishing {
    pub(super) fn new(
        core: Arc<Core>,
        sent: Sent,
        tickets: Vec<(Option<Arc<Subscriber>>, Arc<Ticket>)>,
    ) -> Self {
        Self { core, sent, tickets, alarm: None }
    }

    /// Waits for room, holding the thread, until `deadline` at most.
    pub(super) fn wait_until(mut self, deadline: Instant) {
        for (subscriber, ticket) in std::mem::take(&mut self.tickets) {
            self.core.wait_for_room(subscriber.as_ref(), &ticket, deadline.min(ticket.deadline()));
        }
    }
}

impl Drop for Publishing {
    fn drop(&mut self) {
        for (subscriber, ticket) in std::mem::take(&mut self.tickets) {
            self.core.give_up(subscriber.as_ref(), &ticket);
        }
    }
}
