//! A model call whose answer streams in: what every format of pieces has in common.
//!
//! The call begins with its first piece. A part (a text, reasoning, a tool request) is open until it is
//! closed or the call ends; it then gives one event that holds it whole, where it isn't too long. A call whose
//! end the source doesn't tell stays open.

mod end;
mod made;
mod tools;
mod usage;

use newswire::catalogue::message::{MessageCreated, MessageDelta};
use newswire::catalogue::model::ModelCallStarted;
use newswire::catalogue::reasoning::{ReasoningCreated, ReasoningDelta};
use newswire::catalogue::{Failure, Json, Text, Usage};
use newswire::json::Raw;
use newswire::{ComponentScope, Payload, Result, SpanId};

pub(crate) use made::{Keeper, Made};
use tools::Request;
pub(crate) use tools::{Ids, ToolEnd};
pub(crate) use usage::{sum, together};

use super::frame::{Frame, Place, label};

/// The longest part that is told whole; what is longer is told by its pieces.
const MAX_WHOLE_BYTES: usize = 128 << 10;

/// How many parts of one answer may be open, and how long what tells them apart may be.
const MAX_PARTS: usize = 256;
const MAX_KEY_BYTES: usize = 1024;

/// The calls of one source, of which one is open at a time.
pub(crate) struct Answers {
    pub(crate) frame: Frame,
    /// The time of what comes next: the last that the source told.
    pub(crate) clock: i64,
    /// Who serves models that nothing else is known of.
    pub(crate) provider: Option<String>,
    /// What encloses the calls.
    pub(crate) parent: Option<SpanId>,
    begun: u64,
    call: Option<Call>,
    parts: Vec<(String, Part)>,
    pub(crate) tools: Ids,
}

/// What is known of the open call.
pub(crate) struct Call {
    name: String,
    span: Option<SpanId>,
    began: i64,
    /// The model that was asked, as far as the first piece tells.
    model: Option<String>,
    /// The model that answers, where it is another or is told later.
    pub(crate) answers: Option<String>,
    provider: Option<String>,
    pub(crate) response: Option<String>,
    pub(crate) usage: Option<Usage>,
    pub(crate) finish: Option<String>,
    /// When it ended, where the source tells.
    pub(crate) ended: Option<i64>,
    requests: u64,
    /// Of these, the ones that the application is to carry out.
    handed_over: u64,
    reasoned: bool,
}

/// A part that is not complete yet.
enum Part {
    Text(Piece),
    Reasoning(Piece),
    Request(Request),
}

/// Text as far as it has come.
#[derive(Default)]
struct Piece {
    id: String,
    /// Who writes it, where it isn't the model.
    role: Option<String>,
    text: String,
    too_long: bool,
    /// The provider's signature, to be handed back to it.
    opaque: Option<Json>,
}

impl Piece {
    /// Adds what has come; gives the part's id.
    fn add(&mut self, more: &str) -> String {
        self.too_long |= self.text.len() + more.len() > MAX_WHOLE_BYTES;
        if self.too_long {
            self.text = String::new();
        } else {
            self.text.push_str(more);
        }
        self.id.clone()
    }
}

/// How a call came to its end.
pub(crate) enum End {
    Completed,
    Failed(Failure),
    Canceled(&'static str),
}

impl Answers {
    pub(crate) fn new(frame: Frame, provider: Option<String>) -> Self {
        let (call, parts, tools) = (None, Vec::new(), Ids::default());
        Self { frame, clock: 0, provider, parent: None, begun: 0, call, parts, tools }
    }

    /// The open call.
    pub(crate) fn call(&mut self) -> Option<&mut Call> {
        self.call.as_mut()
    }

    /// Where things hang that are no calls of their own: in the call, else in what encloses it.
    pub(crate) fn here(&self) -> Place {
        let parent = self.call.as_ref().map_or(self.parent, |call| call.span);
        Place { span: None, parent }
    }

    /// An event of the catalogue, at the time that it is.
    pub(crate) fn add<P: Payload>(&self, payload: P, place: Place, made: &mut Made<'_>) -> Result<()> {
        made.push(self.frame.event_of(payload, self.clock, place));
        Ok(())
    }

