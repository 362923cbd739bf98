//! Dialects: reads what another system writes, and writes what it reads.
//!
//! Kinds and payload fields go by the table of names, [`aliases`](crate::catalogue::aliases); a file here
//! knows a system's envelope, in all its forms. Reading maps what ours can express; whatever is left over
//! stays with the event, in the attribute that has the system's name, so that writing gives the same JSON.

mod agent_runtime;
mod aitaskagent;
mod always;
mod clock;
mod document;
mod foreign;
mod named;
mod naming;
mod payload;
mod picoclaw;
mod place;
mod praxis;
mod praxis_message;
mod promptkit;
mod residue;
mod unit;

use serde_json::Value;

use self::document::Object;
use self::foreign::{Envelope, Outgoing};
pub use self::named::{KindName, NamesKind};
use self::residue::{ReadAs, Residue};
use crate::catalogue::System;
use crate::error::Result;
use crate::event::{Event, EventBuilder};

/// How one system writes its events, both ways.
///
/// Reading, then writing, gives the same JSON value, whatever the event has been through between, unless
/// somebody changed it; what was changed is written as changed.
///
/// ```
/// use newswire::catalogue::System;
/// use newswire::{Dialect, Event};
///
/// let line = r#"{"id":"evt-7","kind":"agent.tool.exec_end","time":"2026-11-21T01:02:03.5Z",
///     "source":{"component":"agent"},"scope":{"turn_id":"turn-3"},"correlation":{},"severity":"info",
///     "payload":{"Tool":"search","Duration":1200000,"IsError":false}}"#;
/// let picoclaw = Dialect::of(System::PicoClaw);
/// let event: Event = picoclaw.read(line)?;
/// assert_eq!(event.kind().as_str(), "tool.call.completed");
///
/// let written = picoclaw.write(&event).unwrap_or_default();
/// assert_eq!(written.parse::<serde_json::Value>().ok(), line.parse().ok());
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dialect(System);

/// The forms in which a system writes its events; most have one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Form {
    /// The system's own event, as its bus serialises it.
    #[default]
    Event,
    /// The event as the system's document shows it, where that differs from the code: PromptKit's `RunID` and
    /// `Metadata`, agent-runtime's `event_id` and `event_type`.
    Documented,
    /// PromptKit's event as its recording has it: `type`, `data_type`, `data`.
    Stored,
    /// A line of PromptKit's event store: the stored event inside `event`, with `seq`.
    StoreLine,
    /// AITaskAgent's event with its names in camel case.
    CamelCase,
    /// A message of AITaskAgent's live stream: `type`, `eventType`, `data`.
    Sse,
    /// AITaskAgent's step trace: `StepName` and `Status`.
    Trace,
    /// A message of Praxis' WebSocket: `type`, `payload`.
    Message,
}

impl Form {
    const ALL: [Self; 8] = [
        Self::Event,
        Self::Documented,
        Self::Stored,
        Self::StoreLine,
        Self::CamelCase,
        Self::Sse,
        Self::Trace,
        Self::Message,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Documented => "documented",
            Self::Stored => "stored",
            Self::StoreLine => "store_line",
            Self::CamelCase => "camel_case",
            Self::Sse => "sse",
            Self::Trace => "trace",
            Self::Message => "message",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.as_str() == word)
    }
}

impl Dialect {
    /// The dialect of a system.
    pub const fn of(system: System) -> Self {
        Self(system)
    }

    /// Whose it is.
    pub const fn system(self) -> System {
        self.0
    }

