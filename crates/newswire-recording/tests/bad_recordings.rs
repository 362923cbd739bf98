//! Files that are no good: each gives one clear error that says where and what was expected.

use std::fs;
use std::path::Path;

use newswire::{Delivery, Error, ErrorKind, Result};
use newswire_recording::{Broken, Format, Import, MAX_LINE_BYTES, ReadOptions, open, read, read_with};
use proptest::prelude::*;

const HEAD: &str = r#"{"type":"session","id":"s-1","timestamp":"2025-01-01T00:00:00.000Z"}"#;

fn read_pi<'r>(reader: impl std::io::Read + Send + 'r) -> Import<'r> {
    let format = Some(Format::named("pi").unwrap());
    read_with(reader, "run.jsonl", &ReadOptions { format, ..ReadOptions::default() }).unwrap()
}

fn error_of(bytes: &[u8]) -> Error {
    let mut session = read_pi(bytes);
    let error = session.by_ref().find_map(Result::err).expect("an error");
    assert!(session.next().is_none(), "an importer ends after its error");
    error
}

fn after_head(line: &str) -> Error {
    error_of(format!("{HEAD}\n{line}\n").as_bytes())
}

#[test]
fn a_file_that_is_not_there_or_a_directory_or_empty_is_told_so() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let missing = open(&folder.join("nowhere.jsonl")).err().unwrap();
    assert_eq!(missing.kind(), ErrorKind::Io);
    let said = "nowhere.jsonl: there is no such file; expected a recording";
    assert!(missing.to_string().ends_with(said), "{missing}");

    let directory = open(folder).err().unwrap();
    assert_eq!(directory.message(), "this is a directory");

    let empty = folder.join("empty.jsonl");
    fs::write(&empty, "").unwrap();
    let empty = open(&empty).err().unwrap();
    assert_eq!((empty.message(), empty.expected()), ("nothing stands in it", Some("a recording")));
    assert_eq!(error_of(b"\n  \n").message(), "nothing stands in it");
}

