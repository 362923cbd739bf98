//! What other systems call our kinds.
//!
//! A row joins one name of one system to one kind, where a condition on the payload holds, since some
//! systems carry the outcome in the payload. So one name may have several rows: an import chooses by the
//! payload, a filter takes the union. All of it is resolved when a filter is compiled.

use serde_json::Value;

use super::Catalogued;
use super::{message, model, step, task, tool, turn, workflow};
use crate::error::{Error, Result};
use crate::kind::Kind;

/// A system whose names are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum System {
    /// PromptKit, `runtime/events`.
    PromptKit,
    /// AITaskAgent.
    AiTaskAgent,
    /// agent-runtime.
    AgentRuntime,
    /// PicoClaw, `pkg/events`.
    PicoClaw,
    /// The Praxis SDK.
    Praxis,
}

impl System {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::PromptKit, Self::AiTaskAgent, Self::AgentRuntime, Self::PicoClaw, Self::Praxis];

    /// The prefix of its names: `picoclaw/agent.tool.exec_start`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PromptKit => "promptkit",
            Self::AiTaskAgent => "aitaskagent",
            Self::AgentRuntime => "agentruntime",
            Self::PicoClaw => "picoclaw",
            Self::Praxis => "praxis",
        }
    }

    fn parse(name: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|system| system.as_str() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|system| system.as_str()).collect();
            Error::invalid(format!("{name:?} is no system whose names are known"))
                .at_column(1)
                .expecting(format!("one of {}", names.join(", ")))
        })
    }
}

/// One name of another system and what it means here.
#[derive(Clone, Debug)]
pub struct Alias {
    /// Whose name it is.
    pub system: System,
    /// The name there.
    pub name: &'static str,
    /// When it means this kind.
    pub when: When,
    /// The kind here.
    pub kind: Kind,
    /// Where its fields are here; those that aren't named go to the attributes.
    pub fields: &'static [FieldMap],
}

/// A condition on another system's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// None: the name says it all.
    Always,
    /// A field is true or false.
    Is(&'static str, bool),
    /// A field is this text.
    Says(&'static str, &'static str),
}

impl When {
    /// Whether a payload of the other system fulfils it.
    pub fn admits(self, payload: &Value) -> bool {
        match self {
            Self::Always => true,
            Self::Is(field, wanted) => payload.get(field).and_then(Value::as_bool) == Some(wanted),
            Self::Says(field, wanted) => payload.get(field).and_then(Value::as_str) == Some(wanted),
        }
    }
}

/// One field of another system's payload and where it is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldMap {
    /// The name there.
    pub theirs: &'static str,
    /// The path here: `usage.input_tokens`.
    pub ours: &'static str,
    /// What the number counts there.
    pub unit: Unit,
}

/// What a number of another system counts, where ours counts something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The same as ours.
    Same,
    /// Milliseconds; ours are nanoseconds.
    Millis,
    /// Seconds; ours are nanoseconds.
    Seconds,
}

const fn same(theirs: &'static str, ours: &'static str) -> FieldMap {
    FieldMap { theirs, ours, unit: Unit::Same }
}

const fn millis(theirs: &'static str, ours: &'static str) -> FieldMap {
    FieldMap { theirs, ours, unit: Unit::Millis }
}

const fn seconds(theirs: &'static str, ours: &'static str) -> FieldMap {
    FieldMap { theirs, ours, unit: Unit::Seconds }
}

/// Lines of the table of names: system, name there, condition, payload type here, fields.
macro_rules! aliases {
    ($($system:ident $name:literal $when:expr => $kind:ty: [$($field:expr),*];)+) => {
        &[$(Alias {
            system: System::$system,
            name: $name,
            when: $when,
            kind: <$kind as Catalogued>::KIND,
            fields: &[$($field),*],
        }),+]
    };
}

