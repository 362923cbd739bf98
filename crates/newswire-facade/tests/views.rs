//! Views by name: each gives its snapshot as JSON.

use newswire::catalogue::Usage;
use newswire::{Bus, BusOptions, ErrorKind, ScopeField};
use newswire_facade::{VIEWS, watch};
use serde_json::Value;

fn busy() -> Bus {
    Bus::with(BusOptions { history: 100, ..BusOptions::default() }).unwrap()
}

fn call(bus: &Bus) {
    let emitter = bus.emitter().with_scope(ScopeField::Run, "r-1").unwrap();
    emitter.model_call("gpt-5", "openai").complete(Usage::tokens(1_000_000, 0)).unwrap();
}

#[test]
fn every_view_tells_what_it_saw_as_json() {
    let bus = busy();
    for name in VIEWS {
        let view = watch(&bus, name, "").unwrap();
        let before = view.snapshot().unwrap();
        call(&bus);
        let after = view.snapshot().unwrap();
        assert_ne!(before, after, "{name}");
        assert!(serde_json::from_str::<Value>(&after).unwrap().is_object(), "{name}: {after}");
        assert!(view.listener().stats().books.handled > 0, "{name}");
    }
}

#[test]
fn a_usage_meter_has_prices_for_calls_that_tell_no_cost() {
    let bus = busy();
    let prices = r#"{"prices":[{"model":"gpt-5","input":2,"output":10},{"model":"*","input":9,"output":9}]}"#;
    let meter = watch(&bus, "usage", prices).unwrap();
    call(&bus);
    let known: Value = serde_json::from_str(&meter.snapshot().unwrap()).unwrap();
    assert_eq!(known["total"]["priced_usd"], 2.0, "{known}");
}

/// Prices of that many models, none of which is called here, and of one that is.
fn many_prices(count: usize) -> String {
    let others =
        (0..count).map(|n| format!(r#"{{"model":"some-provider/model-{n}","input":1,"output":1}},"#));
    format!(r#"{{"prices":[{}{{"model":"gpt-5","input":2,"output":10}}]}}"#, others.collect::<String>())
}

#[test]
fn a_usage_meter_takes_the_prices_of_all_models_that_there_are() {
    let (bus, prices) = (busy(), many_prices(10_000));
    assert!(prices.len() > 500_000);
    let meter = watch(&bus, "usage", &prices).unwrap();
    call(&bus);
    let known: Value = serde_json::from_str(&meter.snapshot().unwrap()).unwrap();
    assert_eq!(known["total"]["priced_usd"], 2.0, "{known}");
}

#[test]
fn options_over_their_bound_are_refused_with_the_bound() {
    let too_large = |view: &str, options: &str, bound: usize| {
        let error = watch(&Bus::new(), view, options).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{view}: {error}");
        assert!(error.to_string().contains(&bound.to_string()), "{view}: {error}");
    };
    too_large("usage", &many_prices(20_000), 1 << 20);
    too_large("calls", &many_prices(2_000), 64 << 10);
}

#[test]
fn a_view_can_begin_in_the_past() {
    let bus = busy();
    let _keeps = bus.subscribe("*").unwrap();
    call(&bus);
    let census = watch(&bus, "census", r#"{"start":"earliest"}"#).unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while census.listener().stats().books.handled < 2 {
        assert!(std::time::Instant::now() < deadline, "history is read");
        std::thread::yield_now();
    }
    assert!(census.snapshot().unwrap().contains(r#""events":2"#));
}

#[test]
fn what_a_view_cannot_do_is_told_with_what_it_can() {
    let bus = Bus::new();
    let wrong = |view: &str, options: &str| watch(&bus, view, options).err().unwrap();
    assert!(wrong("cost", "").expected().unwrap().contains("usage"));
    assert_eq!(wrong("census", r#"{"capacity":1}"#).path(), Some("options.capacity"));
    assert_eq!(
        wrong("calls", r#"{"prices":[{"model":"*","input":1,"output":1}]}"#).path(),
        Some("options.prices")
    );
    assert_eq!(
        wrong("usage", r#"{"prices":[{"model":"*","input":-1,"output":1}]}"#).path(),
        Some("options.prices")
    );
    assert_eq!(wrong("runs", r#"{"capacity":-1}"#).path(), Some("options.capacity"));
    assert_eq!(wrong("runs", r#"{"start":"soon"}"#).path(), Some("options.start"));
}
