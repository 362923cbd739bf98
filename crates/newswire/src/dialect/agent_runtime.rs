//! agent-runtime's envelope: Scope x Type x Status, with formats of component ids that are kept.

use super::Form;
use super::clock;
use super::document::{Members, Object, put, uuid};
use super::foreign::{Envelope, Foreign, Outgoing};
use crate::catalogue::row_of;
use crate::error::Result;
use crate::event::{Component, ComponentScope, Event, Phase, ScopeField, Status, check_format};

pub(super) struct AgentRuntime;

const SCOPES: [(&str, ComponentScope); 6] = [
    ("workflow", ComponentScope::Workflow),
    ("workflow_step", ComponentScope::WorkflowStep),
    ("agent", ComponentScope::Agent),
    ("llm_request", ComponentScope::ModelCall),
    ("tool", ComponentScope::Tool),
    ("system", ComponentScope::System),
];

/// What its ids begin with.
const ID_PREFIX: &str = "evt_";

/// The position in its own stream, and the attribute that keeps it.
const OFFSET: &str = "offset";

impl Envelope for AgentRuntime {
    fn forms(&self) -> &'static [Form] {
        &[Form::Event, Form::Documented]
    }

    fn payload_at(&self) -> Option<&'static str> {
        Some("data")
    }

    fn read(&self, document: &Object) -> Result<(Form, Foreign)> {
        let event = Members::of(document);
        let documented = document.contains_key("event_id") || document.contains_key("event_type");
        let form = if documented { Form::Documented } else { Form::Event };
        let word = event.word("scope", &SCOPES.map(|(word, _)| word))?;
        let scope = SCOPES.iter().find(|(name, _)| *name == word).map_or(ComponentScope::System, |(_, s)| *s);
        let phases: Vec<_> = Phase::ALL.iter().map(|phase| phase.as_str()).collect();
        let phase = event.word(if documented { "event_type" } else { "type" }, &phases)?;
        let statuses: Vec<_> = Status::ALL.iter().map(|status| status.as_str()).collect();
        event.word("status", &statuses)?;
        let id = event.required("component_id")?;
        check_format(scope, id).map_err(|error| error.at_path("component_id"))?;
        let mut foreign = Foreign { name: format!("{word}.{phase}"), ..Foreign::default() };
        match event.text("event_id")?.and_then(uuid) {
            Some(id) => foreign.id = Some(id),
            None => foreign.set_id("id", ID_PREFIX, event.text(if documented { "event_id" } else { "id" })?),
        }
        event.whole(OFFSET)?;
        foreign.set_attr(OFFSET, event.get(OFFSET).cloned().unwrap_or_default());
        foreign.time_ns = event.time("timestamp")?;
        foreign.component = Component::new(scope, id).ok();
        foreign.set_scope(ScopeField::Workflow, event.text("workflow_id")?);
        foreign.set_scope(ScopeField::ParentWorkflow, event.text("parent_workflow_id")?);
        foreign.message = event.text("message")?.map(str::to_owned);
        let owner = id.split(':').next().unwrap_or(id);
        foreign.told = vec![("message_id", id.to_owned())];
        match scope {
            ComponentScope::Workflow | ComponentScope::Agent => foreign.told.push(("name", id.to_owned())),
            ComponentScope::WorkflowStep | ComponentScope::Tool => {
                foreign.told.push(("name", owner.to_owned()))
            }
            _ => {}
        }
        if let (Some(message), "failed") = (&foreign.message, phase) {
            foreign.told.push(("error", message.clone()));
        }
        foreign.payload = event.get("data").cloned();
        Ok((form, foreign))
    }

    fn write(&self, form: Form, out: &Outgoing<'_>) -> Option<Object> {
        let (word, phase) = out.name.rsplit_once('.')?;
        let (_, scope) = SCOPES.iter().find(|(name, _)| *name == word)?;
        let event = out.event;
        let mut written = Object::new();
        let id = event.id().hyphenated();
        if form == Form::Documented {
            put(&mut written, "event_id", Some(id.to_string()));
            put(&mut written, "event_type", Some(phase));
        } else {
            let id = format!("{ID_PREFIX}{id}");
            put(&mut written, "id", out.text_attr("id").or(Some(id)));
            put(&mut written, OFFSET, out.number_attr(OFFSET).or(out.seq().map(|seq| (seq - 1).into())));
            put(&mut written, "type", Some(phase));
        }
        put(&mut written, "timestamp", Some(clock::chrono(event.time_ns())));
        put(&mut written, "scope", Some(word));
        put(&mut written, "component_id", Some(component_id(*scope, out)));
        let status = Phase::parse(phase).ok()?.status();
        put(&mut written, "status", Some(status.as_str()));
        let run = out.scope(ScopeField::Workflow).or(out.scope(ScopeField::Run));
        put(&mut written, "workflow_id", run.or((!out.read).then_some("workflow")));
        put(&mut written, "parent_workflow_id", out.scope(ScopeField::ParentWorkflow));
        put(&mut written, "message", event.message().map(str::to_owned).or_else(|| failure(out)));
        put(&mut written, "data", out.payload.clone().or_else(|| Some(Object::new().into())));
        Some(written)
    }
}

/// The payload, for what the envelope has to take from it.
fn body(event: &Event) -> Object {
    let body = event.payload_json().and_then(|json| serde_json::from_str(json).ok());
    body.unwrap_or_default()
}

/// What a failed event says, where it has no message of its own.
fn failure(out: &Outgoing<'_>) -> Option<String> {
    if out.read {
        return None;
    }
    body(out.event).get("error")?.get("message")?.as_str().map(str::to_owned)
}

/// The component's id, if it has the format; else one that has it, made of what the event says.
fn component_id(scope: ComponentScope, out: &Outgoing<'_>) -> String {
    let id = out.event.component().map(|component| component.id().to_owned());
    let id = id.or_else(|| label(out.event)).unwrap_or_else(|| "unnamed".to_owned());
    let owner = match scope {
        ComponentScope::ModelCall => ScopeField::Agent,
        _ => ScopeField::Workflow,
    };
    scope.formatted(&id, out.scope(owner)).into_owned()
}

/// The payload's first field, which is its label.
fn label(event: &Event) -> Option<String> {
    let name = row_of(event.kind())?.fields.first()?.name;
    body(event).get(name)?.as_str().filter(|label| !label.is_empty()).map(str::to_owned)
}
