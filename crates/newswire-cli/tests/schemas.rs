//! `newswire schema NAME` for every name that the five systems have, plainly and with its system before it, by the
//! lists of what they have.

mod common;

use std::collections::BTreeSet;

use common::{newswire, piped};
use newswire::catalogue::{System, aliases_named, kinds_named, rows};
use newswire_cli::OK;
use serde_json::{Deserializer, Value};

const LISTS: [&str; 5] = [
    include_str!("../../newswire/tests/catalogue_coverage/promptkit.json"),
    include_str!("../../newswire/tests/catalogue_coverage/aitaskagent.json"),
    include_str!("../../newswire/tests/catalogue_coverage/agentruntime.json"),
    include_str!("../../newswire/tests/catalogue_coverage/picoclaw.json"),
    include_str!("../../newswire/tests/catalogue_coverage/praxis.json"),
];

/// All names, with their system before them.
fn names() -> Vec<String> {
    let mut names = Vec::new();
    for list in LISTS {
        let list: Value = serde_json::from_str(list).expect("a list of facts");
        let system = list["system"].as_str().expect("a system");
        names.extend(list["kinds"].as_object().expect("kinds").keys().map(|name| format!("{system}/{name}")));
    }
    names
}

#[test]
fn the_lists_have_the_179_names_of_the_five_systems_and_what_their_documents_add() {
    // One is in AITaskAgent's sample only; of agent-runtime's 30 pairs its code emits 18.
    assert_eq!(names().len(), 179 + 1 + 12);
}

#[test]
fn every_name_of_the_five_systems_has_the_schema_of_each_kind_that_it_can_mean() {
    for name in names() {
        let (code, out, err) = newswire(&["schema", &name]);
        assert_eq!((code, err.as_str()), (OK, ""), "{name}");
        let schemas: Vec<Value> = Deserializer::from_str(&out)
            .into_iter()
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        schemas.iter().for_each(|schema| check(schema, &name));
        let meant = kinds_named(&name).expect("a name");
        let meant = meant.iter().map(|kind| kind.to_string()).collect();
        assert_eq!(kinds_of(&schemas), meant, "{name}");
        assert!(!schemas.is_empty(), "{name}");
    }
}

/// The kinds that the schemas are of, each once.
fn kinds_of(schemas: &[Value]) -> BTreeSet<String> {
    let kinds: BTreeSet<_> =
        schemas.iter().filter_map(|schema| schema["x-newswire-kind"].as_str()).map(str::to_owned).collect();
    assert_eq!(kinds.len(), schemas.len());
    kinds
}

#[test]
fn a_plain_name_has_the_schemas_of_all_that_ours_and_any_system_mean_by_it_a_line_each() {
    let mut several = 0;
    for name in names() {
        let (_, name) = name.split_once('/').expect("a system before it");
        let (code, out, err) = piped(&["schema", name]);
        assert_eq!((code, err.as_str()), (OK, ""), "{name}");
        let schemas: Vec<Value> = out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}")))
            .collect();
        let theirs = System::ALL.iter().flat_map(|system| aliases_named(*system, name));
        let ours = rows().iter().map(|row| row.kind.to_owned()).filter(|kind| kind == name);
        let meant: BTreeSet<_> = theirs.map(|alias| alias.kind.to_string()).chain(ours).collect();
        assert_eq!(kinds_of(&schemas), meant, "{name}");
        several += usize::from(kinds_named(name).is_err());
    }
    assert!(several > 5, "names that a filter refuses are among them");
}

#[test]
fn programs_get_a_schema_a_line_and_people_get_it_over_many() {
    let name = "tool.call.started";
    for args in [vec!["schema", name], vec!["schema", name, "--json"], vec!["schema"]] {
        let (_, out, _) = piped(&args);
        assert!(out.ends_with("}\n") && out.lines().count() == 1, "{args:?}: {out}");
    }
    let (_, text, _) = newswire(&["schema", name]);
    assert!(text.lines().count() > 10);
    let (_, line, _) = piped(&["schema", name]);
    let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(parsed(&line), parsed(&text));
    let (_, lines, _) = piped(&["schema", "tool.call.*"]);
    assert_eq!(lines.lines().count(), 5);
}

/// Whether it is a schema of the dialect that it names, as far as ours use it.
fn check(schema: &Value, name: &str) {
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
    object(schema, schema, name);
    for record in schema.get("$defs").and_then(Value::as_object).into_iter().flat_map(|defs| defs.values()) {
        object(schema, record, name);
    }
}

fn object(root: &Value, schema: &Value, name: &str) {
    assert_eq!(schema["type"], "object", "{name}");
    let properties = schema["properties"].as_object().unwrap_or_else(|| panic!("{name} has no properties"));
    for required in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        assert!(properties.contains_key(required.as_str().expect("a name")), "{name}: {required}");
    }
    for (field, property) in properties {
        let types = ["string", "integer", "number", "boolean"].map(Value::from);
        let typed = property.get("type").is_none_or(|of| types.contains(of));
        let reference = property.get("$ref").and_then(Value::as_str);
        let leads = reference.is_none_or(|to| root.pointer(to.trim_start_matches('#')).is_some());
        assert!(property.is_object() && typed && leads, "{name}: {field}");
    }
}
