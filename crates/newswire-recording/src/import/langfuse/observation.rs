//! An observation: what it gives when it begins and when it ends.

use newswire::catalogue::row_of;
use newswire::json::Raw;
use newswire::{ComponentScope, Error, EventBuilder, Kind, Result, Severity, SpanId};
use serde::Serialize;

use super::payload::Payload;
use super::request::{requests, word};
use super::room::{LeftOut, Of, leave_out, marked};
use super::usage::Usage;
use crate::import::frame::{Frame, Place, label};
use crate::import::output::Output;
use crate::source::{Fields, parse_utc};

/// What is known of an observation when it begins, besides what its event says.
const AT_BEGINNING: &[&str] = &[
    "id",
    "traceId",
    "projectId",
    "type",
    "environment",
    "parentObservationId",
    "name",
    "version",
    "metadata",
    "model",
    "internalModelId",
    "modelParameters",
    "promptId",
    "promptName",
    "promptVersion",
    "createdAt",
];

/// What is known of it at its end.
const AT_END: &[&str] = &[
    "level",
    "statusMessage",
    "endTime",
    "completionStartTime",
    "updatedAt",
    "latency",
    "timeToFirstToken",
    "inputUsage",
    "outputUsage",
    "totalUsage",
    "usageDetails",
    "inputCost",
    "outputCost",
    "totalCost",
    "costDetails",
    "providedCostDetails",
    "calculatedInputCost",
    "calculatedOutputCost",
    "calculatedTotalCost",
    "usagePricingTierId",
    "usagePricingTierName",
];

/// Types that are steps; there are no others that it doesn't know.
const STEPS: [&str; 3] = ["SPAN", "CHAIN", "GUARDRAIL"];

/// An observation whose envelope has been read.
pub(super) struct Observation<'a> {
    fields: Fields<'a>,
    sort: String,
    /// What its kinds begin with; `None` for an EVENT, which is one itself.
    family: Option<&'static str>,
    /// What it is called: the tool or agent, where that is told, else its name.
    title: String,
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) began: i64,
    pub(super) ended: Option<i64>,
    /// What it says of its failure, if it has failed.
    pub(super) failure: Option<String>,
    model: Option<String>,
    /// What OpenTelemetry tells of it.
    attributes: Option<Fields<'a>>,
    /// What its events have no room for.
    pub(super) left_out: Vec<LeftOut>,
}

/// What went wrong.
#[derive(Serialize)]
pub(super) struct Failure {
    pub(super) message: String,
}

/// What is known of an observation that hasn't ended.
#[derive(Serialize)]
struct Unended<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Raw<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage<'a>>,
}

/// The fields of a log line.
#[derive(Serialize)]
struct Logged<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Raw<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Raw<'a>>,
}

impl<'a> Observation<'a> {
    pub(super) fn read(document: &Fields<'a>, raw: Raw<'a>, out: &mut Output<'_>) -> Result<Self> {
        let mut fields = document.object(raw)?;
        fields.forget_nulls();
        let left_out =
            if out.skips() { leave_out(&mut fields, |name| Some(event_of(name))) } else { Vec::new() };
        let text = |name: &str| match fields.peek(name) {
            None => Ok(None),
            Some(raw) => serde_json::from_str::<String>(raw.get())
                .map(Some)
                .map_err(|_| fields.unfit(raw, "a string").at_path(name)),
        };
        let lacks = |name: &str| Error::invalid(format!("the observation has no {name}")).expecting(name);
        let id = text("id")?.ok_or_else(|| lacks("id"))?;
        let parent = text("parentObservationId")?;
        let sort = text("type")?.unwrap_or_default();
        let began = time(&fields, "startTime")?.ok_or_else(|| lacks("startTime"))?;
        let ended = out.fitting(time(&fields, "endTime"))?;
        let model = text("model")?;
        let name = text("name")?.unwrap_or_default();
        // Metadata may be anything; what isn't as OpenTelemetry has it is kept and not looked into.
        let metadata = fields.peek("metadata").and_then(|raw| fields.object(raw).ok());
        let attributes = metadata.and_then(|metadata| metadata.object(metadata.peek("attributes")?).ok());
        let told = |names: &[&str]| attribute(attributes.as_ref(), names);
        let (family, title) = match sort.as_str() {
            "GENERATION" => (Some("model.call"), None),
            "TOOL" => (Some("tool.call"), told(&["gen_ai.tool.name", "tool.name"])),
            "AGENT" => (Some("agent"), told(&["gen_ai.agent.name"])),
            "EMBEDDING" => (Some("embedding.call"), None),
            "RETRIEVER" => (Some("retrieval"), None),
            "EVALUATOR" => (Some("evaluation"), None),
            "EVENT" => (None, None),
            _ => (Some("step"), None),
        };
        let ended = ended.filter(|_| family.is_some());
        let message = text("statusMessage")?.unwrap_or_else(|| "unknown".to_owned());
        let failure = (text("level")?.as_deref() == Some("ERROR")).then_some(message);
        fields.take("startTime");
        if ended.is_some() {
            fields.take("endTime");
        }
        let title = title.unwrap_or(name);
        Ok(Self {
            fields,
            sort,
            family,
            title,
            id,
            parent,
            began,
            ended,
            failure,
            model,
            attributes,
            left_out,
        })
    }

