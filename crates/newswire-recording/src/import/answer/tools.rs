//! What answers say of tools: requests as they are written, and calls that the provider carries out itself.

use std::collections::{HashMap, HashSet};

use newswire::catalogue::tool::{
    ToolCallCompleted, ToolCallFailed, ToolCallStarted, ToolRequestCanceled, ToolRequestCompleted,
    ToolRequestDelta, ToolRequestFailed, ToolRequestStarted,
};
use newswire::catalogue::{Failure, Json, Text};
use newswire::json::Raw;
use newswire::{ComponentScope, Payload, Result};
use serde_json::value::RawValue;

use super::{Answers, Made, Part, Piece};
use crate::import::frame::{Place, label};

/// How many tools are remembered by the ids of their calls, and how long id and name may be together for that.
const MAX_IDS: usize = 4096;
const MAX_ID_BYTES: usize = 1024;

/// A request as far as it is written; its piece has the call's id.
pub(super) struct Request {
    name: String,
    piece: Piece,
    /// Whether its text is free, and no JSON.
    free: bool,
    /// Whether the provider runs the tool.
    server: bool,
}

/// Which tool a call is of, since results tell the call's id only, and whether it is under way.
#[derive(Default)]
pub(crate) struct Ids {
    names: HashMap<String, String>,
    open: HashSet<String>,
}

impl Ids {
    fn note(&mut self, id: &str, name: &str) {
        if self.names.len() < MAX_IDS && id.len() + name.len() <= MAX_ID_BYTES {
            self.names.insert(id.to_owned(), name.to_owned());
        }
    }

    pub(crate) fn name(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }

    /// Whether the call is under way.
    pub(crate) fn is_open(&self, id: &str) -> bool {
        self.open.contains(id)
    }

    /// The only call of that tool.
    pub(crate) fn only_of(&self, name: &str) -> Option<String> {
        let mut calls = self.names.iter().filter(|(_, of)| *of == name).map(|(id, _)| id);
        calls.next().filter(|_| calls.next().is_none()).cloned()
    }
}

/// How a call came to its end.
pub(crate) enum ToolEnd<'a> {
    Completed(Option<Raw<'a>>),
    Failed(Failure),
}

impl Answers {
    fn add_tool<P: Payload>(
        &self,
        payload: P,
        sort: &str,
        (id, name): (&str, &str),
        made: &mut Made<'_>,
    ) -> Result<()> {
        let place = Place { span: self.frame.span(sort, id), ..self.here() };
        let builder = self.frame.event_of(payload, self.clock, place);
        made.push(label(builder, ComponentScope::Tool, name)?);
        Ok(())
    }

    /// Begins a request, unless that part is open; tells whether it did.
    pub(crate) fn request(
        &mut self,
        key: &str,
        id: Option<&str>,
        name: &str,
        made: &mut Made<'_>,
    ) -> Result<bool> {
        let mut begun = None;
        self.part(key, |this| {
            let id = this.part_id(key, id);
            begun = Some(id.clone());
            let piece = Piece { id, ..Piece::default() };
            Part::Request(Request { name: name.to_owned(), piece, free: false, server: false })
        });
        let Some(id) = begun else { return Ok(false) };
        if let Some(call) = self.call() {
            call.requests += 1;
        }
        self.tools.note(&id, name);
        let payload = ToolRequestStarted::new(name, id.as_str());
        self.add_tool(payload, "tool_request", (&id, name), made)?;
        Ok(true)
    }

    fn open_request(&mut self, key: &str) -> Option<&mut Request> {
        match self.parts.iter_mut().find(|(present, _)| present == key)? {
            (_, Part::Request(request)) => Some(request),
            _ => None,
        }
    }

    /// Notes that the provider runs the tool itself.
    pub(crate) fn set_server(&mut self, key: &str) {
        if let Some(request) = self.open_request(key) {
            request.server = true;
        }
    }

    /// Id, tool and arguments of a request of which the provider runs the tool.
    pub(crate) fn server_request(&mut self, key: &str) -> Option<(String, String, String)> {
        let request = self.open_request(key).filter(|request| request.server)?;
        let arguments = request.piece.text.clone();
        Some((request.piece.id.clone(), request.name.clone(), arguments))
    }

    /// Closes a part. If it is a request of which the provider runs the tool, that begins.
    pub(crate) fn close_and_run(&mut self, key: &str, made: &mut Made<'_>) -> Result<()> {
        let server = self.server_request(key);
        self.close(key, made)?;
        let Some((id, name, arguments)) = server else { return Ok(()) };
        let arguments = serde_json::from_str(&arguments).ok().map(RawValue::get);
        self.tool_started(&id, &name, arguments, made)
    }

    /// Tool and arguments of an open request.
    pub(crate) fn asked(&mut self, key: &str) -> Option<(String, String)> {
        let request = self.open_request(key)?;
        Some((request.name.clone(), request.piece.text.clone()))
    }

