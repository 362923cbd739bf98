//! P3: events per second through 4 subscribers, until each has had every event.

use crate::contest::Contest;
use crate::harness::{COLUMNS, Habit, Load, WALL, run};
use crate::peers::newswire_bus::{self, Setup};
use crate::peers::{broadcast, channels};
use crate::report::{Limit, Line};
use crate::scale::Scale;

use super::p2_publisher::{CAPACITY, load};

const SUBSCRIBERS: usize = 4;

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let held = |name: &str, load: Load| {
        let (plain, history) = (Setup::default(), Setup { history: 4096, ..Setup::default() });
        Contest::new(format!("P3: {SUBSCRIBERS} {name} subscribers"), COLUMNS)
            .enter("tokio::broadcast", || run(broadcast::open(SUBSCRIBERS, CAPACITY), load))
            .enter("newswire", || run(newswire_bus::open(&plain, SUBSCRIBERS, CAPACITY), load))
            .enter("newswire, history", || run(newswire_bus::open(&history, SUBSCRIBERS, CAPACITY), load))
            .enter("crossbeam, one each", || run(channels::open(SUBSCRIBERS, CAPACITY), load))
            .hold(scale.rounds())
    };
    let awake = held("awake", load(scale));
    let blocking = held("blocking", Load { habit: Habit::Blocking, ..load(scale) });
    let rate = |name| (1e9 / awake.median(name, WALL)).round();
    let line =
        Line::new("P3", awake.ratio("tokio::broadcast", "newswire", WALL), Limit::AtLeast(3.0), "ratio")
            .beside("tokio::broadcast")
            .with("events_per_s", rate("newswire"))
            .with("peer_events_per_s", rate("tokio::broadcast"))
            .with("blocking_ratio", blocking.ratio("tokio::broadcast", "newswire", WALL))
            .with("ns", awake.medians())
            .with("blocking_ns", blocking.medians());
    vec![line]
}
