//! Runs, steps and calls as a tree.

use newswire::view::{TraceSnapshot, TraceTree, View};
use newswire::{Bus, Status};

use super::common::{labelled, of_run, run, spanless, station};

fn shape(snapshot: &TraceSnapshot) -> Vec<(usize, &str, Status, bool)> {
    snapshot.nodes.iter().map(|node| (node.depth, node.label.as_str(), node.status, node.orphan)).collect()
}

#[test]
fn what_guards_open_within_one_another_is_a_tree() {
    let bus = Bus::new();
    let tree = bus.watch(TraceTree::new()).unwrap();
    let outer = run(&bus, "r-1").run("demo", None);
    let step = outer.emitter().step("plan", None);
    step.emitter().tool_call("search", "call_1", None).complete(None).unwrap();
    let open = step.emitter().tool_call("fetch", "call_2", None);
    step.fail("no plan").unwrap();
    outer.emitter().step("write", None).complete(None).unwrap();
    outer.complete(None).unwrap();

    let snapshot = tree.snapshot();
    let expected = [
        (0, "demo", Status::Completed, false),
        (1, "plan", Status::Failed, false),
        (2, "search", Status::Completed, false),
        (2, "fetch", Status::Running, false),
        (1, "write", Status::Completed, false),
    ];
    assert_eq!(shape(&snapshot), expected);
    assert_eq!((snapshot.open, snapshot.orphans), (1, 0));
    assert_eq!(snapshot.nodes[1].said.as_deref(), Some("no plan"));
    drop(open);
    assert_eq!(tree.snapshot().open, 0);
}

