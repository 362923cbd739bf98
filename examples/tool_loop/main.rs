//! An agent's loop of model and tools, and a guard that notices when it turns in circles.
//!
//! The guard is no part of the agent: it listens to calls, keeps count, and says so as an event of its own,
//! which the agent may heed or not.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use newswire::catalogue::tool::ToolCallStarted;
use newswire::{Bus, Delivery, Event, HandlerOptions, Kind, Result, Severity, Source};
use serde_json::json;

/// The calls that the scripted model asks for.
const SCRIPT: [(&str, i64, i64); 4] = [("multiply", 42, 137), ("add", 5, 3), ("add", 5, 3), ("add", 5, 3)];

fn main() -> Result<()> {
    let bus = Bus::new();
    let seen = Mutex::new(HashMap::<String, u64>::new());
    let emitter = bus.emitter().with_source(Source::named("guard", "tool_loop")?);
    let repeated = Kind::parse("tool.call.repeated")?;
    // It runs on the agent's thread before the call goes on.
    let inline = HandlerOptions::inline();
    let _guard = bus.on_payload_with(inline, move |_: &Event, call: &ToolCallStarted| -> Result<()> {
        let arguments = call.arguments.as_ref().map_or("", |arguments| arguments.get());
        let mut seen = seen.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let count = seen.entry(format!("{} {arguments}", call.name)).or_default();
        *count += 1;
        if *count > 1 {
            let notice = emitter.event(repeated.clone()).severity(Severity::Warn);
            let notice = notice.serialize(&json!({"name": call.name, "call_count": *count})).build()?;
            emitter.publish(notice)?; // its causation is the call that it is about
        }
        Ok(())
    })?;
    let mut notices =
        bus.subscribe("tool.call.repeated and source=guard/tool_loop and payload.call_count>=3")?;

    let agent = bus.emitter().agent("calculator", None);
    for (round, (name, a, b)) in SCRIPT.into_iter().enumerate() {
        let within = agent.emitter();
        within.model_call("scripted-1", "scripted").complete(None)?;
        let call = within.tool_call(name, format!("call-{}", round + 1), json!({"a": a, "b": b}));
        if let Some(Delivery::Event(notice)) = notices.try_next()? {
            println!("{name} is called in circles: {}", notice.payload_json().unwrap_or_default());
            call.cancel("called too often with the same arguments")?;
            break;
        }
        let result = if name == "add" { a + b } else { a * b };
        println!("{name}({a}, {b}) = {result}");
        call.complete(json!(result))?;
    }
    agent.complete_with(json!("done"), |agent| agent.tool_call_count = Some(3))?;
    bus.close(Duration::from_secs(10));
    Ok(())
}
