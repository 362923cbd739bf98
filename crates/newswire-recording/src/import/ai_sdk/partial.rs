//! Arguments that Gemini tells in pieces: a value, or a piece of a text, for the path that it stands at.

use serde::Deserialize;
use serde_json::{Map, Number, Value};

/// The highest index that a path may have.
const MAX_INDEX: usize = 4096;

/// How deep a path may go.
const MAX_DEPTH: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Piece {
    json_path: String,
    string_value: Option<String>,
    number_value: Option<Number>,
    bool_value: Option<bool>,
    /// Whether more of the text follows: by the next piece of the same path.
    #[serde(default)]
    will_continue: bool,
}

/// The arguments that a list of pieces makes, as JSON; `None` where it is no such list, or they don't fit together.
pub(super) fn whole(list: &str) -> Option<String> {
    let pieces: Vec<Piece> = serde_json::from_str(list).ok()?;
    let mut arguments = Value::Object(Map::new());
    let mut unfinished: Option<String> = None;
    for piece in pieces {
        let place = place(&mut arguments, &piece.json_path)?;
        let goes_on = unfinished.take().is_some_and(|path| path == piece.json_path);
        match (place, piece.string_value) {
            (Value::String(text), Some(more)) if goes_on => text.push_str(&more),
            (place, Some(text)) => *place = Value::String(text),
            (place, None) => {
                let number = piece.number_value.map(Value::Number);
                *place = number.or(piece.bool_value.map(Value::Bool)).unwrap_or(Value::Null);
            }
        }
        unfinished = piece.will_continue.then_some(piece.json_path);
    }
    Some(arguments.to_string())
}

/// Where a path such as `$.steps[1].name` leads, made on the way.
fn place<'v>(root: &'v mut Value, path: &str) -> Option<&'v mut Value> {
    let mut rest = path.strip_prefix('$')?;
    let mut place = root;
    for _ in 0..MAX_DEPTH {
        if rest.is_empty() {
            return Some(place);
        }
        let name = if let Some(after) = rest.strip_prefix('[') {
            let (inner, after) = after.split_once(']')?;
            rest = after;
            match inner.parse::<usize>() {
                Ok(index) => {
                    place = item(place, index)?;
                    continue;
                }
                Err(_) => inner.trim_matches(['\'', '"']),
            }
        } else {
            let after = rest.strip_prefix('.')?;
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, after) = after.split_at_checked(end)?;
            rest = after;
            name
        };
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        place = place.as_object_mut()?.entry(name).or_insert(Value::Null);
    }
    None
}

fn item(place: &mut Value, index: usize) -> Option<&mut Value> {
    if place.is_null() {
        *place = Value::Array(Vec::new());
    }
    let items = place.as_array_mut().filter(|_| index <= MAX_INDEX)?;
    if items.len() <= index {
        items.resize(index + 1, Value::Null);
    }
    items.get_mut(index)
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn pieces_become_the_object_that_they_are_of() {
        let list = r#"[
            {"jsonPath":"$.recipe.steps[0]","stringValue":"Boil","willContinue":true},
            {"jsonPath":"$.recipe.steps[0]","stringValue":" water"},
            {"jsonPath":"$.recipe.steps[1]","stringValue":"Wait"},
            {"jsonPath":"$['portions']","numberValue":4},
            {"jsonPath":"$.vegan","boolValue":true},
            {"jsonPath":"$.note","nullValue":null}
        ]"#;
        let expected = r#"{"recipe":{"steps":["Boil water","Wait"]},"portions":4,"vegan":true,"note":null}"#;
        let object: serde_json::Value = serde_json::from_str(&whole(list).unwrap()).unwrap();
        assert_eq!(object, serde_json::from_str::<serde_json::Value>(expected).unwrap());
    }

    #[test]
    fn pieces_that_do_not_fit_together_give_nothing() {
        for path in ["a", "$a", "$.a[999999999]", "$.a[", "$.b.c", &format!("${}", ".a".repeat(65))] {
            let list = format!(
                r#"[{{"jsonPath":"$.b","stringValue":"x"}},{{"jsonPath":"{path}","stringValue":"y"}}]"#
            );
            assert_eq!(whole(&list), None, "{path}");
        }
        assert_eq!(whole(r#"{"a":1}"#), None);
    }
}
