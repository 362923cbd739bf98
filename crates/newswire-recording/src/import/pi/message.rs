//! Messages: what the user said, what the model answered, what tools returned.

use std::borrow::Cow;

use newswire::json::{Object, Raw, Sort};
use newswire::{ComponentScope, Error, EventBuilder, Result, SpanId};

use super::payload::{Usage, error, message_created, number, raw, text, tool_call};
use super::record::{OpenCall, Session, TurnEnd, begun, span_ns, written};
use crate::import::frame::{Place, label};
use crate::import::output::Output;
use crate::source::Fields;

/// A message, with what its record says besides.
struct Message<'a> {
    record: Fields<'a>,
    body: Fields<'a>,
    /// When the message was begun.
    began: i64,
    /// When its record was written, and how that is told.
    at: i64,
    written: Option<Raw<'a>>,
}

impl Message<'_> {
    /// Keeps when the record was written on an event that is of another time.
    fn stamped(&self, builder: EventBuilder, time: i64) -> EventBuilder {
        match self.written.filter(|_| time != self.at) {
            Some(raw) => builder.attr_raw("pi.timestamp", raw),
            None => builder,
        }
    }
}

/// A tool call that the model asked for, as the source wrote it.
struct Request<'a> {
    id: Cow<'a, str>,
    name: Cow<'a, str>,
    arguments: Option<Raw<'a>>,
}

impl Session {
    pub(super) fn message(&mut self, line: &str, mut record: Fields<'_>, out: &mut Output<'_>) -> Result<()> {
        let raw = record.take("message").ok_or_else(|| {
            Error::invalid("the record has no message").at_column(1).expecting("a message with a role")
        })?;
        let mut body = record.object(raw)?;
        let role = body.take_str("role")?.unwrap_or_default();
        if !["user", "assistant", "toolResult", "bashExecution"].contains(&&*role) {
            return self.keep_whole(&format!("message/{role}"), line, &mut record, out);
        }
        let raw = record.peek("timestamp");
        let at = written(&mut record)?.unwrap_or(self.clock);
        self.clock = at;
        let began = begun(&mut body)?.unwrap_or(at);
        let message = Message { record, body, began, at, written: raw };
        match &*role {
            "user" => self.user(message, out),
            "assistant" => self.assistant(message, out),
            "toolResult" => self.tool_result(message, out),
            _ => self.command(message, out),
        }
    }

    fn user(&mut self, mut message: Message<'_>, out: &mut Output<'_>) -> Result<()> {
        self.start_turn(message.began, out)?;
        let parent = self.here();
        let content = message.body.take("content");
        self.content(content, "user", &message, message.began, parent, out)?;
        self.leftovers(&message, out)
    }

    fn assistant(&mut self, mut message: Message<'_>, out: &mut Output<'_>) -> Result<()> {
        self.models += 1;
        let span = self.frame.span("model_call", &self.models.to_string());
        let parent = self.here();
        let place = Place { span, parent };
        let body = &mut message.body;
        let model = body.take_str("model")?.unwrap_or_default();
        let provider = body.take_str("provider")?.unwrap_or_default();
        let started = self.frame.event("model.call.started", message.began, place)?;
        let started = label(started, ComponentScope::ModelCall, &model)?;
        out.push(started.object(asked(&model, &provider)))?;

        let content = message.body.take("content");
        let requests = self.content(content, "assistant", &message, message.at, span, out)?;

        let body = &mut message.body;
        let why = body.take_str("errorMessage")?;
        let stop = body.take_str("stopReason")?;
        let raw_usage = body.take("usage");
        let usage = raw_usage.map(|raw| usage(body, raw)).transpose()?;
        let said = why.as_deref();
        let (kind, turn) = match stop.as_deref() {
            Some("error") => {
                ("model.call.failed", Some(TurnEnd::Failed(said.unwrap_or("the model call failed"))))
            }
            Some("aborted") => ("model.call.canceled", Some(TurnEnd::Canceled(said.unwrap_or("aborted")))),
            completed => {
                ("model.call.completed", (completed != Some("toolUse")).then_some(TurnEnd::Completed))
            }
        };
        let mut payload = asked(&model, &provider);
        if let (Some(raw), Some(TurnEnd::Completed) | None) = (stop.as_deref(), &turn) {
            let reason = finish_reason(raw);
            payload.text("finish_reason", reason);
            text(&mut payload, "raw_finish_reason", (reason != raw).then_some(raw));
        }
        if let Some(usage) = usage {
            usage.put(&mut payload);
        }
        number(&mut payload, "duration_ns", span_ns(message.began, message.at));
        match turn {
            Some(TurnEnd::Failed(message)) => error(&mut payload, message),
            Some(TurnEnd::Canceled(reason)) => text(&mut payload, "reason", Some(reason)),
            _ => {}
        }
        let mut builder = self.frame.event(kind, message.at, place)?.object(payload);
        builder = label(builder, ComponentScope::ModelCall, &model)?;
        if let Some(raw) = raw_usage {
            builder = builder.attr_raw("pi.usage", raw);
        }
        if let (Some(error), "model.call.completed") = (said, kind) {
            builder = builder.attr("pi.errorMessage", error);
        }
        let builder = out.keep(builder, body, &["api"]);
        out.push_with(builder, body)?;
        self.leftovers_of_record(&message, out)?;

        for request in &requests {
            self.start_tool_call(request, message.at, parent, out)?;
        }
        match turn {
            Some(end) => self.end_turn(end, message.at, out),
            None => Ok(()),
        }
    }

