//! AG-UI: streams of its events, and recordings of the model streams that its .NET hosting makes them of.
//!
//! | source | what a record is | file |
//! |---|---|---|
//! | an array of events, lines of them, or server-sent events | an event | `events` |
//! | an array of streams, each an array of updates (`ChatResponseUpdate` of Microsoft.Extensions.AI) | a stream | `updates` |
//!
//! An event or update that gives no event of ours is kept whole, as `ag_ui.event.kept`; one of an unknown type is
//! counted too. What no event says is in `ag-ui.*` attributes, told when it is first said and when it has changed.
//! Spans follow from the source's name and first record, because recordings number their threads and runs alike.

mod events;
mod updates;

use newswire::Result;
use newswire::json::Index;

use super::answer::{Answers, Keeper, Made};
use super::format::Format;
use super::frame::{Frame, run_of};
use super::output::Output;
use super::read::Importer;
use crate::source::{Fields, Head, Unit};

/// Streams of AG-UI events, and of the updates that they are made of.
pub(super) const FORMAT: Format = Format {
    name: "ag-ui",
    about: "streams of AG-UI events, and of the model updates that they are made of",
    unit: Unit::LineOrElement,
    detect,
    importer: |name| Box::new(Mapper { name: name.to_owned(), state: None }),
};

/// Types that a stream of events begins with.
const FIRST: &[&str] = &["RUN_STARTED", "RUN_ERROR", "TEXT_MESSAGE_START", "TEXT_MESSAGE_CHUNK"];

fn detect(head: &Head<'_>) -> bool {
    let text = head.text();
    let mut openings = text.chars().filter(|char| !char.is_whitespace());
    let streams = openings.next() == Some('[') && openings.next() == Some('[');
    if streams {
        return head.names(&["contents"]);
    }
    // The first event is short, or tells its type before all that is long.
    let first = text.get(..text.floor_char_boundary(1024)).unwrap_or_default();
    let begins = first.starts_with(['[', '{']) || first.starts_with("data:");
    begins
        && Head::new(first.as_bytes()).names(&["type"])
        && FIRST.iter().any(|sort| first.contains(&format!("\"{sort}\"")))
}

struct Mapper {
    name: String,
    state: Option<State>,
}

/// What one record leaves for the next.
struct State {
    answers: Answers,
    keeper: Keeper,
    run: events::Run,
    /// How many streams there were.
    streams: u64,
    /// The source, for people.
    file: String,
}

impl State {
    fn new(name: &str, first: &str) -> Result<Self> {
        let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let file: String = file.split('.').next().unwrap_or_default().chars().take(200).collect();
        let file = run_of(if file.is_empty() { "stream" } else { &file }, name, first);
        let frame = Frame::of_source("ag-ui", &file, name.to_owned())?;
        Ok(Self {
            answers: Answers::new(frame, None),
            keeper: Keeper::new("ag-ui", "ag_ui.event.kept"),
            run: events::Run::default(),
            streams: 0,
            file,
        })
    }

    /// Passes on what an event or update gave.
    fn pass(&mut self, made: Made<'_>, text: &str, known: &[&str], out: &mut Output<'_>) -> Result<()> {
        let Self { answers, keeper, .. } = self;
        let is_known = |name: &str| known.contains(&name.split('.').next().unwrap_or_default());
        keeper.pass(made, text, (&answers.frame, answers.clock, answers.here()), &is_known, out)
    }
}

impl Importer for Mapper {
    fn record(&mut self, record: &str, out: &mut Output<'_>) -> Result<()> {
        let state = match &mut self.state {
            Some(state) => state,
            empty => empty.insert(State::new(&self.name, record)?),
        };
        let text = record.trim_start();
        let text = text.strip_prefix("data:").unwrap_or(text).trim();
        if text.starts_with('[') {
            return state.stream(record, text, out);
        }
        let mut index = Index::default();
        let mut fields = Fields::read(&mut index, record, text)?;
        let mut made = Made::default();
        events::event(state, &mut fields, &mut made)?;
        made.keep_rest("", &fields);
        state.pass(made, text, events::KNOWN, out)
    }
}
