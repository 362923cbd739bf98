//! Chapter 2: a publish, step by step.

use std::sync::{Arc, Mutex};

use newswire::{Bus, Delivery, ErrorKind, Event, Published, SubscribeOptions, WhenFull};

use super::common::{
    Item, blocking, drain, event, eventually, inline, kind, large_event, publish, queue, seqs,
};

#[test]
fn the_result_tells_about_this_event_at_return() {
    let bus = Bus::new();
    let _queued = bus.subscribe("*").unwrap();
    let _full = bus.subscribe_with("*", queue(1, WhenFull::DropNewest)).unwrap();
    let _elsewhere = bus.subscribe("tool.*").unwrap();
    let _called = bus.on_with("*", inline(SubscribeOptions::default()), |_: &Event| ()).unwrap();
    let first = bus.publish(event("run.started")).unwrap();
    let rest = Published::default();
    assert_eq!(first, Published { seq: Some(1), matched: 3, delivered: 3, ..rest });
    let second = bus.publish(event("run.started")).unwrap();
    assert_eq!(second, Published { seq: Some(2), matched: 3, delivered: 2, dropped: 1, ..rest });
}

#[test]
fn evictions_of_older_events_show_in_gaps_and_counters_not_in_the_result() {
    let bus = Bus::new();
    let mut small = bus.subscribe_with("*", queue(1, WhenFull::DropOldest)).unwrap();
    publish(&bus, 1);
    let second = bus.publish(event("run.started")).unwrap();
    assert_eq!((second.delivered, second.dropped), (1, 0));
    assert_eq!(small.stats().books.dropped, 1);
    assert_eq!(drain(&mut small), [Item::Lost(1, 1, 1, newswire::GapReason::Full), Item::Seq(2)]);
}

#[test]
fn an_event_that_nobody_wants_still_takes_a_seq_when_it_is_ready() {
    let bus = Bus::new();
    let published = bus.publish(event("run.started")).unwrap();
    assert_eq!(published, Published { seq: Some(1), ..Published::default() });
}

#[test]
fn an_event_is_visible_to_pullers_before_publish_returns() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    for seq in 1..=3 {
        publish(&bus, 1);
        assert_eq!(seqs(&mut all), [seq]);
    }
}

#[test]
fn inline_handlers_have_run_when_publish_returns() {
    let bus = Bus::new();
    let seen = Arc::new(Mutex::new(0));
    let noted = seen.clone();
    let _inline = bus.on_with("*", inline(SubscribeOptions::default()), move |event: &Event| {
        *noted.lock().unwrap() = event.seq()
    });
    publish(&bus, 2);
    assert_eq!(*seen.lock().unwrap(), 2);
}

#[test]
fn try_publish_is_all_or_nothing_and_gives_the_event_back() {
    let bus = Bus::new();
    let mut other = bus.subscribe("*").unwrap();
    let mut full = bus.subscribe_with("*", blocking(1)).unwrap();
    publish(&bus, 1);
    let offered = event("run.started");
    let rejected = bus.try_publish(offered.clone()).unwrap_err();
    assert_eq!(rejected.error.kind(), ErrorKind::Full);
    assert_eq!(rejected.value.id(), offered.id());
    assert_eq!((seqs(&mut other), bus.position().seq()), (vec![1], 1));
    assert_eq!(seqs(&mut full), [1]);
    assert_eq!(bus.try_publish(rejected.value).unwrap().seq, Some(2));
    assert_eq!((seqs(&mut other), seqs(&mut full)), (vec![2], vec![2]));
}

#[test]
fn try_publish_does_not_mind_a_full_queue_that_drops_or_another_kind() {
    let bus = Bus::new();
    let _dropping = bus.subscribe_with("*", queue(1, WhenFull::DropNewest)).unwrap();
    let _narrow = bus.subscribe_with("tool.*", blocking(1)).unwrap();
    publish(&bus, 1);
    bus.publish(event("tool.call.started")).unwrap();
    assert_eq!(bus.try_publish(event("run.started")).unwrap().dropped, 1);
    assert!(bus.try_publish(event("tool.call.failed")).is_err());
}

#[test]
fn try_publish_goes_past_a_stalled_queue() {
    let bus = Bus::new();
    let options = SubscribeOptions { max_wait: std::time::Duration::from_millis(5), ..blocking(1) };
    let _stuck = bus.subscribe_with("*", options).unwrap();
    publish(&bus, 1);
    eventually("the queue is stalled", || bus.try_publish(event("run.started")).is_ok());
}

