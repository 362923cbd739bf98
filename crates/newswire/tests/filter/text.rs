//! How it is written: normal form, bounds, errors, and the page that people read.

use std::collections::HashSet;

use newswire::{ErrorKind, Field, Filter, IntoFilter, Severity, SpanId};

use crate::refused;

#[test]
fn filters_that_say_the_same_are_equal_and_hash_alike() {
    let same = [
        ["tool.* and session=s-1", "session = s-1 and tool.*"],
        ["session in (a, b)", "session=b or session=a or session:a"],
        ["not not tag=x", "tag=x"],
        ["session!=a", "not session=a"],
        ["* and tag=x", "tag=x"],
        ["* or tag=x", "*"],
        ["a.b or (c.d or e.f)", "(e.f or a.b) or c.d"],
        ["session~abc", "session=abc"],
        ["payload.x=2.0", "payload.x=2"],
        ["duration>2000ms", "payload.duration_ns>2s"],
        ["scope.session=a", "session=a"],
        ["tool.** ", "tool.*"],
        [r#"session="a""#, "session=a"],
    ];
    for [a, b] in same {
        let (a, b) = (Filter::parse(a).unwrap(), Filter::parse(b).unwrap());
        assert_eq!(a, b);
        assert_eq!(HashSet::from([a, b]).len(), 1);
    }
    assert_ne!(Filter::parse("session=a").unwrap(), Filter::parse("session=b").unwrap());
    assert_ne!(Filter::parse("payload.x=5").unwrap(), Filter::parse(r#"payload.x="5""#).unwrap());
}

#[test]
fn the_builder_says_what_the_text_says() {
    let tokens = || Field::payload("tokens").unwrap();
    let costly = Filter::severity_at_least(Severity::Error);
    let pairs = [
        (Filter::all(), "*"),
        (Filter::kind("tool.*").unwrap().and("session=s-1").unwrap(), "tool.* and session=s-1"),
        (tokens().at_least(1000).unwrap(), "payload.tokens>=1000"),
        (tokens().at_most(1000_u64).unwrap(), "payload.tokens<=1000"),
        (tokens().above(1.5).unwrap(), "payload.tokens>1.5"),
        (tokens().below(-1_i64).unwrap(), "payload.tokens<-1"),
        (tokens().exists().unwrap().not().unwrap(), "not has payload.tokens"),
        (tokens().one_of([1, 2]).unwrap(), "payload.tokens in (1, 2)"),
        (tokens().one_of([0_u32; 0]).unwrap(), "not *"),
        (tokens().is(true).unwrap(), "payload.tokens=true"),
        (tokens().is("true").unwrap(), r#"payload.tokens="true""#),
        (Field::attr("a.b").unwrap().like("x y*").unwrap(), r#"attrs."a.b"~"x y*""#),
        (Field::parse("span").unwrap().is(SpanId::new(1).unwrap()).unwrap(), "span=0000000000000001"),
        (costly.or(Filter::tagged("x y").unwrap()).unwrap(), r#"severity>=error or tag="x y""#),
    ];
    for (built, text) in pairs {
        assert_eq!(built.to_string(), text);
        assert_eq!(built, text.into_filter().unwrap());
    }
    assert!(Field::payload("x").unwrap().is(f64::NAN).is_err());
    assert!(Field::payload("x").unwrap().is(f64::INFINITY).is_err());
    assert!(Field::parse("session").unwrap().is(5).is_err());
}

#[test]
fn nesting_is_bounded() {
    let deep = |depth: usize| format!("{}a.b{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&deep(Filter::MAX_NESTING)).is_ok());
    let error = refused(&deep(Filter::MAX_NESTING + 1));
    assert_eq!((error.kind(), error.column()), (ErrorKind::TooLarge, Some(Filter::MAX_NESTING + 1)));
    assert!(Filter::parse(&format!("{}a.b", "not ".repeat(64))).is_ok());
    assert_eq!(refused(&format!("{}a.b", "not ".repeat(65))).kind(), ErrorKind::TooLarge);

    let mut nested = Filter::parse("a.b").unwrap();
    let steps = (0..200).find(|step| {
        let deeper = nested.clone().and("tag=x").and_then(|filter| filter.or(format!("tag=y{step}")));
        deeper.and_then(Filter::not).map(|deeper| nested = deeper).is_err()
    });
    assert!(steps.is_some_and(|steps| steps > 10), "{steps:?}");
    assert_eq!(Filter::parse(&nested.to_string()).unwrap(), nested);
}

#[test]
fn size_is_bounded_in_text_and_builder_alike() {
    for hostile in ["(".repeat(100_000), "not ".repeat(100_000), "a".repeat(100_000), "\"".repeat(9_000)] {
        assert_eq!(refused(&hostile).kind(), ErrorKind::TooLarge);
    }
    for hostile in ["(".repeat(8_000), "not ".repeat(2_000), format!("kind={}", "*a".repeat(4_000))] {
        assert_eq!(refused(&hostile).kind(), ErrorKind::TooLarge);
    }
    let patterns = |count| (0..count).map(|n| format!("a{n}.*")).collect::<Vec<_>>().join(" or ");
    assert!(Filter::parse(&patterns(Filter::MAX_PATTERNS)).is_ok());
    assert_eq!(refused(&patterns(Filter::MAX_PATTERNS + 1)).kind(), ErrorKind::TooLarge);
    let ids: Vec<String> = (0..1_100).map(|id| id.to_string()).collect();
    let user = || Field::parse("user").unwrap();
    assert!(user().one_of(ids.iter().take(1_000).map(String::as_str)).is_ok());
    assert_eq!(user().one_of(ids.iter().map(String::as_str)).unwrap_err().kind(), ErrorKind::TooLarge);
    assert_eq!(refused(&format!("user in ({})", ids.join(","))).kind(), ErrorKind::TooLarge);
    assert_eq!(user().is("x".repeat(9_000)).unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn errors_say_what_was_expected_and_where() {
    let cases = [
        ("", 1, "* for every event"),
        ("   ", 1, "* for every event"),
        ("sevrity>=warn", 1, "severity"),
        ("scope.sesion=a", 1, "session"),
        ("zzzzzz=a", 1, "payload.path"),
        ("tool.* AND run.*", 8, "and, or"),
        ("and tool.*", 1, "a kind or pattern"),
        ("tool.* and", 11, "a kind or pattern"),
        ("not", 4, "a kind or pattern"),
        ("has", 4, "a name such as"),
        ("Tool.*", 1, "a kind such as"),
        ("kind=tool.", 10, "a kind such as"),
        ("kind=\"to ol\"", 9, "a kind such as"),
        ("session==a", 9, "a value"),
        ("session=a|b", 10, "and, or"),
        ("session in a", 12, "parentheses"),
        ("session in (a b)", 15, ", or )"),
        ("session in ()", 13, "a value"),
        ("ä", 1, "a kind or pattern"),
        ("user=ä", 6, "a value"),
        ("user=\"ä\" und", 10, "and, or"),
        ("payload.x=1e999", 11, "double precision"),
        ("payload.x>true", 11, "=, != or in"),
        ("tag>a", 5, "=, != or in"),
        ("phase~f*", 7, "=, != or in"),
        ("source>a", 8, "source.component"),
        ("internal=maybe", 10, "true or false"),
        ("user=\"\\q\"", 7, "\\n"),
        ("user~\"a\\\\b\"", 8, "\\*"),
        ("payload..x=1", 9, "a name such as"),
        ("attrs=1", 1, "attrs."),
        ("component.scope=toool", 17, "tool"),
        (")", 1, "a kind or pattern"),
        ("a.b)", 4, "and, or"),
    ];
    for (text, column, expected) in cases {
        let error = refused(text);
        assert_eq!(error.column(), Some(column), "{text}: {error}");
        assert!(error.expected().is_some_and(|told| told.contains(expected)), "{text}: {error}");
    }
}

#[test]
fn an_unknown_field_is_told_with_the_nearest_and_with_all_that_there_are() {
    let cases = [
        ("tool.* and sesion=s-1", 12, "\"sesion\" (did you mean session?)"),
        ("scope.sesion=a", 1, "(did you mean session?)"),
        ("session_id=a", 1, "(did you mean session?)"),
        ("has runId", 5, "(did you mean run?)"),
        ("tags=a", 1, "(did you mean tag?)"),
        ("name=x", 1, "(did you mean source.name?)"),
        ("spam=a", 1, "(did you mean span or space?)"),
        ("tool_name=x", 1, "(did you mean payload.tool_name?)"),
        ("user=ä.b", 6, ""),
        ("usage.input_tokens>5", 1, "(did you mean payload.usage.input_tokens?)"),
        ("paylod.usage.\"a b\">5", 1, "(did you mean payload.usage.\"a b\"?)"),
        ("attr.region=eu", 1, "(did you mean attrs.region?)"),
        ("scope.nothing=a", 1, "no field \"scope.nothing\""),
    ];
    for (text, column, said) in cases {
        let error = refused(text);
        assert_eq!(error.column(), Some(column), "{text}: {error}");
        assert!(error.message().contains(said), "{text}: {error}");
        if said.contains("did you mean") {
            let expected = error.expected().unwrap();
            for name in ["kind", "source.name", "session", "reply_to", "duration", "payload.path"] {
                assert!(expected.split(", ").any(|known| known == name || known.ends_with(name)), "{error}");
            }
        }
    }
    let said = refused("scope.nothing=a").to_string();
    assert!(!said.contains("did you mean"), "{said}");
}

#[test]
fn an_unknown_unit_of_a_duration_is_told_with_those_that_there_are() {
    let cases = [
        ("duration > 2 parsecs", 14, "no unit \"parsecs\""),
        ("duration>2parsecs", 11, "no unit \"parsecs\""),
        ("payload.wait_ns<=1.5sec and tool.*", 21, "no unit \"sec\" (did you mean s?)"),
        ("attrs.wait_ns=2min", 16, "(did you mean m?)"),
        ("duration in (2s, 3days)", 19, "no unit \"days\""),
        ("duration>3µs", 11, "no unit \"µs\" (did you mean us?)"),
        ("duration>3 millis", 12, "(did you mean ms?)"),
        ("(duration > 2 hours) and tool.*", 15, "(did you mean h?)"),
        ("duration > 2 hours or tool.*", 14, "(did you mean h?)"),
        ("duration>2S", 11, "(did you mean s?)"),
    ];
    for (text, column, said) in cases {
        let error = refused(text);
        assert_eq!(error.column(), Some(column), "{text}: {error}");
        assert!(error.message().contains(said), "{text}: {error}");
        assert!(error.expected().unwrap().starts_with("one of h, m, s, ms, us, ns"), "{text}: {error}");
    }
    for other in ["duration>2 AND run.*", "duration>2 tool.*", "duration>2 session=s-1", "duration>2 (run.*)"]
    {
        assert_eq!(refused(other).expected(), Some("and, or, or the end"), "{other}");
    }
    let apart = refused("tool.* and duration > 2 s");
    assert_eq!((apart.column(), apart.expected()), (Some(25), Some("2s")), "{apart}");
    for fine in
        ["duration>2 and tool.*", "duration>2 or not tool.*", "duration in (2 , 3s )", "(duration>2 )"]
    {
        assert!(Filter::parse(fine).is_ok(), "{fine}");
    }
    assert!(Filter::parse("payload.version=2beta and payload.wait_ns=soon").is_ok(), "texts stay texts");
}

const PAGE: &str = include_str!("../../../../docs/filter.md");

#[test]
fn the_examples_of_the_page_are_filters() {
    let fenced = PAGE.split("```filter\n").skip(1).filter_map(|rest| rest.split("```").next());
    let examples: Vec<&str> = fenced.flat_map(str::lines).collect();
    assert!(examples.len() > 20);
    for example in examples {
        let filter = Filter::parse(example).unwrap_or_else(|error| panic!("{example}: {error}"));
        assert_eq!(Filter::parse(&filter.to_string()).unwrap(), filter, "{example}");
    }
}

#[test]
fn the_errors_of_the_page_are_those_that_one_gets() {
    let (_, section) = PAGE.split_once("## Errors").unwrap();
    let rows: Vec<Vec<&str>> = section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert!(rows.len() > 10);
    for row in rows {
        let [text, column, expected] = row[..] else { panic!("{row:?}") };
        let error = refused(text.trim_matches('`'));
        assert_eq!(error.column(), column.parse().ok(), "{text}: {error}");
        assert!(error.expected().is_some_and(|told| told.contains(expected)), "{text}: {error}");
    }
}
