//! A first agent: one run, one turn, a tool and two model calls, shown as it happens.
//!
//! ```text
//! cargo run --package newswire --example first_run
//! ```

use std::time::Duration;

use newswire::catalogue::Usage;
use newswire::{Bus, Result, Source};

fn main() -> Result<()> {
    let bus = Bus::new();
    bus.attach("console:")?;

    let emitter = bus.emitter().with_source(Source::new("first_run")?);
    let run = emitter.run("weather", None);
    let turn = run.emitter().turn(None, "Will it rain in Lisbon?");
    let agent = turn.emitter();

    let thinking = agent.model_call("gpt-5", "openai");
    thinking.complete_with(Usage::tokens(412, 31), |call| call.finish_reason = Some("tool_calls".into()))?;

    let tool = agent.tool_call("forecast", "call-1", serde_json::json!({"city": "Lisbon"}));
    tool.progress("asking the weather service")?;
    tool.complete(serde_json::json!({"rain": 0.1}))?;

    let answering = agent.model_call("gpt-5", "openai");
    answering.emitter().message_created("assistant", "Probably not.")?;
    answering.complete(Usage { cost_usd: Some(0.0021), ..Usage::tokens(460, 9) })?;

    turn.complete("Probably not.")?;
    run.complete(None)?;
    // The view runs on a thread of its own, and what it has not shown by now would be lost with the bus.
    bus.close(Duration::from_secs(1));
    Ok(())
}
