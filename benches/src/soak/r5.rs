//! R5: a million panics of handlers: no exit, exact counters, no memory lost; a repeat offender is set aside
//! and announced.

use std::time::Duration;

use newswire::{Bus, Event, HandlerOptions, Mode, SubscribeOptions, WhenFull};

use super::planned;
use crate::report::{Limit, Line};
use crate::sample;
use crate::scale::Scale;

const LIMIT: Duration = Duration::from_secs(60);

/// What one mode of serving came to.
struct Outcome {
    miscounted: u64,
    growth: f64,
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let panics = scale.pick(2_000, 500_000);
    let modes = [("inline", Mode::Inline), ("locked", Mode::Locked)];
    let outcomes = modes.map(|(name, mode)| (name, all_panic(mode, panics)));
    let miscounted: u64 = outcomes.iter().map(|(_, outcome)| outcome.miscounted).sum();
    let growth = outcomes.iter().map(|(_, outcome)| outcome.growth).fold(0.0, f64::max);
    vec![
        Line::new("R5.miscounted", miscounted as f64, Limit::AtMost(0.0), "events")
            .with("panics", 2 * panics),
        Line::new("R5.rss", growth * 100.0, Limit::AtMost(1.0), "% growth"),
        Line::new("R5.unannounced", unannounced() as f64, Limit::AtMost(0.0), "offenders"),
    ]
}

fn all_panic(mode: Mode, panics: u64) -> Outcome {
    let bus = Bus::new();
    let queue =
        SubscribeOptions { when_full: WhenFull::Block, max_wait: LIMIT, ..SubscribeOptions::default() };
    let options = HandlerOptions { queue, mode, ..HandlerOptions::default() };
    let listener = bus.on_with("*", options, |_: &Event| -> () { planned::panic() }).expect("a listener");
    let publish = |count: u64| {
        for mark in 0..count {
            bus.publish(sample::event(mark as i64)).expect("an open bus");
        }
    };
    let warm_up = panics / 5;
    publish(warm_up);
    let before = resident();
    publish(panics - warm_up);
    let after = resident();
    let complete = bus.close(LIMIT).complete;
    let books = listener.stats().books;
    let miscounted = panics.abs_diff(books.panicked) + panics.abs_diff(books.matched);
    Outcome { miscounted: miscounted + u64::from(!complete), growth: (after / before - 1.0).max(0.0) }
}

/// How many of two offenders were not set aside exactly at their limit, or not announced.
fn unannounced() -> u64 {
    let faults = |mode| {
        let bus = Bus::new();
        let internal = SubscribeOptions { internal: true, ..SubscribeOptions::default() };
        let mut notices = bus.subscribe_with("bus.subscription.suspended", internal).expect("a subscription");
        let options = HandlerOptions { mode, set_aside_after: Some(100), ..HandlerOptions::default() };
        let listener =
            bus.on_with("tool.*", options, |_: &Event| -> () { planned::panic() }).expect("a listener");
        sample::events(0, 200).into_iter().for_each(|event| {
            bus.publish(event).expect("an open bus");
        });
        let announced = notices.next_timeout(LIMIT).is_ok();
        let stats = listener.stats();
        let exact = stats.set_aside && (stats.books.panicked, stats.books.queued) == (100, 100);
        u64::from(!announced || !exact)
    };
    faults(Mode::Inline) + faults(Mode::Locked)
}

/// Memory of this process that is in use, in pages.
fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|line| line.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok()));
    pages.unwrap_or(1.0)
}