    /// The agent that it is, if it is one.
    pub(super) fn agent(&self) -> Option<&str> {
        Some(&*self.title).filter(|name| self.is("AGENT") && !name.is_empty())
    }

    /// Whether it is of that type.
    pub(super) fn is(&self, sort: &str) -> bool {
        self.sort == sort
    }

    /// Gives its beginning; where no end will come, also what is known of that.
    pub(super) fn begin(
        &mut self,
        frame: &Frame,
        parent: Option<SpanId>,
        out: &mut Output<'_>,
    ) -> Result<()> {
        let Some(family) = self.family else { return self.log(frame, parent, out) };
        if family == "step" && !STEPS.contains(&self.sort.as_str()) {
            out.report.count_record(&format!("observation/{}", self.sort));
        }
        let kind = format!("{family}.started");
        let mut payload = self.payload(&kind)?;
        if let Some(input) = self.fields.peek("input")
            && payload.put_first(&["messages", "arguments", "input", "query"], input)?
        {
            self.fields.take("input");
        }
        let parameters = self.fields.peek("modelParameters").and_then(|raw| self.fields.object(raw).ok());
        if let Some(parameters) = parameters {
            let temperature = parameters.peek("temperature").filter(|raw| fits::<f64>(*raw));
            payload.put("temperature", temperature)?;
            payload
                .put("max_output_tokens", parameters.peek("max_tokens").filter(|raw| fits::<u64>(*raw)))?;
        }
        let builder = self.event(frame, &kind, self.began, parent, &payload)?;
        let builder = out.keep(builder, &mut self.fields, AT_BEGINNING);
        let builder = marked(builder, &self.left_out, Of::Beginning);
        out.push(out.keep(builder, &mut self.fields, &["input"]))?;
        match self.ended {
            Some(_) => Ok(()),
            None => self.go_on(frame, parent, out),
        }
    }

    /// Gives its end.
    pub(super) fn end(&mut self, frame: &Frame, parent: Option<SpanId>, out: &mut Output<'_>) -> Result<()> {
        let (Some(family), Some(ended)) = (self.family, self.ended) else { return Ok(()) };
        let asked = self.ask(frame, ended, out)?;
        let failure = self.failure.clone();
        let kind = format!("{family}.{}", if failure.is_some() { "failed" } else { "completed" });
        let mut payload = self.payload(&kind)?;
        payload.put("error", failure.map(|message| Failure { message }))?;
        if let Some(output) = self.fields.peek("output")
            && payload.put_first(&["output", "result", "documents", "content"], output)?
        {
            self.fields.take("output");
        }
        payload.put("usage", out.fitting(Usage::of(&self.fields))?)?;
        payload.put("duration_ns", ended.checked_sub(self.began).filter(|nanos| *nanos >= 0))?;
        let first = out.fitting(time(&self.fields, "completionStartTime"))?;
        let first = first.and_then(|first| first.checked_sub(self.began)).filter(|nanos| *nanos >= 0);
        payload.put("time_to_first_chunk_ns", first)?;
        let told = |name| attribute(self.attributes.as_ref(), &[name]);
        let finished = told("gen_ai.response.finish_reasons");
        payload.put("finish_reason", finished.as_deref().map(finish_reason))?;
        let raw = finished.as_deref().filter(|raw| finish_reason(raw) != *raw);
        payload.put("raw_finish_reason", raw)?;
        payload.put("response_model", told("gen_ai.response.model"))?;
        payload.put("response_id", told("gen_ai.response.id"))?;
        payload.put("tool_call_count", (asked > 0).then_some(asked))?;
        let builder = self.event(frame, &kind, ended, parent, &payload)?;
        self.push_rest(builder, out)
    }

    /// Gives what is known of an end that never came.
    fn go_on(&mut self, frame: &Frame, parent: Option<SpanId>, out: &mut Output<'_>) -> Result<()> {
        let Some(family) = self.family else { return Ok(()) };
        self.ask(frame, self.began, out)?;
        let kind = format!("{family}.progress");
        let mut payload = self.payload(&kind)?;
        let usage = out.fitting(Usage::of(&self.fields))?;
        let unended = Unended { output: self.fields.peek("output"), usage };
        payload.put("data", Some(unended))?;
        self.fields.take("output");
        let builder = self.event(frame, &kind, self.began, parent, &payload)?;
        self.push_rest(builder, out)
    }

