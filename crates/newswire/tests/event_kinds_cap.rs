//! What happens when a process has interned all the kinds it may; alone in its process for that reason.

use newswire::{Bus, Delivery, Event, Kind, Subscription};

#[test]
fn kinds_past_the_cap_work_as_text() {
    let kind = |n: usize| Kind::parse(&format!("flood.kind_{n}")).unwrap();
    let first = kind(0);
    for n in 0..2 * Kind::INTERNED {
        assert_eq!(kind(n).as_str(), format!("flood.kind_{n}"));
    }
    assert_eq!(Kind::known().len(), Kind::INTERNED);
    assert_eq!(kind(0), first);

    let (late, same, other) = (Kind::parse("late.kind"), Kind::parse("late.kind"), Kind::parse("late.other"));
    assert_eq!(late, same);
    assert_ne!(late, other);
    assert_ne!(late.as_ref().unwrap(), &first);

    let event = Event::builder(late.unwrap()).build().unwrap();
    assert_eq!(Event::from_json(event.to_json()).unwrap().kind(), &same.unwrap());
}

#[test]
fn kinds_past_the_table_share_one_conservative_bit_and_are_compared_as_text() {
    let mut number = 0;
    let mut fresh = || {
        number += 1;
        Kind::parse(&format!("tide.kind_{number}")).unwrap()
    };
    while Kind::known().len() < Kind::INTERNED {
        fresh();
    }
    let (one, other) = (fresh(), fresh());
    let bus = Bus::new();
    let mut exact = bus.subscribe(one.as_str()).unwrap();
    let mut broad = bus.subscribe("tide.*").unwrap();
    let mut tools = bus.subscribe("tool.*").unwrap();
    assert!(bus.wants(&one) && bus.wants(&other));
    for kind in [&one, &other, &one] {
        bus.publish(Event::builder(kind.clone()).build().unwrap()).unwrap();
    }
    let seqs = |subscription: &mut Subscription| -> Vec<u64> {
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
