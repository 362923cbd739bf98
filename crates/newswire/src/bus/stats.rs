//! Snapshots of a bus and its subscriptions; every one that is handed out balances.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::core::Core;
use crate::subscriber::Subscriber;
use crate::subscription::health::Health;
use crate::subscription::tally::Books;

/// A subscription at one moment.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SubscriptionStats {
    /// Unique in the process, rising with age.
    pub id: u64,
    /// Its name: given, or its filter.
    pub name: String,
    /// Its filter, as canonical text.
    pub filter: String,
    /// Larger is served first.
    pub priority: i32,
    /// What became of every event that it matched.
    pub books: Books,
    /// How many events may wait.
    pub buffer: u64,
    /// Whether it takes nothing for now.
    pub paused: bool,
    /// Whether it was paused for failing too often in a row.
    pub set_aside: bool,
    /// Whether it has lost events and not caught up since.
    pub slow: bool,
    /// Calls past their deadline that have not returned.
    pub overrunning: u64,
    /// What the last failure said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
    /// Whether it has ended.
    pub closed: bool,
}

/// A bus at one moment.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct BusStats {
    /// The bus's name.
    pub name: String,
    /// How many events have been published: the last seq.
    pub published: u64,
    /// How many deliveries they meant.
    pub matched: u64,
    /// How many of these were dropped at once or after a wait; later evictions are in the books.
    pub dropped: u64,
    /// How many times a publisher had to wait for room.
    pub blocked: u64,
    /// How many events the history keeps, and their bytes.
    #[serde(serialize_with = "kept")]
    pub history: (usize, usize),
    /// Bytes that the shared tapes keep for their readers.
    pub shared_bytes: u64,
    /// Questions that wait for their answer.
    pub pending_requests: usize,
    /// Enrichers that failed, and fields that were masked because a redaction failed.
    pub alteration_failures: u64,
    /// Events whose component id broke agent-runtime's formats, where the bus was told to warn.
    pub component_id_warnings: u64,
    /// Events whose JSON payload didn't fit its kind, where the bus was told to warn.
    pub payload_warnings: u64,
    /// Whether it is closed.
    pub closed: bool,
    /// Open subscriptions, by age.
    pub subscriptions: Vec<SubscriptionStats>,
    /// The last ones that ended.
    pub ended: Vec<SubscriptionStats>,
}

/// A pair without names says nothing in JSON.
fn kept<S: Serializer>(history: &(usize, usize), to: S) -> Result<S::Ok, S::Error> {
    let (events, bytes) = *history;
    BTreeMap::from([("events", events), ("bytes", bytes)]).serialize(to)
}

impl Subscriber {
    /// This moment's numbers.
    pub(crate) fn stats(&self) -> SubscriptionStats {
        let mut inbox = self.inbox.lock();
        SubscriptionStats {
            id: self.id,
            name: self.name.to_string(),
            filter: self.filter.to_string(),
            priority: self.priority,
            books: inbox.books(),
            buffer: inbox.bounds.events,
            paused: inbox.paused,
            set_aside: inbox.calls.set_aside,
            slow: inbox.condition.health != Health::Well,
            overrunning: inbox.calls.overrunning,
            last_failure: inbox.calls.last_failure.as_deref().map(str::to_owned),
            closed: inbox.ended,
        }
    }
}

impl Core {
    /// This moment's numbers.
    pub(crate) fn stats(self: &Arc<Self>) -> BusStats {
        let order = self.order.lock();
        // Who has left stays on the bus until its last call has ended, so that a close waits for it.
        let (leaving, subscriptions): (Vec<_>, Vec<_>) =
            order.subscribers.values().cloned().partition(|subscriber| subscriber.inbox.lock().has_left());
        let ended: Vec<_> = order.retired.iter().cloned().chain(leaving).collect();
        let history = order.history.as_ref().map_or((0, 0), |history| (history.len(), history.bytes()));
        let mut stats = BusStats {
            name: self.beginning.lock().bus().to_owned(),
            published: order.seq,
            matched: order.totals.matched,
            dropped: order.totals.dropped,
            blocked: order.totals.blocked,
            history,
            shared_bytes: order.held_bytes(),
            pending_requests: order.questions.len(),
            alteration_failures: self.alterations.failures(),
            component_id_warnings: self.alterations.checks.component_id_warnings(),
            payload_warnings: self.alterations.checks.payload_warnings(),
            closed: order.closed,
            subscriptions: Vec::new(),
            ended: Vec::new(),
        };
        drop(order);
        stats.subscriptions = subscriptions.iter().map(|subscriber| subscriber.stats()).collect();
        stats.ended = ended.iter().map(|subscriber| subscriber.stats()).collect();
        stats
    }
}
