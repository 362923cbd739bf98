//! Session logs of Codex's terminal interface: JSON lines of all that goes to and from it, and of forks of it.
//!
//! | record | events |
//! |---|---|
//! | `session_start`, `session_end` | `session.started`, `session.completed` |
//! | `codex_event` (any `*_event` with a `msg`): `session_configured` | `session.progress` |
//! | `task_started`, `task_complete`, `turn_aborted`, `error` | `turn.started`, `turn.completed`, `canceled`, `failed` |
//! | `agent_message_delta`, `agent_message` | `message.delta`, `message.created` |
//! | `agent_reasoning*_delta`, `agent_reasoning*` | `reasoning.delta`, `reasoning.created` |
//! | `*_begin`, `*_end` of a call | `tool.call.started`; `tool.call.completed` or `failed` |
//! | `log_line` | `log.written` |
//! | `app_event`, `key_event`, `insert_history`, `op`, and events of Codex that are none of these | `codex.app.sent`, `codex.key.pressed`, `codex.history.inserted`, `codex.op.sent`, `codex.event.kept`: whole |
//! | anything else | `codex.record.kept`: whole, and counted |
//!
//! The log tells no model calls: neither when a request begins or ends nor what it used. One is not made up of a turn
//! either, which may hold any number of them, so there are none here. Texts of one turn have one stream each, until they are told
//! whole. The run's id and spans follow from the source's name and first record, since the session's id comes later.

use std::collections::HashMap;

use newswire::catalogue::{
    Failure, Json, Text,
    log::LogWritten,
    message::{MessageCreated, MessageDelta},
    reasoning::{ReasoningCreated, ReasoningDelta},
    session::{SessionCompleted, SessionProgress, SessionStarted},
    tool::{ToolCallCompleted, ToolCallFailed, ToolCallStarted},
    turn::{TurnCanceled, TurnCompleted, TurnFailed, TurnStarted},
};
use newswire::json::Index;
use newswire::{ComponentScope, Error, EventBuilder, Result, SpanId};

use super::format::Format;
use super::frame::{Frame, Place, label, run_of};
use super::output::Output;
use super::read::Importer;
use crate::source::{Fields, Unit, parse_utc};

/// Session logs of Codex.
pub(super) const FORMAT: Format = Format {
    name: "codex",
    about: "session logs of Codex's terminal interface",
    unit: Unit::Line,
    detect: |head| head.line_names(&["ts", "dir", "kind"]),
    importer: |name| Box::new(Mapper { name: name.to_owned(), session: None }),
};

/// How many calls may be open, and how long their ids may be; others tell no duration.
const MAX_OPEN_CALLS: usize = 4096;
const MAX_ID_BYTES: usize = 1024;

struct Mapper {
    name: String,
    session: Option<Session>,
}

struct Session {
    frame: Frame,
    root: Option<SpanId>,
    began: i64,
    clock: i64,
    turn: Option<Turn>,
    turns: u64,
    /// When each open call began.
    calls: HashMap<String, i64>,
}

struct Turn {
    name: String,
    span: Option<SpanId>,
    began: i64,
    /// How many texts and reasonings of it were told whole.
    texts: u64,
    reasonings: u64,
}

impl Importer for Mapper {
    fn record(&mut self, line: &str, out: &mut Output<'_>) -> Result<()> {
        let mut index = Index::default();
        let mut fields = Fields::read(&mut index, line, line)?;
        let kind = fields.peek_as::<String>("kind").ok_or_else(|| {
            Error::invalid("the record has no kind").at_column(1).expecting("a record with ts, dir and kind")
        })?;
        let at = written(&mut fields)?;
        let session = match &mut self.session {
            Some(session) => session,
            empty => empty.insert(Session::new(&self.name, line, at.unwrap_or(0))?),
        };
        session.clock = at.unwrap_or(session.clock);
        session.record(&kind, line, fields, out)
    }
}

/// When the record was written.
fn written(fields: &mut Fields<'_>) -> Result<Option<i64>> {
    let Some(raw) = fields.take("ts") else { return Ok(None) };
    let text: Option<String> = serde_json::from_str(raw.get()).ok();
    let expected = "a time such as 2025-08-10T03:12:26.500Z";
    let at = text.and_then(|text| parse_utc(&text));
    at.map(Some).ok_or_else(|| fields.unfit(raw, expected).at_path("ts"))
}

impl Session {
    fn new(name: &str, first: &str, began: i64) -> Result<Self> {
        let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let id: String = file.split('.').next().unwrap_or_default().chars().take(100).collect();
        let id = run_of(if id.is_empty() { "session" } else { &id }, name, first);
        let frame = Frame::of_source("codex", &id, name.to_owned())?;
        let root = frame.span("session", "");
        Ok(Self { frame, root, began, clock: began, turn: None, turns: 0, calls: HashMap::new() })
    }

