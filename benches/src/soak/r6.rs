//! R6: shutdown always ends: closes at random moments while publishers are blocked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use newswire::{Bus, CloseReport, Event, HandlerOptions, Mode, SubscribeOptions, Subscription, WhenFull};

use super::watch::within;
use crate::report::{Limit, Line};
use crate::sample;
use crate::scale::Scale;

/// After which a round has hung, however busy the machine is.
const HUNG: Duration = Duration::from_secs(60);
/// The drain deadline where a handler doesn't return.
const DEADLINE: Duration = Duration::from_millis(20);
const PUBLISHERS: usize = 3;

/// What a round found.
#[derive(Default)]
struct Found {
    unaccounted: u64,
    reopened: u64,
    differing: u64,
    /// How far from its deadline a close came back, where the deadline ended it.
    off_by: Duration,
}

/// Who closes, and what stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Outside,
    InsideHandler,
    StuckHandler,
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let rounds: u64 = scale.pick(60, 10_000);
    let (mut hangs, mut all) = (0, Found::default());
    for round in 0..rounds {
        let way = match round % 10 {
            0 => Way::StuckHandler,
            1 | 2 => Way::InsideHandler,
            _ => Way::Outside,
        };
        match within(HUNG, move || close_at_random(round, way)) {
            None => hangs += 1,
            Some(found) => {
                all.unaccounted += found.unaccounted;
                all.reopened += found.reopened;
                all.differing += found.differing;
                all.off_by = all.off_by.max(found.off_by);
            }
        }
    }
    let count = |name: &str, value: u64, unit| {
        Line::new(format!("R6.{name}"), value as f64, Limit::AtMost(0.0), unit).with("rounds", rounds)
    };
    vec![
        count("hangs", hangs, "closes"),
        count("unaccounted", all.unaccounted, "events"),
        count("reopened", all.reopened, "publishes"),
        count("differing", all.differing, "reports"),
        Line::new("R6.deadline", all.off_by.as_secs_f64() * 1e3, Limit::AtMost(50.0), "ms off")
            .with("rounds", rounds / 10),
    ]
}

fn close_at_random(round: u64, way: Way) -> Found {
    let bus = Bus::new();
    let queue = |buffer, when_full| SubscribeOptions {
        buffer,
        when_full,
        max_wait: Duration::from_secs(60),
        ..SubscribeOptions::default()
    };
    let may_return = Arc::new(AtomicBool::new(false));
    let handled = |mode, when_full| {
        let (inner, may_return) = (bus.clone(), may_return.clone());
        let counted = AtomicU64::new(0);
        let closes_at = 1 + random(round) % 40;
        let handler = move |_: &Event| match way {
            Way::InsideHandler if counted.fetch_add(1, Ordering::Relaxed) == closes_at => {
                inner.close(HUNG);
            }
            Way::StuckHandler => {
                while !may_return.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            _ => std::thread::yield_now(),
        };
        let options = HandlerOptions { queue: queue(4, when_full), mode, ..HandlerOptions::default() };
        bus.on_with("*", options, handler).expect("a listener")
    };
    let listeners = [
        handled(Mode::Locked, WhenFull::Block),
        handled(Mode::Concurrent(2), WhenFull::DropOldest),
        handled(Mode::Locked, WhenFull::DropNewest),
    ];
    let internal = SubscribeOptions { internal: true, ..SubscribeOptions::default() };
    let notices = bus.subscribe_with("bus.*", internal).expect("a subscription");
    let mut unread = bus.subscribe_with("*", queue(64, WhenFull::Block)).expect("a subscription");
    let publishers: [_; PUBLISHERS] = std::array::from_fn(|_| {
        let bus = bus.clone();
        std::thread::spawn(move || {
            (0..).take_while(|mark| bus.publish(sample::event(*mark)).is_ok()).count() as u64
        })
    });
    std::thread::sleep(Duration::from_micros(random(round ^ 0x5bd1) % 5_000));
    let deadline = if way == Way::StuckHandler { DEADLINE } else { HUNG };
    let began = Instant::now();
    let report = bus.close(deadline);
    let took = began.elapsed();
    let abandoned = report.abandoned > 0;
    let accepted = publishers.into_iter().map(|publisher| publisher.join().expect("no panic")).sum();
    let reopened = (0..3).filter(|mark| bus.publish(sample::event(*mark)).is_ok()).count() as u64;
    let is_whole = report.abandoned + report.discarded == 0;
    // At the deadline a handler may have had everything and still be let go of, which is nothing abandoned.
    let is_told = report.complete == is_whole || !report.complete && took >= deadline;
    let differing = u64::from(differs(&report, &bus.close(HUNG)) || !is_told);
    may_return.store(true, Ordering::Relaxed);
    let expected = accepted + notices.stats().books.matched;
    let mut unaccounted = bus.stats().published.abs_diff(expected) + left_over(&mut unread, accepted);
    for listener in &listeners {
        let books = listener.stats().books;
        let running = books.in_flight.min(u64::from(abandoned) * 2);
        unaccounted += books.matched.abs_diff(accepted)
            + books.queued
            + books.waiting
            + (books.in_flight - running)
            + u64::from(!books.balance());
    }
    let off_by = if abandoned { took.abs_diff(deadline) } else { Duration::ZERO };
    Found { unaccounted, reopened, differing, off_by }
}

fn differs(first: &CloseReport, again: &CloseReport) -> bool {
    let facts = |report: &CloseReport| (report.complete, report.last_seq, report.abandoned, report.discarded);
    facts(first) != facts(again)
}

/// What a subscription that nobody read has lost without a word: it stays readable, tells its gaps, and ends.
fn left_over(unread: &mut Subscription, accepted: u64) -> u64 {
    let told: u64 = unread
        .map(|delivery| match delivery {
            newswire::Delivery::Event(_) => 1,
            newswire::Delivery::Gap(gap) => gap.count,
        })
        .sum();
    told.abs_diff(accepted) + u64::from(!unread.stats().books.balance())
}

/// A number that looks random, the same for the same round.
fn random(round: u64) -> u64 {
    let mut mixed = round.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
