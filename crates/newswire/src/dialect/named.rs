//! Events that are begun by a name of another system, with that system's payload.

use serde_json::Value;

use super::document::Object;
use super::foreign::{Foreign, Outgoing};
use super::residue::Residue;
use super::{Dialect, document, unit};
use crate::catalogue::{self, Alias};
use crate::error::Result;
use crate::event::{Event, EventBuilder};
use crate::kind::Kind;

impl Event {
    /// Begins an event by any name of its kind, with the payload that goes with the name.
    ///
    /// A kind's own name takes our payload as it stands, and so does a custom one. A name of another system,
    /// `picoclaw/agent.tool.exec_end`, takes that system's payload: it tells the kind where the name can mean
    /// several, and its fields go where ours are. What ours have no place for stays in the attribute that has
    /// the system's name, as with [`Dialect::read`]. Plainly such a name works where all systems that have it mean
    /// the same, and no kind of the catalogue is called so; the payload is that of the system most of whose
    /// fields it has.
    ///
    /// [`Event::builder`] is the door for whoever has a [`Kind`]: it asks for no names.
    ///
    /// ```
    /// use newswire::Event;
    /// use serde_json::json;
    ///
    /// let payload = json!({"Tool": "search", "IsError": true, "Duration": 1_200_000});
    /// let event = Event::named("picoclaw/agent.tool.exec_end", &payload)?.build()?;
    /// assert_eq!(event.kind().as_str(), "tool.call.failed");
    /// let ours = r#"{"duration_ns":1200000,"error":{"message":"unknown"},"name":"search"}"#;
    /// assert_eq!(event.payload_json(), Some(ours));
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` for an unknown system or a name that it doesn't have, for a pattern, for a plain name that
    /// means different kinds in several systems (the error lists the candidates), and for what is no name at
    /// all; `TooLarge` for a payload that is nested over 60 deep, over
    /// [`MAX_EVENT_BYTES`](crate::MAX_EVENT_BYTES), or with more bytes of media inline than an event carries.
    pub fn named(name: &str, payload: &Value) -> Result<EventBuilder> {
        let rows = catalogue::rows_named(name)?;
        if rows.is_empty() {
            return Ok(Self::builder(Kind::parse(name)?).serialize(payload));
        }
        document::check_depth(payload)?;
        let empty = Object::new();
        let theirs = payload.as_object().unwrap_or(&empty);
        let known =
            |row: &&Alias| row.fields().filter(|field| unit::at(theirs, field.theirs).is_some()).count();
        let admitting = rows.iter().filter_map(|rows| {
            let system = rows.first()?.system;
            let payload = Dialect(system).envelope().in_words(payload);
            rows.iter().find(|row| row.when.admits(&payload))
        });
        // The first of several that know as much.
        match admitting.rev().max_by_key(known) {
            Some(row) => begun(row, payload),
            None => Err(catalogue::undecided(name, &rows)),
        }
    }
}

/// As if the system had written an event with this payload and nothing else.
fn begun(alias: &Alias, payload: &Value) -> Result<EventBuilder> {
    let dialect = Dialect(alias.system);
    let in_words = dialect.envelope().in_words(payload);
    let name = alias.name.to_owned();
    let foreign = Foreign { name, payload: Some(in_words), payload_at: "payload", ..Foreign::default() };
    let (event, mut read_as) = foreign.into_event(alias.system)?;
    read_as.named = true;
    let form = dialect.forms().first().copied().unwrap_or_default();
    let theirs = Outgoing { event: &event, name: alias.name, payload: Some(payload.clone()), read: false };
    let document = dialect.envelope().write(form, &theirs).unwrap_or_default();
    let written = dialect.write_plain(&event, form, Some(&read_as)).unwrap_or_default();
    let residue = Residue::between(read_as, form, &document, &written);
    Ok(EventBuilder::like(&event).attr(alias.system.as_str(), &residue.to_value()))
}
