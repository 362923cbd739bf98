//! One line of the view: pieces of text, styled, cut where the width ends.

use super::visible::{columns, write_visible};

/// How a piece of a line looks, where colour is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Dim,
    Good,
    Bad,
    Warn,
    Strong,
}

const RESET: &str = "\x1b[0m";

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Dim => "\x1b[2m",
            Self::Good => "\x1b[32m",
            Self::Bad => "\x1b[31m",
            Self::Warn => "\x1b[33m",
            Self::Strong => "\x1b[1m",
        }
    }
}

/// A line that is being written; it can be handed on in parts.
#[derive(Debug)]
pub(super) struct Line {
    text: String,
    /// Columns that are still free; the last one is for the mark of a cut.
    room: usize,
    cut: bool,
    color: bool,
}

impl Line {
    pub(super) fn new(width: usize, color: bool) -> Self {
        Self { text: String::with_capacity(width * 2), room: width.saturating_sub(1), cut: false, color }
    }

    /// Adds text of any origin; past the width it adds the mark of a cut, once.
    pub(super) fn push(&mut self, style: Style, text: &str) {
        if self.cut || text.is_empty() {
            return;
        }
        let styled = self.color && style != Style::Plain;
        if styled {
            self.text.push_str(style.code());
        }
        let mut piece = String::new();
        for character in text.chars() {
            piece.clear();
            // Writing to a string can't fail.
            let _ = write_visible(&mut piece, character);
            let width: usize = piece.chars().map(columns).sum();
            if width > self.room {
                self.text.push('…');
                self.cut = true;
                break;
            }
            self.room -= width;
            self.text.push_str(&piece);
        }
        if styled {
            self.text.push_str(RESET);
        }
    }

    /// Whether it is full: nothing that is pushed will show.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    pub(super) fn end(&mut self) {
        self.text.push('\n');
    }

    /// What was written since the last call.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}
