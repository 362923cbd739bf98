//! The wire form of an event: one line of JSON, spliced from ready pieces.
//!
//! However many sinks ask, all but seq and payload is put together once and kept beside the record; the
//! payload is text already, or becomes so once. Writing is then two copies. Fields that are absent are
//! not written, and nothing is ever null.

use uuid::Uuid;

use super::record::{EventData, Place, Rare};
use super::size::envelope_bound;
use super::text::{write_number, write_string};
use super::time::write_time;
use super::{CorrelationField, Event};

impl Event {
    /// Appends the event as one line of JSON, without a line break at its end.
    ///
    /// ```
    /// use newswire::{Event, Kind};
    ///
    /// let event = Event::builder(Kind::parse("deploy.finished")?).json(r#"{"version":"1.2"}"#).build()?;
    /// let mut line = Vec::new();
    /// event.write_json(&mut line);
    /// assert_eq!(line, event.to_json().as_bytes());
    /// assert!(line.ends_with(br#""severity":"info","payload":{"version":"1.2"}}"#));
    /// # Ok::<(), newswire::Error>(())
    /// ```
    pub fn write_json(&self, out: &mut Vec<u8>) {
        const SEQ_AND_PUNCTUATION: usize = 64;
        let data = self.data();
        let envelope = data.envelope.get_or_make(|| envelope(data));
        let payload = data.body.text();
        out.reserve(envelope.len() + payload.map_or(0, str::len) + SEQ_AND_PUNCTUATION);
        out.push(b'{');
        if self.seq() > 0 {
            out.extend_from_slice(b"\"seq\":");
            write_number(out, self.seq());
            out.push(b',');
        }
        out.extend_from_slice(envelope);
        if let Some(payload) = payload {
            out.extend_from_slice(b",\"payload\":");
            out.extend_from_slice(payload.as_bytes());
        }
        if data.internal {
            out.extend_from_slice(b",\"internal\":true");
        }
        let mut rest = Members::next_to_others(out);
        rest.unknown(data, Place::Envelope);
        out.push(b'}');
    }

    /// The event as one line of JSON.
    ///
    /// ```
    /// use newswire::{Event, Kind};
    ///
    /// let event = Event::builder(Kind::parse("deploy.finished")?).build()?;
    /// assert_eq!(Event::from_json(event.to_json())?.id(), event.id());
    /// # Ok::<(), newswire::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        self.write_json(&mut out);
        String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

/// The members from `id` to `attrs`, without the braces around them.
fn envelope(data: &EventData) -> Vec<u8> {
    let mut out = Vec::with_capacity(envelope_bound(data));
    out.extend_from_slice(b"\"id\":\"");
    write_uuid(&mut out, data.id);
    out.push(b'"');
    let mut event = Members::next_to_others(&mut out);
    if let Some(origin) = data.rare.as_ref().and_then(|rare| rare.origin.as_ref()) {
        event.object("origin", |members| {
            members.string("bus", &origin.bus);
            members.number("epoch", origin.epoch);
            members.number("seq", origin.seq);
            members.unknown(data, Place::Origin);
        });
    }
    event.plain("kind", data.kind.as_str().as_bytes());
    event.plain("time", &write_time(data.time_ns));
    event.object("source", |members| {
        members.optional("component", data.source.component());
        members.optional("name", data.source.name());
        members.unknown(data, Place::Source);
    });
    event.object("scope", |members| {
        data.scope.iter().for_each(|(field, id)| members.string(field.as_str(), id));
        members.unknown(data, Place::Scope);
    });
    event.object("correlation", |members| correlation(members, data));
    if let Some(component) = &data.component {
        event.object("component", |members| {
            members.plain("scope", component.scope().as_str().as_bytes());
            members.string("id", component.id());
            members.unknown(data, Place::Component);
        });
    }
    event.plain("severity", data.severity.as_str().as_bytes());
    event.optional("message", data.message.as_deref());
    if let Some(rare) = &data.rare {
        tags_and_attrs(&mut event, rare);
    }
    out
}

fn correlation(members: &mut Members<'_>, data: &EventData) {
    let ids = &data.correlation;
    if let Some(trace) = ids.trace {
        members.plain("trace", &trace.to_hex());
    }
    if let Some(span) = ids.span {
        members.plain("span", &span.to_hex());
    }
    if let Some(span) = ids.parent_span {
        members.plain("parent_span", &span.to_hex());
    }
    for field in CorrelationField::ALL {
        members.optional(field.as_str(), ids.get(field));
    }
    if let Some(causation) = ids.causation {
        members.name("causation");
        members.out.push(b'"');
        write_uuid(members.out, causation);
        members.out.push(b'"');
    }
    members.unknown(data, Place::Correlation);
}

fn tags_and_attrs(event: &mut Members<'_>, rare: &Rare) {
    if let Some((first, others)) = rare.tags.split_first() {
        event.name("tags");
        event.out.push(b'[');
        write_string(event.out, first);
        for tag in others {
            event.out.push(b',');
            write_string(event.out, tag);
        }
        event.out.push(b']');
    }
    event.object("attrs", |members| {
        rare.attrs.iter().for_each(|(key, value)| members.raw(key, value.get()));
    });
}

fn write_uuid(out: &mut Vec<u8>, id: Uuid) {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    out.extend_from_slice(id.hyphenated().encode_lower(&mut text).as_bytes());
}

/// The members of an object, with a comma before all but the first.
struct Members<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Members<'o> {
    fn next_to_others(out: &'o mut Vec<u8>) -> Self {
        Self { out, first: false }
    }

    /// Writes a name of ours, which has nothing to escape.
    fn name(&mut self, name: &str) {
        self.out.extend_from_slice(if self.first { b"\"" } else { b",\"" });
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.first = false;
    }

    /// A text that has nothing to escape.
    fn plain(&mut self, name: &str, text: &[u8]) {
        self.name(name);
        self.out.push(b'"');
        self.out.extend_from_slice(text);
        self.out.push(b'"');
    }

    fn string(&mut self, name: &str, text: &str) {
        self.name(name);
        write_string(self.out, text);
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.string(name, text);
        }
    }

    fn number(&mut self, name: &str, number: u64) {
        self.name(name);
        write_number(self.out, number);
    }

    fn raw(&mut self, key: &str, value: &str) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        write_string(self.out, key);
        self.out.push(b':');
        self.out.extend_from_slice(value.as_bytes());
    }

    fn unknown(&mut self, data: &EventData, place: Place) {
        let Some(rare) = &data.rare else { return };
        for field in rare.unknown.iter().filter(|field| field.place == place) {
            self.raw(&field.key, field.value.get());
        }
    }

    /// An object; one without members is not written at all.
    fn object(&mut self, name: &str, fill: impl FnOnce(&mut Members<'_>)) {
        let (start, was_first) = (self.out.len(), self.first);
        self.name(name);
        self.out.push(b'{');
        let mut members = Members { out: self.out, first: true };
        fill(&mut members);
        if members.first {
            self.out.truncate(start);
            self.first = was_first;
        } else {
            self.out.push(b'}');
        }
    }
}
