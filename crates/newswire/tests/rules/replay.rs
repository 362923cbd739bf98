//! Chapter 12: replay, then live.

use std::sync::{Arc, Mutex};
use std::thread;

use newswire::{
    Bus, BusOptions, Cursor, ErrorKind, Event, GapReason, HandlerOptions, Start, SubscribeOptions, WhenFull,
};

use super::common::{Item, LONG, drain, event, eventually, kind, publish, seqs};

fn remembering(history: usize) -> Bus {
    Bus::with(BusOptions { history, ..BusOptions::default() }).unwrap()
}

fn from(start: Start) -> SubscribeOptions {
    SubscribeOptions { start, ..SubscribeOptions::default() }
}

fn at_time(time_ns: i64) -> Event {
    Event::builder(kind("run.started")).time_ns(time_ns).build().unwrap()
}

#[test]
fn live_begins_with_the_next_event() {
    let bus = remembering(10);
    publish(&bus, 2);
    let mut live = bus.subscribe("*").unwrap();
    publish(&bus, 1);
    assert_eq!(seqs(&mut live), [3]);
}

#[test]
fn earliest_begins_with_the_oldest_that_is_kept() {
    let bus = remembering(3);
    publish(&bus, 5);
    let mut all = bus.subscribe_with("*", from(Start::Earliest)).unwrap();
    publish(&bus, 0);
    assert_eq!(seqs(&mut all), [3, 4, 5]);
    publish(&bus, 1);
    assert_eq!(seqs(&mut all), [6]);
}

#[test]
fn last_counts_matching_events() {
    let bus = remembering(1_000);
    for round in 1..=300 {
        bus.publish(event(if round % 3 == 0 { "tool.call.started" } else { "run.started" })).unwrap();
    }
    for count in [0, 1, 2, 22, 50, 100, 101, 1_000] {
        let mut tools = bus.subscribe_with("tool.*", from(Start::Last(count))).unwrap();
        let expected: Vec<u64> =
            (1..=100).map(|tool| tool * 3).skip(100_usize.saturating_sub(count)).collect();
        assert_eq!(seqs(&mut tools), expected, "the last {count}");
    }
}

#[test]
fn last_counts_right_where_history_begins_within_a_piece() {
    let bus = remembering(100);
    publish(&bus, 149);
    for count in [1, 64, 65, 80, 99, 100] {
        let mut last = bus.subscribe_with("*", from(Start::Last(count))).unwrap();
        assert_eq!(seqs(&mut last), (150 - count as u64..=149).collect::<Vec<_>>());
    }
}

#[test]
fn last_zero_is_live() {
    let bus = remembering(10);
    publish(&bus, 3);
    let mut none = bus.subscribe_with("*", from(Start::Last(0))).unwrap();
    assert_eq!(seqs(&mut none), [0; 0]);
    publish(&bus, 1);
    assert_eq!(seqs(&mut none), [4]);
}

#[test]
fn since_begins_with_the_first_seq_of_that_time_or_later_then_by_seq() {
    let bus = remembering(10);
    for time in [10, 20, 15, 30, 5] {
        bus.publish(at_time(time)).unwrap();
    }
    let read = |time| seqs(&mut bus.subscribe_with("*", from(Start::Since(time))).unwrap());
    assert_eq!(read(0), [1, 2, 3, 4, 5]);
    assert_eq!(read(20), [2, 3, 4, 5]);
    assert_eq!(read(21), [4, 5]);
    assert_eq!(read(31), [0; 0]);
}

#[test]
fn after_a_position_resumes_with_what_was_not_delivered() {
    let bus = remembering(100);
    let mut first = bus.subscribe("*").unwrap();
    publish(&bus, 6);
    for _ in 0..4 {
        first.try_next().unwrap();
    }
    let position = first.position();
    drop(first);
    publish(&bus, 2);
    let mut resumed = bus.subscribe_with("*", from(Start::After(position))).unwrap();
    assert_eq!(seqs(&mut resumed), [5, 6, 7, 8]);
    assert_eq!(resumed.position().seq(), 8);
}

#[test]
fn a_position_that_is_no_longer_kept_is_out_of_range_at_subscribe() {
    let bus = remembering(3);
    let before = bus.position();
    publish(&bus, 10);
    let error = bus.subscribe_with("*", from(Start::After(before.clone()))).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::OutOfRange);
    assert_eq!(error.expected(), Some("one of this bus between 7 and 10"));
    let kept = Cursor::new(before.bus(), before.epoch(), 7).unwrap();
    assert_eq!(seqs(&mut bus.subscribe_with("*", from(Start::After(kept))).unwrap()), [8, 9, 10]);
}

