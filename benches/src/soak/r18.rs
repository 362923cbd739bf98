//! R18: a replay says what was live, from any place, also while others publish as fast as they can.

use std::hash::{DefaultHasher, Hasher};

use newswire::{Bus, Cursor, Delivery, ErrorKind, Start, SubscribeOptions, Subscription};

use super::stored::{LONG, Random, attached, event, folder};
use crate::report::{Limit, Line};
use crate::scale::Scale;

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let events: u64 = scale.pick(20_000, 10_000_000);
    let resumes: u64 = scale.pick(200, 100_000);
    let file = folder("r18").join("events.db");
    let bus = attached("main", &file, "?durability=off");
    // Subscribed before: what it is given is live.
    let queue = SubscribeOptions { buffer: 1 << 20, buffer_bytes: 1 << 30, ..SubscribeOptions::default() };
    let mut live = bus.subscribe_with("tick.*", queue).expect("a filter");
    let mut hasher = DefaultHasher::new();
    let mut seq = 0;
    while seq < events {
        for _ in 0..1000 {
            seq += 1;
            bus.publish(event(seq)).expect("an open bus");
        }
        // As fast as the store: what isn't stored can't be replayed.
        bus.publish_durable(event(seq + 1)).expect("an open bus").wait(LONG).expect("a disk that works");
        seq += 1;
        hash(&mut live, 1001, &mut hasher);
    }
    assert!(bus.close(LONG).complete);
    let bus = attached("main", &file, "?durability=off");
    let mut replayed = DefaultHasher::new();
    let mut all = from(&bus, Start::Earliest);
    hash(&mut all, seq, &mut replayed);
    let differs = u64::from(hasher.finish() != replayed.finish());
    let wrong = resumed(&bus, seq, resumes);
    let handed = handed_over(&bus, seq, scale.pick(5_000, 500_000));
    assert!(bus.close(LONG).complete);
    let unsaid = below_retention(&file);
    let line = |name: &str, value: u64, unit| {
        Line::new(format!("R18.{name}"), value as f64, Limit::AtMost(0.0), unit)
    };
    vec![
        line("differs", differs, "replays").with("events", seq),
        line("resumed_wrong", wrong, "events").with("resumes", resumes),
        line("handed_over_wrong", handed, "events"),
        line("unsaid", unsaid, "positions"),
    ]
}

fn from(bus: &Bus, start: Start) -> Subscription {
    let options =
        SubscribeOptions { start, buffer: 1 << 20, buffer_bytes: 1 << 30, ..SubscribeOptions::default() };
    bus.subscribe_with("tick.*", options).expect("a position that is kept")
}

fn hash(from: &mut Subscription, count: u64, into: &mut DefaultHasher) {
    for _ in 0..count {
        match from.next_timeout(LONG).expect("as many as were published") {
            Delivery::Event(event) => into.write(event.to_json().as_bytes()),
            Delivery::Gap(gap) => into.write_u64(gap.count),
        }
    }
}

/// How many events after random positions aren't what follows there.
fn resumed(bus: &Bus, last: u64, resumes: u64) -> u64 {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut wrong = 0;
    for _ in 0..resumes {
        let seq = random.below(last - 20);
        let cursor = Cursor::new("main", 1, seq).expect("a cursor");
        let mut rest = from(bus, Start::After(cursor));
        wrong += (seq + 1..seq + 11).filter(|seq| !is_next(&mut rest, *seq)).count() as u64;
    }
    wrong
}

fn is_next(from: &mut Subscription, seq: u64) -> bool {
    from.next_timeout(LONG).ok().and_then(Delivery::event).is_some_and(|event| event.seq() == seq)
}

/// Joins the live events while they are published at full speed.
fn handed_over(bus: &Bus, last: u64, events: u64) -> u64 {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for seq in last + 1..=last + events {
                bus.publish(event(seq)).expect("an open bus");
            }
        });
        let readers: Vec<_> = (0..3)
            .map(|reader| {
                let mut rest = from(bus, Start::Last(1000 * (reader + 1)));
                scope.spawn(move || {
                    let first =
                        rest.next_timeout(LONG).expect("an event").event().map_or(0, |event| event.seq());
                    (first + 1..=last + events).filter(|seq| !is_next(&mut rest, *seq)).count() as u64
                })
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().expect("no panic")).sum()
    })
}

/// How many positions below what is kept are taken, or refused without saying what is kept.
fn below_retention(file: &std::path::Path) -> u64 {
    let bus = attached("main", file, "?durability=off&max_events=5000");
    let until = std::time::Instant::now() + LONG;
    let at = |seq| {
        let start = Start::After(Cursor::new("main", 1, seq).expect("a cursor"));
        bus.subscribe_with("*", SubscribeOptions { start, ..SubscribeOptions::default() }).map(drop)
    };
    while at(1000).is_ok() {
        assert!(std::time::Instant::now() < until, "nothing is deleted");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let is_said = |seq| {
        at(seq).is_err_and(|error| {
            error.kind() == ErrorKind::OutOfRange && error.to_string().contains("between")
        })
    };
    (0..1000).step_by(50).filter(|seq| !is_said(*seq)).count() as u64
}
