//! The words of options, and what the core calls them.

use std::time::Duration;

use newswire::{
    BusOptions, Check, Coalesce, Field, HandlerOptions, Mode, Redaction, Start, SubscribeOptions, WhenFull,
};

use super::format::{Opening, Rule, Wants};
use super::stage::Fault;

/// What `options` says, or what is usual.
pub(crate) fn bus(opening: Opening) -> Result<BusOptions, Fault> {
    let usual = BusOptions::default();
    let check = |word: Option<String>| word.map_or(Ok(Check::Off), |word| Check::parse(&word));
    Ok(BusOptions {
        name: opening.name.unwrap_or(usual.name),
        history: opening.history.unwrap_or(usual.history),
        history_bytes: opening.history_bytes.unwrap_or(usual.history_bytes),
        shared_bytes: opening.shared_bytes.unwrap_or(usual.shared_bytes),
        workers: opening.workers.unwrap_or(usual.workers),
        pending_requests: opening.pending_requests.unwrap_or(usual.pending_requests),
        subscriptions: opening.subscriptions.unwrap_or(usual.subscriptions),
        component_ids: check(opening.component_ids)?,
        payloads: check(opening.payloads)?,
        closed_kept: usual.closed_kept,
    })
}

pub(crate) fn queue(wants: &Wants) -> Result<SubscribeOptions, Fault> {
    let usual = SubscribeOptions::default();
    let when_full = match wants.when_full.as_deref() {
        None | Some("drop_oldest") => WhenFull::DropOldest,
        Some("drop_newest") => WhenFull::DropNewest,
        Some("block") => WhenFull::Block,
        Some(other) => return Err(format!("a full queue can't {other:?}").into()),
    };
    let coalesce = wants.coalesce_ms.map(|window| Coalesce {
        window: Duration::from_millis(window),
        max_bytes: wants.coalesce_bytes.unwrap_or(1 << 16),
    });
    Ok(SubscribeOptions {
        name: wants.name.clone().unwrap_or_default(),
        buffer: wants.buffer.unwrap_or(usual.buffer),
        buffer_bytes: wants.buffer_bytes.unwrap_or(usual.buffer_bytes),
        when_full,
        max_wait: wants.max_wait_ms.map_or(usual.max_wait, Duration::from_millis),
        start: wants.start.as_deref().map_or(Ok(Start::Live), start)?,
        internal: wants.internal,
        priority: wants.priority,
        coalesce,
        predicate: None,
    })
}

fn start(text: &str) -> Result<Start, Fault> {
    Ok(match text.split_once(':').unwrap_or((text, "")) {
        ("live", "") => Start::Live,
        ("earliest", "") => Start::Earliest,
        ("after", cursor) => Start::After(cursor.parse()?),
        ("last", count) => Start::Last(count.parse().map_err(|_| format!("{count:?} is no number"))?),
        ("since", nanos) => Start::Since(nanos.parse().map_err(|_| format!("{nanos:?} is no number"))?),
        _ => return Err(format!("nothing starts {text:?}").into()),
    })
}

pub(crate) fn handler(wants: &Wants) -> Result<HandlerOptions, Fault> {
    let mode = match (wants.mode.as_deref(), &wants.key) {
        (None | Some("locked"), None) => Mode::Locked,
        (Some("inline"), None) => Mode::Inline,
        (Some("keyed"), Some(key)) => Mode::Keyed(Field::parse(key)?),
        (Some("concurrent"), None) => Mode::Concurrent(wants.concurrency.unwrap_or(1)),
        (mode, key) => return Err(format!("no handler is {mode:?} with key {key:?}").into()),
    };
    Ok(HandlerOptions {
        queue: queue(wants)?,
        mode,
        timeout: wants.timeout_ms.map(Duration::from_millis),
        once: wants.once,
        set_aside_after: wants.set_aside_after,
        ..HandlerOptions::default()
    })
}

pub(crate) fn rule(rule: &Rule) -> Result<Redaction, Fault> {
    let mut redaction = match (&rule.field, rule.class.as_deref()) {
        (Some(field), None) => Redaction::field(field)?,
        (None, Some("content")) => Redaction::class(newswire::catalogue::Class::Content),
        (field, class) => {
            return Err(format!("a rule masks a field or a class, not {field:?}, {class:?}").into());
        }
    };
    if let Some(kinds) = &rule.kinds {
        redaction = redaction.of_kinds(kinds)?;
    }
    Ok(match &rule.matching {
        Some(pattern) => redaction.matching(pattern)?,
        None => redaction,
    })
}
