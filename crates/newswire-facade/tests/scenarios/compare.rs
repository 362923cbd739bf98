//! Compares results with what is expected of them, and keeps the names that both share.
//!
//! Objects are compared by the members that the expectation names, everything else whole.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

/// What has been named so far: ids, times and other values that no scenario can know beforehand.
#[derive(Clone, Default)]
pub(crate) struct Names(BTreeMap<String, Value>);

impl Names {
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// What `name`, or `name.member.0.member`, stands for.
    fn get(&self, path: &str) -> Option<&Value> {
        let (name, members) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        members.into_iter().flat_map(|members| members.split('.')).try_fold(
            self.0.get(name)?,
            |value, member| match value {
                Value::Array(items) => items.get(member.parse::<usize>().ok()?),
                other => other.get(member),
            },
        )
    }

    /// `value` with what the names in it stand for. A handler's own steps are replaced when they are done.
    pub(crate) fn replace(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => self.replace_text(text)?,
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.replace(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                match members.get("$repeat").and_then(Value::as_array).map(Vec::as_slice) {
                    Some([Value::String(text), times]) => text
                        .repeat(times.as_u64().and_then(|times| usize::try_from(times).ok()).unwrap_or(0))
                        .into(),
                    _ => Value::Object(self.replace_members(members)?),
                }
            }
            other => other.clone(),
        })
    }

    /// As [`Names::replace`], member by member.
    pub(crate) fn replace_members(&self, members: &Map<String, Value>) -> Result<Map<String, Value>, String> {
        let replaced = |(name, value): (&String, &Value)| {
            Ok((name.clone(), if name == "does" { value.clone() } else { self.replace(value)? }))
        };
        members.iter().map(replaced).collect()
    }

    fn replace_text(&self, text: &str) -> Result<Value, String> {
        let mut parts = text.split('$');
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let is_name = |letter: char| {
                letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_.".contains(letter)
            };
            let end = part.find(|letter| !is_name(letter)).unwrap_or(part.len());
            let (path, rest) = part.split_at(end);
            let value = self.get(path).ok_or_else(|| format!("nothing is named {path:?} here"))?;
            match value {
                Value::String(value) => whole.push_str(value),
                value if whole.is_empty() && text.len() == path.len() + 1 => return Ok(value.clone()),
                value => whole.push_str(&value.to_string()),
            }
            whole.push_str(rest);
        }
        Ok(whole.into())
    }

    /// Compares `actual` with `expected`. A name that is met for the first time is given to what stands there.
    ///
    /// # Errors
    /// Where they differ, and how.
    pub(crate) fn compare(&mut self, expected: &Value, actual: &Value) -> Result<(), String> {
        self.compare_at("the result", expected, actual)
    }

    fn compare_at(&mut self, place: &str, expected: &Value, actual: &Value) -> Result<(), String> {
        let differs = || Err(format!("{place} should be {expected}, and is {actual}"));
        match (expected, actual) {
            (Value::String(name), _) if name == "$_" => {
                if actual.is_null() {
                    differs()
                } else {
                    Ok(())
                }
            }
            (Value::String(name), _) if name.starts_with('$') => {
                let name = &name[1..];
                match self.get(name) {
                    Some(value) if value == actual => Ok(()),
                    Some(value) => {
                        Err(format!("{place} should be {name}, which is {value}, and is {actual}"))
                    }
                    None if actual.is_null() => differs(),
                    None => {
                        self.set(name, actual.clone());
                        Ok(())
                    }
                }
            }
            (Value::Object(members), _)
                if members.len() == 1 && members.keys().all(|name| name.starts_with('$')) =>
            {
                let passes = match members.get("$not") {
                    Some(refused) => self.clone().compare(refused, actual).is_err(),
                    None => test(members, actual)?,
                };
                if passes { Ok(()) } else { differs() }
            }
            (Value::Object(members), Value::Object(_)) => members.iter().try_for_each(|(name, expected)| {
                self.compare_at(
                    &format!("{place}.{name}"),
                    expected,
                    actual.get(name).unwrap_or(&Value::Null),
                )
            }),
            (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
                let pairs = expected.iter().zip(actual).enumerate();
                pairs.into_iter().try_for_each(|(at, (expected, actual))| {
                    self.compare_at(&format!("{place}[{at}]"), expected, actual)
                })
            }
            (Value::Number(expected), Value::Number(number)) if are_equal(expected, number) => Ok(()),
            _ if expected == actual => Ok(()),
            _ => differs(),
        }
    }
}

/// Whether what stands there passes a test that isn't equality.
fn test(members: &Map<String, Value>, actual: &Value) -> Result<bool, String> {
    let (name, limit) = members.iter().next().ok_or("an empty test")?;
    match (name.as_str(), limit) {
        ("$contains", Value::String(part)) => {
            Ok(actual.as_str().is_some_and(|text| text.contains(part.as_str())))
        }
        ("$at_least", Value::Number(least)) => Ok(actual.as_f64() >= least.as_f64() && actual.is_number()),
        ("$repeat", _) => Ok(Names::default().replace(&Value::Object(members.clone()))? == *actual),
        (name, limit) => Err(format!("there is no test {name} with {limit}")),
    }
}

/// Whether two numbers are the same, 2 and 2.0 included.
fn are_equal(one: &Number, other: &Number) -> bool {
    let float = if one.is_f64() { one.as_f64() } else { other.as_f64() };
    // Beyond that, floats stand for more than one whole number.
    let is_exact = float.is_some_and(|float| float.abs() < 9_007_199_254_740_992.0);
    one == other || one.is_f64() != other.is_f64() && is_exact && one.as_f64() == other.as_f64()
}
