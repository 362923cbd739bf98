//! Chapter 4: bounds.

use newswire::{Bus, BusOptions, Event, GapReason, MAX_EVENT_BYTES, SubscribeOptions, WhenFull};

use super::common::{Item, drain, event, kind, large_event, publish, queue, seqs};

const MIB: usize = 1 << 20;

fn roomy(buffer: usize) -> SubscribeOptions {
    SubscribeOptions { buffer, buffer_bytes: 64 * MIB, ..SubscribeOptions::default() }
}

#[test]
fn a_bound_counts_events_that_match_wherever_they_are_kept() {
    let bus = Bus::new();
    let mut tools = bus.subscribe_with("tool.*", queue(2, WhenFull::DropOldest)).unwrap();
    publish(&bus, 10);
    bus.publish(event("tool.call.started")).unwrap();
    publish(&bus, 10);
    bus.publish(event("tool.call.failed")).unwrap();
    publish(&bus, 10);
    assert_eq!(seqs(&mut tools), [11, 22]);
}

#[test]
fn readers_of_one_filter_each_have_their_own_bound() {
    let bus = Bus::new();
    let mut small = bus.subscribe_with("*", queue(3, WhenFull::DropOldest)).unwrap();
    let mut large = bus.subscribe_with("*", queue(1_000, WhenFull::DropOldest)).unwrap();
    publish(&bus, 500);
    assert_eq!(drain(&mut small)[..2], [Item::Lost(1, 497, 497, GapReason::Full), Item::Seq(498)]);
    assert_eq!(seqs(&mut large).len(), 500);
}

#[test]
fn bytes_are_a_bound_of_their_own_for_every_policy() {
    for (when_full, internal) in
        [(WhenFull::DropOldest, false), (WhenFull::DropOldest, true), (WhenFull::DropNewest, false)]
    {
        let bus = Bus::new();
        let options = SubscribeOptions { internal, buffer_bytes: MAX_EVENT_BYTES, ..queue(1_000, when_full) };
        let mut bounded = bus.subscribe_with("*", options).unwrap();
        for _ in 0..5 {
            bus.publish(large_event(300_000)).unwrap();
        }
        let books = bounded.stats().books;
        assert_eq!((books.queued, books.dropped), (3, 2), "{when_full:?}");
        let items = drain(&mut bounded);
        let lost = if when_full == WhenFull::DropOldest { items[0] } else { items[3] };
        assert!(matches!(lost, Item::Lost(_, _, 2, GapReason::Full)), "{items:?}");
    }
}

#[test]
fn a_shared_budget_lets_the_oldest_go_first_and_tells_it_as_a_gap() {
    let bus = Bus::with(BusOptions { shared_bytes: MIB, ..BusOptions::default() }).unwrap();
    let mut stuck = bus.subscribe_with("*", roomy(100_000)).unwrap();
    let mut late = bus.subscribe_with("severity>=debug", roomy(100_000)).unwrap();
    for _ in 0..400 {
        bus.publish(large_event(10_000)).unwrap();
    }
    assert!(bus.stats().shared_bytes < MIB as u64 + 200_000, "{}", bus.stats().shared_bytes);
    for subscription in [&mut stuck, &mut late] {
        let books = subscription.stats().books;
        assert!(books.balance() && books.dropped > 200, "{books:?}");
        let items = drain(subscription);
        let Item::Lost(1, last, count, GapReason::SharedBudget) = items[0] else { panic!("{:?}", items[0]) };
        assert_eq!((last, books.dropped), (count, count));
        let rest: Vec<_> = (last + 1..=400).map(Item::Seq).collect();
        assert_eq!(items[1..], rest);
    }
}

#[test]
fn a_budget_that_is_spent_by_others_hits_who_holds_the_oldest() {
    let bus = Bus::with(BusOptions { shared_bytes: MIB, ..BusOptions::default() }).unwrap();
    let mut old = bus.subscribe_with("run.*", roomy(1_000)).unwrap();
    for _ in 0..40 {
        bus.publish(event("run.started")).unwrap();
    }
    let mut new = bus.subscribe_with("log.*", roomy(100_000)).unwrap();
    for _ in 0..150 {
        bus.publish(large_event(10_000)).unwrap();
    }
    assert!(matches!(drain(&mut old)[0], Item::Lost(1, ..)));
    assert!(matches!(drain(&mut new)[0], Item::Lost(41, _, _, GapReason::SharedBudget)));
}

