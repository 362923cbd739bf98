//! Where a subscription begins, and the text that says so: what languages, commands and URLs hand in.

use std::fmt;
use std::str::FromStr;

use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::event::{parse_time, write_time};

/// What a start looks like as text, for errors.
const FORMS: &str = "live, earliest, last:N, after:CURSOR or since:TIME, a time of RFC 3339 or nanoseconds";

/// Where a subscription begins.
///
/// As text it is `live`, `earliest`, `last:100`, `after:nw1.3.1204.main` or `since:2026-11-21T09:30:00Z`; a time
/// may also be nanoseconds since the Unix epoch.
///
/// ```
/// use newswire::Start;
///
/// assert_eq!("last:100".parse::<Start>()?, Start::Last(100));
/// assert_eq!("since:1970-01-01T00:00:01Z".parse::<Start>()?, Start::Since(1_000_000_000));
/// assert!("yesterday".parse::<Start>().is_err_and(|error| error.expected().unwrap().contains("earliest")));
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// With the next event.
    #[default]
    Live,
    /// With the oldest event that is kept.
    Earliest,
    /// After a position.
    After(Cursor),
    /// With the last n matching events.
    Last(usize),
    /// With the first event of that time (ns since the Unix epoch) or later.
    Since(i64),
}

impl FromStr for Start {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        // Columns of what stands behind the word count from the beginning of the text.
        let behind = |word: &str, error: Error| match error.column() {
            Some(column) => error.at_column(column + word.len() + 1),
            None => error,
        };
        match text.split_once(':') {
            None if text == "live" => Ok(Self::Live),
            None if text == "earliest" => Ok(Self::Earliest),
            Some(("after", cursor)) => {
                cursor.parse().map(Self::After).map_err(|error| behind("after", error))
            }
            Some(("last", count)) => count.parse().map(Self::Last).map_err(|_| {
                Error::invalid(format!("{count:?} is no number of events")).at_column(6).expecting(FORMS)
            }),
            Some(("since", time)) => match time.parse() {
                Ok(nanos) => Ok(Self::Since(nanos)),
                Err(_) => parse_time(time).map(Self::Since).map_err(|error| error.at_column(7)),
            },
            _ => {
                let shown: String = text.chars().take(40).collect();
                Err(Error::invalid(format!("{shown:?} is no place to begin")).expecting(FORMS))
            }
        }
    }
}

/// The text that is read back as the same start.
impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live => f.write_str("live"),
            Self::Earliest => f.write_str("earliest"),
            Self::After(cursor) => write!(f, "after:{cursor}"),
            Self::Last(count) => write!(f, "last:{count}"),
            Self::Since(nanos) => write!(f, "since:{}", String::from_utf8_lossy(&write_time(*nanos))),
        }
    }
}
