//! Changes to JSON that leave it JSON, or nearly so.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

/// One change, and where.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    /// A value becomes another one.
    Replace(Index, &'static str),
    /// A value is nested so deep, in arrays or objects.
    Nest(Index, usize, bool),
    /// A member or an element goes.
    Remove(Index),
    /// A member is called as another is.
    Rename(Index, Index),
    /// A member or an element comes twice, under the same name.
    Double(Index),
    /// Two values change places.
    Swap(Index, Index),
    /// A record comes again, or goes, or changes its place.
    Again(Index, Index),
    Missing(Index),
    Elsewhere(Index, Index),
    /// The source ends there.
    Cut(Index),
}

/// Values that are not what is expected there, as they stand in JSON; some stand in none.
const VALUES: &[&str] = &[
    "null",
    "true",
    "-1",
    "0",
    "1e308",
    "1e999",
    "-1e999",
    "NaN",
    "0.1",
    "9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "123456789012345678901234567890",
    r#""""#,
    r#""text""#,
    r#""\ud800""#,
    r#""\u0000""#,
    r#""\u001b[2J\u202e""#,
    r#""2300-01-01T00:00:00Z""#,
    r#""0001-01-01T00:00:00Z""#,
    "[]",
    "{}",
    "[null]",
    r#"{"type":null}"#,
    r#"{"type":"text","text":7}"#,
    r#"[{"type":"tool_use"}]"#,
    r#""{\"a\":1""#,
];

pub(crate) fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    prop_oneof![
        6 => (at(), prop::sample::select(VALUES)).prop_map(|(at, value)| Mutation::Replace(at, value)),
        1 => (at(), 1..200_usize, any::<bool>()).prop_map(|(at, deep, array)| Mutation::Nest(at, deep, array)),
        3 => at().prop_map(Mutation::Remove),
        2 => (at(), at()).prop_map(|(at, as_)| Mutation::Rename(at, as_)),
        2 => at().prop_map(Mutation::Double),
        2 => (at(), at()).prop_map(|(one, other)| Mutation::Swap(one, other)),
        1 => (at(), at()).prop_map(|(at, to)| Mutation::Again(at, to)),
        1 => at().prop_map(Mutation::Missing),
        1 => (at(), at()).prop_map(|(at, to)| Mutation::Elsewhere(at, to)),
        1 => at().prop_map(Mutation::Cut),
    ]
}

/// What stands in for text that serde_json would not write: it is put there at the end.
const MARK: &str = "@@raw@@";

/// The records with all these changes, as a source.
pub(crate) fn mutated(records: &[Value], array: bool, mutations: &[Mutation]) -> String {
    let mut whole = Value::Array(records.to_vec());
    let mut raw = Vec::new();
    let mut cut = None;
    for mutation in mutations {
        apply(&mut whole, mutation, &mut raw, &mut cut);
    }
    let records = whole.as_array().map_or(&[][..], Vec::as_slice);
    let texts: Vec<_> = records.iter().map(Value::to_string).collect();
    let mut text = if array { format!("[{}]", texts.join(",\n")) } else { texts.join("\n") };
    for (place, value) in raw.iter().enumerate() {
        text = text.replace(&format!("\"{MARK}{place}\""), value);
    }
    if let Some(cut) = cut {
        let at = cut.index(text.len() + 1);
        text.truncate(text.floor_char_boundary(at));
    }
    text
}

fn apply(whole: &mut Value, mutation: &Mutation, raw: &mut Vec<String>, cut: &mut Option<Index>) {
    let mut places = Vec::new();
    pointers(whole, &mut String::new(), &mut places);
    let records = whole.as_array().map_or(0, Vec::len);
    if places.is_empty() || records == 0 {
        return;
    }
    let of = |at: &Index| places[at.index(places.len())].clone();
    let mut mark = |value: String| {
        raw.push(value);
        Value::String(format!("{MARK}{}", raw.len() - 1))
    };
    match mutation {
        Mutation::Replace(at, value) => put(whole, &of(at), mark((*value).to_owned())),
        Mutation::Nest(at, deep, array) => {
            let (open, close) = if *array { ("[", "]") } else { (r#"{"a":"#, "}") };
            put(whole, &of(at), mark(format!("{}1{}", open.repeat(*deep), close.repeat(*deep))));
        }
        Mutation::Remove(at) => _ = take(whole, &of(at)),
        Mutation::Rename(at, like) => {
            let (place, like) = (of(at), of(like));
            let name = like.rsplit('/').next().unwrap_or_default().to_owned();
            let Some(value) = take(whole, &place) else { return };
            if let Some(Value::Object(members)) = whole.pointer_mut(parent(&place)) {
                members.insert(name, value);
            }
        }
        Mutation::Double(at) => {
            let place = of(at);
            let name = place.rsplit('/').next().unwrap_or_default().to_owned();
            let Some(value) = whole.pointer(&place).cloned() else { return };
            match whole.pointer_mut(parent(&place)) {
                Some(Value::Array(items)) => items.push(value),
                Some(Value::Object(members)) => {
                    let name = Value::String(name).to_string();
                    let twice = format!("{{{name}:{value},{name}:{value}}}");
                    members.insert("doubled".to_owned(), mark(twice));
                }
                _ => {}
            }
        }
        Mutation::Swap(one, other) => {
            let (one, other) = (of(one), of(other));
            let (first, second) = (whole.pointer(&one).cloned(), whole.pointer(&other).cloned());
            if let (Some(first), Some(second)) = (first, second) {
                put(whole, &one, second);
                put(whole, &other, first);
            }
        }
        Mutation::Again(at, to) | Mutation::Elsewhere(at, to) => {
            let Value::Array(items) = whole else { return };
            let from = at.index(records);
            let record = match mutation {
                Mutation::Again(..) => items[from].clone(),
                _ => items.remove(from),
            };
            items.insert(to.index(items.len() + 1), record);
        }
        Mutation::Missing(at) => {
            let Value::Array(items) = whole else { return };
            items.remove(at.index(records));
        }
        Mutation::Cut(at) => *cut = Some(*at),
    }
}

/// The places of all values within.
fn pointers(value: &Value, path: &mut String, found: &mut Vec<String>) {
    let mut within = |name: &str, value: &Value| {
        let length = path.len();
        path.push('/');
        path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        found.push(path.clone());
        pointers(value, path, found);
        path.truncate(length);
    };
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, item)| within(&place.to_string(), item));
        }
        Value::Object(members) => members.iter().for_each(|(name, value)| within(name, value)),
        _ => {}
    }
}

fn parent(place: &str) -> &str {
    place.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn put(whole: &mut Value, place: &str, value: Value) {
    if let Some(found) = whole.pointer_mut(place) {
        *found = value;
    }
}

fn take(whole: &mut Value, place: &str) -> Option<Value> {
    let name = place.rsplit('/').next()?.replace("~1", "/").replace("~0", "~");
    match whole.pointer_mut(parent(place))? {
        Value::Array(items) => Some(items.remove(name.parse().ok()?)),
        Value::Object(members) => members.remove(&name),
        _ => None,
    }
}
