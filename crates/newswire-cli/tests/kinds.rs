//! `newswire kinds` and `newswire schema`: the catalogue by any of its names, and how they say no.

mod common;

use common::newswire;
use newswire::catalogue::{aliases, row_of, rows, schema};
use newswire_cli::{OK, USAGE};
use serde_json::Value;

/// The output of a command that succeeds.
fn output(args: &[&str]) -> String {
    let (code, out, err) = newswire(args);
    assert_eq!((code, err.as_str()), (OK, ""), "{args:?}");
    out
}

/// The first word of every line.
fn listed(args: &[&str]) -> Vec<String> {
    output(args).lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn without_a_pattern_every_kind_has_a_line() {
    let all: Vec<_> = rows().iter().map(|row| row.kind).collect();
    assert_eq!(listed(&["kinds"]), all);
}

#[test]
fn a_kind_is_listed_with_what_other_systems_call_it_and_when() {
    let out = output(&["kinds", "turn.failed"]);
    assert!(
        out.starts_with("turn.failed  ") && out.contains("picoclaw/agent.turn.end (Status=error)"),
        "{out}"
    );
}

#[test]
fn a_pattern_lists_what_it_matches() {
    assert!(listed(&["kinds", "tool.call.*"]).iter().all(|kind| kind.starts_with("tool.call.")));
    assert_eq!(listed(&["kinds", "tool.call.*"]).len(), 5);
    assert!(listed(&["kinds", "*.failed"]).contains(&"run.failed".to_owned()));
}

#[test]
fn every_name_of_another_system_leads_to_the_kinds_that_it_can_mean() {
    for alias in aliases() {
        let name = format!("{}/{}", alias.system.as_str(), alias.name);
        assert!(listed(&["kinds", &name]).contains(&alias.kind.to_string()), "{name}");
        let schemas = output(&["schema", &name]);
        let row = row_of(&alias.kind).expect("a row");
        assert!(schemas.contains(&schema::of_payload(row)), "{name}");
    }
    assert_eq!(
        listed(&["kinds", "picoclaw/agent.tool.exec_end"]),
        ["tool.call.completed", "tool.call.failed"]
    );
}

/// Whoever looks a name up wants to see what it can mean; only a filter has to know.
#[test]
fn a_plain_name_with_several_meanings_lists_them_all() {
    assert_eq!(listed(&["kinds", "tool.completed"]), ["tool.call.completed", "tool.call.failed"]);
    assert_eq!(listed(&["kinds", "agent.started"]), ["agent.started", "service.launch.completed"]);
    assert_eq!(listed(&["kinds", "praxis/TASK_CREATED"]), ["task.created"]);
}

#[test]
fn as_json_a_line_says_all_but_the_fields() {
    let lines = output(&["kinds", "--json"]);
    assert_eq!(lines.lines().count(), rows().len());
    for (line, row) in lines.lines().zip(rows()) {
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!((&line["kind"], &line["payload"]), (&row.kind.into(), &row.payload.into()));
        assert_eq!(line["severity"], row.severity.as_str());
        assert_eq!(line.get("phase").and_then(Value::as_str), row.phase.map(|phase| phase.as_str()));
    }
}

#[test]
fn a_schema_is_that_of_the_kind_or_of_the_event() {
    let kind: Value = serde_json::from_str(&output(&["schema", "tool.call.started"])).expect("JSON");
    assert_eq!(kind["title"], "ToolCallStarted");
    let event: Value = serde_json::from_str(&output(&["schema"])).expect("JSON");
    assert_eq!(event["$id"], "urn:newswire:event");
}

#[test]
fn a_name_that_means_nothing_or_too_much_is_wrong_usage_and_told_with_what_could_be_meant() {
    for (name, part) in [
        ("deploy.finished", "the catalogue has no kind \"deploy.finished\""),
        ("zebra.*", "the catalogue has no kind \"zebra.*\""),
        ("nobody/tool.started", "is no system whose names are known"),
        ("picoclaw/no.such", "picoclaw has no kind"),
        ("Tool call", "at column 1"),
        ("*.", "*."),
        ("nope", "nope"),
    ] {
        for command in ["kinds", "schema"] {
            let (code, out, err) = newswire(&[command, name]);
            assert_eq!((code, out.as_str()), (USAGE, ""), "{name}");
            assert!(err.contains(part), "{name}: {err}");
        }
    }
}
