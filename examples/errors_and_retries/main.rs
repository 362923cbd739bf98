//! Errors, and what is worth another try: one subscriber sorts them, by filter instead of by `match`.
//!
//! The class of an error is a field of its own, so nobody searches in messages for people.

use newswire::catalogue::Failure;
use newswire::catalogue::model::ModelCallFailed;
use newswire::catalogue::tool::ToolCallFailed;
use newswire::{Bus, Delivery, Emitter, Result};

fn main() -> Result<()> {
    let bus = Bus::new();
    let mut transient = bus.subscribe("model.call.failed and payload.error.type in (rate_limit, timeout)")?;
    let mut permanent =
        bus.subscribe("model.call.failed and not payload.error.type in (rate_limit, timeout)")?;
    let mut tools = bus.subscribe("tool.call.failed")?; // usually not to be tried again

    let emitter = bus.emitter();
    fail(&emitter, "rate_limit", "429 Too Many Requests", Some("429"))?;
    fail(&emitter, "timeout", "no answer within 30 s", None)?;
    fail(&emitter, "auth", "the key is not valid", Some("401"))?;
    emitter.tool_call("calculator", "c-1", None).fail("division by zero")?;

    let mut attempt = 1;
    while let Some(Delivery::Event(event)) = transient.try_next()? {
        let Some(call) = event.payload::<ModelCallFailed>()? else { continue };
        let class = call.error.class.as_deref().unwrap_or("?");
        attempt += 1;
        println!("again after {class}: {}", call.error.message);
        // The retry is an event, too: who looks at the run sees why it took so long.
        let backoff = std::time::Duration::from_millis(250 << attempt);
        emitter.model_call_retried("scripted-1", "scripted", attempt, call.error.clone(), backoff)?;
    }
    while let Some(Delivery::Event(event)) = permanent.try_next()? {
        let Some(call) = event.payload::<ModelCallFailed>()? else { continue };
        println!("for good: {} (code {})", call.error.message, call.error.code.as_deref().unwrap_or("none"));
    }
    while let Some(Delivery::Event(event)) = tools.try_next()? {
        let Some(call) = event.payload::<ToolCallFailed>()? else { continue };
        println!("tool {}: {}", call.name, call.error.message);
    }
    // A mistake in a filter says where, and what was probably meant.
    if let Err(error) = bus.subscribe("model.call.failed and severty >= warn") {
        println!("column {}: {}", error.column().unwrap_or(0), error.message());
    }
    Ok(())
}

fn fail(emitter: &Emitter, class: &str, message: &str, code: Option<&str>) -> Result<()> {
    let error = Failure { class: Some(class.into()), code: code.map(Into::into), ..Failure::new(message) };
    emitter.model_call("scripted-1", "scripted").fail(error)?;
    Ok(())
}
