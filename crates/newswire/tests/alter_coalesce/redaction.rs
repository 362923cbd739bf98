//! What a rule means, nobody sees: not in the JSON, not typed, not through any door.

use newswire::catalogue::Class;
use newswire::catalogue::tool::ToolCallStarted;
use newswire::{ErrorKind, Payload, Redaction, Scope, ScopeField, Source};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

/// The event as a subscriber gets it from a bus with these rules.
pub(crate) fn redacted(rules: &[Redaction], event: Event) -> Event {
    let bus = Bus::new();
    for rule in rules {
        bus.redact(rule.clone()).unwrap();
    }
    let mut events = bus.subscribe("*").unwrap();
    bus.publish(event).unwrap();
    let event = events.try_next().unwrap().and_then(Delivery::event).unwrap();
    assert!(event.to_json().len() <= event.size());
    event
}

fn of_json(json: &str) -> Event {
    Event::builder(Kind::parse("login.seen").unwrap()).json(json).build().unwrap()
}

#[test]
fn a_path_masks_what_it_means_and_nothing_else() -> Result<()> {
    let json = r#"{"a":{"pw":"1","n":1.50},"list":[{"pw":[1,2]},{"q":null}],"pw":"top","a.pw":0}"#;
    let cases = [
        (
            "payload.a.pw",
            r#"{"a":{"pw":"[redacted]","n":1.50},"list":[{"pw":[1,2]},{"q":null}],"pw":"top","a.pw":"[redacted]"}"#,
        ),
        (
            "payload.list.*.pw",
            r#"{"a":{"pw":"1","n":1.50},"list":[{"pw":"[redacted]"},{"q":null}],"pw":"top","a.pw":0}"#,
        ),
        (
            "payload.**.pw",
            r#"{"a":{"pw":"[redacted]","n":1.50},"list":[{"pw":"[redacted]"},{"q":null}],"pw":"[redacted]","a.pw":"[redacted]"}"#,
        ),
        (
            "payload.list.1",
            r#"{"a":{"pw":"1","n":1.50},"list":[{"pw":[1,2]},"[redacted]"],"pw":"top","a.pw":0}"#,
        ),
        ("payload", r#""[redacted]""#),
        ("payload.**", r#""[redacted]""#),
        ("payload.none", json),
        ("message", json),
    ];
    for (path, expected) in cases {
        let event = redacted(&[Redaction::field(path)?], of_json(json));
        assert_eq!(event.payload_json(), Some(expected), "{path}");
    }
    Ok(())
}

#[test]
fn a_pattern_masks_what_it_finds_in_texts_names_and_numbers() -> Result<()> {
    let rule = Redaction::field("**")?.matching(r"\d{4}")?;
    let event = Event::builder(Kind::parse("login.seen")?)
        .json(r#"{"pin":1234,"note":"a 5678 b","x9999":true,"n":12}"#)
        .message("call 5551234 now")
        .tag("t-0000")
        .attr("k-1111", "2222-3")
        .scope(Scope::new().with(ScopeField::User, "u-4444")?)
        .source(Source::named("c-1234", "n-1234")?)
        .build()?;
    let event = redacted(&[rule], event);
    let payload = r#"{"pin":"[redacted]","note":"a [redacted] b","[redacted]":true,"n":12}"#;
    assert_eq!(
        event.payload_json().unwrap(),
        payload.replace(r#""[redacted]":true"#, r#""x[redacted]":true"#)
    );
    assert_eq!(event.message(), Some("call [redacted]234 now"));
    assert_eq!(event.tags().collect::<Vec<_>>(), ["t-[redacted]"]);
    assert_eq!(event.attr("k-[redacted]").unwrap().get(), r#""[redacted]-3""#);
    assert_eq!(event.scope().get(ScopeField::User), Some("u-[redacted]"));
    assert_eq!(
        (event.source().component(), event.source().name()),
        (Some("c-[redacted]"), Some("n-[redacted]"))
    );
    Ok(())
}

#[test]
fn rules_are_of_the_kinds_they_name() -> Result<()> {
    let rule = Redaction::field("message")?.of_kinds("tool.*")?;
    for (kind, expected) in [("tool.call.started", "[redacted]"), ("login.seen", "said")] {
        let event = Event::builder(Kind::parse(kind)?).message("said").build()?;
        assert_eq!(redacted(std::slice::from_ref(&rule), event).message(), Some(expected));
    }
    Ok(())
}

#[test]
fn a_mask_that_matches_gives_up_the_typed_value() -> Result<()> {
    let event = || {
        Event::of(ToolCallStarted::new("ls", "c-1", newswire::catalogue::Json::parse(r#"{"pw":1}"#).unwrap()))
            .build()
    };
    let masked = redacted(&[Redaction::field("payload.**.pw")?], event()?);
    let payload = masked.payload::<ToolCallStarted>()?.unwrap();
    assert!(matches!(payload, std::borrow::Cow::Owned(_)));
    assert_eq!(payload.arguments.as_ref().unwrap().get(), r#"{"pw":"[redacted]"}"#);
    let untouched = redacted(&[Redaction::field("payload.**.other")?], event()?);
    assert!(matches!(untouched.payload::<ToolCallStarted>()?.unwrap(), std::borrow::Cow::Borrowed(_)));
    Ok(())
}

#[test]
fn a_class_of_the_catalogue_is_masked_and_what_it_does_not_know_is_content() -> Result<()> {
    let rule = [Redaction::class(Class::Content)];
    let json = r#"{"name":"ls","call_id":"c-1","arguments":{"path":"/"},"novel":"?"}"#;
    let event = Event::builder(Kind::parse("tool.call.started")?).json(json).message("ls /").build()?;
    let event = redacted(&rule, event);
    let expected = r#"{"name":"ls","call_id":"c-1","arguments":"[redacted]","novel":"[redacted]"}"#;
    assert_eq!((event.payload_json(), event.message()), (Some(expected), Some("[redacted]")));
    assert_eq!(redacted(&rule, of_json(r#"{"a":1}"#)).payload_json(), Some(r#"{"a":"[redacted]"}"#));
    assert_eq!(redacted(&rule, of_json("[1]")).payload_json(), Some(r#""[redacted]""#));
    Ok(())
}

#[test]
fn redaction_sees_what_enrichers_added() -> Result<()> {
    let bus = Bus::new();
    bus.redact(Redaction::field("attrs.token")?)?;
    let _enricher = bus.add_enricher(|event| event.attr("token", "secret"))?;
    let mut events = bus.subscribe("*")?;
    bus.publish_batch(vec![plain("work.done")])?;
    let event = events.try_next()?.and_then(Delivery::event).unwrap();
    assert_eq!(event.attr("token").unwrap().get(), r#""[redacted]""#);
    Ok(())
}

#[test]
fn a_rule_that_can_not_be_applied_masks_all_and_is_counted() -> Result<()> {
    #[derive(Clone, Deserialize)]
    struct Unwritable(bool);
    impl Serialize for Unwritable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
            assert!(!self.0, "a serializer that panics");
            Err(serde::ser::Error::custom("a serializer that fails"))
        }
    }
    impl Payload for Unwritable {
        fn kind(&self) -> Kind {
            Kind::parse("login.seen").unwrap()
        }
        fn size_bound(&self) -> usize {
            16
        }
    }
    for panics in [false, true] {
        let bus = Bus::new();
        bus.redact(Redaction::field("payload.pw")?)?;
        let mut events = bus.subscribe("*")?;
        bus.publish(Event::of(Unwritable(panics)).message("stays").build()?)?;
        let event = events.try_next()?.and_then(Delivery::event).unwrap();
        assert_eq!((event.payload_json(), event.message()), (Some(r#""[redacted]""#), Some("stays")));
        assert!(event.payload::<Unwritable>().is_err());
        assert_eq!(bus.stats().alteration_failures, 1);

        let bus = Bus::new();
        bus.redact(Redaction::class(Class::Content))?;
        let mut events = bus.subscribe("*")?;
        bus.publish(Event::of(Unwritable(panics)).message("goes").attr("k", "goes").tag("stays").build()?)?;
        let event = events.try_next()?.and_then(Delivery::event).unwrap();
        assert_eq!((event.message(), event.tags().next()), (Some("[redacted]"), Some("stays")));
        assert!(!event.to_json().contains("goes"));
        assert_eq!(bus.stats().alteration_failures, 1);
    }
    Ok(())
}

#[test]
fn what_is_no_rule_is_refused_with_the_reason() -> Result<()> {
    let field = |path: &str| Redaction::field(path).unwrap_err();
    assert_eq!((field("payload..a").kind(), field("payload..a").column()), (ErrorKind::Invalid, Some(9)));
    assert!(field("correlation.trace").expected().unwrap().contains("payload"));
    assert_eq!(field(&"a.".repeat(600)).kind(), ErrorKind::TooLarge);
    assert_eq!(field(&format!("payload{}", ".a".repeat(31))).kind(), ErrorKind::TooLarge);
    let pattern = |pattern: &str| Redaction::field("**").unwrap().matching(pattern).unwrap_err();
    assert_eq!((pattern("(").kind(), pattern("(").path().unwrap()), (ErrorKind::Invalid, "pattern"));
    assert_eq!(pattern(&"a".repeat(2000)).kind(), ErrorKind::TooLarge);
    assert_eq!(pattern("((a{100}){100}){100}").kind(), ErrorKind::TooLarge);
    assert_eq!(Redaction::field("**")?.of_kinds("Tool").unwrap_err().kind(), ErrorKind::Invalid);

    let bus = Bus::new();
    (0..256).try_for_each(|_| bus.redact(Redaction::field("message")?))?;
    assert_eq!(bus.redact(Redaction::field("message")?).unwrap_err().kind(), ErrorKind::Full);
    Ok(())
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let text = "[a-c.\\[\\]redt\"\u{e9}0-9]{0,12}";
    let leaf = prop_oneof![
        text.prop_map(serde_json::Value::from),
        any::<i32>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 30, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[abc]|secret|[0-9]{3}", inner, 0..4)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// Every text and number in it, names included.
fn scalars(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| scalars(item, into)),
        serde_json::Value::Object(members) => members.iter().for_each(|(name, value)| {
            into.push(name.clone());
            scalars(value, into);
        }),
        serde_json::Value::String(text) => into.push(text.clone()),
        other => into.push(other.to_string()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_that_matches_survives_and_twice_is_as_once(
        payload in any_json(),
        message in "[a-c\\[\\]redact0-9 ]{0,30}",
        rule in prop::sample::select(vec!["\\d+", "[a-z]+", "ab?", "c\\]*", ".*", "^a", "a$", "ted\\]?", "x*"]),
    ) {
        let rule = Redaction::field("**")?.matching(rule).map(|built| (built, rule))?;
        let event = Event::builder(Kind::parse("login.seen")?)
            .json(payload.to_string()).message(message.as_str()).attr("k", &payload).build()?;
        let once = redacted(std::slice::from_ref(&rule.0), event);
        let twice = redacted(std::slice::from_ref(&rule.0), once.clone());
        prop_assert_eq!(once.to_json(), twice.to_json());

        let mut texts = vec![once.message().unwrap().to_owned()];
        scalars(&serde_json::from_str(once.payload_json().unwrap()).unwrap(), &mut texts);
        scalars(&serde_json::from_str(once.attrs().next().unwrap().1.get()).unwrap(), &mut texts);
        // Where neither mask nor anchor is in play, the pattern itself says whether anything is left.
        if rule.1 == "\\d+" {
            prop_assert!(texts.iter().all(|text| !text.contains(|c: char| c.is_ascii_digit())));
        }
        if rule.1 == "[a-z]+" {
            let rest = texts.iter().map(|text| text.replace("[redacted]", ""));
            prop_assert!(rest.into_iter().all(|text| !text.contains(|c: char| c.is_ascii_lowercase())), "{:?}", texts);
        }
    }

    #[test]
    fn a_masked_name_has_no_value_anywhere(payload in any_json()) {
        let event = redacted(&[Redaction::field("payload.**.secret")?], of_json(&payload.to_string()));
        fn check(value: &serde_json::Value) -> bool {
            match value {
                serde_json::Value::Array(items) => items.iter().all(check),
                serde_json::Value::Object(members) => members.iter().all(|(name, value)| match name.as_str() {
                    "secret" => value == "[redacted]",
                    _ => check(value),
                }),
                _ => true,
            }
        }
        prop_assert!(check(&serde_json::from_str(event.payload_json().unwrap()).unwrap()));
    }
}