    /// Begins a call, unless one is open.
    pub(crate) fn begin(&mut self, model: Option<String>, made: &mut Made<'_>) -> Result<&mut Call> {
        if self.call.is_none() {
            self.begun += 1;
            let name = self.begun.to_string();
            let span = self.frame.span("model_call", &name);
            let model = model.clone().filter(|model| !model.is_empty());
            let mut payload = ModelCallStarted::new(given(model.as_deref()), given(self.provider.as_deref()));
            payload.stream = Some(true);
            let place = Place { span, parent: self.parent };
            let builder = self.frame.event_of(payload, self.clock, place);
            made.push(label(builder, ComponentScope::ModelCall, model.as_deref().unwrap_or_default())?);
            self.call = Some(Call {
                name,
                span,
                began: self.clock,
                model: model.clone(),
                answers: model,
                provider: self.provider.clone(),
                response: None,
                usage: None,
                finish: None,
                ended: None,
                requests: 0,
                handed_over: 0,
                reasoned: false,
            });
        }
        self.call.as_mut().ok_or_else(|| newswire::Error::invalid("no call is open"))
    }

    /// The call that a piece of the answer `id` is of; one of another answer that has finished ends.
    pub(crate) fn begin_response(
        &mut self,
        id: Option<String>,
        model: Option<String>,
        made: &mut Made<'_>,
    ) -> Result<&mut Call> {
        let has_finished = |call: &mut Call| call.finish.is_some() && id.is_some() && call.response != id;
        if self.call().is_some_and(has_finished) {
            self.end_for_next(made)?;
        }
        let call = self.begin(model, made)?;
        call.response = call.response.take().or(id);
        Ok(call)
    }

    /// How many requests the open call has made.
    pub(crate) fn requests(&self) -> u64 {
        self.call.as_ref().map_or(0, |call| call.requests)
    }

    /// The part's id in the stream: the source's own, else that of the answer and its part.
    pub(crate) fn part_id(&self, key: &str, id: Option<&str>) -> String {
        let answer = self.call.as_ref().map_or("", |call| call.response.as_deref().unwrap_or(&call.name));
        id.filter(|id| !id.is_empty()).map_or_else(|| format!("{answer}/{key}"), str::to_owned)
    }

    /// The open part `key`, made by `new` where there is none and room for it.
    fn part(&mut self, key: &str, new: impl FnOnce(&Self) -> Part) -> Option<&mut Part> {
        let place = self.parts.iter().position(|(present, _)| present == key);
        if place.is_none() && self.parts.len() < MAX_PARTS && key.len() <= MAX_KEY_BYTES {
            let part = new(self);
            self.parts.push((key.to_owned(), part));
        }
        let place = place.unwrap_or(self.parts.len().saturating_sub(1));
        self.parts.get_mut(place).filter(|(present, _)| present == key).map(|(_, part)| part)
    }

    /// A piece of what the model says; the part opens with its first, which may be empty.
    pub(crate) fn text(
        &mut self,
        key: &str,
        id: Option<&str>,
        piece: &str,
        made: &mut Made<'_>,
    ) -> Result<()> {
        let part = self.part(key, |this| Part::Text(Piece { id: this.part_id(key, id), ..Piece::default() }));
        let known = match part {
            Some(Part::Text(part)) => Some(part.add(piece)),
            _ => None,
        };
        if piece.is_empty() {
            return Ok(());
        }
        // What has no room to be told whole is told by its pieces.
        let payload = MessageDelta::new(known.unwrap_or_else(|| self.part_id(key, id)), piece);
        self.add(payload, self.here(), made)
    }

    /// Says who writes an open text, where it isn't the model.
    pub(crate) fn set_role(&mut self, key: &str, role: Option<String>) {
        if let Some((_, Part::Text(piece))) = self.parts.iter_mut().find(|(present, _)| present == key) {
            piece.role = role;
        }
    }