    /// Emits the parts of a message, in order; gives the tool calls that it asks for.
    fn content<'a>(
        &mut self,
        content: Option<Raw<'a>>,
        role: &str,
        message: &Message<'a>,
        at: i64,
        parent: Option<SpanId>,
        out: &mut Output<'_>,
    ) -> Result<Vec<Request<'a>>> {
        let mut requests = Vec::new();
        let Some(content) = content else { return Ok(requests) };
        let place = Place { span: None, parent };
        if is_text(content) {
            let payload = message_created(role, Some(content));
            let builder = self.frame.event("message.created", at, place)?.object(payload);
            out.push(message.stamped(builder, at))?;
            return Ok(requests);
        }
        for whole in message.body.array(content)? {
            let mut part = message.body.object(whole)?;
            let sort = part.take_str("type")?.unwrap_or_default();
            match &*sort {
                "text" => {
                    let payload = message_created(role, part.take("text"));
                    let builder = self.frame.event("message.created", at, place)?.object(payload);
                    let builder = out.keep(builder, &mut part, &["textSignature"]);
                    out.push_with(message.stamped(builder, at), &part)?;
                }
                "thinking" => {
                    let mut payload = Object::default();
                    raw(&mut payload, "content", part.take("thinking"));
                    // The provider's signature, to be handed back to it.
                    raw(&mut payload, "opaque", part.take("thinkingSignature"));
                    let builder = self.frame.event("reasoning.created", at, place)?.object(payload);
                    out.push_with(builder, &part)?;
                }
                "toolCall" => requests.push(self.tool_request(part, at, parent, out)?),
                _ => {
                    out.report.count_record(&format!("content/{sort}"));
                    out.push(self.frame.event("pi.content.kept", at, place)?.raw(whole.to_raw()))?;
                }
            }
        }
        Ok(requests)
    }

    fn tool_request<'a>(
        &mut self,
        mut part: Fields<'a>,
        at: i64,
        parent: Option<SpanId>,
        out: &mut Output<'_>,
    ) -> Result<Request<'a>> {
        let id = part.take_str("id")?.unwrap_or_default();
        let name = part.take_str("name")?.unwrap_or_default();
        let request = Request { id, name, arguments: part.take("arguments") };
        let payload = tool_call(&request.id, &request.name, request.arguments);
        let place = Place { span: self.frame.span("tool_request", &request.id), parent };
        let builder = self.frame.event("tool.request.completed", at, place)?.object(payload);
        let builder = label(builder, ComponentScope::Tool, &request.name)?;
        let builder = out.keep(builder, &mut part, &["partialJson"]);
        out.push_with(builder, &part)?;
        Ok(request)
    }

    fn start_tool_call(
        &mut self,
        request: &Request<'_>,
        at: i64,
        parent: Option<SpanId>,
        out: &mut Output<'_>,
    ) -> Result<()> {
        let Request { id, name, arguments } = request;
        let place = Place { span: self.frame.span("tool_call", id), parent };
        let builder = self.frame.event("tool.call.started", at, place)?;
        let builder = label(builder, ComponentScope::Tool, name)?;
        out.push(builder.object(tool_call(id, name, *arguments)))?;
        self.open_call(id, OpenCall { began: at, parent });
        Ok(())
    }

    fn tool_result(&mut self, mut message: Message<'_>, out: &mut Output<'_>) -> Result<()> {
        let body = &mut message.body;
        let id = body.take_str("toolCallId")?.unwrap_or_default();
        let name = body.take_str("toolName")?.unwrap_or_default();
        let failed = body.take_truth("isError")?.unwrap_or(false);
        let content = body.take("content");
        let said = content.map(|content| only_text(body, content)).transpose()?.flatten();
        let call = self.calls.remove(&*id);
        let mut payload = tool_call(&id, &name, None);
        number(&mut payload, "duration_ns", call.and_then(|call| span_ns(call.began, message.began)));
        raw(&mut payload, "result", said.or(content).filter(|_| !failed || said.is_none()));
        if failed {
            match said {
                Some(said) => {
                    payload.object("error", |error| raw(error, "message", Some(said)));
                }
                None => error(&mut payload, &said_in_parts(body, content)),
            }
        }
        let kind = if failed { "tool.call.failed" } else { "tool.call.completed" };
        let parent = call.map_or_else(|| self.here(), |call| call.parent);
        let place = Place { span: self.frame.span("tool_call", &id), parent };
        let mut builder = self.frame.event(kind, message.began, place)?.object(payload);
        builder = label(builder, ComponentScope::Tool, &name)?;
        let builder = out.keep(builder, body, &["details"]);
        let builder = message.stamped(builder, message.began);
        out.push_with(builder, &message.body)?;
        self.leftovers_of_record(&message, out)
    }

    /// A command that the user ran himself: no tool call.
    fn command(&mut self, mut message: Message<'_>, out: &mut Output<'_>) -> Result<()> {
        let body = &mut message.body;
        let command = body.take_str("command")?.unwrap_or_default();
        let mut payload = Object::default();
        payload.text("command", &command);
        let code = body.peek("exitCode");
        let has_code = body.take_as::<i64>("exitCode", "an exit code")?.is_some();
        raw(&mut payload, "exit_code", code.filter(|_| has_code));
        raw(&mut payload, "output", body.take("output"));
        payload.truth("canceled", body.take_truth("cancelled")?.unwrap_or(false));
        payload.truth("truncated", body.take_truth("truncated")?.unwrap_or(false));
        let place = Place { span: None, parent: self.here() };
        let builder = self.frame.event("pi.command.executed", message.began, place)?.object(payload);
        let builder = out.keep(builder, body, &["fullOutputPath"]);
        let builder = message.stamped(builder, message.began);
        out.push_with(builder, &message.body)?;
        self.leftovers_of_record(&message, out)
    }

    fn leftovers(&self, message: &Message<'_>, out: &mut Output<'_>) -> Result<()> {
        self.rest_of(&message.body, message.at, out)?;
        self.leftovers_of_record(message, out)
    }

    fn leftovers_of_record(&self, message: &Message<'_>, out: &mut Output<'_>) -> Result<()> {
        self.rest_of(&message.record, message.at, out)
    }

    /// Fields that no event of the message carries get one of their own.
    fn rest_of(&self, fields: &Fields<'_>, at: i64, out: &mut Output<'_>) -> Result<()> {
        if fields.is_empty() {
            return Ok(());
        }
        let place = Place { span: None, parent: self.here() };
        out.push_with(self.frame.event("pi.record.kept", at, place)?, fields)
    }
}

