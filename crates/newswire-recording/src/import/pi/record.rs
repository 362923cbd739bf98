//! Records of a session, all but messages, and the state that one record leaves for the next.

use std::collections::HashMap;

use newswire::json::{Index, Object};
use newswire::{ComponentScope, Error, Result, SpanId};

use super::payload::{error, number, raw, text};
use crate::import::frame::{Frame, Place, label};
use crate::import::output::Output;
use crate::import::read::Importer;
use crate::source::{Fields, from_millis, parse_utc};

/// How many tool calls may be open; the results of later ones tell no duration.
const MAX_OPEN_CALLS: usize = 4096;

/// Turns records into events.
#[derive(Default)]
pub(super) struct Mapper {
    index: Index,
    session: Option<Session>,
}

/// A session whose head has been read.
pub(super) struct Session {
    pub(super) frame: Frame,
    pub(super) root: Option<SpanId>,
    pub(super) turn: Option<Turn>,
    turns: u64,
    pub(super) models: u64,
    /// When a record was written last: what stands in for times that are missing.
    pub(super) clock: i64,
    pub(super) calls: HashMap<String, OpenCall>,
}

/// A turn that has not ended.
pub(super) struct Turn {
    name: String,
    pub(super) span: Option<SpanId>,
    began: i64,
}

/// A tool call that has no result yet.
#[derive(Clone, Copy)]
pub(super) struct OpenCall {
    pub(super) began: i64,
    pub(super) parent: Option<SpanId>,
}

