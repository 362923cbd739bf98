//! Every kind and every payload field of the five systems has its place here.
//!
//! The lists beside this file say what the systems have, as facts: names, nothing of ours. These tests hold
//! our tables of names against them, in both directions.

mod rows;

use std::collections::{BTreeMap, HashSet};

use newswire::catalogue::{Alias, FieldMap, Ours, Row, System, Unit, When, aliases, aliases_named, row_of};
use serde::Deserialize;

/// What one system has.
#[derive(Deserialize)]
struct Facts {
    system: String,
    source: String,
    envelope: Vec<String>,
    custom: Vec<String>,
    kinds: BTreeMap<String, Vec<String>>,
    never: Vec<rows::Never>,
}

const FILES: [&str; 5] = [
    include_str!("promptkit.json"),
    include_str!("aitaskagent.json"),
    include_str!("agentruntime.json"),
    include_str!("picoclaw.json"),
    include_str!("praxis.json"),
];

fn facts() -> Vec<(System, Facts)> {
    let read = |text: &&str| {
        let facts: Facts = serde_json::from_str(text).expect("a list of facts");
        (System::parse(&facts.system).expect("a system"), facts)
    };
    FILES.iter().map(read).collect()
}

/// Whether one of these places is that field's.
fn places<'a>(mut maps: impl Iterator<Item = FieldMap> + 'a, field: &'a str) -> bool {
    maps.any(|map| map.theirs == field)
}

fn row(alias: &Alias) -> &'static Row {
    row_of(&alias.kind).expect("a kind of the table")
}

#[test]
fn the_lists_have_as_many_kinds_as_the_systems() {
    let counts: Vec<_> = facts()
        .iter()
        .map(|(system, facts)| {
            assert!(!facts.source.is_empty());
            (*system, facts.kinds.len())
        })
        .collect();
    // AITaskAgent has 12, its sample one more; of agent-runtime's 30 pairs its code emits 18.
    let expected = [
        (System::PromptKit, 68),
        (System::AiTaskAgent, 13),
        (System::AgentRuntime, 30),
        (System::PicoClaw, 45),
        (System::Praxis, 36),
    ];
    assert_eq!(counts, expected);
}

#[test]
fn every_kind_of_the_five_systems_is_one_of_ours() {
    let mut missing = Vec::new();
    for (system, facts) in facts() {
        missing.extend(
            facts
                .kinds
                .keys()
                .filter(|name| aliases_named(system, name).is_empty())
                .map(|name| format!("{}/{name}", system.as_str())),
        );
    }
    assert!(missing.is_empty(), "no row of catalogue/elsewhere names {missing:?}");
}

#[test]
fn every_field_of_the_five_systems_has_its_place() {
    let mut missing = Vec::new();
    for (system, facts) in facts() {
        for (name, fields) in &facts.kinds {
            let rows = aliases_named(system, name);
            let unplaced = fields.iter().filter(|field| !rows.iter().any(|row| places(row.fields(), field)));
            missing.extend(unplaced.map(|field| format!("{}/{name}: {field}", system.as_str())));
        }
        for (what, fields, custom) in
            [("its envelope", &facts.envelope, false), ("custom kinds", &facts.custom, true)]
        {
            let placed = |field: &&String| match custom {
                true => !places(system.custom(), field),
                false => !places(system.envelope(), field),
            };
            let unplaced = fields.iter().filter(placed);
            missing.extend(unplaced.map(|field| format!("{}, {what}: {field}", system.as_str())));
        }
    }
    assert!(missing.is_empty(), "no row of catalogue/elsewhere places {missing:#?}");
}

#[test]
fn the_reference_page_says_of_every_kind_and_field_where_it_is_here() {
    let page = include_str!("../../../../docs/catalogue.md");
    let page = page.split_once("## Names of other systems").expect("the section").1;
    let mut missing = Vec::new();
    for (system, facts) in facts() {
        let name = system.as_str();
        let section = page.split_once(&format!("### {name}\n")).expect("the system's part").1;
        let section = section.split("\n### ").next().unwrap_or_default();
        // The rows of one name, and what their last cells say of its fields.
        let place = |first: &str, field: &str| {
            let rows = section.lines().filter(|line| line.starts_with(&format!("| {first} | ")));
            let mut cells = rows.filter_map(|row| row.strip_suffix(" |")?.rsplit_once(" | "));
            let field = format!("`{field}`");
            cells.any(|(_, cell)| field == "``" || cell.split(", ").any(|map| map.starts_with(&field)))
        };
        for (kind, fields) in &facts.kinds {
            let fields = fields.iter().map(String::as_str).chain([""]);
            let unplaced = fields.filter(|field| !place(&format!("`{kind}`"), field));
            missing.extend(unplaced.map(|field| format!("{name}/{kind}: {field}")));
        }
        for (what, fields) in [("*envelope*", &facts.envelope), ("*own kinds*", &facts.custom)] {
            let unplaced = fields.iter().filter(|field| !place(what, field));
            missing.extend(unplaced.map(|field| format!("{name}, {what}: {field}")));
        }
        let counted: usize = facts.kinds.values().map(Vec::len).sum();
        let around = facts.envelope.len() + facts.custom.len();
        let line = format!(
            "| [{name}](#{name}) | {} | {} | {counted} | {around} | none |",
            facts.source,
            facts.kinds.len()
        );
        assert!(page.contains(&line), "the page counts otherwise: {line}");
    }
    assert!(missing.is_empty(), "docs/catalogue.md doesn't place {missing:#?}");
}

