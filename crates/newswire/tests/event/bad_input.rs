//! What is no event, and how the reader says so.

use newswire::*;
use proptest::prelude::*;

use super::{event, line_with};

/// The error of a line with these members, which must point at `path`.
fn refused(members: &str, path: &str) -> Error {
    let error = Event::from_json(line_with(members)).unwrap_err();
    assert_eq!(error.path(), Some(path), "{members}: {error}");
    assert!(error.column().is_some(), "{members}: {error}");
    error
}

#[test]
fn a_wrong_type_is_named() {
    for (members, path, found) in [
        (r#""message":1"#, "message", "a number"),
        (r#""message":{}"#, "message", "an object"),
        (r#""tags":"a""#, "tags", "text"),
        (r#""tags":[1]"#, "tags[0]", "a number"),
        (r#""tags":["a",["b"]]"#, "tags[1]", "an array"),
        (r#""attrs":[]"#, "attrs", "an array"),
        (r#""internal":"true""#, "internal", "text"),
        (r#""internal":0"#, "internal", "a number"),
        (r#""seq":"7""#, "seq", "text"),
        (r#""scope":true"#, "scope", "true or false"),
        (r#""scope":{"session":7}"#, "scope.session", "a number"),
        (r#""source":{"component":[]}"#, "source.component", "an array"),
        (r#""correlation":{"reply_to":false}"#, "correlation.reply_to", "true or false"),
        (r#""component":"tool""#, "component", "text"),
        (r#""origin":{"bus":"b","epoch":"1","seq":1}"#, "origin.epoch", "text"),
    ] {
        let error = refused(members, path);
        assert!(error.message().contains(found), "{members}: {error}");
        assert!(error.expected().is_some(), "{members}: {error}");
    }
}

#[test]
fn a_field_that_nobody_knows_is_pointed_at_within_its_object() {
    for (members, path) in [
        (r#""later":[1,]"#, "later"),
        (r#""scope":{"later":[1,]}"#, "scope.later"),
        (r#""source":{"component":"c","later":"\x"}"#, "source.later"),
        (r#""correlation":{"later":01}"#, "correlation.later"),
        (r#""component":{"scope":"tool","id":"x","later":nul}"#, "component.later"),
        (r#""origin":{"bus":"b","epoch":1,"seq":1,"later":"\ud800"}"#, "origin.later"),
    ] {
        refused(members, path);
    }
}

#[test]
fn null_is_not_absent() {
    for (members, path) in [
        (r#""seq":null"#, "seq"),
        (r#""origin":null"#, "origin"),
        (r#""source":null"#, "source"),
        (r#""scope":null"#, "scope"),
        (r#""scope":{"run":null}"#, "scope.run"),
        (r#""correlation":{"trace":null}"#, "correlation.trace"),
        (r#""component":{"scope":null,"id":"x"}"#, "component.scope"),
        (r#""message":null"#, "message"),
        (r#""tags":null"#, "tags"),
        (r#""tags":[null]"#, "tags[0]"),
        (r#""attrs":null"#, "attrs"),
        (r#""internal":null"#, "internal"),
    ] {
        assert!(refused(members, path).message().contains("never null"), "{members}");
    }
}

#[test]
fn a_name_given_twice_is_refused() {
    for (members, path) in [
        (r#""scope":{"run":"a","run":"a"}"#, Some("scope")),
        (r#""scope":{"x":1,"\u0078":1}"#, Some("scope")),
        (r#""attrs":{"a":1,"b":2,"a":1}"#, Some("attrs")),
        (r#""kind":"deploy.finished""#, None),
        (r#""priority":1,"priority":1"#, None),
    ] {
        let error = Event::from_json(line_with(members)).unwrap_err();
        assert!(error.message().contains("given twice"), "{members}: {error}");
        assert_eq!(error.path(), path, "{members}: {error}");
    }
}

#[test]
fn what_must_be_there_is_missed() {
    for (name, value) in [
        ("id", r#""id":"0190163d-8694-739b-aea5-966c26f8ad91","#),
        ("kind", r#""kind":"deploy.finished","#),
        ("time", r#""time":"2026-11-21T01:02:03.000000000Z","#),
    ] {
        let error = Event::from_json(line_with("").replace(value, "")).unwrap_err();
        assert_eq!(error.path(), Some(name));
    }
    for (members, path) in [
        (r#""source":{}"#, "source.component"),
        (r#""source":{"name":"n"}"#, "source.component"),
        (r#""component":{"scope":"tool"}"#, "component.id"),
        (r#""component":{"id":"x"}"#, "component.scope"),
        (r#""origin":{"bus":"b","epoch":1}"#, "origin.seq"),
    ] {
        let error = Event::from_json(line_with(members)).unwrap_err();
        assert_eq!(error.path(), Some(path), "{members}");
    }
}

#[test]
fn ids_are_checked() {
    for (members, path) in [
        (r#""scope":{"run":""}"#, "scope.run"),
        (r#""tags":["a",""]"#, "tags[1]"),
        (r#""source":{"component":"c","name":""}"#, "source.name"),
        (r#""correlation":{"trace":"00000000000000000000000000000000"}"#, "correlation.trace"),
        (r#""correlation":{"trace":"A0000000000000000000000000000000"}"#, "correlation.trace"),
        (r#""correlation":{"span":"b"}"#, "correlation.span"),
        (r#""correlation":{"causation":"{0190163d-8694-739b-aea5-966c26f8ad91}"}"#, "correlation.causation"),
        (r#""component":{"scope":"gadget","id":"x"}"#, "component.scope"),
        (r#""severity2":1,"scope":{"":"x"}"#, "scope"),
    ] {
        assert_eq!(refused(members, path).kind(), ErrorKind::Invalid);
    }
    let long = "x".repeat(513);
    let error = refused(&format!(r#""scope":{{"run":"{long}"}}"#), "scope.run");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    for id in ["", "7", "0190163d8694739baea5966c26f8ad91", "00000000-0000-0000-0000-000000000000"] {
        let line = line_with("").replace("0190163d-8694-739b-aea5-966c26f8ad91", id);
        assert_eq!(Event::from_json(line).unwrap_err().path(), Some("id"), "{id}");
    }
    let severity = line_with("").replace("info", "fatal");
    assert_eq!(Event::from_json(severity).unwrap_err().path(), Some("severity"));
}

#[test]
fn a_bad_kind_is_pointed_at_within_the_line() {
    let line = r#"{"kind":"tool.Call"}"#;
    let error = Event::from_json(line).unwrap_err();
    assert_eq!((error.path(), error.column()), (Some("kind"), Some(1 + line.find('C').unwrap())));
}

#[test]
fn numbers_out_of_range_are_refused() {
    for seq in ["0", "-1", "1.0", "1e3", "18446744073709551616", "99999999999999999999999999"] {
        refused(&format!(r#""seq":{seq}"#), "seq");
    }
    refused(r#""origin":{"bus":"b","epoch":-1,"seq":1}"#, "origin.epoch");
    refused(r#""origin":{"bus":"b","epoch":0,"seq":0}"#, "origin.seq");
}

#[test]
fn json_that_is_none_is_refused_in_any_field() {
    let values = [
        "",
        "nul",
        "True",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "NaN",
        "Infinity",
        "'a'",
        r#""a"#,
        r#""\x""#,
        r#""\u12""#,
        r#""\u12é4""#,
        "\"\t\"",
        "\"\0\"",
        "\0",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1",
        "[1}",
        "[0x1]",
        "{1:2}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{"a":1]"#,
        r#"{"a" 1}"#,
        r#"{"a":nulll}"#,
        "{,}",
        "//",
    ];
    for value in values {
        refused(&format!(r#""payload":{value}"#), "payload");
        refused(&format!(r#""attrs":{{"a":{value}}}"#), "attrs.a");
        refused(&format!(r#""priority":{value}"#), "priority");
        let error = event().json(value).build().unwrap_err();
        assert_eq!((error.path(), error.column().is_some()), (Some("payload"), true), "{value}");
    }
    for value in ["nulll", "0x1", "1 2", "\"a\"b", "[]]"] {
        let error = Event::from_json(line_with(&format!(r#""payload":{value}"#))).unwrap_err();
        assert!(error.column().is_some(), "{value}");
        assert_eq!(event().json(value).build().unwrap_err().path(), Some("payload"), "{value}");
    }
}

#[test]
fn half_a_surrogate_pair_is_refused() {
    for text in [r"\ud83d", r"\ude00", r"\ud83d\ud83d", r"\ud83dx", r"\ud83d\n", r"\uDE00\uD83D"] {
        for field in ["payload", "message", "priority"] {
            assert!(refused(&format!(r#""{field}":"{text}""#), field).message().contains("surrogate"));
        }
    }
}

#[test]
fn nesting_ends_at_64() {
    let nested = |depth| format!("{}0{}", "[".repeat(depth), "]".repeat(depth));
    let line = line_with(&format!(r#""attrs":{{"a":{}}},"payload":{}"#, nested(64), nested(64)));
    assert_eq!(Event::from_json(&line).unwrap().to_json(), line);
    for depth in [65, 500_000] {
        refused(&format!(r#""payload":{}"#, nested(depth)), "payload");
        refused(&format!(r#""attrs":{{"a":{}}}"#, nested(depth)), "attrs.a");
    }
    refused(&format!(r#""payload":{}"#, r#"{"a":"#.repeat(65)), "payload");
    refused(&format!(r#""payload":{}"#, r#"[{"a":"#.repeat(33)), "payload");
}

#[test]
fn an_event_that_is_too_large_is_refused() {
    let room = MAX_EVENT_BYTES - event().json("\"\"").build().unwrap().size();
    let text = |length| format!("\"{}\"", "x".repeat(length));
    let largest = event().json(text(room)).build().unwrap();
    assert_eq!(largest.size(), MAX_EVENT_BYTES);
    assert!(Event::from_json(largest.to_json()).is_ok());
    assert_eq!(event().json(text(room + 1)).build().unwrap_err().kind(), ErrorKind::TooLarge);
    let line = line_with(&format!(r#""message":{}"#, text(MAX_EVENT_BYTES)));
    assert_eq!(Event::from_json(line).unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn tags_attributes_and_other_members_are_bounded_in_number() {
    let names = |count| (0..count).map(|n| format!(r#""n{n}":0"#)).collect::<Vec<_>>().join(",");
    let tags = |count| (0..count).map(|n| format!(r#""n{n}""#)).collect::<Vec<_>>().join(",");
    assert!(Event::from_json(line_with(&format!(r#""attrs":{{{}}}"#, names(1024)))).is_ok());
    for members in
        [format!(r#""attrs":{{{}}}"#, names(1025)), format!(r#""tags":[{}]"#, tags(1025)), names(1025)]
    {
        assert_eq!(Event::from_json(line_with(&members)).unwrap_err().kind(), ErrorKind::TooLarge);
    }
    let tagged = (0..1025).fold(event(), |event, n| event.tag(n.to_string()));
    assert_eq!(tagged.build().unwrap_err().path(), Some("tags"));
    let described = (0..1025).fold(event(), |event, n| event.attr(n.to_string(), &n));
    assert_eq!(described.build().unwrap_err().path(), Some("attrs"));
}

#[test]
fn bytes_that_are_no_json_text_are_refused() {
    let mut invalid = line_with(r#""message":"é""#).into_bytes();
    let place = invalid.iter().position(|byte| *byte == 0xc3).unwrap();
    invalid[place + 1] = b'x';
    assert_eq!(Event::from_json(&invalid).unwrap_err().column(), Some(place + 1));
    for (text, column) in [
        ("", 1),
        ("  ", 3),
        ("\u{feff}{}", 1),
        ("\0", 1),
        ("[]", 1),
        ("null", 1),
        ("7", 1),
        ("{", 2),
        (r#"{"é":1,}"#, 8),
        ("{,}", 2),
        (r#"{"a" 1}"#, 6),
        (r#"{"a":1"#, 7),
        ("{a:1}", 2),
    ] {
        let error = Event::from_json(text).unwrap_err();
        assert_eq!((error.path(), error.column()), (None, Some(column)), "{text:?}: {error}");
    }
    let error = Event::from_json(format!("{} {{}}", line_with(""))).unwrap_err();
    assert_eq!(error.column(), Some(line_with("").len() + 2));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Event::from_json(bytes);
    }

    #[test]
    fn a_damaged_event_is_read_as_valid_json_or_not_at_all(
        event in super::arbitrary::any_event(), place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut line = event.to_json().into_bytes();
        let place = place.index(line.len());
        if cut { line.truncate(place) } else { line[place] = byte }
        if let Ok(event) = Event::from_json(&line) {
            prop_assert_eq!(Event::from_json(event.to_json()).unwrap().to_json(), event.to_json());
            prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&line).is_ok());
        }
    }

    #[test]
    fn what_is_taken_as_a_payload_is_json_to_others_too(text in r#"[\[\]{}:,"\\u0-9a-f.eE+\- \n]{0,24}"#) {
        let taken = event().json(&*text).build().is_ok();
        if taken {
            prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok(), "{}", text);
        } else {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_err() || text.contains("e"), "{}", text);
        }
    }
}
