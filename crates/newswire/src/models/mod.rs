//! Models of the concurrent parts, checked by loom: every interleaving of a few threads, up to two
//! preemptions, of the very code that runs.
//!
//! Threads of a model are loom's; handlers that a worker would serve are served by whichever of them calls
//! [`Pool::work`](crate::handler::pool::Pool::work). No deadline ever comes; a consumer that leaves early is
//! modelled by one that doesn't park, and loom wakes each parked thread once for no reason.

mod ending;
mod handlers;
mod order;
mod parts;
mod sleep;

use crate::bus::Bus;
use crate::delivery::{Delivery, Published};
use crate::event::Event;
use crate::kind::Kind;
use crate::options::SubscribeOptions;
use crate::subscription::pull::Subscription;
use std::time::Duration;

/// Longer than any model takes.
const LONG: Duration = Duration::from_secs(3600);

/// Runs `model` in every interleaving with at most `LOOM_MAX_PREEMPTIONS` (2) preemptions.
fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(2);
    builder.max_branches = 50_000;
    builder.check(model);
}

fn event() -> Event {
    let kind = Kind::parse("model.checked").expect("a kind");
    Event::builder(kind).build().expect("an event")
}

fn publish(bus: &Bus) -> Published {
    bus.publish(event()).unwrap_or_else(|rejected| panic!("{}", rejected.error))
}

fn subscribe(bus: &Bus, options: SubscribeOptions) -> Subscription {
    bus.subscribe_with("model.*", SubscribeOptions { max_wait: LONG, ..options }).expect("a subscription")
}

/// Whatever is there to be taken now.
fn rest_of(subscription: &mut Subscription) -> Vec<Delivery> {
    std::iter::from_fn(|| subscription.try_next().ok().flatten()).collect()
}

/// Asserts that the deliveries account for all seqs from `first` to `last`, in order, each once.
fn assert_accounts_for(deliveries: &[Delivery], first: u64, last: u64) {
    let mut next = first;
    for delivery in deliveries {
        next = match delivery {
            Delivery::Event(event) => {
                assert_eq!(event.seq(), next);
                next + 1
            }
            Delivery::Gap(gap) => {
                assert_eq!((gap.first, gap.count), (next, gap.last + 1 - gap.first), "{gap:?}");
                gap.last + 1
            }
        };
    }
    assert_eq!(next, last + 1, "{deliveries:?}");
}