#[test]
fn a_file_that_is_no_text_is_told_what_it_looks_like_and_what_was_expected() {
    let utf_16: Vec<u8> = format!("\u{feff}{HEAD}\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0\x01\0\0\0";
    for (bytes, said) in [
        (&utf_16[..], "this looks like text in UTF-16"),
        (&utf_16[2..], "this looks like text in UTF-16"),
        (elf, "this looks like a binary file"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "this looks like a file compressed by gzip"),
        (b"\xff", "this looks like text that is not UTF-8"),
    ] {
        let error = read(bytes, "run.jsonl").err().unwrap();
        assert_eq!((error.path(), error.message()), (Some("run.jsonl"), said));
        assert_eq!(error.expected(), Some("a recording: JSON in UTF-8, compressed by zstd or not at all"));
    }
    // Told to be of a format, the line is.
    let error = error_of(&utf_16);
    assert_eq!((error.path(), error.column()), (Some("run.jsonl:1"), Some(1)));
    assert_eq!(error.message(), "these bytes are not UTF-8");
}

#[test]
fn a_file_that_is_no_session_is_told_what_stands_there() {
    let error = error_of(br#"{"type":"message"}"#);
    assert_eq!(error.path(), Some("run.jsonl:1"));
    assert_eq!(error.message(), r#"a record of type "message" stands first"#);
    assert!(error.expected().unwrap().contains(r#"{"type":"session""#));
    assert_eq!(error_of(b"[1]").column(), Some(1));
    assert_eq!(error_of(b"# Notes").column(), Some(1));
    assert_eq!(error_of(b"{}").message(), "the object has no type");
    assert_eq!(error_of(br#"{"type":"session"}"#).message(), "the session has no id");
    assert_eq!(error_of(br#"{"type":7}"#).column(), Some(9));
}

#[test]
fn a_broken_line_is_told_by_line_and_column() {
    let error = after_head(r#"{"type":"message","é":}"#);
    assert_eq!((error.path(), error.column()), (Some("run.jsonl:2"), Some(23)));
    let error = after_head(r#"{"type":"mess"#);
    assert_eq!(error.path(), Some("run.jsonl:2"));
    assert!(error.message().contains("EOF"), "{error}");
    let error = after_head(r#"{"type":"message","type":"message"}"#);
    assert!(error.message().contains("stands here twice"), "{error}");
}

#[test]
fn a_wrong_type_or_time_or_number_is_told_by_column() {
    let error = after_head(r#"{"type":"compaction","timestamp":"yesterday"}"#);
    assert_eq!((error.path(), error.column()), (Some("run.jsonl:2: timestamp"), Some(34)));
    let error = after_head(r#"{"type":"message","message":[]}"#);
    assert_eq!((error.column(), error.expected()), (Some(29), Some("a JSON object")));
    let error = after_head(r#"{"type":"message"}"#);
    assert_eq!(error.message(), "the record has no message");
    let usage = |usage: &str| {
        after_head(&format!(r#"{{"type":"message","message":{{"role":"assistant","usage":{usage}}}}}"#))
    };
    assert_eq!(usage(r#"{"input":-1}"#).expected(), Some("a count of tokens"));
    assert_eq!(usage(r#"{"input":18446744073709551615,"cacheRead":1}"#).kind(), ErrorKind::Invalid);
    assert_eq!(usage(r#"{"cost":{"total":-0.1}}"#).path(), Some("run.jsonl:2: usage.cost.total"));
    let error = after_head(r#"{"type":"message","message":{"role":"user","timestamp":9223372036854775807}}"#);
    assert_eq!(error.expected(), Some("milliseconds since 1970"));
}

#[test]
fn a_line_that_is_too_long_is_refused_without_reading_it_whole() {
    let endless = std::io::repeat(b'x');
    let reader = std::io::BufReader::new(std::io::Read::chain(HEAD.as_bytes(), endless));
    let error = read_pi(reader).find_map(Result::err).unwrap();
    assert_eq!((error.kind(), error.path()), (ErrorKind::TooLarge, Some("run.jsonl:1")));
    assert!(error.message().contains(&MAX_LINE_BYTES.to_string()));
}

#[test]
fn bytes_that_are_no_text_are_told_by_column() {
    let mut bytes = format!("{HEAD}\n{{\"é\":\"").into_bytes();
    bytes.extend(b"\xff\"}\n");
    let error = error_of(&bytes);
    assert_eq!((error.path(), error.column()), (Some("run.jsonl:2"), Some(7)));
    assert_eq!(error.message(), "these bytes are not UTF-8");
    assert_eq!(after_head("{\"a\":\"\0\"}").column(), Some(7));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_passed_over() {
    let text = format!("\u{feff}{HEAD}\r\n\r\n{{\"type\":\"compaction\"}}\r\n");
    let kinds: Vec<_> = read_pi(text.as_bytes())
        .filter_map(|delivery| delivery.unwrap().event())
        .map(|event| event.kind().to_string())
        .collect();
    assert_eq!(kinds, ["session.started", "context.compacted"]);
}

#[test]
fn hostile_depth_is_an_error_or_passes_through_but_never_a_crash() {
    let deep = format!(r#"{{"type":"odd","deep":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    let text = format!("{HEAD}\n{deep}\n");
    let results: Vec<_> = read_pi(text.as_bytes()).collect();
    assert_eq!(results.len(), 2);
}

#[test]
fn a_message_whose_event_would_be_too_large_is_told_by_line() {
    let text = "x".repeat(MAX_LINE_BYTES - 100);
    let error =
        after_head(&format!(r#"{{"type":"message","message":{{"role":"user","content":"{text}"}}}}"#));
    assert_eq!((error.kind(), error.path()), (ErrorKind::TooLarge, Some("run.jsonl:2")));
}

/// Lines that look like records, with values of wrong sorts in them.
fn almost_record() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "null",
        "true",
        "-1",
        "1e999",
        "18446744073709551616",
        r#""""#,
        r#""text""#,
        r#""user""#,
        r#""assistant""#,
        r#""toolResult""#,
        r#""2025-01-01T00:00:00Z""#,
        "[]",
        "{}",
        r#"[{"type":"text"}]"#,
        r#"[{"type":"toolCall"}]"#,
        r#"[null]"#,
        r#"{"role":"user","content":[7]}"#,
        r#"{"role":"assistant","usage":{"cost":{}}}"#,
        "\"\\ud800\"",
        r#"{"role":"bashExecution"}"#,
        r#"{"role":"toolResult","content":"x","isError":true}"#,
        "[[[[",
        "\u{0}",
    ]);
    let field = prop::sample::select(vec![
        "type",
        "id",
        "timestamp",
        "message",
        "role",
        "content",
        "usage",
        "stopReason",
        "toolCallId",
        "isError",
        "é",
        "",
    ]);
    let sort = prop::sample::select(vec!["session", "message", "compaction", "model_change", "odd", ""]);
    (sort, prop::collection::vec((field, value), 0..4)).prop_map(|(sort, fields)| {
        let fields: String = fields.iter().map(|(name, value)| format!(r#","{name}":{value}"#)).collect();
        format!(r#"{{"type":"{sort}"{fields}}}"#)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in the file: events, then at most one error, which names its line.
    #[test]
    fn no_file_makes_the_importer_panic(
        lines in prop::collection::vec(almost_record(), 0..6),
        noise in prop::collection::vec(any::<u8>(), 0..40),
        headed in any::<bool>(),
    ) {
        let mut bytes = if headed { format!("{HEAD}\n") } else { String::new() }.into_bytes();
        bytes.extend(lines.join("\n").into_bytes());
        bytes.extend(noise);
        let results: Vec<_> = read_pi(&*bytes).collect();
        let errors: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        prop_assert!(errors.len() <= 1);
        prop_assert!(errors.iter().all(|error| error.path().unwrap().starts_with("run.jsonl")));
        prop_assert!(results.iter().rev().skip(1).all(Result::is_ok));
    }
}

#[test]
fn told_to_skip_what_is_broken_an_import_counts_it_and_goes_on() {
    let long = "x".repeat(200);
    let text = format!("{HEAD}\n{{broken\n{long}\n{{\"type\":\"compaction\"}}\n");
    let options = ReadOptions { broken: Broken::Skip, max_line_bytes: 100, ..ReadOptions::default() };
    let mut import = read_with(text.as_bytes(), "run.jsonl", &options).unwrap();
    let results: Vec<Result<Delivery>> = import.by_ref().collect();
    let errors: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    assert_eq!(
        errors.iter().map(|error| error.path().unwrap()).collect::<Vec<_>>(),
        ["run.jsonl:2", "run.jsonl:3"]
    );
    assert_eq!(results.len() - errors.len(), 2);
    let report = import.report();
    assert_eq!((report.records, report.broken_records, report.events), (2, 2, 2));
}

#[test]
fn a_file_of_no_known_format_is_told_so_with_the_formats_that_there_are() {
    let error = read("# Notes\n".as_bytes(), "notes.md").err().unwrap();
    assert_eq!((error.path(), error.column()), (Some("notes.md"), Some(1)));
    assert!(error.expected().unwrap().contains("pi"), "{error}");
    let error = Format::named("pie").unwrap_err();
    assert!(error.to_string().contains("\"pie\" is no format"), "{error}");
}
