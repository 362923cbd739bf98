//! Newswire itself, with all its semantics on: sequence, books, policies, gaps.

use newswire::{Bus, BusOptions, Delivery, Event, Filter, SubscribeOptions, Subscription, WhenFull};

use crate::fabric::{Consumer, Fabric, Opened};

/// How the bus and its subscriptions are set up.
#[derive(Clone)]
pub(crate) struct Setup {
    /// How many events the history keeps.
    pub(crate) history: usize,
    /// What happens at a full queue; it is never reached here, but its price is paid.
    pub(crate) when_full: WhenFull,
    /// What the subscriptions want.
    pub(crate) filter: Filter,
}

impl Default for Setup {
    fn default() -> Self {
        Self { history: 0, when_full: WhenFull::default(), filter: Filter::all() }
    }
}

/// Opens a bus with these subscriptions.
pub(crate) fn open(setup: &Setup, subscribers: usize, capacity: usize) -> Opened<Bus> {
    let bus =
        Bus::with(BusOptions { history: setup.history, ..BusOptions::default() }).expect("valid options");
    let options = SubscribeOptions {
        buffer: capacity,
        buffer_bytes: 1 << 30,
        when_full: setup.when_full,
        ..SubscribeOptions::default()
    };
    let subscribe = |_| bus.subscribe_with(setup.filter.clone(), options.clone()).expect("valid options");
    let consumers = (0..subscribers).map(subscribe).collect();
    (bus, consumers)
}

impl Fabric for Bus {
    type Consumer = Subscription;

    fn publish(&self, event: Event) {
        Bus::publish(self, event).expect("the bus is open");
    }
}

fn event<E>(delivery: Delivery<E>) -> E {
    match delivery {
        Delivery::Event(event) => event,
        Delivery::Gap(gap) => panic!("newswire lost events: {gap:?}"),
    }
}

impl Consumer for Subscription {
    fn poll(&mut self, max: usize, each: &mut impl FnMut(&Event)) -> usize {
        self.visit(max, |delivery| each(event(delivery))).expect("the bus is open")
    }

    fn wait(&mut self, max: usize, each: &mut impl FnMut(&Event)) -> usize {
        each(&event(self.next().expect("the bus is open")));
        1 + self.poll(max - 1, each)
    }
}
