//! Just enough of a validator for the keywords that our schemas use: the full ones bring eighty crates.
//! `make generated` checks the same files with one of those, in JavaScript.

use serde_json::Value;

/// Whether `value` is valid; else the path and what is wrong there.
pub(crate) fn check(schema: &Value, value: &Value) -> Result<(), String> {
    at(schema, schema, value, "")
}

fn at(root: &Value, schema: &Value, value: &Value, path: &str) -> Result<(), String> {
    let wrong = |what: String| Err(format!("{path} {what}"));
    for (keyword, rule) in schema.as_object().expect("a schema is an object") {
        match keyword.as_str() {
            "type" => {
                let fits = match rule.as_str().expect("a type") {
                    "null" => value.is_null(),
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "number" => value.is_number(),
                    "integer" => value.is_i64() || value.is_u64(),
                    other => panic!("no type {other}"),
                };
                if !fits {
                    return wrong(format!("is no {}", rule.as_str().unwrap_or_default()));
                }
            }
            "not" if at(root, rule, value, path).is_ok() => return wrong(format!("is {rule}")),
            "required" => {
                for name in rule.as_array().expect("names").iter().filter_map(Value::as_str) {
                    if value.get(name).is_none() {
                        return Err(format!("{path}.{name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, schema) in rule.as_object().expect("schemas") {
                    if let Some(value) = value.get(name) {
                        at(root, schema, value, &format!("{path}.{name}"))?;
                    }
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    at(root, rule, item, &format!("{path}[{index}]"))?;
                }
            }
            "$ref" => {
                let pointer =
                    rule.as_str().and_then(|target| target.strip_prefix('#')).expect("a reference within");
                at(root, root.pointer(pointer).expect("its target"), value, path)?;
            }
            "enum" if !rule.as_array().expect("values").contains(value) => {
                return wrong("is none of the words".into());
            }
            "minimum" if value.as_f64() < rule.as_f64() => return wrong(format!("is below {rule}")),
            "maximum" if value.as_f64() > rule.as_f64() => return wrong(format!("is above {rule}")),
            "minLength" if value.as_str().is_some_and(str::is_empty) => return wrong("is empty".into()),
            // Formats, patterns and sets are the full validator's; the others say nothing about validity.
            "enum" | "minimum" | "maximum" | "minLength" | "maxLength" | "pattern" | "format"
            | "uniqueItems" => {}
            "not" => {}
            "$schema" | "$id" | "$defs" | "title" | "description" | "contentEncoding" => {}
            other => assert!(other.starts_with("x-newswire-"), "the keyword {other} is unknown here"),
        }
    }
    Ok(())
}
