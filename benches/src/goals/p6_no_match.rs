//! P6: subscriptions that don't match cost the publisher nothing, however many they are.
//!
//! One awake subscriber gets every event. Beside it stand 100 and 10,000 others, once of other kinds, once of
//! the same kind in other sessions, each with a filter of its own.

use newswire::{Bus, Event, Filter, SubscribeOptions, Subscription};

use crate::contest::Contest;
use crate::fabric::{Fabric, Opened};
use crate::harness::{COLUMNS, PUBLISHER, run};
use crate::peers::newswire_bus::{self, Setup};
use crate::report::{Limit, Line};
use crate::sample::KIND;
use crate::scale::Scale;

use super::p2_publisher::{CAPACITY, load};

/// A bus with a crowd of subscriptions that never match.
struct Crowded {
    bus: Bus,
    _crowd: Vec<Subscription>,
}

impl Fabric for Crowded {
    type Consumer = Subscription;

    fn publish(&self, event: Event) {
        Fabric::publish(&self.bus, event);
    }
}

fn open(count: usize, filter: impl Fn(usize) -> String) -> Opened<Crowded> {
    let (bus, consumers) = newswire_bus::open(&Setup::default(), 1, CAPACITY);
    let subscribe = |index| {
        let filter = Filter::parse(&filter(index)).expect("a filter");
        bus.subscribe_with(filter, SubscribeOptions::default()).expect("there is room for it")
    };
    let crowd = (0..count).map(subscribe).collect();
    (Crowded { bus, _crowd: crowd }, consumers)
}

fn other_kind(index: usize) -> String {
    // Fewer kinds than a process interns; their filters differ all the same.
    format!("bench.crowd_{} and session=ses_{index}", index % 1000)
}

fn other_session(index: usize) -> String {
    format!("{KIND} and session=other_{index}")
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let load = load(scale);
    let outcome = Contest::new("P6: one subscription matches, the others don't", COLUMNS)
        .enter("alone", || run(open(0, other_kind), load))
        .enter("kinds.100", || run(open(100, other_kind), load))
        .enter("kinds.10000", || run(open(10_000, other_kind), load))
        .enter("sessions.100", || run(open(100, other_session), load))
        .enter("sessions.10000", || run(open(10_000, other_session), load))
        .hold(scale.rounds());
    let line = |name| {
        Line::new(format!("P6.{name}"), outcome.excess(name, "alone", PUBLISHER), Limit::AtMost(10.0), "ns")
            .beside("one subscription alone")
            .with("ns", outcome.median(name, PUBLISHER))
            .with("alone_ns", outcome.median("alone", PUBLISHER))
    };
    ["kinds.100", "kinds.10000", "sessions.100", "sessions.10000"].map(line).into()
}
