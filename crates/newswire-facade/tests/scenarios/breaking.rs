//! Breaks expectations, one at a time: a scenario that still passes then holds nothing.

use serde_json::{Map, Value};

use super::format::Scenario;
use super::stage::{Stage, label};

/// How long a broken expectation is given to come true after all.
const SHORT_NS: u64 = 20_000_000;

/// Plays the scenario once for each thing that it expects, with that broken, and says what nobody noticed.
///
/// # Errors
/// The steps whose broken expectation went unnoticed, or was noticed elsewhere.
pub(crate) fn every_expectation_can_fail(scenario: &Scenario) -> Result<(), String> {
    let mut broken = 0;
    for at in 0..scenario.steps.len() {
        for variant in broken_steps(&scenario.steps[at], &[at + 1]) {
            broken += 1;
            let mut steps = scenario.steps.clone();
            steps[at] = variant.step;
            let name = scenario.name.clone();
            let why = match Stage::play(&Scenario { name, steps }) {
                Err(why) if why.contains(&variant.label) => continue,
                Err(why) => format!("was noticed elsewhere: {why}"),
                Ok(()) => "was not noticed".to_owned(),
            };
            return Err(format!("{}, where it expects {} instead, {why}", variant.label, variant.expects));
        }
    }
    if broken == 0 { Err("it expects nothing".to_owned()) } else { Ok(()) }
}

struct Broken {
    step: Map<String, Value>,
    /// How a failure of that step begins.
    label: String,
    expects: Value,
}

/// The step, with one of its expectations broken, or one of those of its handler's steps.
fn broken_steps(step: &Map<String, Value>, place: &[usize]) -> Vec<Broken> {
    let mut all = Vec::new();
    for word in ["expect", "eventually", "fails"] {
        let Some(expected) = step.get(word) else { continue };
        for expects in broken_values(expected) {
            let mut step = step.clone();
            step.insert(word.to_owned(), expects.clone());
            if word == "eventually" {
                step.insert("within_ns".to_owned(), SHORT_NS.into());
            }
            all.push(Broken { label: label(place, &step), step, expects });
        }
    }
    let own: &[Value] = step.get("does").and_then(Value::as_array).map_or(&[], Vec::as_slice);
    for (at, inner) in own.iter().enumerate() {
        let Some(inner) = inner.as_object() else { continue };
        for variant in broken_steps(inner, &[at + 1]) {
            let mut step = step.clone();
            let mut own = own.to_vec();
            own[at] = variant.step.into();
            step.insert("does".to_owned(), own.into());
            let label = format!("the handler's {}", variant.label);
            all.push(Broken { step, label, expects: variant.expects });
        }
    }
    all
}

/// All that differs from `expected` in one place.
fn broken_values(expected: &Value) -> Vec<Value> {
    match expected {
        Value::Null => vec!["not this".into()],
        Value::Bool(truth) => vec![(!truth).into()],
        Value::Number(number) => vec![match number.as_i64() {
            Some(number) => number.wrapping_add(1).into(),
            None => (-number.as_f64().unwrap_or_default() - 1.0).into(),
        }],
        Value::String(name) if name == "$_" => vec![Value::Null],
        Value::String(name) if name.starts_with('$') => vec!["not this".into()],
        Value::String(text) => vec![format!("{text}, not this").into()],
        Value::Array(items) => {
            let mut longer = items.clone();
            longer.push("$_".into());
            let inner = items.iter().enumerate().flat_map(|(at, item)| {
                broken_values(item).into_iter().map(move |broken| {
                    let mut items = items.clone();
                    items[at] = broken;
                    items.into()
                })
            });
            inner.chain([longer.into()]).collect()
        }
        Value::Object(members) => match members.iter().next() {
            Some((test, limit)) if test.starts_with('$') => match (test.as_str(), limit.as_str()) {
                ("$at_least", _) => vec![test_of(test, u64::MAX.into())],
                ("$not", _) => vec![test_of(test, "$_".into())],
                (_, Some(text)) => vec![test_of(test, format!("{text}, not this").into())],
                _ => vec!["not this".into()],
            },
            _ => members
                .iter()
                .flat_map(|(name, value)| {
                    broken_values(value).into_iter().map(move |broken| {
                        let mut members = members.clone();
                        members.insert(name.clone(), broken);
                        members.into()
                    })
                })
                .collect(),
        },
    }
}

fn test_of(test: &str, limit: Value) -> Value {
    Value::Object(Map::from_iter([(test.to_owned(), limit)]))
}
