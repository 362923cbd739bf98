//! Batches: what goes in comes out, within 64 KiB, and what is no batch is told.

use std::time::Duration;

use newswire::{Bus, Delivery, Event, Gap, GapReason, Kind, Outcome};
use newswire_facade::{BatchItem, BatchWriter, MAX_BATCH_BYTES, Pull, SubscribeSpec, read_batch};
use proptest::prelude::*;

const SOON: Duration = Duration::from_secs(60);

fn event(payload: &str) -> Event {
    Event::builder(Kind::parse("deploy.finished").unwrap())
        .time_ns(7)
        .attr("copy", &serde_json::json!({ "payload": 1 }))
        .json(payload)
        .internal(payload.len().is_multiple_of(2))
        .build()
        .unwrap()
}

fn publish(bus: &Bus, payload: &str) {
    bus.publish(Event::builder(Kind::parse("deploy.finished").unwrap()).json(payload).build().unwrap())
        .unwrap();
}

#[test]
fn events_and_gaps_come_out_as_they_went_in() {
    let gap = Gap { first: 3, last: 9, count: 4, reason: GapReason::Stalled };
    let mut batch = BatchWriter::new();
    let event = event(r#"{"a":1}"#);
    assert!(batch.push(&Delivery::Event(event.clone())) && batch.push(&Delivery::Gap(gap)));
    let bytes = batch.finish();
    assert_eq!(bytes.len() % 8, 0);
    let items = read_batch(&bytes).unwrap();
    let BatchItem::Event { seq: 0, time_ns: 7, kind: "deploy.finished", json, payload } = items[0] else {
        panic!("{items:?}")
    };
    assert_eq!((json, payload), (event.to_json().as_str(), event.payload_json()));
    assert_eq!(items[1], BatchItem::Gap(gap));
}

#[test]
fn a_kept_event_pins_64_kib_at_most_unless_it_is_larger_itself() {
    let bus = Bus::new();
    let pull = Pull::open(&bus, "*", &SubscribeSpec::default()).unwrap();
    let large = format!("{:?}", "x".repeat(40_000));
    let huge = format!("{:?}", "x".repeat(200_000));
    for payload in [&*large, &large, "1", &huge, "2"] {
        publish(&bus, payload);
    }
    let sizes: Vec<_> = (0..4)
        .map(|_| {
            let batch = pull.next_batch(100, SOON).unwrap();
            (read_batch(&batch).unwrap().len(), batch.len() > MAX_BATCH_BYTES)
        })
        .collect();
    assert_eq!(sizes, [(1, false), (2, false), (1, true), (1, false)]);
}

#[test]
fn a_batch_is_in_flight_until_it_is_confirmed_or_the_next_is_pulled() {
    let bus = Bus::new();
    let pull = Pull::open(&bus, "*", &SubscribeSpec::default()).unwrap();
    (0..4).for_each(|_| publish(&bus, "1"));
    pull.next_batch(3, SOON).unwrap();
    assert_eq!(pull.stats().unwrap().books.in_flight, 3);
    assert_eq!(pull.confirm(1, Outcome::Failed).unwrap(), 1);
    assert_eq!(pull.position().unwrap().seq(), 1);
    pull.next_batch(3, SOON).unwrap();
    let books = pull.stats().unwrap().books;
    assert_eq!((books.failed, books.handled, books.in_flight), (1, 2, 1));
    assert_eq!(pull.confirm(9, Outcome::Handled).unwrap(), 1, "no more than there are");
    assert!(pull.stats().unwrap().books.balance());
}

#[test]
fn closing_a_subscription_tells_all_who_wait_on_it() {
    let bus = Bus::new();
    let pull = Pull::open(&bus, "*", &SubscribeSpec::default()).unwrap();
    std::thread::scope(|scope| {
        let waiting: Vec<_> =
            (0..3).map(|_| scope.spawn(|| pull.next_batch(1, Duration::from_secs(60)))).collect();
        pull.close();
        for waiting in waiting {
            let error = waiting.join().unwrap().unwrap_err();
            assert_eq!(error.kind(), newswire::ErrorKind::Closed);
        }
    });
    assert!(bus.stats().subscriptions.is_empty());
}

#[test]
fn several_threads_that_wait_get_everything_between_them() {
    let bus = Bus::new();
    let pull = Pull::open(&bus, "*", &SubscribeSpec::default()).unwrap();
    let seen = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = 0;
                    while let Ok(batch) = pull.next_batch(1, Duration::from_secs(60)) {
                        seen += read_batch(&batch).unwrap().len();
                    }
                    seen
                })
            })
            .collect();
        (0..500).for_each(|_| publish(&bus, "1"));
        bus.close(SOON);
        readers.into_iter().map(|reader| reader.join().unwrap()).sum::<usize>()
    });
    assert_eq!(seen, 500);
}

proptest! {
    #[test]
    fn no_bytes_can_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_batch(&bytes);
    }

    #[test]
    fn no_damage_can_break_the_reader(at in 0_usize..400, byte in any::<u8>(), cut in 0_usize..400) {
        let mut batch = BatchWriter::new();
        batch.push(&Delivery::Event(event(r#"{"a":1}"#)));
        batch.push(&Delivery::Gap(Gap { first: 1, last: 2, count: 2, reason: GapReason::Full }));
        let mut bytes = batch.finish();
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        let _ = read_batch(&bytes);
        bytes.truncate(cut);
        let _ = read_batch(&bytes);
    }
}
