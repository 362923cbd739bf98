//! Counts of tokens, put together.

use newswire::catalogue::Usage;
use newswire::figures;

/// Both counts together, where there are any.
pub(crate) fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        (one, other) => one.or(other),
    }
}

/// What both used together.
pub(crate) fn together(one: &Usage, other: &Usage) -> Usage {
    Usage {
        input_tokens: sum(one.input_tokens, other.input_tokens),
        output_tokens: sum(one.output_tokens, other.output_tokens),
        cache_read_tokens: sum(one.cache_read_tokens, other.cache_read_tokens),
        cache_write_tokens: sum(one.cache_write_tokens, other.cache_write_tokens),
        reasoning_tokens: sum(one.reasoning_tokens, other.reasoning_tokens),
        cost_usd: match (one.cost_usd, other.cost_usd) {
            (Some(one), Some(other)) => Some(figures::sum(one, other)),
            (one, other) => one.or(other),
        },
    }
}
