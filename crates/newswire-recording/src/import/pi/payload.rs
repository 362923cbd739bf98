//! The payloads that a pi session gives, with texts, numbers and arguments passed through as they were written.

use newswire::json::{Object, Raw};

/// A message, or a part of one.
pub(super) fn message_created(role: &str, content: Option<Raw<'_>>) -> Object {
    let mut payload = Object::default();
    payload.text("role", role);
    raw(&mut payload, "content", content);
    payload
}

/// A tool call as the model asks for it, and as it begins.
pub(super) fn tool_call(id: &str, name: &str, arguments: Option<Raw<'_>>) -> Object {
    let mut payload = Object::default();
    payload.text("call_id", id).text("name", name);
    raw(&mut payload, "arguments", arguments);
    payload
}

/// Why something failed.
pub(super) fn error(payload: &mut Object, message: &str) {
    payload.object("error", |error| {
        error.text("message", message);
    });
}

/// Adds what is there.
pub(super) fn raw(payload: &mut Object, name: &str, value: Option<Raw<'_>>) {
    if let Some(value) = value {
        payload.raw(name, value);
    }
}

/// Adds what is there.
pub(super) fn text(payload: &mut Object, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        payload.text(name, value);
    }
}

/// Adds what is there.
pub(super) fn number(payload: &mut Object, name: &str, value: Option<u64>) {
    if let Some(value) = value {
        payload.number(name, value);
    }
}

/// What a model call used. Here, what was read from and written to the cache counts as input too.
pub(super) struct Usage<'a> {
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) cache_read: u64,
    pub(super) cache_write: u64,
    /// As it was written.
    pub(super) cost_usd: Option<Raw<'a>>,
}

impl Usage<'_> {
    pub(super) fn put(&self, payload: &mut Object) {
        payload.object("usage", |usage| {
            usage.number("input_tokens", self.input).number("output_tokens", self.output);
            usage.number("cache_read_tokens", self.cache_read);
            usage.number("cache_write_tokens", self.cache_write);
            raw(usage, "cost_usd", self.cost_usd);
        });
    }
}
