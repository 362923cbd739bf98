//! PromptKit's envelopes: the event of its bus, that of its first document, its stored event, and the line
//! of its store around that.

use serde_json::Value;

use super::Form;
use super::clock;
use super::document::{Members, Object, put};
use super::foreign::{Envelope, Foreign, Outgoing};
use crate::error::Result;
use crate::event::ScopeField;

pub(super) struct PromptKit;

/// The attribute that keeps the position on its own bus.
const SEQUENCE: &str = "sequence";

/// What the forms call the members.
struct Names {
    kind: &'static str,
    time: &'static str,
    sequence: &'static str,
    run: &'static str,
    session: &'static str,
    conversation: &'static str,
    user: &'static str,
    data: &'static str,
}

const GO: Names = Names {
    kind: "Type",
    time: "Timestamp",
    sequence: "Sequence",
    run: "ExecutionID",
    session: "SessionID",
    conversation: "ConversationID",
    user: "UserID",
    data: "Data",
};
const DOCUMENTED: Names = Names { run: "RunID", ..GO };
const STORED: Names = Names {
    kind: "type",
    time: "timestamp",
    sequence: "sequence",
    run: "execution_id",
    session: "session_id",
    conversation: "conversation_id",
    user: "user_id",
    data: "data",
};

impl Names {
    fn of(form: Form) -> &'static Self {
        match form {
            Form::Documented => &DOCUMENTED,
            Form::Stored | Form::StoreLine => &STORED,
            _ => &GO,
        }
    }
}

impl Envelope for PromptKit {
    fn forms(&self) -> &'static [Form] {
        &[Form::StoreLine, Form::Stored, Form::Event, Form::Documented]
    }

    fn payload_at(&self) -> Option<&'static str> {
        Some("event.data")
    }

    fn read(&self, document: &Object) -> Result<(Form, Foreign)> {
        let outer = Members::of(document);
        if document.contains_key("event") {
            outer.whole("seq")?;
            return Ok((Form::StoreLine, read(outer.members("event")?, &STORED, "event.data")?));
        }
        let form = match document {
            _ if document.contains_key("RunID") || document.contains_key("Metadata") => Form::Documented,
            _ if document.contains_key("Type") => Form::Event,
            _ => Form::Stored,
        };
        let names = Names::of(form);
        let mut foreign = read(outer, names, names.data)?;
        if form == Form::Documented {
            for (key, value) in outer.members("Metadata")?.iter() {
                foreign.set_attr(key, value.clone());
            }
        }
        Ok((form, foreign))
    }

    fn write(&self, form: Form, out: &Outgoing<'_>) -> Option<Object> {
        let names = Names::of(form);
        let mut written = Object::new();
        put(&mut written, names.kind, Some(out.name));
        put(&mut written, names.time, Some(clock::go(out.event.time_ns())));
        put(&mut written, names.sequence, out.number_attr(SEQUENCE).or(out.seq().map(Value::from)));
        put(&mut written, names.run, out.scope(ScopeField::Run));
        put(&mut written, names.session, out.scope(ScopeField::Session).or(Some("")));
        put(&mut written, names.conversation, out.scope(ScopeField::Conversation));
        put(&mut written, names.user, out.scope(ScopeField::User));
        put(&mut written, names.data, out.payload.clone());
        match form {
            Form::Documented => put(&mut written, "Metadata", out.attrs(&[SEQUENCE])),
            Form::Stored | Form::StoreLine if out.payload.is_some() => {
                put(&mut written, "data_type", Some(format!("*events.{}", data_type(out.name))));
            }
            _ => {}
        }
        if form != Form::StoreLine {
            return Some(written);
        }
        let mut line = Object::new();
        put(&mut line, "seq", out.seq().or((!out.read).then_some(0)));
        put(&mut line, "event", Some(written));
        Some(line)
    }
}

