//! The JSON of ids that many events share: a scope's, a source's.
//!
//! An emitter gives the same scope to all its events. How long it is as JSON is reckoned once, when the
//! scope is made, since every event is measured before it is published; its text is made once too, by
//! the first event that is written.

use std::sync::OnceLock;

use super::text::{json_len, write_string};

/// The members of an object, without the braces.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedJson {
    bytes: usize,
    text: OnceLock<Box<[u8]>>,
}

impl SharedJson {
    /// For these members; the names need no escapes.
    pub(super) fn of<'a>(members: impl Iterator<Item = (&'static str, &'a str)>) -> Self {
        let bytes: usize = members.map(|(name, text)| name.len() + json_len(text) + r#""":,"#.len()).sum();
        Self { bytes: bytes.saturating_sub(1), text: OnceLock::new() }
    }

    /// How long the text is.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The text; of the same members that the length was reckoned for.
    pub(super) fn text<'a>(&self, members: impl Iterator<Item = (&'static str, &'a str)>) -> &[u8] {
        self.text.get_or_init(|| {
            let mut text = Vec::with_capacity(self.bytes);
            for (name, value) in members {
                text.extend_from_slice(if text.is_empty() { b"\"" } else { b",\"" });
                text.extend_from_slice(name.as_bytes());
                text.extend_from_slice(b"\":");
                write_string(&mut text, value);
            }
            text.into_boxed_slice()
        })
    }
}

impl PartialEq for SharedJson {
    fn eq(&self, _: &Self) -> bool {
        // It follows from what it stands beside.
        true
    }
}

impl Eq for SharedJson {}