    fn here(&self) -> Place {
        Place { span: None, parent: self.turn.as_ref().map_or(self.root, |turn| turn.span) }
    }

    fn at_root(&self) -> Place {
        Place { span: self.root, parent: None }
    }

    fn since(&self, began: i64) -> Option<u64> {
        u64::try_from(self.clock.checked_sub(began)?).ok()
    }

    fn record(&mut self, kind: &str, line: &str, mut fields: Fields<'_>, out: &mut Output<'_>) -> Result<()> {
        let whole = |kind: &str, this: &Self| this.frame.event(kind, this.clock, this.here());
        let builder = match kind {
            "session_start" => {
                self.began = self.clock;
                let mut payload = SessionStarted::new(None);
                payload.workspace = fields.take_text("cwd")?.map(Text::from);
                fields.take("kind");
                let builder = self.frame.event_of(payload, self.clock, self.at_root());
                out.keep(builder, &mut fields, &["model", "model_provider_id", "model_provider_name"])
            }
            "session_end" => {
                fields.take("kind");
                let mut payload = SessionCompleted::new(None, None, self.since(self.began));
                payload.turn_count = Some(self.turns);
                self.frame.event_of(payload, self.clock, self.at_root())
            }
            "log_line" => {
                let line = fields.take_text("line")?.unwrap_or_default();
                let mut payload = LogWritten::new(line.as_str());
                let head = line.strip_prefix('[').and_then(|line| line.split_once(']'));
                let head = head.and_then(|(head, _)| head.split_once(' '));
                payload.level = head.map(|(level, _)| level.into());
                payload.logger = head.map(|(_, logger)| logger.into());
                fields.take("kind");
                self.frame.event_of(payload, self.clock, self.here())
            }
            "app_event" => return out.push(whole("codex.app.sent", self)?.json(line.trim())),
            "key_event" => return out.push(whole("codex.key.pressed", self)?.json(line.trim())),
            "insert_history" => return out.push(whole("codex.history.inserted", self)?.json(line.trim())),
            "op" => return out.push(whole("codex.op.sent", self)?.json(line.trim())),
            _ if kind.ends_with("_event") && fields.peek("payload").is_some() => {
                match self.event(&mut fields, out)? {
                    Some(builder) => builder,
                    None => return out.push(whole("codex.event.kept", self)?.json(line.trim())),
                }
            }
            _ => {
                out.report.count_record(kind);
                return out.push(whole("codex.record.kept", self)?.json(line.trim()));
            }
        };
        let builder = out.keep(builder, &mut fields, &["kind", "dir"]);
        out.push_with(builder, &fields)
    }

    /// What Codex itself tells; `None` where it is to be kept whole.
    fn event(&mut self, fields: &mut Fields<'_>, out: &mut Output<'_>) -> Result<Option<EventBuilder>> {
        let Some(raw) = fields.peek("payload") else { return Ok(None) };
        let mut payload = fields.object(raw)?;
        let Some(mut msg) = payload.take_object("msg")? else { return Ok(None) };
        let id = payload.peek_as::<String>("id").unwrap_or_default();
        let sort = msg.take_text("type")?.unwrap_or_default();
        let turn = self.turn.as_ref().map_or(id.as_str(), |turn| &turn.name);
        let stream = |sort: &str, number: Option<u64>| format!("{turn}/{sort}/{}", number.unwrap_or(0));
        let text_id = stream("message", self.turn.as_ref().map(|turn| turn.texts));
        let reasoning_id = stream("reasoning", self.turn.as_ref().map(|turn| turn.reasonings));
        let builder = match sort.as_str() {
            "session_configured" => {
                let mut progress = SessionProgress::new(None, Text::from(sort.as_str()));
                progress.data = Some(Json::parse(raw.get())?);
                fields.take("payload");
                let place = self.at_root();
                return Ok(Some(self.frame.event_of(progress, self.clock, place)));
            }
            "task_started" => self.start_turn(&id)?,
            "task_complete" => {
                let output = msg.take_text("last_agent_message")?.map(Text::from);
                self.end_turn(|name, took| TurnCompleted::new(name, output, took))
            }
            "turn_aborted" => {
                let reason = msg.take_text("reason")?.map(Text::from);
                self.end_turn(|name, took| TurnCanceled::new(name, reason, took))
            }
            "error" => {
                let message = msg.take_text("message")?.unwrap_or_default();
                self.end_turn(|name, took| TurnFailed::new(name, message, took))
            }
            "agent_message_delta" => {
                let piece = msg.take_text("delta")?.unwrap_or_default();
                self.frame.event_of(MessageDelta::new(text_id, piece), self.clock, self.here())
            }
            "agent_message" => {
                let text = msg.take_text("message")?.map(Text::from);
                let mut created = MessageCreated::new("assistant", text);
                created.message_id = Some(text_id.into());
                if let Some(turn) = &mut self.turn {
                    turn.texts += 1;
                }
                self.frame.event_of(created, self.clock, self.here())
            }
            "agent_reasoning_delta" | "agent_reasoning_raw_content_delta" => {
                let piece = msg.take_text("delta")?.unwrap_or_default();
                self.frame.event_of(ReasoningDelta::new(reasoning_id, piece), self.clock, self.here())
            }
            "agent_reasoning" | "agent_reasoning_raw_content" => {
                let text = msg.take_text("text")?.map(Text::from);
                let mut created = ReasoningCreated::new(text);
                created.reasoning_id = Some(reasoning_id.into());
                if let Some(turn) = &mut self.turn {
                    turn.reasonings += 1;
                }
                self.frame.event_of(created, self.clock, self.here())
            }
            _ => match self.call(&sort, &mut msg)? {
                Some(builder) => builder,
                None => return Ok(None),
            },
        };
        fields.take("payload");
        payload.take("id");
        let mut builder = builder.attr("codex.type", &sort).attr("codex.id", &id);
        for (path, rest) in [("payload", &payload), ("payload.msg", &msg)] {
            for (name, raw) in rest.rest() {
                out.report.count_field(&name);
                builder = builder.attr_raw(format!("codex.{path}.{name}"), raw);
            }
        }
        Ok(Some(builder))
    }

