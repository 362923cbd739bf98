//! Options: plain structs with defaults, checked once where they are handed in.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, MAX_EVENT_BYTES};
use crate::start::Start;

/// What happens when an event meets a full queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WhenFull {
    /// The oldest queued event makes room; the subscriber is told by a gap.
    #[default]
    DropOldest,
    /// The new event is dropped here; the subscriber is told by a gap.
    DropNewest,
    /// The publisher waits for room, up to [`SubscribeOptions::max_wait`]; then as `DropNewest`.
    Block,
}

impl WhenFull {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::DropOldest, Self::DropNewest, Self::Block];

    /// The word in options of other languages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DropOldest => "drop_oldest",
            Self::DropNewest => "drop_newest",
            Self::Block => "block",
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    /// `Invalid`, with the words that exist.
    pub fn parse(word: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == word).ok_or_else(|| {
            Error::invalid(format!("{word:?} says nothing about a full queue"))
                .expecting("drop_oldest, drop_newest or block")
        })
    }
}

/// How matching events may be merged on their way to one subscription, as the catalogue says of their
/// kind: consecutive chunks of a stream become one event. It has the last one's seq and id, the first one's
/// time, and says by [`Event::merged`] what it stands for. Filters see single chunks, the books count them.
///
/// ```
/// use newswire::catalogue::message::MessageDelta;
/// use newswire::{Bus, Coalesce, Event, SubscribeOptions};
/// use std::time::Duration;
///
/// let bus = Bus::new();
/// let coalesce = Some(Coalesce { window: Duration::from_millis(50), max_bytes: 1 << 16 });
/// let mut events = bus.subscribe_with("*", SubscribeOptions { coalesce, ..Default::default() })?;
/// for text in ["Hel", "lo"] {
///     bus.publish(Event::of(MessageDelta::new("m-1", text)).build()?)?;
/// }
/// let event = events.next().and_then(|delivery| delivery.event()).unwrap();
/// assert_eq!(event.payload::<MessageDelta>()?.unwrap().text, "Hello");
/// assert_eq!(event.merged().map(|merged| merged.count), Some(2));
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coalesce {
    /// The longest that a chunk is held back.
    pub window: Duration,
    /// How much is held back at most, and so the largest merged event, in bytes; up to
    /// [`MAX_EVENT_BYTES`].
    pub max_bytes: usize,
}

/// A user's test, run at the consumer: what it rejects is booked as skipped.
pub type Predicate = Arc<dyn Fn(&Event) -> bool + Send + Sync>;

/// How a subscription queues.
#[derive(Clone)]
pub struct SubscribeOptions {
    /// Shown in stats, gaps' logs and notices, at most [`SubscribeOptions::MAX_NAME`] bytes; empty = made from
    /// the filter, cut there.
    pub name: String,
    /// How many events wait at most; 1,024.
    pub buffer: usize,
    /// How many bytes wait at most; 16 MiB.
    pub buffer_bytes: usize,
    /// What happens beyond that.
    pub when_full: WhenFull,
    /// How long a publisher waits for room with [`WhenFull::Block`]; 1 s.
    pub max_wait: Duration,
    /// Where it begins.
    pub start: Start,
    /// Whether internal events are wanted too.
    pub internal: bool,
    /// Larger is served first; ties by age.
    pub priority: i32,
    /// Merges chunks of streams, where the catalogue says how.
    pub coalesce: Option<Coalesce>,
    /// A test of the user's own, run at the consumer.
    pub predicate: Option<Predicate>,
}

impl Default for SubscribeOptions {
    fn default() -> Self {
        Self {
            name: String::new(),
            buffer: 1024,
            buffer_bytes: 16 << 20,
            when_full: WhenFull::default(),
            max_wait: Duration::from_secs(1),
            start: Start::Live,
            internal: false,
            priority: 0,
            coalesce: None,
            predicate: None,
        }
    }
}

/// How a handler is served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// On the publisher's thread, before its publish returns.
    Inline,
    /// On a worker, one call at a time.
    #[default]
    Locked,
    /// On workers, one call at a time for each value of this field, in parallel across values.
    Keyed(crate::Field),
    /// On workers, up to that many calls at a time.
    Concurrent(usize),
}

