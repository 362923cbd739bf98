//! Reads recordings, one after another, on a thread of its own: so reading and what is done about it go on at
//! the same time, and a command ends when it is told to, even while its input says nothing.

use std::collections::VecDeque;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use newswire::{Delivery, Error, ErrorKind, Event, Gap, Result};
use newswire_recording::{Broken, Import, ReadOptions, Report, open_with, read_with};

use crate::args::Reading;
use crate::handoff::{Found, Giver, Taker, handoff};
use crate::ids::StableIds;
use crate::io::Io;
use crate::names::Names;
use crate::notice;
use crate::run::{FAILED, INTERRUPTED, OK};
use crate::source::{Opened, Wanted, store_path};

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

/// What passes between the threads.
pub(crate) enum Message {
    /// A recording begins.
    Begin(String),
    /// An event or a gap, the line that it came from, and how many records of its recording were read by then.
    Item { delivery: Delivery, line: u64, records: u64 },
    /// A record is broken, and whether that ends its recording.
    Broken(Box<Error>, bool),
    /// The recording has ended, or is given up.
    End(Box<Report>),
    /// A recording can't be opened; so many further ones are therefore not read.
    Unopened(Box<Error>, usize),
    /// All that has come until now has been passed on.
    Pause,
}

/// What all recordings came to.
#[derive(Default)]
pub(crate) struct Total {
    /// How many recordings were opened.
    pub(crate) files: u64,
    /// What was read from them all.
    pub(crate) report: Report,
    /// What was read of the recording that has not ended.
    unended: Report,
    /// How many events were passed on.
    pub(crate) events: u64,
    /// How many are missing, as the recordings tell.
    pub(crate) missing: u64,
    /// How many files were not read, or not to their end.
    pub(crate) unread: u64,
    /// The first broken record that was skipped.
    first_skipped: Option<Error>,
    skip: bool,
    /// What went wrong.
    pub(crate) wrong: Vec<String>,
    interrupted: bool,
}

impl Total {
    /// Tells the user what he should know: what was unknown, skipped, went wrong.
    pub(crate) fn tell(&self, io: &mut Io) {
        if let Some(unknown) = notice::of(&self.report) {
            io.tell(&unknown);
        }
        self.tell_wrong(io);
    }

    /// Tells the user what is missing, was skipped or went wrong.
    pub(crate) fn tell_wrong(&self, io: &mut Io) {
        if let Some(missing) = notice::of_missing(self.missing, self.report.gaps + self.unended.gaps) {
            io.tell(&missing);
        }
        if let Some(first) = &self.first_skipped {
            io.tell(&notice::of_skipped(self.report.broken_records, first));
        }
        for wrong in &self.wrong {
            io.tell(wrong);
        }
        self.tell_interrupted(io);
    }

    /// Tells the user that he has ended it.
    pub(crate) fn tell_interrupted(&self, io: &mut Io) {
        if self.interrupted {
            io.tell(&notice::of_interrupted(self.events));
        }
    }

    /// How many records were read.
    pub(crate) fn records(&self) -> u64 {
        self.report.records + self.unended.records
    }

    /// How many of them were broken.
    pub(crate) fn broken_records(&self) -> u64 {
        self.report.broken_records + self.unended.broken_records
    }

    /// The exit code that follows.
    pub(crate) fn code(&self) -> u8 {
        match (self.interrupted, self.wrong.is_empty() && self.files > 0) {
            (true, _) => INTERRUPTED,
            (false, true) => OK,
            (false, false) => FAILED,
        }
    }

    fn interrupt_if(&mut self, ended: bool) {
        self.interrupted |= ended;
        notice::add(&mut self.report, &std::mem::take(&mut self.unended));
    }

    /// Counts what comes, before it is passed on: an end that tells it all may never come.
    fn count(&mut self, message: &Message) {
        match message {
            Message::Item { delivery, records, .. } => {
                let event = u64::from(matches!(delivery, Delivery::Event(_)));
                self.events += event;
                self.unended.records = *records;
                self.unended.events += event;
                self.unended.gaps += 1 - event;
                if let Delivery::Gap(gap) = delivery {
                    self.missing = self.missing.saturating_add(gap.count);
                }
            }
            Message::Broken(..) => self.unended.broken_records += 1,
            _ => {}
        }
    }

    fn broken(&mut self, error: Error, last: bool) {
        if self.skip && !last {
            self.first_skipped.get_or_insert(error);
        } else {
            self.unread += 1;
            self.wrong.push(notice::of_stop(self.events, &error));
        }
    }

    /// Whether the user wants what could be read though some couldn't, and has not ended it.
    pub(crate) fn is_wanted_in_part(&self) -> bool {
        self.skip && !self.interrupted
    }
}

