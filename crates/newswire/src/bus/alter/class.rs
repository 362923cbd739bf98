//! Masks a payload by the classes of its fields, so that it fits its kind as it did before, where it can.

use super::mask::{MASK_JSON, Masker};
use crate::catalogue::{self, Class, FieldRow};
use crate::error::Result;
use crate::event::{Scan, write_string};
use crate::kind::Kind;

/// Bytes that were masked: the mask itself is no base64, none at all is.
const NO_BYTES: &str = "\"\"";

/// A rule about a class, at work on one payload.
pub(super) struct ByClass<'r> {
    pub(super) class: Class,
    /// Of the path that means everything.
    pub(super) masker: Masker<'r>,
}

/// What becomes of a member's value.
enum Fate {
    Stays,
    Becomes(String),
    /// Nothing that could stand in its place would be of its type.
    LeftOut,
}

impl ByClass<'_> {
    /// The payload with what is meant masked; `None` where nothing is.
    pub(super) fn masked_payload(&self, kind: &Kind, json: &str) -> Result<Option<String>> {
        self.record(json, catalogue::row_of(kind).map_or(&[], |row| row.fields))
    }

    /// An object with these fields; what is no object counts as content.
    fn record(&self, json: &str, fields: &[FieldRow]) -> Result<Option<String>> {
        let mut scan = Scan::new(json);
        if !scan.take(b'{') {
            return self.value_of(Class::Content, json);
        }
        let (mut out, mut changed) = (vec![b'{'], false);
        while let Some(name) = scan.member()? {
            let value = scan.value()?.text;
            let fate = match fields.iter().find(|field| field.name == name) {
                Some(field) => self.field(field, value)?,
                None => self.value_of(Class::Content, value)?.map_or(Fate::Stays, Fate::Becomes),
            };
            changed |= !matches!(fate, Fate::Stays);
            let value = match &fate {
                Fate::Stays => value,
                Fate::Becomes(masked) => masked,
                Fate::LeftOut => continue,
            };
            if out.len() > 1 {
                out.push(b',');
            }
            write_string(&mut out, &name);
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        }
        out.push(b'}');
        Ok(changed.then(|| String::from_utf8(out).unwrap_or_else(|_| MASK_JSON.to_owned())))
    }

    fn field(&self, field: &FieldRow, value: &str) -> Result<Fate> {
        let masked = match field.value {
            "text" | "json" | "bytes" | "integer" | "number" | "boolean" => {
                self.value_of(field.class, value)?
            }
            record => self.record(value, catalogue::fields_of(record))?,
        };
        Ok(match (masked, field.value) {
            (None, _) => Fate::Stays,
            (Some(_), "bytes") if value == NO_BYTES => Fate::Stays,
            (Some(_), "bytes") => Fate::Becomes(NO_BYTES.to_owned()),
            (Some(_), "integer" | "number" | "boolean") if field.optional => Fate::LeftOut,
            (Some(masked), _) => Fate::Becomes(masked),
        })
    }

    /// A value of that class.
    fn value_of(&self, class: Class, json: &str) -> Result<Option<String>> {
        if class != self.class {
            return Ok(None);
        }
        self.masker.masked_json(json, self.masker.path.start())
    }
}

/// Whether the first field of such payloads, which emitters label the component with, is content.
pub(super) fn has_content_label(kind: &Kind) -> bool {
    let row = catalogue::row_of(kind).filter(|row| row.component.is_some());
    row.and_then(|row| row.fields.first()).is_some_and(|label| label.class == Class::Content)
}