/// What a handler's panic does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnPanic {
    /// Caught, counted, logged; nobody else notices.
    #[default]
    Count,
    /// Aborts the process.
    Crash,
}

/// How a handler is queued and served.
#[derive(Clone, Default)]
pub struct HandlerOptions {
    /// Its queue.
    pub queue: SubscribeOptions,
    /// On which thread and how many at a time.
    pub mode: Mode,
    /// When a call counts as timed out; `None` = never.
    pub timeout: Option<Duration>,
    /// Serves the first match only.
    pub once: bool,
    /// What a panic does.
    pub on_panic: OnPanic,
    /// After how many failures in a row the handler is set aside; `None` = never.
    pub set_aside_after: Option<u32>,
    /// The runtime of another language, which its calls run in.
    pub host: Option<Host>,
}

/// The runtime of another language, for handlers that are written in it.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Whether the current thread is in it: asked of publishers, which serve inline handlers where it is. Elsewhere
    /// a worker does.
    pub is_here: fn() -> bool,
    /// Enters it, calls what it is given, and leaves it: around each run of calls on a worker, so that many events
    /// pay for it once. It has to call.
    pub enter: fn(&mut dyn FnMut()),
}

impl HandlerOptions {
    /// Those of a handler that is served on the publisher's thread, before its publish returns.
    pub fn inline() -> Self {
        Self { mode: Mode::Inline, ..Self::default() }
    }

    /// Refuses what can't work, but for what the queue says of itself.
    pub(crate) fn check(&self) -> Result<()> {
        if self.mode == Mode::Concurrent(0) {
            return Err(Error::invalid("no call at a time is no service")
                .at_path("options.concurrency")
                .expecting("1 or more"));
        }
        if self.timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(Error::invalid("no call ends in no time")
                .at_path("options.timeout")
                .expecting("more than 0"));
        }
        if self.set_aside_after == Some(0) {
            return Err(Error::invalid("it can't be 0")
                .at_path("options.set_aside_after")
                .expecting("1 or more"));
        }
        if self.queue.coalesce.is_some() && matches!(self.mode, Mode::Keyed(_) | Mode::Concurrent(_)) {
            return Err(Error::invalid("chunks are merged for one call at a time")
                .at_path("options.coalesce")
                .expecting("mode locked or inline, or no coalescing"));
        }
        if self.mode == Mode::Inline && self.queue.start != Start::Live {
            let message = "an inline handler is served by publishers, so it can only begin live";
            return Err(Error::invalid(message).at_path("options.start").expecting("live, or another mode"));
        }
        Ok(())
    }
}

/// The largest queue, in events.
const MAX_BUFFER: usize = 1 << 24;
/// The longest wait of a publisher.
const MAX_WAIT: Duration = Duration::from_secs(3600);

impl SubscribeOptions {
    /// The longest name of a subscription, handler or sink, in bytes.
    pub const MAX_NAME: usize = 256;

    /// Refuses what can't work.
    pub(crate) fn check(&self) -> Result<()> {
        check_name(&self.name, "options.name")?;
        check_buffer(self.buffer, self.buffer_bytes)?;
        if self.max_wait.is_zero() && self.when_full == WhenFull::Block {
            return Err(Error::invalid("a publisher that waits for no time doesn't wait")
                .at_path("options.max_wait")
                .expecting("more than 0, or when_full drop_newest"));
        }
        if self.max_wait > MAX_WAIT {
            return Err(Error::new(ErrorKind::TooLarge, "a publisher waits at most an hour")
                .at_path("options.max_wait"));
        }
        self.coalesce.as_ref().map_or(Ok(()), Coalesce::check)
    }
}

impl Coalesce {
    fn check(&self) -> Result<()> {
        if self.window.is_zero() || self.window > MAX_WAIT {
            return Err(Error::invalid("chunks are held back for a moment, at most an hour")
                .at_path("options.coalesce.window")
                .expecting("more than 0; 50 ms is customary"));
        }
        if self.max_bytes == 0 || self.max_bytes > MAX_EVENT_BYTES {
            return Err(Error::invalid("a merged event has the bounds of any other")
                .at_path("options.coalesce.max_bytes")
                .expecting(format!("1 to {MAX_EVENT_BYTES}")));
        }
        Ok(())
    }
}

