//! R4: one bad subscriber of a hundred never delays the other ninety-nine.
//!
//! Ninety-nine listen to a session each, the hundredth to everything: well-behaved at first, then bad in one
//! of six ways. Publishes and deliveries are timed one by one, after a warm-up.
//!
//! Each bad run has an all-good one just before it, with the same work in it, since the machine's moods change
//! faster than all six ways take. What a panic costs is work, too: the panicking one is compared with one that
//! works as long as an unwinding takes; the re-entering one with a neighbour that publishes as much.

use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use newswire::{
    Bus, Event, HandlerOptions, Listener, Scope, ScopeField, SubscribeOptions, Subscription, WhenFull,
};
use parking_lot::Mutex;

use super::planned;
use crate::report::{Limit, Line};
use crate::sample;
use crate::scale::Scale;

const GOOD: usize = 99;
/// How many events come at each beat; fifty thousand a second.
const PER_BEAT: u32 = 50;
const BEAT: Duration = Duration::from_millis(1);
/// How deep the one that re-enters goes with each event.
const DEPTH: usize = 3;

const WAYS: [Way; 6] = [
    Way::SleepsForEver,
    Way::PanicsEveryTime,
    Way::SpinsACore,
    Way::NeverPolls,
    Way::BlocksFull,
    Way::Reenters,
];

/// How the hundredth behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It does its work, and that takes as long.
    Works(Duration),
    /// It is good; what the one that re-enters would publish comes from a thread of its own.
    HasNeighbour,
    SleepsForEver,
    PanicsEveryTime,
    SpinsACore,
    NeverPolls,
    BlocksFull,
    Reenters,
}

/// What the others and the publisher saw.
struct Seen {
    publish: Histogram<u64>,
    delivery: Histogram<u64>,
    lost: u64,
}

