//! Reads many events of one stream: what follows one another says the same about scope and source, which is
//! then read once and shared.

use super::read::read;
use super::scan::Scan;
use super::{Event, Scope, Source};
use crate::error::Result;

/// How many different texts are remembered: as many as runs that are usually at work at the same time.
const REMEMBERED: usize = 4;
/// The longest text that is worth remembering, in bytes.
const MAX_TEXT: usize = 1024;

/// Reads events from JSON, one after another, faster than each by itself: those that say the same about their
/// scope or source share it.
///
/// ```
/// use newswire::EventReader;
///
/// let line = r#"{"id":"0190163d-8694-739b-aea5-966c26f8ad91","kind":"deploy.finished",
///     "time":"2026-11-21T01:02:03Z","scope":{"session":"s-1"}}"#;
/// let mut reader = EventReader::new();
/// assert_eq!(reader.read(line)?.scope(), reader.read(line)?.scope());
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Default)]
pub struct EventReader {
    pub(super) scopes: Memory<Scope>,
    pub(super) sources: Memory<Source>,
}

impl EventReader {
    /// A reader that remembers nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads an event, as [`Event::from_json`] does.
    ///
    /// # Errors
    /// Those of [`Event::from_json`].
    pub fn read(&mut self, json: impl AsRef<[u8]>) -> Result<Event> {
        read(json.as_ref(), Some(self))
    }
}

/// Texts that were read lately, and what they stand for.
pub(super) struct Memory<T> {
    entries: [(String, T); REMEMBERED],
    /// The one that is to be forgotten next.
    next: usize,
}

impl<T: Default> Default for Memory<T> {
    fn default() -> Self {
        Self { entries: Default::default(), next: 0 }
    }
}

impl<T: Clone> Memory<T> {
    /// What comes next, if it is remembered: it is then taken.
    pub(super) fn recall(&self, scan: &mut Scan<'_>) -> Option<T> {
        let known = self.entries.iter().find(|(text, _)| !text.is_empty() && scan.take_text(text));
        known.map(|(_, value)| value.clone())
    }

    /// Remembers what `text` stands for, whatever stands around it.
    pub(super) fn remember(&mut self, text: &str, value: &T) {
        let Some(entry) = self.entries.get_mut(self.next).filter(|_| text.len() <= MAX_TEXT) else { return };
        entry.0.clear();
        entry.0.push_str(text);
        entry.1.clone_from(value);
        self.next = (self.next + 1) % REMEMBERED;
    }
}
