//! Tokens and cost.

use newswire::catalogue::Usage;
use newswire::catalogue::model::ModelCallCompleted;
use newswire::view::{Price, Prices, UsageMeter, View};
use newswire::{Bus, Event, Gap, GapReason, ScopeField};

use super::common::{run, scope, station};

fn usage() -> Usage {
    Usage {
        cache_read_tokens: Some(800),
        cache_write_tokens: Some(100),
        reasoning_tokens: Some(60),
        cost_usd: Some(0.25),
        ..Usage::tokens(1_000, 90)
    }
}

#[test]
fn cached_and_reasoning_tokens_are_parts_and_counted_once() {
    let bus = Bus::new();
    let meter = bus.watch(UsageMeter::new()).unwrap();
    run(&bus, "r-1").model_call("gpt-5", "openai").complete(usage()).unwrap();
    let total = meter.snapshot().total;
    assert_eq!(total.tokens(), 1_090);
    assert_eq!((total.cache_read_tokens, total.cache_write_tokens, total.reasoning_tokens), (800, 100, 60));
    assert_eq!((total.calls, total.cost_usd), (1, 0.25));
}

#[test]
fn it_adds_up_by_model_provider_agent_and_run() {
    let bus = Bus::new();
    let meter = bus.watch(UsageMeter::new()).unwrap();
    for (run_id, agent, asked, answered) in [
        ("r-1", "planner", "gpt-5", None),
        ("r-1", "writer", "gpt-5", Some("gpt-5-2026")),
        ("r-2", "planner", "opus", None),
    ] {
        let emitter = run(&bus, run_id).with_scope(ScopeField::Agent, agent).unwrap();
        let call = emitter.model_call(asked, "somebody");
        call.complete_with(usage(), |end: &mut ModelCallCompleted| {
            end.response_model = answered.map(Into::into)
        })
        .unwrap();
    }
    let failed = run(&bus, "r-2").model_call("opus", "somebody");
    failed.fail_with("overloaded", |end| end.usage = Some(Usage::tokens(10, 0))).unwrap();

    let snapshot = meter.snapshot();
    let calls = |table: &std::collections::BTreeMap<String, newswire::view::UsageTally>| {
        table.iter().map(|(name, tally)| (name.clone(), tally.calls)).collect::<Vec<_>>()
    };
    let named = |expected: &[(&str, u64)]| {
        expected.iter().map(|(name, calls)| ((*name).to_owned(), *calls)).collect::<Vec<_>>()
    };
    assert_eq!(calls(&snapshot.by_model), named(&[("gpt-5", 1), ("gpt-5-2026", 1), ("opus", 2)]));
    assert_eq!(calls(&snapshot.by_provider), named(&[("somebody", 4)]));
    assert_eq!(calls(&snapshot.by_agent), named(&[("planner", 2), ("writer", 1)]));
    assert_eq!(calls(&snapshot.by_run), named(&[("r-1", 2), ("r-2", 2)]));
    assert_eq!((snapshot.total.calls, snapshot.total.failed, snapshot.total.input_tokens), (4, 1, 3_010));
    let sum: u64 = snapshot.by_run.values().map(|tally| tally.tokens()).sum();
    assert_eq!(sum, snapshot.total.tokens());
}