    fn start_turn(&mut self, id: &str) -> Result<EventBuilder> {
        self.turns += 1;
        let name = if id.is_empty() { self.turns.to_string() } else { id.to_owned() };
        self.frame.enter_turn(&name)?;
        let span = self.frame.span("turn", &name);
        let mut payload = TurnStarted::new(Text::from(name.as_str()), None);
        payload.index = Some(self.turns - 1);
        let builder = self.frame.event_of(payload, self.clock, Place { span, parent: self.root });
        let builder = label(builder, ComponentScope::Turn, &name)?;
        self.turn = Some(Turn { name, span, began: self.clock, texts: 0, reasonings: 0 });
        Ok(builder)
    }

    fn end_turn<P: newswire::Payload>(
        &mut self,
        payload: impl FnOnce(Option<Text>, Option<u64>) -> P,
    ) -> EventBuilder {
        let Some(turn) = self.turn.take() else {
            // Its turn has ended, as after an error: it has no span, and not the session's at all.
            let place = Place { span: None, parent: self.root };
            return self.frame.event_of(payload(None, None), self.clock, place);
        };
        let place = Place { span: turn.span, parent: self.root };
        let payload = payload(Some(turn.name.into()), self.since(turn.began));
        let builder = self.frame.event_of(payload, self.clock, place);
        self.frame.leave_turn();
        builder
    }

    /// A command, a patch or a call of an MCP server, as it begins or ends.
    fn call(&mut self, sort: &str, msg: &mut Fields<'_>) -> Result<Option<EventBuilder>> {
        let Some(id) = msg.peek_as::<String>("call_id") else { return Ok(None) };
        let place = Place { span: self.frame.span("tool_call", &id), ..self.here() };
        if let Some(name) = sort.strip_suffix("_begin") {
            msg.take("call_id");
            let arguments =
                msg.take("command").or_else(|| msg.take("invocation")).or_else(|| msg.take("changes"));
            let arguments = arguments.map(|raw| Json::parse(raw.get())).transpose()?;
            if self.calls.len() < MAX_OPEN_CALLS && id.len() <= MAX_ID_BYTES {
                self.calls.insert(id.clone(), self.clock);
            }
            let payload = ToolCallStarted::new(name, Text::from(id), arguments);
            return Ok(Some(label(
                self.frame.event_of(payload, self.clock, place),
                ComponentScope::Tool,
                name,
            )?));
        }
        let Some(name) = sort.strip_suffix("_end") else { return Ok(None) };
        msg.take("call_id");
        let took = self.calls.remove(&id).and_then(|began| self.since(began));
        let failed = msg.peek_as::<i64>("exit_code").is_some_and(|code| code != 0)
            || msg.peek_as::<bool>("success") == Some(false);
        let result = msg.take("stdout").or_else(|| msg.take("result"));
        let result = result.map(|raw| Json::parse(raw.get())).transpose()?;
        let id = Text::from(id);
        let builder = if failed {
            let message: Option<String> = msg.peek_as("stderr").filter(|text: &String| !text.is_empty());
            let failure = Failure::new(message.unwrap_or_else(|| "the tool failed".to_owned()));
            let mut payload = ToolCallFailed::new(name, id, failure, took);
            payload.result = result;
            self.frame.event_of(payload, self.clock, place)
        } else {
            self.frame.event_of(ToolCallCompleted::new(name, id, result, took), self.clock, place)
        };
        Ok(Some(label(builder, ComponentScope::Tool, name)?))
    }
}
