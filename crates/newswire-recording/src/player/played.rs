//! What a play has come to.

use std::time::Duration;

use newswire::Error;
use serde::{Serialize, Serializer};

/// What a play has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Played {
    /// Events that were published, those that tell gaps not counted.
    pub events: u64,
    /// Events that were passed over, by seeking.
    pub skipped: u64,
    /// Gaps of the recording, each told by an event.
    pub gaps: u64,
    /// How many events those gaps say are missing.
    pub missing: u64,
    /// Records that were broken.
    pub broken_records: u64,
    /// How often a subscription dropped an event that was played.
    pub dropped: u64,
    /// How often the play waited for a full `Block` queue.
    pub blocked: u64,
    /// How long it took, by the player's clock.
    #[serde(rename = "elapsed_ns", serialize_with = "in_ns")]
    pub elapsed: Duration,
    /// Whether it was stopped before its end.
    pub stopped: bool,
    /// What was wrong with the first broken record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<Error>,
    /// What ended it early.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

fn in_ns<S: Serializer>(elapsed: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX))
}
