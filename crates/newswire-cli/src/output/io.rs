//! What every command is given: its streams, how its output is to look, and whether it should end.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use newswire::{Error, ErrorKind, Result, Visible};
use serde::Serialize;

use super::harmless::harmless;
use super::look::{Color, Look};
use super::out::Output;
use super::progress::Progress;
use super::wrap::wrapped;
use crate::exit::USAGE;
use crate::stdio::{Stdio, is_abandoned, is_same_file};

/// Columns of a line, where nothing is said.
const WIDTH: usize = 100;

/// Where a sentence goes on that takes more than a line.
const INDENT: usize = 4;

/// The streams of one command.
pub(crate) struct Io {
    input: Option<Box<dyn Read + Send>>,
    pub(crate) out: Output,
    err: Box<dyn Write + Send>,
    /// Whether programs read the output: JSON lines.
    pub(crate) json: bool,
    /// Whether the output is a terminal: nothing may act on it.
    pub(crate) terminal: bool,
    pub(crate) color: bool,
    /// Columns of a line that shows an event, or a part of a tree.
    pub(crate) width: usize,
    /// Columns of all other lines: as many as they take, unless the user has said how many.
    pub(crate) whole_width: usize,
    pub(crate) progress: Progress,
    in_file: Option<File>,
    out_file: Option<File>,
    stop: Stop,
}

/// Whether the user wants the command to end.
#[derive(Clone)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Io {
    pub(crate) fn new(stdio: Stdio, look: &Look) -> Self {
        let Stdio { input, out, err, out_terminal, err_terminal, color, in_file, out_file, stop } = stdio;
        // Who asks for colours wants to look at it, whatever stands between.
        let text = look.text || out_terminal || look.color == Color::Always;
        let json = look.json || !text;
        Self {
            input: Some(input),
            out: Output::new(out),
            err,
            json,
            terminal: out_terminal,
            color: !json
                && (look.color == Color::Always || look.color == Color::Auto && color && out_terminal),
            width: look.width.map_or(WIDTH, usize::from),
            whole_width: look.width.map_or(usize::MAX, usize::from),
            progress: Progress::new(err_terminal),
            in_file,
            out_file,
            stop: Stop(stop),
        }
    }

    /// The standard input, once.
    pub(crate) fn take_input(&mut self) -> Result<Box<dyn Read + Send>> {
        self.input.take().ok_or_else(|| Error::invalid("the standard input can be read only once"))
    }

    /// Whether the file, or without one the standard input, is what the output is written to.
    pub(crate) fn is_output(&self, file: Option<&Path>) -> bool {
        let metadata = match file {
            Some(path) => path.metadata().ok(),
            None => self.in_file.as_ref().and_then(|file| file.metadata().ok()),
        };
        let output = self.out_file.as_ref().and_then(|file| file.metadata().ok());
        metadata.zip(output).is_some_and(|(one, other)| is_same_file(&one, &other))
    }

    /// Whether nobody reads the output any more, also where nothing has been written since.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.out.is_unread() || self.out_file.as_ref().is_some_and(is_abandoned)
    }

    /// Tells the user something, on one line: what it quotes can begin no other. Where even that fails, nobody
    /// is left to be told.
    pub(crate) fn tell(&mut self, message: &str) {
        self.progress.clear(&mut self.err);
        // In one piece: the standard error isn't buffered, and others may write to the same terminal.
        let line = format!("newswire: {}\n", Visible(message));
        let _ = self.err.write_all(line.as_bytes());
    }

    /// Tells what is wrong with the arguments; gives the exit code.
    pub(crate) fn refuse(&mut self, error: &Error) -> u8 {
        self.tell(&error.to_string());
        USAGE
    }

    /// Shows how far it is.
    pub(crate) fn show_progress(&mut self, events: u64) {
        self.progress.show(events, &mut self.err);
    }

    /// Takes the line that shows how far it is away again.
    pub(crate) fn clear_progress(&mut self) {
        self.progress.clear(&mut self.err);
    }

    /// Whether the user wants it to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.is_set()
    }

    /// What tells that to others.
    pub(crate) fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Writes text that is fit for terminals.
    ///
    /// # Errors
    /// `Io` where it can't be written; not where its reader has gone.
    pub(crate) fn print(&mut self, text: &str) -> Result<()> {
        self.progress.clear(&mut self.err);
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).map_err(|error| unwritten(&error))
    }

    /// Writes a sentence that is told whole: on one line, unless the user has said how wide lines are to be.
    ///
    /// # Errors
    /// As [`Io::print`].
    pub(crate) fn print_sentence(&mut self, text: &str) -> Result<()> {
        let text = Visible(text).to_string();
        self.print(&wrapped(&text, self.whole_width, INDENT))
    }

    /// Writes a line of JSON.
    ///
    /// # Errors
    /// As [`Io::print`].
    pub(crate) fn print_json(&mut self, value: &impl Serialize) -> Result<()> {
        let line = self.json_line(value)?;
        self.print(&line)
    }

    /// A line of JSON that is fit for where it goes.
    ///
    /// # Errors
    /// `Invalid` where the value is none of JSON.
    pub(crate) fn json_line(&self, value: &impl Serialize) -> Result<String> {
        let mut line = serde_json::to_string(value).map_err(|error| Error::invalid(error.to_string()))?;
        line.push('\n');
        Ok(if self.terminal { harmless(&line) } else { line })
    }
}

/// The error that the output can't be written.
pub(crate) fn unwritten(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("the output can't be written: {error}"))
}
