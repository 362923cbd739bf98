//! Records what happens on a bus: `bus.attach("file:run.ndjson")`, once [`register`] has been called.

mod rotate;
mod url;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use newswire::{Error, Event, Gap, HandlerOptions, Result, Sink, SubscribeOptions, WhenFull, register_sink};

use crate::recording::{WriteOptions, Writer};
use rotate::Rotated;

/// How many events wait for the disk at most.
const BUFFER: usize = 16 * 1024;

/// How long what has been recorded stays in memory while events come.
const MAX_UNFLUSHED: Duration = Duration::from_millis(100);

/// What to do about a file that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Refuses to record.
    #[default]
    Refuse,
    /// Replaces it.
    Replace,
    /// Sets it aside, as when it is full.
    Rotate,
}

/// How a bus is recorded.
#[derive(Clone, Debug, Default)]
pub struct RecordOptions {
    /// How large the file grows, in bytes, before it is set aside and another is begun; unbounded by default.
    /// It is looked at after every event, and grows by what is gathered for the disk.
    pub max_bytes: Option<u64>,
    /// How old it grows; unbounded by default. It is looked at when an event comes.
    pub max_age: Option<Duration>,
    /// How many files that were set aside are kept; all by default.
    pub keep: Option<usize>,
    /// What to do about a file that is there already.
    pub existing: Existing,
    /// Whether publishers wait while the disk doesn't keep up; by default the oldest events that wait are
    /// dropped, and the recording tells the gap.
    pub block: bool,
    /// How it is written.
    pub write: WriteOptions,
}

/// Makes `file:` URLs attachable in this process.
///
/// ```text
/// file:PATH[?max_bytes=N][&max_age=30s|15m|24h|7d][&keep=N][&existing=refuse|replace|rotate]
///          [&zstd=on|off][&level=1..22][&sync=on|off][&full=drop|block]
/// ```
///
/// ```
/// let path = std::env::temp_dir().join(format!("newswire-register-{}.ndjson", std::process::id()));
/// newswire_recording::register()?;
/// let bus = newswire::Bus::new();
/// bus.attach(&format!("file:{}?max_bytes=10000000&keep=3", path.display()))?;
/// bus.publish(newswire::Event::builder("deploy.finished".parse()?).build()?)?;
/// bus.close(std::time::Duration::from_secs(5));
/// assert_eq!(newswire_recording::open(&path)?.count(), 1);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), newswire::Error>(())
/// ```
///
/// # Errors
/// Those of [`register_sink`].
pub fn register() -> Result<()> {
    register_sink("file", |url| Ok(Box::new(url::open(url)?)))
}

/// A sink that writes a recording, and begins another when the file is full or old.
///
/// After an error of the disk it takes nothing more, and every event is counted as failed: what follows a line
/// that is half there could not be trusted.
pub struct Recorder {
    path: PathBuf,
    options: RecordOptions,
    writer: Writer,
    began: Instant,
    flushed: Instant,
    /// At which size the file is set aside.
    full_at: Option<u64>,
}

impl Recorder {
    /// A recorder that writes to a file of that name.
    ///
    /// # Errors
    /// As [`Writer::create`]; `Io` where a file that is there already can't be set aside.
    pub fn create(path: &Path, options: RecordOptions) -> Result<Self> {
        if options.existing == Existing::Rotate {
            Rotated::of(path).set_aside(options.keep)?;
        }
        let write =
            WriteOptions { overwrite: options.existing == Existing::Replace, ..options.write.clone() };
        let writer = Writer::create(path, &write)?;
        let now = Instant::now();
        let full_at = options.max_bytes;
        Ok(Self { path: path.to_owned(), options, writer, began: now, flushed: now, full_at })
    }

    /// Begins another file if it is time to.
    fn rotate_if_due(&mut self, now: Instant) -> Result<()> {
        let is_old = self.options.max_age.is_some_and(|age| now.duration_since(self.began) >= age);
        let is_full = self.full_at.is_some_and(|bytes| self.writer.file_bytes() >= bytes);
        if !(is_old || is_full) {
            return Ok(());
        }
        // If that fails, it isn't tried again with every event.
        (self.began, self.full_at) = (now, self.full_at.map(|bytes| bytes.saturating_mul(2)));
        let write = WriteOptions { overwrite: false, ..self.options.write.clone() };
        Rotated::of(&self.path).set_aside(self.options.keep)?;
        let full = std::mem::replace(&mut self.writer, Writer::create(&self.path, &write)?);
        self.full_at = self.options.max_bytes;
        full.finish().map(drop)
    }

    /// Books what writing came to; flushes, and begins another file, if it is time to.
    fn written(&mut self, written: Result<()>) -> Result<()> {
        written?;
        let now = Instant::now();
        if now.duration_since(self.flushed) >= MAX_UNFLUSHED {
            self.flushed = now;
            self.writer.flush()?;
        }
        self.rotate_if_due(now)
    }
}

impl Sink for Recorder {
    fn options(&self) -> HandlerOptions {
        let when_full = if self.options.block { WhenFull::Block } else { WhenFull::DropOldest };
        let queue =
            SubscribeOptions { internal: true, buffer: BUFFER, when_full, ..SubscribeOptions::default() };
        HandlerOptions { queue, ..HandlerOptions::default() }
    }

    fn event(&mut self, event: &Event) -> Result<()> {
        let written = self.writer.write_event(event);
        self.written(written)
    }

    fn gap(&mut self, gap: &Gap) -> Result<()> {
        let written = self.writer.write_gap(gap);
        self.written(written)
    }

    fn flush(&mut self) -> Result<()> {
        self.writer.flush()
    }

    fn close(&mut self) -> Result<()> {
        self.writer.end()
    }
}

/// The error of a file that could not be set aside.
fn rotation_failed(path: &Path, error: &std::io::Error) -> Error {
    let message = format!("the file can't be set aside: {error}");
    Error::new(newswire::ErrorKind::Io, message).at_path(path.display().to_string())
}
