//! The live view: a line an event, indented by run, turn and call, for people who watch an agent work.
//!
//! Chunks of one stream grow one line until something else happens. Where several runs are at work at the same
//! time, each line says whose it is. Everything that events bring is made
//! visible first, and cut at the width, so that nothing in it can act on the terminal.

pub mod figures;
mod line;
mod nesting;
mod runs;
mod streams;
mod view;
mod visible;

use std::io::{self, ErrorKind as IoKind, IsTerminal, Write};
use std::time::Duration;

use line::{Line, Style};
use nesting::Nesting;
use runs::Runs;
use streams::{Stream, Streams};
use view::View;
pub use visible::Visible;

use super::{Sink, SinkUrl};
use crate::delivery::Gap;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, Phase, ScopeField};
use crate::options::{Coalesce, HandlerOptions, SubscribeOptions};

/// How the live view looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsoleOptions {
    /// How many columns a line has at most; 100. Lines are never narrower than 40.
    pub width: usize,
    /// Whether marks are coloured; false.
    pub color: bool,
    /// Whether lines begin with the time of day; true. Without it the same events show as the same text.
    pub time: bool,
}

impl Default for ConsoleOptions {
    fn default() -> Self {
        Self { width: 100, color: false, time: true }
    }
}

impl ConsoleOptions {
    /// The narrowest and the widest line.
    pub const WIDTHS: std::ops::RangeInclusive<usize> = 40..=1000;
}

/// The live view, written to any writer; a sink.
///
/// ```
/// use newswire::{Console, ConsoleOptions, Event, Kind, Sink};
///
/// let mut shown = Vec::new();
/// let mut console = Console::new(&mut shown, ConsoleOptions::default());
/// let kind = Kind::parse("tool.call.completed")?;
/// console.event(&Event::builder(kind).time_ns(0).json(r#"{"name":"ls","duration_ns":12000000}"#).build()?)?;
/// drop(console);
/// assert_eq!(String::from_utf8_lossy(&shown), "00:00:00.000 ✓ tool.call ls  12 ms\n");
/// # Ok::<(), newswire::Error>(())
/// ```
pub struct Console<W: Write> {
    writer: W,
    options: ConsoleOptions,
    nesting: Nesting,
    runs: Runs,
    streams: Streams,
    /// The reader has gone away: nothing is written any more, and that is no error.
    unread: bool,
}

impl<W: Write> Console<W> {
    /// A view that writes to `writer`.
    pub fn new(writer: W, options: ConsoleOptions) -> Self {
        let width = options.width.clamp(*ConsoleOptions::WIDTHS.start(), *ConsoleOptions::WIDTHS.end());
        let options = ConsoleOptions { width, ..options };
        Self {
            writer,
            options,
            nesting: Nesting::default(),
            runs: Runs::default(),
            streams: Streams::default(),
            unread: false,
        }
    }

    fn write(&mut self, text: &str) -> Result<()> {
        if self.unread || text.is_empty() {
            return Ok(());
        }
        let written = self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush());
        written.or_else(|error| self.failed(&error))
    }

    fn failed(&mut self, error: &io::Error) -> Result<()> {
        self.unread = error.kind() == IoKind::BrokenPipe;
        match self.unread {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::Io, format!("the live view can't be written: {error}"))),
        }
    }

    fn line(&self) -> Line {
        Line::new(self.options.width, self.options.color)
    }

    fn end_streams(&mut self) -> Result<()> {
        let ended = self.streams.end();
        self.write(&ended)
    }

    /// Time, run, indentation and mark, with which every line begins.
    fn begin(&mut self, event: &Event, phase: Option<Phase>, view: &View<'_>) -> Line {
        let place = self.nesting.place(event, phase);
        let own = event.correlation().span;
        let is_run = place.run.is_some() && place.run == own;
        if let (true, Some(span), true) = (is_run, own, Runs::begins(event, phase)) {
            self.runs.begin(span, view.subject().as_deref());
        }
        let mut line = self.line();
        if self.options.time {
            line.push(Style::Dim, &figures::time_of_day(event.time_ns()));
        }
        if let Some(label) = place.run.and_then(|run| self.runs.label(run)) {
            line.push(Style::Dim, &format!(" [{label}]"));
        }
        if let (true, Some(span), Some(Phase::Completed | Phase::Failed | Phase::Canceled)) =
            (is_run, own, phase)
        {
            self.runs.end(span);
        }
        line.push(Style::Plain, &"  ".repeat(place.depth));
        let (mark, style) = mark(event, phase);
        line.push(style, &format!(" {mark} "));
        line
    }

    fn chunk(&mut self, event: &Event) -> Result<()> {
        let view = View::of(event);
        let (id, text) = view.chunk();
        let stream = Stream {
            kind: event.kind().clone(),
            id,
            scope: event.scope().clone(),
            span: event.correlation().span,
            parent: event.correlation().parent_span,
        };
        let mut shown = String::new();
        if !self.streams.has(&stream) {
            let mut line = self.begin(event, None, &view);
            line.push(Style::Plain, event.kind().as_str());
            line.push(Style::Plain, "  ");
            shown = self.streams.begin(stream.clone(), line, event.time_ns());
        }
        shown.push_str(&self.streams.grow(&stream, &text, event.time_ns()));
        self.write(&shown)
    }
}

