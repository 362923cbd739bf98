//! Recorded model streams: updates of Microsoft.Extensions.AI, as AG-UI's .NET hosting gets them.
//!
//! | in a stream | events |
//! |---|---|
//! | its begin and end | `run.started`, `run.completed` |
//! | the first update of an answer; the end of the stream, or a tool's result | `model.call.started`; `model.call.completed` with usage and finish reason |
//! | `text`, `reasoning` | `message.delta`, `reasoning.delta`, and each part whole |
//! | `functionCall` | `tool.request.started`, `tool.request.completed`, `tool.call.started` |
//! | the same without a model, before any answer: an earlier request is carried out | `tool.call.started`, where it isn't under way |
//! | `functionResult` | `tool.call.completed` |
//! | `toolApprovalRequest` | the request, and `tool.approval.started` |
//! | `rawRepresentation` that is an AG-UI event | as that event |
//! | anything else | kept |
//!
//! A stream of which tools were called within holds several answers, and so several model calls.

use newswire::Result;
use newswire::catalogue::run::RunCompleted;
use newswire::catalogue::tool::ToolApprovalStarted;
use newswire::catalogue::{Json, Text, Usage};
use newswire::json::{Index, Raw};

use super::{State, events};
use crate::import::answer::{End, Made, ToolEnd, together};
use crate::import::frame::Place;
use crate::import::output::Output;
use crate::source::{Fields, parse_utc};

/// Fields that stay attributes.
const KNOWN: &[&str] = &[
    "role",
    "responseId",
    "messageId",
    "conversationId",
    "createdAt",
    "modelId",
    "finishReason",
    "authorName",
    "rawRepresentation",
    "contents",
    "content",
    "type",
    "source",
    "event",
];

impl State {
    /// Maps one stream: a run of its own.
    pub(super) fn stream(&mut self, record: &str, text: &str, out: &mut Output<'_>) -> Result<()> {
        let mut index = Index::default();
        let updates = Fields::array_of(&mut index, record, text)?;
        self.streams += 1;
        if let Some(at) = first_time(record, &updates)? {
            self.answers.clock = at;
        }
        let (session, run) = (self.file.clone(), format!("{}/{}", self.file, self.streams));
        let mut made = Made::default();
        self.start_run((&session, &run), None, &mut made)?;
        self.pass(made, "", KNOWN, out)?;
        for raw in updates {
            let mut fields = Fields::of(record, raw)?;
            let mut made = Made::default();
            self.update(&mut fields, &mut made)?;
            made.keep_rest("", &fields);
            self.pass(made, raw.get(), KNOWN, out)?;
        }
        let mut made = Made::default();
        self.end_answer(&mut made)?;
        let usage = self.run.usage.take();
        let (place, took) = self.leave_run();
        let mut payload = RunCompleted::new(None, None, took);
        payload.usage = usage;
        self.answers.add(payload, place, &mut made)?;
        self.pass(made, "", KNOWN, out)
    }

    /// Ends the open answer; what it used, its stream has used.
    fn end_answer(&mut self, made: &mut Made<'_>) -> Result<()> {
        if let Some(used) = self.answers.call().and_then(|call| call.usage.clone()) {
            let so_far = self.run.usage.take().unwrap_or_default();
            self.run.usage = Some(together(&so_far, &used));
        }
        self.answers.end(End::Completed, made)
    }

