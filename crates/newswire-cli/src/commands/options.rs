//! Options that several commands have.

use std::time::Duration;

use newswire::{Filter, Result};

/// Which events are wanted.
#[derive(Debug, clap::Args)]
pub(crate) struct Matching {
    /// Only events that this filter matches
    #[arg(long)]
    filter: Option<String>,
}

impl Matching {
    /// What the user wrote; all events where he wrote nothing.
    ///
    /// # Errors
    /// `Invalid` for what is no filter.
    pub(super) fn filter(&self) -> Result<Filter> {
        self.filter.as_deref().map_or_else(|| Ok(Filter::all()), Filter::parse)
    }
}

/// An age: `90s`, `15m`, `24h`, `30d`.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    newswire_store::parse_age(text).map_err(|error| error.to_string())
}
