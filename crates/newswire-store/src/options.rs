//! How a store keeps events, and the URL that says so.

use std::path::{Path, PathBuf};
use std::time::Duration;

use newswire::store::QueueBounds;
use newswire::{Error, Filter, Param, Result, SinkUrl};

/// What a receipt promises. `docs/store.md` has the table of what survives what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The event survives a loss of power: it is on the disk (fsync) before its receipt is given.
    #[default]
    Full,
    /// The event survives the death of the process; a loss of power costs at most the last 50 ms.
    Normal,
    /// The event survives the death of the process; what a loss of power costs, the system decides.
    Off,
}

/// How a store keeps events.
#[derive(Clone, Debug, Default)]
pub struct StoreOptions {
    /// What a receipt promises.
    pub durability: Durability,
    /// How much may wait to be written, and how long publishers wait for room.
    pub queue: QueueBounds,
    /// What is deleted.
    pub retention: Retention,
}

/// How long events are kept; by default for ever. Ages count from the time of storing.
#[derive(Clone, Debug, Default)]
pub struct Retention {
    /// No event is kept for longer.
    pub max_age: Option<Duration>,
    /// No more events are kept, of one bus.
    pub max_events: Option<u64>,
    /// No more bytes of events are kept, of one bus, their indexes left out.
    pub max_bytes: Option<u64>,
    /// Events of kinds that match are kept no longer than that; the first that matches decides.
    pub kinds: Vec<(Filter, Duration)>,
}

impl Retention {
    /// Whether anything is ever deleted.
    pub fn is_finite(&self) -> bool {
        self.max_age.is_some()
            || self.max_events.is_some()
            || self.max_bytes.is_some()
            || !self.kinds.is_empty()
    }
}

const PARAMS: [&str; 7] =
    ["durability", "queue", "max_wait_ms", "max_age", "max_events", "max_bytes", "keep"];
const FORM: &str = "the path of a file, as in sqlite:events.db or sqlite:/var/lib/events.db";
const AGE: &str = "a whole number with s, m, h or d behind it, such as 24h";

/// The file that a `sqlite:` URL names, and how it says that events are kept there; see [`register`](crate::register).
///
/// # Errors
/// `Invalid`, with the column, where it is no such URL.
pub fn read_url(url: &str) -> Result<(PathBuf, StoreOptions)> {
    let url = SinkUrl::parse(url)?;
    if url.scheme() != "sqlite" {
        return Err(Error::invalid("this is no URL of a store").at_column(1).expecting(FORM));
    }
    of_url(&url).map(|(path, options)| (path.to_owned(), options))
}

/// What a `sqlite:` URL asks for.
pub(crate) fn of_url(url: &SinkUrl) -> Result<(&Path, StoreOptions)> {
    url.allow(&PARAMS)?;
    let number = |name, range| url.param(name).map(|param| param.number(range)).transpose();
    let words = [("full", Durability::Full), ("normal", Durability::Normal), ("off", Durability::Off)];
    let durability = url.param("durability").map(|param| param.choice(&words)).transpose()?;
    let defaults = QueueBounds::default();
    let queue = QueueBounds {
        events: number("queue", 1..=1 << 24)?.unwrap_or(defaults.events),
        max_wait: number("max_wait_ms", 1..=3_600_000)?
            .map_or(defaults.max_wait, |wait| Duration::from_millis(wait as u64)),
        ..defaults
    };
    let retention = Retention {
        max_age: url.param("max_age").map(|param| age(param, param.value())).transpose()?,
        max_events: number("max_events", 1..=usize::MAX)?.map(|count| count as u64),
        max_bytes: number("max_bytes", 1..=usize::MAX)?.map(|bytes| bytes as u64),
        kinds: url.param("keep").map(kinds).transpose()?.unwrap_or_default(),
    };
    Ok((path(url)?, StoreOptions { durability: durability.unwrap_or_default(), queue, retention }))
}

/// The path: as it stands, or behind an empty host.
fn path(url: &SinkUrl) -> Result<&Path> {
    let column = url.scheme().len() + 2;
    let path = match url.body().strip_prefix("//") {
        Some(rest) if !rest.starts_with('/') => {
            return Err(Error::invalid("sqlite: takes no host").at_column(column).expecting(FORM));
        }
        Some(rest) => rest,
        None => url.body(),
    };
    match path {
        "" => Err(Error::invalid("sqlite: needs a path").at_column(column).expecting(FORM)),
        ":memory:" => {
            let message = "a store is a file; a bus alone keeps events in memory (history)";
            Err(Error::invalid(message).at_column(column).expecting(FORM))
        }
        path => Ok(Path::new(path)),
    }
}

/// `message.delta:1d,tool.*:30d`.
fn kinds(param: &Param) -> Result<Vec<(Filter, Duration)>> {
    let rules = param.value().split(',').map(|rule| {
        let (pattern, kept) = rule
            .rsplit_once(':')
            .ok_or_else(|| param.wrong("patterns of kinds with ages, as in message.delta:1d,tool.*:30d"))?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._*".contains(&byte);
        if !pattern.bytes().all(plain) {
            return Err(param.wrong("patterns of kinds, such as message.delta or tool.*"));
        }
        Ok((Filter::parse(pattern)?, age(param, kept)?))
    });
    rules.collect()
}

fn age(param: &Param, text: &str) -> Result<Duration> {
    parse_age(text).map_err(|_| param.wrong(AGE))
}

/// Reads an age such as `90s`, `15m`, `24h` or `7d`.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(newswire_store::parse_age("15m")?, Duration::from_secs(900));
/// # Ok::<(), newswire::Error>(())
/// ```
///
/// # Errors
/// `Invalid` where it is none.
pub fn parse_age(text: &str) -> Result<Duration> {
    let unit = text.chars().last().and_then(|unit| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3600),
        'd' => Some(86_400),
        _ => None,
    });
    let number = text.get(..text.len().saturating_sub(1)).and_then(|number| number.parse::<u64>().ok());
    let seconds = number.zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    let age = seconds.filter(|seconds| *seconds > 0).map(Duration::from_secs);
    age.ok_or_else(|| Error::invalid(format!("{text:?} is no age")).expecting(AGE))
}
