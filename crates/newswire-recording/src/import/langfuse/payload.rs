//! Payloads field by field: those that the kind's row has a place for, their values as the source wrote them.

use newswire::catalogue::{FieldRow, row_of};
use newswire::json::Raw;
use newswire::{Error, Kind, Result};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::source::compacted;

/// A payload that is being put together.
pub(super) struct Payload {
    row: &'static [FieldRow],
    fields: Vec<(&'static str, Box<RawValue>)>,
}

impl Payload {
    /// An empty one of that kind.
    pub(super) fn of(kind: &str) -> Result<Self> {
        let row = row_of(&Kind::parse(kind)?).map_or(&[][..], |row| row.fields);
        Ok(Self { row, fields: Vec::new() })
    }

    /// Whether the kind has a field of that name.
    fn has(&self, name: &str) -> bool {
        self.row.iter().any(|field| field.name == name)
    }

    /// Sets a field if there is a value for it and the kind has it; says whether it has.
    pub(super) fn put(&mut self, name: &'static str, value: Option<impl Serialize>) -> Result<bool> {
        let has = self.has(name);
        if let (true, Some(value)) = (has, value) {
            let raw = to_raw_value(&value).map_err(|error| Error::invalid(error.to_string()))?;
            self.fields.push((name, compacted(raw.get()).unwrap_or(raw)));
        }
        Ok(has)
    }

    /// Sets the first of these fields that the kind has and that can be this value; says whether there is one.
    pub(super) fn put_first(&mut self, names: &[&'static str], value: Raw<'_>) -> Result<bool> {
        let is_text = value.get().starts_with('"');
        let fits = |field: &&FieldRow| field.value == "json" || field.value == "text" && is_text;
        let mut known = names.iter().filter_map(|name| self.row.iter().find(|field| field.name == *name));
        match known.find(fits) {
            Some(field) => self.put(field.name, Some(value)),
            None => Ok(false),
        }
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for (name, raw) in &self.fields {
            map.serialize_entry(name, raw)?;
        }
        map.end()
    }
}
