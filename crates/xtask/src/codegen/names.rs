//! Names in each language's case, and the table by families.

use newswire::catalogue::{FieldRow, Row, records, rows};

/// The rows whose kinds begin with the same segment.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) rows: Vec<&'static Row>,
}

/// All families, in the order of the table.
pub(super) fn families() -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    for row in rows() {
        let name = family_of(row.kind);
        match families.iter_mut().find(|family| family.name == name) {
            Some(family) => family.rows.push(row),
            None => families.push(Family { name, rows: vec![row] }),
        }
    }
    families
}

/// The first segment of a kind.
pub(super) fn family_of(kind: &str) -> &str {
    kind.split('.').next().unwrap_or(kind)
}

/// `duration_ns` as `DurationNs`.
pub(super) fn pascal(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    name.split('_').map(capital).collect()
}

/// `duration_ns` as `durationNs`.
pub(super) fn camel(name: &str) -> String {
    match name.split_once('_') {
        Some((first, rest)) => first.to_owned() + &pascal(rest),
        None => name.to_owned(),
    }
}

/// The type of a field, in a language's words for the basic ones; a record's own name for records.
///
/// # Panics
/// For a type that is neither.
pub(super) fn type_in(
    field: &FieldRow,
    text: &str,
    integer: &str,
    number: &str,
    boolean: &str,
    json: &str,
) -> String {
    match field.value {
        "text" | "bytes" => text,
        "integer" => integer,
        "number" => number,
        "boolean" => boolean,
        "json" => json,
        record if records().iter().any(|row| row.name == record) => record,
        other => panic!("{}: {other} is no basic type and no record of `catalogue::records`", field.name),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_in_the_case_of_the_language() {
        assert_eq!(
            (camel("time_to_first_chunk_ns"), camel("name")),
            ("timeToFirstChunkNs".into(), "name".into())
        );
        assert_eq!(pascal("call_id"), "CallId");
    }
}