#[test]
fn without_history_only_the_last_position_can_be_resumed() {
    let bus = Bus::new();
    publish(&bus, 2);
    let here = bus.position();
    let before = Cursor::new(here.bus(), here.epoch(), 1).unwrap();
    assert_eq!(
        bus.subscribe_with("*", from(Start::After(before))).err().unwrap().kind(),
        ErrorKind::OutOfRange
    );
    let mut resumed = bus.subscribe_with("*", from(Start::After(here))).unwrap();
    publish(&bus, 2);
    assert_eq!(seqs(&mut resumed), [3, 4]);
}

#[test]
fn if_retention_overtakes_a_replay_it_is_told_as_a_gap() {
    let bus = remembering(100);
    publish(&bus, 100);
    let mut slow = bus.subscribe_with("*", from(Start::Earliest)).unwrap();
    assert_eq!(slow.try_next().unwrap().map(Item::from), Some(Item::Seq(1)));
    publish(&bus, 200);
    let items = drain(&mut slow);
    let place = items.iter().position(|item| matches!(item, Item::Lost(..))).unwrap();
    let Item::Lost(first, 200, count, GapReason::Retention) = items[place] else {
        panic!("{:?}", items[place])
    };
    assert_eq!(count, 201 - first);
    assert_eq!(items[..place], (2..first).map(Item::Seq).collect::<Vec<_>>());
    assert_eq!(items[place + 1..], (201..=300).map(Item::Seq).collect::<Vec<_>>());
    assert!(slow.stats().books.balance());
}

#[test]
fn while_it_catches_up_it_has_no_queue_and_its_policy_begins_live() {
    let bus = remembering(1_000);
    publish(&bus, 500);
    let options = SubscribeOptions { buffer: 2, when_full: WhenFull::DropNewest, ..from(Start::Earliest) };
    let mut small = bus.subscribe_with("*", options).unwrap();
    assert_eq!(bus.publish(event("run.started")).unwrap().matched, 0);
    assert_eq!(seqs(&mut small), (1..=501).collect::<Vec<_>>());
    let live: Vec<_> = (0..3).map(|_| bus.publish(event("run.started")).unwrap().dropped).collect();
    assert_eq!(live, [0, 0, 1]);
}

#[test]
fn replay_joins_live_without_gap_or_duplicate_while_publishers_run() {
    let bus = remembering(1_000_000);
    publish(&bus, 1_000);
    // Who began after the last event would wait for ever.
    let here = bus.position();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| publish(&bus, 10_000));
        }
        let readers = [
            (Start::Earliest, WhenFull::DropOldest),
            (Start::Last(300), WhenFull::DropOldest),
            (Start::After(here), WhenFull::DropNewest),
            (Start::Earliest, WhenFull::Block),
        ];
        for (start, when_full) in readers {
            let options = SubscribeOptions { buffer: 100_000, when_full, ..from(start) };
            let reader = bus.subscribe_with("*", options).unwrap();
            scope.spawn(move || {
                let mut next = None;
                for item in reader {
                    let Item::Seq(seq) = Item::from(item) else { panic!("a gap") };
                    assert_eq!(seq, next.unwrap_or(seq));
                    next = Some(seq + 1);
                    if seq == 21_000 {
                        break;
                    }
                }
            });
        }
    });
}

#[test]
fn a_handler_replays_in_order_and_goes_on_live() {
    let bus = remembering(1_000);
    publish(&bus, 200);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let options = HandlerOptions { queue: from(Start::Earliest), ..HandlerOptions::default() };
    let _handler = bus.on_with("*", options, move |event: &Event| noted.lock().unwrap().push(event.seq()));
    publish(&bus, 100);
    eventually("all is handled", || seen.lock().unwrap().len() == 300);
    assert_eq!(*seen.lock().unwrap(), (1..=300).collect::<Vec<_>>());
    bus.close(LONG);
}

#[test]
fn a_paused_replay_goes_on_where_it_was() {
    let bus = remembering(1_000);
    publish(&bus, 200);
    let mut all = bus.subscribe_with("*", from(Start::Earliest)).unwrap();
    assert_eq!(drain(&mut all).len(), 200);
    publish(&bus, 1);
    all.pause();
    assert!(all.try_next().unwrap().is_none());
    publish(&bus, 1);
    all.resume();
    assert_eq!(seqs(&mut all), [201, 202]);
}

#[test]
fn internal_events_are_replayed_to_those_who_want_them() {
    let bus = remembering(10);
    bus.publish(Event::builder(kind("run.started")).internal(true).build().unwrap()).unwrap();
    publish(&bus, 1);
    assert_eq!(seqs(&mut bus.subscribe_with("*", from(Start::Earliest)).unwrap()), [2]);
    let options = SubscribeOptions { internal: true, ..from(Start::Last(2)) };
    assert_eq!(seqs(&mut bus.subscribe_with("*", options).unwrap()), [1, 2]);
}
