//! The filter: what it matches, how it is written, and the laws it keeps.

mod fields;
mod laws;
mod operators;
mod text;

use newswire::{
    Component, ComponentScope, Correlation, CorrelationField, ErrorKind, Event, EventBuilder, Filter, Kind,
    Scope, ScopeField, Severity, Source, SpanId, TraceId,
};

fn event(kind: &str) -> EventBuilder {
    Event::builder(Kind::parse(kind).unwrap())
}

/// An event that has everything.
fn full() -> Event {
    let mut scope = Scope::new();
    for field in ScopeField::ALL {
        scope = scope.with(field, format!("{}-1", field.as_str())).unwrap();
    }
    let mut correlation = Correlation::new();
    for field in CorrelationField::ALL {
        correlation = correlation.with(field, format!("{}-1", field.as_str())).unwrap();
    }
    correlation.trace = TraceId::new(0xabc);
    correlation.span = SpanId::new(0x1);
    correlation.parent_span = SpanId::new(0x2);
    correlation.causation = Some("01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap());
    event("tool.call.failed")
        .scope(scope)
        .correlation(correlation)
        .source(Source::named("tool_runner", "calculator").unwrap())
        .component(Component::new(ComponentScope::Tool, "agent:tool:3").unwrap())
        .severity(Severity::Warn)
        .message("it timed out, alas")
        .tag("canary")
        .tag("eu-west")
        .attr("plain", &7)
        .attr("gen_ai.request.model", "claude-x")
        .attr("deep", &serde_json::json!({"inner": [1, {"x": "y"}]}))
        .json(
            r#"{"duration_ns":2500000000,"n":9007199254740993,"big":18446744073709551615,"neg":-5,"half":0.5,
                "text":"a\"b*","flag":true,"nothing":null,"items":[{"name":"first item"},2],"o.d":{"k":"v"},
                "twice":1,"twice":2,"huge":1e300,"two":2.0,"error":{}}"#,
        )
        .build()
        .unwrap()
}

/// Each matches the full event, and its negation doesn't.
#[track_caller]
fn holds(filters: &[&str]) {
    for text in filters {
        let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(filter.matches(&full()), "{text}");
        assert!(!filter.not().unwrap().matches(&full()), "not ({text})");
    }
}

/// None matches the full event, and each negation does.
#[track_caller]
fn fails(filters: &[&str]) {
    for text in filters {
        let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(!filter.matches(&full()), "{text}");
        assert!(filter.not().unwrap().matches(&full()), "not ({text})");
    }
}

#[track_caller]
fn refused(text: &str) -> newswire::Error {
    let error = Filter::parse(text).expect_err(text);
    assert!(error.kind() == ErrorKind::TooLarge || error.column().is_some(), "{text}: {error}");
    error
}
