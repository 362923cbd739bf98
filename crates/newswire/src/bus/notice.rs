//! The bus's own notices: ordinary internal events, one per change of state, never waiting, never
//! delivered to the subscription they are about.
//!
//! They take a seq only where somebody could get them, so that a bus on which nobody asks for internal
//! events counts its users' events and no others.

use std::sync::Arc;

use super::core::Core;
use super::order::{Order, Sent};
use super::publish::Manner;
use crate::catalogue::bus::{
    BusSubscriptionLagged, BusSubscriptionRecovered, BusSubscriptionResumed, BusSubscriptionStalled,
    BusSubscriptionSuspended,
};
use crate::event::{Event, Payload, Source};
use crate::subscriber::Subscriber;
use crate::subscription::health::Change;

impl Core {
    fn notice<P: Payload>(self: &Arc<Self>, subscriber: &Subscriber, what: &str, payload: P) {
        let message = format!("subscription {:?} {what}", subscriber.name);
        self.tell(Some(subscriber.id), &message, payload);
    }

    /// Tells something that is about that subscription, or about none.
    pub(super) fn tell<P: Payload>(self: &Arc<Self>, about: Option<u64>, message: &str, payload: P) {
        let kind = payload.kind();
        // No subscription has this number.
        let spared = about.unwrap_or_default();
        let is_heard = {
            let order = self.order.lock();
            !order.closed && (order.history.is_some() || order.routes.wants_notice(&kind, spared))
        };
        if !is_heard {
            return;
        }
        let notice = Source::new("bus")
            .and_then(|source| Event::of(payload).source(source).message(message).internal(true).build());
        // A notice that nobody can get any more (the bus has closed) is no loss.
        if let Ok(notice) = notice {
            let about = Sent { about: Some(spared), ..Sent::default() };
            let _ = self.publish_as(notice, Manner::Never, about);
        }
    }
}

impl Order {
    /// Whether the notice that `matched` is of would get to anybody but the subscription it is about. Asked
    /// under the lock: whoever wanted it when it was made may have left.
    pub(super) fn is_heard(&mut self, about: u64) -> bool {
        let Self { matched, routes, history, .. } = self;
        history.is_some()
            || matched.iter().any(|place| {
                let route = routes.get_mut(*place).filter(|route| route.internal);
                route.is_some_and(|route| route.own.iter().any(|subscriber| subscriber.id != about))
            })
    }
}

impl Subscriber {
    /// Tells changes of its health; call it without holding a lock.
    #[inline]
    pub(crate) fn announce(&self, changes: Vec<Change>) {
        if !changes.is_empty() {
            self.announce_each(changes);
        }
    }

    #[cold]
    fn announce_each(&self, changes: Vec<Change>) {
        let Some(core) = self.core.upgrade() else { return };
        for change in changes {
            match change {
                Change::Lagged { dropped, reason } => {
                    let mut lagged = BusSubscriptionLagged::new(&*self.name, self.id);
                    lagged.dropped_count = Some(dropped);
                    lagged.reason = Some(reason.as_str().into());
                    core.notice(self, "misses events", lagged);
                }
                Change::Stalled { waited, queued } => {
                    let mut stalled = BusSubscriptionStalled::new(&*self.name, self.id);
                    stalled.waited_ns = u64::try_from(waited.as_nanos()).ok();
                    stalled.queued_count = Some(queued);
                    core.notice(self, "takes nothing any more", stalled);
                }
                Change::Recovered { dropped } => {
                    let mut recovered = BusSubscriptionRecovered::new(&*self.name, self.id);
                    recovered.dropped_count = Some(dropped);
                    core.notice(self, "keeps up again", recovered);
                }
            }
        }
    }

    /// The handler has failed too often in a row, and takes nothing until it is resumed.
    pub(crate) fn announce_set_aside(&self) {
        let Some(core) = self.core.upgrade() else { return };
        let mut suspended = BusSubscriptionSuspended::new(&*self.name, self.id);
        {
            let inbox = self.inbox.lock();
            suspended.failure_count = Some(inbox.calls.failures_in_a_row.into());
            suspended.reason = inbox.calls.last_failure.as_deref().map(Into::into);
        }
        core.notice(self, "was set aside: it failed too often in a row", suspended);
    }

    /// The subscription takes events again.
    pub(crate) fn announce_resumed(&self) {
        if let Some(core) = self.core.upgrade() {
            core.notice(self, "takes events again", BusSubscriptionResumed::new(&*self.name, self.id));
        }
    }
}