    /// Whether the part `key` is the request of that id.
    pub(crate) fn is_request(&mut self, key: &str, id: &str) -> bool {
        self.open_request(key).is_some_and(|request| request.piece.id == id)
    }

    /// A piece of a request's arguments.
    pub(crate) fn arguments(&mut self, key: &str, piece: &str, made: &mut Made<'_>) -> Result<()> {
        if piece.is_empty() {
            return Ok(());
        }
        let open = self.open_request(key).map(|request| (request.piece.add(piece), request.name.clone()));
        // The request's begin may be missing.
        let (id, name) = open.unwrap_or_else(|| (self.part_id(key, None), String::new()));
        let mut payload = ToolRequestDelta::new(id.as_str(), piece);
        payload.name = Some(&name).filter(|name| !name.is_empty()).map(Text::from);
        self.add_tool(payload, "tool_request", (&id, &name), made)
    }

    /// A piece of arguments that is a list, as are the whole.
    pub(crate) fn listed_arguments(&mut self, key: &str, list: &str, made: &mut Made<'_>) -> Result<()> {
        let Some(request) = self.open_request(key) else { return Ok(()) };
        let so_far = std::mem::take(&mut request.piece.text);
        let items = |list: &str| {
            let list = list.trim();
            let inner = list.strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or(list);
            inner.trim().to_owned()
        };
        let (before, more) = (items(&so_far), items(list));
        let comma = if before.is_empty() || more.is_empty() { "" } else { "," };
        request.piece.add(&format!("[{before}{comma}{more}]"));
        let (id, name) = (request.piece.id.clone(), request.name.clone());
        let mut payload = ToolRequestDelta::new(id.as_str(), list);
        payload.name = Some(name.as_str().into());
        self.add_tool(payload, "tool_request", (&id, &name), made)
    }

    /// Says what the whole arguments are; `false` where no such request is open.
    pub(crate) fn set_arguments(&mut self, key: &str, whole: &str, free: bool) -> bool {
        let Some(request) = self.open_request(key) else { return false };
        request.free = free;
        let id = std::mem::take(&mut request.piece.id);
        request.piece = Piece { id, ..Piece::default() };
        request.piece.add(whole);
        true
    }

    pub(super) fn finish_request(&mut self, request: Request, made: &mut Made<'_>) -> Result<()> {
        if let Some(call) = self.call.as_mut().filter(|_| !request.server) {
            call.handed_over += 1;
        }
        let Request { name, piece: Piece { id, text, too_long, .. }, free, .. } = request;
        let arguments = if too_long {
            Ok(None)
        } else if free {
            Json::of(&text).map(Some)
        } else if text.trim().is_empty() {
            // A tool without parameters is called with none.
            Json::parse("{}").map(Some)
        } else {
            Json::parse(text.as_str()).map(Some)
        };
        match arguments {
            Ok(arguments) => {
                let payload = ToolRequestCompleted::new(name.as_str(), id.as_str(), arguments, None);
                self.add_tool(payload, "tool_request", (&id, &name), made)
            }
            Err(_) => {
                let failure = Failure::new("what the model wrote is no JSON");
                let mut payload = ToolRequestFailed::new(name.as_str(), id.as_str(), failure, None);
                payload.text = Some(text.into());
                self.add_tool(payload, "tool_request", (&id, &name), made)
            }
        }
    }

    pub(super) fn cancel_request(&mut self, request: Request, made: &mut Made<'_>) -> Result<()> {
        let Request { name, piece: Piece { id, .. }, .. } = request;
        let reason = Text::from("the answer was cut off");
        let payload = ToolRequestCanceled::new(name.as_str(), id.as_str(), reason, None);
        self.add_tool(payload, "tool_request", (&id, &name), made)
    }

    /// A call that the provider, or the runtime that recorded, carries out.
    pub(crate) fn tool_started(
        &mut self,
        id: &str,
        name: &str,
        arguments: Option<&str>,
        made: &mut Made<'_>,
    ) -> Result<()> {
        self.tools.note(id, name);
        if self.tools.open.len() < MAX_IDS && id.len() <= MAX_ID_BYTES {
            self.tools.open.insert(id.to_owned());
        }
        let arguments = arguments.map(Json::parse).transpose()?;
        let payload = ToolCallStarted::new(name, id, arguments);
        self.add_tool(payload, "tool_call", (id, name), made)
    }

    pub(crate) fn tool_ended(
        &mut self,
        id: &str,
        name: &str,
        end: ToolEnd<'_>,
        made: &mut Made<'_>,
    ) -> Result<()> {
        self.tools.open.remove(id);
        match end {
            ToolEnd::Completed(result) => {
                let result = result.map(|raw| Json::parse(raw.get())).transpose()?;
                let payload = ToolCallCompleted::new(name, id, result, None);
                self.add_tool(payload, "tool_call", (id, name), made)
            }
            ToolEnd::Failed(failure) => {
                let payload = ToolCallFailed::new(name, id, failure, None);
                self.add_tool(payload, "tool_call", (id, name), made)
            }
        }
    }
}