#[test]
fn a_batch_has_consecutive_seqs_and_is_taken_whole() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    publish(&bus, 1);
    let batch = bus.publish_batch((0..3).map(|_| event("run.started")).collect()).unwrap();
    assert_eq!(batch.iter().map(|one| one.seq.unwrap()).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(seqs(&mut all), [1, 2, 3, 4]);
    assert!(bus.publish_batch(Vec::new()).unwrap().is_empty());
}

#[test]
fn batches_of_several_threads_never_mix() {
    let bus = Bus::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let batch = bus.publish_batch((0..5).map(|_| event("run.started")).collect()).unwrap();
                    let first = batch[0].seq.unwrap();
                    let seqs: Vec<_> = batch.iter().map(|one| one.seq.unwrap()).collect();
                    assert_eq!(seqs, (first..first + 5).collect::<Vec<_>>());
                }
            });
        }
    });
}

#[test]
fn a_closed_bus_gives_events_and_batches_back() {
    let bus = Bus::new();
    bus.close(super::common::LONG);
    let one = event("run.started");
    for rejected in [bus.publish(one.clone()).unwrap_err(), bus.try_publish(one.clone()).unwrap_err()] {
        assert_eq!((rejected.error.kind(), rejected.value.id()), (ErrorKind::Closed, one.id()));
    }
    assert_eq!(bus.publish_async(one.clone()).err().unwrap().value.id(), one.id());
    let rejected = bus.publish_batch(vec![one.clone(), event("run.failed")]).unwrap_err();
    assert_eq!((rejected.error.kind(), rejected.value.len()), (ErrorKind::Closed, 2));
    assert_eq!(bus.position().seq(), 0);
}

#[test]
fn an_event_that_its_cause_makes_too_large_is_given_back_without_a_seq() {
    let bus = Bus::new();
    let mut bytes = newswire::MAX_EVENT_BYTES - 400;
    while Event::builder(kind("log.written")).serialize(&"x".repeat(bytes + 1)).build().is_ok() {
        bytes += 1;
    }
    let outcome = Arc::new(Mutex::new(None));
    let (inner, noted) = (bus.clone(), outcome.clone());
    let _handler = bus.on_with("run.*", inline(SubscribeOptions::default()), move |_: &Event| {
        *noted.lock().unwrap() = Some(inner.publish(large_event(bytes)));
    });
    bus.publish(event("run.started")).unwrap();
    let rejected = outcome.lock().unwrap().take().unwrap().unwrap_err();
    assert_eq!(rejected.error.kind(), ErrorKind::TooLarge);
    assert_eq!(rejected.value.correlation().causation, None);
    assert_eq!(bus.position().seq(), 1);
    bus.close(super::common::LONG);
}

#[test]
fn a_handler_that_another_thread_serves_defers_the_event() {
    let bus = Bus::new();
    let (arrived, open, wait) = super::common::gate();
    let _inline = bus.on_with("*", inline(SubscribeOptions::default()), move |event: &Event| {
        if event.seq() == 1 {
            wait();
        }
    });
    std::thread::scope(|scope| {
        scope.spawn(|| publish(&bus, 1));
        arrived.recv().unwrap();
        let published = bus.publish(event("run.started")).unwrap();
        assert_eq!((published.matched, published.delivered, published.deferred), (1, 0, 1));
        open.send(()).unwrap();
    });
    eventually("both are handled", || bus.stats().subscriptions[0].books.handled == 2);
}

#[test]
fn whatever_happens_matched_is_the_sum_of_its_parts() {
    let bus = Bus::new();
    let _a = bus.subscribe_with("*", queue(2, WhenFull::DropOldest)).unwrap();
    let _b = bus.subscribe_with("*", queue(2, WhenFull::DropNewest)).unwrap();
    let short = SubscribeOptions { max_wait: std::time::Duration::from_millis(2), ..blocking(2) };
    let _c = bus.subscribe_with("*", short).unwrap();
    let _d = bus.on_with("*", inline(queue(2, WhenFull::DropNewest)), |_: &Event| ()).unwrap();
    for _ in 0..6 {
        let Published { matched, delivered, deferred, dropped, .. } =
            bus.publish(event("run.started")).unwrap();
        assert_eq!((matched, delivered + deferred + dropped), (4, 4));
    }
}

#[test]
fn a_subscriber_gets_the_very_event_that_was_published() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    let sent = Event::builder(kind("deploy.finished")).tag("canary").json(r#"{"a":1.5}"#).build().unwrap();
    bus.publish(sent.clone()).unwrap();
    let Some(Delivery::Event(got)) = all.next() else { panic!("an event") };
    assert_eq!(
        (got.id(), got.time_ns(), got.payload_json()),
        (sent.id(), sent.time_ns(), sent.payload_json())
    );
}
