//! Places in our events, where fields of other systems go and come from.

use serde_json::Value;

use super::document::Object;
use super::foreign::Foreign;
use super::unit;
use crate::catalogue::{self, Ours, Row};
use crate::error::{ErrorKind, Result};
use crate::event::{Event, Source};

/// Puts a value where the table says, if ours can be that and nothing is there; says whether it could be.
///
/// # Errors
/// `TooLarge` for more bytes than an event may carry inline.
pub(super) fn set(
    ours: Ours,
    value: Value,
    row: Option<&Row>,
    body: &mut Object,
    foreign: &mut Foreign,
) -> Result<bool> {
    match ours {
        Ours::Payload(path) => {
            let Some(value) = row.map(|row| fitting(row, path, value)).transpose()?.flatten() else {
                return Ok(false);
            };
            if unit::at(body, path).is_none() {
                unit::set(body, path, value);
            }
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
    Ok(true)
}

/// The value as it fits there, if it does: a whole number may be written as a float in other systems.
fn fitting(row: &Row, path: &str, value: Value) -> Result<Option<Value>> {
    match catalogue::check_value(row, path, &value) {
        Ok(()) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::TooLarge => Err(error),
        Err(_) => Ok(unit::whole(&value).filter(|whole| catalogue::check_value(row, path, whole).is_ok())),
    }
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
