//! The wire form of an event: one line of JSON, spliced from ready pieces.
//!
//! The payload is text already, or becomes so once, however many sinks ask. All but seq and payload is put
//! together from ready pieces, and kept beside the record from the second time on: writing is then two
//! copies. Fields that are absent are not written, and nothing is ever null.

use uuid::Uuid;

use super::record::{EventData, Place, Rare};
use super::shared_json::SharedJson;
use super::text::{write_number, write_string};
use super::time::write_time;
use super::{CorrelationField, Event, Severity};

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
        let payload = data.body.text();
        // The size is a bound of all; where the payload has come out longer, the buffer grows.
        out.reserve((data.size as usize).max(payload.map_or(0, str::len) + SEQ_AND_PUNCTUATION));
        out.push(b'{');
        if self.seq() > 0 {
            out.extend_from_slice(b"\"seq\":");
            write_number(out, self.seq());
            out.push(b',');
        }
        data.envelope.append_or_make(out, |out| write_envelope(data, out));
        if let Some(payload) = payload {
            out.extend_from_slice(b",\"payload\":");
            out.extend_from_slice(payload.as_bytes());
        }
        if data.internal {
            out.extend_from_slice(b",\"internal\":true");
        }
        Members::after_others(out).unknown(data, Place::Envelope);
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

