//! Chapter 1: order and position.

use std::thread;

use newswire::{Bus, BusOptions, Cursor, ErrorKind, HandlerOptions, Start, SubscribeOptions, WhenFull};

use super::common::{event, kind, publish, queue, seqs};

fn after(cursor: Cursor) -> SubscribeOptions {
    SubscribeOptions { start: Start::After(cursor), ..SubscribeOptions::default() }
}

#[test]
fn every_event_gets_the_next_seq_from_1_without_gaps() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    let given: Vec<_> = (0..5).map(|_| bus.publish(event("run.started")).unwrap().seq.unwrap()).collect();
    assert_eq!(given, [1, 2, 3, 4, 5]);
    assert_eq!(seqs(&mut all), given);
}

#[test]
fn seqs_stay_gapless_and_queues_agree_however_many_publish() {
    let bus = Bus::new();
    let large = || SubscribeOptions { buffer: 10_000, ..SubscribeOptions::default() };
    let mut shared = bus.subscribe_with("*", large()).unwrap();
    let mut own = bus.subscribe_with("*", SubscribeOptions { internal: true, ..large() }).unwrap();
    let (seen, listener) = {
        let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let noted = seen.clone();
        let options = HandlerOptions { queue: large(), ..HandlerOptions::default() };
        let listener =
            bus.on_with("*", options, move |event: &newswire::Event| noted.lock().unwrap().push(event.seq()));
        (seen, listener.unwrap())
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| publish(&bus, 1_000));
        }
    });
    let expected: Vec<u64> = (1..=4_000).collect();
    assert_eq!(seqs(&mut shared), expected);
    assert_eq!(seqs(&mut own), expected);
    bus.close(super::common::LONG);
    assert_eq!(*seen.lock().unwrap(), expected);
    drop(listener);
}

#[test]
fn two_queues_of_different_filters_never_disagree_on_the_order() {
    let bus = Bus::new();
    let mut narrow = bus.subscribe_with("tool.*", queue(2_000, WhenFull::DropNewest)).unwrap();
    let mut broad = bus.subscribe_with("*", queue(2_000, WhenFull::DropOldest)).unwrap();
    thread::scope(|scope| {
        for name in ["tool.call.started", "run.started", "tool.call.failed"] {
            let bus = &bus;
            scope.spawn(move || {
                (0..300).for_each(|_| {
                    bus.publish(event(name)).unwrap();
                })
            });
        }
    });
    let tools = seqs(&mut narrow);
    let all = seqs(&mut broad);
    assert_eq!(tools.len(), 600);
    assert!(tools.is_sorted() && all.is_sorted());
    assert!(tools.iter().all(|seq| all.contains(seq)));
}

#[test]
fn a_cursor_is_one_text_and_resumes_where_it_was_taken() {
    let bus =
        Bus::with(BusOptions { name: "main bus".into(), history: 100, ..BusOptions::default() }).unwrap();
    let mut first = bus.subscribe("*").unwrap();
    publish(&bus, 5);
    first.try_next().unwrap();
    first.try_next().unwrap();
    let text = first.position().to_string();
    let cursor: Cursor = text.parse().unwrap();
    assert_eq!((cursor.bus(), cursor.seq()), ("main bus", 2));
    let mut resumed = bus.subscribe_with("*", after(cursor)).unwrap();
    assert_eq!(seqs(&mut resumed), [3, 4, 5]);
}

#[test]
fn the_position_of_the_bus_is_after_its_last_event() {
    let bus = Bus::new();
    assert_eq!(bus.position().seq(), 0);
    publish(&bus, 3);
    assert_eq!(bus.position().seq(), 3);
}

#[test]
fn a_cursor_past_the_end_of_its_epoch_is_out_of_range_never_silence() {
    let bus = Bus::with(BusOptions { history: 10, ..BusOptions::default() }).unwrap();
    publish(&bus, 3);
    let here = bus.position();
    for seq in [4, 1_000, u64::MAX] {
        let ahead = Cursor::new(here.bus(), here.epoch(), seq).unwrap();
        assert_eq!(bus.subscribe_with("*", after(ahead)).err().unwrap().kind(), ErrorKind::OutOfRange);
    }
    assert!(bus.subscribe_with("*", after(here)).is_ok());
}

#[test]
fn a_cursor_of_another_epoch_or_bus_is_out_of_range() {
    let options = || BusOptions { name: "same".into(), history: 10, ..BusOptions::default() };
    let (one, other) = (Bus::with(options()).unwrap(), Bus::with(options()).unwrap());
    publish(&one, 1);
    publish(&other, 1);
    let error = other.subscribe_with("*", after(one.position())).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::OutOfRange);
    assert_eq!(error.path(), Some("options.start"));
}

#[test]
fn a_bus_without_a_name_is_a_stream_of_its_own() {
    let (one, other) = (Bus::new(), Bus::new());
    assert_ne!(one.position().bus(), other.position().bus());
    assert_ne!(one.position().epoch(), other.position().epoch());
}

#[test]
fn an_event_that_has_an_origin_keeps_it() {
    use newswire::{Event, Origin};
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    let json = r#"{"id":"019a9f6e-0000-7000-8000-000000000001","kind":"run.started","time":"2026-01-01T00:00:00.000000000Z","origin":{"bus":"far","epoch":7,"seq":9}}"#;
    let Ok(linked) = Event::from_json(json) else { panic!("the event reads") };
    publish(&bus, 2);
    bus.publish(linked).unwrap();
    let got = all.by_ref().nth(2).and_then(newswire::Delivery::event).unwrap();
    let Origin { bus, epoch, seq } = got.origin().unwrap().clone();
    assert_eq!((&*bus, epoch, seq, got.seq()), ("far", 7, 9, 3));
    assert_eq!(got.kind(), &kind("run.started"));
}
