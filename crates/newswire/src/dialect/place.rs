//! Places in our events, where fields of other systems go and come from.

use serde_json::Value;

use super::document::Object;
use super::foreign::Foreign;
use super::unit;
use crate::catalogue::{self, Ours, Row};
use crate::event::{Event, Source};

/// Puts a value where the table says, if ours can be that and nothing is there; says whether it could be.
pub(super) fn set(
    ours: Ours,
    value: Value,
    row: Option<&Row>,
    body: &mut Object,
    foreign: &mut Foreign,
) -> bool {
    match ours {
        Ours::Payload(path) => {
            let fits = row.is_some_and(|row| catalogue::fits(row, path, &value));
            if fits && unit::at(body, path).is_none() {
                unit::set(body, path, value);
            }
            return fits;
        }
        Ours::Scope(field) => foreign.set_scope(field, value.as_str()),
        Ours::Correlation(field) => foreign.set_correlation(field, value.as_str()),
        Ours::Attr(name, _) => foreign.set_attr(name, value),
        Ours::Envelope("message") => {
            if let (Value::String(text), None) = (value, &foreign.message) {
                foreign.message = Some(text);
            }
        }
        Ours::Envelope("source.name") => {
            if let Some(source) = value.as_str().and_then(|name| Source::named("middleware", name).ok()) {
                foreign.source = source;
            }
        }
        Ours::Envelope(_) | Ours::Kind => {}
    }
    true
}

/// What stands at the place.
pub(super) fn get(ours: Ours, body: &Object, event: &Event) -> Option<Value> {
    match ours {
        Ours::Payload(path) => unit::at(body, path).cloned(),
        Ours::Scope(field) => event.scope().get(field).map(Value::from),
        Ours::Correlation(field) => event.correlation().get(field).map(Value::from),
        Ours::Attr(name, _) => serde_json::from_str(event.attr(name)?.get()).ok(),
        Ours::Envelope("message") => event.message().map(Value::from),
        Ours::Envelope("source.name") => event.source().name().map(Value::from),
        Ours::Envelope(_) | Ours::Kind => None,
    }
}
