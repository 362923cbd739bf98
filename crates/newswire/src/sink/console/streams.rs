//! Chunks of streams: each stream grows one line, also where several are written at the same time.
//!
//! Only the last line of a terminal can grow. So one stream has it; what others bring meanwhile is held back,
//! a line of each at most, until that line is full, or nothing has come to it for a second, or something else
//! happens.

use super::line::{Line, Style};
use crate::event::{Scope, SpanId};
use crate::kind::Kind;

/// How long the growing line keeps others waiting when nothing comes to it, by the time of the events.
const IDLE_NS: i64 = 1_000_000_000;

/// How many streams are told apart at a time; with one more, all lines are ended.
const MAX_STREAMS: usize = 64;

/// What the chunks of one stream have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) kind: Kind,
    pub(super) id: Option<String>,
    /// Two runs may call their streams alike, or not at all.
    pub(super) scope: Scope,
    pub(super) span: Option<SpanId>,
    pub(super) parent: Option<SpanId>,
}

#[derive(Debug)]
struct Open {
    stream: Stream,
    line: Line,
    /// The time of its last chunk.
    at: i64,
}

/// The streams since something else happened.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// The first one's line grows; the others are held back.
    open: Vec<Open>,
    /// Those whose lines are full and ended: no more of them is shown.
    full: Vec<Stream>,
}

impl Streams {
    /// Whether a line has been begun for it.
    pub(super) fn has(&self, stream: &Stream) -> bool {
        self.open.iter().any(|open| open.stream == *stream) || self.full.contains(stream)
    }

    /// Begins the line of a stream that has none; gives what is to be written now.
    pub(super) fn begin(&mut self, stream: Stream, line: Line, at: i64) -> String {
        let ended = if self.open.len() + self.full.len() < MAX_STREAMS { String::new() } else { self.end() };
        self.open.push(Open { stream, line, at });
        ended
    }

    /// Adds a chunk; gives what is to be written now.
    pub(super) fn grow(&mut self, stream: &Stream, text: &str, at: i64) -> String {
        if let Some(open) = self.open.iter_mut().find(|open| open.stream == *stream) {
            open.line.push(Style::Plain, text);
            open.at = at;
        }
        let mut shown = String::new();
        while let Some(first) = self.open.first_mut() {
            shown.push_str(&first.line.take());
            let is_over = first.line.is_cut() || at.saturating_sub(first.at) > IDLE_NS;
            if !is_over || self.open.len() == 1 {
                break;
            }
            shown.push('\n');
            let Open { stream, line, .. } = self.open.remove(0);
            if line.is_cut() {
                self.full.push(stream);
            }
        }
        shown
    }

    /// Ends all lines; gives what is to be written now.
    pub(super) fn end(&mut self) -> String {
        self.full.clear();
        let mut shown = String::new();
        for mut open in self.open.drain(..) {
            open.line.end();
            shown.push_str(&open.line.take());
        }
        shown
    }
}
