//! P2: what a publish costs the publisher while 1, 4 or 16 subscribers are awake.
//!
//! Held against the limit: unfiltered `DropOldest` subscribers without history, the default. Beside it, with
//! history, filtered, and under the other policies.

use newswire::{Filter, WhenFull};

use crate::contest::Contest;
use crate::harness::{COLUMNS, Habit, Load, PUBLISHER, run};
use crate::peers::newswire_bus::{self, Setup};
use crate::peers::{broadcast, channels};
use crate::report::{Limit, Line};
use crate::scale::Scale;

/// The room that a subscriber has: Newswire's default.
pub(super) const CAPACITY: usize = 1024;

/// Bursts that just fit, to consumers that stay awake.
pub(super) fn load(scale: Scale) -> Load {
    Load { publishers: 1, habit: Habit::Polling, burst: CAPACITY, bursts: scale.pick(10, 150) }
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let plain = Setup::default();
    let history = Setup { history: 4096, ..plain.clone() };
    let filtered = Setup { filter: Filter::parse("tool.*").expect("a filter"), ..plain.clone() };
    let newest = Setup { when_full: WhenFull::DropNewest, ..plain.clone() };
    let block = Setup { when_full: WhenFull::Block, ..plain.clone() };
    let goal = |(subscribers, limit)| {
        let newswire = |setup| move || run(newswire_bus::open(setup, subscribers, CAPACITY), load(scale));
        let outcome = Contest::new(format!("P2: {subscribers} awake subscribers"), COLUMNS)
            .enter("tokio::broadcast", || run(broadcast::open(subscribers, CAPACITY), load(scale)))
            .enter("newswire", newswire(&plain))
            .enter("newswire, history", newswire(&history))
            .enter("newswire, tool.*", newswire(&filtered))
            .enter("newswire, DropNewest", newswire(&newest))
            .enter("newswire, Block", newswire(&block))
            .enter("crossbeam, one each", || run(channels::open(subscribers, CAPACITY), load(scale)))
            .hold(scale.rounds());
        let ratio = |name| outcome.ratio(name, "tokio::broadcast", PUBLISHER);
        Line::new(format!("P2.{subscribers}"), ratio("newswire"), Limit::AtMost(limit), "ratio")
            .beside("tokio::broadcast")
            .with("with_history", ratio("newswire, history"))
            .with("ns", outcome.medians())
    };
    [(1, 0.6), (4, 0.5), (16, 0.4)].map(goal).into()
}
