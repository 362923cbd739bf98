//! Options in words and numbers, as every language can say them, and what the core makes of them.
//!
//! Each is a plain struct with the core's defaults; as JSON it has the same names, and an unknown one is an error.
//! Numbers are signed, so that a negative one is told of as what it is.

use std::str::FromStr;
use std::time::Duration;

use newswire::{
    BusOptions, Check, Coalesce, Error, ErrorKind, Field, HandlerOptions, Mode, OnPanic, Result,
    SubscribeOptions, WhenFull,
};
use serde::Deserialize;

use crate::json;

/// How much is held back of a stream that is merged, unless told otherwise, in bytes.
const COALESCE_BYTES: i64 = 64 << 10;

/// How a subscription queues: see [`SubscribeOptions`].
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SubscribeSpec {
    /// Shown in stats; empty = made from the filter.
    pub name: String,
    /// How many events wait at most.
    pub buffer: i64,
    /// How many bytes wait at most.
    pub buffer_bytes: i64,
    /// `drop_oldest`, `drop_newest` or `block`.
    pub when_full: String,
    /// How long a publisher waits for room with `block`, in nanoseconds.
    pub max_wait_ns: i64,
    /// Where it begins: [`Start`](newswire::Start) as text.
    pub start: String,
    /// Whether internal events are wanted too.
    pub internal: bool,
    /// Larger is served first.
    pub priority: i32,
    /// For how long chunks of streams are held back to be merged, in nanoseconds; `None` = not at all.
    pub coalesce_ns: Option<i64>,
    /// How many bytes of them are held back at most.
    pub coalesce_bytes: i64,
}

impl Default for SubscribeSpec {
    fn default() -> Self {
        let defaults = SubscribeOptions::default();
        Self {
            name: String::new(),
            buffer: whole(defaults.buffer),
            buffer_bytes: whole(defaults.buffer_bytes),
            when_full: defaults.when_full.as_str().to_owned(),
            max_wait_ns: i64::try_from(defaults.max_wait.as_nanos()).unwrap_or(i64::MAX),
            start: defaults.start.to_string(),
            internal: defaults.internal,
            priority: defaults.priority,
            coalesce_ns: None,
            coalesce_bytes: COALESCE_BYTES,
        }
    }
}

impl SubscribeSpec {
    /// Reads them from JSON; empty text stands for the defaults.
    ///
    /// # Errors
    /// `Invalid`, with the column and what there is, for a name or type that they don't have.
    pub fn from_json(text: &str) -> Result<Self> {
        json::read(text, "options")
    }

    /// The core's options.
    ///
    /// # Errors
    /// `Invalid` with the option's path and what was expected. Bounds are checked where the core is given them.
    ///
    /// ```
    /// use newswire_facade::SubscribeSpec;
    ///
    /// let spec = SubscribeSpec { when_full: "block".into(), start: "last:10".into(), ..Default::default() };
    /// assert_eq!(spec.options()?.start, newswire::Start::Last(10));
    /// let wrong = SubscribeSpec { when_full: "wait".into(), ..Default::default() }.options().err().unwrap();
    /// assert_eq!(wrong.path(), Some("options.when_full"));
    /// # Ok::<(), newswire::Error>(())
    /// ```
    pub fn options(&self) -> Result<SubscribeOptions> {
        let coalesce = match self.coalesce_ns {
            None => None,
            Some(window) => Some(Coalesce {
                window: time(window, "options.coalesce_ns")?,
                max_bytes: count(self.coalesce_bytes, "options.coalesce_bytes")?,
            }),
        };
        Ok(SubscribeOptions {
            name: self.name.clone(),
            buffer: count(self.buffer, "options.buffer")?,
            buffer_bytes: count(self.buffer_bytes, "options.buffer_bytes")?,
            when_full: word(WhenFull::parse, &self.when_full, "options.when_full")?,
            max_wait: time(self.max_wait_ns, "options.max_wait_ns")?,
            start: word(FromStr::from_str, &self.start, "options.start")?,
            internal: self.internal,
            priority: self.priority,
            coalesce,
            predicate: None,
        })
    }
}

