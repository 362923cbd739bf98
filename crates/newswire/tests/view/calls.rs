//! Calls of models and tools, group by group.

use newswire::catalogue::Usage;
use newswire::catalogue::model::ModelCallCompleted;
use newswire::view::{CallMeter, CallTally, View};
use newswire::{Bus, Gap, GapReason, ScopeField};

use super::common::{run, spanless, station};

/// Calls, failed, canceled, open, retries.
fn figures(tally: &CallTally) -> [u64; 5] {
    [tally.calls, tally.failed, tally.canceled, tally.open, tally.retries]
}

#[test]
fn each_call_counts_once_in_every_group_that_it_belongs_to() {
    let bus = Bus::new();
    let meter = bus.watch(CallMeter::new()).unwrap();
    let emitter = run(&bus, "r-1").with_scope(ScopeField::Agent, "planner").unwrap();
    emitter.model_call("gpt-5", "openai").complete(Usage::tokens(400, 30)).unwrap();
    emitter.model_call("opus", "anthropic").fail("overloaded").unwrap();
    emitter.tool_call("search", "c-1", None).cancel("not allowed").unwrap();
    let open = emitter.tool_call("search", "c-2", None);

    let calls = meter.snapshot();
    assert_eq!(figures(&calls.model_calls), [2, 1, 0, 0, 0]);
    assert_eq!(figures(&calls.tool_calls), [2, 0, 1, 1, 0]);
    assert_eq!(figures(&calls.by_model["gpt-5"]), [1, 0, 0, 0, 0]);
    assert_eq!(figures(&calls.by_provider["anthropic"]), [1, 1, 0, 0, 0]);
    assert_eq!(figures(&calls.by_tool["search"]), [2, 0, 1, 1, 0]);
    assert_eq!(figures(&calls.by_agent["planner"]), [4, 1, 1, 1, 0]);
    assert_eq!(figures(&calls.by_run["r-1"]), [4, 1, 1, 1, 0]);
    assert_eq!((calls.by_run["r-1"].usage.input_tokens, calls.by_tool.len()), (400, 1));
    drop(open);
    assert_eq!(figures(&meter.snapshot().tool_calls)[3], 0);
}

#[test]
fn a_call_moves_to_the_model_that_answered() {
    let bus = Bus::new();
    let meter = bus.watch(CallMeter::new()).unwrap();
    let call = run(&bus, "r-1").model_call("gpt-5", "openai");
    assert_eq!(figures(&meter.snapshot().by_model["gpt-5"]), [1, 0, 0, 1, 0]);
    call.complete_with(Usage::tokens(1, 1), |end: &mut ModelCallCompleted| {
        end.response_model = Some("gpt-5-2026".into());
    })
    .unwrap();
    let calls = meter.snapshot();
    assert_eq!(figures(&calls.by_model["gpt-5"]), [0; 5]);
    assert_eq!(figures(&calls.by_model["gpt-5-2026"]), [1, 0, 0, 0, 0]);
}