/// Refuses a name that is too long to be shown and kept with every subscription.
pub(crate) fn check_name(name: &str, path: &str) -> Result<()> {
    if name.len() <= SubscribeOptions::MAX_NAME {
        return Ok(());
    }
    let message = format!("a name has at most {} bytes, this has {}", SubscribeOptions::MAX_NAME, name.len());
    Err(Error::new(ErrorKind::TooLarge, message).at_path(path))
}

/// A name made of what may be longer, cut to the bound.
pub(crate) fn cut_name(mut name: String) -> String {
    const MARK: &str = "...";
    if name.len() > SubscribeOptions::MAX_NAME {
        name.truncate(name.floor_char_boundary(SubscribeOptions::MAX_NAME - MARK.len()));
        name.push_str(MARK);
    }
    name
}

/// Refuses bounds of a queue that can't work.
pub(crate) fn check_buffer(buffer: usize, buffer_bytes: usize) -> Result<()> {
    if buffer == 0 {
        return Err(Error::invalid("a queue has room for at least one event")
            .at_path("options.buffer")
            .expecting("1 or more"));
    }
    if buffer > MAX_BUFFER {
        let message = format!("a queue has at most {MAX_BUFFER} places");
        return Err(Error::new(ErrorKind::TooLarge, message).at_path("options.buffer"));
    }
    check_bytes("buffer_bytes", buffer_bytes)
}

/// Refuses a byte bound that some event could never fit.
pub(crate) fn check_bytes(name: &str, bytes: usize) -> Result<()> {
    if bytes < MAX_EVENT_BYTES {
        return Err(Error::invalid(format!("{bytes} bytes are less than one event may have"))
            .at_path(format!("options.{name}"))
            .expecting(format!("at least {MAX_EVENT_BYTES}")));
    }
    Ok(())
}

/// What a bus does about events that break a format which it can check, before they get a seq.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Check {
    /// Nothing: it isn't even looked at.
    #[default]
    Off,
    /// Publishes the event and counts it in [`BusStats`](crate::BusStats).
    Warn,
    /// Rejects the event.
    Reject,
}

impl Check {
    /// The word in options and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warn => "warn",
            Self::Reject => "reject",
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    /// `Invalid`, with the words that exist.
    pub fn parse(word: &str) -> Result<Self> {
        [Self::Off, Self::Warn, Self::Reject].into_iter().find(|check| check.as_str() == word).ok_or_else(
            || Error::invalid(format!("{word:?} is no way to check")).expecting("off, warn or reject"),
        )
    }
}

/// What a bus is made with.
#[derive(Clone, Debug)]
pub struct BusOptions {
    /// Its name, part of every cursor, at most [`Scope::MAX_ID_LEN`](crate::Scope::MAX_ID_LEN) bytes; empty = a
    /// new stream without one.
    pub name: String,
    /// How many events the in-memory history keeps; 0 = no history.
    pub history: usize,
    /// How many bytes the in-memory history keeps; 64 MiB.
    pub history_bytes: usize,
    /// How many bytes all shared queues keep together; 256 MiB.
    pub shared_bytes: usize,
    /// How many workers serve handlers at most; 64.
    pub workers: usize,
    /// How many questions may be pending; 1,024.
    pub pending_requests: usize,
    /// How many subscriptions there may be; 65,536.
    pub subscriptions: usize,
    /// How many closed subscriptions the stats remember; 64.
    pub closed_kept: usize,
    /// What becomes of component ids that break agent-runtime's formats
    /// ([`Component::check_format`](crate::Component::check_format)); off. Where they are checked, the ids that
    /// emitters and guards make up have the format: `gpt-5` is `gpt-5:llm:0`, or `planner:llm:0` within an agent.
    pub component_ids: Check,
    /// What becomes of JSON payloads that don't fit their kind
    /// ([`Row::check_payload`](crate::catalogue::Row::check_payload)); off. Typed payloads aren't looked at.
    pub payloads: Check,
}

impl Default for BusOptions {
    fn default() -> Self {
        Self {
            name: String::new(),
            history: 0,
            history_bytes: 64 << 20,
            shared_bytes: 256 << 20,
            workers: 64,
            pending_requests: 1024,
            subscriptions: 65_536,
            closed_kept: 64,
            component_ids: Check::Off,
            payloads: Check::Off,
        }
    }
}
