//! The table as JSON Schema (2020-12): one of the envelope, one of each payload.
//!
//! It stands in the core because both the command line and the generator of the committed files print it;
//! a program that asks for no schema doesn't carry this code. The schemas are as open as the reader:
//! fields that this version doesn't know are valid. Whatever is marked `int64` may need all 64 bits; every
//! other integer is bounded to what a double holds exactly.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::record::{RecordRow, records};
use super::row::{FieldRow, Row};
use crate::event::{ComponentScope, CorrelationField, Scope, ScopeField, Severity};
use crate::kind::Kind;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The largest integer that every language's plain number can hold.
pub(crate) const MAX_PLAIN: u64 = (1 << 53) - 1;

/// The schema of a payload, as JSON text with a line break at its end.
///
/// ```
/// use newswire::catalogue::{Catalogued, row_of, schema, tool::ToolCallStarted};
///
/// let row = row_of(&ToolCallStarted::KIND).expect("a row");
/// assert!(schema::of_payload(row).contains(r#""$id": "urn:newswire:payload:tool.call.started""#));
/// ```
pub fn of_payload(row: &Row) -> String {
    let used: Vec<_> =
        records().iter().filter(|record| row.fields.iter().any(|field| field.value == record.name)).collect();
    let mut schema = vec![
        ("$schema", text(DIALECT)),
        ("$id", text(format!("urn:newswire:payload:{}", row.kind))),
        ("title", text(row.payload)),
        ("description", text(row.docs)),
        ("x-newswire-kind", text(row.kind)),
    ];
    schema.extend(fields(row.fields));
    if !used.is_empty() {
        let define = |record: &&RecordRow| {
            let mut schema = vec![("description", text(record.docs))];
            schema.extend(fields(record.fields));
            (record.name, Node::Object(schema))
        };
        schema.push(("$defs", Node::Object(used.iter().map(define).collect())));
    }
    Node::Object(schema).to_text()
}

