//! How large an event is as JSON, known before it is written.
//!
//! The figure is an upper bound that is close: what queues' byte bounds count, and what the wire form's
//! buffer is made of. Ids that many events share carry their length with them, so that measuring costs
//! a few additions.

use super::record::Unknown;
use super::shared_json::SharedJson;
use super::{EventData, MAX_EVENT_BYTES, Origin, json_len};
use crate::catalogue::{self, Inline};
use crate::error::{Error, ErrorKind, Result};

/// Braces, seq, id, kind, time, severity: names, punctuation, and the longest numbers.
const ALWAYS: usize = r#"{"seq":18446744073709551615,"id":"00000000-0000-0000-0000-000000000000","kind":"","time":"2026-11-21T01:02:03.123456789Z","severity":"debug"}"#.len();
const SOURCE: usize = r#","source":{}"#.len();
const SCOPE: usize = r#","scope":{}"#.len();
const CORRELATION: usize = r#","correlation":{}"#.len();
const COMPONENT: usize = r#","component":{"scope":"","id":}"#.len();
const MESSAGE: usize = r#","message":"#.len();
const PAYLOAD: usize = r#","payload":"#.len();
const INTERNAL: usize = r#","internal":true"#.len();
const ORIGIN: usize = r#","origin":{"bus":,"epoch":18446744073709551615,"seq":18446744073709551615}"#.len();
const MERGED: usize = r#","merged":{"first_seq":18446744073709551615,"count":18446744073709551615}"#.len();
const TAGS: usize = r#","tags":[]"#.len();
const ATTRS: usize = r#","attrs":{}"#.len();

/// An upper bound of the event's size as JSON, in bytes.
///
/// # Errors
/// `TooLarge` over [`MAX_EVENT_BYTES`], and for more bytes inline than an event may carry.
pub(crate) fn measure(data: &EventData) -> Result<u32> {
    let size = bound(data)?;
    match u32::try_from(size) {
        Ok(bytes) if size <= MAX_EVENT_BYTES => Ok(bytes),
        _ => {
            let message = format!("the event has up to {size} bytes as JSON, the limit is {MAX_EVENT_BYTES}");
            Err(Error::new(ErrorKind::TooLarge, message))
        }
    }
}

/// The same of an event that was read from JSON within the limit. It is within the limit, even where the bound, which
/// makes room for the longest numbers, says more.
///
/// # Errors
/// `TooLarge` for more bytes inline than an event may carry.
pub(crate) fn measure_read(data: &EventData) -> Result<u32> {
    Ok(bound(data)?.min(MAX_EVENT_BYTES) as u32)
}

/// The bound, however large.
fn bound(data: &EventData) -> Result<usize> {
    let body = data.body.size_bound();
    // Shorter ones can't hold too many bytes, and nearly all are.
    if body > Inline::TOO_LONG
        && let Some(json) = data.body.given()
    {
        catalogue::check_inline(&data.kind, json)?;
    }
    Ok(envelope_bound(data) + if body == 0 { 0 } else { PAYLOAD + body })
}

/// The same without the payload.
fn envelope_bound(data: &EventData) -> usize {
    let mut size = ALWAYS + data.kind.as_str().len();
    size += object(SOURCE, data.source.json().map_or(0, SharedJson::bytes));
    size += object(SCOPE, data.scope.json().map_or(0, SharedJson::bytes));
    size += object(CORRELATION, data.correlation.json_bytes());
    if let Some(component) = &data.component {
        size += COMPONENT + component.scope().as_str().len() + json_len(component.id());
    }
    size += data.message.as_deref().map_or(0, |message| MESSAGE + json_len(message));
    size += if data.internal { INTERNAL } else { 0 };
    if let Some(rare) = &data.rare {
        size += rare.origin.as_ref().map_or(0, |Origin { bus, .. }| ORIGIN + json_len(bus));
        size += rare.merged.map_or(0, |_| MERGED);
        size += object(TAGS, rare.tags.iter().map(|tag| json_len(tag) + 1).sum());
        size += if rare.attrs.is_empty() { 0 } else { ATTRS + rare.attrs.json_bytes() };
        size += rare.unknown.iter().map(unknown).sum::<usize>();
    }
    size
}

/// What `"name":"text",` takes.
pub(super) fn member(name: &str, text: &str) -> usize {
    name.len() + json_len(text) + 4
}

/// What `"key":value,` takes.
fn raw_member(key: &str, value: &str) -> usize {
    json_len(key) + value.len() + 2
}

/// An object that is absent when empty.
fn object(frame: usize, members: usize) -> usize {
    if members == 0 { 0 } else { frame + members }
}

/// An unknown field, which may be the only reason that its object is written.
fn unknown(Unknown { key, value, .. }: &Unknown) -> usize {
    CORRELATION + raw_member(key, value.get())
}