#[test]
fn what_names_an_unknown_parent_is_an_orphan() {
    let mut tree = TraceTree::new();
    tree.see(&station("tool.call.started", 1, 2, Some(1), r#"{"name":"a"}"#));
    tree.see(&station("step.started", 2, 3, Some(2), r#"{"name":"b"}"#));
    let snapshot = tree.snapshot();
    assert_eq!(shape(&snapshot), [(0, "a", Status::Running, true), (1, "b", Status::Running, false)]);
    assert_eq!(snapshot.orphans, 1);
}

#[test]
fn a_circle_of_parents_is_shown_and_ends() {
    let mut tree = TraceTree::new();
    tree.see(&station("step.started", 1, 1, Some(2), "{}"));
    tree.see(&station("step.started", 2, 2, Some(1), "{}"));
    tree.see(&station("step.started", 3, 3, Some(3), "{}"));
    let snapshot = tree.snapshot();
    assert_eq!(snapshot.nodes.len(), 3);
    assert_eq!(snapshot.nodes.iter().map(|node| node.depth).collect::<Vec<_>>(), [0, 1, 0]);
}

#[test]
fn a_chain_of_ten_thousand_needs_no_deep_stack() {
    let mut tree = TraceTree::new();
    for number in 1..=10_000_u64 {
        tree.see(&station(
            "step.started",
            1,
            number,
            number.checked_sub(1).filter(|parent| *parent > 0),
            "{}",
        ));
    }
    let snapshot = tree.snapshot();
    assert_eq!((snapshot.nodes.len(), snapshot.nodes[9_999].depth), (10_000, 9_999));
    assert!(serde_json::to_string(&snapshot).is_ok());
    tree.see(&station("step.started", 1, 10_001, None, "{}"));
    assert_eq!(tree.snapshot().forgotten, 1);
}

#[test]
fn operations_say_what_they_are_and_what_they_used() {
    let mut tree = TraceTree::new();
    tree.see(&station("model.call.started", 0, 1, None, r#"{"model":"m"}"#));
    tree.see(&station("model.call.completed", 9, 1, None, r#"{"usage":{"output_tokens":7,"cost_usd":0.5}}"#));
    let node = tree.snapshot().nodes.remove(0);
    let usage = node.usage.unwrap();
    assert_eq!(
        (node.operation.as_str(), usage.output_tokens, usage.cost_usd),
        ("model.call", Some(7), Some(0.5))
    );
}

#[test]
fn turns_without_spans_are_told_apart_by_their_ids_and_by_beginning_again() {
    let mut tree = TraceTree::new();
    for (at, turn) in [(10, "t-1"), (70, "t-2"), (130, "t-2")] {
        tree.see(&spanless("turn.started", at, turn, "{}"));
        tree.see(&spanless("turn.completed", at + 5, turn, "{}"));
    }
    let snapshot = tree.snapshot();
    let seen: Vec<_> = snapshot.nodes.iter().map(|node| (node.started_ns, node.duration_ns)).collect();
    assert_eq!(seen, [(Some(10), Some(5)), (Some(70), Some(5)), (Some(130), Some(5))]);
    assert_eq!((snapshot.open, snapshot.orphans), (0, 0));
}

#[test]
fn calls_without_spans_are_told_apart_by_their_call_ids_and_from_their_requests() {
    let mut tree = TraceTree::new();
    for (at, operation, call_id) in
        [(1, "tool.request", "c1"), (2, "tool.call", "c1"), (3, "tool.call", "c2")]
    {
        let payload = format!(r#"{{"name":"ls","call_id":"{call_id}"}}"#);
        tree.see(&spanless(&format!("{operation}.started"), at, "t-1", &payload));
    }
    tree.see(&spanless("tool.call.completed", 12, "t-1", r#"{"name":"ls","call_id":"c1"}"#));
    let durations: Vec<_> = tree.snapshot().nodes.iter().map(|node| node.duration_ns).collect();
    assert_eq!(durations, [None, Some(10), None]);
}

#[test]
fn what_began_again_is_remembered_when_the_earlier_ones_are_forgotten() {
    let mut tree = TraceTree::with_capacity(2);
    for at in [10, 20, 30, 40] {
        tree.see(&spanless("turn.started", at, "t-1", "{}"));
        tree.see(&spanless("turn.completed", at + 5, "t-1", "{}"));
    }
    tree.see(&spanless("turn.started", 50, "t-1", "{}"));
    tree.see(&spanless("turn.failed", 57, "t-1", "{}"));
    let snapshot = tree.snapshot();
    let seen: Vec<_> = snapshot.nodes.iter().map(|node| (node.started_ns, node.duration_ns)).collect();
    assert_eq!(seen, [(Some(40), Some(5)), (Some(50), Some(7))]);
    assert_eq!((snapshot.open, snapshot.forgotten), (0, 3));
}

#[test]
fn a_run_within_another_stands_under_what_started_it() {
    let mut tree = TraceTree::new();
    tree.see(&of_run("r-1", "run.started", 1, None));
    tree.see(&of_run("r-1", "step.started", 2, Some(1)));
    tree.see(&of_run("r-2", "run.started", 3, Some(2)));
    tree.see(&of_run("r-2", "step.started", 4, Some(3)));
    let snapshot = tree.snapshot();
    assert_eq!(snapshot.nodes.iter().map(|node| node.depth).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(snapshot.orphans, 0);
}

#[test]
fn the_span_of_a_parent_means_the_one_of_the_same_run_and_none_where_others_share_it() {
    let mut tree = TraceTree::new();
    for run in ["r-1", "r-2"] {
        tree.see(&of_run(run, "run.started", 1, None));
        tree.see(&of_run(run, "step.started", 2, Some(1)));
    }
    tree.see(&of_run("r-3", "run.started", 3, Some(1)));
    let snapshot = tree.snapshot();
    let seen: Vec<_> = snapshot
        .nodes
        .iter()
        .map(|node| (node.run.as_deref().unwrap_or_default(), node.depth, node.orphan))
        .collect();
    let expected = [("r-1", 0, false), ("r-1", 1, false), ("r-2", 0, false), ("r-2", 1, false)];
    assert_eq!(seen, [&expected[..], &[("r-3", 0, true)]].concat());
}

#[test]
fn a_field_that_does_not_fit_costs_no_other_field() {
    let mut tree = TraceTree::new();
    tree.see(&station(
        "step.canceled",
        1,
        1,
        None,
        r#"{"duration_ns":4,"reason":{"why":"late"},"usage":false}"#,
    ));
    let snapshot = tree.snapshot();
    let node = &snapshot.nodes[0];
    assert_eq!((node.duration_ns, node.said.as_deref(), snapshot.unreadable), (Some(4), None, 1));
}

#[test]
fn an_operation_without_a_component_is_called_what_its_payload_calls_it() {
    let mut tree = TraceTree::new();
    tree.see(&station("tool.call.started", 1, 1, None, r#"{"name":"ls","call_id":"c"}"#));
    tree.see(&station("model.call.started", 1, 2, None, r#"{"provider":"p"}"#));
    tree.see(&station("model.call.completed", 2, 2, None, r#"{"model":"m"}"#));
    tree.see(&labelled("grep", 3, r#"{"name":"other"}"#));
    let nodes = tree.snapshot().nodes;
    let labels: Vec<_> = nodes.iter().map(|node| (&*node.operation, &*node.label)).collect();
    assert_eq!(labels, [("tool.call", "ls"), ("model.call", "m"), ("tool.call", "grep")]);
}