fn read(event: Members<'_>, names: &Names, payload_at: &'static str) -> Result<Foreign> {
    let name = event.required(names.kind)?.to_owned();
    let mut foreign = Foreign { name, payload_at, ..Foreign::default() };
    foreign.time_ns = event.time(names.time)?;
    event.whole(names.sequence)?;
    foreign.set_attr(SEQUENCE, event.get(names.sequence).cloned().unwrap_or_default());
    foreign.set_scope(ScopeField::Run, event.text(names.run)?);
    foreign.set_scope(ScopeField::Session, event.text(names.session)?);
    foreign.set_scope(ScopeField::Conversation, event.text(names.conversation)?);
    foreign.set_scope(ScopeField::User, event.text(names.user)?);
    event.text("data_type")?;
    foreign.payload = event.get(names.data).cloned();
    Ok(foreign)
}

/// The Go type of an event's data: families share one, the others have their own.
fn data_type(name: &str) -> &'static str {
    const TYPES: [(&str, &str); 44] = [
        ("pipeline.started", "PipelineStartedData"),
        ("pipeline.completed", "PipelineCompletedData"),
        ("pipeline.failed", "PipelineFailedData"),
        ("middleware.started", "MiddlewareEventData"),
        ("middleware.completed", "MiddlewareEventData"),
        ("middleware.failed", "MiddlewareEventData"),
        ("stage.", "StageEventData"),
        ("provider.call.started", "ProviderCallStartedData"),
        ("provider.call.completed", "ProviderCallCompletedData"),
        ("provider.call.failed", "ProviderCallFailedData"),
        ("tool.call.", "ToolCallEventData"),
        ("tool.client.request", "ClientToolRequestData"),
        ("tool.client.resolved", "ClientToolResolvedData"),
        ("validation.", "ValidationEventData"),
        ("context.built", "ContextBuiltData"),
        ("context.token_budget_exceeded", "TokenBudgetExceededData"),
        ("context.compacted", "ContextCompactionData"),
        ("state.", "StateEventData"),
        ("stream.interrupted", "StreamInterruptedData"),
        ("reasoning.delta", "ReasoningDeltaData"),
        ("conversation.started", "ConversationStartedData"),
        ("message.created", "MessageCreatedData"),
        ("message.updated", "MessageUpdatedData"),
        ("audio.transcription", "AudioTranscriptionData"),
        ("audio.", "AudioEventData"),
        ("video.frame", "VideoFrameData"),
        ("screenshot", "ScreenshotData"),
        ("image.", "ImageEventData"),
        ("eval.", "EvalEventData"),
        ("workflow.transitioned", "WorkflowTransitionedData"),
        ("workflow.completed", "WorkflowCompletedData"),
        ("workflow.max_visits_exceeded", "WorkflowMaxVisitsExceededData"),
        ("workflow.budget_exhausted", "WorkflowBudgetExhaustedData"),
        ("prompt.template.started", "TemplateStartedData"),
        ("prompt.template.rendered", "TemplateRenderedData"),
        ("prompt.template.failed", "TemplateFailedData"),
        ("media.", "MediaStorageEventData"),
        ("composition.started", "CompositionStartedData"),
        ("composition.completed", "CompositionCompletedData"),
        ("composition.step.started", "CompositionStepStartedData"),
        ("composition.step.completed", "CompositionStepCompletedData"),
        ("composition.branch.evaluated", "CompositionBranchEvaluatedData"),
        ("composition.parallel.completed", "CompositionParallelCompletedData"),
        ("middleware.", "CustomEventData"),
    ];
    const CAPABILITIES: [&str; 4] = ["image_gen.", "tts.", "stt.", "embedding."];
    let is = |key: &str| name == key || key.ends_with('.') && name.starts_with(key);
    match TYPES.iter().find(|(key, _)| is(key)) {
        Some((_, data_type)) => data_type,
        None if CAPABILITIES.iter().any(|key| is(key)) => "CapabilityCallData",
        None => "CustomEventData",
    }
}
