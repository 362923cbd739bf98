//! Histograms of durations.

use newswire::catalogue::System;
use newswire::view::{LatencyProfile, View};
use newswire::{Bus, Dialect, Event};

use super::common::{labelled, station};

fn call(profile: &mut LatencyProfile, name: &str, span: u64, duration_ns: u64) {
    let payload = format!(r#"{{"name":"{name}","duration_ns":{duration_ns}}}"#);
    profile.see(&labelled(name, span, &payload));
}

#[test]
fn quantiles_are_within_two_digits() {
    let mut profile = LatencyProfile::new();
    for number in 1..=1_000 {
        call(&mut profile, "search", number, number * 1_000_000);
    }
    let snapshot = profile.snapshot();
    let [row] = &snapshot.rows[..] else { panic!("one label") };
    assert_eq!((row.min_ns, row.max_ns), (1_000_000, 1_000_000_000));
    assert_eq!((row.label.as_deref(), row.count, row.timed), (Some("search"), 1_000, 1_000));
    for (figure, expected) in [(row.p50_ns, 500), (row.p95_ns, 950), (row.p99_ns, 990)] {
        let expected = expected * 1_000_000;
        assert!(figure.abs_diff(expected) <= expected / 100, "{figure} instead of {expected}");
    }
}

#[test]
fn where_nothing_was_measured_the_times_of_the_events_count() {
    let mut profile = LatencyProfile::new();
    profile.see(&station("step.started", 1_000_000, 1, None, r#"{"name":"a"}"#));
    profile.see(&station("step.failed", 4_000_000, 1, None, r#"{"name":"a"}"#));
    profile.see(&station("step.canceled", 9_000_000, 2, None, r#"{"name":"a"}"#));
    let snapshot = profile.snapshot();
    let row = &snapshot.rows[0];
    assert_eq!((row.count, row.failed, row.canceled, row.timed), (2, 1, 1, 1));
    assert_eq!((row.min_ns, row.max_ns), (3_000_000, 3_000_000));
}

#[test]
fn an_end_that_comes_twice_counts_once_and_what_begins_again_is_timed_anew() {
    let mut profile = LatencyProfile::new();
    let start = |at| station("step.started", at, 1, None, "{}");
    let end = |at| station("step.completed", at, 1, None, "{}");
    for event in [start(1_000), start(1_500), end(4_000), end(9_000), start(10_000), end(10_007)] {
        profile.see(&event);
    }
    let row = &profile.snapshot().rows[0];
    assert_eq!((row.count, row.timed, row.min_ns, row.max_ns), (2, 2, 7, 3_000));
}

#[test]
fn a_field_that_does_not_fit_costs_no_other_field() {
    let mut profile = LatencyProfile::new();
    profile.see(&station("step.completed", 1, 1, None, r#"{"duration_ns":5,"name":7,"model":[0,"x"]}"#));
    profile.see(&station("step.completed", 1, 2, None, r#"{"duration_ns":"5"}"#));
    let snapshot = profile.snapshot();
    let row = &snapshot.rows[0];
    assert_eq!((row.count, row.timed, row.max_ns, snapshot.unreadable), (2, 1, 5, 2));
}

#[test]
fn labels_beyond_the_bound_share_a_row() {
    let mut profile = LatencyProfile::with_labels(1);
    for (span, name) in [(1, "first"), (2, "second"), (3, "third"), (4, "first")] {
        call(&mut profile, name, span, 1_000_000);
    }
    let rows: Vec<_> = profile.snapshot().rows.into_iter().map(|row| (row.label, row.count)).collect();
    assert_eq!(rows, [(Some("first".to_owned()), 2), (None, 2)]);
    let json = serde_json::to_value(profile.snapshot()).unwrap();
    assert_eq!(json["rows"][0]["scope"], "tool");
}

#[test]
fn open_operations_that_were_forgotten_are_told() {
    let mut profile = LatencyProfile::new();
    for number in 1..=10_003 {
        profile.see(&station("step.started", 1_000, number, None, "{}"));
    }
    assert_eq!(profile.snapshot().forgotten, 3);
    profile.see(&station("step.completed", 2_000, 1, None, "{}"));
    let row = &profile.snapshot().rows[0];
    assert_eq!((row.count, row.timed), (1, 0));
}

#[test]
fn a_middleware_a_step_and_a_tool_of_one_name_are_told_apart_with_the_exact_sum_of_each() {
    let bus = Bus::new();
    let profile = bus.watch(LatencyProfile::new()).unwrap();
    let emitter = bus.emitter();
    for duration_ns in [1_000_003, 2_000_004] {
        let layer = emitter.middleware("search", 0);
        layer.complete_with(None, |end| end.duration_ns = Some(duration_ns)).unwrap();
    }
    emitter.step("search", None).complete_with(None, |end| end.duration_ns = Some(5)).unwrap();
    let tool = emitter.tool_call("search", "c-1", None);
    tool.complete_with(None, |end| end.duration_ns = Some(7)).unwrap();
    let rows = profile.snapshot().rows;
    let told: Vec<_> =
        rows.iter().map(|row| (row.operation, row.label.as_deref(), row.count, row.sum_ns)).collect();
    let search = Some("search");
    assert_eq!(
        told,
        [("middleware", search, 2, 3_000_007), ("step", search, 1, 5), ("tool.call", search, 1, 7)]
    );
}

#[test]
fn middlewares_of_promptkit_are_profiled_by_their_names() {
    let mut profile = LatencyProfile::new();
    for (name, nanos) in [("auth", 3), ("cache", 5), ("auth", 4)] {
        let line = format!(
            r#"{{"Type":"middleware.completed","Timestamp":"2026-11-21T01:02:03Z","RunID":"r",
            "Data":{{"Name":"{name}","Index":0,"Duration":{nanos}}}}}"#
        );
        let event: Event = Dialect::of(System::PromptKit).read(&line).unwrap();
        profile.see(&event);
    }
    let rows: Vec<_> =
        profile.snapshot().rows.into_iter().map(|row| (row.label.unwrap(), row.sum_ns, row.timed)).collect();
    assert_eq!(rows, [("auth".to_owned(), 7, 2), ("cache".to_owned(), 5, 1)]);
}

#[test]
fn a_sum_stays_at_its_end() {
    let mut profile = LatencyProfile::new();
    (1..=3).for_each(|span| call(&mut profile, "search", span, i64::MAX as u64));
    assert_eq!(profile.snapshot().rows[0].sum_ns, u64::MAX);
}

#[test]
fn a_name_that_says_nothing_is_no_label() {
    let mut profile = LatencyProfile::new();
    profile.see(&station("model.call.completed", 1, 1, None, r#"{"name":"","model":"m"}"#));
    // PicoClaw's event doesn't name the tool, which ours must.
    let line = r#"{"kind":"agent.tool.exec_end","time":"2026-11-21T01:02:03Z","payload":{"Duration":3}}"#;
    profile.see(&Dialect::of(System::PicoClaw).read(line).unwrap());
    let labels: Vec<_> = profile.snapshot().rows.into_iter().filter_map(|row| row.label).collect();
    assert_eq!(labels, ["m", "tool.call"]);
}
