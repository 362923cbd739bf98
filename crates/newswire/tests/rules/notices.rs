//! The bus's notices about subscriptions that don't keep up.

use std::sync::{Arc, Mutex};

use newswire::catalogue::bus::{BusSubscriptionLagged, BusSubscriptionRecovered};
use newswire::{Bus, Delivery, Event, SubscribeOptions, Subscription, WhenFull};

use super::common::{LONG, before_it_stalls, blocking, drain, publish, queue};

fn watch(bus: &Bus) -> Subscription {
    let options = SubscribeOptions { internal: true, ..SubscribeOptions::default() };
    bus.subscribe_with("bus.subscription.*", options).unwrap()
}

fn notices(watcher: &mut Subscription) -> Vec<Event> {
    std::iter::from_fn(|| watcher.try_next().unwrap().and_then(Delivery::event)).collect()
}

fn kinds(watcher: &mut Subscription) -> Vec<String> {
    notices(watcher).iter().map(|notice| notice.kind().to_string()).collect()
}

#[test]
fn one_notice_when_it_begins_to_lose_and_one_when_it_has_caught_up() {
    for internal in [false, true] {
        let bus = Bus::new();
        let mut watcher = watch(&bus);
        let options = SubscribeOptions { name: "small".into(), internal, ..queue(4, WhenFull::DropOldest) };
        let mut small = bus.subscribe_with("log.*", options).unwrap();
        publish(&bus, 50);
        assert!(small.stats().slow);
        drain(&mut small);
        assert!(!small.stats().slow);
        let told = notices(&mut watcher);
        assert_eq!(told.len(), 2, "internal: {internal}");
        assert!(told.iter().all(Event::internal));
        let lagged = told[0].payload::<BusSubscriptionLagged>().unwrap().unwrap();
        assert_eq!(&*lagged.subscription, "small");
        assert_eq!(lagged.reason.as_deref(), Some("full"));
        let recovered = told[1].payload::<BusSubscriptionRecovered>().unwrap().unwrap();
        assert_eq!((recovered.subscription_id, recovered.dropped_count), (small.stats().id, Some(46)));
        publish(&bus, 50);
        drain(&mut small);
        assert_eq!(kinds(&mut watcher), ["bus.subscription.lagged", "bus.subscription.recovered"]);
    }
}

#[test]
fn a_reader_that_never_reads_is_noticed_by_publishers() {
    let bus = Bus::new();
    let mut watcher = watch(&bus);
    let stuck = bus.subscribe_with("log.*", queue(16, WhenFull::DropOldest)).unwrap();
    publish(&bus, 1_000);
    assert_eq!(kinds(&mut watcher), ["bus.subscription.lagged"]);
    assert!(stuck.stats().slow);
}

#[test]
fn a_stalled_subscription_is_told_once_and_its_recovery_too() {
    let max_wait = std::time::Duration::from_millis(5);
    let (_bus, mut watcher, mut stuck) = before_it_stalls(max_wait, || {
        let bus = Bus::new();
        let watcher = watch(&bus);
        let options = SubscribeOptions { max_wait, ..blocking(2) };
        let stuck = bus.subscribe_with("log.*", options).unwrap();
        publish(&bus, 20);
        (bus.stats().blocked > 0, (bus, watcher, stuck))
    });
    assert_eq!(kinds(&mut watcher), ["bus.subscription.lagged", "bus.subscription.stalled"]);
    drain(&mut stuck);
    assert_eq!(kinds(&mut watcher), ["bus.subscription.recovered"]);
}

#[test]
fn a_notice_never_reaches_the_subscription_it_is_about() {
    let bus = Bus::new();
    let options = SubscribeOptions { internal: true, ..queue(2, WhenFull::DropOldest) };
    let mut about = bus.subscribe_with("*", options).unwrap();
    let mut watcher = watch(&bus);
    publish(&bus, 5);
    assert_eq!(kinds(&mut watcher), ["bus.subscription.lagged"]);
    let told = notices_of(drain_events(&mut about));
    assert!(told.is_empty(), "{told:?}");
}

fn drain_events(subscription: &mut Subscription) -> Vec<Event> {
    std::iter::from_fn(|| subscription.try_next().unwrap()).filter_map(Delivery::event).collect()
}

fn notices_of(events: Vec<Event>) -> Vec<Event> {
    events.into_iter().filter(|event| event.kind().as_str().starts_with("bus.")).collect()
}

#[test]
fn a_notice_takes_no_seq_where_nobody_could_get_it() {
    let bus = Bus::new();
    let mut small = bus.subscribe_with("*", queue(1, WhenFull::DropNewest)).unwrap();
    publish(&bus, 10);
    drain(&mut small);
    assert_eq!(bus.position().seq(), 10);
    bus.close(LONG);
}

#[test]
fn a_notice_takes_no_seq_where_the_last_who_could_get_it_has_just_left() {
    let bus = Bus::new();
    let watcher = Arc::new(Mutex::new(Some(watch(&bus))));
    let leaving = watcher.clone();
    // Enrichers see a notice when it has been made and has no seq yet.
    let _enricher = bus.add_enricher(move |event| {
        if event.event().kind().as_str().starts_with("bus.") {
            leaving.lock().unwrap().take();
        }
    });
    let mut small = bus.subscribe_with("log.*", queue(1, WhenFull::DropNewest)).unwrap();
    publish(&bus, 3);
    assert!(watcher.lock().unwrap().is_none(), "there was a notice");
    assert_eq!(bus.stats().published, 3);
    assert_eq!(drain(&mut small).len(), 2);
}

#[test]
fn a_notice_that_no_filter_wants_takes_no_seq() {
    let bus = Bus::new();
    let options = SubscribeOptions { internal: true, ..SubscribeOptions::default() };
    let mut elsewhere = bus.subscribe_with("bus.* and payload.name=another", options).unwrap();
    let _small = bus.subscribe_with("log.*", queue(1, WhenFull::DropNewest)).unwrap();
    publish(&bus, 3);
    assert_eq!((bus.stats().published, drain(&mut elsewhere)), (3, Vec::new()));
}
