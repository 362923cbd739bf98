//! A `tracing` call site that is disabled, in a program that has a subscriber.
//!
//! Without any subscriber a call site is one load and a comparison. With one that doesn't want it, which is
//! the usual life of a disabled call site, its cached interest is asked as well.

use crate::sample::Call;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber, set_global_default};
use tracing::{Event, Level, Metadata, event};

/// Wants everything but the measured call site.
struct NotHere;

const TARGET: &str = "disabled";

impl Subscriber for NotHere {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.target() == TARGET { Interest::never() } else { Interest::always() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() != TARGET
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Gives the process that subscriber; later calls change nothing.
pub(crate) fn install() {
    // An error means that it is there already.
    let _ = set_global_default(NotHere);
}

/// The call site.
#[inline]
pub(crate) fn emit(Call { name, call_id, result, duration_ns, status }: Call) {
    event!(target: TARGET, Level::INFO, name, call_id, result, duration_ns, status);
}
