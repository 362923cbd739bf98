//! agent-runtime (Rust), its event stream.
//!
//! | behaviour | test | |
//! |---|---|---|
//! | a new stream is empty, at offset 0 | `a_new_bus_is_empty_and_at_position_0` | same |
//! | append returns the event with its offset, scope, type, status, ids | `an_event_comes_back_with_its_position_and_what_was_given` | same; seq begins at 1 |
//! | three appends without waiting end as length 3; all() returns them | `three_events_are_all_there_without_waiting` | better: no 10 ms of sleep, in order |
//! | names are written in snake_case | `names_are_written_in_snake_case` | same |
//! | 100 events to several subscribers, 1000 through one | `every_subscriber_gets_every_event` | better: exact, in order |

use newswire::catalogue::tool::ToolCallStarted;
use newswire::{Bus, BusOptions, ComponentScope, Event, Phase, ScopeField, Start, Status, SubscribeOptions};

use super::{events, publish};

#[test]
fn a_new_bus_is_empty_and_at_position_0() {
    let bus = Bus::new();
    assert_eq!((bus.position().seq(), bus.stats().published, bus.stats().subscriptions.len()), (0, 0, 0));
}

#[test]
fn an_event_comes_back_with_its_position_and_what_was_given() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    let emitter = bus.emitter().with_scope(ScopeField::Workflow, "w-1").unwrap();
    let published = emitter.emit(ToolCallStarted::new("calculator", "c-1", None)).unwrap();
    assert_eq!(published.seq, Some(1));
    let event = events(&mut all).remove(0);
    let component = event.component().unwrap();
    assert_eq!((component.scope(), component.id()), (ComponentScope::Tool, "calculator"));
    assert_eq!((event.phase(), event.status()), (Some(Phase::Started), Some(Status::Running)));
    assert_eq!((event.seq(), event.scope().get(ScopeField::Workflow)), (1, Some("w-1")));
}

#[test]
fn three_events_are_all_there_without_waiting() {
    let bus = Bus::with(BusOptions { history: 1000, ..BusOptions::default() }).unwrap();
    (0..3).for_each(|_| {
        publish(&bus, "work.done");
    });
    let earliest = SubscribeOptions { start: Start::Earliest, ..SubscribeOptions::default() };
    let mut all = bus.subscribe_with("*", earliest).unwrap();
    assert_eq!(events(&mut all).iter().map(Event::seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((bus.position().seq(), bus.stats().history.0), (3, 3));
}

#[test]
fn names_are_written_in_snake_case() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    bus.emitter().model_call_started("gpt-5", "openai").unwrap();
    let json = events(&mut all).remove(0).to_json();
    for name in [r#""kind":"model.call.started""#, r#""model_call""#] {
        assert!(json.contains(name), "{name} is not in {json}");
    }
}

#[test]
fn every_subscriber_gets_every_event() {
    for (subscribers, count) in [(5, 100), (1, 1000)] {
        let bus = Bus::new();
        let mut all: Vec<_> = (0..subscribers).map(|_| bus.subscribe("*").unwrap()).collect();
        (0..count).for_each(|_| {
            publish(&bus, "message.delta");
        });
        for subscriber in &mut all {
            let seqs: Vec<_> = events(subscriber).iter().map(Event::seq).collect();
            assert_eq!(seqs, (1..=count).collect::<Vec<_>>());
        }
    }
}
