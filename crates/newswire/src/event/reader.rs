//! Reads events of one stream, which repeat the same ids over and over.
//!
//! What an event says of its source and scope is mostly what the one before said, letter by letter: then it is
//! shared with that event instead of being read, made and kept again.

use super::scan::Scan;
use super::time::Second;
use super::{Event, Scope, Source, TraceId};
use crate::error::Result;
use crate::kind::Kind;

/// Reads events from JSON, one after another.
///
/// What it gives is what [`Event::from_json`] gives; it is faster where events share their source and their
/// scope, as those of a recording do, and they then share the memory of it, too.
///
/// ```
/// use newswire::EventReader;
///
/// let line = r#"{"id":"0190163d-8694-739b-aea5-966c26f8ad91","kind":"deploy.finished",
///     "time":"2026-11-21T01:02:03Z","scope":{"run":"r-1"}}"#;
/// let mut reader = EventReader::new();
/// let (first, second) = (reader.read(line)?, reader.read(line)?);
/// assert_eq!(first.scope(), second.scope());
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct EventReader {
    pub(super) sources: Recent<Source>,
    pub(super) scopes: Recent<Scope>,
    pub(super) kinds: Recent<Kind>,
    /// The trace that was read last.
    pub(super) trace: Option<(Box<str>, TraceId)>,
    pub(super) second: Second,
}

impl EventReader {
    /// A reader that has read nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads an event.
    ///
    /// # Errors
    /// As [`Event::from_json`].
    pub fn read(&mut self, json: impl AsRef<[u8]>) -> Result<Event> {
        self.read_text(super::read::text_of(json.as_ref())?)
    }

    /// Reads an event from what is known to be text.
    ///
    /// # Errors
    /// As [`Event::from_json`].
    pub fn read_text(&mut self, json: &str) -> Result<Event> {
        super::read::event(json, self)
    }
}

/// Values that were read last, each by the text that it was read from.
#[derive(Clone, Debug)]
pub(super) struct Recent<T> {
    entries: Vec<(Box<str>, T)>,
    oldest: usize,
    /// The one that was found last, which is looked at first.
    last: usize,
}

/// How many values are remembered: as many runs as may be interleaved in a stream, and as many kinds as are
/// frequent, roughly.
const REMEMBERED: usize = 8;
/// The longest text that is remembered.
const MAX_BYTES: usize = 4096;

impl<T: Clone> Recent<T> {
    /// The value whose text comes next, if it is remembered; its text is then taken.
    pub(super) fn take(&mut self, scan: &mut Scan<'_>) -> Option<T> {
        self.find(|text| scan.take_text(text))
    }

    /// The value of that text, if it is remembered.
    pub(super) fn get(&mut self, text: &str) -> Option<T> {
        self.find(|known| *known == *text)
    }

    fn find(&mut self, mut is_it: impl FnMut(&str) -> bool) -> Option<T> {
        if let Some((_, value)) = self.entries.get(self.last).filter(|(text, _)| is_it(text)) {
            return Some(value.clone());
        }
        let (place, (_, value)) = self.entries.iter().enumerate().find(|(_, (text, _))| is_it(text))?;
        self.last = place;
        Some(value.clone())
    }

    /// Remembers what `text` stands for.
    pub(super) fn remember(&mut self, text: &str, value: &T) {
        if text.len() > MAX_BYTES {
            return;
        }
        let entry = (text.into(), value.clone());
        match self.entries.get_mut(self.oldest) {
            Some(oldest) => *oldest = entry,
            None => self.entries.push(entry),
        }
        self.last = self.oldest;
        self.oldest = (self.oldest + 1) % REMEMBERED;
    }
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), oldest: 0, last: 0 }
    }
}
