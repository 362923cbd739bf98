//! Tokens and cost by model, provider, agent and run.
//!
//! Totals include their parts: what came from the cache is input, reasoning is output. So nothing counts twice.

use std::collections::BTreeMap;

use newswire::catalogue::Usage;
use newswire::view::{UsageMeter, UsageTally};
use newswire::{Bus, Result, ScopeField};

/// US dollars for a million tokens: input, input from the cache, output.
const PRICES: (f64, f64, f64) = (3.0, 0.3, 15.0);

fn priced(usage: Usage) -> Usage {
    let count = |tokens: Option<u64>| tokens.unwrap_or(0) as f64;
    let cached = count(usage.cache_read_tokens);
    let fresh = count(usage.input_tokens) - cached;
    let cost = fresh * PRICES.0 + cached * PRICES.1 + count(usage.output_tokens) * PRICES.2;
    Usage { cost_usd: Some(cost / 1e6), ..usage }
}

fn main() -> Result<()> {
    let bus = Bus::new();
    let meter = bus.watch(UsageMeter::new())?;

    for (run, agent) in [("r-1", "planner"), ("r-1", "writer"), ("r-2", "writer")] {
        let emitter = bus.emitter().with_scope(ScopeField::Run, run)?.with_scope(ScopeField::Agent, agent)?;
        let call = emitter.model_call("claude", "anthropic");
        let usage =
            Usage { cache_read_tokens: Some(800), reasoning_tokens: Some(50), ..Usage::tokens(1_000, 120) };
        call.complete(priced(usage))?;
    }
    // What the provider answered with counts, not what was asked for.
    let call = bus.emitter().model_call("gpt-5", "openai");
    call.complete_with(priced(Usage::tokens(500, 20)), |call| {
        call.response_model = Some("gpt-5-mini".into());
    })?;

    let usage = meter.snapshot();
    show("model", &usage.by_model);
    show("agent", &usage.by_agent);
    show("run", &usage.by_run);
    let UsageTally { calls, cost_usd, cache_read_tokens, .. } = usage.total;
    println!(
        "in all {calls} calls, {} tokens, {cache_read_tokens} of them cached, ${cost_usd:.4}",
        usage.total.tokens()
    );
    Ok(())
}

fn show(what: &str, groups: &BTreeMap<String, UsageTally>) {
    for (name, tally) in groups {
        println!("{what} {name}: {} in, {} out", tally.input_tokens, tally.output_tokens);
    }
}
