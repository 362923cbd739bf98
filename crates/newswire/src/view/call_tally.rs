//! What calls came to, in figures.

use serde::{Deserialize, Serialize};

use crate::catalogue::Usage;
use crate::figures;

/// What some calls came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CallTally {
    /// How many there were: those that have ended, and the open ones.
    pub calls: u64,
    /// Of them: errored.
    pub failed: u64,
    /// Of them: refused, skipped or stopped.
    pub canceled: u64,
    /// Of them: begun and not ended.
    pub open: u64,
    /// Of the open ones: forgotten, so that nobody knows whether they have ended. Left out where there are none.
    #[serde(skip_serializing_if = "is_none")]
    pub forgotten: u64,
    /// How often something was tried again: model calls, and steps in groups of agents and runs.
    pub retries: u64,
    /// How many have a known duration, which the next four are about.
    pub timed: u64,
    /// Half took at most this long, in nanoseconds, to 0.8 %.
    pub p50_ns: u64,
    /// 95 of 100 took at most this long.
    pub p95_ns: u64,
    /// 99 of 100 took at most this long.
    pub p99_ns: u64,
    /// The longest, exactly.
    pub max_ns: u64,
    /// What they used, as far as they told.
    pub usage: CallUsage,
    /// Tokens written for each second of the calls that told both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens_per_second: Option<f64>,
    /// Calls for each minute between the first and the last event about them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_minute: Option<f64>,
}

/// Tokens and cost of some calls; totals include their parts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CallUsage {
    /// Tokens read, those from and into the cache included.
    pub input_tokens: u64,
    /// Tokens written, reasoning included.
    pub output_tokens: u64,
    /// Of the input: read from the cache.
    pub cache_read_tokens: u64,
    /// Of the input: written into the cache.
    pub cache_write_tokens: u64,
    /// Of the output: reasoning.
    pub reasoning_tokens: u64,
    /// What they cost, in US dollars.
    pub cost_usd: f64,
}

impl CallUsage {
    pub(super) fn add(&mut self, usage: &Usage) {
        for (sum, part) in [
            (&mut self.input_tokens, usage.input_tokens),
            (&mut self.output_tokens, usage.output_tokens),
            (&mut self.cache_read_tokens, usage.cache_read_tokens),
            (&mut self.cache_write_tokens, usage.cache_write_tokens),
            (&mut self.reasoning_tokens, usage.reasoning_tokens),
        ] {
            *sum = sum.saturating_add(part.unwrap_or(0));
        }
        self.cost_usd = figures::sum(self.cost_usd, usage.cost_usd.unwrap_or(0.0));
    }
}

fn is_none(number: &u64) -> bool {
    *number == 0
}