static ALIASES: &[Alias] = aliases! {
    PromptKit "pipeline.started" When::Always => workflow::WorkflowStarted:
        [same("MiddlewareCount", "middleware_count")];
    PromptKit "provider.call.completed" When::Always => model::ModelCallCompleted:
        [same("Provider", "provider"), same("Model", "model"), same("Duration", "duration_ns"),
         same("InputTokens", "usage.input_tokens"), same("OutputTokens", "usage.output_tokens"),
         same("CachedTokens", "usage.cache_read_tokens"), same("Cost", "usage.cost_usd"),
         same("FinishReason", "finish_reason"), same("ToolCallCount", "tool_call_count"),
         same("Source", "purpose"), same("Labels", "labels")];
    PromptKit "tool.call.started" When::Always => tool::ToolCallStarted:
        [same("ToolName", "name"), same("CallID", "call_id"), same("Args", "arguments"), same("Labels", "labels")];
    PromptKit "message.created" When::Always => message::MessageCreated:
        [same("Role", "role"), same("Content", "content"), same("Index", "index"), same("Parts", "parts"),
         same("ToolCalls", "tool_calls"), same("ToolResult", "tool_result")];
    AiTaskAgent "tool.completed" When::Is("Success", true) => tool::ToolCallCompleted: [same("ToolName", "name")];
    AiTaskAgent "tool.completed" When::Is("Success", false) => tool::ToolCallFailed:
        [same("ToolName", "name"), same("ErrorMessage", "error.message")];
    AiTaskAgent "step.completed" When::Is("Success", true) => step::StepCompleted: [];
    AiTaskAgent "step.completed" When::Is("Success", false) => step::StepFailed:
        [same("ErrorMessage", "error.message")];
    AgentRuntime "tool.completed" When::Always => tool::ToolCallCompleted:
        [same("agent", "agent"), same("tool_call_id", "call_id"), same("result", "result"),
         millis("duration_ms", "duration_ns")];
    PicoClaw "agent.turn.start" When::Always => turn::TurnStarted:
        [same("UserMessage", "input"), same("MediaCount", "media_count")];
    PicoClaw "agent.turn.end" When::Says("Status", "completed") => turn::TurnCompleted:
        [same("Duration", "duration_ns"), same("Iterations", "iteration_count"), same("FinalContent", "output"),
         same("FinalContentLen", "output_bytes")];
    PicoClaw "agent.turn.end" When::Says("Status", "error") => turn::TurnFailed:
        [same("Duration", "duration_ns"), same("Iterations", "iteration_count")];
    PicoClaw "agent.turn.end" When::Says("Status", "aborted") => turn::TurnCanceled:
        [same("Duration", "duration_ns")];
    PicoClaw "agent.tool.exec_start" When::Always => tool::ToolCallStarted:
        [same("Tool", "name"), same("Arguments", "arguments")];
    PicoClaw "agent.tool.exec_end" When::Is("IsError", false) => tool::ToolCallCompleted:
        [same("Tool", "name"), same("Duration", "duration_ns"), same("ForLLMLen", "result_bytes"),
         same("ForUserLen", "shown_bytes"), same("Async", "detached")];
    PicoClaw "agent.tool.exec_end" When::Is("IsError", true) => tool::ToolCallFailed:
        [same("Tool", "name"), same("Duration", "duration_ns")];
    Praxis "tool.executed" When::Is("success", true) => tool::ToolCallCompleted:
        [same("tool_name", "name"), same("engine", "engine"), seconds("duration", "duration_ns")];
    Praxis "tool.executed" When::Is("success", false) => tool::ToolCallFailed:
        [same("tool_name", "name"), same("engine", "engine"), seconds("duration", "duration_ns"),
         same("error", "error.message")];
    Praxis "task.cancelled" When::Always => task::TaskCanceled: [same("task_id", "task_id")];
};

/// All names of other systems.
pub fn aliases() -> &'static [Alias] {
    ALIASES
}

/// The kinds that a name can mean: a kind's own name, `system/name` or `system/prefix.*`, or the plain
/// name of another system where it has one meaning.
///
/// ```
/// use newswire::catalogue::kinds_named;
///
/// let kinds = kinds_named("picoclaw/agent.tool.exec_end")?;
/// let names: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
/// assert_eq!(names, ["tool.call.completed", "tool.call.failed"]);
/// # Ok::<(), newswire::Error>(())
/// ```
///
/// # Errors
/// `Invalid` for an unknown system or a name that it doesn't have, for a plain name with several meanings
/// (the error lists them), and for what is no name at all.
pub fn kinds_named(name: &str) -> Result<Vec<Kind>> {
    if let Some((system, theirs)) = name.split_once('/') {
        let known = System::parse(system)?;
        let kinds = union(ALIASES.iter().filter(|alias| alias.system == known && covers(theirs, alias.name)));
        return match kinds.is_empty() {
            true => Err(Error::invalid(format!("{system} has no kind {theirs:?}"))
                .at_column(system.chars().count() + 2)),
            false => Ok(kinds),
        };
    }
    let kind = Kind::parse(name)?;
    if super::row_of(&kind).is_some() {
        return Ok(vec![kind]);
    }
    let meanings: Vec<_> = System::ALL
        .iter()
        .map(|system| {
            (*system, union(ALIASES.iter().filter(|alias| alias.system == *system && alias.name == name)))
        })
        .filter(|(_, kinds)| !kinds.is_empty())
        .collect();
    match meanings.split_first() {
        None => Ok(vec![kind]),
        Some(((_, kinds), others)) if others.iter().all(|(_, other)| other == kinds) => Ok(kinds.clone()),
        Some(_) => {
            let candidates: Vec<_> =
                meanings.iter().map(|(system, _)| format!("{}/{name}", system.as_str())).collect();
            Err(Error::invalid(format!("{name:?} means different kinds in different systems"))
                .expecting(format!("one of {}", candidates.join(", "))))
        }
    }
}

/// Whether `pattern`, exact or a prefix ending in `.*`, covers `name`.
fn covers(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(prefix) => prefix.ends_with('.') && name.starts_with(prefix),
        None => pattern == name,
    }
}

/// The kinds of these rows, each once, in the order of the table.
fn union<'a>(aliases: impl Iterator<Item = &'a Alias>) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for alias in aliases {
        if !kinds.contains(&alias.kind) {
            kinds.push(alias.kind.clone());
        }
    }
    kinds
}