/// How a handler is queued and served: see [`HandlerOptions`].
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HandlerSpec {
    /// Its queue.
    pub queue: SubscribeSpec,
    /// `inline`, `locked`, `keyed` or `concurrent`.
    pub mode: String,
    /// The field that keys `keyed`.
    pub key: Option<String>,
    /// How many calls at a time `concurrent` makes.
    pub concurrency: Option<i64>,
    /// When a call counts as timed out, in nanoseconds; `None` = never.
    pub timeout_ns: Option<i64>,
    /// Serves the first match only.
    pub once: bool,
    /// `count` or `crash`.
    pub on_panic: String,
    /// After how many failures in a row it is set aside; `None` = never.
    pub set_aside_after: Option<i64>,
}

impl Default for HandlerSpec {
    fn default() -> Self {
        Self {
            queue: SubscribeSpec::default(),
            mode: "locked".to_owned(),
            key: None,
            concurrency: None,
            timeout_ns: None,
            once: false,
            on_panic: "count".to_owned(),
            set_aside_after: None,
        }
    }
}

impl HandlerSpec {
    /// As [`SubscribeSpec::from_json`].
    ///
    /// # Errors
    /// As [`SubscribeSpec::from_json`].
    pub fn from_json(text: &str) -> Result<Self> {
        json::read(text, "options")
    }

    /// The core's options.
    ///
    /// # Errors
    /// As [`SubscribeSpec::options`]; `Invalid` for a key or number of calls that the mode has no use for, or has not
    /// and needs.
    pub fn options(&self) -> Result<HandlerOptions> {
        let on_panic = match self.on_panic.as_str() {
            "count" => OnPanic::Count,
            "crash" => OnPanic::Crash,
            other => return Err(no_word(other, "options.on_panic", "count or crash")),
        };
        let failures = self.set_aside_after.map(|failures| count(failures, "options.set_aside_after"));
        let set_aside_after =
            failures.transpose()?.map(|failures| u32::try_from(failures).unwrap_or(u32::MAX));
        Ok(HandlerOptions {
            queue: self.queue.options()?,
            mode: self.mode()?,
            timeout: self.timeout_ns.map(|nanos| time(nanos, "options.timeout_ns")).transpose()?,
            once: self.once,
            on_panic,
            set_aside_after,
            host: None,
        })
    }

    fn mode(&self) -> Result<Mode> {
        let unused = |path: &str, mode: &str| {
            let message = format!("a handler of mode {} has no use for it", self.mode);
            Err(Error::invalid(message).at_path(path).expecting(format!("mode {mode}")))
        };
        match (self.mode.as_str(), self.key.as_deref(), self.concurrency) {
            ("keyed", Some(key), None) => word(Field::parse, key, "options.key").map(Mode::Keyed),
            ("keyed", None, _) => Err(Error::invalid("a keyed handler needs the field that keys it")
                .at_path("options.key")
                .expecting("a field such as session or payload.user.id")),
            ("concurrent", None, Some(calls)) => count(calls, "options.concurrency").map(Mode::Concurrent),
            ("concurrent", None, None) => {
                Err(Error::invalid("a concurrent handler needs to know how many calls it may have at a time")
                    .at_path("options.concurrency")
                    .expecting("1 or more"))
            }
            ("inline", None, None) => Ok(Mode::Inline),
            ("locked", None, None) => Ok(Mode::Locked),
            ("inline" | "locked" | "concurrent", Some(_), _) => unused("options.key", "keyed"),
            ("inline" | "locked" | "keyed", _, Some(_)) => unused("options.concurrency", "concurrent"),
            (other, ..) => Err(no_word(other, "options.mode", "inline, locked, keyed or concurrent")),
        }
    }
}

