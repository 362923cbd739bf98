//! Events of AG-UI.
//!
//! | event | events |
//! |---|---|
//! | `RUN_STARTED`; `RUN_FINISHED`, `RUN_ERROR` | `run.started`; `run.completed`, `canceled` or `failed`, with the usage of all models; `tool.approval.started` for each interrupt that waits for a tool call |
//! | `STEP_STARTED`, `STEP_FINISHED` | `step.started`, `step.completed` |
//! | `TEXT_MESSAGE_CONTENT`, `_CHUNK`, `_END` | `message.delta`; `message.created` |
//! | `REASONING_MESSAGE_CONTENT`, `_CHUNK`, `_END`, and `THINKING_TEXT_MESSAGE_*` of before 1.0 | `reasoning.delta`; `reasoning.created` |
//! | `TOOL_CALL_START`, `_ARGS`, `_CHUNK`, `_END` | `tool.request.started`, `delta`; `tool.request.completed` and `tool.call.started` |
//! | `TOOL_CALL_RESULT` | `tool.call.completed` |
//! | `STATE_SNAPSHOT`, `STATE_DELTA` | `state.saved`, `state.changed` |
//! | starts that say nothing more, snapshots of messages, activities, subagents, `RAW`, `CUSTOM` | kept |
//!
//! AG-UI tells what models say, not that they are called: there are no model calls here.

use newswire::catalogue::run::{RunCanceled, RunCompleted, RunFailed, RunStarted};
use newswire::catalogue::state::{StateChanged, StateSaved};
use newswire::catalogue::step::{StepCompleted, StepStarted};
use newswire::catalogue::tool::ToolApprovalStarted;
use newswire::catalogue::{Failure, Json, Text, Usage};
use newswire::json::Raw;
use newswire::{Result, SpanId};
use serde_json::value::RawValue;

use super::State;
use crate::import::answer::{Made, ToolEnd, together};
use crate::import::frame::Place;
use crate::source::{Fields, from_millis};

/// Fields that stay attributes.
pub(super) const KNOWN: &[&str] = &[
    "type",
    "threadId",
    "runId",
    "parentRunId",
    "protocolVersion",
    "rawEvent",
    "timestamp",
    "metadata",
    "messageId",
    "parentMessageId",
    "toolCallId",
    "toolCallName",
    "role",
    "name",
    "outcome",
    "usage",
    "subagentRunId",
    "code",
];

/// Types that are known and kept.
const KEPT: &[&str] = &[
    "TEXT_MESSAGE_START",
    "REASONING_START",
    "REASONING_END",
    "REASONING_MESSAGE_START",
    "REASONING_ENCRYPTED_VALUE",
    "THINKING_START",
    "THINKING_END",
    "MESSAGES_SNAPSHOT",
    "ACTIVITY_SNAPSHOT",
    "ACTIVITY_DELTA",
    "SUBAGENT_STARTED",
    "SUBAGENT_FINISHED",
    "SUBAGENT_ERROR",
    "RAW",
    "CUSTOM",
];

/// The run that is open.
#[derive(Default)]
pub(super) struct Run {
    span: Option<SpanId>,
    count: u64,
    began: Option<i64>,
    /// What its answers used so far.
    pub(super) usage: Option<Usage>,
    steps: u64,
    /// The steps that are open, and their numbers.
    open: Vec<(String, u64)>,
}

/// How many steps may be open, and how long their names may be; others end as what began last.
const MAX_STEPS: usize = 256;
const MAX_NAME_BYTES: usize = 1024;

impl Run {
    /// The number of a step that begins, or of the open one that ends: a step may be taken again and again.
    fn step(&mut self, name: &str, begins: bool) -> u64 {
        if begins {
            self.steps += 1;
            if self.open.len() < MAX_STEPS && name.len() <= MAX_NAME_BYTES {
                self.open.push((name.to_owned(), self.steps));
            }
            return self.steps;
        }
        let place = self.open.iter().rposition(|(open, _)| open == name);
        place.map_or(self.steps, |place| self.open.remove(place).1)
    }
}

