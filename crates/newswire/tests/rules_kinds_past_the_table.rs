//! Kinds past the interned ones, in a process of their own: never an error, compared as text.

use newswire::{Bus, Delivery, Event, Kind};

#[test]
fn kinds_past_the_table_share_one_conservative_bit_and_are_compared_as_text() {
    let mut number = 0;
    let mut fresh = || {
        number += 1;
        Kind::parse(&format!("flood.kind_{number}")).unwrap()
    };
    while Kind::known().len() < Kind::INTERNED {
        fresh();
    }
    let (one, other) = (fresh(), fresh());
    let bus = Bus::new();
    let mut exact = bus.subscribe(one.as_str()).unwrap();
    let mut broad = bus.subscribe("flood.*").unwrap();
    let mut tools = bus.subscribe("tool.*").unwrap();
    assert!(bus.wants(&one) && bus.wants(&other));
    for kind in [&one, &other, &one] {
        bus.publish(Event::builder(kind.clone()).build().unwrap()).unwrap();
    }
    let mut seqs = |subscription: &mut newswire::Subscription| -> Vec<u64> {
        std::iter::from_fn(|| subscription.try_next().unwrap().and_then(Delivery::event))
            .map(|event| event.seq())
            .collect()
    };
    assert_eq!(seqs(&mut exact), [1, 3]);
    assert_eq!(seqs(&mut broad), [1, 2, 3]);
    assert_eq!(seqs(&mut tools), [0; 0]);
    drop((exact, broad, tools));
    assert!(!bus.wants(&one));
}