/// Reads all `files`, and tells `each` what they hold.
///
/// # Errors
/// What `each` says; what is wrong with the recordings is in the total.
pub(crate) fn read(
    io: &mut Io,
    files: &[PathBuf],
    args: &Reading,
    mut each: impl FnMut(&mut Io, Item<'_>) -> Result<()>,
) -> Result<Total> {
    let mut recordings = Recordings::open(io, files, args)?;
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
    pub(crate) fn open(io: &mut Io, files: &[PathBuf], args: &Reading) -> Result<Self> {
        check_output(io, files)?;
        let progress = io.progress.begin(bytes_of(files));
        let wanted = Wanted { bus: args.bus.clone(), ..args.wanted.clone() };
        let only = wanted.passes_over.then(|| wanted.filter.clone()).flatten();
        let options = ReadOptions { only, ..args.options(progress.clone())? };
        let names = Arc::new(Mutex::new(Names::default()));
        let input = input_for(io, files)?;
        let source = Source { files: files.to_vec(), input, options, wanted, progress, names: names.clone() };
        let (giver, taker) = handoff();
        let reader = thread::Builder::new().name("newswire-read".to_owned());
        reader.spawn(move || source.read(&giver)).map_err(|error| {
            Error::new(ErrorKind::Io, format!("no thread can be had for reading: {error}"))
        })?;
        let total = Total { skip: args.skip, ..Total::default() };
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
        let total = &mut self.total;
        match message {
            Message::Begin(name) => {
                total.files += 1;
                io.progress.file(&name);
            }
            Message::Broken(error, last) => total.broken(*error, last),
            Message::End(report) => {
                total.unended = Report::default();
                notice::add(&mut total.report, &report);
            }
            Message::Unopened(error, left) => {
                total.unread += 1;
                total.wrong.push(error.to_string());
                total.wrong.extend(notice::of_left(left));
            }
            Message::Item { .. } | Message::Pause => {}
        }
    }
}

/// What is to be read.
struct Source {
    files: Vec<PathBuf>,
    input: Option<Box<dyn Read + Send>>,
    options: ReadOptions,
    names: Arc<Mutex<Names>>,
    wanted: Wanted,
    progress: Arc<AtomicU64>,
}

impl Source {
    fn read(mut self, to: &Giver<Message>) {
        let files = std::mem::take(&mut self.files);
        for (place, file) in files.iter().enumerate() {
            let opened = match self.open(file) {
                Ok(opened) => opened,
                Err(error) => {
                    let strict = self.options.broken == Broken::Stop;
                    let left = if strict { files.len() - place - 1 } else { 0 };
                    if !to.give([Message::Unopened(Box::new(error), left)], 0) || strict {
                        return;
                    }
                    continue;
                }
            };
            if !to.give([Message::Begin(name_of(file))], 0)
                || !opened.pass_on(to, self.options.broken, &self.progress, &self.names)
            {
                return;
            }
        }
    }

    fn open(&mut self, file: &Path) -> Result<Opened> {
        if let Some(path) = store_path(file)? {
            return Opened::store(&path, &self.wanted);
        }
        if self.wanted.bus.is_some() {
            let message = "this is no store, and has no buses to choose from";
            return Err(Error::invalid(message).at_path(name_of(file)).expecting("a store, or no --bus"));
        }
        if !is_input(file) {
            let import = open_with(file, &self.options)?;
            let again = || open_with(file, &ReadOptions { progress: None, ..self.options.clone() }).ok();
            return self.opened(import, again);
        }
        let input = self.input.take();
        let input =
            input.ok_or_else(|| Error::invalid("the standard input can be read only once").at_path("-"))?;
        self.opened(read_with(input, name_of(file), &self.options)?, || None)
    }

    fn opened(
        &self,
        import: Import<'static>,
        again: impl FnMut() -> Option<Import<'static>>,
    ) -> Result<Opened> {
        let ids = self.wanted.stable_ids.then(|| StableIds::where_needed(&import, again)).flatten();
        Ok(Opened::Recording(Box::new(import.ahead()?), ids.map(Box::new)))
    }
}

/// The names that reading has found.
pub(crate) fn names_in(names: &Mutex<Names>) -> MutexGuard<'_, Names> {
    names.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reading {
    /// How the recordings are to be read.
    pub(crate) fn options(&self, progress: Arc<AtomicU64>) -> Result<ReadOptions> {
        let format = self.format.as_deref().map(newswire_recording::Format::named).transpose()?;
        let broken = if self.skip { Broken::Skip } else { Broken::Stop };
        let own = ReadOptions::default();
        let max_line_bytes = self.max_line.and_then(|bytes| usize::try_from(bytes).ok());
        let max_line_bytes = max_line_bytes.unwrap_or(own.max_line_bytes);
        Ok(ReadOptions { format, broken, max_line_bytes, progress: Some(progress), ..own })
    }
}

/// Whether none of the files is where the output is written to.
///
/// # Errors
/// `Invalid` where one is.
pub(crate) fn check_output(io: &Io, files: &[PathBuf]) -> Result<()> {
    match files.iter().find(|file| io.is_output(Some(&***file).filter(|file| !is_input(file)))) {
        None => Ok(()),
        Some(file) => {
            let message = "the output is written to the file that is read, which would never end";
            Err(Error::invalid(message).at_path(name_of(file)).expecting("another file for the output"))
        }
    }
}

/// The standard input, if one of the files is it.
fn input_for(io: &mut Io, files: &[PathBuf]) -> Result<Option<Box<dyn Read + Send>>> {
    files.iter().any(|file| is_input(file)).then(|| io.take_input()).transpose()
}

/// Whether it stands for the standard input.
pub(crate) fn is_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// What messages call it.
pub(crate) fn name_of(file: &Path) -> String {
    if is_input(file) { "standard input".to_owned() } else { file.display().to_string() }
}

/// How much there is to read; unknown where one of them is no regular file.
fn bytes_of(files: &[PathBuf]) -> Option<u64> {
    let bytes =
        files.iter().map(|file| file.metadata().ok().filter(|file| file.is_file()).map(|file| file.len()));
    bytes.sum()
}
