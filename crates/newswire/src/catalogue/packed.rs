//! The table as it stands in the program: all of its text in one, and where each row's is.
//!
//! A pointer to a text costs a binary its 16 bytes and a relocation of 24, so the rows are packed when the
//! program is compiled; what is written in the families' files is gone by then.

use super::row::Entry;
use crate::event::{ComponentScope, Phase, Severity};

/// A row: what events need at once, and where its texts are.
pub(super) struct Packed {
    pub(super) component: Option<ComponentScope>,
    pub(super) phase: Option<Phase>,
    pub(super) severity: Severity,
    merge: Option<&'static super::Merge>,
    kind: Place,
    text: Place,
}

/// A piece of the text: where it begins, and its length.
#[derive(Clone, Copy)]
struct Place {
    at: u32,
    len: u16,
}

impl Place {
    const fn of(text: &str, at: usize) -> Self {
        Self { at: at as u32, len: text.len() as u16 }
    }

    fn within(self, text: &'static [u8]) -> &'static str {
        let at = self.at as usize;
        let piece = text.get(at..at + usize::from(self.len));
        piece.and_then(|piece| std::str::from_utf8(piece).ok()).unwrap_or_default()
    }
}

impl Packed {
    const BLANK: Self = Self {
        component: None,
        phase: None,
        severity: Severity::Info,
        merge: None,
        kind: Place { at: 0, len: 0 },
        text: Place { at: 0, len: 0 },
    };

    pub(super) fn kind(&self, text: &'static [u8]) -> &'static str {
        self.kind.within(text)
    }

    /// The row as it was written.
    pub(super) fn entry(&self, text: &'static [u8]) -> Entry {
        Entry {
            kind: self.kind(text),
            component: self.component,
            phase: self.phase,
            severity: self.severity,
            merge: self.merge,
            text: self.text.within(text),
        }
    }
}

/// How long the text of these rows is; that of a lifecycle, which its rows share, stands there once.
pub(super) const fn length(mut entries: &[Entry]) -> usize {
    let mut length = 0;
    while let Some((entry, rest)) = entries.split_first() {
        length += entry.kind.len();
        if entry.has_own_text() {
            length += entry.text.len();
        }
        entries = rest;
    }
    length
}

/// The text of these rows.
pub(super) const fn text<const LENGTH: usize>(mut entries: &[Entry]) -> [u8; LENGTH] {
    let mut text = [0; LENGTH];
    let mut free: &mut [u8] = &mut text;
    while let Some((entry, rest)) = entries.split_first() {
        free = put(free, entry.kind);
        if entry.has_own_text() {
            free = put(free, entry.text);
        }
        entries = rest;
    }
    text
}

/// Writes a text, and gives the room behind it.
pub(super) const fn put<'t>(room: &'t mut [u8], text: &str) -> &'t mut [u8] {
    let (here, free) = room.split_at_mut(text.len());
    here.copy_from_slice(text.as_bytes());
    free
}

/// These rows, their places in that text.
pub(super) const fn rows<const COUNT: usize>(mut entries: &[Entry]) -> [Packed; COUNT] {
    let mut rows = [const { Packed::BLANK }; COUNT];
    let mut free: &mut [Packed] = &mut rows;
    let (mut at, mut shared) = (0, Place { at: 0, len: 0 });
    while let (Some((entry, rest)), Some((row, others))) = (entries.split_first(), free.split_first_mut()) {
        let kind = Place::of(entry.kind, at);
        at += entry.kind.len();
        if entry.has_own_text() {
            shared = Place::of(entry.text, at);
            at += entry.text.len();
        }
        let Entry { component, phase, severity, merge, .. } = *entry;
        *row = Packed { component, phase, severity, merge, kind, text: shared };
        (entries, free) = (rest, others);
    }
    rows
}
