//! P3: events per second through 4 subscribers, until each has had every event.
//!
//! Held against the limit: consumers that wait as a user's loop does, each fabric in its own way, while a
//! long burst flows; they are awake as long as it does. Beside it the consumers of P2, which poll and yield
//! in bursts of 1024: there most of the time is the kernel's, switching between the pollers.

use crate::contest::Contest;
use crate::harness::{COLUMNS, Habit, Load, WALL, run};
use crate::peers::newswire_bus::{self, Setup};
use crate::peers::{broadcast, channels};
use crate::report::{Limit, Line};
use crate::scale::Scale;

use super::p2_publisher;

const SUBSCRIBERS: usize = 4;
/// Room for a long burst.
const CAPACITY: usize = 16_384;

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let held = |name: &str, capacity: usize, load: Load| {
        let (plain, history) = (Setup::default(), Setup { history: 4096, ..Setup::default() });
        Contest::new(format!("P3: {SUBSCRIBERS} {name} subscribers"), COLUMNS)
            .enter("tokio::broadcast", || run(broadcast::open(SUBSCRIBERS, capacity), load))
            .enter("newswire", || run(newswire_bus::open(&plain, SUBSCRIBERS, capacity), load))
            .enter("newswire, history", || run(newswire_bus::open(&history, SUBSCRIBERS, capacity), load))
            .enter("crossbeam, one each", || run(channels::open(SUBSCRIBERS, capacity), load))
            .hold(scale.rounds())
    };
    let flow = Load { publishers: 1, habit: Habit::Blocking, burst: CAPACITY, bursts: scale.pick(2, 25) };
    let flowing = held("waiting", CAPACITY, flow);
    let polling = held("polling", p2_publisher::CAPACITY, p2_publisher::load(scale));
    let rate = |name| (1e9 / flowing.median(name, WALL)).round();
    let line =
        Line::new("P3", flowing.ratio("tokio::broadcast", "newswire", WALL), Limit::AtLeast(3.0), "ratio")
            .beside("tokio::broadcast")
            .with("events_per_s", rate("newswire"))
            .with("peer_events_per_s", rate("tokio::broadcast"))
            .with("polling_ratio", polling.ratio("tokio::broadcast", "newswire", WALL))
            .with("ns", flowing.medians())
            .with("polling_ns", polling.medians());
    vec![line]
}
