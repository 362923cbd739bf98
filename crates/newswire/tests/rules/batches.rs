//! Many items at once: taken, or lent.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use newswire::{Bus, Delivery, ErrorKind, Event, GapReason, SubscribeOptions, Subscription, WhenFull};

use super::common::{Item, LONG, drain, publish, queue};

/// What is lent now, at most `max` items.
fn visited(subscription: &mut Subscription, max: usize) -> Vec<Item> {
    let mut items = Vec::new();
    let seen = subscription
        .visit(max, |item| {
            items.push(match item {
                Delivery::Event(event) => Item::Seq(event.seq()),
                Delivery::Gap(gap) => Item::from(Delivery::Gap(gap)),
            });
        })
        .unwrap();
    assert_eq!(seen, items.len());
    items
}

#[test]
fn batches_take_what_is_there_in_order() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    publish(&bus, 10);
    let mut into = Vec::new();
    assert_eq!(all.next_batch(&mut into, 4), 4);
    assert_eq!(all.next_batch(&mut into, 0), 0);
    assert_eq!(all.next_batch(&mut into, 100), 6);
    let items: Vec<_> = into.into_iter().map(Item::from).collect();
    assert_eq!(items, (1..=10).map(Item::Seq).collect::<Vec<_>>());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| all.next_batch(&mut Vec::new(), 5));
        thread::sleep(Duration::from_millis(2));
        publish(&bus, 1);
        assert_eq!(waiting.join().unwrap(), 1);
    });
}

#[test]
fn a_visit_shows_the_same_as_taking_would_under_every_policy() {
    for when_full in [WhenFull::DropOldest, WhenFull::DropNewest] {
        let bus = Bus::new();
        let [mut lent, mut taken] = [0; 2].map(|_| bus.subscribe_with("*", queue(200, when_full)).unwrap());
        for count in [0, 3, 200, 333] {
            publish(&bus, count);
            let shown = [visited(&mut lent, 7), visited(&mut lent, 1000), visited(&mut lent, 1000)].concat();
            assert_eq!(shown, drain(&mut taken), "{when_full:?}");
        }
        let (lent, taken) = (lent.stats().books, taken.stats().books);
        assert_eq!(lent, taken);
        assert!(lent.balance() && lent.dropped == 133, "{lent:?}");
    }
}

#[test]
fn a_visit_shows_only_what_the_predicate_accepts() {
    let bus = Bus::new();
    let predicate =
        Some(Arc::new(|event: &newswire::Event| event.seq().is_multiple_of(2)) as newswire::Predicate);
    let options = SubscribeOptions { predicate, ..SubscribeOptions::default() };
    let mut even = bus.subscribe_with("*", options).unwrap();
    publish(&bus, 5);
    assert_eq!(visited(&mut even, 10), [Item::Seq(2), Item::Seq(4)]);
    let books = even.stats().books;
    assert_eq!((books.handled, books.skipped), (2, 3));
}

#[test]
fn what_a_panicking_visitor_has_not_seen_is_discarded() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    publish(&bus, 5);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        all.visit(10, |item| assert!(item.event().is_some_and(|event| event.seq() < 3), "as agreed"))
    }));
    assert!(panicked.is_err());
    let books = all.stats().books;
    assert!(books.balance() && (books.handled, books.discarded) == (3, 2), "{books:?}");
    publish(&bus, 1);
    assert_eq!(visited(&mut all, 10), [Item::Seq(6)]);
}

#[test]
fn an_event_that_another_bus_merged_is_one_event_to_a_panicking_visitor_too() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    for digit in 1..=2 {
        let line = format!(
            r#"{{"id":"0190163d-8694-739b-aea5-966c26f8ad9{digit}","kind":"message.delta","time":"2026-11-21T01:02:03Z","merged":{{"first_seq":1,"count":10}}}}"#
        );
        bus.publish(Event::from_json(line).unwrap()).unwrap();
    }
    let panicked = catch_unwind(AssertUnwindSafe(|| all.visit(10, |_| panic!("as agreed"))));
    assert!(panicked.is_err());
    let books = all.stats().books;
    assert!(books.balance() && (books.handled, books.discarded) == (1, 1), "{books:?}");
}

#[test]
fn a_visitor_may_publish_and_close_what_it_is_shown() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap();
    publish(&bus, 2);
    let mut seen = Vec::new();
    let shown = all.visit(3, |item| {
        let seq = item.event().unwrap().seq();
        seen.push(seq);
        if seq == 2 {
            publish(&bus, 1);
            assert!(bus.close(LONG).complete);
        }
    });
    assert_eq!((shown, seen), (Ok(3), vec![1, 2, 3]));
    assert_eq!(all.visit(1, |_| ()).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn losses_found_by_a_batch_are_announced_as_any_others() {
    let bus = Bus::new();
    let options = SubscribeOptions { internal: true, ..SubscribeOptions::default() };
    let mut notices = bus.subscribe_with("bus.*", options).unwrap();
    let mut small = bus.subscribe_with("log.*", queue(2, WhenFull::DropOldest)).unwrap();
    publish(&bus, 5);
    let mut taken = Vec::new();
    assert_eq!(small.next_batch(&mut taken, 10), 3);
    assert!(matches!(taken[0], Delivery::Gap(gap) if gap.reason == GapReason::Full));
    let kinds: Vec<_> = std::iter::from_fn(|| notices.try_next().unwrap()?.event())
        .map(|event| event.kind().to_string())
        .collect();
    assert_eq!(kinds, ["bus.subscription.lagged", "bus.subscription.recovered"]);
}
