//! AITaskAgent (C#): it has no tests; this is what its channel does.
//!
//! | behaviour | test | |
//! |---|---|---|
//! | per subscriber the order of the sends | `a_subscriber_gets_events_in_the_order_of_their_sends` | better: one order for all |
//! | DropOldest, capacity 100 | `the_oldest_is_dropped_and_the_loss_is_told` | better: a gap and a counter |
//! | suppressed events are logged, and not delivered to users | `what_is_suppressed_from_users_reaches_those_who_ask_for_it` | same |
//! | a null event is an error | `what_is_no_event_is_an_error` | same |
//! | dispose completes all readers, which may drain | `a_close_lets_readers_drain_and_then_end` | better: later publishes are errors |

use newswire::{Bus, Delivery, ErrorKind, Event, GapReason, SubscribeOptions, WhenFull};

use super::{LONG, event, events, holding, publish};

#[test]
fn a_subscriber_gets_events_in_the_order_of_their_sends() {
    let bus = Bus::new();
    let mut readers = [bus.subscribe("*").unwrap(), bus.subscribe("step.*").unwrap()];
    let sent = ["step.started", "step.progress", "step.completed"];
    sent.iter().for_each(|kind| {
        publish(&bus, kind);
    });
    for reader in &mut readers {
        let seen: Vec<_> = events(reader).iter().map(|event| event.kind().to_string()).collect();
        assert_eq!(seen, sent);
    }
}

#[test]
fn the_oldest_is_dropped_and_the_loss_is_told() {
    let bus = Bus::new();
    let mut reader = bus.subscribe_with("*", holding(100, WhenFull::DropOldest)).unwrap();
    (0..150).for_each(|_| {
        publish(&bus, "step.progress");
    });
    let Ok(Some(Delivery::Gap(gap))) = reader.try_next() else { panic!("no gap") };
    assert_eq!((gap.first, gap.last, gap.count, gap.reason), (1, 50, 50, GapReason::Full));
    assert_eq!(events(&mut reader).first().map(Event::seq), Some(51));
    assert_eq!(reader.stats().books.dropped, 50);
}

#[test]
fn what_is_suppressed_from_users_reaches_those_who_ask_for_it() {
    let bus = Bus::new();
    let mut user = bus.subscribe("*").unwrap();
    let internal = SubscribeOptions { internal: true, ..SubscribeOptions::default() };
    let mut logger = bus.subscribe_with("*", internal).unwrap();
    bus.publish(event("step.progress").internal(true).build().unwrap()).unwrap();
    publish(&bus, "step.completed");
    assert_eq!((events(&mut user).len(), events(&mut logger).len()), (1, 2));
}

#[test]
fn what_is_no_event_is_an_error() {
    let kind = |json: &str| Event::from_json(json).err().map(|error| error.kind());
    assert_eq!(kind("null"), Some(ErrorKind::Invalid));
    assert_eq!(kind(""), Some(ErrorKind::Invalid));
    assert_eq!(kind("{}"), Some(ErrorKind::Invalid));
}

#[test]
fn a_close_lets_readers_drain_and_then_end() {
    let bus = Bus::new();
    let reader = bus.subscribe("*").unwrap();
    (0..3).for_each(|_| {
        publish(&bus, "step.progress");
    });
    assert!(bus.close(LONG).complete);
    assert!(bus.publish(event("step.progress").build().unwrap()).is_err());
    assert_eq!(reader.count(), 3, "it reads what is left, and ends");
}
