//! What models' tokens cost, for calls that don't tell what they cost.

use crate::catalogue::Usage;
use crate::error::{Error, Result};
use crate::filter::Glob;

const MILLION: f64 = 1e6;

/// What a million tokens of a model cost, in US dollars.
///
/// What is read from the cache or written into it costs what other input does, unless told otherwise. Reasoning is
/// output, and costs what output does.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Price {
    input: f64,
    output: f64,
    cache_read: f64,
    cache_write: f64,
}

impl Price {
    /// A price by million tokens read and million tokens written.
    pub fn per_million(input: f64, output: f64) -> Self {
        Self { input, output, cache_read: input, cache_write: input }
    }

    /// What a million tokens cost that were read from the cache.
    pub fn cache_read(self, usd: f64) -> Self {
        Self { cache_read: usd, ..self }
    }

    /// What a million tokens cost that were written into the cache.
    pub fn cache_write(self, usd: f64) -> Self {
        Self { cache_write: usd, ..self }
    }

    /// Input counts its cached parts and output its reasoning, so each token costs once.
    fn of(&self, usage: &Usage) -> Option<f64> {
        let told =
            [usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens];
        // Nothing is known of what it used: nothing, too, of what it cost.
        told.iter().any(Option::is_some).then_some(())?;
        let [input, output, read, written] = told.map(|tokens| tokens.unwrap_or(0));
        let fresh = input.saturating_sub(read).saturating_sub(written);
        let parts = [
            (fresh, self.input),
            (read, self.cache_read),
            (written, self.cache_write),
            (output, self.output),
        ];
        Some(parts.iter().map(|(tokens, usd)| *tokens as f64 * usd).sum::<f64>() / MILLION)
    }
}

/// A list of prices, by model; the first pattern that fits a model's name is taken.
///
/// ```
/// use newswire::view::{Price, Prices, UsageMeter};
/// use newswire::{Bus, catalogue::Usage};
///
/// let prices = Prices::new()
///     .with("gpt-5-mini*", Price::per_million(0.25, 2.0))?
///     .with("gpt-5*", Price::per_million(1.25, 10.0).cache_read(0.125))?;
/// let bus = Bus::new();
/// let meter = bus.watch(UsageMeter::new().with_prices(prices))?;
/// let usage = Usage { cache_read_tokens: Some(800), ..Usage::tokens(1_000, 100) };
/// bus.emitter().model_call("gpt-5", "openai").complete(usage)?;
/// assert_eq!(meter.snapshot().total.priced_usd, (200.0 * 1.25 + 800.0 * 0.125 + 100.0 * 10.0) / 1e6);
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Prices {
    rows: Vec<(Glob, Price)>,
}

impl Prices {
    /// A list without prices.
    pub fn new() -> Self {
        Self::default()
    }

    /// The list with one more price behind the others; `*` in the pattern is any text, also none.
    ///
    /// # Errors
    /// `Invalid` for a pattern that filters wouldn't take either, and for a price that is negative or no number.
    pub fn with(mut self, models: &str, price: Price) -> Result<Self> {
        let Price { input, output, cache_read, cache_write } = price;
        if let Some(wrong) =
            [input, output, cache_read, cache_write].iter().find(|usd| !usd.is_finite() || **usd < 0.0)
        {
            let error = Error::invalid(format!("the price of {models:?} is {wrong}"));
            return Err(error.expecting("US dollars for a million tokens, 0 or more"));
        }
        self.rows.push((Glob::parse(models)?, price));
        Ok(self)
    }

    /// What such a call costs: by the price of the first of the models that has one.
    pub(super) fn cost<'m>(&self, models: impl Iterator<Item = &'m str>, usage: &Usage) -> Option<f64> {
        let of = |model| self.rows.iter().find(|(models, _)| models.matches(model));
        models.into_iter().find_map(of).and_then(|(_, price)| price.of(usage))
    }
}
