//! The fields that a subscription can be found by without evaluating its filter.

use super::{CorrelationField, Event, ScopeField};

/// A field of ids, whose values index subscriptions that want exactly one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum IndexField {
    /// One id of the scope.
    Scope(ScopeField),
    /// The source's component.
    Component,
    /// The source's name.
    SourceName,
    /// One id of the correlation.
    Correlation(CorrelationField),
}

impl Event {
    /// The event's value of `field`.
    pub(crate) fn index_value(&self, field: &IndexField) -> Option<&str> {
        match *field {
            IndexField::Scope(field) => self.scope().get(field),
            IndexField::Component => self.source().component(),
            IndexField::SourceName => self.source().name(),
            IndexField::Correlation(field) => self.correlation().get(field),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Correlation, Scope, Source};
    use crate::kind::Kind;

    #[test]
    fn an_event_is_found_by_each_of_its_ids() -> crate::Result<()> {
        let event = Event::builder(Kind::parse("index.tested")?)
            .source(Source::named("tool_runner", "calculator")?)
            .scope(Scope::new().with(ScopeField::Session, "s-1")?)
            .correlation(Correlation::new().with(CorrelationField::ReplyTo, "q-1")?)
            .build()?;
        let value = |field| event.index_value(&field);
        assert_eq!(value(IndexField::Scope(ScopeField::Session)), Some("s-1"));
        assert_eq!(value(IndexField::Scope(ScopeField::Run)), None);
        assert_eq!(value(IndexField::Component), Some("tool_runner"));
        assert_eq!(value(IndexField::SourceName), Some("calculator"));
        assert_eq!(value(IndexField::Correlation(CorrelationField::ReplyTo)), Some("q-1"));
        assert_eq!(value(IndexField::Correlation(CorrelationField::Request)), None);
        Ok(())
    }
}