#[test]
fn an_end_that_comes_twice_and_the_totals_of_runs_are_not_added() {
    let mut meter = UsageMeter::new();
    let end = station("model.call.completed", 5, 1, None, r#"{"model":"m","usage":{"input_tokens":7}}"#);
    for event in [&end, &end, &station("run.completed", 6, 2, None, r#"{"usage":{"input_tokens":7}}"#)] {
        meter.see(event);
    }
    assert_eq!((meter.snapshot().total.calls, meter.snapshot().total.input_tokens), (1, 7));
}

#[test]
fn a_canceled_call_counts_what_it_used_all_the_same() {
    let mut meter = UsageMeter::new();
    let payload = r#"{"model":"m","reason":"aborted","usage":{"output_tokens":3,"cost_usd":0.5}}"#;
    meter.see(&station("model.call.canceled", 5, 1, None, payload));
    let total = meter.snapshot().total;
    assert_eq!((total.canceled, total.output_tokens, total.cost_usd), (1, 3, 0.5));
}

#[test]
fn beyond_its_groups_only_the_total_grows() {
    let mut meter = UsageMeter::with_groups(2);
    for number in 1..=5 {
        let payload = format!(r#"{{"model":"m-{number}","usage":{{"input_tokens":1}}}}"#);
        meter.see(&station("model.call.completed", 5, number, None, &payload));
    }
    let snapshot = meter.snapshot();
    assert_eq!((snapshot.by_model.len(), snapshot.ungrouped, snapshot.total.calls), (2, 3, 5));
}

#[test]
fn sums_stay_at_their_end_and_losses_are_told() {
    let mut meter = UsageMeter::new();
    // The largest number of tokens that there may be, once more than fit into the sum.
    for number in 1..=2_049 {
        let payload = r#"{"usage":{"input_tokens":9007199254740991}}"#;
        meter.see(&station("model.call.completed", 5, number, None, payload));
    }
    meter.see(
        &Event::builder(newswire::Kind::parse("model.call.completed").unwrap())
            .scope(scope(ScopeField::Run, "r"))
            .json(r#"{"usage":"none"}"#)
            .build()
            .unwrap(),
    );
    meter.miss(&Gap { first: 1, last: 9, count: 4, reason: GapReason::Full });
    let snapshot = meter.snapshot();
    assert_eq!((snapshot.total.input_tokens, snapshot.total.calls, snapshot.missed), (u64::MAX, 2_050, 4));
    assert_eq!(serde_json::to_value(&snapshot).unwrap()["by_run"]["r"]["calls"], 1);
}

#[test]
fn what_an_open_call_told_counts_as_usage_until_its_end_tells_it() {
    let mut meter = UsageMeter::new();
    let progress = |tokens| {
        let payload = format!(r#"{{"model":"m","usage":{{"output_tokens":{tokens}}}}}"#);
        station("model.call.progress", 2, 1, None, &payload)
    };
    meter.see(&progress(3));
    meter.see(&progress(5));
    let of = |meter: &UsageMeter| {
        let usage = meter.snapshot();
        (usage.total.calls, usage.total.output_tokens, usage.by_model["m"].output_tokens)
    };
    assert_eq!(of(&meter), (0, 5, 5));
    meter.see(&station("model.call.completed", 4, 1, None, r#"{"model":"m","usage":{"output_tokens":7}}"#));
    meter.see(&progress(5));
    assert_eq!(of(&meter), (1, 7, 7));
}

#[test]
fn a_field_that_does_not_fit_costs_no_other_field() {
    let mut meter = UsageMeter::new();
    let payload = |usage| format!(r#"{{"model":"m","provider":null,"response_model":[],"usage":{usage}}}"#);
    let tokens = r#"{"input_tokens":400,"output_tokens":"thirty","cost_usd":0.5}"#;
    meter.see(&station("model.call.progress", 5, 1, None, &payload(r#"{"input_tokens":100}"#)));
    meter.see(&station("model.call.completed", 5, 1, None, &payload(tokens)));
    meter.see(&station("model.call.completed", 5, 2, None, &payload("7")));
    meter.see(&station("model.call.progress", 5, 3, None, r#"{"data":"of any shape"}"#));
    let usage = meter.snapshot();
    let model = &usage.by_model["m"];
    assert_eq!((model.calls, model.input_tokens, model.output_tokens, model.cost_usd), (2, 400, 0, 0.5));
    assert_eq!(usage.unreadable, 3);
}

fn priced() -> UsageMeter {
    let prices = Prices::new().with("m-small*", Price::per_million(1.0, 2.0)).and_then(|prices| {
        prices.with("m*", Price::per_million(10.0, 100.0).cache_read(1.0).cache_write(12.5))
    });
    UsageMeter::new().with_prices(prices.unwrap())
}

fn ended(span: u64, payload: &str) -> Event {
    station("model.call.completed", 5, span, None, payload)
}

#[test]
fn a_call_that_tells_no_cost_is_priced_with_cached_and_reasoning_tokens_counted_once() {
    let mut meter = priced();
    let usage = r#"{"input_tokens":1000000,"output_tokens":200000,"cache_read_tokens":500000,
        "cache_write_tokens":100000,"reasoning_tokens":150000}"#;
    meter.see(&ended(1, &format!(r#"{{"model":"m-1","usage":{usage}}}"#)));
    meter.see(&ended(2, r#"{"model":"m-1","usage":{"input_tokens":9,"cost_usd":0.25}}"#));
    let usage = meter.snapshot();
    // 400,000 at 10, 500,000 at 1, 100,000 at 12.5, 200,000 at 100 for a million.
    assert_eq!((usage.total.cost_usd, usage.total.priced_usd), (0.25, 25.75));
    assert_eq!(usage.total.known_usd(), 26.0);
    assert_eq!(serde_json::to_value(&usage).unwrap()["by_model"]["m-1"]["priced_usd"], 25.75);
}

#[test]
fn the_first_price_that_fits_counts_by_the_model_that_answered_else_the_one_asked() {
    let cost = |payload: &str| {
        let mut meter = priced();
        meter.see(&ended(1, payload));
        meter.snapshot().total.priced_usd
    };
    let usage = r#""usage":{"input_tokens":1000000}"#;
    assert_eq!(cost(&format!(r#"{{"model":"m-small-2",{usage}}}"#)), 1.0);
    assert_eq!(cost(&format!(r#"{{"model":"m-1","response_model":"m-small-2",{usage}}}"#)), 1.0);
    assert_eq!(cost(&format!(r#"{{"model":"m-1","response_model":"other",{usage}}}"#)), 10.0);
    assert_eq!(cost(&format!(r#"{{"model":"other",{usage}}}"#)), 0.0);
    assert_eq!(cost(r#"{"model":"m-1","usage":{"input_tokens":1000000,"cost_usd":0.0}}"#), 0.0);
    assert_eq!(cost(r#"{"model":"m-1"}"#), 0.0);
}

#[test]
fn what_an_open_call_told_is_priced_until_its_end_tells_a_cost() {
    let mut meter = priced();
    let told = r#"{"model":"m-1","usage":{"output_tokens":10000}}"#;
    meter.see(&station("model.call.progress", 2, 1, None, told));
    assert_eq!(meter.snapshot().total.priced_usd, 1.0);
    meter.see(&ended(1, r#"{"model":"m-1","usage":{"output_tokens":10000,"cost_usd":0.5}}"#));
    assert_eq!((meter.snapshot().total.priced_usd, meter.snapshot().total.cost_usd), (0.0, 0.5));
}

#[test]
fn a_price_that_is_no_amount_is_refused_with_its_models() {
    for wrong in [f64::NAN, -1.0, f64::INFINITY] {
        let error = Prices::new().with("m*", Price::per_million(1.0, wrong)).unwrap_err().to_string();
        assert!(error.contains(r#""m*""#) && error.contains("0 or more"), "{error}");
    }
}
