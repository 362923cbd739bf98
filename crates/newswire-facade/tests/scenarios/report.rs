//! What steps result in, as JSON, by the names that all languages share.

use newswire::{
    AttachmentStats, Books, BusStats, CloseReport, Correlation, Delivery, Error, Event, Gap, Published,
    SubscriptionStats,
};
use serde_json::{Value, json};

pub(crate) fn event(event: &Event) -> Result<Value, String> {
    serde_json::from_str(&event.to_json()).map_err(|error| error.to_string())
}

pub(crate) fn gap(gap: &Gap) -> Value {
    json!({"gap": {"first": gap.first, "last": gap.last, "count": gap.count, "reason": gap.reason.as_str()}})
}

pub(crate) fn delivery(delivery: &Delivery) -> Result<Value, String> {
    match delivery {
        Delivery::Event(given) => event(given),
        Delivery::Gap(given) => Ok(gap(given)),
    }
}

pub(crate) fn published(published: Published) -> Value {
    let Published { seq, matched, delivered, deferred, dropped, blocked, .. } = published;
    json!({
        "seq": seq, "matched": matched, "delivered": delivered, "deferred": deferred, "dropped": dropped,
        "blocked": blocked,
    })
}

pub(crate) fn error(error: &Error) -> Value {
    json!({
        "code": error.kind().as_str(), "message": error.message(), "path": error.path(), "column": error.column(),
        "expected": error.expected(),
    })
}

fn books(books: &Books) -> Value {
    json!({
        "matched": books.matched, "handled": books.handled, "skipped": books.skipped, "failed": books.failed,
        "panicked": books.panicked, "timed_out": books.timed_out, "dropped": books.dropped,
        "discarded": books.discarded, "waiting": books.waiting, "queued": books.queued, "in_flight": books.in_flight,
    })
}

/// The numbers of a subscription, which balance whenever they are looked at.
pub(crate) fn subscription(stats: &SubscriptionStats) -> Result<Value, String> {
    if !stats.books.balance() {
        return Err(format!("the books of {} don't balance: {:?}", stats.name, stats.books));
    }
    Ok(json!({
        "name": stats.name, "filter": stats.filter, "priority": stats.priority, "books": books(&stats.books),
        "buffer": stats.buffer, "paused": stats.paused, "set_aside": stats.set_aside, "slow": stats.slow,
        "overrunning": stats.overrunning, "last_failure": stats.last_failure, "closed": stats.closed,
    }))
}

fn subscriptions(all: &[SubscriptionStats]) -> Result<Vec<Value>, String> {
    all.iter().map(subscription).collect()
}

pub(crate) fn bus(stats: &BusStats) -> Result<Value, String> {
    Ok(json!({
        "name": stats.name, "published": stats.published, "matched": stats.matched, "dropped": stats.dropped,
        "blocked": stats.blocked, "history": stats.history.0, "pending_requests": stats.pending_requests,
        "alteration_failures": stats.alteration_failures, "component_id_warnings": stats.component_id_warnings,
        "payload_warnings": stats.payload_warnings, "closed": stats.closed,
        "subscriptions": subscriptions(&stats.subscriptions)?, "ended": subscriptions(&stats.ended)?,
    }))
}

pub(crate) fn closed(report: &CloseReport) -> Result<Value, String> {
    Ok(json!({
        "complete": report.complete, "last_seq": report.last_seq, "abandoned": report.abandoned,
        "discarded": report.discarded, "unstored": report.unstored,
        "subscriptions": subscriptions(&report.subscriptions)?,
    }))
}

pub(crate) fn attachment(stats: &AttachmentStats) -> Value {
    json!({
        "taken": stats.taken, "failed": stats.failed, "dropped": stats.dropped, "lag": stats.lag,
        "trouble": stats.trouble, "detached": stats.detached,
    })
}

/// What the events of an operation, or within it, are told apart by.
pub(crate) fn place(correlation: &Correlation) -> Value {
    json!({
        "trace": correlation.trace.map(|trace| trace.to_string()),
        "span": correlation.span.map(|span| span.to_string()),
        "parent_span": correlation.parent_span.map(|span| span.to_string()),
    })
}