/// The hundredth, kept alive.
enum Hundredth {
    Called(#[expect(dead_code, reason = "held for its Drop")] Listener),
    Pulled(#[expect(dead_code, reason = "held for its Drop")] Subscription),
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let beats = scale.pick(100, 5_000);
    let repeats = scale.pick(1, 5);
    let mut ratios = vec![[vec![], vec![], vec![]]; WAYS.len()];
    let mut lost = [0; WAYS.len()];
    for _ in 0..repeats {
        for (place, way) in WAYS.into_iter().enumerate() {
            let [good, bad] = [way.all_good(), way].map(|way| {
                let seen = run(way, beats);
                eprintln!("R4: {:20} {}", format!("{way:?}"), seen.figures());
                seen
            });
            let ratio = |pick: fn(&Seen) -> u64| pick(&bad) as f64 / pick(&good).max(1) as f64;
            let figures: [fn(&Seen) -> u64; 3] =
                [|seen| seen.publish(0.99), |seen| seen.publish(0.999), |seen| seen.delivery(0.99)];
            for (all, figure) in ratios[place].iter_mut().zip(figures) {
                all.push(ratio(figure));
            }
            lost[place] += bad.lost;
        }
    }
    let lines = |(place, way): (usize, Way)| {
        let named = |what: &str| format!("R4.{way:?}.{what}");
        let [p99, p999, delivery] = &ratios[place];
        let ratio = |what, all: &Vec<f64>, limit| {
            Line::new(named(what), median(all), Limit::AtMost(limit), "ratio").with("all", all.clone())
        };
        [
            ratio("publish_p99", p99, 1.10),
            ratio("publish_p99.9", p999, 1.5),
            ratio("delivery_p99", delivery, 1.25),
            Line::new(named("lost"), lost[place] as f64, Limit::AtMost(0.0), "events"),
        ]
    };
    WAYS.into_iter().enumerate().flat_map(lines).collect()
}

fn run(way: Way, beats: u32) -> Seen {
    let (bus, began, over) = (Bus::new(), Instant::now(), Arc::new(AtomicBool::new(false)));
    let warm_up = i64::from(beats / 5) * BEAT.as_nanos() as i64;
    let delivered: Vec<_> = (0..GOOD).map(|_| Arc::new(Mutex::new(histogram()))).collect();
    let listen = |(session, times): (usize, &Arc<Mutex<Histogram<u64>>>)| {
        let times = times.clone();
        let handler = move |event: &Event| {
            if event.time_ns() > warm_up {
                let now = began.elapsed().as_nanos() as i64;
                times.lock().saturating_record((now - event.time_ns()).unsigned_abs());
            }
        };
        bus.on(format!("session = \"s-{session}\"").as_str(), handler).expect("a listener")
    };
    let listeners: Vec<_> = delivered.iter().enumerate().map(listen).collect();
    let hundredth = hundredth(&bus, way, &over);
    let scopes: Vec<_> = (0..GOOD)
        .map(|n| Scope::new().with(ScopeField::Session, format!("s-{n}")).expect("a short id"))
        .collect();

    let neighbour = (way == Way::HasNeighbour).then(|| neighbour(&bus, beats, began));
    let mut publish = histogram();
    let mut sessions = scopes.iter().cycle();
    for beat in 1..=beats {
        for _ in 0..PER_BEAT {
            let scope = sessions.next().expect("a cycle").clone();
            let mark = began.elapsed().as_nanos() as i64;
            let event = Event::builder(sample::kind()).scope(scope).time_ns(mark).json(sample::PAYLOAD);
            let event = event.build().expect("a small event");
            let before = Instant::now();
            bus.publish(event).expect("an open bus");
            if mark > warm_up {
                publish.saturating_record(before.elapsed().as_nanos() as u64);
            }
        }
        std::thread::sleep((BEAT * beat).saturating_sub(began.elapsed()));
    }
    if let Some(neighbour) = neighbour {
        neighbour.join().expect("a neighbour that ends");
    }
    over.store(true, Ordering::Relaxed);
    drop(hundredth);
    bus.close(Duration::from_secs(60));
    let books = listeners.iter().map(|listener| listener.stats().books);
    let lost = books.map(|books| books.matched - books.handled).sum();
    let mut delivery = histogram();
    for times in delivered {
        delivery.add(&*times.lock()).expect("histograms of one kind");
    }
    Seen { publish, delivery, lost }
}

/// What the one that re-enters publishes on `event`: one tag deeper.
fn nested(event: &Event) -> Event {
    let mut nested = Event::builder(sample::kind()).tag("nested");
    for tag in event.tags() {
        nested = nested.tag(format!("{tag}+"));
    }
    nested.build().expect("a small event")
}

/// Publishes at every beat what the one that re-enters would.
fn neighbour(bus: &Bus, beats: u32, began: Instant) -> JoinHandle<()> {
    let bus = bus.clone();
    let first = Event::builder(sample::kind()).build().expect("a small event");
    std::thread::spawn(move || {
        for beat in 1..=beats {
            for _ in 0..PER_BEAT {
                let mut event = nested(&first);
                for _ in 1..DEPTH {
                    bus.publish(event.clone()).expect("an open bus");
                    event = nested(&event);
                }
                bus.publish(event).expect("an open bus");
            }
            std::thread::sleep((BEAT * beat).saturating_sub(began.elapsed()));
        }
    })
}

fn hundredth(bus: &Bus, way: Way, over: &Arc<AtomicBool>) -> Hundredth {
    let (inner, over) = (bus.clone(), over.clone());
    let call = |handler: Box<dyn Fn(&Event) + Send + Sync>| {
        let handler = move |event: &Event| handler(event);
        Hundredth::Called(bus.on_with("*", HandlerOptions::default(), handler).expect("a listener"))
    };
    match way {
        Way::Works(time) => call(Box::new(move |_| {
            let began = Instant::now();
            while began.elapsed() < time {
                std::hint::spin_loop();
            }
        })),
        Way::HasNeighbour => call(Box::new(|_| {})),
        Way::SleepsForEver => call(Box::new(move |_| {
            while !over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(10));
            }
        })),
        Way::PanicsEveryTime => call(Box::new(|_| planned::panic())),
        Way::SpinsACore => call(Box::new(move |_| {
            while !over.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        })),
        Way::Reenters => call(Box::new(move |event| {
            if event.tags().count() < DEPTH {
                let _ = inner.publish(nested(event));
            }
        })),
        Way::NeverPolls => Hundredth::Pulled(bus.subscribe("*").expect("a subscription")),
        Way::BlocksFull => {
            let options = SubscribeOptions {
                buffer: 16,
                when_full: WhenFull::Block,
                max_wait: Duration::from_millis(10),
                ..SubscribeOptions::default()
            };
            Hundredth::Pulled(bus.subscribe_with("*", options).expect("a subscription"))
        }
    }
}

impl Way {
    /// The same work, and nobody bad.
    fn all_good(self) -> Self {
        match self {
            Self::PanicsEveryTime => Self::Works(time_of_a_panic()),
            Self::Reenters => Self::HasNeighbour,
            _ => Self::Works(Duration::ZERO),
        }
    }
}

/// How long a panic takes from its raising to its catching.
fn time_of_a_panic() -> Duration {
    const TIMES: u32 = 10_000;
    let began = Instant::now();
    for _ in 0..TIMES {
        let _ = catch_unwind(|| planned::panic());
    }
    began.elapsed() / TIMES
}

impl Seen {
    fn publish(&self, quantile: f64) -> u64 {
        self.publish.value_at_quantile(quantile)
    }

    fn delivery(&self, quantile: f64) -> u64 {
        self.delivery.value_at_quantile(quantile)
    }

    fn figures(&self) -> String {
        let us = |ns: u64| ns as f64 / 1e3;
        format!(
            "publish p50 {:.1} p99 {:.1} p99.9 {:.1} us; delivery p50 {:.1} p99 {:.1} us; lost {}",
            us(self.publish(0.5)),
            us(self.publish(0.99)),
            us(self.publish(0.999)),
            us(self.delivery(0.5)),
            us(self.delivery(0.99)),
            self.lost
        )
    }
}

/// Up to a minute, to three digits.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("bounds that make sense")
}

fn median(all: &[f64]) -> f64 {
    let mut sorted = all.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
