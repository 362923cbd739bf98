//! What can be asked for.

use newswire::{
    Component, ComponentScope, CorrelationField, Field, Filter, Kind, Phase, ScopeField, Severity, Status,
};

use crate::{event, fails, full, holds};

#[test]
fn a_kind_matches_exactly_by_prefix_or_by_pattern() {
    holds(&["tool.call.failed", "tool.*", "tool.call.*", "*.failed", "tool.*.failed", "*", "tool*"]);
    holds(&["t*.c*l.*d", "kind=tool.*", "kind in (run.*, tool.call.failed)", "kind!=run.*", "kind~tool.*"]);
    holds(&["has kind", "kind:tool.*"]);
    fails(&["tool", "tool.call", "tool.call.failed.*", "tool.c.*", "*.fail", "run.*", "tool.*.started"]);
    fails(&["*failed.tool*", "tool.call.failed*.failed", "not *"]);
    let at_boundary = Filter::parse("tool.*").unwrap();
    assert!(!at_boundary.matches(&event("toolbox.opened").build().unwrap()));
    assert!(!at_boundary.matches(&event("tool").build().unwrap()));
    assert!(Filter::parse("tool*").unwrap().matches(&event("toolbox.opened").build().unwrap()));
}

#[test]
fn a_kind_that_came_after_the_filter_is_matched_too() {
    let filter = Filter::parse("late_comer.* and not *.ignored").unwrap();
    assert!(filter.matches(&event("late_comer.seen").build().unwrap()));
    assert!(!filter.matches(&event("late_comer.ignored").build().unwrap()));
}

#[test]
fn a_kind_past_the_interned_ones_is_matched_by_its_text() {
    let before = Filter::parse("past.*").unwrap();
    for number in 0..Kind::INTERNED {
        Kind::parse(&format!("filler.n{number}")).unwrap();
    }
    let after = Filter::parse("past.cap.seen and not *.ignored").unwrap();
    for filter in [before, after] {
        assert!(filter.matches(&event("past.cap.seen").build().unwrap()));
        assert!(!filter.matches(&event("pastime.cap.ignored").build().unwrap()));
    }
}

#[test]
fn every_id_of_scope_and_correlation_can_be_asked_for() {
    for field in ScopeField::ALL {
        let name = field.as_str();
        let short = if field == ScopeField::Message { "scope.message" } else { name };
        holds(&[&format!("{short}={name}-1"), &format!("scope.{name}={name}-1")]);
        fails(&[&format!("{short}=other")]);
        let built = Filter::scope(field, &format!("{name}-1")).unwrap();
        assert_eq!(built, Filter::parse(&format!("{short}={name}-1")).unwrap());
    }
    for field in CorrelationField::ALL {
        let name = field.as_str();
        holds(&[&format!("{name}={name}-1"), &format!("correlation.{name}={name}-1")]);
        fails(&[&format!("{name}=other")]);
    }
    holds(&["trace=00000000000000000000000000000abc", "span=0000000000000001", "trace~*abc"]);
    holds(&["parent_span=0000000000000002", "causation=01890a5d-ac96-774b-bcce-b302099a8057"]);
    holds(&["correlation.span=0000000000000001", "correlation.causation~01890a5d-*"]);
    fails(&["span=0000000000000002", "trace~abc*"]);
}

#[test]
fn source_is_a_component_with_or_without_a_name() {
    holds(&["source=tool_runner", "source=tool_runner/calculator", "source.component=tool_runner"]);
    holds(&[
        "source.name=calculator",
        "source in (a/b, tool_runner/calculator)",
        "source!=tool_runner/browser",
    ]);
    holds(&["has source", "has source.name"]);
    fails(&[
        "source=tool_runner/browser",
        "source=calculator",
        "source=other/calculator",
        "source!=tool_runner",
    ]);
    let built = Filter::source("tool_runner", &["browser", "calculator"]).unwrap();
    assert_eq!(built.to_string(), "source.component=tool_runner and source.name in (browser, calculator)");
    assert!(built.matches(&full()));
    assert_eq!(Filter::source("tool_runner", &[]).unwrap().to_string(), "source.component=tool_runner");
}

