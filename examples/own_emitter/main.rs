//! PromptKit's emitter, written with ours: a thin type with its method names, for code that is to stay as it is.
//!
//! What it adds is names. Context, typing and "nobody listens, nothing is built" come from the emitter below.

use std::time::Duration;

use newswire::catalogue::model::ModelCallCompleted;
use newswire::catalogue::step::StepFailed;
use newswire::catalogue::workflow::{WorkflowCompleted, WorkflowStarted};
use newswire::catalogue::{Catalogued, Usage};
use newswire::{Bus, Event, Kind, Result, ScopeField};
use serde_json::{Value, json};

/// `None` is PromptKit's nil emitter: everything is a no-op.
#[derive(Clone)]
struct Emitter(newswire::Emitter);

impl Emitter {
    fn new(bus: Option<&Bus>, run: &str, session: &str, conversation: &str) -> Result<Self> {
        let emitter = bus.map_or_else(newswire::Emitter::disabled, Bus::emitter);
        let emitter = emitter.with_scope(ScopeField::Run, run)?.with_scope(ScopeField::Session, session)?;
        Ok(Self(emitter.with_scope(ScopeField::Conversation, conversation)?))
    }

    fn emit_pipeline_started(&self, middlewares: u64) -> Result<()> {
        let payload =
            || WorkflowStarted { middleware_count: Some(middlewares), ..WorkflowStarted::new(None, None) };
        self.0.emit_with(&WorkflowStarted::KIND, payload).map(drop)
    }

    fn emit_provider_call_completed(
        &self,
        provider: &str,
        model: &str,
        took: Duration,
        usage: Usage,
    ) -> Result<()> {
        let payload = || ModelCallCompleted::new(model, provider, usage, took);
        self.0.emit_with(&ModelCallCompleted::KIND, payload).map(drop)
    }

    fn emit_middleware_failed(&self, name: &str, index: u64, error: &str, took: Duration) -> Result<()> {
        let payload = || StepFailed {
            index: Some(index),
            step_type: Some("middleware".into()),
            ..StepFailed::new(name, error, took)
        };
        self.0.emit_with(&StepFailed::KIND, payload).map(drop)
    }

    fn emit_pipeline_completed(&self, took: Duration, usage: Usage, messages: u64) -> Result<()> {
        let payload = || WorkflowCompleted {
            usage: Some(usage),
            message_count: Some(messages),
            ..WorkflowCompleted::new(None, None, took)
        };
        self.0.emit_with(&WorkflowCompleted::KIND, payload).map(drop)
    }

    fn emit_custom(&self, kind: &str, middleware: &str, data: &Value, message: &str) -> Result<()> {
        let kind = Kind::parse(kind)?;
        if !self.0.wants(&kind) {
            return Ok(());
        }
        let event =
            self.0.event(kind).message(message).attr("middleware", middleware).serialize(data).build()?;
        self.0.publish(event)?;
        Ok(())
    }
}

fn main() -> Result<()> {
    let bus = Bus::new();
    let _log = bus.on("conversation=c-1", |event: &Event| {
        println!("{} {}", event.kind(), event.payload_json().unwrap_or_default());
    })?;
    for emitter in [Emitter::new(Some(&bus), "r-1", "s-1", "c-1")?, Emitter::new(None, "r-2", "s-1", "c-1")?]
    {
        let ms = Duration::from_millis;
        let usage = || Usage { cost_usd: Some(0.0021), ..Usage::tokens(412, 31) };
        emitter.emit_pipeline_started(2)?;
        emitter.emit_provider_call_completed("openai", "gpt-5", ms(820), usage())?;
        emitter.emit_middleware_failed("context_builder", 0, "no context", ms(3))?;
        emitter.emit_custom("middleware.cache.hit", "cache", &json!({"cache_key": "k"}), "From the cache")?;
        emitter.emit_pipeline_completed(ms(900), usage(), 4)?;
    }
    bus.close(Duration::from_secs(10));
    Ok(())
}
