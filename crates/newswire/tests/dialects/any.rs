//! Anything that can stand in an event of another system, and much that shouldn't.

use std::collections::BTreeMap;

use newswire::catalogue::System;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// What the systems have: the facts that the catalogue is held against.
const FACTS: [(System, &str); 5] = [
    (System::PromptKit, include_str!("../catalogue_coverage/promptkit.json")),
    (System::AiTaskAgent, include_str!("../catalogue_coverage/aitaskagent.json")),
    (System::AgentRuntime, include_str!("../catalogue_coverage/agentruntime.json")),
    (System::PicoClaw, include_str!("../catalogue_coverage/picoclaw.json")),
    (System::Praxis, include_str!("../catalogue_coverage/praxis.json")),
];

/// Every kind of a system, with the fields that it can have.
pub(crate) fn kinds(system: System) -> Vec<(String, Vec<String>)> {
    let (_, facts) = FACTS.iter().find(|(of, _)| *of == system).expect("facts of every system");
    let facts: Value = serde_json::from_str(facts).expect("a list of facts");
    let kinds: BTreeMap<String, Vec<String>> = serde_json::from_value(facts["kinds"].clone()).expect("kinds");
    kinds.into_iter().collect()
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (0u64..100_000).prop_map(Value::from),
        any::<f64>().prop_filter("JSON has finite numbers only", |n| n.is_finite()).prop_map(Value::from),
        prop::sample::select(vec![
            json!(0),
            json!(-1),
            json!(u64::MAX),
            json!(i64::MIN),
            json!(f64::MAX),
            json!(f64::MIN_POSITIVE),
            json!(-0.0),
            json!(0.1),
            json!(9_007_199_254_740_993u64),
            json!(1.5),
        ]),
    ]
}

fn text() -> impl Strategy<Value = Value> {
    prop_oneof![
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "completed",
            "error",
            "aborted",
            "failed",
            "rejected",
            "Streaming",
            "Stop",
            "workflowStart",
            "workflowStep",
            "workflowStepComplete",
            "workflowError",
            "workflowComplete",
            "00:00:01.2500000",
            "1.02:03:04",
            "2026-11-21T01:02:03Z",
            "\u{0}\u{1F980}\u{e9}\r\n",
            "UklGRg==",
        ])
        .prop_map(Value::from),
    ]
}

pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => text(),
        4 => number(),
        2 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A name of a member that nobody knows, or that stands in the way of one that is known.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z_.\u{e9}]{0,8}",
        prop::sample::select(vec![
            "name", "picoclaw", "praxis", "rest", "at", "type", "status", "message", "id"
        ])
        .prop_map(str::to_owned),
    ]
}

pub(crate) fn object() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(name(), value(), 0..3).prop_map(|members| members.into_iter().collect())
}

/// A name and a payload: some of the kind's fields with anything in them, and some that nobody knows.
pub(crate) fn event_of(system: System) -> impl Strategy<Value = (String, Map<String, Value>)> {
    let known = prop::sample::select(kinds(system));
    let custom = ("[a-z.A-Z ]{1,20}", Just(Vec::new()));
    let kind = prop_oneof![9 => known.boxed(), 1 => custom.boxed()];
    kind.prop_flat_map(|(name, fields)| {
        let values = prop::collection::vec(prop::option::weighted(0.7, value()), fields.len());
        (Just(name), Just(fields), values, object())
    })
    .prop_map(|(name, fields, values, mut payload)| {
        for (field, value) in fields.iter().zip(values) {
            if let Some(value) = value {
                place(&mut payload, field, value);
            }
        }
        (name, payload)
    })
}

pub(crate) fn place(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(object.insert(path.to_owned(), value)),
        Some((name, rest)) => {
            let inner = object.entry(name).or_insert_with(|| json!({}));
            if let Some(inner) = inner.as_object_mut() {
                place(inner, rest, value);
            }
        }
    }
}

pub(crate) fn time() -> impl Strategy<Value = String> {
    let zone = prop::sample::select(vec!["Z", "+00:00", "+02:00", "-11:30", ""]);
    let fraction = prop_oneof![Just(String::new()), "\\.[0-9]{1,9}"];
    let day =
        prop_oneof![Just("0001-01-01".to_owned()), "(19[7-9]|20[0-9])[0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9])"];
    (day, "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]", fraction, zone)
        .prop_map(|(day, clock, fraction, zone)| format!("{day}T{clock}{fraction}{zone}"))
}

/// An id in some of its forms, empty and too long ones included.
pub(crate) fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("0190163d-8694-739b-aea5-966c26f8ad91".to_owned()),
        Just("f47ac10b-58cc-4372-a567-0e02b2c3d479".to_owned()),
        Just("0af7651916cd43dd8448eb211c80319c".to_owned()),
        Just("x".repeat(600)),
        Just(String::new()),
        "evt-[0-9]{1,5}",
        ".{1,10}",
    ]
}

/// Some of these members, with an id each.
pub(crate) fn ids(names: &'static [&'static str]) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec(prop::option::of(id()), names.len()).prop_map(move |ids| {
        let present = names.iter().zip(ids).filter_map(|(name, id)| Some(((*name).to_owned(), id?.into())));
        present.collect()
    })
}
