//! Publishing, while others publish, read, come and go.

use loom::thread;

use super::{assert_accounts_for, check, publish, rest_of, subscribe};
use crate::bus::Bus;
use crate::delivery::Delivery;
use crate::options::{SubscribeOptions, WhenFull};

#[test]
fn events_of_two_publishers_come_in_the_order_of_their_seqs() {
    check(|| {
        let bus = Bus::new();
        let mut subscription = subscribe(&bus, SubscribeOptions::default());
        let other = bus.clone();
        let publisher = thread::spawn(move || publish(&other));
        let mine = publish(&bus);
        let mut got = rest_of(&mut subscription);
        let theirs = publisher.join().expect("the publisher ends");
        assert_ne!(mine.seq, theirs.seq);
        got.extend(rest_of(&mut subscription));
        assert_accounts_for(&got, 1, 2);
    });
}

#[test]
fn a_batch_holds_no_more_than_has_come() {
    check(|| {
        let bus = Bus::new();
        let mut subscription = subscribe(&bus, SubscribeOptions::default());
        let other = bus.clone();
        publish(&bus);
        let publisher = thread::spawn(move || publish(&other));
        let mut got = Vec::new();
        subscription.next_batch(&mut got, 9);
        assert!(subscription.stats().books.balance());
        publisher.join().expect("the publisher ends");
        got.extend(rest_of(&mut subscription));
        assert_accounts_for(&got, 1, 2);
    });
}

#[test]
fn a_subscription_made_meanwhile_gets_all_from_some_seq_on() {
    check(|| {
        let bus = Bus::new();
        let other = bus.clone();
        let publisher = thread::spawn(move || (0..2).map(|_| publish(&other).matched).sum::<u32>());
        let mut subscription = subscribe(&bus, SubscribeOptions::default());
        let matched = publisher.join().expect("the publisher ends");
        let got = rest_of(&mut subscription);
        assert_eq!(got.len(), matched as usize);
        assert_accounts_for(&got, 3 - u64::from(matched), 2);
    });
}

#[test]
fn what_a_leaving_subscription_matched_is_booked_to_the_last_event() {
    check(|| {
        let bus = Bus::new();
        let mut leaving = subscribe(&bus, SubscribeOptions::default());
        let mut staying = subscribe(&bus, SubscribeOptions::default());
        let other = bus.clone();
        let publisher = thread::spawn(move || (0..2).map(|_| publish(&other).matched).sum::<u32>());
        let read = rest_of(&mut leaving).len() as u64;
        drop(leaving);
        let matched = u64::from(publisher.join().expect("the publisher ends"));
        let stats = bus.stats();
        let books = stats.ended.first().expect("it is remembered").books;
        assert!(books.balance(), "{books:?}");
        assert_eq!((books.handled, books.matched), (read, matched - 2));
        assert_accounts_for(&rest_of(&mut staying), 1, 2);
    });
}

#[test]
fn a_full_queue_of_its_own_loses_the_oldest_and_says_so() {
    check(|| {
        let bus = Bus::new();
        let options = SubscribeOptions { buffer: 1, internal: true, ..SubscribeOptions::default() };
        let mut subscription = subscribe(&bus, options);
        let publishers: Vec<_> = (0..2)
            .map(|_| {
                let bus = bus.clone();
                thread::spawn(move || publish(&bus))
            })
            .collect();
        let mut got = rest_of(&mut subscription);
        publishers.into_iter().for_each(|publisher| {
            publisher.join().expect("the publisher ends");
        });
        got.extend(rest_of(&mut subscription));
        assert_accounts_for(&got, 1, 2);
        assert!(matches!(got.last(), Some(Delivery::Event(event)) if event.seq() == 2));
        assert!(subscription.stats().books.balance());
    });
}

#[test]
fn every_snapshot_balances_while_events_come_and_go() {
    check(|| {
        let bus = Bus::new();
        let options = SubscribeOptions { buffer: 1, ..SubscribeOptions::default() };
        let mut shared = subscribe(&bus, options.clone());
        let mut own = subscribe(&bus, SubscribeOptions { when_full: WhenFull::DropNewest, ..options });
        let other = bus.clone();
        let publisher = thread::spawn(move || {
            (0..2).for_each(|_| _ = publish(&other));
        });
        for _ in 0..2 {
            let stats = bus.stats();
            assert!(stats.subscriptions.iter().all(|one| one.books.balance()), "{stats:?}");
            let _ = (shared.try_next(), own.try_next());
        }
        publisher.join().expect("the publisher ends");
        for books in bus.stats().subscriptions.iter().map(|one| one.books) {
            assert!(books.balance() && books.matched == 2, "{books:?}");
        }
    });
}
