//! Options in words, and what the facade makes of them.

use newswire::{BusOptions, HandlerOptions, SubscribeOptions};
use newswire_facade::{BusSpec, HandlerSpec, SubscribeSpec};
use serde_json::{Map, Value, json};

use super::stage::Fault;

/// Options of a handler that aren't its queue's.
const SERVICE: [&str; 7] =
    ["mode", "key", "concurrency", "timeout_ns", "once", "on_panic", "set_aside_after"];

pub(crate) fn bus(options: Map<String, Value>) -> Result<BusOptions, Fault> {
    Ok(BusSpec::from_json(&Value::Object(options).to_string())?.options()?)
}

pub(crate) fn queue(options: Map<String, Value>) -> Result<SubscribeOptions, Fault> {
    Ok(SubscribeSpec::from_json(&Value::Object(options).to_string())?.options()?)
}

pub(crate) fn handler(options: Map<String, Value>) -> Result<HandlerOptions, Fault> {
    let (mut service, queue): (Map<_, _>, Map<_, _>) =
        options.into_iter().partition(|(name, _)| SERVICE.contains(&name.as_str()));
    service.insert("queue".to_owned(), json!(queue));
    Ok(HandlerSpec::from_json(&Value::Object(service).to_string())?.options()?)
}
