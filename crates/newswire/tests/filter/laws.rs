//! Laws, by property: reading never panics, printing reads back, and matching agrees with a naive reference.

use newswire::{ErrorKind, Event, Field, Filter, Scope, ScopeField, Severity};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::Value as Json;

use crate::event;

/// A filter as the reference understands it.
#[derive(Clone, Debug)]
enum Naive {
    Prefix(&'static str),
    Suffix(&'static str),
    Session(&'static str),
    Tag(&'static str),
    AtLeast(Severity),
    Number(&'static str, &'static str, i64),
    Word(&'static str, &'static str),
    Has(&'static str),
    Not(Box<Naive>),
    And(Vec<Naive>),
    Or(Vec<Naive>),
}

const KINDS: [&str; 6] =
    ["tool.call.started", "tool.call.failed", "run.failed", "run", "toolbox.seen", "law.late.seen"];
const IDS: [&str; 3] = ["s-1", "s-2", "a b"];
const PATHS: [&str; 4] = ["n", "deep.n", "list.1", "none"];

fn one_of(list: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(list)
}

fn naive() -> impl Strategy<Value = Naive> {
    let leaf = prop_oneof![
        one_of(&["tool", "run", "tool.call", "law"]).prop_map(Naive::Prefix),
        one_of(&["failed", "seen", "call.failed"]).prop_map(Naive::Suffix),
        one_of(&IDS).prop_map(Naive::Session),
        one_of(&IDS).prop_map(Naive::Tag),
        prop::sample::select(Severity::ALL).prop_map(Naive::AtLeast),
        (one_of(&PATHS), one_of(&["=", "!=", "<", "<=", ">", ">="]), -3_i64..4)
            .prop_map(|(path, operator, number)| Naive::Number(path, operator, number)),
        (one_of(&PATHS), one_of(&IDS)).prop_map(|(path, word)| Naive::Word(path, word)),
        one_of(&PATHS).prop_map(Naive::Has),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Naive::Not(Box::new(inner))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Naive::And),
            prop::collection::vec(inner, 1..4).prop_map(Naive::Or),
        ]
    })
}

impl Naive {
    fn text(&self) -> String {
        let joined =
            |list: &[Self], word| format!("({})", list.iter().map(Self::text).collect::<Vec<_>>().join(word));
        match self {
            Self::Prefix(prefix) => format!("{prefix}.*"),
            Self::Suffix(suffix) => format!("*.{suffix}"),
            Self::Session(id) => format!("session=\"{id}\""),
            Self::Tag(tag) => format!("tag:\"{tag}\""),
            Self::AtLeast(severity) => format!("severity >= {severity}"),
            Self::Number(path, operator, number) => format!("payload.{path} {operator} {number}"),
            Self::Word(path, word) => format!("payload.{path}=\"{word}\""),
            Self::Has(path) => format!("has payload.{path}"),
            Self::Not(inner) => format!("not {}", inner.text()),
            Self::And(list) => joined(list, " and "),
            Self::Or(list) => joined(list, " or "),
        }
    }

    fn build(&self) -> Filter {
        let payload = |path: &str| Field::payload(path).unwrap();
        match self {
            Self::Prefix(prefix) => Filter::kind(&format!("{prefix}.*")).unwrap(),
            Self::Suffix(suffix) => Filter::kind(&format!("*.{suffix}")).unwrap(),
            Self::Session(id) => Filter::scope(ScopeField::Session, id).unwrap(),
            Self::Tag(tag) => Filter::tagged(tag).unwrap(),
            Self::AtLeast(severity) => Filter::severity_at_least(*severity),
            Self::Number(path, operator, number) => match *operator {
                "=" => payload(path).is(*number),
                "!=" => payload(path).is(*number).and_then(Filter::not),
                "<" => payload(path).below(*number),
                "<=" => payload(path).at_most(*number),
                ">" => payload(path).above(*number),
                _ => payload(path).at_least(*number),
            }
            .unwrap(),
            Self::Word(path, word) => payload(path).is(*word).unwrap(),
            Self::Has(path) => payload(path).exists().unwrap(),
            Self::Not(inner) => inner.build().not().unwrap(),
            Self::And(list) => list.iter().map(Self::build).reduce(|a, b| a.and(b).unwrap()).unwrap(),
            Self::Or(list) => list.iter().map(Self::build).reduce(|a, b| a.or(b).unwrap()).unwrap(),
        }
    }

    fn matches(&self, event: &Event) -> bool {
        let payload: Option<Json> = event.payload_json().map(|json| serde_json::from_str(json).unwrap());
        let at = |path: &str| payload.as_ref()?.pointer(&format!("/{}", path.replace('.', "/"))).cloned();
        let kind = event.kind().as_str();
        match self {
            Self::Prefix(prefix) => kind.starts_with(&format!("{prefix}.")),
            Self::Suffix(suffix) => kind.ends_with(&format!(".{suffix}")),
            Self::Session(id) => event.scope().get(ScopeField::Session) == Some(id),
            Self::Tag(tag) => event.tags().any(|present| present == *tag),
            Self::AtLeast(severity) => event.severity() >= *severity,
            Self::Number(path, operator, number) => {
                let found = at(path).and_then(|value| value.as_f64());
                let number = *number as f64;
                match *operator {
                    "!=" => found != Some(number),
                    "=" => found == Some(number),
                    "<" => found.is_some_and(|found| found < number),
                    "<=" => found.is_some_and(|found| found <= number),
                    ">" => found.is_some_and(|found| found > number),
                    _ => found.is_some_and(|found| found >= number),
                }
            }
            Self::Word(path, word) => at(path).is_some_and(|value| value == **word),
            Self::Has(path) => at(path).is_some(),
            Self::Not(inner) => !inner.matches(event),
            Self::And(list) => list.iter().all(|inner| inner.matches(event)),
            Self::Or(list) => list.iter().any(|inner| inner.matches(event)),
        }
    }
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        (-3_i64..4).prop_map(Json::from),
        (-6_i8..7).prop_map(|half| Json::from(f64::from(half) / 2.0)),
        one_of(&IDS).prop_map(Json::from),
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
    ]
}

fn events() -> impl Strategy<Value = Event> {
    let payload = prop::option::of((scalar(), scalar(), prop::collection::vec(scalar(), 0..3)));
    let session = prop::option::of(one_of(&IDS));
    let tags = prop::collection::vec(one_of(&IDS), 0..3);
    (one_of(&KINDS), payload, session, tags, prop::sample::select(Severity::ALL)).prop_map(
        |(kind, payload, session, tags, severity)| {
            let mut builder = event(kind).severity(severity);
            if let Some((n, deep, list)) = payload {
                builder = builder.serialize(&serde_json::json!({"n": n, "deep": {"n": deep}, "list": list}));
            }
            if let Some(session) = session {
                builder = builder.scope(Scope::new().with(ScopeField::Session, session).unwrap());
            }
            tags.into_iter().fold(builder, |builder, tag| builder.tag(tag)).build().unwrap()
        },
    )
}

/// Texts that get further into the parser than random ones do.
fn near_filters() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "tool.*",
            "session",
            "payload.a_ns",
            "attrs.\"a b\"",
            "=",
            "!=",
            "~",
            "<",
            ">=",
            "and",
            "or",
            "not",
            "has",
            "in",
            "(",
            ")",
            ",",
            "\"x\\n\"",
            "\"",
            "2s",
            "1e5",
            "-0.50",
            "null",
            "*",
            "kind",
            ":",
            "source",
            "a/b",
            "é",
            "tag",
            "payload",
            "..",
            "span",
            "0000000000000001",
            "severity",
            "warn",
            "\\",
            "99999999999999999999",
        ])
        .prop_map(str::to_owned),
        "[a-z.*=~\"() \\\\]{0,4}",
    ];
    prop::collection::vec((piece, one_of(&["", " "])), 0..14)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, space)| [piece, space.to_owned()]).collect())
}

