//! Keyed handlers: one call at a time for each key, in parallel across keys.

use std::collections::HashMap;
use std::sync::Arc;

use newswire::{
    Bus, Event, Field, Gap, GapReason, Handler, HandlerOptions, Mode, ScopeField, SubscribeOptions, WhenFull,
};
use parking_lot::Mutex;

use super::{Door, LONG, Log, eventually, said, say, say_in, served};

fn by_session() -> HandlerOptions {
    served(Mode::Keyed(Field::parse("session").unwrap()))
}

fn session(event: &Event) -> String {
    event.scope().get(ScopeField::Session).unwrap_or_default().to_owned()
}

#[test]
fn calls_of_one_key_keep_their_order_and_never_overlap() {
    #[derive(Default)]
    struct Lane {
        busy: bool,
        seqs: Vec<u64>,
    }
    let (bus, lanes) = (Bus::new(), Arc::new(Mutex::new(HashMap::<String, Lane>::new())));
    let seen = lanes.clone();
    let handler = move |event: &Event| {
        {
            let mut lanes = seen.lock();
            let lane = lanes.entry(session(event)).or_default();
            assert!(!std::mem::replace(&mut lane.busy, true), "two calls of one key at a time");
            lane.seqs.push(event.seq());
        }
        std::thread::yield_now();
        seen.lock().entry(session(event)).or_default().busy = false;
    };
    let listener = bus.on_with("work.*", by_session(), handler).unwrap();
    for n in 0..800 {
        say_in(&bus, ["a", "b", "c", "d"][n % 4], n);
        if n % 100 == 99 {
            eventually("the queue is empty", || listener.stats().books.queued == 0);
        }
    }
    assert!(bus.close(LONG).complete);
    let books = listener.stats().books;
    assert_eq!((books.handled, books.panicked), (800, 0));
    for lane in lanes.lock().values() {
        assert_eq!(lane.seqs.len(), 200);
        assert!(lane.seqs.is_sorted());
    }
}

#[test]
fn a_busy_key_is_skipped_over() {
    let (bus, door, log) = (Bus::new(), Door::default(), Log::default());
    let (at, noted) = (door.clone(), log.clone());
    let handler = move |event: &Event| {
        if session(event) == "slow" {
            at.pass();
        }
        noted.note(said(event));
    };
    let _listener = bus.on_with("work.*", by_session(), handler).unwrap();
    say_in(&bus, "slow", "slow 1");
    door.await_visitors(1);
    say_in(&bus, "slow", "slow 2");
    say_in(&bus, "quick", "quick 1");
    say_in(&bus, "quick", "quick 2");
    eventually("the quick ones are done", || log.len() == 2);
    assert_eq!(log.lines(), ["quick 1", "quick 2"]);
    door.open();
    assert!(bus.close(LONG).complete);
    assert_eq!(log.lines(), ["quick 1", "quick 2", "slow 1", "slow 2"]);
}

#[test]
fn events_without_the_key_are_one_lane() {
    let (bus, door, log) = (Bus::new(), Door::default(), Log::default());
    let (at, noted) = (door.clone(), log.clone());
    let handler = move |event: &Event| {
        if session(event).is_empty() {
            at.pass();
        }
        noted.note(said(event));
    };
    let _listener = bus.on_with("work.*", by_session(), handler).unwrap();
    say(&bus, "work.done", "keyless 1");
    say(&bus, "work.done", "keyless 2");
    say_in(&bus, "a", "keyed");
    eventually("the keyed one is done", || log.len() == 1);
    door.await_visitors(1);
    assert_eq!(door.visitors(), 1, "the second keyless event waits for the first");
    door.open();
    assert!(bus.close(LONG).complete);
    assert_eq!(log.lines(), ["keyed", "keyless 1", "keyless 2"]);
}

/// Waits at the door with every event of the session `slow`.
struct Slow {
    door: Door,
    log: Log,
}

impl Handler for Slow {
    fn on_event(&self, event: &Event) -> Result<(), newswire::Failure> {
        if session(event) == "slow" {
            self.door.pass();
        }
        self.log.note(said(event));
        Ok(())
    }

    fn on_gap(&self, gap: &Gap) {
        self.log.note(format!("gap of {}", gap.count));
        assert_eq!(gap.reason, GapReason::Full);
    }
}

#[test]
fn a_busy_key_holds_at_most_half_the_buffer() {
    let (bus, door, log) = (Bus::new(), Door::default(), Log::default());
    let queue =
        SubscribeOptions { buffer: 8, when_full: WhenFull::DropNewest, ..SubscribeOptions::default() };
    let options = HandlerOptions { queue, ..by_session() };
    let listener = bus.on_with("work.*", options, Slow { door: door.clone(), log: log.clone() }).unwrap();
    say_in(&bus, "slow", 0);
    door.await_visitors(1);
    let dropped: u32 = (1..=10).map(|n| say_in(&bus, "slow", n).dropped).sum();
    assert_eq!(dropped, 6, "four of eight places are the busy key's");
    assert_eq!(say_in(&bus, "quick", "quick").delivered, 1);
    eventually("others get through", || log.lines().contains(&"quick".into()));
    door.open();
    assert!(bus.close(LONG).complete);
    assert_eq!(log.lines(), ["gap of 6", "quick", "0", "1", "2", "3", "4"]);
    let books = listener.stats().books;
    assert_eq!((books.handled, books.dropped), (6, 6));
    assert!(books.balance());
}

#[test]
fn by_drop_oldest_a_busy_key_displaces_only_itself() {
    let (bus, door, log) = (Bus::new(), Door::default(), Log::default());
    let queue = SubscribeOptions { buffer: 4, ..SubscribeOptions::default() };
    let options = HandlerOptions { queue, ..by_session() };
    let _listener = bus.on_with("work.*", options, Slow { door: door.clone(), log: log.clone() }).unwrap();
    say_in(&bus, "slow", 0);
    door.await_visitors(1);
    (1..=10).for_each(|n| {
        say_in(&bus, "slow", n);
    });
    door.open();
    assert!(bus.close(LONG).complete);
    assert_eq!(log.lines(), ["0", "gap of 8", "9", "10"]);
}

#[test]
fn a_publisher_that_waits_for_a_busy_key_is_waited_for_by_no_other_key() {
    let (bus, door, log) = (Bus::new(), Door::default(), Log::default());
    let queue = SubscribeOptions {
        buffer: 4,
        when_full: WhenFull::Block,
        max_wait: LONG,
        ..SubscribeOptions::default()
    };
    let options = HandlerOptions { queue, ..by_session() };
    let listener = bus.on_with("work.*", options, Slow { door: door.clone(), log: log.clone() }).unwrap();
    say_in(&bus, "slow", 0);
    door.await_visitors(1);
    (1..=2).for_each(|n| {
        say_in(&bus, "slow", n);
    });
    let waiting: Vec<_> = (3..=4)
        .map(|n| {
            let bus = bus.clone();
            let publisher = std::thread::spawn(move || say_in(&bus, "slow", n));
            eventually("it waits", || listener.stats().books.waiting == n - 2);
            publisher
        })
        .collect();
    for n in 1..=10 {
        let published = say_in(&bus, "quick", "quick");
        assert_eq!((published.delivered, published.blocked), (1, 0));
        eventually("it is handled", || log.len() == n);
    }
    assert_eq!(listener.stats().books.waiting, 2);
    door.open();
    for publisher in waiting {
        assert_eq!(publisher.join().unwrap().delivered, 1);
    }
    assert!(bus.close(LONG).complete);
    assert_eq!(log.lines().split_off(10), ["0", "1", "2", "3", "4"]);
}
