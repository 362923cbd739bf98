//! Newswire: the event bus of AI-agent runtimes.
//!
//! A [`Bus`] takes events, gives each its `seq`, and hands them to subscriptions: pulled ones
//! ([`Subscription`]), handlers ([`Bus::on`]), sinks ([`Bus::attach`]). An [`Emitter`] makes events of the
//! [`catalogue`]'s kinds, if anybody wants them. Whatever is lost is told as a [`Gap`], in its place.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod ambient;
mod bus;
mod caller;
pub mod catalogue;
mod cursor;
mod delivery;
mod dialect;
mod emitter;
mod error;
mod event;
mod field;
mod filter;
mod handler;
#[doc(hidden)]
pub mod json;
mod kind;
#[cfg(all(test, feature = "loom"))]
mod models;
mod options;
mod registry;
mod sink;
mod start;
pub mod store;
mod subscriber;
mod subscription;
mod sync;
pub mod view;

pub use ambient::{Handled, LoopThread};
pub use bus::alter::{Enricher, Enrichment, Redaction};
pub use bus::ask::{Expectation, Request};
pub use bus::close::{CloseReport, Closing};
pub use bus::handles::WeakBus;
pub use bus::publishing::Publishing;
pub use bus::stats::{BusStats, SubscriptionStats};
pub use bus::{Bus, Listener, Unsubscribed};
pub use cursor::Cursor;
pub use delivery::{Delivery, Gap, GapReason, Published};
pub use dialect::{Dialect, Form, KindName, NamesKind};
pub use emitter::{Emitter, Guard};
pub use error::{Error, ErrorKind, Rejected, Result};
pub use event::{
    Component, ComponentScope, Correlation, CorrelationField, Event, EventBuilder, EventReader,
    MAX_EVENT_BYTES, Merged, Origin, Payload, Phase, Scope, ScopeField, Severity, Source, SpanId, Status,
    TraceId, json_len, reseed_ids,
};
pub use field::Field;
pub use filter::{Filter, IntoFilter, Value};
pub use handler::{Failure, Handler, HandlerGone, HandlerRef, IntoHandler, IntoOutcome};
pub use kind::Kind;
pub use options::{
    BusOptions, Check, Coalesce, HandlerOptions, Host, Mode, OnPanic, Predicate, SubscribeOptions, WhenFull,
};
pub use sink::{
    Attachment, AttachmentStats, Console, ConsoleOptions, Param, Sink, SinkFactory, SinkUrl, StoreFactory,
    Visible, figures, register_sink, register_store,
};
pub use start::Start;
pub use store::receipt::Receipt;
pub use subscription::control::Control;
pub use subscription::pull::Subscription;
pub use subscription::stream::SubscriptionStream;
pub use subscription::tally::{Books, Outcome};

/// The README's example, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
