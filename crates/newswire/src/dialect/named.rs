//! Events that are begun by a name of another system, with that system's payload.

use serde_json::Value;

use super::document::Object;
use super::foreign::{Foreign, Outgoing};
use super::residue::{ReadAs, Residue};
use super::{Dialect, Form, document, payload, unit};
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
    /// fields it has. A [`KindName`] is a name that has been looked up before.
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
    pub fn named(name: impl NamesKind, payload: &Value) -> Result<EventBuilder> {
        name.begin(payload)
    }
}

/// A name of a kind that has been looked up: for many events of one name. What is left to do for each event is
/// to see which kind its payload means, and to put its fields where ours are.
///
/// ```
/// use newswire::{Bus, KindName};
/// use serde_json::json;
///
/// let ended = KindName::parse("picoclaw/agent.tool.exec_end")?;
/// let emitter = Bus::new().emitter();
/// for failed in [false, true] {
///     let event = emitter.named(&ended, &json!({"Tool": "search", "IsError": failed}))?.build()?;
///     assert_eq!(event.kind().as_str().ends_with("failed"), failed);
/// }
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct KindName {
    name: Box<str>,
    means: Means,
}

#[derive(Clone, Debug)]
enum Means {
    /// One of ours, or a custom one.
    Kind(Kind),
    /// The rows of each system that has the name.
    Rows(Vec<&'static [Alias]>),
}

impl KindName {
    /// Looks a name up: a kind's own, or that of another system.
    ///
    /// # Errors
    /// `Invalid` for an unknown system or a name that it doesn't have, for a pattern, for a plain name that
    /// means different kinds in several systems (the error lists the candidates), and for what is no name at all.
    pub fn parse(name: &str) -> Result<Self> {
        let rows = catalogue::rows_named(name)?;
        let means = if rows.is_empty() { Means::Kind(Kind::parse(name)?) } else { Means::Rows(rows) };
        Ok(Self { name: name.into(), means })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

/// What names a kind: text, or text that has been looked up.
pub trait NamesKind {
    /// Begins an event: see [`Event::named`].
    ///
    /// # Errors
    /// As [`Event::named`].
    fn begin(&self, payload: &Value) -> Result<EventBuilder>;
}

impl NamesKind for KindName {
    fn begin(&self, payload: &Value) -> Result<EventBuilder> {
        let rows = match &self.means {
            Means::Kind(kind) => return Ok(Event::builder(kind.clone()).serialize(payload)),
            Means::Rows(rows) => rows,
        };
        document::check_depth(payload)?;
        let mut admitting = rows.iter().filter_map(|rows| {
            let system = rows.first()?.system;
            let in_words = Dialect(system).envelope().in_words(payload);
            rows.iter().find(|row| row.when.admits(&in_words))
        });
        let found = match rows.len() {
            1 => admitting.next(),
            // The first of several that know as much.
            _ => admitting.rev().max_by_key(|row| known(row, payload)),
        };
        found.map_or_else(|| Err(catalogue::undecided(&self.name, rows)), |row| begun(row, payload))
    }
}

impl NamesKind for str {
    fn begin(&self, payload: &Value) -> Result<EventBuilder> {
        KindName::parse(self)?.begin(payload)
    }
}

impl NamesKind for String {
    fn begin(&self, payload: &Value) -> Result<EventBuilder> {
        self.as_str().begin(payload)
    }
}

impl<N: NamesKind + ?Sized> NamesKind for &N {
    fn begin(&self, payload: &Value) -> Result<EventBuilder> {
        (**self).begin(payload)
    }
}

/// How many of the payload's fields a row knows.
fn known(row: &Alias, payload: &Value) -> usize {
    let theirs = payload.as_object();
    let is_there = |theirs| row.fields().filter(|field| unit::at(theirs, field.theirs).is_some()).count();
    theirs.map_or(0, is_there)
}

/// As if the system had written an event with this payload and nothing else.
fn begun(alias: &Alias, payload: &Value) -> Result<EventBuilder> {
    let dialect = Dialect(alias.system);
    let in_words = dialect.envelope().in_words(payload);
    let name = alias.name.to_owned();
    let foreign =
        Foreign { name, payload: Some(in_words.into_owned()), payload_at: "payload", ..Foreign::default() };
    let (event, mut read_as) = foreign.into_event(alias.system)?;
    read_as.named = true;
    let (document, written) = beside(dialect, alias, payload, &event, &read_as)
        .unwrap_or_else(|| around(dialect, alias, payload, &event, &read_as));
    let residue = Residue::between(read_as, form(dialect), &document, &written);
    Ok(EventBuilder::like(&event).attr(alias.system.as_str(), &residue.to_value()))
}

fn form(dialect: Dialect) -> Form {
    dialect.forms().first().copied().unwrap_or_default()
}

/// The payload as it came and as we would write it, in whole documents of the system.
fn around(
    dialect: Dialect,
    alias: &Alias,
    payload: &Value,
    event: &Event,
    read_as: &ReadAs,
) -> (Object, Object) {
    let theirs = Outgoing { event, name: alias.name, payload: Some(payload.clone()), read: false };
    let document = dialect.envelope().write(form(dialect), &theirs).unwrap_or_default();
    let written = dialect.write_plain(event, form(dialect), Some(read_as)).unwrap_or_default();
    (document, written)
}

/// The same without what is equal in both, where the document has the payload as a member of its own: the
/// envelope would cost most of the time.
fn beside(
    dialect: Dialect,
    alias: &Alias,
    payload: &Value,
    event: &Event,
    read_as: &ReadAs,
) -> Option<(Object, Object)> {
    let at = dialect.envelope().payload_at().filter(|_| payload.is_object())?;
    let (name, ours) = payload::to_theirs(dialect.0, event, Some(read_as))?;
    let alone = |payload: Value| {
        let mut document = Object::new();
        unit::set(&mut document, at, payload);
        document
    };
    (name == alias.name).then_some((alone(payload.clone()), alone(ours?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::System;

    #[test]
    fn what_is_left_over_of_a_payload_is_the_same_with_an_envelope_around_it() {
        let mut seen = 0;
        for alias in System::ALL.iter().flat_map(|system| system.names()) {
            let theirs: Vec<_> = alias.fields().map(|field| field.theirs).collect();
            for value in [json!(3), json!("text"), json!(true), json!({"a": null})] {
                let mut payload = Object::from_iter([("Their own".to_owned(), json!([1]))]);
                theirs.iter().for_each(|path| unit::set(&mut payload, path, value.clone()));
                let payload = Value::Object(payload);
                let (dialect, name) = (Dialect(alias.system), alias.name.to_owned());
                let foreign = Foreign { name, payload: Some(payload.clone()), ..Foreign::default() };
                let Ok((event, mut read_as)) = foreign.into_event(alias.system) else { continue };
                read_as.named = true;
                let Some((document, written)) = beside(dialect, alias, &payload, &event, &read_as) else {
                    continue;
                };
                let alone = Residue::between(read_as.clone(), form(dialect), &document, &written);
                let (document, written) = around(dialect, alias, &payload, &event, &read_as);
                let whole = Residue::between(read_as, form(dialect), &document, &written);
                assert_eq!(alone.to_value(), whole.to_value(), "{} of {payload}", alias.name);
                seen += 1;
            }
        }
        assert!(seen > 500, "{seen}");
    }
}
