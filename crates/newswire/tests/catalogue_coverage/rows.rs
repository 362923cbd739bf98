//! Every row of a name, the rarest condition included, says of every field that its system sends under that
//! name where it goes, or the system's list says why it never comes under that condition.

use newswire::catalogue::aliases_named;
use serde::Deserialize;

use super::facts;

/// Fields that a system doesn't send under a condition of a row, though it does under another of the name.
#[derive(Deserialize)]
pub(crate) struct Never {
    name: String,
    /// The kind of the row, or rows.
    kind: String,
    fields: Vec<String>,
    why: String,
}

#[test]
fn every_row_places_every_field_of_its_name_or_the_list_says_why_it_never_comes() {
    let mut unplaced = Vec::new();
    for (system, facts) in facts() {
        for (name, fields) in &facts.kinds {
            for row in aliases_named(system, name) {
                let is_never = |field: &str| {
                    let here = |never: &&Never| never.name == *name && row.kind.as_str() == never.kind;
                    facts.never.iter().filter(here).any(|never| never.fields.iter().any(|of| of == field))
                };
                let missing = fields.iter().filter(|field| {
                    let placed = row.fields().any(|map| map.theirs == **field);
                    assert!(!(placed && is_never(field)), "{name} as {}: {field} comes after all", row.kind);
                    !placed && !is_never(field)
                });
                unplaced.extend(
                    missing.map(|field| format!("{name} where {}, as {}: {field}", row.when, row.kind)),
                );
            }
        }
    }
    assert!(unplaced.is_empty(), "neither a row nor a list of facts says of {unplaced:#?}");
}

#[test]
fn what_never_comes_is_said_of_rows_and_fields_that_there_are() {
    for (system, facts) in facts() {
        for Never { name, kind, fields, why } in &facts.never {
            let known = facts.kinds.get(name).unwrap_or_else(|| panic!("{name} is no kind of {system:?}"));
            assert!(
                fields.iter().all(|field| known.contains(field)),
                "{name} has no such fields: {fields:?}"
            );
            assert!(
                aliases_named(system, name).iter().any(|row| row.kind.as_str() == kind),
                "{name} is never {kind}"
            );
            assert!(why.len() > 20, "{name} as {kind}: no reason");
        }
    }
}
