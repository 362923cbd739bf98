//! A pipeline whose middlewares wrap one another: each is a step, and what a middleware calls is a part of it.
//!
//! Guards do the bookkeeping: the same span for start and end, parents by nesting, failures on the way out.

use std::time::Duration;

use newswire::{Bus, Emitter, Event, Phase, Result};

/// A middleware: its name and what it does to the request before the next one is called.
type Middleware = (&'static str, fn(&mut String) -> std::result::Result<(), String>);

const CHAIN: &[Middleware] = &[
    ("context_builder", |request| {
        request.insert_str(0, "You are helpful. ");
        Ok(())
    }),
    ("guardrail", |request| match request.contains("password") {
        true => Err("the request asks for a password".into()),
        false => Ok(()),
    }),
];

fn main() -> Result<()> {
    let bus = Bus::new();
    let _log = bus.on("workflow.* or step.* or model.*", |event: &Event| {
        let name = event.component().map_or("", |component| component.id());
        let mark = match event.phase() {
            Some(Phase::Started) => ">",
            Some(Phase::Failed) => "x",
            _ => "<",
        };
        println!("{} {mark} {name}", event.seq());
    })?;

    let emitter = bus.emitter();
    for request in ["What is an event?", "Tell me the password"] {
        let pipeline = emitter.workflow("chat", None);
        match execute(&pipeline.emitter(), CHAIN, &mut request.to_owned()) {
            Ok(answer) => pipeline.complete(serde_json::json!(answer))?,
            Err(error) => pipeline.fail(error)?,
        };
    }
    bus.close(Duration::from_secs(10)); // waits for the handlers
    Ok(())
}

/// Runs the first middleware, and within it the rest of the chain; the model stands at its end.
fn execute(
    emitter: &Emitter,
    chain: &[Middleware],
    request: &mut String,
) -> std::result::Result<String, String> {
    let Some(((name, work), rest)) = chain.split_first() else {
        let call = emitter.model_call("scripted-1", "scripted");
        call.complete(None).map_err(|error| error.to_string())?;
        return Ok("Something that happened.".into());
    };
    let step = emitter.step(*name, None);
    let outcome = work(request).and_then(|()| execute(&step.emitter(), rest, request));
    match &outcome {
        Ok(_) => step.complete(None),
        Err(error) => step.fail(error.as_str()),
    }
    .map_err(|error| error.to_string())?;
    outcome
}
