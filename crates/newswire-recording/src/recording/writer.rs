//! Writes recordings: the version line, then a line an event and a gap.

use std::io::Write;
use std::path::Path;

use newswire::json::Index;
use newswire::{Delivery, Error, ErrorKind, Event, Gap, Result};

use super::line::{KEPT, Sort, sort_of, write_gap, write_version};
use super::shorten::shortened;
use super::target::Target;
use crate::source::{Fields, MAX_LINE_BYTES};

/// How much is gathered before it is written.
const BUFFER_BYTES: usize = 1 << 16;

/// How a recording is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Whether it is compressed by zstd; by default a file is whose name ends in `.zst`.
    pub zstd: Option<bool>,
    /// How much work is put into compression, 1 to 22; 3.
    pub level: i32,
    /// Whether a file that is there already is replaced; false.
    pub overwrite: bool,
    /// Whether [`Writer::finish`] waits until the disk has all; false.
    pub sync: bool,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { zstd: None, level: 3, overwrite: false, sync: false }
    }
}

/// What has been written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Events.
    pub events: u64,
    /// Gaps.
    pub gaps: u64,
    /// Bytes before compression.
    pub bytes: u64,
}

/// Writes a recording, in Newswire's own format.
///
/// What is written is gathered before it goes to the file: [`Writer::finish`] hands on the rest, and is the
/// only place that can tell that all is well. A writer that is dropped without it hands on what it can.
///
/// ```
/// use newswire::{Event, Kind};
/// use newswire_recording::{WriteOptions, Writer, open};
///
/// let path = std::env::temp_dir().join(format!("newswire-doc-{}.ndjson.zst", std::process::id()));
/// let mut writer = Writer::create(&path, &WriteOptions { overwrite: true, ..WriteOptions::default() })?;
/// writer.write_event(&Event::builder(Kind::parse("deploy.finished")?).build()?)?;
/// assert_eq!(writer.finish()?.events, 1);
/// assert_eq!(open(&path)?.count(), 1);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), newswire::Error>(())
/// ```
pub struct Writer {
    /// `None` once it is finished.
    target: Option<Target>,
    buffer: Vec<u8>,
    written: Written,
    /// How many events the file has for certain.
    safe: u64,
    zstd: bool,
    sync: bool,
    /// The first thing that went wrong: what follows a half-written line could not be read.
    failed: Option<Error>,
}

impl Writer {
    /// Begins a recording in a file of that name.
    ///
    /// # Errors
    /// `Invalid` where the file is there already and isn't to be overwritten, or is a directory; `Io` where it
    /// can't be written.
    pub fn create(path: &Path, options: &WriteOptions) -> Result<Self> {
        let by_name = path.extension().is_some_and(|ending| ending == "zst");
        let level = options.zstd.unwrap_or(by_name).then_some(options.level);
        let target = Target::create(path, options.overwrite, level)?;
        Ok(Self::begin(target, level.is_some(), options.sync))
    }

    /// Begins a recording in any writer; `name` is what errors call it.
    ///
    /// # Errors
    /// `Invalid` where compression can't begin.
    pub fn to(
        writer: impl Write + Send + 'static,
        name: impl Into<String>,
        options: &WriteOptions,
    ) -> Result<Self> {
        let level = options.zstd.unwrap_or(false).then_some(options.level);
        let target = Target::new(Box::new(writer), name.into(), level)?;
        Ok(Self::begin(target, level.is_some(), options.sync))
    }

    fn begin(target: Target, zstd: bool, sync: bool) -> Self {
        let mut buffer = Vec::with_capacity(BUFFER_BYTES);
        write_version(&mut buffer);
        let written = Written { bytes: buffer.len() as u64, ..Written::default() };
        Self { target: Some(target), buffer, written, safe: 0, zstd, sync, failed: None }
    }

    /// Writes an event or a gap.
    ///
    /// # Errors
    /// `Io`, with the name of the file: where the disk is full, say, and how many events were taken before that the
    /// file doesn't have. What is handed in after that fails alike. A file that isn't compressed ends with a whole line
    /// all the same.
    pub fn write(&mut self, delivery: &Delivery) -> Result<()> {
        match delivery {
            Delivery::Event(event) => self.write_event(event),
            Delivery::Gap(gap) => self.write_gap(gap),
        }
    }

