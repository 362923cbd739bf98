//! What an observation used: Langfuse's figures in the meaning of the one usage record.

use newswire::Result;
use newswire::json::Raw;
use serde::Serialize;

use crate::source::Fields;

/// The usage record; the cost as it was written.
#[derive(Serialize)]
pub(super) struct Usage<'a> {
    input_tokens: u64,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<Raw<'a>>,
}

impl<'a> Usage<'a> {
    /// That of an observation; `None` where it tells of none.
    ///
    /// Totals are `inputUsage` and `outputUsage`, which Langfuse adds up from the parts in `usageDetails` whose
    /// names begin with `input` and `output`; where they are missing, the same sum. Parts that the provider
    /// counts beside the input (`cache_read_input_tokens`) are added, those within another part are not.
    ///
    /// # Errors
    /// `Invalid`, with the column, for figures that are none.
    pub(super) fn of(observation: &Fields<'a>) -> Result<Option<Self>> {
        let mut parts = Vec::new();
        if let Some(raw) = observation.peek("usageDetails") {
            let details = observation.object(raw).map_err(|error| error.at_path("usageDetails"))?;
            for (name, raw) in details.rest() {
                let part =
                    count_of(&details, raw).map_err(|error| error.at_path(format!("usageDetails.{name}")))?;
                parts.extend(part.map(|part| (name.into_owned(), part)));
            }
        }
        let sum = |of: &dyn Fn(&str) -> bool| {
            let mut found = parts.iter().filter(|(name, _)| of(name)).map(|(_, count)| *count).peekable();
            found.peek().is_some().then(|| found.fold(0, u64::saturating_add))
        };
        let input = count(observation, "inputUsage")?.or_else(|| sum(&|name| name.starts_with("input")));
        let output = count(observation, "outputUsage")?.or_else(|| sum(&|name| name.starts_with("output")));
        let cost_usd = cost(observation)?;
        let is_free =
            cost_usd.is_none_or(|cost| serde_json::from_str(cost.get()).is_ok_and(|usd: f64| usd == 0.0));
        if parts.is_empty() && input.unwrap_or(0) == 0 && output.unwrap_or(0) == 0 && is_free {
            return Ok(None);
        }
        let beside = sum(&|name| name.starts_with("cache_")).unwrap_or(0);
        Ok(Some(Self {
            input_tokens: input.unwrap_or(0).saturating_add(beside),
            output_tokens: output.unwrap_or(0),
            cache_read_tokens: sum(&|name| name.contains("cache_read") || name.contains("cached")),
            cache_write_tokens: sum(&|name| name.contains("cache_creation") || name.contains("cache_write")),
            reasoning_tokens: sum(&|name| name.contains("reasoning")),
            cost_usd,
        }))
    }
}

/// A figure, if it is told.
fn count(fields: &Fields<'_>, name: &str) -> Result<Option<u64>> {
    let Some(raw) = fields.peek(name) else { return Ok(None) };
    count_of(fields, raw).map_err(|error| error.at_path(name))
}

/// A figure, unless it is null.
fn count_of(fields: &Fields<'_>, raw: Raw<'_>) -> Result<Option<u64>> {
    if raw.get() == "null" {
        return Ok(None);
    }
    serde_json::from_str(raw.get()).map(Some).map_err(|_| fields.unfit(raw, "a count of tokens"))
}

/// What it cost in all.
fn cost<'a>(observation: &Fields<'a>) -> Result<Option<Raw<'a>>> {
    for name in ["totalCost", "calculatedTotalCost"] {
        if let Some(raw) = observation.peek(name) {
            let fits = serde_json::from_str::<f64>(raw.get()).is_ok_and(|usd| usd.is_finite() && usd >= 0.0);
            let unfit = || observation.unfit(raw, "a cost in US dollars, not negative").at_path(name);
            return fits.then_some(Some(raw)).ok_or_else(unfit);
        }
    }
    Ok(None)
}