/// The payload of a model call: whom it asks.
fn asked(model: &str, provider: &str) -> Object {
    let mut payload = Object::default();
    payload.text("model", model).text("provider", provider);
    payload
}

fn is_text(value: Raw<'_>) -> bool {
    matches!(value.sort(), Sort::Plain | Sort::Escaped)
}

/// The source's word in the words of the standards; one that it doesn't know stays as it is.
fn finish_reason(stop: &str) -> &str {
    match stop {
        "toolUse" => "tool_calls",
        other => other,
    }
}

/// The text of content that is nothing but one piece of text.
fn only_text<'a>(body: &Fields<'a>, content: Raw<'a>) -> Result<Option<Raw<'a>>> {
    if is_text(content) {
        return Ok(Some(content));
    }
    let [whole] = body.array(content)?[..] else { return Ok(None) };
    let mut part = body.object(whole)?;
    let is_text = part.take_str("type")?.as_deref() == Some("text");
    let text = part.take("text");
    Ok(text.filter(|_| is_text && part.is_empty()))
}

/// What the texts among its parts say together; what is to be told where there is none.
fn said_in_parts(body: &Fields<'_>, content: Option<Raw<'_>>) -> String {
    let parts = content.and_then(|content| body.array(content).ok()).unwrap_or_default();
    let text = |part| body.object(part).ok()?.take_str("text").ok()?.map(Cow::into_owned);
    let texts: Vec<String> = parts.into_iter().filter_map(text).collect();
    if texts.is_empty() { "the tool failed".to_owned() } else { texts.join("\n") }
}

/// Whether it is a finite number that isn't negative.
fn is_amount(value: Raw<'_>) -> bool {
    const SURE: usize = 300;
    let plain = |byte: u8| matches!(byte, b'0'..=b'9' | b'.');
    let is_plain = value.get().len() < SURE && value.get().bytes().all(plain);
    is_plain || serde_json::from_str::<f64>(value.get()).is_ok_and(|usd| usd.is_finite() && usd >= 0.0)
}

/// One record of usage.
fn usage<'a>(body: &Fields<'a>, raw: Raw<'a>) -> Result<Usage<'a>> {
    let mut fields = body.object(raw)?;
    let mut count = |name| -> Result<u64> { Ok(fields.take_count(name, "a count of tokens")?.unwrap_or(0)) };
    let (input, output, cache_read, cache_write) =
        (count("input")?, count("output")?, count("cacheRead")?, count("cacheWrite")?);
    let total = input.checked_add(cache_read).and_then(|sum| sum.checked_add(cache_write));
    let input = total.ok_or_else(|| body.unfit(raw, "counts of tokens whose sum fits 64 bits"))?;
    let mut cost_usd = None;
    if let Some(cost) = fields.take("cost") {
        cost_usd = body.object(cost)?.take("total");
    }
    if let Some(cost) = cost_usd
        && !is_amount(cost)
    {
        return Err(body.unfit(cost, "a cost in US dollars, not negative").at_path("usage.cost.total"));
    }
    Ok(Usage { input, output, cache_read, cache_write, cost_usd })
}
