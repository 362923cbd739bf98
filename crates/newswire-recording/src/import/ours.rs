//! Our own recordings, and events of ours that somebody piped without a version line.
//!
//! | line | delivery |
//! |---|---|
//! | an event | it, as it is; a component of a scope that this version doesn't know becomes an attribute |
//! | a gap | it |
//! | the version line | nothing; it may come again, as where recordings were joined |
//! | a line of a sort that this version doesn't know, or with members that it doesn't know | `recording.line.kept`, besides: the line whole |

use std::borrow::Cow;

use newswire::json::Index;
use newswire::{ComponentScope, Delivery, Error, Event, EventBuilder, EventReader, Kind, Result, Source};
use serde_json::value::RawValue;

use super::format::Format;
use super::output::Output;
use super::read::Importer;
use crate::recording::line::{KEPT, Sort, begins_as_event, read_gap, read_version, sort_of};
use crate::source::{Fields, Head, Unit};

pub(super) const FORMAT: Format = Format {
    name: "newswire",
    about: "Newswire's own: events, one a line",
    unit: Unit::Line,
    detect,
    importer: |_| Box::<Recording>::default(),
};

/// How many kept lines wait for an event to tell them the time.
const MAX_EARLY: usize = 64;

/// What our lines begin with, as they are written.
const BEGINNINGS: [&str; 4] = [r#"{"newswire":"#, r#"{"seq":"#, r#"{"id":"#, r#"{"gap":"#];

/// Whether the first line is one of ours. Where it can't be read (it is broken, or longer than is looked at),
/// how it begins and what it names decide, since its error is to be told by the right reader.
fn detect(head: &Head<'_>) -> bool {
    let line = head.line();
    let mut index = Index::default();
    let fields = Fields::read(&mut index, line, line).ok();
    let has = |names: &[&str]| match &fields {
        Some(fields) => names.iter().all(|wanted| fields.rest().any(|(name, _)| name == *wanted)),
        None => BEGINNINGS.iter().any(|known| line.starts_with(known)) && head.line_names(names),
    };
    if has(&["newswire", "version"]) || (has(&["gap"]) && head.line_names(&["first", "last", "count"])) {
        return true;
    }
    has(&["kind", "time", "id"]) && !fields.is_some_and(is_of_picoclaw)
}

/// Whether it is an event of PicoClaw's, which has an id, a kind and a time as well: its own id is no UUID, or
/// the others are called `turn_id` or `session_key` where ours are `turn` and `session`.
fn is_of_picoclaw(mut fields: Fields<'_>) -> bool {
    const QUOTED_UUID: usize = 38;
    let is_uuid = fields.take("id").is_some_and(|id| id.get().len() == QUOTED_UUID);
    let names_ids = ["scope", "correlation"].iter().any(|object| {
        let object = fields.take_object(object).ok().flatten();
        object.is_some_and(|ids| ids.rest().any(|(name, _)| name.ends_with("_id") || name.ends_with("_key")))
    });
    names_ids || !is_uuid
}

#[derive(Default)]
struct Recording {
    reader: EventReader,
    /// The time of the event before, which kept lines get.
    clock: Option<i64>,
    early: Vec<Box<RawValue>>,
}

impl Importer for Recording {
    fn record(&mut self, record: &str, out: &mut Output<'_>) -> Result<()> {
        if begins_as_event(record) {
            return self.event(record, out);
        }
        let mut index = Index::default();
        let fields = Fields::read(&mut index, record, record)?;
        let unknown = match sort_of(&fields) {
            Sort::Event => return self.event(record, out),
            Sort::Version => read_version(fields).inspect_err(|_| out.give_up())?,
            Sort::Gap => {
                let (gap, unknown) = read_gap(fields)?;
                out.pass(Delivery::Gap(gap));
                unknown
            }
            Sort::Unknown => {
                let kept = self.keep(record, out);
                out.report.count_record(&fields.rest().next().map_or("nothing".into(), |(name, _)| name));
                return kept;
            }
        };
        unknown.iter().for_each(|name| out.report.count_field(name));
        if unknown.is_empty() { Ok(()) } else { self.keep(record, out) }
    }

    fn decoded(&mut self, event: Event, out: &mut Output<'_>) -> Result<()> {
        let time = event.time_ns();
        if self.clock.replace(time).is_none() {
            self.give_early(time, out)?;
        }
        out.pass(Delivery::Event(event));
        Ok(())
    }

    fn end(&mut self, out: &mut Output<'_>) -> Result<()> {
        self.give_early(0, out)
    }
}

impl Recording {
    fn event(&mut self, record: &str, out: &mut Output<'_>) -> Result<()> {
        let event = match self.reader.read_text(record) {
            Ok(event) => event,
            Err(error) if error.path() == Some("component.scope") => {
                let event = without_component(record).and_then(|line| self.reader.read_text(&line).ok());
                let event = event.ok_or(error)?;
                out.report.count_field("component.scope");
                event
            }
            Err(error) => return Err(error),
        };
        self.decoded(event, out)
    }

    /// Keeps the line whole, as an event of the time that has been reached.
    fn keep(&mut self, record: &str, out: &mut Output<'_>) -> Result<()> {
        let line = RawValue::from_string(record.trim().to_owned())
            .map_err(|error| Error::invalid(error.to_string()).at_column(1))?;
        match self.clock {
            Some(clock) => out.push(kept(line, clock)?),
            None => {
                // Checked here, since an event that comes later isn't to pay for it.
                kept(line.clone(), 0)?.build()?;
                self.early.push(line);
                if self.early.len() > MAX_EARLY { self.give_early(0, out) } else { Ok(()) }
            }
        }
    }

    fn give_early(&mut self, time_ns: i64, out: &mut Output<'_>) -> Result<()> {
        self.early.drain(..).try_for_each(|line| out.push(kept(line, time_ns)?))
    }
}

/// The event's line where its component is of a scope that only later versions know: the component as an attribute.
fn without_component(record: &str) -> Option<String> {
    let mut index = Index::default();
    let mut fields = Fields::read(&mut index, record, record).ok()?;
    let component = fields.take("component")?;
    let scope = fields.object(component).ok()?.take_text("scope").ok()??;
    ComponentScope::parse(&scope).is_err().then_some(())?;
    let attrs = fields.take_object("attrs").ok()?;
    let mut kept = vec![(Cow::Borrowed("recording.component"), component)];
    kept.extend(attrs.iter().flat_map(Fields::rest));
    let mut line = String::new();
    for (name, value) in fields.rest() {
        push_member(&mut line, &name, value.get())?;
    }
    let mut attrs = String::new();
    for (name, value) in kept {
        push_member(&mut attrs, &name, value.get())?;
    }
    push_member(&mut line, "attrs", &format!("{{{attrs}}}"))?;
    Some(format!("{{{line}}}"))
}

fn push_member(members: &mut String, name: &str, value: &str) -> Option<()> {
    let comma = if members.is_empty() { "" } else { "," };
    members.extend([comma, &serde_json::to_string(name).ok()?, ":", value]);
    Some(())
}

fn kept(line: Box<RawValue>, time_ns: i64) -> Result<EventBuilder> {
    let builder = Event::builder(Kind::parse(KEPT)?).time_ns(time_ns).source(Source::new("recording")?);
    Ok(builder.raw(line))
}
