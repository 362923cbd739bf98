//! P5: a publish that finds the consumer asleep, as in most agents, and what the next ones cost.
//!
//! The wake is the system's price, paid once per idle-to-busy: the further publishes of a burst show that
//! it isn't paid again.

use crate::contest::Contest;
use crate::harness::run_asleep;
use crate::peers::newswire_bus::{self, Setup};
use crate::peers::{broadcast, channels};
use crate::report::{Limit, Line};
use crate::scale::Scale;

const CAPACITY: usize = 1024;

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let bursts = scale.pick(20, 300);
    let outcome = Contest::new("P5: the consumer sleeps on the other processor", ["first ns", "further ns"])
        .enter("tokio::broadcast", || run_asleep(broadcast::open(1, CAPACITY), bursts, 16))
        .enter("newswire", || run_asleep(newswire_bus::open(&Setup::default(), 1, CAPACITY), bursts, 16))
        .enter("crossbeam", || run_asleep(channels::open(1, CAPACITY), bursts, 16))
        .hold(scale.rounds());
    let line = Line::new("P5", outcome.ratio("newswire", "tokio::broadcast", 0), Limit::AtMost(1.1), "ratio")
        .beside("tokio::broadcast")
        .with("ns", outcome.medians());
    vec![line]
}
