//! The live view: one URL shows an agent at work, a line an event, a line a stream.
//!
//! A program of one's own would attach plain `console:`, which begins each line with the time of day.

use std::time::Duration;

use newswire::catalogue::Usage;
use newswire::{Bus, Result};
use serde_json::json;

fn main() -> Result<()> {
    let bus = Bus::new();
    bus.attach("console:?time=off&color=never&width=80")?;
    let ms = |millis: u64| Some(millis * 1_000_000);

    let turn = bus.emitter().turn(None, "Will it rain in Lisbon?");
    let agent = turn.emitter();
    let thinking = agent.model_call("scripted-1", "scripted");
    thinking.complete_with(Usage::tokens(412, 31), |call| call.duration_ns = ms(820))?;

    let tool = agent.tool_call("forecast", "call-1", json!({"city": "Lisbon"}));
    tool.progress("asking the weather service")?;
    tool.complete_with(json!({"rain": 0.1}), |call| call.duration_ns = ms(140))?;
    agent
        .tool_call("alerts", "call-2", None)
        .fail_with("no such service", |call| call.duration_ns = ms(3))?;

    let answering = agent.model_call("scripted-1", "scripted");
    for chunk in ["Probably ", "not", "."] {
        answering.emitter().message_delta("m-1", chunk)?;
    }
    let usage = Usage { cost_usd: Some(0.0021), ..Usage::tokens(460, 9) };
    answering.complete_with(usage, |call| call.duration_ns = ms(300))?;
    turn.complete_with("Probably not.", |turn| turn.duration_ns = ms(1_300))?;

    bus.close(Duration::from_secs(10)); // the view runs on a thread of its own
    Ok(())
}