/// How a turn came to its end.
pub(super) enum TurnEnd<'a> {
    Completed,
    Failed(&'a str),
    Canceled(&'a str),
}

impl Importer for Mapper {
    fn record(&mut self, line: &str, out: &mut Output<'_>) -> Result<()> {
        let mut fields = Fields::read(&mut self.index, line, line).map_err(|error| match self.session {
            Some(_) => error,
            None => error.expecting(HEAD),
        })?;
        let tag = fields.take("type").ok_or_else(|| no_type(self.session.is_some()))?;
        let sort = tag.text().ok_or_else(|| fields.unfit(tag, "a record's type, as text"))?;
        match &mut self.session {
            Some(session) => session.record(&sort, line, fields, out),
            None if sort == "session" => {
                self.session = Some(Session::start(fields, out)?);
                Ok(())
            }
            None => Err(Error::invalid(format!("a record of type {sort:?} stands first"))
                .at_column(1)
                .expecting(HEAD)),
        }
    }
}

const HEAD: &str = r#"the head of a session, {"type":"session","id":...}"#;

fn no_type(in_session: bool) -> Error {
    let expected = if in_session { "a record with a type" } else { HEAD };
    Error::invalid("the object has no type").at_column(1).expecting(expected)
}

impl Session {
    fn start(mut fields: Fields<'_>, out: &mut Output<'_>) -> Result<Self> {
        let id = fields.take_text("id")?.filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| Error::invalid("the session has no id").at_column(1).expecting(HEAD))?;
        let clock = written(&mut fields)?.unwrap_or(0);
        let mut payload = Object::default();
        text(&mut payload, "workspace", fields.take_str("cwd")?.as_deref());
        let frame = Frame::new("pi", id.clone())?;
        let root = frame.span("session", &id);
        let builder = frame.event("session.started", clock, Place { span: root, parent: None })?;
        let builder = out.keep(
            label(builder, ComponentScope::Session, &id)?,
            &mut fields,
            &["version", "provider", "modelId", "thinkingLevel", "branchedFrom"],
        );
        out.push_with(builder.object(payload), &fields)?;
        Ok(Self { frame, root, turn: None, turns: 0, models: 0, clock, calls: HashMap::new() })
    }

    /// Where things that are no calls of their own hang: in the turn, else in the session.
    pub(super) fn here(&self) -> Option<SpanId> {
        self.turn.as_ref().map_or(self.root, |turn| turn.span)
    }

    fn record(&mut self, sort: &str, line: &str, mut fields: Fields<'_>, out: &mut Output<'_>) -> Result<()> {
        if sort == "message" {
            return self.message(line, fields, out);
        }
        let known = ["compaction", "model_change", "thinking_level_change"].contains(&sort);
        if !known {
            return self.keep_whole(sort, line, &mut fields, out);
        }
        let at = written(&mut fields)?.unwrap_or(self.clock);
        self.clock = at;
        let place = Place { span: None, parent: self.here() };
        let builder = match sort {
            "compaction" => {
                let mut payload = Object::default();
                raw(&mut payload, "summary", fields.take("summary"));
                let tokens = fields.take_count("tokensBefore", "a count of tokens")?;
                number(&mut payload, "original_tokens", tokens);
                let builder = self.frame.event("context.compacted", at, place)?.object(payload);
                out.keep(builder, &mut fields, &["firstKeptEntryIndex"])
            }
            "model_change" => {
                let mut payload = Object::default();
                text(&mut payload, "provider", fields.take_str("provider")?.as_deref());
                text(&mut payload, "model", fields.take_str("modelId")?.as_deref());
                self.frame.event("pi.model.changed", at, place)?.object(payload)
            }
            _ => {
                let mut payload = Object::default();
                text(&mut payload, "level", fields.take_str("thinkingLevel")?.as_deref());
                self.frame.event("pi.thinking_level.changed", at, place)?.object(payload)
            }
        };
        out.push_with(builder, &fields)
    }

    /// An event that carries a record of an unknown sort as it stands.
    pub(super) fn keep_whole(
        &mut self,
        sort: &str,
        record: &str,
        fields: &mut Fields<'_>,
        out: &mut Output<'_>,
    ) -> Result<()> {
        out.report.count_record(sort);
        // An unknown record's time may have any form; it is in the payload either way.
        let at = written(fields).ok().flatten().unwrap_or(self.clock);
        let place = Place { span: None, parent: self.here() };
        out.push(self.frame.event("pi.record.kept", at, place)?.json(record.trim()))
    }

    /// A user's message begins a turn; one that was open is thereby over.
    pub(super) fn start_turn(&mut self, at: i64, out: &mut Output<'_>) -> Result<()> {
        self.end_turn(TurnEnd::Canceled("the next message came first"), at, out)?;
        self.turns += 1;
        let name = self.turns.to_string();
        self.frame.enter_turn(&name)?;
        let span = self.frame.span("turn", &name);
        let builder = self.frame.event("turn.started", at, Place { span, parent: self.root })?;
        let builder = label(builder, ComponentScope::Turn, &name)?;
        let mut payload = Object::default();
        payload.text("name", &name).number("index", self.turns - 1);
        out.push(builder.object(payload))?;
        self.turn = Some(Turn { name, span, began: at });
        Ok(())
    }

    pub(super) fn end_turn(&mut self, end: TurnEnd<'_>, at: i64, out: &mut Output<'_>) -> Result<()> {
        let Some(turn) = self.turn.take() else { return Ok(()) };
        let mut payload = Object::default();
        payload.text("name", &turn.name);
        number(&mut payload, "duration_ns", span_ns(turn.began, at));
        let kind = match end {
            TurnEnd::Completed => "turn.completed",
            TurnEnd::Failed(message) => {
                error(&mut payload, message);
                "turn.failed"
            }
            TurnEnd::Canceled(reason) => {
                text(&mut payload, "reason", Some(reason));
                "turn.canceled"
            }
        };
        let builder = self.frame.event(kind, at, Place { span: turn.span, parent: self.root })?;
        let builder = label(builder, ComponentScope::Turn, &turn.name)?;
        self.frame.leave_turn();
        out.push(builder.object(payload))
    }

    pub(super) fn open_call(&mut self, id: &str, call: OpenCall) {
        if self.calls.len() < MAX_OPEN_CALLS {
            self.calls.insert(id.to_owned(), call);
        }
    }
}

/// When the record was written.
pub(super) fn written(fields: &mut Fields<'_>) -> Result<Option<i64>> {
    let Some(raw) = fields.take("timestamp") else { return Ok(None) };
    let expected = "a time such as 2025-11-20T23:33:50.805Z";
    raw.text()
        .and_then(|text| parse_utc(&text))
        .map(Some)
        .ok_or_else(|| fields.unfit(raw, expected).at_path("timestamp"))
}

/// When the message was begun, by its own clock.
pub(super) fn begun(fields: &mut Fields<'_>) -> Result<Option<i64>> {
    let Some(raw) = fields.take("timestamp") else { return Ok(None) };
    let millis: Option<i64> = raw.get().parse().ok();
    let expected = "milliseconds since 1970";
    millis
        .and_then(from_millis)
        .map(Some)
        .ok_or_else(|| fields.unfit(raw, expected).at_path("message.timestamp"))
}

/// How long it took; absent where the clock went back.
pub(super) fn span_ns(began: i64, ended: i64) -> Option<u64> {
    ended.checked_sub(began).and_then(|nanos| u64::try_from(nanos).ok())
}
