//! What one record gives: its events, and what of the record none of them carries.

use std::collections::HashMap;

use newswire::json::Raw;
use newswire::{EventBuilder, Result};

use super::super::frame::{Frame, Place};
use super::super::output::Output;
use crate::source::Fields;

/// How many fields are remembered to be told once only, and how long name and value may be together for that.
const MAX_TOLD: usize = 512;
const MAX_TOLD_BYTES: usize = 4096;

/// The events that a record gives, until they are passed on.
#[derive(Default)]
pub(crate) struct Made<'a> {
    events: Vec<EventBuilder>,
    rest: Vec<(String, Raw<'a>)>,
    /// Names that were given, each with the last number that it got as a path.
    names: HashMap<String, u64>,
    /// What of the record nobody knows, where it is to be counted.
    pub(crate) unknown: Option<String>,
}

impl<'a> Made<'a> {
    pub(crate) fn push(&mut self, builder: EventBuilder) {
        self.events.push(builder);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Notes a field that no event carries; one name may stand several times in a record.
    pub(crate) fn keep(&mut self, path: &str, raw: Raw<'a>) {
        let (mut name, mut times) = (path.to_owned(), 1);
        // It is counted on from the last time: a record has room for a path a hundred thousand times.
        if let Some(before) = self.names.get(path) {
            times = before + 1;
            name = format!("{path}.{times}");
            while self.names.contains_key(&name) {
                times += 1;
                name = format!("{path}.{times}");
            }
            self.names.insert(name.clone(), 1);
        }
        self.names.insert(path.to_owned(), times);
        self.rest.push((name, raw));
    }

    /// Notes what is left of an object that stands at `path`.
    pub(crate) fn keep_rest(&mut self, path: &str, fields: &Fields<'a>) {
        for (name, raw) in fields.rest() {
            if path.is_empty() {
                self.keep(&name, raw);
            } else {
                self.keep(&format!("{path}.{name}"), raw);
            }
        }
    }
}

/// What the fields that no event carries said last: streams repeat them with every piece.
#[derive(Default)]
pub(crate) struct Told(HashMap<String, String>);

impl Told {
    /// Whether the field says what it said before, which is told only once.
    fn again(&mut self, name: &str, raw: Raw<'_>) -> bool {
        let value = raw.get();
        match self.0.get_mut(name) {
            Some(last) if last == value => true,
            _ if name.len() + value.len() > MAX_TOLD_BYTES => {
                self.0.remove(name);
                false
            }
            Some(last) => {
                value.clone_into(last);
                false
            }
            None => {
                if self.0.len() < MAX_TOLD {
                    self.0.insert(name.to_owned(), value.to_owned());
                }
                false
            }
        }
    }
}

/// Where records are kept that give no event, and how their fields are called.
pub(crate) struct Keeper {
    pub(crate) format: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) told: Told,
}

impl Keeper {
    pub(crate) fn new(format: &'static str, kind: &'static str) -> Self {
        Self { format, kind, told: Told::default() }
    }

    /// Passes on the events of a record. The last carries the fields that none of them does; a record that
    /// gives no event is kept whole. Fields whose name isn't `known` are counted.
    pub(crate) fn pass(
        &mut self,
        made: Made<'_>,
        record: &str,
        (frame, time_ns, place): (&Frame, i64, Place),
        known: &dyn Fn(&str) -> bool,
        out: &mut Output<'_>,
    ) -> Result<()> {
        let Made { mut events, rest, unknown, .. } = made;
        if let Some(sort) = &unknown {
            out.report.count_record(sort);
        }
        let Some(mut last) = events.pop() else {
            return out.push(frame.event(self.kind, time_ns, place)?.json(record.trim()));
        };
        for (name, raw) in rest {
            if unknown.is_none() && !known(&name) {
                out.report.count_field(&name);
            }
            if !self.told.again(&name, raw) {
                last = last.attr_raw(format!("{}.{name}", self.format), raw);
            }
        }
        for builder in events {
            out.push(builder)?;
        }
        out.push(last)
    }
}
