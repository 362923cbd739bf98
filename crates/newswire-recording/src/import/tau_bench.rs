//! Runs of tau-bench: one array, an element a run, with its task, its conversation and its reward.
//!
//! | record | events |
//! |---|---|
//! | a run | `run.started`, what its messages give, `evaluation.completed` for its reward, `run.completed`, or `failed` where it broke with an error |
//! | message, system or user | `message.created` |
//! | message, assistant | `model.call.started`, `message.created` where it says something, `tool.request.completed` for each call it asks for, `model.call.completed`, `tool.call.started` for each of them |
//! | message, tool | `tool.call.completed`, or `failed` where the benchmark's words for an error stand there |
//! | message, any other role | `tau_bench.message.kept`: whole |
//!
//! The source has no times, so an event's is 0, which stands for none; the order is the source's. Durations, tokens and models are absent, since it tells none.
//! A run has passed if its reward is 1, as the benchmark has it. `info` stays with `run.started`, as it is.

use std::collections::HashMap;

use newswire::catalogue::Json;
use newswire::catalogue::evaluation::EvaluationCompleted;
use newswire::catalogue::message::MessageCreated;
use newswire::catalogue::model::{ModelCallCompleted, ModelCallStarted};
use newswire::catalogue::run::{RunCompleted, RunFailed, RunStarted};
use newswire::catalogue::tool::{ToolCallCompleted, ToolCallFailed, ToolCallStarted, ToolRequestCompleted};
use newswire::json::{Index, Raw};
use newswire::{ComponentScope, Error, EventBuilder, Result, SpanId};

use super::format::Format;
use super::frame::{Frame, Place, label, mark_of};
use super::output::Output;
use super::read::Importer;
use crate::source::{Fields, Unit, compact, with_attr};

/// Runs of tau-bench.
pub(super) const FORMAT: Format = Format {
    name: "tau-bench",
    about: "trajectories of tau-bench",
    unit: Unit::Element,
    detect: |head| {
        let fields = head.fields();
        ["task_id", "reward"].iter().all(|name| fields.contains(name))
    },
    importer: |name| Box::new(Mapper { source: name.to_owned(), ..Mapper::default() }),
};

/// What a record is, for error messages.
const RUN: &str = r#"a run of tau-bench, {"task_id":...,"traj":[...],"reward":...}"#;

/// What tools' answers begin with that are errors: a tool's own, and that there is no such tool.
const ERRORS: [&str; 2] = ["Error:", "Unknown action "];

/// How many names of runs are remembered, so that those which come again get a number.
const MAX_NAMES: usize = 65_536;

/// Turns runs into events.
#[derive(Default)]
struct Mapper {
    source: String,
    /// What tells its runs from those of other files: all have runs of the same tasks.
    mark: Option<String>,
    names: HashMap<String, u64>,
}

impl Importer for Mapper {
    fn record(&mut self, record: &str, out: &mut Output<'_>) -> Result<()> {
        let mut index = Index::default();
        let mut fields = Fields::read(&mut index, record, record).map_err(|error| error.expecting(RUN))?;
        let task = fields.take("task_id").ok_or_else(|| lacks("task_id"))?;
        let trial = fields.take("trial");
        let task_id = plain(&fields, task)?;
        let mut name = format!("task-{task_id}");
        if let Some(trial) = trial {
            name += &format!("-trial-{}", plain(&fields, trial)?);
        }
        name.push('-');
        name += self.mark.get_or_insert_with(|| mark_of(&self.source, record));
        let frame = Frame::new("tau-bench", self.distinct(name))?;
        let root = frame.span("run", "");
        let mut run = Run { frame, root, models: 0, tools: 0, calls: HashMap::new() };

        let info = fields.peek("info").filter(|raw| raw.get() != "null");
        let mut told = fields.take_object("info")?;
        let mut instruction = None;
        if let Some(info) = &mut told
            && let Some(task) = info.take_object("task")?
        {
            instruction = task.peek("instruction");
        }
        let started = RunStarted::new(format!("task {task_id}"), json(instruction)?);
        let mut builder = run.event("run.started", run.whole())?.serialize(&started);
        builder = label(builder, ComponentScope::Run, run.frame.id())?;
        for (name, raw) in [("task_id", Some(task)), ("trial", trial), ("info", info)] {
            if let Some(raw) = raw {
                builder = with_attr(builder, format!("tau-bench.{name}"), raw);
            }
        }
        let messages = fields.take("traj").ok_or_else(|| lacks("traj"))?;
        let messages = fields.array(messages).map_err(|error| error.at_path("traj"))?;
        let reward = fields.take("reward").filter(|raw| raw.get() != "null");
        out.push_with(builder, &fields)?;
        for (index, raw) in messages.iter().copied().enumerate() {
            let place = format!("traj[{index}]");
            run.message(&fields, raw, index as u64, out).map_err(|error| fields.about(raw, &place, error))?;
        }
        if let Some(reward) = reward {
            let details = told.as_mut().and_then(|info| info.take("reward_info"));
            run.reward(&fields, reward, details, out)?;
        }
        let error = told.as_mut().map(|info| info.take_text("error")).transpose()?.flatten();
        run.end(error, messages.len() as u64, out)
    }
}