#[test]
fn no_row_names_a_kind_that_its_system_doesnt_have() {
    let known: HashSet<(System, String)> = facts()
        .into_iter()
        .flat_map(|(system, facts)| facts.kinds.into_keys().map(move |name| (system, name)))
        .collect();
    for alias in aliases() {
        assert!(known.contains(&(alias.system, alias.name.to_owned())), "{:?} {}", alias.system, alias.name);
    }
}

#[test]
fn whatever_an_event_carries_one_row_of_its_name_admits_it() {
    for alias in aliases() {
        let last = aliases_named(alias.system, alias.name).last().expect("a row");
        assert_eq!(last.when, When::Always, "{:?} {}", alias.system, alias.name);
    }
}

#[test]
fn the_rows_of_a_name_stand_side_by_side_and_none_is_in_vain() {
    for system in System::ALL {
        let mut seen = HashSet::new();
        for rows in system.names().chunk_by(|left, right| left.name == right.name) {
            assert!(seen.insert(rows[0].name), "{} stands in two places", rows[0].name);
            assert!(rows.iter().rev().skip(1).all(|row| row.when != When::Always), "{}", rows[0].name);
            assert!(rows.iter().all(|row| row.system == *system));
        }
    }
}

#[test]
fn a_field_leads_to_a_field_that_exists_or_to_an_attribute_with_a_reason() {
    for alias in aliases() {
        for map in alias.fields() {
            check(&map, Some(row(alias)), alias.name);
        }
        for (field, _) in alias.given {
            assert!(row(alias).fields.iter().any(|ours| ours.name == *field), "{}: {field}", alias.name);
        }
    }
    for system in System::ALL {
        system.envelope().chain(system.custom()).for_each(|map| check(&map, None, system.as_str()));
    }
}

fn check(map: &FieldMap, row: Option<&Row>, name: &str) {
    let at = format!("{name}: {}", map.theirs);
    assert!(!map.theirs.is_empty() && !map.theirs.contains(['>', '(', '@', ' ']), "{at}");
    match map.ours {
        Ours::Payload("") => assert!(row.is_none(), "{at}"),
        Ours::Payload(path) => {
            let (head, rest) = path.split_once('.').unwrap_or((path, ""));
            let row = row.unwrap_or_else(|| panic!("{at} leads into a payload"));
            let field = row.fields.iter().find(|field| field.name == head);
            let field = field.unwrap_or_else(|| panic!("{at}: {} has no field {head}", row.kind));
            let within: &[&str] = match field.value {
                "Usage" => &["input_tokens", "output_tokens", "cache_read_tokens", "cost_usd"],
                "Failure" => &["message", "code"],
                "Media" => &["reference", "mime_type", "size_bytes", "checksum", "inline"],
                _ => &[""],
            };
            assert!(within.contains(&rest) || field.value == "json", "{at}: {path}");
            let counts_ns = path.ends_with("_ns");
            assert!(map.unit == Unit::Same || counts_ns, "{at}: a duration leads to {path}");
        }
        Ours::Scope(_) | Ours::Correlation(_) | Ours::Kind => {}
        Ours::Envelope(place) => {
            let known = [
                "id",
                "time",
                "severity",
                "message",
                "tags",
                "internal",
                "origin.seq",
                "component.id",
                "correlation.span",
                "source.component",
                "source.name",
            ];
            assert!(known.contains(&place), "{at}: {place} is no member of the envelope");
        }
        Ours::Attr(attr, reason) => {
            assert!(attr.is_empty() || reason.len() > 5, "{at} goes to attrs.{attr} without a reason");
            assert!(!attr.is_empty() || row.is_none(), "{at}");
        }
    }
}

#[test]
fn what_our_payloads_must_have_is_in_theirs_but_for_errors_and_streams() {
    // Some systems say that something failed and not why, or keep that in their envelope; none has ids for
    // the streams of its deltas. Whoever reads their events fills these in.
    let elsewhere = ["error", "message_id", "reasoning_id"];
    for alias in aliases() {
        for field in row(alias).fields.iter().filter(|field| !field.optional) {
            let given = alias.given.iter().any(|(given, _)| *given == field.name);
            let leads = |map: FieldMap| matches!(map.ours, Ours::Payload(path) if path.split('.').next() == Some(field.name));
            let brought = given || alias.fields().any(leads) || elsewhere.contains(&field.name);
            assert!(brought, "{:?} {}: {} needs {}", alias.system, alias.name, alias.kind, field.name);
        }
    }
}

#[test]
fn durations_in_milliseconds_or_seconds_say_so() {
    for alias in aliases() {
        for map in alias.fields() {
            let millis = map.theirs.ends_with("_ms") || map.theirs.ends_with("Ms");
            let payload = matches!(map.ours, Ours::Payload(_));
            assert_eq!(map.unit == Unit::Millis, millis && payload, "{}: {}", alias.name, map.theirs);
            let span = alias.system == System::AiTaskAgent && map.theirs == "Duration";
            assert_eq!(map.unit == Unit::TimeSpan, span, "{}: {}", alias.name, map.theirs);
        }
    }
}
