//! The bus's own notices: ordinary internal events, one per change of state, never waiting, never
//! delivered to the subscription they are about.

use std::sync::Arc;

use serde_json::json;

use super::core::Core;
use super::publish::Manner;
use crate::event::{Event, Severity, Source};
use crate::kind::Kind;
use crate::subscriber::Subscriber;

/// The attribute that names the subscription a notice is about.
const ABOUT: &str = "about_subscription";

/// The subscription that a notice is about.
pub(crate) fn subject(event: &Event) -> Option<u64> {
    if !event.kind().as_str().starts_with("bus.") {
        return None;
    }
    event.attr(ABOUT)?.get().parse().ok()
}

impl Core {
    /// A subscription has begun to lose events.
    pub(crate) fn notice_slow(self: &Arc<Self>, subscriber: &Subscriber) {
        self.notice(
            "bus.subscription.overrun",
            Severity::Warn,
            subscriber,
            "loses events: its queue is full",
        );
    }

    fn notice(self: &Arc<Self>, kind: &str, severity: Severity, subscriber: &Subscriber, what: &str) {
        let notice = Kind::parse(kind).and_then(|kind| {
            Event::builder(kind)
                .severity(severity)
                .source(Source::new("bus")?)
                .message(format!("subscription {:?} {what}", subscriber.name))
                .attr(ABOUT, &subscriber.id)
                .serialize(&json!({ "subscription": subscriber.id, "name": &*subscriber.name }))
                .internal(true)
                .build()
        });
        // A notice that nobody can get any more (the bus has closed) is no loss.
        if let Ok(notice) = notice
            && self.interest.wants(notice.kind())
        {
            let _ = self.publish(notice, Manner::Never);
        }
    }
}

impl Subscriber {
    /// The handler has failed too often in a row, and takes nothing until it is resumed.
    pub(crate) fn announce_set_aside(&self) {
        if let Some(core) = self.core.upgrade() {
            core.notice(
                "bus.subscription.suspended",
                Severity::Error,
                self,
                "was set aside: it failed too often in a row",
            );
        }
    }

    /// The subscription takes events again.
    pub(crate) fn announce_resumed(&self) {
        if let Some(core) = self.core.upgrade() {
            core.notice("bus.subscription.resumed", Severity::Info, self, "takes events again");
        }
    }
}
