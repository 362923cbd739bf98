//! Tokens and cost by model, provider, agent and run.
//!
//! Totals include their parts: what came from the cache is input, reasoning is output. So nothing counts twice.

use std::collections::BTreeMap;

use newswire::catalogue::Usage;
use newswire::view::{Price, Prices, UsageMeter, UsageTally};
use newswire::{Bus, Result, ScopeField};

fn main() -> Result<()> {
    let bus = Bus::new();
    // US dollars for a million tokens. Calls that tell what they cost need no price.
    let prices = Prices::new().with("*", Price::per_million(3.0, 15.0).cache_read(0.3))?;
    let meter = bus.watch(UsageMeter::new().with_prices(prices))?;

    for (run, agent) in [("r-1", "planner"), ("r-1", "writer"), ("r-2", "writer")] {
        let emitter = bus.emitter().with_scope(ScopeField::Run, run)?.with_scope(ScopeField::Agent, agent)?;
        let call = emitter.model_call("claude", "anthropic");
        let usage =
            Usage { cache_read_tokens: Some(800), reasoning_tokens: Some(50), ..Usage::tokens(1_000, 120) };
        call.complete(usage)?;
    }
    // What the provider answered with counts, not what was asked for.
    let call = bus.emitter().model_call("gpt-5", "openai");
    call.complete_with(Usage::tokens(500, 20), |call| {
        call.response_model = Some("gpt-5-mini".into());
    })?;

    let usage = meter.snapshot();
    show("model", &usage.by_model);
    show("agent", &usage.by_agent);
    show("run", &usage.by_run);
    let UsageTally { calls, priced_usd, cache_read_tokens, .. } = usage.total;
    println!(
        "in all {calls} calls, {} tokens, {cache_read_tokens} of them cached, ${priced_usd:.4}",
        usage.total.tokens()
    );
    Ok(())
}

fn show(what: &str, groups: &BTreeMap<String, UsageTally>) {
    for (name, tally) in groups {
        println!("{what} {name}: {} in, {} out", tally.input_tokens, tally.output_tokens);
    }
}