fn read(text: &str) -> Result<(), proptest::test_runner::TestCaseError> {
    match Filter::parse(text) {
        Ok(filter) => {
            let printed = filter.to_string();
            let again = Filter::parse(&printed);
            prop_assert!(again.is_ok(), "{text:?} prints {printed:?}: {again:?}");
            let again = again.unwrap();
            prop_assert_eq!(again.to_string(), printed);
            prop_assert_eq!(again, filter);
        }
        Err(error) if error.kind() == ErrorKind::Invalid => {
            let column = error.column().unwrap_or_default();
            prop_assert!((1..=text.chars().count() + 1).contains(&column), "{text:?}: {error}");
            prop_assert!(error.expected().is_some(), "{text:?}: {error}");
        }
        Err(error) => prop_assert_eq!(error.kind(), ErrorKind::TooLarge),
    }
    Ok(())
}

proptest! {
    #[test]
    fn reading_any_text_gives_a_filter_or_a_column(text in any::<String>()) {
        read(&text)?;
    }

    #[test]
    fn reading_any_bytes_gives_a_filter_or_a_column(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn reading_what_looks_like_a_filter_gives_one_or_a_column(text in near_filters()) {
        read(&text)?;
    }

    #[test]
    fn reading_any_field_gives_one_that_prints_itself(name in "[a-z.\"\\\\ 0-9_é]{0,20}") {
        if let Ok(field) = Field::parse(&name) {
            prop_assert_eq!(Field::parse(&field.to_string()).unwrap(), field);
        }
    }

    #[test]
    fn any_value_is_printed_so_that_it_reads_back(text in prop_oneof![any::<String>(), "[a*0-9.s-]{0,6}"], float in any::<f64>(), whole in any::<i64>()) {
        for field in ["session", "payload.x", "payload.x_ns", "tag", "attrs.x"] {
            let field = || Field::parse(field).unwrap();
            let filters = [field().is(text.as_str()), field().above(float), field().at_most(whole), field().like(&text)];
            for filter in filters.into_iter().flatten() {
                prop_assert_eq!(Filter::parse(&filter.to_string()).unwrap(), filter);
            }
        }
    }

    #[test]
    fn text_and_builder_make_equal_filters_that_print_themselves(naive in naive()) {
        let filter = Filter::parse(&naive.text()).unwrap();
        prop_assert_eq!(&naive.build(), &filter);
        prop_assert_eq!(Filter::parse(&filter.to_string()).unwrap(), filter);
    }

    #[test]
    fn matching_agrees_with_a_naive_reference(naive in naive(), event in events()) {
        let filter = Filter::parse(&naive.text()).unwrap();
        prop_assert_eq!(filter.matches(&event), naive.matches(&event), "{} on {:?}", filter, event);
    }
}