/// The schema of the envelope, as JSON text with a line break at its end.
pub fn of_event() -> String {
    let id = || text_field(Scope::MAX_ID_LEN);
    let from = |least| whole(least, MAX_PLAIN);
    let ids = |names: Vec<&'static str>| names.into_iter().map(|name| (name, id())).collect::<Vec<_>>();
    let mut correlation = vec![
        ("trace", pattern("^[0-9a-f]{32}$")),
        ("span", described(pattern("^[0-9a-f]{16}$"), "What the event is about: aggregation keys on it.")),
        ("parent_span", pattern("^[0-9a-f]{16}$")),
        ("causation", typed("string", [("format", text("uuid"))])),
    ];
    correlation.extend(ids(CorrelationField::ALL.map(CorrelationField::as_str).into()));
    let component = [
        ("scope", words(ComponentScope::ALL.iter().map(|scope| scope.as_str()))),
        ("id", described(id(), "A label, not an identity.")),
    ];
    let kind = [
        ("pattern", text(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")),
        ("maxLength", Node::Number(Kind::MAX_LEN as u64)),
    ];
    let properties = [
        ("seq", from(1), "Its position on the bus, given at publish."),
        ("id", typed("string", [("format", text("uuid"))]), "Unique for ever: a UUIDv7."),
        (
            "origin",
            nested(["bus", "epoch", "seq"], [("bus", id()), ("epoch", from(0)), ("seq", from(1))]),
            "Its position on the first bus, where a link brought it.",
        ),
        ("kind", typed("string", kind), "What happened; the payload's schema is that of the kind."),
        (
            "time",
            typed("string", [("format", text("date-time"))]),
            "UTC, written with nine digits after the second.",
        ),
        ("source", nested(["component"], [("component", id()), ("name", id())]), "Who emitted it."),
        ("scope", nested([], ids(ScopeField::ALL.map(ScopeField::as_str).into())), "What it belongs to."),
        ("correlation", nested([], correlation), "How it hangs together with others."),
        ("component", nested(["scope", "id"], component), "Which component a lifecycle event is about."),
        (
            "severity",
            words(Severity::ALL.iter().map(|severity| severity.as_str())),
            "The kind's own where it is absent.",
        ),
        ("message", typed("string", []), "A sentence for people."),
        ("tags", typed("array", [("items", id()), ("uniqueItems", Node::Bool(true))]), "A set of words."),
        ("attrs", typed("object", []), "Whatever else belongs to it."),
        (
            "merged",
            nested(["first_seq", "count"], [("first_seq", from(1)), ("count", from(2))]),
            "Which events it stands for, where coalescing made one of several.",
        ),
        ("payload", Node::Object(vec![]), "What the kind says, typed by it; never null."),
        ("internal", typed("boolean", []), "Whether it is for sinks and loggers only."),
    ];
    let properties = properties.map(|(name, schema, docs)| (name, described(schema, docs)));
    let mut schema = vec![
        ("$schema", text(DIALECT)),
        ("$id", text("urn:newswire:event")),
        ("title", text("Event")),
        ("description", text("One event on the wire. What is absent is left out, never null.")),
    ];
    schema.extend(object(["id", "kind", "time"], properties));
    Node::Object(schema).to_text()
}

/// The keywords of an object with these fields.
fn fields(fields: &'static [FieldRow]) -> Vec<Member> {
    let required = fields.iter().filter(|field| !field.optional).map(|field| field.name);
    object(required, fields.iter().map(|field| (field.name, of_field(field))))
}

fn of_field(field: &FieldRow) -> Node {
    let mut schema = match field.value {
        "text" => vec![("type", text("string"))],
        "integer" if field.is_int64() => {
            vec![("type", text("integer")), ("minimum", Node::Number(0)), ("format", text("int64"))]
        }
        "integer" => vec![
            ("type", text("integer")),
            ("minimum", Node::Number(0)),
            ("maximum", Node::Number(MAX_PLAIN)),
        ],
        "number" | "boolean" => vec![("type", text(field.value))],
        "json" => vec![("not", typed("null", []))],
        "bytes" => vec![("type", text("string")), ("contentEncoding", text("base64"))],
        record => vec![("$ref", text(format!("#/$defs/{record}")))],
    };
    schema.push(("description", text(field.docs)));
    schema.push(("x-newswire-class", text(field.class.as_str())));
    schema.extend(field.otel.map(|attribute| ("x-newswire-otel", text(attribute))));
    Node::Object(schema)
}

type Member = (&'static str, Node);

/// JSON whose members keep their order.
enum Node {
    Bool(bool),
    Number(u64),
    Text(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

impl Node {
    fn to_text(&self) -> String {
        // Writing JSON of texts and numbers into memory can't fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

fn text(text: impl Into<String>) -> Node {
    Node::Text(text.into())
}

fn texts(texts: impl IntoIterator<Item = &'static str>) -> Node {
    Node::List(texts.into_iter().map(text).collect())
}

fn typed(name: &'static str, more: impl IntoIterator<Item = Member>) -> Node {
    Node::Object([("type", text(name))].into_iter().chain(more).collect())
}

fn words(words: impl Iterator<Item = &'static str>) -> Node {
    Node::Object(vec![("enum", texts(words))])
}

fn pattern(pattern: &'static str) -> Node {
    typed("string", [("pattern", text(pattern))])
}

/// Text that is bounded and not empty; the bound is in bytes, so a schema can only say so many characters.
fn text_field(max: usize) -> Node {
    typed("string", [("minLength", Node::Number(1)), ("maxLength", Node::Number(max as u64))])
}

fn whole(minimum: u64, maximum: u64) -> Node {
    typed("integer", [("minimum", Node::Number(minimum)), ("maximum", Node::Number(maximum))])
}

fn object(
    required: impl IntoIterator<Item = &'static str>,
    properties: impl IntoIterator<Item = Member>,
) -> Vec<Member> {
    let mut keywords = vec![("type", text("object"))];
    let required: Vec<_> = required.into_iter().collect();
    if !required.is_empty() {
        keywords.push(("required", texts(required)));
    }
    keywords.push(("properties", Node::Object(properties.into_iter().collect())));
    keywords
}

fn nested<const N: usize>(required: [&'static str; N], properties: impl IntoIterator<Item = Member>) -> Node {
    Node::Object(object(required, properties))
}

fn described(schema: Node, docs: &'static str) -> Node {
    match schema {
        Node::Object(mut members) => {
            members.push(("description", text(docs)));
            Node::Object(members)
        }
        other => other,
    }
}
