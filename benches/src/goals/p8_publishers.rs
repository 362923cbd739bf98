//! P8: 1, 2, 4 and 16 threads publish, and one subscriber gets all in order: CPU of all threads per event.
//!
//! Bursts are long enough for the publishers to be in each other's way, and the consumer waits as a user's
//! loop does.

use crate::contest::Contest;
use crate::harness::{ALL_THREADS, COLUMNS, Habit, Load, PUBLISHER, run};
use crate::peers::newswire_bus::{self, Setup};
use crate::peers::{broadcast, channels};
use crate::report::{Limit, Line};
use crate::scale::Scale;

const CAPACITY: usize = 16_384;

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let goal = |publishers| {
        let load = Load { publishers, habit: Habit::Blocking, burst: CAPACITY, bursts: scale.pick(2, 15) };
        let (plain, history) = (Setup::default(), Setup { history: 4096, ..Setup::default() });
        let outcome = Contest::new(format!("P8: {publishers} publishers"), COLUMNS)
            .enter("tokio::broadcast", || run(broadcast::open(1, CAPACITY), load))
            .enter("newswire", || run(newswire_bus::open(&plain, 1, CAPACITY), load))
            .enter("newswire, history", || run(newswire_bus::open(&history, 1, CAPACITY), load))
            .enter("crossbeam and a mutex", || run(channels::open(1, CAPACITY), load))
            .hold(scale.rounds());
        let ratio = |name, column| outcome.ratio(name, "tokio::broadcast", column);
        Line::new(format!("P8.{publishers}"), ratio("newswire", ALL_THREADS), Limit::AtMost(0.6), "ratio")
            .beside("tokio::broadcast")
            .with("with_history", ratio("newswire, history", ALL_THREADS))
            .with("publishers_ratio", ratio("newswire", PUBLISHER))
            .with("ns", outcome.medians())
    };
    [1, 2, 4, 16].map(goal).into()
}