    fn update<'a>(&mut self, fields: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
        let given = |name: &str| fields.peek_as::<String>(name).filter(|text| !text.is_empty());
        let at = created(fields);
        let (role, model, message) = (given("role"), given("modelId"), given("messageId"));
        let (response, finish) = (given("responseId"), given("finishReason"));
        let by_model = fields.peek("modelId").is_some();
        if let Some(at) = at {
            self.answers.clock = at;
        }
        let raw_contents = fields.take_array("contents")?;
        let mut contents = Vec::with_capacity(raw_contents.len());
        for raw in raw_contents {
            contents.push((raw, fields.object(raw)?));
        }
        if let Some(raw) = fields.peek("rawRepresentation").filter(|_| contents.is_empty() && !by_model) {
            let mut event = fields.object(raw)?;
            events::event(self, &mut event, made)?;
            if !made.is_empty() {
                fields.take("rawRepresentation");
                made.keep_rest("rawRepresentation", &event);
            }
            return Ok(());
        }
        let sort = |content: &Fields<'_>| content.peek_as::<String>("$type").unwrap_or_default();
        let resumed = !by_model
            && self.answers.call().is_none()
            && !contents.is_empty()
            && contents.iter().all(|(_, content)| sort(content) == "functionCall");
        if role.as_deref() == Some("tool") {
            self.end_answer(made)?;
        } else if !resumed {
            let call = self.answers.begin(model.clone(), made)?;
            call.answers = model.or(call.answers.take());
            call.response = response.or(call.response.take());
            call.finish = finish.or(call.finish.take());
        }
        for (place, (raw, mut content)) in contents.into_iter().enumerate() {
            let sort = sort(&content);
            if resumed {
                self.carry_out(&mut content, made)?;
            } else if !self.content(&sort, message.as_deref(), &mut content, made)? {
                if !["interruptRequest"].contains(&sort.as_str()) {
                    made.unknown = Some(format!("content/{sort}"));
                }
                made.keep(&format!("contents.{place}"), raw);
                continue;
            }
            content.take("$type");
            made.keep_rest("content", &content);
        }
        Ok(())
    }

    /// Maps a piece of content; `false` where it isn't known.
    fn content<'a>(
        &mut self,
        sort: &str,
        message: Option<&str>,
        content: &mut Fields<'a>,
        made: &mut Made<'a>,
    ) -> Result<bool> {
        match sort {
            "text" => {
                let piece = content.take_text("text")?.unwrap_or_default();
                self.answers.close_texts("", "text", made)?;
                self.answers.text("text", message, &piece, made)?;
            }
            "reasoning" => {
                let piece = content.take_text("text")?.unwrap_or_default();
                self.answers.close_texts("", "reasoning", made)?;
                self.answers.reasoning("reasoning", message, &piece, made)?;
            }
            "usage" => {
                let Some(details) = content.peek("details") else { return Ok(true) };
                let used = usage(&content.object(details)?)?;
                if let Some(call) = self.answers.call() {
                    call.usage = Some(used);
                }
            }
            "functionCall" => {
                self.ask(content, made)?;
                self.carry_out(content, made)?;
            }
            "functionResult" => {
                let id = content.take_text("callId")?.unwrap_or_default();
                let name = self.answers.tools.name(&id).unwrap_or("tool").to_owned();
                let result = content.take("result");
                self.answers.tool_ended(&id, &name, ToolEnd::Completed(result), made)?;
            }
            "toolApprovalRequest" => {
                let Some(mut call) = content.take_object("toolCall")? else { return Ok(true) };
                self.ask(&call, made)?;
                let id = call.take_text("callId")?.unwrap_or_default();
                let name = call.take_text("name")?.unwrap_or_default();
                let arguments = call.take("arguments").map(|raw| Json::parse(raw.get())).transpose()?;
                let payload = ToolApprovalStarted::new(name, Text::from(id.as_str()), arguments);
                let place =
                    Place { span: self.answers.frame.span("tool_approval", &id), ..self.answers.here() };
                self.answers.add(payload, place, made)?;
                call.take("$type");
                made.keep_rest("content.toolCall", &call);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A whole request.
    fn ask(&mut self, call: &Fields<'_>, made: &mut Made<'_>) -> Result<()> {
        let id: Option<String> = call.peek_as("callId");
        let name: String = call.peek_as("name").unwrap_or_default();
        let key = format!("request/{}", id.as_deref().unwrap_or_default());
        self.answers.close_texts("", "", made)?;
        self.answers.request(&key, id.as_deref(), &name, made)?;
        if let Some(raw) = call.peek("arguments") {
            self.answers.set_arguments(&key, raw.get(), false);
        }
        self.answers.close(&key, made)
    }

    /// A request is to be carried out, unless it is under way.
    fn carry_out<'a>(&mut self, call: &mut Fields<'a>, made: &mut Made<'a>) -> Result<()> {
        let id: String = call.peek_as("callId").unwrap_or_default();
        if self.answers.tools.is_open(&id) {
            return Ok(());
        }
        call.take("callId");
        let name = call.take_text("name")?.unwrap_or_default();
        let arguments = call.take("arguments").map(|raw| raw.get());
        self.answers.tool_started(&id, &name, arguments, made)
    }
}

/// When an update was made; 1970 is how they write that they don't know.
fn created(update: &Fields<'_>) -> Option<i64> {
    parse_utc(&update.peek_as::<String>("createdAt")?).filter(|at| *at != 0)
}

/// The first time that a stream tells, since its first updates tell none.
fn first_time(record: &str, updates: &[Raw<'_>]) -> Result<Option<i64>> {
    for raw in updates.iter().copied() {
        let at = created(&Fields::of(record, raw)?);
        if at.is_some() {
            return Ok(at);
        }
    }
    Ok(None)
}

fn usage(said: &Fields<'_>) -> Result<Usage> {
    Ok(Usage {
        input_tokens: said.tokens("inputTokenCount")?,
        output_tokens: said.tokens("outputTokenCount")?,
        reasoning_tokens: said.tokens("reasoningTokenCount")?,
        cache_read_tokens: said.tokens("cachedInputTokenCount")?,
        ..Usage::default()
    })
}
