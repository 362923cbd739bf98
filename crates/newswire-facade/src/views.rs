//! The ready-made subscribers by name, what they know as JSON.

use std::str::FromStr;

use newswire::view::{
    CallMeter, Census, LatencyProfile, Price, Prices, RunTable, StatusTracker, TraceTree, UsageMeter, View,
    Watch,
};
use newswire::{Bus, Error, HandlerOptions, Listener, Mode, Result, Start, SubscribeOptions};
use serde::Deserialize;

use crate::json;
use crate::options::{count, no_word};

/// The names of all views.
pub const VIEWS: [&str; 7] = ["usage", "status", "latency", "trace", "calls", "census", "runs"];

/// The longest options of `usage`, in bytes: a price for every model that is sold has room several times over, and each
/// call looks through all of them.
const MAX_PRICES_BYTES: usize = 1 << 20;

/// How a view watches: of some views a bound, of `usage` a list of prices.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ViewSpec {
    /// How many groups, labels, components, operations or runs it keeps.
    capacity: Option<i64>,
    /// Of `usage`: prices for calls that don't tell what they cost; the first whose pattern fits is taken.
    prices: Vec<PriceSpec>,
    /// Where it begins; `live` unless told otherwise.
    start: Option<String>,
    /// Whether internal events count.
    internal: bool,
}

/// What a million tokens of some models cost, in US dollars.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceSpec {
    model: String,
    input: f64,
    output: f64,
    cache_read: Option<f64>,
    cache_write: Option<f64>,
}

impl ViewSpec {
    fn prices(&self) -> Result<Prices> {
        self.prices.iter().try_fold(Prices::new(), |prices, spec| {
            let mut price = Price::per_million(spec.input, spec.output);
            if let Some(usd) = spec.cache_read {
                price = price.cache_read(usd);
            }
            if let Some(usd) = spec.cache_write {
                price = price.cache_write(usd);
            }
            prices.with(&spec.model, price).map_err(|error| error.at_path("options.prices"))
        })
    }

    fn options(&self) -> Result<HandlerOptions> {
        let start = match &self.start {
            Some(text) => Start::from_str(text).map_err(|error| error.at_path("options.start"))?,
            None => Start::Live,
        };
        // Only what is published from now on can be looked at in the publisher's thread.
        let mode = if start == Start::Live { Mode::Inline } else { Mode::Locked };
        let queue = SubscribeOptions { start, internal: self.internal, ..SubscribeOptions::default() };
        Ok(HandlerOptions { mode, queue, ..HandlerOptions::default() })
    }
}

/// What every watch can do, whatever its view.
trait Watcher: Send + Sync {
    fn snapshot(&self) -> Result<String>;
    fn listener(&self) -> &Listener;
}

impl<V: View> Watcher for Watch<V> {
    fn snapshot(&self) -> Result<String> {
        json::to_json(&Self::snapshot(self))
    }

    fn listener(&self) -> &Listener {
        Self::listener(self)
    }
}

/// A view that watches a bus until it is dropped.
pub struct Watching(Box<dyn Watcher>);

impl Watching {
    /// What has been learned until now, as JSON: the snapshot's fields, as the core's documentation has them.
    ///
    /// # Errors
    /// None that is known: all snapshots have a JSON form.
    pub fn snapshot(&self) -> Result<String> {
        self.0.snapshot()
    }

    /// The subscription behind it.
    pub fn listener(&self) -> &Listener {
        self.0.listener()
    }
}

/// Has the view of that name watch the bus.
///
/// `options` is JSON, empty for none: `capacity` bounds what the view keeps, `start` is where it begins
/// ([`Start`] as text), `internal` has it count internal events; `usage` also takes `prices`, a list of
/// `{"model": pattern, "input": usd, "output": usd, "cache_read": usd, "cache_write": usd}` by the million tokens.
/// Options of `usage` have at most 1 MiB, those of others 64 KiB.
///
/// ```
/// use newswire::{Bus, catalogue::Usage};
///
/// let bus = Bus::new();
/// let meter = newswire_facade::watch(&bus, "usage", r#"{"prices":[{"model":"gpt-5*","input":1.25,"output":10}]}"#)?;
/// bus.emitter().model_call("gpt-5", "openai").complete(Usage::tokens(1_200, 80))?;
/// assert!(meter.snapshot()?.contains(r#""input_tokens":1200"#));
/// # Ok::<(), newswire::Error>(())
/// ```
///
/// # Errors
/// `Invalid` for a view that there isn't, with those that there are, and for options that can't work; `TooLarge` for
/// options over their bound; else those of [`Bus::on_with`].
pub fn watch(bus: &Bus, view: &str, options: &str) -> Result<Watching> {
    let most = if view == "usage" { MAX_PRICES_BYTES } else { json::MAX_BYTES };
    let spec: ViewSpec = json::read_within(most, options, "options")?;
    let capacity = spec.capacity.map(|most| count(most, "options.capacity")).transpose()?;
    let unused = |option: &str| {
        Err(Error::invalid(format!("the view {view:?} has no use for it"))
            .at_path(format!("options.{option}")))
    };
    if view != "usage" && !spec.prices.is_empty() {
        return unused("prices");
    }
    fn on<V: View>(bus: &Bus, view: V, spec: &ViewSpec) -> Result<Watching> {
        Ok(Watching(Box::new(bus.watch_with(view, spec.options()?)?)))
    }
    match view {
        "usage" => {
            let meter = UsageMeter::with_groups(capacity.unwrap_or(UsageMeter::GROUPS));
            on(bus, meter.with_prices(spec.prices()?), &spec)
        }
        "status" => on(bus, StatusTracker::with_capacity(capacity.unwrap_or(StatusTracker::CAPACITY)), &spec),
        "latency" => on(bus, LatencyProfile::with_labels(capacity.unwrap_or(LatencyProfile::LABELS)), &spec),
        "trace" => on(bus, TraceTree::with_capacity(capacity.unwrap_or(TraceTree::CAPACITY)), &spec),
        "calls" => on(bus, CallMeter::with_groups(capacity.unwrap_or(CallMeter::GROUPS)), &spec),
        "runs" => on(bus, RunTable::with_capacity(capacity.unwrap_or(RunTable::RUNS)), &spec),
        "census" if capacity.is_some() => unused("capacity"),
        "census" => on(bus, Census::new(), &spec),
        other => Err(no_word(other, "view", &format!("one of {}", VIEWS.join(", ")))),
    }
}
