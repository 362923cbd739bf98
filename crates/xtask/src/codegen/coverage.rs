//! How much of the other systems has its place here: what the lists of facts say they have, beside the table.
//!
//! The lists stand with the tests that hold the table against them; whatever lacks a place is named here, too.

use std::collections::BTreeMap;
use std::fmt::Write;

use newswire::catalogue::{System, aliases_named};
use serde_json::Value;

/// What the five systems have, in the order of the page.
const LISTS: [&str; 5] = [
    include_str!("../../../newswire/tests/catalogue_coverage/promptkit.json"),
    include_str!("../../../newswire/tests/catalogue_coverage/aitaskagent.json"),
    include_str!("../../../newswire/tests/catalogue_coverage/agentruntime.json"),
    include_str!("../../../newswire/tests/catalogue_coverage/picoclaw.json"),
    include_str!("../../../newswire/tests/catalogue_coverage/praxis.json"),
];

/// A line a system.
pub(super) fn table(out: &mut String) {
    *out += "| system | as of | its kinds | their fields | of its envelope | without a place |\n\
        |---|---|---|---|---|---|\n";
    for list in LISTS {
        let list: Value = serde_json::from_str(list).expect("a list of facts");
        let name = list["system"].as_str().expect("a system");
        let system = System::parse(name).expect("a system that is known");
        let kinds: BTreeMap<&str, Vec<&str>> = list["kinds"]
            .as_object()
            .expect("kinds")
            .iter()
            .map(|(kind, fields)| (kind.as_str(), texts(fields)))
            .collect();
        let envelope = [texts(&list["envelope"]), texts(&list["custom"])].concat();
        let mut missing: Vec<String> = Vec::new();
        for (kind, fields) in &kinds {
            let rows = aliases_named(system, kind);
            let placed = |field: &&str| rows.iter().any(|row| row.fields().any(|map| map.theirs == *field));
            missing.extend(rows.is_empty().then(|| format!("`{kind}`")));
            let unplaced = fields.iter().filter(|field| !placed(field));
            missing.extend(unplaced.map(|field| format!("`{kind}`: `{field}`")));
        }
        let around = || system.envelope().chain(system.custom());
        let unplaced = envelope.iter().filter(|field| !around().any(|map| map.theirs == **field));
        missing.extend(unplaced.map(|field| format!("`{field}`")));
        let missing = if missing.is_empty() { "none".to_owned() } else { missing.join(", ") };
        let fields: usize = kinds.values().map(Vec::len).sum();
        let source = list["source"].as_str().expect("a source");
        let _ = writeln!(
            out,
            "| [{name}](#{name}) | {source} | {} | {fields} | {} | {missing} |",
            kinds.len(),
            envelope.len()
        );
    }
    out.push('\n');
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text")).collect()
}
