//! The format: events and gaps come back as they were, and what later versions add goes through.

use newswire::{Delivery, Gap, GapReason};
use newswire_recording::{Broken, Format, ReadOptions, VERSION, open, read, read_with};

use super::{EVENT, VERSION_LINE, deliveries, event, events, import, write_all};

#[test]
fn a_recording_begins_with_its_version_and_has_an_event_a_line() {
    let written = write_all(&[Delivery::Event(event("a.b", 0, "[1.50]"))], false);
    let text = String::from_utf8(written).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with(r#"{"newswire":"recording","version":1,"#), "{text}");
    assert!(lines[1].ends_with(r#""severity":"info","payload":[1.50]}"#), "{text}");
    assert_eq!(VERSION, 1);
    assert_eq!(read(text.as_bytes(), "").unwrap().format(), Format::named("newswire").unwrap());
}

#[test]
fn events_and_gaps_come_back_as_they_were_and_where_they_were() {
    for zstd in [false, true] {
        let mut written = vec![Delivery::Event(event("a.b", i64::MAX, "null"))];
        for reason in GapReason::ALL {
            written.push(Delivery::Gap(Gap { first: 1, last: u64::MAX, count: 3, reason: *reason }));
        }
        written.push(Delivery::Event(event("c.d", i64::MIN, "{\"é\":\"\u{1f600}\"}")));
        let bytes = write_all(&written, zstd);
        assert_eq!(bytes.starts_with(b"{"), !zstd);
        assert_eq!(format!("{:?}", deliveries(&bytes)), format!("{written:?}"));
        assert_eq!(write_all(&deliveries(&bytes), zstd), bytes);
    }
}

#[test]
fn events_without_a_version_line_are_read_too() {
    assert_eq!(events(EVENT.as_bytes())[0].to_json(), EVENT);
    let spaced = EVENT.replacen(r#"{"seq":7,"#, r#"{ "severity" : "warn", "seq" : 7 , "#, 1);
    let spaced = spaced.replace(r#""severity":"info","#, "");
    assert_eq!(events(spaced.as_bytes())[0].seq(), 7);
    let gap = r#"{"gap":{"first":1,"last":2,"count":2,"reason":"full"}}"#;
    assert_eq!(deliveries(gap.as_bytes()).len(), 1);
}

#[test]
fn a_recording_of_nothing_is_a_recording() {
    let nothing = write_all(&[], false);
    let mut import = import(&*nothing);
    assert!(import.next().is_none());
    assert_eq!((import.report().records, import.report().events), (1, 0));
}

#[test]
fn recordings_may_be_joined() {
    let plain = write_all(&[Delivery::Event(event("a.b", 1, "1"))], false);
    assert_eq!(events(&[plain.clone(), plain].concat()).len(), 2);
    let zipped = write_all(&[Delivery::Event(event("a.b", 1, "1"))], true);
    assert_eq!(events(&[zipped.clone(), zipped].concat()).len(), 2);
}

#[test]
fn unknown_kinds_and_fields_survive() {
    let line = EVENT.replace("deploy.finished", "later.invention");
    let line = line.replacen(r#"}}"#, r#"},"mood":"calm"}"#, 1);
    let read = deliveries(line.as_bytes());
    let again = String::from_utf8(write_all(&read, false)).unwrap();
    assert_eq!(again.lines().nth(1), Some(&*line));
}

#[test]
fn lines_of_unknown_sorts_are_kept_as_events_and_written_again_as_they_were() {
    let text = format!("{VERSION_LINE}\n{{\"early\":1}}\n{EVENT}\n{{\"mark\":{{\"deep\":[1.50]}}}}\n");
    let mut import = import(text.as_bytes());
    let kept: Vec<_> = import.by_ref().map(|delivery| delivery.unwrap().event().unwrap()).collect();
    assert_eq!(
        kept.iter().map(|event| event.kind().as_str()).collect::<Vec<_>>(),
        ["recording.line.kept", "deploy.finished", "recording.line.kept"]
    );
    assert_eq!(kept[2].payload_json(), Some(r#"{"mark":{"deep":[1.50]}}"#));
    // Nothing tells when it was, so it takes the time of its neighbour.
    assert!(kept.iter().all(|event| event.time_ns() == kept[1].time_ns()));
    let names: Vec<_> = import.report().unknown_records.keys().cloned().collect();
    assert_eq!(names, ["early", "mark"]);
    let again = String::from_utf8(write_all(&deliveries(text.as_bytes()), false)).unwrap();
    assert_eq!(again.lines().skip(1).collect::<Vec<_>>(), text.lines().skip(1).collect::<Vec<_>>());
}

#[test]
fn a_kept_line_can_not_smuggle_in_what_this_version_knows() {
    for line in [VERSION_LINE, EVENT, r#"{"gap":{"first":1,"last":1,"count":1}}"#] {
        let written = write_all(&[Delivery::Event(event("recording.line.kept", 0, line))], false);
        let events = events(&written);
        assert_eq!(events[0].kind().as_str(), "recording.line.kept");
    }
}

#[test]
fn what_a_gap_or_the_version_line_have_besides_is_counted_and_kept() {
    let text = concat!(
        r#"{"newswire":"recording","version":1,"writer":"x","host":"h"}"#,
        "\n",
        r#"{"gap":{"first":1,"last":2,"count":2,"reason":"cosmic_ray","lost_ns":5}}"#,
        "\n",
    );
    let mut import = import(text.as_bytes());
    let read: Vec<_> = import.by_ref().map(Result::unwrap).collect();
    assert_eq!(read.len(), 3);
    let Delivery::Gap(gap) = read[0] else { panic!("the gap comes first: {read:?}") };
    assert_eq!(gap.reason, GapReason::Unknown);
    let names: Vec<_> = import.report().unknown_fields.keys().cloned().collect();
    assert_eq!(names, ["gap.lost_ns", "gap.reason", "host"]);
    let lines: Vec<_> = text.lines().collect();
    let kept: Vec<_> = read.into_iter().filter_map(Delivery::event).collect();
    assert_eq!(kept.iter().map(|event| event.payload_json().unwrap()).collect::<Vec<_>>(), lines);
}

#[test]
fn a_component_of_a_later_scope_is_kept_and_counted() {
    let component = r#","component":{"scope":"martian","id":"x"}"#;
    let attrs = r#","attrs":{"a":1}"#;
    for (more, expected) in [
        (component.to_owned(), r#","attrs":{"recording.component":{"scope":"martian","id":"x"}}"#),
        (
            format!("{attrs}{component}"),
            r#","attrs":{"recording.component":{"scope":"martian","id":"x"},"a":1}"#,
        ),
    ] {
        let line = |more: &str| {
            format!(
                r#"{{"id":"0190163d-8694-739b-aea5-966c26f8ad91","kind":"a.b","time":"2026-11-21T01:02:03.000000000Z"{more}}}"#
            )
        };
        let text = line(&more) + "\n";
        let mut import = import(text.as_bytes());
        let read: Vec<_> = import.by_ref().map(|item| item.unwrap().event().unwrap()).collect();
        assert_eq!(read.len(), 1);
        assert_eq!(import.report().unknown_fields.keys().collect::<Vec<_>>(), ["component.scope"]);
        assert_eq!(import.report().line_of_field("component.scope"), Some(1));
        assert!(read[0].to_json().contains(expected), "{}", read[0].to_json());
        assert!(read[0].component().is_none());
    }
    for wrong in [r#"{"scope":7,"id":"x"}"#, r#"{"scope":"tool"}"#, r#"{"id":"x"}"#, r#""martian""#] {
        let line = format!(
            r#"{{"id":"0190163d-8694-739b-aea5-966c26f8ad91","kind":"a.b","time":"2026-11-21T01:02:03Z","component":{wrong}}}"#
        );
        assert!(import(line.as_bytes()).next().unwrap().is_err(), "{wrong}");
    }
}

#[test]
fn a_recording_of_a_later_version_is_refused_with_both_versions() {
    let error = import(VERSION_LINE.replace('1', "2").as_bytes()).next().unwrap().unwrap_err();
    assert_eq!(error.path(), Some("run.ndjson:1: version"));
    assert!(error.message().contains("version 2"), "{error}");
    assert_eq!(error.expected(), Some("at most version 1"));
    for version in ["0", "-1", "1.5", "\"1\"", "null", "18446744073709551616"] {
        let line = VERSION_LINE.replace('1', version);
        assert!(import(line.as_bytes()).next().unwrap().is_err(), "{version}");
    }
}

#[test]
fn times_that_go_backwards_are_passed_on_as_they_are() {
    let written = [event("a.b", 5, "1"), event("a.b", -5, "2")].map(Delivery::Event);
    let times: Vec<_> = events(&write_all(&written, false)).iter().map(|event| event.time_ns()).collect();
    assert_eq!(times, [5, -5]);
}

#[test]
fn told_to_skip_what_is_broken_reading_counts_it_and_goes_on() {
    let text = format!("{VERSION_LINE}\n{EVENT}\n{{\"id\":7}}\n{EVENT}\n");
    let options = ReadOptions { broken: Broken::Skip, ..ReadOptions::default() };
    let mut import = read_with(text.as_bytes(), "run.ndjson", &options).unwrap();
    assert_eq!(import.by_ref().filter(Result::is_ok).count(), 2);
    let report = import.report();
    assert_eq!((report.records, report.broken_records, report.events), (3, 1, 2));
}

#[test]
fn what_only_names_the_members_of_events_somewhere_is_not_taken_for_ours() {
    for line in [
        r#"{"resource":{"kind":"a.b","time":"t","id":"i"}}"#,
        r#"{"kind":"span","time":7,"name":"id"}"#,
        r#"{"note":"\"newswire\":1,\"version\":1"}"#,
        "[\"kind\",\"time\",\"id\"]",
    ] {
        assert!(read(line.as_bytes(), "x").is_err(), "{line}");
    }
    let long = format!(r#"{{"spans":[{{"kind":1,"time":2,"id":3}}],"rest":{:?}}}"#, "x".repeat(100_000));
    assert!(read(long.as_bytes(), "x").is_err());
    // A long first event is ours before all of it has been seen, and so is a broken one.
    let long = EVENT.replacen(r#"{"cost_usd":0.1}"#, &format!("{:?}", "x".repeat(100_000)), 1);
    assert_eq!(events(long.as_bytes()).len(), 1);
    assert!(import(EVENT.replacen("0.1", "0.", 1).as_bytes()).next().unwrap().is_err());
}

#[test]
fn other_formats_are_still_told_by_their_beginnings() {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let session = data.join("pi_coding_sessions/large-session.jsonl");
    if !session.exists() {
        eprintln!("SKIPPED: ../shared/data is missing");
        return;
    }
    assert_eq!(open(&session).unwrap().format().name, "pi");
    for path in ["codex_tui_recording/oss-story.jsonl", "tau_bench_airline_gpt4o/gpt-4o-airline.json"] {
        let found = open(&data.join(path)).map(|import| import.format().name);
        assert!(!matches!(found, Ok("newswire")), "{path}");
    }
}

#[test]
fn the_example_of_the_documentation_is_a_recording() {
    let page = include_str!("../../../../docs/recording.md");
    let example = page.split("```ndjson\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let read = deliveries(example.as_bytes());
    assert_eq!(read.len(), 3);
    let written = String::from_utf8(write_all(&read, false)).unwrap();
    assert_eq!(written.lines().next(), example.lines().next(), "the version line is the one that is written");
    for reason in GapReason::ALL {
        assert!(page.contains(&format!("`{}`", reason.as_str())), "{reason:?} is not documented");
    }
}
