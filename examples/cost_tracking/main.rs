//! What model calls cost, while they happen: a typed handler, and the ready-made meter.

use std::sync::Mutex;
use std::time::Duration;

use newswire::catalogue::Usage;
use newswire::catalogue::model::ModelCallCompleted;
use newswire::view::UsageMeter;
use newswire::{Bus, Event, Result};

fn main() -> Result<()> {
    let bus = Bus::new();

    // By hand: one call at a time, so the order of the lines is that of the bus.
    let total = Mutex::new(0.0);
    let _costs = bus.on_payload(move |_: &Event, call: &ModelCallCompleted| {
        let cost = call.usage.as_ref().and_then(|usage| usage.cost_usd).unwrap_or(0.0);
        let mut total = total.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *total += cost;
        println!("call ${cost:.4}, total ${total:.4}");
    })?;
    // Dear ones only: a filter looks into the payload, too.
    let mut dear = bus.subscribe("model.call.completed and payload.usage.cost_usd >= 0.02")?;
    // Ready-made: bounded, and each call counted once.
    let meter = bus.watch(UsageMeter::new())?;

    let emitter = bus.emitter();
    for (model, input, output, cost_usd) in
        [("gpt-5", 412, 31, 0.0021), ("gpt-5", 9_800, 400, 0.0223), ("claude", 700, 90, 0.0035)]
    {
        let call = emitter.model_call(model, "scripted");
        call.complete(Usage { cost_usd: Some(cost_usd), ..Usage::tokens(input, output) })?;
    }
    // An error costs nothing here, but it is a call.
    emitter.model_call("claude", "scripted").fail("overloaded")?;

    bus.close(Duration::from_secs(10));
    println!("dear calls: {}", dear.by_ref().count());
    for (model, tally) in meter.snapshot().by_model {
        println!("{model}: {} calls, {} failed, ${:.4}", tally.calls, tally.failed, tally.cost_usd);
    }
    Ok(())
}
