//! Chapter 10: the books of batches that a language binding confirms.

use std::time::Duration;

use newswire::{Bus, Coalesce, Event, Outcome, SubscribeOptions, catalogue::message::MessageDelta};

use super::common::publish;

#[test]
fn what_a_binding_has_taken_is_in_flight_until_it_says_how_it_ended() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap().confirming();
    publish(&bus, 4);
    let mut batch = Vec::new();
    assert_eq!(all.try_next_batch(&mut batch, 3).unwrap(), 3);
    assert_eq!((all.stats().books.queued, all.stats().books.in_flight), (1, 3));
    assert_eq!(all.confirm(1, Outcome::Failed), 1);
    assert_eq!(all.confirm(9, Outcome::Handled), 2);
    let books = all.stats().books;
    assert_eq!((books.failed, books.handled, books.in_flight, books.queued), (1, 2, 0, 1));
    assert!(books.balance(), "{books:?}");
}

#[test]
fn one_resumes_after_what_was_confirmed() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap().confirming();
    publish(&bus, 3);
    all.try_next_batch(&mut Vec::new(), 3).unwrap();
    assert_eq!(all.position().seq(), 0);
    all.confirm(2, Outcome::Handled);
    assert_eq!(all.position().seq(), 2);
    all.confirm(1, Outcome::Handled);
    assert_eq!(all.position(), bus.position());
}

#[test]
fn what_is_in_hand_can_be_confirmed_after_the_subscription_has_ended() {
    let bus = Bus::new();
    let mut all = bus.subscribe("*").unwrap().confirming();
    publish(&bus, 3);
    all.try_next_batch(&mut Vec::new(), 2).unwrap();
    all.unsubscribe();
    assert!(all.try_next().is_err());
    let books = all.stats().books;
    assert_eq!((books.in_flight, books.discarded), (2, 1));
    all.confirm(1, Outcome::Handled);
    drop(all);
    let ended = bus.stats().ended.remove(0).books;
    assert_eq!((ended.handled, ended.discarded, ended.in_flight), (1, 2, 0));
    assert!(ended.balance(), "{ended:?}");
}

#[test]
fn a_merged_event_in_hand_stands_for_all_its_chunks() {
    let bus = Bus::new();
    let coalesce = Some(Coalesce { window: Duration::from_secs(600), max_bytes: 1 << 16 });
    let options = SubscribeOptions { coalesce, ..SubscribeOptions::default() };
    let mut all = bus.subscribe_with("*", options).unwrap().confirming();
    for text in ["Hel", "lo"] {
        bus.publish(Event::of(MessageDelta::new("m-1", text)).build().unwrap()).unwrap();
    }
    publish(&bus, 1);
    assert!(all.try_next().unwrap().and_then(|item| item.event()).unwrap().merged().is_some());
    assert_eq!((all.stats().books.handled, all.position().seq()), (0, 0));
    all.confirm(1, Outcome::Handled);
    assert_eq!((all.stats().books.handled, all.position().seq()), (2, 2));
}