impl Mapper {
    /// The name, or one of its own where a run before has it.
    fn distinct(&mut self, name: String) -> String {
        if let Some(times) = self.names.get_mut(&name) {
            *times += 1;
            return format!("{name}-{times}");
        }
        if self.names.len() < MAX_NAMES {
            self.names.insert(name.clone(), 1);
        }
        name
    }
}

/// A run that is being read.
struct Run {
    frame: Frame,
    root: Option<SpanId>,
    models: u64,
    tools: u64,
    /// How often each id of a call came: models give the same one twice.
    calls: HashMap<String, u64>,
}

impl Run {
    /// Where the run itself stands.
    fn whole(&self) -> Place {
        Place { span: self.root, parent: None }
    }

    fn event(&self, kind: &str, place: Place) -> Result<EventBuilder> {
        self.frame.event(kind, 0, place)
    }

    /// The span of the latest call that has this id.
    fn call_span(&self, sort: &str, id: &str) -> Option<SpanId> {
        match self.calls.get(id) {
            None | Some(1) => self.frame.span(sort, id),
            Some(times) => self.frame.span(sort, &format!("{id} {times}")),
        }
    }

    fn message(&mut self, run: &Fields<'_>, raw: Raw<'_>, index: u64, out: &mut Output<'_>) -> Result<()> {
        let mut message = run.object(raw)?;
        let role = message.take_text("role")?.unwrap_or_default();
        match role.as_str() {
            "system" | "user" => {
                let place = Place { span: None, parent: self.root };
                let said = said(&role, index, &mut message)?;
                let builder = self.event("message.created", place)?.serialize(&said);
                out.push_with(builder, &message)
            }
            "assistant" => self.assistant(message, index, out),
            "tool" => self.tool(message, out),
            _ => {
                out.report.count_record(&format!("message/{role}"));
                let place = Place { span: None, parent: self.root };
                out.push(self.event("tau_bench.message.kept", place)?.raw(compact(raw)))
            }
        }
    }

    fn assistant(&mut self, mut message: Fields<'_>, index: u64, out: &mut Output<'_>) -> Result<()> {
        self.models += 1;
        let place =
            Place { span: self.frame.span("model_call", &self.models.to_string()), parent: self.root };
        let payload = ModelCallStarted::new(None, None);
        out.push(self.event("model.call.started", place)?.serialize(&payload))?;
        let inside = Place { span: None, parent: place.span };
        let spoken = said("assistant", index, &mut message)?;
        if spoken.content.is_some() || spoken.parts.is_some() {
            out.push(self.event("message.created", inside)?.serialize(&spoken))?;
        }
        let mut requests = Vec::new();
        for raw in message.take_array("tool_calls")? {
            requests.push(self.request(message.object(raw)?, place.span, out)?);
        }
        let mut ended = ModelCallCompleted::new(None, None, None, None);
        ended.tool_call_count = (!requests.is_empty()).then_some(requests.len() as u64);
        let builder = self.event("model.call.completed", place)?.serialize(&ended);
        out.push_with(builder, &message)?;
        for request in requests {
            self.tools += 1;
            let place = Place { span: request.span, parent: self.root };
            let builder =
                label(self.event("tool.call.started", place)?, ComponentScope::Tool, &request.name)?;
            out.push(builder.serialize(&ToolCallStarted::new(request.name, request.id, request.arguments)))?;
        }
        Ok(())
    }

    fn request(
        &mut self,
        mut call: Fields<'_>,
        parent: Option<SpanId>,
        out: &mut Output<'_>,
    ) -> Result<Request> {
        let id = call.take_text("id")?.unwrap_or_default();
        *self.calls.entry(id.clone()).or_default() += 1;
        let mut function = match call.take("function") {
            Some(raw) => call.object(raw)?,
            None => return Err(lacks("function").at_path("tool_calls")),
        };
        let name = function.take_text("name")?.unwrap_or_default();
        let arguments = function.take("arguments").map(arguments).transpose()?;
        let place = Place { span: self.call_span("tool_request", &id), parent };
        let payload = ToolRequestCompleted::new(name.as_str(), id.as_str(), arguments.clone(), None);
        let builder = self.event("tool.request.completed", place)?.serialize(&payload);
        let builder = label(builder, ComponentScope::Tool, &name)?;
        let builder = out.with_rest(out.keep(builder, &mut call, &["type"]), &function, "function.");
        out.push_with(builder, &call)?;
        let span = self.call_span("tool_call", &id);
        Ok(Request { id, name, arguments, span })
    }