#[test]
fn durations_are_the_sources_else_between_the_events_and_give_a_pace() {
    let mut meter = CallMeter::new();
    let second = 1_000_000_000;
    meter.see(&station("model.call.started", second, 1, None, r#"{"model":"m"}"#));
    meter.see(&station("model.call.completed", 5 * second, 1, None, r#"{"usage":{"output_tokens":100}}"#));
    let measured = r#"{"model":"m","duration_ns":1000000000,"usage":{"output_tokens":100}}"#;
    meter.see(&station("model.call.completed", 61 * second, 2, None, measured));
    let model = meter.snapshot().by_model["m"].clone();
    assert_eq!((model.timed, model.max_ns), (2, 4_000_000_000));
    assert!((1.0..1.008).contains(&(model.p50_ns as f64 / 1e9)), "{}", model.p50_ns);
    assert_eq!((model.output_tokens_per_second, model.calls_per_minute), (Some(40.0), Some(2.0)));
}

#[test]
fn what_comes_twice_counts_once_and_what_begins_again_is_another_call() {
    let mut meter = CallMeter::new();
    let start = station("tool.call.started", 0, 1, None, r#"{"name":"ls"}"#);
    let end = station("tool.call.completed", 5, 1, None, r#"{"name":"ls"}"#);
    for event in [&start, &start, &end, &end] {
        meter.see(event);
    }
    assert_eq!(figures(&meter.snapshot().by_tool["ls"]), [1, 0, 0, 0, 0]);
    meter.see(&start);
    meter.see(&end);
    assert_eq!(figures(&meter.snapshot().by_tool["ls"]), [2, 0, 0, 0, 0]);
}

#[test]
fn tries_are_counted_where_they_are_told() {
    let bus = Bus::new();
    let meter = bus.watch(CallMeter::new()).unwrap();
    let emitter = run(&bus, "r-1");
    let call = emitter.model_call("gpt-5", "openai");
    call.emitter().model_call_retried("gpt-5", "openai", 2, None, None).unwrap();
    call.complete(None).unwrap();
    let calls = meter.snapshot();
    assert_eq!(figures(&calls.model_calls), [1, 0, 0, 0, 1]);
    assert_eq!(figures(&calls.by_model["gpt-5"]), [1, 0, 0, 0, 1]);
    assert_eq!(figures(&calls.by_run["r-1"]), [1, 0, 0, 0, 1]);
}

#[test]
fn its_tables_are_bounded_and_tell_what_is_missing() {
    let mut meter = CallMeter::with_groups(2);
    for number in 1..=5 {
        let payload = format!(r#"{{"name":"tool-{number}"}}"#);
        meter.see(&station("tool.call.started", 0, number, None, &payload));
        meter.see(&station("tool.call.completed", 1, number, None, &payload));
    }
    meter.miss(&Gap { first: 1, last: 3, count: 3, reason: GapReason::Full });
    let calls = meter.snapshot();
    assert_eq!((calls.tool_calls.calls, calls.by_tool.len(), calls.ungrouped, calls.missed), (5, 2, 3, 3));

    let mut meter = CallMeter::new();
    for number in 1..=70_000 {
        meter.see(&station("tool.call.started", 0, number, None, r#"{"name":"ls"}"#));
    }
    let calls = meter.snapshot();
    assert_eq!((calls.tool_calls.open, calls.forgotten), (70_000, 70_000 - 65_536));
}

#[test]
fn events_without_a_time_give_no_durations() {
    let mut meter = CallMeter::new();
    meter.see(&station("tool.call.started", 0, 1, None, r#"{"name":"ls"}"#));
    meter.see(&station("tool.call.completed", 1_763_681_630_805_000_000, 1, None, r#"{"name":"ls"}"#));
    let tool = meter.snapshot().by_tool["ls"].clone();
    assert_eq!((tool.calls, tool.timed, tool.max_ns, tool.calls_per_minute), (1, 0, 0, None));
}

#[test]
fn calls_without_spans_that_run_at_the_same_time_are_told_apart_by_their_ids() {
    let mut meter = CallMeter::new();
    for (kind, at) in [("tool.call.started", 1), ("tool.call.completed", 5)] {
        for call_id in ["c1", "c2"] {
            let payload = format!(r#"{{"name":"ls","call_id":"{call_id}"}}"#);
            meter.see(&spanless(kind, at, "t-1", &payload));
        }
    }
    let calls = meter.snapshot();
    assert_eq!((figures(&calls.tool_calls), calls.tool_calls.timed), ([2, 0, 0, 0, 0], 2));
}

#[test]
fn what_an_open_call_told_of_its_usage_counts_until_its_end_tells_it() {
    let mut meter = CallMeter::new();
    let of = |meter: &CallMeter| {
        let calls = meter.snapshot();
        [calls.model_calls.usage.output_tokens, calls.by_model["m"].usage.output_tokens]
    };
    meter.see(&station("model.call.started", 1, 1, None, r#"{"model":"m"}"#));
    meter.see(&station("model.call.progress", 2, 1, None, r#"{"usage":{"output_tokens":3}}"#));
    assert_eq!(of(&meter), [3, 3]);
    meter.see(&station("model.call.progress", 2, 1, None, r#"{"data":{"usage":{"output_tokens":5}}}"#));
    meter.see(&station("model.call.progress", 3, 1, None, r#"{"data":"none"}"#));
    meter.see(&station("model.call.progress", 3, 2, None, r#"{"usage":{"output_tokens":100}}"#));
    assert_eq!(of(&meter), [5, 5]);
    meter.see(&station("model.call.completed", 4, 1, None, r#"{"usage":{"output_tokens":7}}"#));
    meter.see(&station("model.call.progress", 5, 1, None, r#"{"usage":{"output_tokens":5}}"#));
    assert_eq!(of(&meter), [7, 7]);
}

#[test]
fn an_end_that_comes_twice_counts_once_also_when_its_start_was_lost() {
    let mut meter = CallMeter::new();
    for (kind, span) in [("completed", 1), ("completed", 2), ("failed", 1), ("completed", 2)] {
        meter.see(&station(&format!("tool.call.{kind}"), 5, span, None, r#"{"name":"ls","duration_ns":3}"#));
    }
    let tool = &meter.snapshot().by_tool["ls"];
    assert_eq!((figures(tool), tool.timed), ([2, 0, 0, 0, 0], 2));
}

#[test]
fn a_field_that_does_not_fit_costs_no_other_field() {
    let mut meter = CallMeter::new();
    let payload =
        r#"{"model":"m","provider":5,"duration_ns":7,"usage":{"input_tokens":-1,"output_tokens":3}}"#;
    meter.see(&station("model.call.completed", 5, 1, None, payload));
    meter.see(&station("tool.call.completed", 5, 2, None, r#"{"name":"ls","duration_ns":"long"}"#));
    meter.see(&station("step.retried", 5, 3, None, r#""again""#));
    let calls = meter.snapshot();
    let model = &calls.by_model["m"];
    assert_eq!((model.calls, model.max_ns, model.usage.output_tokens), (1, 7, 3));
    assert_eq!((calls.by_tool["ls"].calls, calls.by_tool["ls"].timed), (1, 0));
    assert_eq!((calls.by_provider.len(), calls.unreadable), (0, 3));
}

#[test]
fn figures_that_the_catalogue_does_not_allow_count_nowhere_and_are_told() {
    let mut meter = CallMeter::new();
    for (span, usage) in [
        (1, r#"{"input_tokens":18446744073709551615,"output_tokens":3}"#),
        (2, r#"{"input_tokens":9007199254740992}"#),
        (3, r#"{"input_tokens":4,"cost_usd":1e308}"#),
    ] {
        meter.see(&station(
            "model.call.completed",
            5,
            span,
            None,
            &format!(r#"{{"model":"m","duration_ns":18446744073709551615,"usage":{usage}}}"#),
        ));
    }
    meter.see(&station("model.call.started", 6, 4, None, r#"{"model":"m"}"#));
    let progress = r#"{"data":{"usage":{"input_tokens":18446744073709551615}}}"#;
    meter.see(&station("model.call.progress", 6, 4, None, progress));
    let calls = meter.snapshot();
    let model = &calls.by_model["m"];
    assert_eq!((model.usage.input_tokens, model.usage.output_tokens, model.usage.cost_usd), (4, 3, 0.0));
    assert_eq!((model.calls, model.timed, calls.unreadable), (4, 0, 3));

    let largest =
        r#"{"model":"l","duration_ns":9223372036854775807,"usage":{"input_tokens":9007199254740991}}"#;
    meter.see(&station("model.call.completed", 5, 9, None, largest));
    let calls = meter.snapshot();
    assert_eq!((calls.by_model["l"].timed, calls.unreadable), (1, 3));
}

#[test]
fn a_try_that_does_not_repeat_the_model_counts_for_that_of_its_call() {
    let mut meter = CallMeter::new();
    meter.see(&station("model.call.started", 1, 1, None, r#"{"model":"m","provider":"p"}"#));
    meter.see(&station("model.call.retried", 2, 1, None, r#"{"attempt":2}"#));
    meter.see(&station("model.call.retried", 3, 7, Some(1), r#"{"attempt":3}"#));
    meter.see(&station("step.retried", 4, 1, None, "{}"));
    let calls = meter.snapshot();
    assert_eq!((calls.model_calls.retries, calls.by_model["m"].retries), (2, 2));
    assert_eq!(calls.by_provider["p"].retries, 2);
}

#[test]
fn of_calls_that_were_forgotten_nobody_says_that_they_are_open() {
    let mut meter = CallMeter::new();
    for number in 1..=65_538 {
        let tool = if number <= 2 { "early" } else { "late" };
        meter.see(&station("tool.call.started", 0, number, None, &format!(r#"{{"name":"{tool}"}}"#)));
    }
    meter.see(&station("tool.call.completed", 0, 3, None, r#"{"name":"late"}"#));
    let calls = meter.snapshot();
    assert_eq!((calls.forgotten, calls.tool_calls.forgotten, calls.model_calls.forgotten), (2, 2, 0));
    assert_eq!((calls.by_tool["early"].forgotten, calls.by_tool["late"].forgotten), (2, 0));
}

#[test]
fn a_call_of_a_model_and_one_of_a_tool_with_the_same_span_are_two_calls() {
    let mut meter = CallMeter::new();
    meter.see(&station("tool.call.started", 1, 1, None, r#"{"name":"ls"}"#));
    meter.see(&station("model.call.completed", 2, 1, None, r#"{"model":"m"}"#));
    let calls = meter.snapshot();
    assert_eq!(figures(&calls.model_calls), [1, 0, 0, 0, 0]);
    assert_eq!((figures(&calls.tool_calls), calls.by_tool["ls"].open), ([1, 0, 0, 1, 0], 1));
    meter.see(&station("tool.call.completed", 5, 1, None, r#"{"name":"ls"}"#));
    let calls = meter.snapshot();
    assert_eq!((figures(&calls.tool_calls), calls.tool_calls.max_ns), ([1, 0, 0, 0, 0], 4));
    assert_eq!(figures(&calls.model_calls), [1, 0, 0, 0, 0]);
}

#[test]
fn an_end_without_a_name_belongs_to_the_tool_that_its_start_named() {
    let mut meter = CallMeter::new();
    meter.see(&station("tool.call.started", 1, 1, None, r#"{"name":"ls"}"#));
    meter.see(&station("tool.call.completed", 2, 1, None, "{}"));
    meter.see(&station("tool.call.started", 1, 2, None, r#"{"name":"ls"}"#));
    meter.see(&station("tool.call.completed", 2, 2, None, r#"{"name":""}"#));
    meter.see(&station("model.call.completed", 2, 3, None, r#"{"model":"m","response_model":""}"#));
    let calls = meter.snapshot();
    let names: Vec<_> = calls.by_tool.keys().chain(calls.by_model.keys()).map(String::as_str).collect();
    assert_eq!((figures(&calls.by_tool["ls"]), names), ([2, 0, 0, 0, 0], vec!["ls", "m"]));
}