impl<W: Write + Send> Sink for Console<W> {
    fn options(&self) -> HandlerOptions {
        HandlerOptions {
            queue: SubscribeOptions {
                internal: true,
                coalesce: Some(Coalesce { window: Duration::from_millis(50), max_bytes: 1 << 16 }),
                ..SubscribeOptions::default()
            },
            ..HandlerOptions::default()
        }
    }

    fn event(&mut self, event: &Event) -> Result<()> {
        if event.kind().as_str().ends_with(".delta") {
            return self.chunk(event);
        }
        self.end_streams()?;
        let phase = phase_of(event);
        let view = View::of(event);
        let mut line = self.begin(event, phase, &view);
        let name = event.kind().as_str();
        let name = match phase {
            Some(phase) => name.strip_suffix(phase.as_str()).unwrap_or(name).trim_end_matches('.'),
            None => name,
        };
        let failed = phase == Some(Phase::Failed);
        line.push(if failed { Style::Bad } else { Style::Plain }, name);
        let subject = view.subject().or_else(|| own_id(event).or(event.source().name()).map(str::to_owned));
        if let Some(subject) = subject {
            line.push(Style::Plain, " ");
            line.push(Style::Strong, &subject);
        }
        for figure in view.figures() {
            line.push(Style::Plain, "  ");
            line.push(Style::Dim, &figure);
        }
        if let Some(text) = view.text(event, phase) {
            line.push(Style::Plain, "  ");
            line.push(if failed { Style::Bad } else { Style::Plain }, text.trim_end());
        }
        line.end();
        self.write(&line.take())
    }

    fn gap(&mut self, gap: &Gap) -> Result<()> {
        self.end_streams()?;
        let events = if gap.count == 1 { "event" } else { "events" };
        let mut line = self.line();
        line.push(Style::Warn, &format!("… {} {events} missing ({})", gap.count, gap.reason.as_str()));
        line.end();
        self.write(&line.take())
    }

    fn flush(&mut self) -> Result<()> {
        self.end_streams()?;
        if self.unread { Ok(()) } else { self.writer.flush().or_else(|error| self.failed(&error)) }
    }
}

/// The phase by the catalogue, else by the name's last segment: custom lifecycles are marked too.
fn phase_of(event: &Event) -> Option<Phase> {
    event.phase().or_else(|| {
        let (_, last) = event.kind().as_str().rsplit_once('.')?;
        Phase::parse(last).ok()
    })
}

fn mark(event: &Event, phase: Option<Phase>) -> (&'static str, Style) {
    use crate::event::Severity;
    match (phase, event.severity()) {
        (Some(Phase::Completed), _) => ("✓", Style::Good),
        (Some(Phase::Failed), _) | (_, Severity::Error) => ("✗", Style::Bad),
        (Some(Phase::Canceled), _) => ("⊘", Style::Warn),
        (_, Severity::Warn) => ("!", Style::Warn),
        (Some(Phase::Started | Phase::Progress), _) => ("…", Style::Dim),
        (None, _) => ("·", Style::Dim),
    }
}

#[derive(Clone, Copy)]
enum Color {
    Auto,
    Always,
    Never,
}

/// The sink of `console:?width=100&color=auto|always|never&time=on|off&to=stdout|stderr`.
pub(super) fn open(url: &SinkUrl) -> Result<Box<dyn Sink>> {
    url.allow(&["width", "color", "time", "to"])?;
    if !url.body().is_empty() {
        return Err(Error::invalid("console: takes no address")
            .at_column(9)
            .expecting("console:?name=value"));
    }
    let width = url.param("width").map(|param| param.number(ConsoleOptions::WIDTHS)).transpose()?;
    let colors = [("auto", Color::Auto), ("always", Color::Always), ("never", Color::Never)];
    let color = url.param("color").map(|param| param.choice(&colors)).transpose()?;
    let time = url.param("time").map(|param| param.choice(&[("on", true), ("off", false)])).transpose()?;
    let to_stderr =
        url.param("to").map(|param| param.choice(&[("stdout", false), ("stderr", true)])).transpose()?;
    let to_stderr = to_stderr.unwrap_or(false);
    let terminal = if to_stderr { io::stderr().is_terminal() } else { io::stdout().is_terminal() };
    let options = ConsoleOptions {
        width: width.unwrap_or_else(|| ConsoleOptions::default().width),
        color: match color.unwrap_or(Color::Auto) {
            Color::Auto => terminal && colors_welcome(),
            Color::Always => true,
            Color::Never => false,
        },
        time: time.unwrap_or(ConsoleOptions::default().time),
    };
    Ok(if to_stderr {
        Box::new(Console::new(io::stderr(), options))
    } else {
        Box::new(Console::new(io::stdout(), options))
    })
}

/// Whether the user's environment lets programs colour what they print to a terminal.
fn colors_welcome() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// The id of the session that a session's own event is about: nothing else tells them apart.
fn own_id(event: &Event) -> Option<&str> {
    event.kind().as_str().starts_with("session.").then(|| event.scope().get(ScopeField::Session)).flatten()
}
