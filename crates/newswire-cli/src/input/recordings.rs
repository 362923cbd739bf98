//! Reads recordings, one after another, on a thread of its own: so reading and what is done about it go on at
//! the same time, and a command ends when it is told to, even while its input says nothing.

use std::collections::VecDeque;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use newswire::{Delivery, Error, ErrorKind, Event, Gap, Result};
use newswire_recording::{ReadOptions, Report};

use super::file::{bytes_of, check_output, is_input};
use super::handoff::{Found, Taker, handoff};
use super::message::Message;
use super::names::{Names, names_in};
use super::reading::Reading;
use super::source::Source;
use super::total::Total;
use super::wanted::Wanted;
use crate::output::Io;

/// How long a command that was told to end may go on.
const PATIENCE: Duration = Duration::from_millis(50);

/// What a command is told of its recordings, in their order.
pub(crate) enum Item<'a> {
    /// A recording begins.
    Begin(&'a str),
    /// An event, and the line that it came from.
    Event(Event, u64),
    /// Events are missing here; the line that tells it.
    Gap(Gap, u64),
    /// A record is broken.
    Broken(&'a Error),
    /// The recording has ended, or is given up.
    End(&'a Report),
    /// All that has come until now has been passed on: what is held back should be let go. What it came to.
    Pause(&'a Total),
}

/// Reads what is wanted of all `files`, and tells `each` what they hold.
///
/// # Errors
/// What `each` says; what is wrong with the recordings is in the total.
pub(crate) fn read(
    io: &mut Io,
    files: &[PathBuf],
    reading: &Reading,
    wanted: Wanted,
    mut each: impl FnMut(&mut Io, Item<'_>) -> Result<()>,
) -> Result<Total> {
    let mut recordings = Recordings::open(io, files, reading, wanted)?;
    while let Some(message) = recordings.next(io) {
        match message {
            Message::Item { delivery: Delivery::Event(event), line, .. } => {
                each(io, Item::Event(event, line))?;
            }
            Message::Item { delivery: Delivery::Gap(gap), line, .. } => each(io, Item::Gap(gap, line))?,
            Message::Pause => each(io, Item::Pause(&recordings.total))?,
            other => {
                match &other {
                    Message::Begin(name) => each(io, Item::Begin(name))?,
                    Message::Broken(error, _) => each(io, Item::Broken(error))?,
                    Message::End(report) => each(io, Item::End(report))?,
                    _ => {}
                }
                recordings.note(other, io);
            }
        }
    }
    io.clear_progress();
    Ok(recordings.total)
}

/// Recordings that are being read on another thread.
pub(crate) struct Recordings {
    taker: Taker<Message>,
    taken: VecDeque<Message>,
    names: Arc<Mutex<Names>>,
    pub(crate) total: Total,
}

impl Recordings {
    /// Begins to read.
    ///
    /// # Errors
    /// `Invalid` where two files are the standard input, or one is the output; `Io` where there can be no thread.
    pub(crate) fn open(io: &mut Io, files: &[PathBuf], reading: &Reading, wanted: Wanted) -> Result<Self> {
        check_output(io, files)?;
        let progress = io.progress.begin(bytes_of(files));
        let wanted = Wanted { bus: reading.bus.clone(), ..wanted };
        let only = wanted.passes_over.then(|| wanted.filter.clone()).flatten();
        let options = ReadOptions { only, ..reading.options(progress.clone())? };
        let names = Arc::new(Mutex::new(Names::default()));
        let input = input_for(io, files)?;
        let source = Source { files: files.to_vec(), input, options, wanted, progress, names: names.clone() };
        let (giver, taker) = handoff();
        let reader = thread::Builder::new().name("newswire-read".to_owned());
        reader.spawn(move || source.read(&giver)).map_err(|error| {
            Error::new(ErrorKind::Io, format!("no thread can be had for reading: {error}"))
        })?;
        let total = Total::of(reading.skip);
        Ok(Self { taker, taken: VecDeque::new(), names, total })
    }

    /// What comes next; `None` at the end, where the user has ended it, and where nobody reads the output.
    pub(crate) fn next(&mut self, io: &mut Io) -> Option<Message> {
        loop {
            if let Some(message) = self.taken.pop_front() {
                self.total.count(&message);
                return Some(message);
            }
            if io.is_stopped() {
                self.interrupt_if(true);
                return None;
            }
            if io.out.is_unread() {
                return None;
            }
            io.show_progress(self.total.events);
            match self.taker.take(&mut self.taken, PATIENCE) {
                Found::Items => self.taken.push_back(Message::Pause),
                Found::Nothing => {}
                Found::End => return None,
            }
        }
    }

    /// Notes that the user has ended it, if he has; what was read by then counts.
    pub(crate) fn interrupt_if(&mut self, ended: bool) {
        self.total.interrupt_if(ended);
        if ended {
            names_in(&self.names).tell(&mut self.total.report);
        }
    }

    /// Takes down what is no event.
    pub(crate) fn note(&mut self, message: Message, io: &mut Io) {
        if let Message::Begin(name) = &message {
            io.progress.file(name);
        }
        self.total.note(message);
    }
}

/// The standard input, if one of the files is it.
fn input_for(io: &mut Io, files: &[PathBuf]) -> Result<Option<Box<dyn Read + Send>>> {
    files.iter().any(|file| is_input(file)).then(|| io.take_input()).transpose()
}