    fn tool(&mut self, mut message: Fields<'_>, out: &mut Output<'_>) -> Result<()> {
        let id = message.take_text("tool_call_id")?.unwrap_or_default();
        let name = message.take_text("name")?.unwrap_or_default();
        let result = message.take("content").filter(|raw| raw.get() != "null");
        let text: Option<String> = result.and_then(|raw| serde_json::from_str(raw.get()).ok());
        let error = text.filter(|text| ERRORS.iter().any(|error| text.starts_with(error)));
        let place = Place { span: self.call_span("tool_call", &id), parent: self.root };
        let kind = if error.is_some() { "tool.call.failed" } else { "tool.call.completed" };
        let builder = label(self.event(kind, place)?, ComponentScope::Tool, &name)?;
        let builder = match error {
            Some(error) => builder.serialize(&ToolCallFailed::new(name, id, error, None)),
            None => builder.serialize(&ToolCallCompleted::new(name, id, json(result)?, None)),
        };
        out.push_with(builder, &message)
    }

    fn reward(
        &mut self,
        run: &Fields<'_>,
        reward: Raw<'_>,
        details: Option<Raw<'_>>,
        out: &mut Output<'_>,
    ) -> Result<()> {
        let score = serde_json::from_str::<f64>(reward.get()).ok().filter(|score| score.is_finite());
        let score = score.ok_or_else(|| run.unfit(reward, "a reward, as a number").at_path("reward"))?;
        let mut payload = EvaluationCompleted::new("reward", (score - 1.0).abs() <= 1e-6, None);
        payload.score = Some(score);
        payload.details = json(details.filter(|raw| raw.get() != "null"))?;
        let place = Place { span: self.frame.span("evaluation", "reward"), parent: self.root };
        let builder = self.event("evaluation.completed", place)?.serialize(&payload);
        out.push(label(builder, ComponentScope::Evaluation, "reward")?)
    }

    fn end(&mut self, error: Option<String>, message_count: u64, out: &mut Output<'_>) -> Result<()> {
        let place = self.whole();
        let kind = if error.is_some() { "run.failed" } else { "run.completed" };
        let builder = label(self.event(kind, place)?, ComponentScope::Run, self.frame.id())?;
        out.push(match error {
            Some(error) => builder.serialize(&RunFailed::new(None, error, None)),
            None => {
                let mut payload = RunCompleted::new(None, None, None);
                payload.message_count = Some(message_count);
                payload.model_call_count = Some(self.models);
                payload.tool_call_count = Some(self.tools);
                builder.serialize(&payload)
            }
        })
    }
}

/// A tool call that the model asks for.
struct Request {
    id: String,
    name: String,
    arguments: Option<Json>,
    /// That of the call itself.
    span: Option<SpanId>,
}

/// What a message says: text, or whatever else stands there.
fn said(role: &str, index: u64, message: &mut Fields<'_>) -> Result<MessageCreated> {
    let mut payload = MessageCreated::new(role, None);
    payload.index = Some(index);
    if let Some(raw) = message.take("content").filter(|raw| raw.get() != "null") {
        match serde_json::from_str::<String>(raw.get()) {
            Ok(text) => payload.content = Some(text.into()),
            Err(_) => payload.parts = json(Some(raw))?,
        }
    }
    Ok(payload)
}

/// The arguments, which stand there as the text of their JSON; as that text where it is none.
fn arguments(raw: Raw<'_>) -> Result<Json> {
    let text: Option<String> = serde_json::from_str(raw.get()).ok();
    text.and_then(|text| Json::parse(text).ok()).map_or_else(|| Json::of(&compact(raw)), Ok)
}

fn json(raw: Option<Raw<'_>>) -> Result<Option<Json>> {
    raw.map(|raw| Json::of(&compact(raw))).transpose()
}

/// A number or text, for the name of a run.
fn plain<'a>(fields: &Fields<'_>, raw: Raw<'a>) -> Result<&'a str> {
    let text = raw.get();
    if text.starts_with(['{', '[']) || text.len() > 64 {
        return Err(fields.unfit(raw, "a number, or a short text"));
    }
    Ok(text.trim_matches('"'))
}

fn lacks(name: &str) -> Error {
    Error::invalid(format!("the object has no {name}")).at_column(1).expecting(RUN)
}