#[test]
fn words_of_a_lifecycle_follow_from_the_kind() {
    holds(&["phase=failed", "status=failed", "status in (completed, failed)", "component.scope=tool"]);
    holds(&["phase!=started", "has phase"]);
    fails(&["phase=started", "status!=failed", "component.scope=run", "status=pending"]);
    assert_eq!(Filter::phase(Phase::Failed).to_string(), "phase=failed");
    assert_eq!(Filter::status(Status::Failed).to_string(), "status=failed");
    assert_eq!(Filter::component_scope(ComponentScope::ModelCall).to_string(), "component.scope=model_call");
    let task = Component::new(ComponentScope::Task, "t").unwrap();
    let custom = event("my.thing").component(task).build().unwrap();
    assert!(Filter::component_scope(ComponentScope::Task).matches(&custom));
    assert!(!Filter::parse("has phase").unwrap().matches(&custom));
}

#[test]
fn severity_has_an_order() {
    holds(&["severity>=warn", "severity=warn", "severity>info", "severity<error", "severity<=warn"]);
    holds(&["severity in (warn, error)", "severity!=error"]);
    fails(&["severity>=error", "severity<warn", "severity=info", "severity>warn", "severity<=info"]);
    assert_eq!(Filter::severity_at_least(Severity::Warn), Filter::parse("severity>=warn").unwrap());
}

#[test]
fn tags_are_required_or_excluded() {
    holds(&[
        "tag=canary",
        "tag:eu-west and tag:canary",
        "tag~eu-*",
        "has tag",
        "tag!=other",
        "tag in (other, canary)",
    ]);
    fails(&["tag!=canary", "not tag=eu-west", "tag=can"]);
    assert!(Filter::tagged("canary").unwrap().matches(&full()));
    assert!(!Filter::untagged("canary").unwrap().matches(&full()));
    assert!(Filter::untagged("canary").unwrap().matches(&event("a.b").build().unwrap()));
}

#[test]
fn internal_is_true_or_false() {
    holds(&["internal=false", "internal!=true", "has internal"]);
    let internal = event("a.b").internal(true).build().unwrap();
    assert!(Filter::parse("internal=true").unwrap().matches(&internal));
}

#[test]
fn payload_and_attributes_are_entered_by_path() {
    holds(&[
        "payload.items.1=2",
        r#"payload.items.0.name="first item""#,
        r#"payload."o.d".k=v"#,
        "attrs.plain=7",
    ]);
    holds(&[r#"attrs."gen_ai.request.model"~claude-*"#, "attrs.deep.inner.1.x=y", "has payload.items.0"]);
    holds(&["has payload", "payload.flag=true", "payload.nothing=null", "has payload.nothing"]);
    holds(&["payload.twice=2", "has payload.error"]);
    fails(&["has payload.items.2", "has payload.items.x", "has payload.n.x", "has attrs.gen_ai"]);
    fails(&["payload.o.d.k=v", "payload.error=x", "payload.flag=false", r#"payload.flag="true""#]);
    fails(&[r#"payload.nothing="null""#, "payload.items=2", "payload.twice=1"]);
    let scalar = event("a.b").json("5").build().unwrap();
    assert!(Filter::parse("payload=5 and not has payload.x").unwrap().matches(&scalar));
}

#[test]
fn fields_give_keys() {
    let event = full();
    let cases = [
        ("source", Some("tool_runner/calculator")),
        ("session", Some("session-1")),
        ("kind", Some("tool.call.failed")),
        ("severity", Some("warn")),
        ("span", Some("0000000000000001")),
        ("payload.n", Some("9007199254740993")),
        ("payload.two", Some("2.0")),
        ("payload.text", Some("a\"b*")),
        ("payload.flag", Some("true")),
        ("payload.nothing", None),
        ("payload.absent", None),
        ("payload.items.0", Some(r#"{"name":"first item"}"#)),
        ("attrs.plain", Some("7")),
        ("tag", Some("canary")),
        ("internal", Some("false")),
    ];
    for (name, expected) in cases {
        let field = Field::parse(name).unwrap();
        assert_eq!(field.value(&event).as_deref(), expected, "{name}");
        assert_eq!(field.to_string(), name);
    }
    assert_eq!(Field::parse("correlation.span").unwrap(), Field::parse("span").unwrap());
    for wrong in ["", "sesion", "payload.", "payload.a b", "message", "attrs", &"x".repeat(2_000)] {
        assert!(Field::parse(wrong).is_err(), "{wrong}");
    }
}
