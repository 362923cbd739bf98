//! The record that all handles of one event share.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use super::scan::checked_raw;
use super::{Attrs, Body, Component, Correlation, Scope, Severity, Source, check_count, check_text};
use crate::error::{Error, Result};
use crate::json::Raw;
use crate::kind::Kind;

/// Position of an event on the bus where it was first published; set once, by the link that brought it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Name of the first bus.
    pub bus: Box<str>,
    /// Which opening of that bus.
    pub epoch: u64,
    /// The seq there.
    pub seq: u64,
}

/// What a merged event stands for: see [`Coalesce`](crate::Coalesce).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Merged {
    /// Seq of the first event in it; the merged event's own is that of the last.
    pub first_seq: u64,
    /// How many events it is made of.
    pub count: u64,
}

/// The record behind an event. What a publish looks at stands first, on one cache line with the reference
/// counts.
#[derive(Clone, Debug)]
#[repr(C)]
pub(crate) struct EventData {
    pub(crate) kind: Kind,
    pub(crate) size: u32,
    pub(crate) severity: Severity,
    pub(crate) internal: bool,
    pub(crate) id: Uuid,
    pub(crate) time_ns: i64,
    pub(crate) source: Source,
    pub(crate) scope: Scope,
    pub(crate) correlation: Correlation,
    pub(crate) component: Option<Component>,
    pub(crate) message: Option<Box<str>>,
    pub(crate) body: Body,
    pub(crate) rare: Option<Box<Rare>>,
    pub(super) envelope: Envelope,
}

/// What few events have, kept apart so that the others are small.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rare {
    pub(crate) origin: Option<Origin>,
    pub(crate) merged: Option<Merged>,
    pub(crate) tags: Vec<Box<str>>,
    pub(crate) attrs: Attrs,
    pub(crate) unknown: Vec<Unknown>,
}

impl Rare {
    pub(crate) fn is_empty(&self) -> bool {
        let Self { origin, merged, tags, attrs, unknown } = self;
        origin.is_none() && merged.is_none() && tags.is_empty() && attrs.is_empty() && unknown.is_empty()
    }

    /// A copy for an event, which has none where it is empty.
    pub(crate) fn boxed(&self) -> Option<Box<Self>> {
        (!self.is_empty()).then(|| Box::new(self.clone()))
    }

    /// Adds a tag, if it isn't there.
    pub(crate) fn add_tag(&mut self, tag: Box<str>) -> Result<()> {
        check_text(&"tags", &tag)?;
        if let Err(place) = self.tags.binary_search(&tag) {
            check_count(self.tags.len()).map_err(|error| error.at_path("tags"))?;
            self.tags.insert(place, tag);
        }
        Ok(())
    }

    /// Sets an attribute, in the place of one with that key.
    pub(crate) fn set_attr(&mut self, key: Box<str>, value: Box<RawValue>) -> Result<()> {
        let value = checked_raw(value).map_err(|error| error.at_path(format!("attrs.{key}")))?;
        self.set_sound_attr(key, value)
    }

    /// The same with a value that is known to be sound.
    pub(super) fn set_raw_attr(
        &mut self,
        key: impl AsRef<str> + Into<Box<str>>,
        value: Raw<'_>,
    ) -> Result<()> {
        check_text(&"attrs", key.as_ref())?;
        match self.attrs.put(key.as_ref(), &value.on_one_line()) {
            true => Ok(()),
            false => self.set_sound_attr(key.into(), value.to_raw()),
        }
    }

    fn set_sound_attr(&mut self, key: Box<str>, value: Box<RawValue>) -> Result<()> {
        check_text(&"attrs", &key)?;
        let place = self.attrs.list().iter().position(|(present, _)| *present == key);
        if place.is_none() {
            check_count(self.attrs.list().len()).map_err(|error| error.at_path("attrs"))?;
        }
        self.attrs.change(|list| match place.and_then(|place| list.get_mut(place)) {
            Some(entry) => entry.1 = value,
            None => list.push((key, value)),
        });
        Ok(())
    }
}

/// An attribute's value as JSON.
pub(crate) fn raw_attr(key: &str, value: &(impl Serialize + ?Sized)) -> Result<Box<RawValue>> {
    to_raw_value(value).map_err(|error| Error::invalid(error.to_string()).at_path(format!("attrs.{key}")))
}

/// A field that this version doesn't know, passed through.
#[derive(Clone, Debug)]
pub(crate) struct Unknown {
    pub(crate) place: Place,
    pub(crate) key: Box<str>,
    pub(crate) value: Box<RawValue>,
}

/// The object of the wire form in which an unknown field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Envelope,
    Origin,
    Merged,
    Source,
    Scope,
    Correlation,
    Component,
}

impl Place {
    /// The name of the object; none for the event itself.
    pub(crate) fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Envelope => None,
            Self::Origin => Some("origin"),
            Self::Merged => Some("merged"),
            Self::Source => Some("source"),
            Self::Scope => Some("scope"),
            Self::Correlation => Some("correlation"),
            Self::Component => Some("component"),
        }
    }
}

/// The wire form between seq and payload, kept once it has been asked for twice.
///
/// The seq stays out because it differs between handles of one record, the payload because it already
/// is text. Most events are written once or never: keeping the text for them would cost more than making it.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    made: AtomicBool,
    text: OnceLock<Box<[u8]>>,
}

impl Envelope {
    /// Appends the text to `out`: a copy, or what `make` appends.
    pub(super) fn append_or_make(&self, out: &mut Vec<u8>, make: impl FnOnce(&mut Vec<u8>)) {
        if let Some(text) = self.text.get() {
            return out.extend_from_slice(text);
        }
        let before = out.len();
        make(out);
        // Two threads may both make it; the texts are equal.
        if self.made.swap(true, Ordering::Relaxed) {
            let text = out.get(before..).unwrap_or_default();
            let _ = self.text.set(text.into());
        }
    }

    /// Makes room for another text, when the record is changed.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Clone for Envelope {
    fn clone(&self) -> Self {
        // A record is copied to be changed, and then its text is another.
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use crate::event::Event;
    use crate::kind::Kind;

    #[test]
    fn a_changed_record_is_written_as_it_is_now() -> crate::Result<()> {
        let mut event = Event::builder(Kind::parse("record.changed")?).message("before").build()?;
        let (before, other) = (event.to_json(), event.clone());
        event.data_mut().message = Some("after".into());
        assert_eq!(event.to_json(), before.replace("before", "after"));
        assert_eq!(other.to_json(), before);

        event.data_mut().message = None;
        assert!(!event.to_json().contains("message"));
        Ok(())
    }
}
