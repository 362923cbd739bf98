//! The fields that subscriptions are indexed by.
//!
//! A filter that asks for one of these by equality needs no evaluation for events that have another value.

use super::{CorrelationField, Event, ScopeField};

/// A field of free text that the routing looks subscriptions up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum IndexField {
    Scope(ScopeField),
    Component,
    SourceName,
    Correlation(CorrelationField),
}

impl Event {
    /// The event's value of an indexed field.
    pub(crate) fn index_value(&self, field: &IndexField) -> Option<&str> {
        match field {
            IndexField::Scope(field) => self.scope().get(*field),
            IndexField::Component => self.source().component(),
            IndexField::SourceName => self.source().name(),
            IndexField::Correlation(field) => self.correlation().get(*field),
        }
    }
}
