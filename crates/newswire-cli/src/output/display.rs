//! Events as output: for programs a line of JSON each, for people the lines of the live view.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use newswire::{Console, ConsoleOptions, Delivery, Event, Gap, Result, Sink};
use serde_json::json;

use super::harmless::harmless;
use super::io::{Io, unwritten};
use super::out::Output;

/// How much is gathered before it is written.
const BUFFER_BYTES: usize = 1 << 16;

/// Writes events as the command's output is to look.
pub(crate) struct Display {
    form: Form,
    out: Output,
    /// What is still to be written.
    page: Page,
}

enum Form {
    Json { terminal: bool },
    Text(Box<Console<Page>>),
}

/// Text that is gathered; the live view writes here, too.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Display {
    /// A display of so many columns.
    pub(crate) fn new(io: &Io, width: usize) -> Self {
        let page = Page::default();
        let options = ConsoleOptions { width, color: io.color, ..ConsoleOptions::default() };
        let form = match io.json {
            true => Form::Json { terminal: io.terminal },
            false => Form::Text(Box::new(Console::new(page.clone(), options))),
        };
        Self { form, out: io.out.clone(), page }
    }

    /// Shows what there is, or that something is missing.
    ///
    /// # Errors
    /// As [`Display::event`].
    pub(crate) fn delivery(&mut self, delivery: Delivery<&Event>) -> Result<()> {
        match delivery {
            Delivery::Event(event) => self.event(event),
            Delivery::Gap(gap) => self.gap(&gap),
        }
    }

    /// Shows an event.
    ///
    /// # Errors
    /// `Io` where the output can't be written.
    pub(crate) fn event(&mut self, event: &Event) -> Result<()> {
        match &mut self.form {
            Form::Text(console) => console.event(event)?,
            Form::Json { terminal: false } => {
                let mut page = self.page.lock();
                event.write_json(&mut page);
                page.push(b'\n');
            }
            Form::Json { terminal: true } => self.page.lock().extend_from_slice(line_of(event).as_bytes()),
        }
        self.flush_if_full()
    }

    /// Shows an event apart from those around it, with a mark before it that says whose it is.
    ///
    /// # Errors
    /// As [`Display::event`].
    pub(crate) fn marked(&mut self, event: &Event, file: Option<&Mark>) -> Result<()> {
        match (&mut self.form, file) {
            (Form::Text(console), mark) => {
                self.page.lock().extend_from_slice(mark.map_or("", |mark| &mark.text).as_bytes());
                console.event(event)?;
                console.flush()?;
            }
            (Form::Json { terminal }, Some(mark)) => {
                let mut line = event.to_json();
                line.pop();
                line.push_str(&mark.json);
                let line = if *terminal { harmless(&line) } else { line };
                self.page.lock().extend_from_slice(line.as_bytes());
            }
            _ => return self.event(event),
        }
        self.flush_if_full()
    }

    /// Shows that events are missing.
    ///
    /// # Errors
    /// As [`Display::event`].
    fn gap(&mut self, gap: &Gap) -> Result<()> {
        match &mut self.form {
            Form::Text(console) => console.gap(gap)?,
            Form::Json { .. } => {
                let Gap { first, last, count, reason } = gap;
                let line =
                    json!({"gap": {"first": first, "last": last, "count": count, "reason": reason.as_str()}});
                self.page.lock().extend_from_slice(format!("{line}\n").as_bytes());
            }
        }
        self.flush_if_full()
    }

    /// Writes a line of the display's own, where people read it.
    pub(crate) fn rule(&mut self, text: &str) {
        if matches!(self.form, Form::Text(_)) {
            self.page.lock().extend_from_slice(format!("{text}\n").as_bytes());
        }
    }

    /// Whether the reader of the output has gone away.
    pub(crate) fn is_unread(&self) -> bool {
        self.out.is_unread()
    }

    fn flush_if_full(&mut self) -> Result<()> {
        let full = self.page.lock().len() >= BUFFER_BYTES;
        if full { self.flush() } else { Ok(()) }
    }

    /// Lets go of what is held back.
    ///
    /// # Errors
    /// As [`Display::event`].
    pub(crate) fn flush(&mut self) -> Result<()> {
        let mut page = self.page.lock();
        if page.is_empty() {
            return Ok(());
        }
        let written = self.out.write_all(&page).and_then(|()| self.out.flush());
        page.clear();
        written.map_err(|error| unwritten(&error))
    }

    /// Ends lines that were to grow, and lets go of all.
    ///
    /// # Errors
    /// As [`Display::event`].
    pub(crate) fn end(&mut self) -> Result<()> {
        if let Form::Text(console) = &mut self.form {
            console.flush()?;
        }
        self.flush()
    }
}

/// An event as a line of JSON that does nothing to a terminal.
fn line_of(event: &Event) -> String {
    harmless(&event.to_json()) + "\n"
}

/// Whose event it is: the name of its file.
pub(crate) struct Mark {
    text: String,
    json: String,
}

impl Mark {
    pub(crate) fn new(file: &str) -> Self {
        let json = serde_json::to_string(file).unwrap_or_default();
        Self { text: format!("{}: ", newswire::Visible(file)), json: format!(",\"file\":{json}}}\n") }
    }

    /// How many columns it takes from a line.
    pub(crate) fn columns(&self) -> usize {
        newswire::Visible(&self.text).columns()
    }
}