#[test]
fn a_stuck_reader_pins_little() {
    let bus = Bus::new();
    let mut stuck = bus.subscribe_with("*", queue(16, WhenFull::DropOldest)).unwrap();
    let mut lively = bus.subscribe_with("*", queue(16, WhenFull::DropOldest)).unwrap();
    for seq in 1..=20_000 {
        bus.publish(large_event(1_000)).unwrap();
        assert_eq!(seqs(&mut lively), [seq]);
    }
    assert!(bus.stats().shared_bytes < 500_000, "{}", bus.stats().shared_bytes);
    assert_eq!(drain(&mut stuck)[0], Item::Lost(1, 19_984, 19_984, GapReason::Full));
}

#[test]
fn what_readers_have_read_is_let_go_of() {
    let bus = Bus::new();
    let mut reader = bus.subscribe("*").unwrap();
    for _ in 0..100 {
        for _ in 0..100 {
            bus.publish(large_event(1_000)).unwrap();
        }
        assert_eq!(seqs(&mut reader).len(), 100);
    }
    assert!(bus.stats().shared_bytes < 200_000, "{}", bus.stats().shared_bytes);
    drop(reader);
    assert_eq!(bus.stats().shared_bytes, 0);
}

#[test]
fn history_is_bounded_in_number_and_in_bytes() {
    let few = Bus::with(BusOptions { history: 10, ..BusOptions::default() }).unwrap();
    publish(&few, 25);
    assert_eq!(few.stats().history.0, 10);
    let options = BusOptions { history: 1_000_000, history_bytes: MIB, ..BusOptions::default() };
    let small = Bus::with(options).unwrap();
    for _ in 0..50 {
        small.publish(large_event(100_000)).unwrap();
    }
    let (kept, bytes) = small.stats().history;
    assert!(kept < 11 && bytes <= MIB, "{kept} events, {bytes} bytes");
}

#[test]
fn closed_subscriptions_are_remembered_up_to_a_bound() {
    let bus = Bus::with(BusOptions { closed_kept: 3, ..BusOptions::default() }).unwrap();
    for _ in 0..10 {
        drop(bus.subscribe("*").unwrap());
    }
    let stats = bus.stats();
    assert_eq!((stats.subscriptions.len(), stats.ended.len()), (0, 3));
    assert!(stats.ended.iter().all(|ended| ended.closed && ended.books.balance()));
}

#[test]
fn subscriptions_are_bounded_and_a_place_comes_free_again() {
    let bus = Bus::with(BusOptions { subscriptions: 2, ..BusOptions::default() }).unwrap();
    let one = bus.subscribe("*").unwrap();
    let _other = bus.on("*", |_: &Event| ()).unwrap();
    assert_eq!(bus.subscribe("*").err().unwrap().kind(), newswire::ErrorKind::Full);
    drop(one);
    assert!(bus.subscribe("*").is_ok());
}

#[test]
fn the_largest_event_fits_and_one_byte_more_does_not() {
    let fits = |bytes: usize| Event::builder(kind("log.written")).serialize(&"x".repeat(bytes)).build();
    let (mut low, mut high) = (0, MAX_EVENT_BYTES);
    while low + 1 < high {
        let middle = (low + high) / 2;
        if fits(middle).is_ok() { low = middle } else { high = middle }
    }
    assert!(fits(low).unwrap().size() <= MAX_EVENT_BYTES);
    assert_eq!(fits(high).unwrap_err().kind(), newswire::ErrorKind::TooLarge);
    let bus = Bus::new();
    let options = SubscribeOptions { buffer_bytes: MAX_EVENT_BYTES, ..SubscribeOptions::default() };
    let mut tight = bus.subscribe_with("*", options).unwrap();
    bus.publish(fits(low).unwrap()).unwrap();
    assert_eq!(seqs(&mut tight), [1]);
}