    /// Gives the tool calls that its output asks for; says how many there are.
    fn ask(&self, frame: &Frame, at: i64, out: &mut Output<'_>) -> Result<u64> {
        let Some(output) = self.fields.peek("output").filter(|_| self.is("GENERATION")) else { return Ok(0) };
        let mut asked = 0_u64;
        for request in requests(&self.fields, output) {
            asked += 1;
            let kind = "tool.request.completed";
            let mut payload = Payload::of(kind)?;
            payload.put("name", Some(&request.name))?;
            payload.put("call_id", request.id)?;
            payload.put("arguments", request.arguments)?;
            let span = frame.span("tool_request", &format!("{} {asked}", self.id));
            let place = Place { span, parent: self.span(frame) };
            let builder = frame.event(kind, at, place)?.serialize(&payload);
            out.push(label(builder, ComponentScope::Tool, &request.name)?)?;
        }
        Ok(asked)
    }

    /// Gives an EVENT, which is a line of a log.
    fn log(&mut self, frame: &Frame, parent: Option<SpanId>, out: &mut Output<'_>) -> Result<()> {
        let mut payload = Payload::of("log.written")?;
        payload.put("message", Some(&self.title))?;
        payload.put("level", self.fields.peek("level").and_then(word))?;
        let logged = Logged { input: self.fields.take("input"), output: self.fields.take("output") };
        payload.put("fields", Some(logged))?;
        let place = Place { span: None, parent };
        let builder = frame.event("log.written", self.began, place)?.serialize(&payload);
        let builder = marked(self.graded(builder), &self.left_out, Of::Beginning);
        let builder = out.keep(builder, &mut self.fields, AT_BEGINNING);
        self.push_rest(builder, out)
    }

    /// The span of it.
    pub(super) fn span(&self, frame: &Frame) -> Option<SpanId> {
        span_of(frame, &self.id)
    }

    /// A payload with what all of its events say.
    fn payload(&self, kind: &str) -> Result<Payload> {
        let mut payload = Payload::of(kind)?;
        let told = |names| attribute(self.attributes.as_ref(), names);
        payload.put("name", Some(&self.title))?;
        payload.put("model", self.model.as_deref())?;
        payload.put(
            "provider",
            told(&["gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system"]),
        )?;
        payload.put("call_id", told(&["gen_ai.tool.call.id"]))?;
        let step_type = self.sort.to_ascii_lowercase();
        payload.put("step_type", (step_type != "span").then_some(step_type))?;
        Ok(payload)
    }

    fn event(
        &self,
        frame: &Frame,
        kind: &str,
        at: i64,
        parent: Option<SpanId>,
        payload: &Payload,
    ) -> Result<EventBuilder> {
        let place = Place { span: self.span(frame), parent };
        let builder = frame.event(kind, at, place)?.serialize(payload);
        let builder = if kind.ends_with(".completed") { self.graded(builder) } else { builder };
        let Some(scope) = row_of(&Kind::parse(kind)?).and_then(|row| row.component) else {
            return Ok(builder);
        };
        label(builder, scope, self.model.as_deref().filter(|_| self.is("GENERATION")).unwrap_or(&self.title))
    }

    /// The event, as severe as its level says where that is another than the kind's own.
    fn graded(&self, builder: EventBuilder) -> EventBuilder {
        match self.fields.peek("level").and_then(word).as_deref() {
            Some("WARNING") => builder.severity(Severity::Warn),
            Some("DEBUG") => builder.severity(Severity::Debug),
            Some("ERROR") => builder.severity(Severity::Error),
            _ => builder,
        }
    }

    /// Finishes its last event, with all that no event had until then.
    fn push_rest(&mut self, builder: EventBuilder, out: &mut Output<'_>) -> Result<()> {
        let builder = marked(builder, &self.left_out, Of::End);
        let builder = out.keep(builder, &mut self.fields, AT_END);
        let builder = out.keep(builder, &mut self.fields, &["output"]);
        out.push_with(builder, &self.fields)
    }
}

/// The event that a field of an observation goes to.
fn event_of(name: &str) -> Of {
    if name == "input" || AT_BEGINNING.contains(&name) { Of::Beginning } else { Of::End }
}

/// The span of the observation of that id.
pub(super) fn span_of(frame: &Frame, id: &str) -> Option<SpanId> {
    frame.span("observation", id)
}

/// A time of Langfuse.
pub(super) fn time(fields: &Fields<'_>, name: &str) -> Result<Option<i64>> {
    let Some(raw) = fields.peek(name) else { return Ok(None) };
    let text: Option<String> = serde_json::from_str(raw.get()).ok();
    let expected = "a time such as 2025-06-11T14:01:32.598Z";
    text.and_then(|text| parse_utc(&text)).map(Some).ok_or_else(|| fields.unfit(raw, expected).at_path(name))
}

/// The first of these attributes that is told.
fn attribute(attributes: Option<&Fields<'_>>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| word(attributes?.peek(name)?))
}

/// Whether the value is of that type.
fn fits<T: serde::de::DeserializeOwned>(raw: Raw<'_>) -> bool {
    serde_json::from_str::<T>(raw.get()).is_ok()
}

/// The framework's word in the words of the standards; one that it doesn't know stays as it is.
fn finish_reason(word: &str) -> &str {
    match word {
        "tool_call" => "tool_calls",
        other => other,
    }
}
