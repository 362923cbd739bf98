//! Sessions of the pi coding agent: JSON lines, one record a line, written as the session goes.
//!
//! | record | events |
//! |---|---|
//! | `session` | `session.started` |
//! | `message`, user | `turn.started`, `message.created` |
//! | `message`, assistant | `model.call.started`; by content `message.created`, `reasoning.created`, `tool.request.completed`; `model.call.completed`, `failed` or `canceled`; `tool.call.started` for each request; the turn's end when the model stops |
//! | `message`, toolResult | `tool.call.completed` or `failed` |
//! | `message`, bashExecution | `command.executed`: the user's own, not a tool call |
//! | `compaction` | `context.compacted` |
//! | `model_change`, `thinking_level_change` | `session.model.changed`, `session.thinking_level.changed` |
//! | anything else | `pi.record.kept`, or of a message's parts `pi.content.kept`: whole |
//!
//! A model call begins at its message's own time and ends when its record was written. A tool call begins
//! with that record, so that its duration includes the wait for the calls before it. Spans and the trace follow
//! from the session's id: imported twice, they are the same. What is the source's own stays in `pi.*` attributes.

mod frame;
mod message;
mod payload;
mod record;

use std::collections::VecDeque;
use std::io::BufRead;

use newswire::{Error, Event, Result};

use crate::importer::{Importer, Report, SESSION};
use crate::lines::Lines;
use record::Mapper;

/// Reads a session of the pi coding agent.
pub struct PiSession<R> {
    name: String,
    lines: Lines<R>,
    mapper: Mapper,
    ended: bool,
}

impl<R: BufRead> PiSession<R> {
    /// Reads the head of a session; `name` is what errors call the file.
    ///
    /// # Errors
    /// `Invalid` where nothing is there or the first record is no session's; else as [`Iterator::next`].
    pub fn read(reader: R, name: impl Into<String>) -> Result<Self> {
        let mut session =
            Self { name: name.into(), lines: Lines::new(reader), mapper: Mapper::default(), ended: false };
        if session.advance()? {
            Ok(session)
        } else {
            Err(Error::invalid("nothing stands in it").at_path(session.name).expecting(SESSION))
        }
    }

    /// Maps one more line; false at the end.
    fn advance(&mut self) -> Result<bool> {
        let mapper = &mut self.mapper;
        let read = self.lines.next().and_then(|line| line.map(|line| mapper.line(line)).transpose());
        match read {
            Ok(line) => Ok(line.is_some()),
            Err(error) => {
                let place = format!("{}:{}", self.name, self.lines.number());
                let place = error.path().map_or(place.clone(), |path| format!("{place}: {path}"));
                Err(error.at_path(place))
            }
        }
    }
}

impl<R: BufRead> Iterator for PiSession<R> {
    type Item = Result<Event>;

    /// The next event.
    ///
    /// # Errors
    /// The first thing that is wrong, with file, line and column; the iterator then ends.
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.pending().pop_front() {
                return Some(Ok(event));
            }
            if self.ended {
                return None;
            }
            match self.advance() {
                Ok(true) => {}
                Ok(false) => self.ended = true,
                Err(error) => {
                    // What the broken record gave before its fault is not to follow the error.
                    self.pending().clear();
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl<R> PiSession<R> {
    fn pending(&mut self) -> &mut VecDeque<Event> {
        self.mapper.pending()
    }
}

impl<R: BufRead + Send> Importer for PiSession<R> {
    fn report(&self) -> &Report {
        self.mapper.report()
    }
}