    /// A piece of what the model thinks; the part opens with its first, which may be empty.
    pub(crate) fn reasoning(
        &mut self,
        key: &str,
        id: Option<&str>,
        piece: &str,
        made: &mut Made<'_>,
    ) -> Result<()> {
        let part =
            self.part(key, |this| Part::Reasoning(Piece { id: this.part_id(key, id), ..Piece::default() }));
        let known = match part {
            Some(Part::Reasoning(part)) => Some(part.add(piece)),
            _ => None,
        };
        if piece.is_empty() {
            return Ok(());
        }
        let payload = ReasoningDelta::new(known.unwrap_or_else(|| self.part_id(key, id)), piece);
        if let Some(call) = &mut self.call {
            call.reasoned = true;
        }
        self.add(payload, self.here(), made)
    }

    /// Notes the signature of a reasoning; it opens with it, where the provider hides the rest.
    pub(crate) fn sign(&mut self, key: &str, signature: Raw<'_>) -> Result<()> {
        let opaque = Json::parse(signature.get())?;
        let part =
            self.part(key, |this| Part::Reasoning(Piece { id: this.part_id(key, None), ..Piece::default() }));
        if let Some(Part::Reasoning(piece)) = part {
            piece.opaque = Some(opaque);
        }
        Ok(())
    }

    /// Closes a part: it is told whole.
    pub(crate) fn close(&mut self, key: &str, made: &mut Made<'_>) -> Result<()> {
        let place = self.parts.iter().position(|(present, _)| present == key);
        let Some((_, part)) = place.map(|place| self.parts.remove(place)) else { return Ok(()) };
        self.finish_part(part, made)
    }

    /// What a text or reasoning holds so far.
    pub(crate) fn so_far(&self, key: &str) -> Option<&str> {
        match self.parts.iter().find(|(present, _)| present == key)? {
            (_, Part::Text(piece) | Part::Reasoning(piece)) => Some(&piece.text),
            (_, Part::Request(_)) => None,
        }
    }

    /// Closes what is open of the texts and reasonings whose keys begin with `prefix`, `but` one.
    pub(crate) fn close_texts(&mut self, prefix: &str, but: &str, made: &mut Made<'_>) -> Result<()> {
        let open = |(key, part): &(String, Part)| {
            let closes = key != but && key.starts_with(prefix) && !matches!(part, Part::Request(_));
            closes.then(|| key.clone())
        };
        let keys: Vec<_> = self.parts.iter().filter_map(open).collect();
        keys.iter().try_for_each(|key| self.close(key, made))
    }

    fn finish_part(&mut self, part: Part, made: &mut Made<'_>) -> Result<()> {
        let whole = |piece: Piece| (!piece.too_long).then_some(piece.text);
        match part {
            Part::Text(mut piece) => {
                let id = std::mem::take(&mut piece.id);
                let role = piece.role.take().unwrap_or_else(|| "assistant".to_owned());
                let mut payload = MessageCreated::new(role, whole(piece).map(Text::from));
                payload.message_id = Some(id.into());
                self.add(payload, self.here(), made)
            }
            Part::Reasoning(mut piece) => {
                let (id, opaque) = (std::mem::take(&mut piece.id), piece.opaque.take());
                // Where only the signature came, the provider hides the rest.
                let hidden = opaque.is_some() && piece.text.is_empty() && !piece.too_long;
                let text = whole(piece).filter(|_| !hidden);
                let mut payload = ReasoningCreated::new(text.map(Text::from));
                payload.opaque = opaque;
                payload.redacted = hidden.then_some(true);
                payload.reasoning_id = Some(id.into());
                self.add(payload, self.here(), made)
            }
            Part::Request(request) => self.finish_request(request, made),
        }
    }

    /// Closes all parts. What a call that was `cut` off had begun to write never became a request.
    pub(crate) fn close_all(&mut self, cut: bool, made: &mut Made<'_>) -> Result<()> {
        for (_, part) in std::mem::take(&mut self.parts) {
            match part {
                Part::Request(request) if cut => self.cancel_request(request, made)?,
                part => self.finish_part(part, made)?,
            }
        }
        Ok(())
    }
}

fn given(text: Option<&str>) -> Option<Text> {
    text.map(Text::from)
}
