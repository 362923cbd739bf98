//! Reads an event from its wire form, trusting nothing.
//!
//! One pass over the text, by hand: it has to name the field and the column of whatever is wrong, to
//! tell absent from null, to refuse names given twice, and to keep payload, attributes and unknown fields
//! as the very text that came. Fields that this version doesn't know are kept in the object where they
//! stood and are written again there.

use uuid::Uuid;

use super::member::{
    kind, list, members, members_after, missing, number, owned, parse_uuid, parsed, string, truth, within,
};
use super::reader::{EventReader, Recent};
use super::record::{Envelope, EventData, Merged, Place, Rare, Unknown};
use super::scan::Scan;
use super::size::measure_read;
use super::time::parse_time;
use super::{
    Attrs, Body, Component, ComponentScope, Correlation, CorrelationField, Event, MAX_EVENT_BYTES, Origin,
    Scope, ScopeField, Severity, Source, SpanId, TraceId, check_count,
};
use crate::catalogue;
use crate::error::{Error, ErrorKind, Result};
use crate::kind::Kind;

impl Event {
    /// Reads an event from JSON, as [`write_json`](Self::write_json) writes it; `id`, `kind` and `time`
    /// must be there. Its seq is the one in the text, until a bus gives it another.
    ///
    /// ```
    /// use newswire::Event;
    ///
    /// let line = r#"{"seq":7,"id":"0190163d-8694-739b-aea5-966c26f8ad91","kind":"deploy.finished",
    ///     "time":"2026-11-21T01:02:03Z","payload":{"cost_usd":0.1}}"#;
    /// let event = Event::from_json(line)?;
    /// assert_eq!(event.seq(), 7);
    /// assert_eq!(event.payload_json(), Some(r#"{"cost_usd":0.1}"#));
    ///
    /// let error = Event::from_json(line.replace("deploy", "Deploy")).unwrap_err();
    /// assert_eq!(error.path(), Some("kind"));
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` where it isn't an event, with path and column of the first thing that is wrong;
    /// `TooLarge` over [`MAX_EVENT_BYTES`] and over the bounds of single fields.
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self> {
        EventReader::new().read(json)
    }
}

/// Reads an event; what it has in common with those before it, it shares with them.
pub(super) fn event(text: &str, before: &mut EventReader) -> Result<Event> {
    check_start(text)?;
    let mut scan = Scan::new(text);
    let mut draft = Draft::default();
    let seen = draft.usual(&mut scan, before);
    members_after(&mut scan, &"", seen, |scan, key| match key {
        "source" => draft.source_or_shared(scan, before),
        "scope" => draft.scope_or_shared(scan, before),
        _ => draft.member(scan, key),
    })?;
    scan.end()?;
    draft.finish()
}

/// Whether it can be an event at all.
fn check_start(text: &str) -> Result<()> {
    if text.len() > MAX_EVENT_BYTES {
        let message = format!("the event has {} bytes, the limit is {MAX_EVENT_BYTES}", text.len());
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    match text.starts_with('\u{feff}') {
        true => Err(Error::invalid("the event begins with a byte order mark").at_column(1)),
        false => Ok(()),
    }
}

/// The bytes as text.
pub(super) fn text_of(json: &[u8]) -> Result<&str> {
    std::str::from_utf8(json).map_err(|error| {
        let valid = json.get(..error.valid_up_to()).unwrap_or_default();
        let column = String::from_utf8_lossy(valid).chars().count() + 1;
        Error::invalid("the event is not UTF-8").at_column(column)
    })
}

/// What has been read so far.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) seq: u64,
    pub(super) id: Option<Uuid>,
    pub(super) kind: Option<Kind>,
    pub(super) time_ns: Option<i64>,
    pub(super) severity: Option<Severity>,
    internal: bool,
    source: Source,
    scope: Scope,
    pub(super) correlation: Correlation,
    pub(super) component: Option<Component>,
    message: Option<Box<str>>,
    body: Body,
    rare: Rare,
}

impl Draft {
    fn member(&mut self, scan: &mut Scan<'_>, key: &str) -> Result<()> {
        match key {
            "seq" => self.seq = number(scan, &"seq", 1..=u64::MAX)?,
            "id" => self.id = Some(parsed(scan, &"id", parse_uuid)?),
            "origin" => self.origin(scan)?,
            "kind" => self.kind = Some(kind(scan)?),
            "time" => self.time_ns = Some(parsed(scan, &"time", parse_time)?),
            "correlation" => self.correlation(scan)?,
            "component" => self.component(scan)?,
            "severity" => self.severity = Some(parsed(scan, &"severity", Severity::parse)?),
            "message" => self.message = Some(string(scan, &"message")?.into()),
            "tags" => self.tags(scan)?,
            "attrs" => self.attrs(scan)?,
            "merged" => self.merged(scan)?,
            "payload" => {
                let (value, outline) = scan.value_outlined().map_err(within(&"payload"))?;
                self.body = Body::outlined(value.to_text(), outline);
            }
            "internal" => self.internal = truth(scan, &"internal")?,
            _ => self.unknown(scan, Place::Envelope, key)?,
        }
        Ok(())
    }

    pub(super) fn source_or_shared(&mut self, scan: &mut Scan<'_>, before: &mut EventReader) -> Result<()> {
        self.shared(scan, &mut before.sources, Self::source, |draft| &mut draft.source)
    }

    pub(super) fn scope_or_shared(&mut self, scan: &mut Scan<'_>, before: &mut EventReader) -> Result<()> {
        self.shared(scan, &mut before.scopes, Self::scope, |draft| &mut draft.scope)
    }

    /// Reads an object by `read` into `field`, unless its like was read before.
    fn shared<T: Clone>(
        &mut self,
        scan: &mut Scan<'_>,
        recent: &mut Recent<T>,
        read: fn(&mut Self, &mut Scan<'_>) -> Result<()>,
        field: fn(&mut Self) -> &mut T,
    ) -> Result<()> {
        let start = scan.place();
        if let Some(value) = recent.take(scan) {
            *field(self) = value;
            return Ok(());
        }
        let unknown = self.rare.unknown.len();
        read(self, scan)?;
        // What isn't known isn't part of the value.
        if self.rare.unknown.len() == unknown {
            recent.remember(scan.text_since(start), field(self));
        }
        Ok(())
    }

    fn origin(&mut self, scan: &mut Scan<'_>) -> Result<()> {
        let (mut bus, mut epoch, mut seq) = (None, None, None);
        members(scan, &"origin", |scan, key| {
            match key {
                "bus" => bus = Some(owned(scan, &"origin.bus")?),
                "epoch" => epoch = Some(number(scan, &"origin.epoch", 0..=u64::MAX)?),
                "seq" => seq = Some(number(scan, &"origin.seq", 1..=u64::MAX)?),
                _ => self.unknown(scan, Place::Origin, key)?,
            }
            Ok(())
        })?;
        let bus = bus.ok_or_else(|| missing("origin.bus"))?;
        let epoch = epoch.ok_or_else(|| missing("origin.epoch"))?;
        let seq = seq.ok_or_else(|| missing("origin.seq"))?;
        self.rare.origin = Some(Origin { bus, epoch, seq });
        Ok(())
    }

    fn merged(&mut self, scan: &mut Scan<'_>) -> Result<()> {
        let (mut first_seq, mut count) = (None, None);
        members(scan, &"merged", |scan, key| {
            match key {
                "first_seq" => first_seq = Some(number(scan, &"merged.first_seq", 1..=u64::MAX)?),
                "count" => count = Some(number(scan, &"merged.count", 2..=u64::MAX)?),
                _ => self.unknown(scan, Place::Merged, key)?,
            }
            Ok(())
        })?;
        let first_seq = first_seq.ok_or_else(|| missing("merged.first_seq"))?;
        let count = count.ok_or_else(|| missing("merged.count"))?;
        self.rare.merged = Some(Merged { first_seq, count });
        Ok(())
    }

    fn source(&mut self, scan: &mut Scan<'_>) -> Result<()> {
        let (mut component, mut name) = (None, None);
        members(scan, &"source", |scan, key| {
            match key {
                "component" => component = Some(owned(scan, &"source.component")?),
                "name" => name = Some(owned(scan, &"source.name")?),
                _ => self.unknown(scan, Place::Source, key)?,
            }
            Ok(())
        })?;
        let component = component.ok_or_else(|| missing("source.component"))?;
        self.source = match name {
            Some(name) => Source::named(component, name)?,
            None => Source::new(component)?,
        };
        Ok(())
    }

    fn scope(&mut self, scan: &mut Scan<'_>) -> Result<()> {
        members(scan, &"scope", |scan, key| {
            let Some(field) = ScopeField::parse(key) else { return self.unknown(scan, Place::Scope, key) };
            let scope = std::mem::take(&mut self.scope);
            self.scope = parsed(scan, &format_args!("scope.{key}"), |id| scope.with(field, id))?;
            Ok(())
        })
    }

    fn correlation(&mut self, scan: &mut Scan<'_>) -> Result<()> {
        members(scan, &"correlation", |scan, key| {
            let path = format_args!("correlation.{key}");
            let mut ids = std::mem::take(&mut self.correlation);
            match key {
                "trace" => ids.trace = Some(parsed(scan, &path, TraceId::parse)?),
                "span" => ids.span = Some(parsed(scan, &path, SpanId::parse)?),
                "parent_span" => ids.parent_span = Some(parsed(scan, &path, SpanId::parse)?),
                "causation" => ids.causation = Some(parsed(scan, &path, parse_uuid)?),
                _ => match CorrelationField::parse(key) {
                    Some(field) => ids = parsed(scan, &path, |id| ids.with(field, id))?,
                    None => self.unknown(scan, Place::Correlation, key)?,
                },
            }
            self.correlation = ids;
            Ok(())
        })
    }

    fn component(&mut self, scan: &mut Scan<'_>) -> Result<()> {
        let (mut scope, mut id) = (None, None);
        members(scan, &"component", |scan, key| {
            match key {
                "scope" => scope = Some(parsed(scan, &"component.scope", ComponentScope::parse)?),
                "id" => id = Some(owned(scan, &"component.id")?),
                _ => self.unknown(scan, Place::Component, key)?,
            }
            Ok(())
        })?;
        let scope = scope.ok_or_else(|| missing("component.scope"))?;
        self.component = Some(Component::new(scope, id.ok_or_else(|| missing("component.id"))?)?);
        Ok(())
    }

    fn tags(&mut self, scan: &mut Scan<'_>) -> Result<()> {
        let tags = &mut self.rare.tags;
        list(scan, &"tags", |scan, path| {
            tags.push(owned(scan, path)?);
            Ok(())
        })?;
        tags.sort_unstable();
        tags.dedup();
        Ok(())
    }

    fn attrs(&mut self, scan: &mut Scan<'_>) -> Result<()> {
        const QUOTES_COLON_AND_COMMA: usize = 4;
        let start = scan.place();
        let (mut bytes, mut is_one_line) = ("{".len(), true);
        members(scan, &"attrs", |scan, key| {
            let value = scan.value().map_err(|error| error.at_path(format!("attrs.{key}")))?;
            is_one_line &= !value.broken;
            bytes += key.len() + value.text.len() + QUOTES_COLON_AND_COMMA;
            Ok(())
        })?;
        let text = scan.text_since(start);
        // White space, and escapes in names, make it longer than what would be written.
        let is_as_written = is_one_line && bytes == text.len();
        let members = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
        self.rare.attrs = Attrs::read(members, is_as_written);
        Ok(())
    }

    fn unknown(&mut self, scan: &mut Scan<'_>, place: Place, key: &str) -> Result<()> {
        check_count(self.rare.unknown.len())?;
        let value = scan.value().and_then(|value| value.to_raw()).map_err(|error| match place.as_str() {
            Some(object) => error.at_path(format!("{object}.{key}")),
            None => error.at_path(key),
        })?;
        self.rare.unknown.push(Unknown { place, key: key.into(), value });
        Ok(())
    }

    fn finish(self) -> Result<Event> {
        let kind = self.kind.ok_or_else(|| missing("kind"))?;
        let mut data = EventData {
            id: self.id.ok_or_else(|| missing("id"))?,
            time_ns: self.time_ns.ok_or_else(|| missing("time"))?,
            severity: self.severity.unwrap_or_else(|| catalogue::severity_of(&kind)),
            kind,
            internal: self.internal,
            size: 0,
            source: self.source,
            scope: self.scope,
            correlation: self.correlation,
            component: self.component,
            message: self.message,
            body: self.body,
            rare: (!self.rare.is_empty()).then(|| Box::new(self.rare)),
            envelope: Envelope::default(),
        };
        data.size = measure_read(&data)?;
        Ok(Event::from_data(data).sequenced(self.seq))
    }
}