    /// The forms that it reads and writes; the first is how it writes what it didn't read.
    pub fn forms(self) -> &'static [Form] {
        self.envelope().forms()
    }

    /// Reads one event of the system, in any of its forms.
    ///
    /// A kind that the table of names doesn't have becomes one of ours under the system's prefix:
    /// `picoclaw.agent.dream.begun`.
    ///
    /// # Errors
    /// `Invalid`, with path and what was expected, for JSON that is none of the system's events; `TooLarge`
    /// over [`MAX_EVENT_BYTES`](crate::MAX_EVENT_BYTES), for JSON nested over 60 deep, and for media with more than
    /// [`Inline::MAX_BYTES`](crate::catalogue::Inline::MAX_BYTES) inline.
    pub fn read(self, json: impl AsRef<str>) -> Result<Event> {
        self.read_object(&document::parse(json.as_ref())?, None)
    }

    /// Reads one event of a recording: as [`Dialect::read`], but an event that tells no time of its own is of
    /// `time_ns`, nanoseconds since the Unix epoch, not of now.
    ///
    /// ```
    /// use newswire::Dialect;
    /// use newswire::catalogue::System;
    ///
    /// let event = Dialect::of(System::Praxis).read_at(r#"{"type":"PING"}"#, 5)?;
    /// assert_eq!(event.time_ns(), 5);
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Dialect::read`].
    pub fn read_at(self, json: impl AsRef<str>, time_ns: i64) -> Result<Event> {
        self.read_object(&document::parse(json.as_ref())?, Some(time_ns))
    }

    /// Reads one event of the system from JSON that is parsed already.
    ///
    /// # Errors
    /// As [`Dialect::read`].
    pub fn read_value(self, value: &Value) -> Result<Event> {
        self.read_object(document::object(value)?, None)
    }

    fn read_object(self, document: &Object, time_ns: Option<i64>) -> Result<Event> {
        let (form, mut foreign) = self.envelope().read(document)?;
        foreign.time_ns = foreign.time_ns.or(time_ns);
        let (event, read_as) = foreign.into_event(self.0)?;
        let written = self.write_plain(&event, form, Some(&read_as)).unwrap_or_default();
        let residue = Residue::between(read_as, form, document, &written);
        EventBuilder::amending(&event).attr(self.0.as_str(), &residue.to_value()).build()
    }

    /// The event as the system writes it, on one line: in the form that it was read in, else in the first of
    /// [`Dialect::forms`]. `None` for kinds that the system doesn't have.
    ///
    /// ```
    /// use newswire::catalogue::{System, tool::ToolCallStarted};
    /// use newswire::{Dialect, Event};
    ///
    /// let event = Event::of(ToolCallStarted::new("search", None, None)).build()?;
    /// let written = Dialect::of(System::PicoClaw).write(&event).unwrap_or_default();
    /// assert!(written.contains(r#""kind":"agent.tool.exec_start""#));
    /// # Ok::<(), newswire::Error>(())
    /// ```
    pub fn write(self, event: &Event) -> Option<String> {
        self.write_value(event).map(|value| value.to_string())
    }

    /// The same as a JSON value.
    pub fn write_value(self, event: &Event) -> Option<Value> {
        let Some(residue) = Residue::of(event, self.0) else {
            let form = self.forms().first().copied().unwrap_or_default();
            return self.write_plain(event, form, None).map(Value::Object);
        };
        let mut written = self.write_plain(event, residue.form, Some(&residue.read_as))?;
        residue.restore(&mut written);
        Some(written.into())
    }

    /// The event as JSON in a form of choice; `None` also where the system doesn't have that form.
    pub fn write_as(self, event: &Event, form: Form) -> Option<Value> {
        let read_as = Residue::of(event, self.0).map(|residue| residue.form);
        match read_as {
            _ if !self.forms().contains(&form) => None,
            Some(read_as) if read_as == form => self.write_value(event),
            None => self.write_plain(event, form, None).map(Value::Object),
            // What it was read from knows more of it than the event does.
            Some(_) => {
                let whole = self.write_value(event)?;
                let (_, foreign) = self.envelope().read(whole.as_object()?).ok()?;
                let out =
                    Outgoing { event, name: &foreign.name, payload: foreign.payload.clone(), read: true };
                self.envelope().write(form, &out).map(Value::Object)
            }
        }
    }

    /// What the event alone says, as the system writes it, in the words that it was read in.
    fn write_plain(self, event: &Event, form: Form, read_as: Option<&ReadAs>) -> Option<Object> {
        let (name, payload) = payload::to_theirs(self.0, event, read_as)?;
        let out =
            Outgoing { event, name: &name, payload, read: read_as.is_some_and(|read_as| !read_as.named) };
        self.envelope().write(form, &out)
    }

    fn envelope(self) -> &'static dyn Envelope {
        match self.0 {
            System::PromptKit => &promptkit::PromptKit,
            System::AiTaskAgent => &aitaskagent::AiTaskAgent,
            System::AgentRuntime => &agent_runtime::AgentRuntime,
            System::PicoClaw => &picoclaw::PicoClaw,
            System::Praxis => &praxis::Praxis,
        }
    }
}