impl State {
    /// Begins a run of that id.
    pub(super) fn start_run(
        &mut self,
        (session, run): (&str, &str),
        input: Option<Raw<'_>>,
        made: &mut Made<'_>,
    ) -> Result<()> {
        self.run.count += 1;
        self.run.span = self.answers.frame.span("run", &self.run.count.to_string());
        self.run.began = Some(self.answers.clock).filter(|clock| *clock != 0);
        self.answers.frame.enter_run(session, run)?;
        self.answers.parent = self.run.span;
        let input = input.map(|raw| Json::parse(raw.get())).transpose()?;
        self.answers.add(RunStarted::new(None, input), Place { span: self.run.span, parent: None }, made)
    }

    /// Where the open run stands, and how long it took; later events belong to none.
    pub(super) fn leave_run(&mut self) -> (Place, Option<u64>) {
        let run = std::mem::take(&mut self.run.span);
        self.run.open.clear();
        let took = self.run.began.take().and_then(|began| self.answers.clock.checked_sub(began));
        self.answers.parent = None;
        let took = took.and_then(|took| u64::try_from(took).ok());
        (Place { span: run, parent: None }, took)
    }
}

pub(super) fn event<'a>(state: &mut State, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let sort: String = fields.peek_as("type").unwrap_or_default();
    if let Some(at) = fields.peek_as("timestamp").and_then(from_millis) {
        state.answers.clock = at;
    }
    let text = |name: &str| fields.peek_as::<String>(name).filter(|text| !text.is_empty());
    let message = text("messageId");
    let key = message.clone().unwrap_or_default();
    // Before 1.0, reasoning was called so.
    let sort = sort.replace("THINKING_TEXT_MESSAGE", "REASONING_MESSAGE");
    match sort.as_str() {
        "RUN_STARTED" => {
            let (thread, run) = (text("threadId"), text("runId"));
            let ids = (thread.as_deref().unwrap_or("thread"), run.as_deref().unwrap_or("run"));
            state.start_run(ids, fields.take("input"), made)
        }
        "RUN_FINISHED" => finished(state, fields, made),
        "RUN_ERROR" => {
            let mut failure = Failure::new(fields.take_text("message")?.unwrap_or_default());
            failure.code = fields.peek_as::<String>("code").map(Text::from);
            let usage = usage(fields)?;
            state.answers.close_all(true, made)?;
            let (place, took) = state.leave_run();
            let mut payload = RunFailed::new(None, failure, took);
            payload.usage = usage;
            state.answers.add(payload, place, made)
        }
        "STEP_STARTED" | "STEP_FINISHED" => {
            let name = fields.take_text("stepName")?.unwrap_or_default();
            let begins = sort == "STEP_STARTED";
            let number = state.run.step(&name, begins).to_string();
            let place = Place { span: state.answers.frame.span("step", &number), parent: state.run.span };
            if begins {
                state.answers.add(StepStarted::new(name, None), place, made)
            } else {
                state.answers.add(StepCompleted::new(name, None, None), place, made)
            }
        }
        "TEXT_MESSAGE_START" => {
            state.answers.text(&key, message.as_deref(), "", made)?;
            state.answers.set_role(&key, text("role"));
            Ok(())
        }
        "TEXT_MESSAGE_CONTENT" | "TEXT_MESSAGE_CHUNK" => {
            let piece = fields.take_text("delta")?.unwrap_or_default();
            state.answers.close_texts("", &key, made)?;
            state.answers.text(&key, message.as_deref(), &piece, made)
        }
        "REASONING_MESSAGE_CONTENT" | "REASONING_MESSAGE_CHUNK" => {
            let piece = fields.take_text("delta")?.unwrap_or_default();
            state.answers.reasoning(&key, message.as_deref(), &piece, made)
        }
        "TEXT_MESSAGE_END" | "REASONING_MESSAGE_END" => state.answers.close(&key, made),
        "TOOL_CALL_START" | "TOOL_CALL_ARGS" | "TOOL_CALL_CHUNK" | "TOOL_CALL_END" => {
            tool_call(state, &sort, fields, made)
        }
        "TOOL_CALL_RESULT" => {
            let id = text("toolCallId").unwrap_or_default();
            let name = state.answers.tools.name(&id).unwrap_or("tool").to_owned();
            let content = fields.take("content");
            state.answers.tool_ended(&id, &name, ToolEnd::Completed(content), made)
        }
        "STATE_SNAPSHOT" => {
            let mut payload = StateSaved::new(None);
            payload.state = fields.take("snapshot").map(|raw| Json::parse(raw.get())).transpose()?;
            state.answers.add(payload, state.answers.here(), made)
        }
        "STATE_DELTA" => {
            let patch = fields.take("delta").map(|raw| Json::parse(raw.get())).transpose()?;
            state.answers.add(StateChanged::new(None, patch), state.answers.here(), made)
        }
        kept if KEPT.contains(&kept) || kept == "REASONING_MESSAGE_START" => Ok(()),
        _ => {
            made.unknown = Some(if sort.is_empty() { "no type".to_owned() } else { sort });
            Ok(())
        }
    }
}

