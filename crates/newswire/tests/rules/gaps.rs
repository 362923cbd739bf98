//! Chapter 6: gaps.

use std::sync::{Arc, Mutex};

use newswire::{Bus, Delivery, Event, Failure, Gap, GapReason, Handler, HandlerOptions, Mode, WhenFull};

use super::common::{Item, LONG, drain, event, eventually, gate, publish, queue};

#[test]
fn a_gap_is_delivered_even_if_no_event_follows() {
    let bus = Bus::new();
    let mut small = bus.subscribe_with("*", queue(1, WhenFull::DropNewest)).unwrap();
    publish(&bus, 3);
    assert_eq!(drain(&mut small), [Item::Seq(1), Item::Lost(2, 3, 2, GapReason::Full)]);
    assert_eq!(drain(&mut small), []);
}

#[test]
fn a_gap_wakes_who_waits_for_it() {
    let bus = Bus::new();
    let mut small = bus.subscribe_with("*", queue(1, WhenFull::DropNewest)).unwrap();
    publish(&bus, 2);
    let items: Vec<_> = small.by_ref().take(2).map(Item::from).collect();
    assert_eq!(items[1], Item::Lost(2, 2, 1, GapReason::Full));
}

#[test]
fn the_count_is_of_matching_events() {
    let bus = Bus::new();
    let mut tools = bus.subscribe_with("tool.*", queue(1, WhenFull::DropOldest)).unwrap();
    for _ in 0..4 {
        bus.publish(event("tool.call.started")).unwrap();
        publish(&bus, 5);
    }
    assert_eq!(drain(&mut tools), [Item::Lost(1, 13, 3, GapReason::Full), Item::Seq(19)]);
}

#[test]
fn losses_with_nothing_between_them_are_one_gap_with_the_latest_reason() {
    let bus = Bus::new();
    for internal in [false, true] {
        let first = bus.position().seq() + 1;
        let options = newswire::SubscribeOptions { internal, ..queue(4, WhenFull::DropOldest) };
        let mut small = bus.subscribe_with("*", options).unwrap();
        publish(&bus, 6);
        small.resize(2, 16 << 20).unwrap();
        publish(&bus, 1);
        let expected =
            [Item::Lost(first, first + 4, 5, GapReason::Full), Item::Seq(first + 5), Item::Seq(first + 6)];
        assert_eq!(drain(&mut small), expected, "internal: {internal}");
    }
}

#[test]
fn losses_apart_from_each_other_stay_apart_and_in_position() {
    let bus = Bus::new();
    let mut small = bus.subscribe_with("*", queue(2, WhenFull::DropNewest)).unwrap();
    publish(&bus, 3);
    assert_eq!(small.try_next().unwrap().map(Item::from), Some(Item::Seq(1)));
    publish(&bus, 2);
    let expected = [
        Item::Seq(2),
        Item::Lost(3, 3, 1, GapReason::Full),
        Item::Seq(4),
        Item::Lost(5, 5, 1, GapReason::Full),
    ];
    assert_eq!(drain(&mut small), expected);
}

#[test]
fn gaps_are_not_in_the_books() {
    let bus = Bus::new();
    let mut small = bus.subscribe_with("*", queue(2, WhenFull::DropOldest)).unwrap();
    publish(&bus, 5);
    assert_eq!(drain(&mut small).len(), 3);
    let books = small.stats().books;
    assert!(books.balance());
    assert_eq!((books.matched, books.handled, books.dropped), (5, 2, 3));
}

#[test]
fn resizing_down_drops_by_the_policy_with_a_gap() {
    let bus = Bus::new();
    let mut oldest = bus.subscribe_with("*", queue(4, WhenFull::DropOldest)).unwrap();
    let mut newest = bus.subscribe_with("*", queue(4, WhenFull::DropNewest)).unwrap();
    publish(&bus, 4);
    for subscription in [&oldest, &newest] {
        subscription.resize(2, 16 << 20).unwrap();
        assert_eq!(subscription.stats().books.dropped, 2);
    }
    let resized = GapReason::Resized;
    assert_eq!(drain(&mut oldest), [Item::Lost(1, 2, 2, resized), Item::Seq(3), Item::Seq(4)]);
    assert_eq!(drain(&mut newest), [Item::Seq(1), Item::Seq(2), Item::Lost(3, 4, 2, resized)]);
}

struct Recorder<W>(Mutex<Vec<Item>>, W);

impl<W: Fn() + Send + Sync + 'static> Handler for Recorder<W> {
    fn on_event(&self, event: &Event) -> Result<(), Failure> {
        if event.seq() == 1 {
            (self.1)();
        }
        self.0.lock().unwrap().push(Delivery::Event(event.clone()).into());
        Ok(())
    }

    fn on_gap(&self, gap: &Gap) {
        self.0.lock().unwrap().push(Delivery::Gap(*gap).into());
    }
}

#[test]
fn handlers_are_told_in_position_even_if_no_event_follows() {
    for (when_full, expected) in [
        (
            WhenFull::DropNewest,
            [Item::Seq(1), Item::Seq(2), Item::Seq(3), Item::Lost(4, 6, 3, GapReason::Full)],
        ),
        (
            WhenFull::DropOldest,
            [Item::Seq(1), Item::Lost(2, 4, 3, GapReason::Full), Item::Seq(5), Item::Seq(6)],
        ),
    ] {
        for mode in [Mode::Locked, Mode::Concurrent(1)] {
            let bus = Bus::new();
            let (arrived, open, wait) = gate();
            let recorder = Arc::new(Recorder(Mutex::new(Vec::new()), wait));
            let options = HandlerOptions { queue: queue(2, when_full), mode, ..HandlerOptions::default() };
            let handler: Arc<dyn Handler> = recorder.clone();
            let _listener = bus.on_with("*", options, handler).unwrap();
            publish(&bus, 1);
            arrived.recv_timeout(LONG).unwrap();
            publish(&bus, 5);
            open.send(()).unwrap();
            eventually("all has been told", || recorder.0.lock().unwrap().len() == 4);
            assert_eq!(*recorder.0.lock().unwrap(), expected);
        }
    }
}

#[test]
fn every_loss_of_a_long_run_is_told_exactly() {
    let bus = Bus::new();
    let mut readers: Vec<_> = [1, 7, 64, 65, 500]
        .into_iter()
        .map(|buffer| bus.subscribe_with("*", queue(buffer, WhenFull::DropOldest)).unwrap())
        .collect();
    let mut told = vec![0; readers.len()];
    for burst in [3, 70, 1, 640, 129, 2_000, 5] {
        publish(&bus, burst);
        for (reader, told) in readers.iter_mut().zip(&mut told) {
            for item in drain(reader) {
                let (first, last) = match item {
                    Item::Seq(seq) => (seq, seq),
                    Item::Lost(first, last, count, _) => {
                        assert_eq!(count, last - first + 1);
                        (first, last)
                    }
                };
                assert_eq!(first, *told + 1);
                *told = last;
            }
            assert_eq!(*told, bus.position().seq());
        }
    }
}