/// The members from `id` to `merged`, without the braces around them.
fn write_envelope(data: &EventData, out: &mut Vec<u8>) {
    out.extend_from_slice(&id_member(data.id));
    let mut event = Members::after_others(out);
    if let Some(origin) = data.rare.as_ref().and_then(|rare| rare.origin.as_ref()) {
        event.object(r#","origin":{"#, |members| {
            members.string(r#""bus":"#, &origin.bus);
            members.number(r#""epoch":"#, origin.epoch);
            members.number(r#""seq":"#, origin.seq);
            members.unknown(data, Place::Origin);
        });
    }
    event.out.extend_from_slice(br#","kind":""#);
    event.out.extend_from_slice(data.kind.as_str().as_bytes());
    event.out.extend_from_slice(&time_member(data.time_ns));
    event.object(r#","source":{"#, |members| {
        members.shared(data.source.json(), data.source.members());
        members.unknown(data, Place::Source);
    });
    event.object(r#","scope":{"#, |members| {
        members.shared(data.scope.json(), data.scope.members());
        members.unknown(data, Place::Scope);
    });
    event.object(r#","correlation":{"#, |members| correlation(members, data));
    if let Some(component) = &data.component {
        event.object(r#","component":{"#, |members| {
            members.plain(r#""scope":"#, component.scope().as_str().as_bytes());
            members.string(r#""id":"#, component.id());
            members.unknown(data, Place::Component);
        });
    }
    event.out.extend_from_slice(match data.severity {
        Severity::Debug => br#","severity":"debug""#,
        Severity::Info => br#","severity":"info""#,
        Severity::Warn => br#","severity":"warn""#,
        Severity::Error => br#","severity":"error""#,
    });
    if let Some(message) = data.message.as_deref() {
        event.string(r#""message":"#, message);
    }
    if let Some(rare) = &data.rare {
        tags_and_attrs(&mut event, rare);
        if let Some(merged) = &rare.merged {
            event.object(r#","merged":{"#, |members| {
                members.number(r#""first_seq":"#, merged.first_seq);
                members.number(r#""count":"#, merged.count);
                members.unknown(data, Place::Merged);
            });
        }
    }
}

/// The id, which every event has: filled into its frame, so that it is written in one piece.
fn id_member(id: Uuid) -> [u8; 43] {
    let mut member = *br#""id":"00000000-0000-0000-0000-000000000000""#;
    if let Some(place) = member.get_mut(6..42) {
        id.hyphenated().encode_lower(place);
    }
    member
}

/// What follows the text of the kind, up to the time's closing quote.
fn time_member(time_ns: i64) -> [u8; 41] {
    let mut member = *br#"","time":"0000-00-00T00:00:00.000000000Z""#;
    if let Some(place) = member.get_mut(10..40) {
        place.copy_from_slice(&write_time(time_ns));
    }
    member
}

fn correlation(members: &mut Members<'_>, data: &EventData) {
    let ids = &data.correlation;
    if let Some(trace) = ids.trace {
        members.plain(r#""trace":"#, &trace.to_hex());
    }
    if let Some(span) = ids.span {
        members.plain(r#""span":"#, &span.to_hex());
    }
    if let Some(span) = ids.parent_span {
        members.plain(r#""parent_span":"#, &span.to_hex());
    }
    for field in CorrelationField::ALL {
        if let Some(id) = ids.get(field) {
            members.key(field.as_str());
            write_string(members.out, id);
        }
    }
    if let Some(causation) = ids.causation {
        write_uuid(members.name(r#""causation":"#), causation);
    }
    members.unknown(data, Place::Correlation);
}

fn tags_and_attrs(event: &mut Members<'_>, rare: &Rare) {
    if let Some((first, others)) = rare.tags.split_first() {
        let out = event.name(r#""tags":["#);
        write_string(out, first);
        for tag in others {
            out.push(b',');
            write_string(out, tag);
        }
        out.push(b']');
    }
    event.object(r#","attrs":{"#, |members| match rare.attrs.text() {
        Some(text) => members.name("").extend_from_slice(text.as_bytes()),
        None => rare.attrs.list().iter().for_each(|(key, value)| members.raw(key, value.get())),
    });
}

fn write_uuid(out: &mut Vec<u8>, id: Uuid) {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    id.hyphenated().encode_lower(&mut text);
    out.push(b'"');
    out.extend_from_slice(&text);
    out.push(b'"');
}

/// The members of an object.
struct Members<'o> {
    out: &'o mut Vec<u8>,
    /// What stands before the next member: the object's own opening before the first, then a comma. So
    /// an object without members is never begun.
    before: &'static str,
}

impl<'o> Members<'o> {
    fn after_others(out: &'o mut Vec<u8>) -> Self {
        Self { out, before: "," }
    }

    /// Begins a member; `name` is a literal with its quotes and colon.
    #[inline]
    fn name(&mut self, name: &'static str) -> &mut Vec<u8> {
        self.out.extend_from_slice(self.before.as_bytes());
        self.out.extend_from_slice(name.as_bytes());
        self.before = ",";
        self.out
    }

    /// Begins a member of any name.
    fn key(&mut self, key: &str) {
        write_string(self.name(""), key);
        self.out.push(b':');
    }

    /// A text that has nothing to escape.
    #[inline]
    fn plain(&mut self, name: &'static str, text: &[u8]) {
        let out = self.name(name);
        out.push(b'"');
        out.extend_from_slice(text);
        out.push(b'"');
    }

    fn string(&mut self, name: &'static str, text: &str) {
        write_string(self.name(name), text);
    }

    fn number(&mut self, name: &'static str, number: u64) {
        write_number(self.name(name), number);
    }

    fn raw(&mut self, key: &str, value: &str) {
        self.key(key);
        self.out.extend_from_slice(value.as_bytes());
    }

    fn shared<'a>(
        &mut self,
        json: Option<&SharedJson>,
        members: impl Iterator<Item = (&'static str, &'a str)>,
    ) {
        if let Some(json) = json {
            self.out.extend_from_slice(self.before.as_bytes());
            self.out.extend_from_slice(json.text(members));
            self.before = ",";
        }
    }

    fn unknown(&mut self, data: &EventData, place: Place) {
        let Some(rare) = &data.rare else { return };
        for field in rare.unknown.iter().filter(|field| field.place == place) {
            self.raw(&field.key, field.value.get());
        }
    }

    /// An object, if it has members; `open` is all that stands before the first of them.
    #[inline]
    fn object(&mut self, open: &'static str, fill: impl FnOnce(&mut Members<'_>)) {
        let mut members = Members { out: self.out, before: open };
        fill(&mut members);
        if members.before == "," {
            self.out.push(b'}');
        }
    }
}
