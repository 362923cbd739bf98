//! R1: books always balance: in random programs beside the reference model, in storms of them, and in every
//! snapshot while a crowd publishes to consumers of every mode and policy.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use newswire::{Bus, Event, Field, HandlerOptions, Listener, Mode, SubscribeOptions, Subscription, WhenFull};
use proptest::strategy::Strategy;
use proptest::test_runner::TestRunner;

use super::model::{program, random, storm};
use super::watch::within;
use crate::report::{Limit, Line};
use crate::sample;
use crate::scale::Scale;

/// Programs that are drawn by one runner; a fault in one of them ends it.
const DRAWN: u32 = 100;
const PUBLISHERS: u64 = 8;
/// Of each, how many consumers there are: sixteen in all.
const OF_EACH_MODE: usize = 3;
const PULLED: usize = 4;
const LIMIT: Duration = Duration::from_secs(600);
/// After which programs or the crowd will not end any more.
const HUNG: Duration = Duration::from_secs(3_600);

/// What the crowd came to.
#[derive(Default)]
struct Crowd {
    snapshots: u64,
    unbalanced: u64,
    unaccounted: u64,
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let programs: u32 = scale.pick(300, 1_000_000);
    let each: u64 = scale.pick(1_250, 12_500_000);
    let faults = within(HUNG, move || play(programs / DRAWN));
    let found = within(HUNG, move || crowd(each));
    let hangs = u64::from(faults.is_none()) + u64::from(found.is_none());
    let crowd = found.unwrap_or_default();
    let count = |name: &str, value: u64, unit| {
        Line::new(format!("R1.{name}"), value as f64, Limit::AtMost(0.0), unit)
    };
    let of_crowd = |name: &str, value: u64, unit| {
        count(name, value, unit)
            .with("events", PUBLISHERS * each)
            .with("consumers", PULLED + 4 * OF_EACH_MODE)
            .with("snapshots", crowd.snapshots)
    };
    vec![
        count("programs", faults.unwrap_or_default(), "draws").with("programs", programs),
        of_crowd("unbalanced", crowd.unbalanced, "snapshots"),
        of_crowd("unaccounted", crowd.unaccounted, "events"),
        count("hangs", hangs, "parts"),
    ]
}

/// How many of these draws held a program that went wrong.
fn play(draws: u32) -> u64 {
    let (next, faults) = (AtomicU32::new(0), AtomicU64::new(0));
    let work = || {
        loop {
            let draw = next.fetch_add(1, Ordering::Relaxed);
            if draw >= draws {
                break;
            }
            let held = match draw % 10 {
                1 => hold(&random::program(), |steps| program::play(steps, false)),
                2 => hold(&random::storm(), |storm| {
                    storm::play(storm);
                }),
                _ => hold(&random::program(), |steps| program::play(steps, true)),
            };
            faults.fetch_add(u64::from(!held), Ordering::Relaxed);
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    faults.into_inner()
}

/// Plays programs that are drawn at random, and shows the smallest that goes wrong.
fn hold<S: Strategy>(programs: &S, play: impl Fn(&S::Value)) -> bool
where
    S::Value: Debug,
{
    let drawn = TestRunner::new(random::cases(DRAWN)).run(programs, |program| {
        play(&program);
        Ok(())
    });
    drawn.inspect_err(|fault| eprintln!("R1: {fault}")).is_ok()
}

fn crowd(each: u64) -> Crowd {
    let (bus, over) = (Bus::new(), AtomicBool::new(false));
    let (listeners, pulled) = (listeners(&bus), pulled(&bus));
    thread::scope(|scope| {
        let observer = scope.spawn(|| {
            let (mut snapshots, mut unbalanced) = (0, 0);
            while !over.load(Ordering::Acquire) {
                let stats = bus.stats();
                for stats in stats.subscriptions.iter().chain(&stats.ended) {
                    snapshots += 1;
                    unbalanced += u64::from(!stats.books.balance());
                }
                thread::yield_now();
            }
            (snapshots, unbalanced)
        });
        let pulling = pulled.map(|mut subscription| {
            scope.spawn(move || {
                let mut batch = Vec::new();
                while subscription.next_batch(&mut batch, 256) > 0 {
                    batch.clear();
                }
                subscription.stats().books
            })
        });
        let publishing: Vec<_> = (0..PUBLISHERS)
            .map(|_| {
                scope.spawn(|| {
                    (0..each).for_each(|mark| {
                        bus.publish(sample::event(mark as i64)).expect("an open bus");
                    });
                })
            })
            .collect();
        publishing.into_iter().for_each(|publisher| publisher.join().expect("no panic"));
        let complete = bus.close(LIMIT).complete;
        over.store(true, Ordering::Release);
        let (snapshots, mut unbalanced) = observer.join().expect("no panic");
        let pulled = pulling.map(|consumer| consumer.join().expect("no panic"));
        let mut unaccounted = u64::from(!complete);
        for books in listeners.iter().map(|listener| listener.stats().books).chain(pulled) {
            unbalanced += u64::from(!books.balance());
            unaccounted += books.matched.abs_diff(PUBLISHERS * each)
                + books.matched.abs_diff(books.handled + books.failed + books.dropped);
        }
        Crowd { snapshots, unbalanced, unaccounted }
    })
}

fn queue(when_full: WhenFull) -> SubscribeOptions {
    SubscribeOptions { when_full, max_wait: LIMIT, ..SubscribeOptions::default() }
}

fn listeners(bus: &Bus) -> Vec<Listener> {
    let key = Field::parse("session").expect("a field");
    let modes = [Mode::Inline, Mode::Locked, Mode::Keyed(key), Mode::Concurrent(2)];
    let policies: [_; OF_EACH_MODE] = [WhenFull::DropOldest, WhenFull::DropNewest, WhenFull::Block];
    let all = modes.iter().flat_map(|mode| policies.map(|when_full| (mode.clone(), when_full)));
    let listen = |(mode, when_full)| {
        let options = HandlerOptions { queue: queue(when_full), mode, ..HandlerOptions::default() };
        let handler = |event: &Event| {
            if sample::touch(event) % 7 == 0 { Err("as agreed") } else { Ok(()) }
        };
        bus.on_with(sample::KIND, options, handler).expect("a listener")
    };
    all.map(listen).collect()
}

/// One of them is on the tape, one has a queue of its own though it drops its oldest.
fn pulled(bus: &Bus) -> [Subscription; PULLED] {
    let own = SubscribeOptions { internal: true, ..queue(WhenFull::DropOldest) };
    let policies = [WhenFull::DropOldest, WhenFull::DropNewest, WhenFull::Block].map(queue);
    let [tape, newest, block] = policies;
    [tape, own, newest, block]
        .map(|options| bus.subscribe_with(sample::KIND, options).expect("a subscription"))
}
