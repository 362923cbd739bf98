//! Praxis (Python, Trio), its bus; no test of its own ever delivers an event to a handler.
//!
//! | behaviour | test | |
//! |---|---|---|
//! | an event has type, data, id, time, correlation, source, tags | `an_event_carries_what_it_is_made_with` | same |
//! | a filter by type, source substring, required tags | `filters_take_types_sources_and_tags` | better: excluded tags, and no source is no match |
//! | a broadcast to clients doesn't raise, also when one is leaving | `a_consumer_may_leave_while_events_go_out` | better: it works |
//! | statistics: published, processed, errors, active handlers | `statistics_have_what_praxis_counts` | better: they balance, and go down again |
//! | weak handlers (the default there) | `a_weak_handler_lives_as_long_as_its_object` | better: bound methods don't die at once |

use std::sync::{Arc, Weak};

use newswire::{Bus, CorrelationField, Event, Failure, Filter, Handler, Source};

use super::{Calls, LONG, event, events, eventually, publish};

#[test]
fn an_event_carries_what_it_is_made_with() {
    let correlation = newswire::Correlation::new().with(CorrelationField::Correlation, "task-1").unwrap();
    let event = event("task.created")
        .json(r#"{"task_id":"task-1"}"#)
        .correlation(correlation)
        .source(Source::new("task_manager").unwrap())
        .tag("urgent")
        .build()
        .unwrap();
    assert_eq!(
        (event.kind().as_str(), event.payload_json()),
        ("task.created", Some(r#"{"task_id":"task-1"}"#))
    );
    assert!(!event.id().is_nil() && event.time_ns() > 0);
    assert_eq!(event.correlation().get(CorrelationField::Correlation), Some("task-1"));
    assert_eq!(event.source().component(), Some("task_manager"));
    assert_eq!(event.tags().collect::<Vec<_>>(), ["urgent"]);
}

#[test]
fn filters_take_types_sources_and_tags() {
    let task = event("task.created").source(Source::new("agent.planner").unwrap()).tag("a").tag("b");
    let task = task.build().unwrap();
    let matches = |filter: &str| Filter::parse(filter).unwrap().matches(&task);
    assert!(matches("task.created or task.failed") && !matches("task.failed"));
    assert!(matches("source.component~*planner*") && !matches("source.component~*gateway*"));
    assert!(matches("tag=a and tag=b") && !matches("tag=a and tag=c") && !matches("* and not tag=b"));
    let unknown = event("task.created").build().unwrap();
    assert!(!Filter::parse("source.component~*planner*").unwrap().matches(&unknown));
}

#[test]
fn a_consumer_may_leave_while_events_go_out() {
    let bus = Bus::new();
    let mut stays = bus.subscribe("*").unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            (0..500).for_each(|_| {
                publish(&bus, "task.progress");
            })
        });
        scope.spawn(|| (0..200).for_each(|_| drop(bus.subscribe("*").unwrap())));
    });
    assert_eq!(events(&mut stays).len(), 500);
}

#[test]
fn statistics_have_what_praxis_counts() {
    let bus = Bus::new();
    let good = bus.on("*", |_: &Event| {}).unwrap();
    let bad = bus.on("*", |_: &Event| Err("no")).unwrap();
    (0..3).for_each(|_| {
        publish(&bus, "task.progress");
    });
    eventually(|| good.stats().books.handled == 3 && bad.stats().books.failed == 3);
    let stats = bus.stats();
    assert_eq!((stats.published, stats.matched, stats.subscriptions.len()), (3, 6, 2));
    assert!(stats.subscriptions.iter().all(|one| one.books.balance()));
    drop(bad);
    assert_eq!(bus.stats().subscriptions.len(), 1);
    assert!(bus.close(LONG).complete && bus.stats().closed);
}

struct Planner(Calls);

impl Handler for Planner {
    fn on_event(&self, event: &Event) -> Result<(), Failure> {
        self.0.0.lock().push(event.kind().to_string());
        Ok(())
    }
}

#[test]
fn a_weak_handler_lives_as_long_as_its_object() {
    let (bus, calls) = (Bus::new(), Calls::default());
    let planner: Arc<dyn Handler> = Arc::new(Planner(calls.clone()));
    let weak: Weak<dyn Handler> = Arc::downgrade(&planner);
    bus.on("*", weak).unwrap().forever();
    publish(&bus, "task.created");
    eventually(|| calls.count() == 1);
    drop(planner);
    publish(&bus, "task.created");
    eventually(|| bus.stats().subscriptions.is_empty());
    assert_eq!(calls.count(), 1);
}
