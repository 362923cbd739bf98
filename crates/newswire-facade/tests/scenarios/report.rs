//! What steps result in, as JSON, by the names that all languages share.

use newswire::{Books, Delivery, Error, Event, Gap, SubscriptionStats};
use newswire_facade::to_json;
use serde::Serialize;
use serde_json::{Value, json};

use super::stage::Fault;

/// What the facade says of a value.
pub(crate) fn value(value: &(impl Serialize + ?Sized)) -> Result<Value, Fault> {
    Ok(read(&to_json(value)?)?)
}

pub(crate) fn read(json: &str) -> Result<Value, String> {
    serde_json::from_str(json).map_err(|error| format!("{json} is no JSON: {error}"))
}

pub(crate) fn event(event: &Event) -> Result<Value, String> {
    read(&event.to_json())
}

pub(crate) fn gap(gap: &Gap) -> Value {
    json!({"gap": gap})
}

pub(crate) fn delivery(delivery: &Delivery) -> Result<Value, String> {
    match delivery {
        Delivery::Event(given) => event(given),
        Delivery::Gap(given) => Ok(gap(given)),
    }
}

pub(crate) fn error(error: &Error) -> Value {
    json!({
        "code": error.kind().as_str(), "message": error.message(), "path": error.path(), "column": error.column(),
        "expected": error.expected(),
    })
}

/// The numbers of subscriptions, whose books balance whenever they are looked at.
pub(crate) fn balanced<'s>(all: impl IntoIterator<Item = &'s SubscriptionStats>) -> Result<(), String> {
    let unbalanced = |stats: &&SubscriptionStats| !Books::balance(&stats.books);
    match all.into_iter().find(unbalanced) {
        Some(stats) => Err(format!("the books of {} don't balance: {:?}", stats.name, stats.books)),
        None => Ok(()),
    }
}
