//! Status and timing of components.

use newswire::view::{CallMeter, LatencyProfile, StatusTracker, TraceTree, UsageMeter, View};
use newswire::{Bus, Event, Kind, Status};

use super::common::{run, station};

#[test]
fn equal_labels_of_two_runs_are_two_components() {
    let bus = Bus::new();
    let tracker = bus.watch(StatusTracker::new()).unwrap();
    let open = run(&bus, "r-1").tool_call("search", "call_1", None);
    run(&bus, "r-2").tool_call("search", "call_1", None).fail("no network").unwrap();

    let snapshot = tracker.snapshot();
    let seen: Vec<_> = snapshot
        .components
        .iter()
        .map(|one| (one.label.as_str(), one.run.as_deref(), one.status, one.said.as_deref()))
        .collect();
    let first = ("search", Some("r-1"), Status::Running, None);
    assert_eq!(seen, [first, ("search", Some("r-2"), Status::Failed, Some("no network"))]);
    assert_eq!((snapshot.running, snapshot.failed), (1, 1));
    drop(open);
    assert_eq!(tracker.snapshot().canceled, 1);
    assert_eq!(tracker.snapshot().components[0].said.as_deref(), Some("dropped while open"));
}

#[test]
fn what_was_measured_counts_before_the_times_of_the_events() {
    let mut tracker = StatusTracker::new();
    tracker.see(&station("tool.call.started", 1_000, 1, None, r#"{"name":"a"}"#));
    tracker.see(&station("tool.call.completed", 4_000, 1, None, r#"{"name":"a","duration_ns":2500}"#));
    tracker.see(&station("tool.call.started", 1_000, 2, None, r#"{"name":"b"}"#));
    tracker.see(&station("tool.call.completed", 4_000, 2, None, r#"{"name":"b"}"#));
    tracker.see(&station("tool.call.completed", 4_000, 3, None, r#"{"name":"c"}"#));
    let durations: Vec<_> = tracker.snapshot().components.iter().map(|one| one.duration_ns).collect();
    assert_eq!(durations, [Some(2_500), Some(3_000), None]);
}

#[test]
fn progress_that_comes_after_the_end_changes_nothing() {
    let mut tracker = StatusTracker::new();
    tracker.see(&station("step.completed", 5, 1, None, r#"{"name":"a"}"#));
    tracker.see(&station("step.progress", 4, 1, None, r#"{"name":"a","message":"half"}"#));
    let snapshot = tracker.snapshot();
    assert_eq!((snapshot.completed, snapshot.running), (1, 0));
    assert_eq!(snapshot.components[0].said, None);
}

#[test]
fn when_full_it_forgets_what_has_ended_before_what_runs() {
    let mut tracker = StatusTracker::with_capacity(2);
    tracker.see(&station("tool.call.started", 1, 1, None, r#"{"name":"runs"}"#));
    tracker.see(&station("tool.call.completed", 2, 2, None, r#"{"name":"ended"}"#));
    tracker.see(&station("tool.call.started", 3, 3, None, r#"{"name":"new"}"#));
    let snapshot = tracker.snapshot();
    assert_eq!((snapshot.running, snapshot.completed, snapshot.forgotten), (2, 1, 1));
    tracker.see(&station("tool.call.started", 4, 4, None, r#"{"name":"newer"}"#));
    assert_eq!(tracker.snapshot().forgotten, 2);
    assert_eq!(tracker.snapshot().components.len(), 2);
}

#[test]
fn what_has_ended_counts_once_also_when_it_is_forgotten() {
    let mut tracker = StatusTracker::with_capacity(1);
    for number in 1..=30 {
        let end = ["completed", "failed", "canceled"][number as usize % 3];
        tracker.see(&station("step.started", 1, number, None, "{}"));
        tracker.see(&station("step.failed", 2, number, None, "{}"));
        tracker.see(&station(&format!("step.{end}"), 3, number, None, "{}"));
    }
    let snapshot = tracker.snapshot();
    assert_eq!((snapshot.completed, snapshot.failed, snapshot.canceled), (10, 10, 10));
    assert_eq!((snapshot.running, snapshot.forgotten), (0, 29));
}

#[test]
fn without_a_span_the_label_stands_for_the_component() {
    let mut tracker = StatusTracker::new();
    for kind in ["agent.started", "agent.completed", "log.written", "deploy.started"] {
        tracker.see(&Event::builder(Kind::parse(kind).unwrap()).build().unwrap());
    }
    let snapshot = tracker.snapshot();
    assert_eq!((snapshot.components.len(), snapshot.completed), (1, 1));
    assert_eq!(snapshot.components[0].label, "agent");
}

#[test]
fn a_snapshot_is_json() {
    let mut tracker = StatusTracker::new();
    tracker.see(&station("run.started", 7, 1, None, "{}"));
    let json = serde_json::to_value(tracker.snapshot()).unwrap();
    let expected = serde_json::json!({
        "running": 1, "completed": 0, "failed": 0, "canceled": 0, "forgotten": 0,
        "unreadable": 0, "missed": 0,
        "components": [{"scope": "run", "label": "run", "span": "0000000000000001", "status": "running", "started_ns": 7}],
    });
    assert_eq!(json, expected);
}

#[test]
fn a_field_that_does_not_fit_costs_no_other_field() {
    let mut tracker = StatusTracker::new();
    let payload = r#"{"duration_ns":-4,"error":{"message":"no network","retryable":"no"}}"#;
    tracker.see(&station("tool.call.failed", 1, 1, None, payload));
    let snapshot = tracker.snapshot();
    assert_eq!(snapshot.components[0].said.as_deref(), Some("no network"));
    assert_eq!((snapshot.failed, snapshot.components[0].duration_ns, snapshot.unreadable), (1, None, 1));
}

#[test]
fn of_long_texts_as_much_is_kept_as_the_tables_have_room_for() {
    let long = "ä".repeat(100_000);
    let kept = |text: &str| (text.len(), text.chars().next());
    let (name, said) = ((512, Some('ä')), (4096 + "…".len(), Some('ä')));

    let failed = station(
        "tool.call.failed",
        1,
        1,
        None,
        &format!(r#"{{"name":"{long}","error":{{"message":"{long}"}}}}"#),
    );
    let mut tracker = StatusTracker::new();
    tracker.see(&failed);
    assert_eq!(kept(tracker.snapshot().components[0].said.as_deref().unwrap()), said);
    let mut tree = TraceTree::new();
    tree.see(&failed);
    let node = tree.snapshot().nodes.remove(0);
    assert_eq!((kept(&node.label), kept(node.said.as_deref().unwrap())), (name, said));
    let mut profile = LatencyProfile::new();
    profile.see(&failed);
    assert_eq!(kept(profile.snapshot().rows[0].label.as_deref().unwrap()), name);

    let ended = format!(r#"{{"model":"{long}","provider":"{long}"}}"#);
    let ended = station("model.call.completed", 1, 2, None, &ended);
    let mut calls = CallMeter::new();
    [&failed, &ended].into_iter().for_each(|event| calls.see(event));
    let calls = calls.snapshot();
    let mut usage = UsageMeter::new();
    usage.see(&ended);
    let usage = usage.snapshot();
    let names = [calls.by_tool.keys(), calls.by_model.keys(), calls.by_provider.keys()];
    names.into_iter().flatten().for_each(|group| assert_eq!(kept(group), name));
    usage.by_model.keys().chain(usage.by_provider.keys()).for_each(|group| assert_eq!(kept(group), name));
}