fn tool_call<'a>(state: &mut State, sort: &str, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let id: String = fields.peek_as("toolCallId").unwrap_or_default();
    let name: Option<String> = fields.peek_as("toolCallName");
    if name.is_some() || sort == "TOOL_CALL_START" {
        state.answers.close_texts("", "", made)?;
        if sort == "TOOL_CALL_START" {
            state.answers.close(&id, made)?;
        }
        if state.answers.request(&id, Some(&id), &name.unwrap_or_default(), made)? {
            fields.take("toolCallName");
        }
    }
    if let Some(piece) = fields.take_text("delta")? {
        state.answers.arguments(&id, &piece, made)?;
    }
    if sort == "TOOL_CALL_END" {
        let asked = state.answers.asked(&id);
        state.answers.close(&id, made)?;
        if let Some((name, arguments)) = asked {
            let arguments = serde_json::from_str(&arguments).ok().map(RawValue::get);
            state.answers.tool_started(&id, &name, arguments, made)?;
        }
    }
    Ok(())
}

fn finished<'a>(state: &mut State, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
    let usage = usage(fields)?;
    let output = fields.take("result").map(|raw| Json::parse(raw.get())).transpose()?;
    let outcome = fields.peek("outcome").filter(|raw| raw.get().starts_with('{'));
    let outcome = outcome.map(|raw| fields.object(raw)).transpose()?;
    state.answers.close_all(false, made)?;
    let mut canceled = false;
    if let Some(mut outcome) = outcome {
        canceled = outcome.peek_as::<String>("type").as_deref() == Some("cancelled");
        for raw in outcome.take_array("interrupts")? {
            let interrupt = outcome.object(raw)?;
            if let Some(id) = interrupt.peek_as::<String>("toolCallId") {
                let name = state.answers.tools.name(&id).unwrap_or("tool").to_owned();
                let mut payload = ToolApprovalStarted::new(name, Text::from(id.as_str()), None);
                payload.prompt = interrupt.peek_as::<String>("message").map(Text::from);
                let place =
                    Place { span: state.answers.frame.span("tool_approval", &id), parent: state.run.span };
                state.answers.add(payload, place, made)?;
            }
        }
    }
    let (place, took) = state.leave_run();
    if canceled {
        return state.answers.add(RunCanceled::new(None, None, took), place, made);
    }
    let mut payload = RunCompleted::new(None, output, took);
    payload.usage = usage;
    state.answers.add(payload, place, made)
}

/// What all models used; each says it on its own.
fn usage(fields: &Fields<'_>) -> Result<Option<Usage>> {
    let Some(raw) = fields.peek("usage").filter(|raw| raw.get() != "null") else { return Ok(None) };
    let mut usage = Usage::default();
    for raw in fields.array(raw)? {
        let said = fields.object(raw)?;
        let more = Usage {
            input_tokens: said.tokens("inputTokens")?,
            output_tokens: said.tokens("outputTokens")?,
            reasoning_tokens: said.tokens("reasoningTokens")?,
            cache_read_tokens: said.tokens("cachedInputTokens")?,
            cache_write_tokens: said.tokens("cacheWriteInputTokens")?,
            ..Usage::default()
        };
        usage = together(&usage, &more);
    }
    Ok(Some(usage))
}
