//! Lines that are no good: each gives one clear error with its place, or a defined result.

use newswire::{Bus, Error, ErrorKind, Event, Kind};
use newswire_recording::{MAX_LINE_BYTES, ReadOptions, read, read_with};

use super::{Delivery, EVENT, VERSION_LINE, events, import, write_all};

/// The error of a recording with `line` in it, and nothing else wrong.
fn error_of(line: &[u8]) -> Error {
    let bytes = [VERSION_LINE.as_bytes(), b"\n", line, b"\n", EVENT.as_bytes()].concat();
    let mut import = import(&*bytes);
    let error = import.next().expect("an error").expect_err("an error");
    assert!(import.next().is_none(), "what follows can't be trusted");
    assert!(error.path().unwrap().starts_with("run.ndjson:2"), "{error}");
    error
}

fn error_with(member: &str) -> Error {
    error_of(EVENT.replacen(r#""severity":"info""#, member, 1).as_bytes())
}

#[test]
fn a_wrong_type_is_told_with_field_and_column() {
    let error = error_with(r#""severity":7"#);
    assert_eq!(error.path(), Some("run.ndjson:2: severity"));
    assert_eq!((error.column(), error.message()), (Some(130), "it is a number"));
    assert_eq!(error_with(r#""tags":{}"#).path(), Some("run.ndjson:2: tags"));
    assert_eq!(error_of(br#"{"seq":"7"}"#).path(), Some("run.ndjson:2: seq"));
    for line in [r#"{"gap":7}"#, r#"{"gap":{"first":1}}"#, "[1]", "7", "\"text\"", "null", "{", "nonsense"] {
        assert_eq!(error_of(line.as_bytes()).kind(), ErrorKind::Invalid, "{line}");
    }
}

#[test]
fn names_given_twice_are_told_wherever_they_stand() {
    assert!(error_with(r#""tags":[],"tags":[]"#).message().contains("given twice"));
    assert!(error_with(r#""scope":{"run":"1","run":"1"}"#).message().contains("given twice"));
    assert!(error_of(br#"{"gap":{"first":1,"first":1,"last":1,"count":1}}"#).message().contains("twice"));
    assert!(error_of(br#"{"mark":1,"mark":2}"#).message().contains("twice"));
}

#[test]
fn numbers_out_of_range_are_told_with_the_range() {
    for (field, line) in [
        ("seq", EVENT.replacen("7", "18446744073709551616", 1)),
        ("seq", EVENT.replacen("7", "-1", 1)),
        ("seq", EVENT.replacen("7", "0", 1)),
        ("time", EVENT.replacen("2026-11-21", "2300-11-21", 1)),
        ("time", EVENT.replacen("2026-11-21", "2026-02-30", 1)),
    ] {
        let error = error_of(line.as_bytes());
        assert_eq!(error.path(), Some(&*format!("run.ndjson:2: {field}")), "{line}");
        assert!(error.expected().is_some(), "{error}");
    }
    for gap in [r#"{"first":-1,"last":1,"count":1}"#, r#"{"first":2,"last":1,"count":1}"#] {
        let error = error_of(format!(r#"{{"gap":{gap}}}"#).as_bytes());
        assert!(error.column().is_some() && error.expected().is_some(), "{error}");
    }
}

#[test]
fn bytes_that_are_no_text_are_told_by_column() {
    let line = [br#"{"id":"#.as_slice(), "\"é".as_bytes(), b"\xff\"}"].concat();
    let error = error_of(&line);
    assert_eq!((error.message(), error.column()), ("these bytes are not UTF-8", Some(9)));
    let error = error_with("\"message\":\"a\0b\"");
    assert_eq!((error.message(), error.column()), ("a NUL stands in the text", Some(131)));
    assert!(error_with("\"message\":\"a\x07b\"").message().contains("control character"));
    // Escaped it is text like any other.
    let escaped = EVENT.replacen(r#""severity":"info""#, r#""message":"a\u0000b""#, 1);
    assert_eq!(events(escaped.as_bytes())[0].message(), Some("a\0b"));
}

#[test]
fn half_of_a_surrogate_pair_is_told_in_known_and_in_unknown_lines() {
    assert!(error_with(r#""message":"\ud800""#).message().contains("surrogate"));
    assert!(error_with(r#""payload2":["\udc00"]"#).message().contains("surrogate"));
    let unknown = format!("{EVENT}\n{}\n", r#"{"mark":"\ud800"}"#);
    let error = import(unknown.as_bytes()).nth(1).unwrap().unwrap_err();
    assert_eq!((error.path(), error.column()), (Some("run.ndjson:2"), Some(10)), "{error}");
    assert!(error.message().contains("surrogate"), "{error}");
    assert!(error_of(br#"{"mark":"\ud800"}"#).message().contains("surrogate"), "also before any event");
}

#[test]
fn nesting_over_64_is_told_and_never_a_crash() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let with = |depth| EVENT.replacen(r#"{"cost_usd":0.1}"#, &nested(depth), 1);
    assert_eq!(events(with(64).as_bytes()).len(), 1);
    assert!(error_of(with(65).as_bytes()).message().contains("nested 64 deep"));
    assert!(error_of(with(200_000).as_bytes()).message().contains("nested 64 deep"));
    let unknown = format!("{EVENT}\n{{\"mark\":{}}}\n", nested(200_000));
    assert_eq!(import(unknown.as_bytes()).filter(Result::is_err).count(), 1);
    let gap = format!("{EVENT}\n{{\"gap\":{}}}\n", nested(200_000));
    assert_eq!(import(gap.as_bytes()).filter(Result::is_err).count(), 1);
}

#[test]
fn a_line_that_is_too_long_is_told_without_being_read_whole() {
    let endless = std::io::Read::chain(
        std::io::Cursor::new(format!("{VERSION_LINE}\n{{\"id\":\"")),
        std::io::repeat(b'x'),
    );
    let error = import(endless).next().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::TooLarge, Some("run.ndjson:2")));
    assert!(error.message().contains(&MAX_LINE_BYTES.to_string()));

    let options = ReadOptions { max_line_bytes: 100, ..ReadOptions::default() };
    let error = read_with(EVENT.as_bytes(), "x", &options).unwrap().next().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn the_largest_event_of_a_bus_is_written_and_read_again() {
    let payload = format!("\"{}\"", "x".repeat((1 << 20) - 200));
    let event =
        Event::builder(Kind::parse("a.b").unwrap()).json(payload).build().expect("just within the bound");
    let written = write_all(&[Delivery::Event(event)], false);
    assert_eq!(events(&written).len(), 1);
}

/// An event of that many bytes as JSON: its time without zeros, its severity left out.
fn event_of(bytes: usize) -> String {
    let event = |text: &str| {
        format!(
            r#"{{"seq":7,"id":"0190163d-8694-739b-aea5-966c26f8ad91","kind":"a.b","time":"2026-11-21T01:02:03Z","payload":"{text}"}}"#
        )
    };
    event(&"x".repeat(bytes - event("").len()))
}

#[test]
fn an_event_of_a_mebibyte_is_read_and_played_and_written_again_and_one_of_a_byte_more_is_not() {
    let largest = event_of(MAX_LINE_BYTES);
    let read_again = events(largest.as_bytes());
    assert_eq!(read_again[0].size(), MAX_LINE_BYTES);
    let bus = Bus::new();
    (0..1000).for_each(|_| _ = bus.publish(read_again[0].clone()).unwrap());
    let mut played = bus.subscribe("*").unwrap();
    bus.publish(read_again[0].clone()).unwrap();
    let played = played.next().unwrap();
    let written = write_all([&played], false);
    let again = &events(&written)[0];
    assert_eq!((again.seq(), again.payload_json()), (0, read_again[0].payload_json()));
    assert_eq!((again.id(), again.time_ns()), (read_again[0].id(), read_again[0].time_ns()));

    let error = error_of(event_of(MAX_LINE_BYTES + 1).as_bytes());
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(Event::from_json(event_of(MAX_LINE_BYTES + 1)).unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_passed_over() {
    let text = format!("\u{feff}{VERSION_LINE}\r\n\r\n{EVENT}\r\n  \r\n");
    assert_eq!(events(text.as_bytes())[0].to_json(), EVENT);
    assert!(error_of(format!("\u{feff}{EVENT}").as_bytes()).message().contains("no JSON object"));
}

#[test]
fn nothing_at_all_is_told_so() {
    for nothing in ["", "\n \n", "\u{feff}"] {
        let error = match read(nothing.as_bytes(), "run.ndjson") {
            Ok(mut import) => import.next().unwrap().unwrap_err(),
            Err(error) => error,
        };
        assert_eq!((error.message(), error.expected()), ("nothing stands in it", Some("a recording")));
    }
}
