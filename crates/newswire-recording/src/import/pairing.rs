//! Which end is of which beginning, in a source that says of its calls no more than the tool's name.
//!
//! Calls of one tool that run side by side in one turn are the same to such a source. They are taken to end in the
//! order in which they began, which is right wherever they don't overtake one another, and never loses a call. A
//! call gets a span of its own, so that views tell it from the others.

use std::collections::{BTreeMap, HashMap, VecDeque};

use newswire::{Event, EventBuilder, Phase, Result, ScopeField, SpanId};
use serde::Deserialize;

use super::frame::hash;

/// The calls that have begun and not ended, by what their source says of them.
#[derive(Default)]
pub(super) struct Pairing {
    open: HashMap<String, VecDeque<(u64, SpanId)>>,
    /// The same in the order of their beginnings, of which the first are forgotten when there are too many.
    begun: BTreeMap<u64, String>,
    count: u64,
}

/// What is called: a tool, or that of a server.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Called {
    name: String,
    server: String,
    tool: String,
}

/// What calls are, of which several may run side by side.
const STEMS: [&str; 2] = ["tool.call", "mcp.tool.call"];

impl Pairing {
    /// How many open calls are told apart.
    const MAX_OPEN: usize = 65_536;

    /// The event, with the span of its call; as it is, if it belongs to none or has one.
    ///
    /// # Errors
    /// `TooLarge` where the span makes it so.
    pub(super) fn of(&mut self, event: Event) -> Result<Event> {
        match self.span(&event) {
            Some(span) => {
                let mut correlation = event.correlation().clone();
                correlation.span = Some(span);
                EventBuilder::amending(&event).correlation(correlation).build()
            }
            None => Ok(event),
        }
    }

    fn span(&mut self, event: &Event) -> Option<SpanId> {
        let (stem, _) = event.kind().as_str().rsplit_once('.')?;
        if !STEMS.contains(&stem) || event.correlation().span.is_some() {
            return None;
        }
        let scope = |field| event.scope().get(field).unwrap_or_default();
        let called = event.payload_json().and_then(|json| serde_json::from_str::<Called>(json).ok());
        let Called { name, server, tool } = called.unwrap_or_default();
        let fields = [ScopeField::Runtime, ScopeField::Agent, ScopeField::Session, ScopeField::Turn];
        let what = [stem, &name, &server, &tool];
        let key = fields.map(scope).into_iter().chain(what).collect::<Vec<_>>().join("\n");
        match event.phase()? {
            Phase::Started => self.begin(event, key),
            Phase::Completed | Phase::Failed => self.end(&key),
            // What was skipped has never begun.
            _ => None,
        }
    }

    fn begin(&mut self, event: &Event, key: String) -> Option<SpanId> {
        let id = event.attr("id").map_or("", |id| id.get());
        let span = SpanId::new(hash(&[&key, id, &event.time_ns().to_string(), &self.count.to_string()]))?;
        self.open.entry(key.clone()).or_default().push_back((self.count, span));
        self.begun.insert(self.count, key);
        self.count += 1;
        if self.begun.len() > Self::MAX_OPEN
            && let Some((_, oldest)) = self.begun.pop_first()
        {
            self.take(&oldest);
        }
        Some(span)
    }

    fn end(&mut self, key: &str) -> Option<SpanId> {
        let (count, span) = self.take(key)?;
        self.begun.remove(&count);
        Some(span)
    }

    /// Takes the first of that key.
    fn take(&mut self, key: &str) -> Option<(u64, SpanId)> {
        let open = self.open.get_mut(key)?;
        let first = open.pop_front();
        if open.is_empty() {
            self.open.remove(key);
        }
        first
    }
}
