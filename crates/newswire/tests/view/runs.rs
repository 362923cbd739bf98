//! What runs came to.

use newswire::catalogue::Usage;
use newswire::view::{CallMeter, RunFigures, RunRow, RunState, RunTable, View};
use newswire::{Bus, Event, ScopeField, SubscribeOptions};

use super::common::{of_run, run, station};

fn published(act: impl FnOnce(&Bus)) -> Vec<Event> {
    let bus = Bus::new();
    let mut all = bus.subscribe_with("*", SubscribeOptions::default()).unwrap();
    act(&bus);
    std::iter::from_fn(|| all.try_next().unwrap()).filter_map(|delivery| delivery.event()).collect()
}

fn row(events: &[Event]) -> RunRow {
    let mut figures = RunFigures::default();
    events.iter().for_each(|event| figures.see(event));
    figures.row("r-1")
}

#[test]
fn a_run_is_told_with_its_agents_calls_tokens_cost_and_errors() {
    let bus = Bus::new();
    let runs = bus.watch(RunTable::new()).unwrap();
    let emitter = run(&bus, "r-1").with_scope(ScopeField::Session, "s-1").unwrap();
    let planner = emitter.clone().with_scope(ScopeField::Agent, "planner").unwrap();
    let usage = Usage { cost_usd: Some(0.25), ..Usage::tokens(400, 30) };
    planner.model_call("gpt-5", "openai").complete(usage).unwrap();
    planner.tool_call("search", "c-1", None).fail("no network").unwrap();
    emitter.tool_call("search", "c-2", None).cancel("not allowed").unwrap();
    let open = emitter.tool_call("search", "c-3", None);
    run(&bus, "r-2").model_call("gpt-5", "openai").complete(None).unwrap();

    let told = runs.snapshot();
    let names: Vec<_> = told.runs.iter().map(|row| &*row.run).collect();
    assert_eq!(names, ["r-1", "r-2"]);
    let row = &told.runs[0];
    assert_eq!((row.session.as_deref(), &*row.agents), (Some("s-1"), &["planner".to_owned()][..]));
    assert_eq!((row.model_calls, row.tool_calls), (1, 3));
    assert_eq!((row.failed_calls, row.canceled_calls, row.open_calls, row.errors), (1, 1, 1, 1));
    assert_eq!((row.usage.input_tokens, row.usage.output_tokens, row.usage.cost_usd), (400, 30, 0.25));
    assert_eq!((row.state, row.events), (RunState::Completed, 7));
    drop(open);
    assert_eq!(runs.snapshot().runs[0].open_calls, 0);
}

#[test]
fn the_state_is_that_of_the_run_itself_else_of_what_says_most() {
    let events = |stations: &[(&str, u64)]| {
        let events: Vec<_> = stations.iter().map(|(kind, span)| of_run("r-1", kind, *span, None)).collect();
        row(&events).state
    };
    assert_eq!(events(&[]), RunState::Open);
    assert_eq!(events(&[("tool.call.started", 1), ("tool.call.completed", 1)]), RunState::Completed);
    assert_eq!(
        events(&[("turn.started", 1), ("tool.call.started", 2), ("turn.completed", 1)]),
        RunState::Completed
    );
    assert_eq!(events(&[("turn.started", 1), ("turn.failed", 1), ("turn.started", 2)]), RunState::Open);
    assert_eq!(
        events(&[("run.started", 1), ("run.failed", 1), ("tool.call.completed", 2)]),
        RunState::Failed
    );
    assert_eq!(events(&[("turn.started", 2), ("run.canceled", 1)]), RunState::Canceled);
    // An agent in an agent says nothing of the outer one.
    let inner = [("agent.started", 1), ("agent.started", 2), ("agent.failed", 2)];
    assert_eq!(events(&inner), RunState::Open);
}

#[test]
fn figures_that_were_written_and_read_in_the_middle_come_to_the_same() {
    let events = published(|bus| {
        let emitter = run(bus, "r-1");
        let calls: Vec<_> = (0..20).map(|_| emitter.model_call("gpt-5", "openai")).collect();
        let tool = emitter.tool_call("search", "c-1", None);
        calls.into_iter().for_each(|call| _ = call.complete(Usage::tokens(100, 7)).unwrap());
        tool.fail("no network").unwrap();
    });
    let whole = row(&events);
    assert_eq!((whole.model_calls, whole.tool_calls, whole.open_calls), (20, 1, 0));
    for cut in 0..events.len() {
        let mut figures = RunFigures::default();
        events[..cut].iter().for_each(|event| figures.see(event));
        let json = serde_json::to_string(&figures).unwrap();
        let mut figures: RunFigures = serde_json::from_str(&json).unwrap();
        events[cut..].iter().for_each(|event| figures.see(event));
        assert_eq!(figures.row("r-1"), whole, "{cut}");
    }
}

#[test]
fn what_is_told_twice_counts_once_and_as_the_meter_of_calls_counts_it() {
    let mut events = published(|bus| {
        let emitter = run(bus, "r-1");
        emitter.model_call("gpt-5", "openai").complete(Usage::tokens(100, 7)).unwrap();
        emitter.tool_call("search", "c-1", None).complete(None).unwrap();
        std::mem::forget(emitter.model_call("gpt-5", "openai"));
    });
    let twice: Vec<_> = events.iter().flat_map(|event| [event.clone(), event.clone()]).collect();
    events.reverse();
    for events in [twice, events] {
        let mut meter = CallMeter::new();
        let wanted = meter.filter().unwrap();
        events.iter().filter(|event| wanted.matches(event)).for_each(|event| meter.see(event));
        let (calls, row) = (meter.snapshot(), row(&events));
        assert_eq!(
            (row.model_calls, row.tool_calls, row.open_calls),
            (calls.model_calls.calls, calls.tool_calls.calls, calls.model_calls.open + calls.tool_calls.open)
        );
        assert_eq!(row.usage, calls.model_calls.usage);
    }
}

#[test]
fn more_open_operations_than_have_a_place_are_counted_once_each() {
    let told = |kind: &str, spans: std::ops::Range<u64>| -> Vec<Event> {
        spans.map(|span| of_run("r-1", kind, span, None)).collect()
    };
    let begun = [told("turn.started", 1..1001), told("tool.call.started", 2001..2101)].concat();
    assert_eq!((row(&begun).tool_calls, row(&begun).open_calls), (100, 100));
    let ended = [begun, told("tool.call.completed", 2001..2101)].concat();
    assert_eq!((row(&ended).tool_calls, row(&ended).open_calls), (100, 0));
    let late = [ended, told("tool.call.completed", 3001..3002)].concat();
    assert_eq!((row(&late).tool_calls, row(&late).open_calls), (101, 0));
}

#[test]
fn a_run_of_all_times_lasts_as_long_as_a_duration_can() {
    let events = [("run.started", i64::MIN), ("run.completed", i64::MAX)]
        .map(|(kind, time_ns)| station(kind, time_ns, 1, None, "{}"));
    assert_eq!(row(&events).lasted_ns, i64::MAX as u64);
}

#[test]
fn a_full_table_counts_what_is_in_none_of_its_runs() {
    let bus = Bus::new();
    let runs = bus.watch(RunTable::with_capacity(2)).unwrap();
    for name in ["r-1", "r-2", "r-3", "r-1"] {
        run(&bus, name).tool_call("search", "c-1", None).complete(None).unwrap();
    }
    let told = runs.snapshot();
    assert_eq!((told.runs.len(), told.untold, told.runs[0].tool_calls), (2, 2, 2));
}
