//! Which structure delivers best: prototypes on the workloads of P2, P3, P5 and P8. No goal, so no line.
//!
//! P6 needs no measurement: queues and a log for each filter leave those alone that don't match, while all
//! readers of a single ring look at every event; that is their "all threads" at 16 subscribers.

use std::sync::OnceLock;
use std::time::Duration;

use newswire::Event;

use crate::contest::Contest;
use crate::harness::{COLUMNS, Habit, Load, run, run_asleep};
use crate::peers::{broadcast, channels};
use crate::report::Line;
use crate::scale::Scale;
use crate::structures::raw::Raw;
use crate::structures::{log, queues, ring};

use super::p2_publisher::{CAPACITY, load};

type Safe = OnceLock<Event>;

/// How long a lingering consumer stays awake.
const LINGER: Duration = Duration::from_micros(50);

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    for habit in [Habit::Polling, Habit::Blocking] {
        for subscribers in [1, 4, 16] {
            let title = format!("structures: {subscribers} subscribers, {habit:?}");
            contest(title, subscribers, CAPACITY, Load { habit, ..load(scale) }, scale);
        }
    }
    for publishers in [1, 2, 4, 16] {
        let burst = 16_384;
        let load = Load { publishers, habit: Habit::Blocking, burst, bursts: scale.pick(2, 15) };
        contest(format!("structures: {publishers} publishers"), 1, burst, load, scale);
    }
    asleep(scale);
    Vec::new()
}

fn contest(title: String, subscribers: usize, capacity: usize, load: Load, scale: Scale) {
    Contest::new(title, COLUMNS)
        .enter("tokio::broadcast", || run(broadcast::open(subscribers, capacity), load))
        .enter("crossbeam, one each", || run(channels::open(subscribers, capacity), load))
        .enter("queues", || run(queues::open(subscribers, capacity), load))
        .enter("ring", || run(ring::open(subscribers, capacity), load))
        .enter("log, safe slots", || run(log::open::<Safe>(subscribers, Duration::ZERO), load))
        .enter("log, raw slots", || run(log::open::<Raw>(subscribers, Duration::ZERO), load))
        .enter("log, raw slots, lingering", || run(log::open::<Raw>(subscribers, LINGER), load))
        .hold(scale.rounds());
}

fn asleep(scale: Scale) {
    let bursts = scale.pick(20, 300);
    Contest::new("structures: the consumer sleeps on the other processor", ["first ns", "further ns"])
        .enter("tokio::broadcast", || run_asleep(broadcast::open(1, CAPACITY), bursts, 16))
        .enter("crossbeam", || run_asleep(channels::open(1, CAPACITY), bursts, 16))
        .enter("queues", || run_asleep(queues::open(1, CAPACITY), bursts, 16))
        .enter("ring", || run_asleep(ring::open(1, CAPACITY), bursts, 16))
        .enter("log, safe slots", || run_asleep(log::open::<Safe>(1, Duration::ZERO), bursts, 16))
        .enter("log, raw slots", || run_asleep(log::open::<Raw>(1, Duration::ZERO), bursts, 16))
        .enter("log, raw slots, lingering", || run_asleep(log::open::<Raw>(1, LINGER), bursts, 16))
        .hold(scale.rounds());
}
