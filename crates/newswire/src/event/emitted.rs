//! The short way to an event, for emitters.
//!
//! What a builder collects step by step, and moves with every step, is here written into its place once:
//! an emission costs its allocations, the clock and little else.

use super::record::{Envelope, Rare};
use super::size::measure;
use super::{Body, Component, Correlation, Event, EventData, Payload, Scope, Source, new_id, now_ns};
use crate::catalogue;
use crate::error::Result;
use crate::kind::Kind;

impl Event {
    /// An event of now; the context's fields share what they hold with all others of the emitter.
    ///
    /// # Errors
    /// `TooLarge` over [`MAX_EVENT_BYTES`](super::MAX_EVENT_BYTES).
    pub(crate) fn emitted<P: Payload>(
        kind: &Kind,
        (source, scope, correlation): (&Source, &Scope, &Correlation),
        component: Option<Component>,
        rare: Option<Box<Rare>>,
        payload: P,
    ) -> Result<Self> {
        let time_ns = now_ns();
        let mut data = EventData {
            id: new_id(time_ns),
            time_ns,
            severity: catalogue::severity_of(kind),
            kind: kind.clone(),
            internal: false,
            size: 0,
            source: source.clone(),
            scope: scope.clone(),
            correlation: correlation.clone(),
            component,
            message: None,
            body: Body::typed(payload),
            rare,
            envelope: Envelope::default(),
        };
        data.size = measure(&data)?;
        Ok(Self::from_data(data))
    }
}