    /// Writes an event. One whose line would be over [`MAX_LINE_BYTES`], which readers refuse, goes without its `seq`.
    ///
    /// # Errors
    /// As [`Writer::write`]; `TooLarge` where even that is too long. The recording can be gone on with then.
    pub fn write_event(&mut self, event: &Event) -> Result<()> {
        let before = self.buffer.len();
        match kept_line(event) {
            Some(line) => self.buffer.extend_from_slice(line.as_bytes()),
            None => event.write_json(&mut self.buffer),
        }
        if self.buffer.len() - before > MAX_LINE_BYTES {
            self.buffer.truncate(before);
            let line = shortened(event);
            if line.len() > MAX_LINE_BYTES {
                let message =
                    format!("a line has at most {MAX_LINE_BYTES} bytes, the event has {}", line.len());
                return Err(Error::new(ErrorKind::TooLarge, message));
            }
            self.buffer.extend_from_slice(line.as_bytes());
        }
        self.buffer.push(b'\n');
        self.written.events += 1;
        self.pass_on(before)
    }

    /// Writes a gap.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub fn write_gap(&mut self, gap: &Gap) -> Result<()> {
        let before = self.buffer.len();
        write_gap(gap, &mut self.buffer);
        self.written.gaps += 1;
        self.pass_on(before)
    }

    /// Hands on what has been gathered, so that readers of the file find it.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub fn flush(&mut self) -> Result<()> {
        self.empty()?;
        let flushed = self.target.as_mut().map_or(Ok(()), Target::flush);
        self.note(flushed)?;
        self.safe = self.written.events;
        Ok(())
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// As [`Writer::write`], of all that hadn't been handed on.
    pub fn finish(mut self) -> Result<Written> {
        self.end()?;
        Ok(self.written)
    }

    /// Ends the recording without what has been gathered and not handed on: nothing at all, where that is all.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub fn abandon(mut self) -> Result<()> {
        self.buffer.clear();
        self.end()
    }

    /// What has been written so far.
    #[must_use]
    pub fn written(&self) -> Written {
        self.written
    }

    /// How large the file is, with what is gathered for it; where it is compressed, without that.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        let gathered = if self.zstd { 0 } else { self.buffer.len() as u64 };
        self.target.as_ref().map_or(0, Target::bytes) + gathered
    }

    /// Ends the recording, once; what is written after it is refused.
    pub(crate) fn end(&mut self) -> Result<()> {
        let emptied = self.empty();
        let target = self.target.take();
        emptied?;
        self.failed = Some(Error::new(ErrorKind::Closed, "the recording has been finished"));
        target.map_or(Ok(()), |target| target.finish(self.sync))
    }

    fn pass_on(&mut self, before: usize) -> Result<()> {
        self.written.bytes += (self.buffer.len() - before) as u64;
        if self.buffer.len() >= BUFFER_BYTES || self.failed.is_some() { self.empty() } else { Ok(()) }
    }

    fn empty(&mut self) -> Result<()> {
        let written = match (&self.failed, &mut self.target) {
            (Some(error), _) => Err(error.clone()),
            (None, Some(target)) if !self.buffer.is_empty() => target.write(&self.buffer),
            _ => Ok(()),
        };
        self.buffer.clear();
        self.note(written)?;
        // A compressor may hold back what it has taken.
        if !self.zstd {
            self.safe = self.written.events;
        }
        Ok(())
    }

    /// Remembers the first error, with how much was taken and is lost by it.
    fn note(&mut self, result: Result<()>) -> Result<()> {
        let Err(error) = result else { return Ok(()) };
        let lost = self.written.events - self.safe;
        let failed = self.failed.get_or_insert_with(|| match lost {
            0 => error,
            _ => {
                let events = if lost == 1 { "1 event is".to_owned() } else { format!("{lost} events are") };
                let message =
                    format!("{}; {events} not in it, being taken since the last write", error.message());
                let plain = Error::new(error.kind(), message);
                error.path().into_iter().fold(plain, |plain, path| plain.at_path(path))
            }
        });
        Err(failed.clone())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Nobody is left to be told; `finish` tells.
        let _ = self.end();
    }
}

/// The line that this event was kept for, where it may be written again as it was: so a line that only later
/// versions know goes through this one unchanged. What this version does know can't come in that way.
fn kept_line(event: &Event) -> Option<&str> {
    let line = event.payload_json().filter(|_| event.kind().as_str() == KEPT)?;
    let mut index = Index::default();
    let fields = Fields::read(&mut index, line, line).ok()?;
    (sort_of(&fields) == Sort::Unknown).then_some(line)
}