/// What a bus is made with: see [`BusOptions`].
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BusSpec {
    /// Its name; empty = a new stream without one.
    pub name: String,
    /// How many events the in-memory history keeps; 0 = no history.
    pub history: i64,
    /// How many bytes it keeps.
    pub history_bytes: i64,
    /// How many bytes all shared queues keep together.
    pub shared_bytes: i64,
    /// How many workers serve handlers at most.
    pub workers: i64,
    /// How many questions may be pending.
    pub pending_requests: i64,
    /// How many subscriptions there may be.
    pub subscriptions: i64,
    /// How many closed subscriptions the stats remember.
    pub closed_kept: i64,
    /// `off`, `warn` or `reject`: component ids against agent-runtime's formats.
    pub component_ids: String,
    /// `off`, `warn` or `reject`: JSON payloads against their kinds.
    pub payloads: String,
}

impl Default for BusSpec {
    fn default() -> Self {
        let defaults = BusOptions::default();
        Self {
            name: defaults.name,
            history: whole(defaults.history),
            history_bytes: whole(defaults.history_bytes),
            shared_bytes: whole(defaults.shared_bytes),
            workers: whole(defaults.workers),
            pending_requests: whole(defaults.pending_requests),
            subscriptions: whole(defaults.subscriptions),
            closed_kept: whole(defaults.closed_kept),
            component_ids: defaults.component_ids.as_str().to_owned(),
            payloads: defaults.payloads.as_str().to_owned(),
        }
    }
}

impl BusSpec {
    /// As [`SubscribeSpec::from_json`].
    ///
    /// # Errors
    /// As [`SubscribeSpec::from_json`].
    pub fn from_json(text: &str) -> Result<Self> {
        json::read(text, "options")
    }

    /// The core's options.
    ///
    /// # Errors
    /// As [`SubscribeSpec::options`].
    pub fn options(&self) -> Result<BusOptions> {
        Ok(BusOptions {
            name: self.name.clone(),
            history: count(self.history, "options.history")?,
            history_bytes: count(self.history_bytes, "options.history_bytes")?,
            shared_bytes: count(self.shared_bytes, "options.shared_bytes")?,
            workers: count(self.workers, "options.workers")?,
            pending_requests: count(self.pending_requests, "options.pending_requests")?,
            subscriptions: count(self.subscriptions, "options.subscriptions")?,
            closed_kept: count(self.closed_kept, "options.closed_kept")?,
            component_ids: word(Check::parse, &self.component_ids, "options.component_ids")?,
            payloads: word(Check::parse, &self.payloads, "options.payloads")?,
        })
    }
}

/// A time that a caller gives up after, as nanoseconds; negative ones are refused.
///
/// # Errors
/// `Invalid` with the path.
pub fn time(nanos: i64, path: &str) -> Result<Duration> {
    u64::try_from(nanos).map(Duration::from_nanos).map_err(|_| negative(nanos, path))
}

/// A number of things.
pub(crate) fn count(number: i64, path: &str) -> Result<usize> {
    usize::try_from(number).map_err(|_| match number < 0 {
        true => negative(number, path),
        false => Error::new(ErrorKind::TooLarge, format!("{number} is more than there can be")).at_path(path),
    })
}

fn negative(number: i64, path: &str) -> Error {
    Error::invalid(format!("{number} is less than nothing")).at_path(path).expecting("0 or more")
}

/// Reads a word, with the option's path where it is none.
pub(crate) fn word<T>(parse: impl FnOnce(&str) -> Result<T>, text: &str, path: &str) -> Result<T> {
    parse(text).map_err(|error| error.at_path(path))
}

/// The error that no option has this word.
pub(crate) fn no_word(word: &str, path: &str, expected: &str) -> Error {
    let shown: String = word.chars().take(40).collect();
    Error::invalid(format!("{shown:?} is no word for it")).at_path(path).expecting(expected)
}

/// A default of the core's as a language's number.
fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
