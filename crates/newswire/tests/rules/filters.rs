//! Chapter 3: filters.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use newswire::{Bus, Event, Scope, ScopeField, SubscribeOptions};

use super::common::{LONG, event, kind, publish, seqs};

fn of_session(id: &str) -> Event {
    let scope = Scope::new().with(ScopeField::Session, id).unwrap();
    Event::builder(kind("tool.call.started")).scope(scope).json(r#"{"n":3}"#).build().unwrap()
}

#[test]
fn the_matched_set_is_fixed_when_the_seq_is() {
    let bus = Bus::new();
    publish(&bus, 1);
    let mut late = bus.subscribe("*").unwrap();
    publish(&bus, 1);
    assert_eq!(seqs(&mut late), [2]);
}

#[test]
fn a_filter_finds_its_events_by_kind_and_by_one_equality() {
    let bus = Bus::new();
    let mut of_one = bus.subscribe("session=s-1").unwrap();
    let mut both = bus.subscribe("tool.* and session=s-2").unwrap();
    let mut evaluated = bus.subscribe("tool.* and session=s-2 and payload.n > 2").unwrap();
    let mut never = bus.subscribe("tool.* and session=s-2 and payload.n > 3").unwrap();
    bus.publish(of_session("s-1")).unwrap();
    bus.publish(of_session("s-2")).unwrap();
    bus.publish(event("run.started")).unwrap();
    assert_eq!(seqs(&mut of_one), [1]);
    assert_eq!(seqs(&mut both), [2]);
    assert_eq!(seqs(&mut evaluated), [2]);
    assert_eq!(seqs(&mut never), [0; 0]);
}

#[test]
fn a_predicate_runs_at_the_consumer_and_never_in_publish() {
    let bus = Bus::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let predicate = Arc::new(move |event: &Event| {
        counter.fetch_add(1, Ordering::SeqCst);
        event.seq().is_multiple_of(2)
    });
    let options = SubscribeOptions { predicate: Some(predicate), ..SubscribeOptions::default() };
    let mut even = bus.subscribe_with("*", options).unwrap();
    publish(&bus, 4);
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert_eq!(seqs(&mut even), [2, 4]);
    assert_eq!(asked.load(Ordering::SeqCst), 4);
    let books = even.stats().books;
    assert_eq!((books.matched, books.handled, books.skipped), (4, 2, 2));
}

#[test]
fn a_predicate_that_panics_is_counted_and_the_next_event_is_asked_about() {
    let bus = Bus::new();
    let predicate = Arc::new(|event: &Event| if event.seq() == 1 { panic!("as told") } else { true });
    let options = SubscribeOptions { predicate: Some(predicate), ..SubscribeOptions::default() };
    let mut all = bus.subscribe_with("*", options).unwrap();
    publish(&bus, 2);
    assert_eq!(seqs(&mut all), [2]);
    assert_eq!((all.stats().books.panicked, all.stats().books.handled), (1, 1));
}

#[test]
fn routes_that_change_while_filters_are_evaluated_lose_and_repeat_nothing() {
    let bus = Bus::new();
    let large = SubscribeOptions { buffer: 100_000, ..SubscribeOptions::default() };
    let mut asked = bus.subscribe_with("payload.n > 2", large).unwrap();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in (0..7).cycle().take_while(|_| !over.load(Ordering::SeqCst)) {
                let one = bus.subscribe(format!("payload.n > {round}").as_str()).unwrap();
                let other = bus.subscribe("payload.n > 2 and severity>=warn").unwrap();
                drop((one, other));
            }
        });
        for _ in 0..10_000 {
            assert!(bus.publish(of_session("s")).unwrap().matched >= 1);
        }
        over.store(true, Ordering::SeqCst);
    });
    let got = seqs(&mut asked);
    assert_eq!(got, (1..=bus.position().seq()).collect::<Vec<_>>());
    bus.close(LONG);
}

#[test]
fn equal_filters_share_their_events_and_stay_apart() {
    let bus = Bus::new();
    let mut one = bus.subscribe("session=s-1 and tool.*").unwrap();
    let mut other = bus.subscribe("tool.* and session=s-1").unwrap();
    bus.publish(of_session("s-1")).unwrap();
    assert_eq!(seqs(&mut one), [1]);
    drop(one);
    bus.publish(of_session("s-1")).unwrap();
    assert_eq!(seqs(&mut other), [1, 2]);
}
