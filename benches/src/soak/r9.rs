//! R9: publish, subscribe, unsubscribe and close inside handlers, chains and cycles: no deadlock, no stack
//! overflow, the order of rounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use newswire::{Bus, Event, HandlerOptions, Listener, Mode};
use parking_lot::Mutex;

use super::watch::within;
use crate::report::{Limit, Line};
use crate::sample;
use crate::scale::Scale;

const LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let rounds = scale.pick(2, 100);
    let links = scale.pick(1_000, 10_000);
    let mut scenarios: Vec<(&str, u64)> = vec![("chain", 0), ("cycle", 0), ("rounds", 0), ("everything", 0)];
    for _ in 0..rounds {
        let kept = [
            within(LIMIT, move || chain(links)),
            within(LIMIT, move || cycle(links)),
            within(LIMIT, rounds_in_order),
            within(LIMIT, everything_inside),
        ];
        for ((_, faults), kept) in scenarios.iter_mut().zip(kept) {
            *faults += u64::from(kept != Some(true));
        }
    }
    let line = |(name, faults): (&str, u64)| {
        Line::new(format!("R9.{name}"), faults as f64, Limit::AtMost(0.0), "faults").with("rounds", rounds)
    };
    scenarios.into_iter().map(line).collect()
}

fn on(bus: &Bus, mode: Mode, handler: impl Fn(&Event) + Send + Sync + 'static) -> Listener {
    bus.on_with("*", HandlerOptions { mode, ..HandlerOptions::default() }, handler).expect("a listener")
}

fn publish(bus: &Bus, mark: i64) {
    bus.publish(sample::event(mark)).expect("an open bus");
}

/// Each event publishes the next, before the first publish returns.
fn chain(links: i64) -> bool {
    let (bus, last) = (Bus::new(), Arc::new(AtomicU64::new(0)));
    let (inner, reached) = (bus.clone(), last.clone());
    let _listener = on(&bus, Mode::Inline, move |event| {
        reached.store(event.seq(), Ordering::Relaxed);
        if event.time_ns() < links {
            publish(&inner, event.time_ns() + 1);
        }
    });
    publish(&bus, 1);
    last.load(Ordering::Relaxed) == links.unsigned_abs()
}

/// Two buses play ball.
fn cycle(links: i64) -> bool {
    let (ping, pong) = (Bus::new(), Bus::new());
    let pass_on = |to: &Bus| {
        let to = to.clone();
        move |event: &Event| {
            if event.time_ns() < links {
                publish(&to, event.time_ns() + 1);
            }
        }
    };
    let _listeners = (on(&ping, Mode::Inline, pass_on(&pong)), on(&pong, Mode::Inline, pass_on(&ping)));
    publish(&ping, 1);
    ping.stats().published + pong.stats().published == links.unsigned_abs()
}

/// A nested event comes after the current event's round.
fn rounds_in_order() -> bool {
    let (bus, log) = (Bus::new(), Arc::new(Mutex::new(Vec::new())));
    let (inner, noted) = (bus.clone(), log.clone());
    let first = on(&bus, Mode::Inline, move |event| {
        noted.lock().push((1, event.seq()));
        if event.seq() < 3 {
            publish(&inner, 0);
        }
    });
    let noted = log.clone();
    let second = on(&bus, Mode::Inline, move |event| noted.lock().push((2, event.seq())));
    publish(&bus, 0);
    drop((first, second));
    let order = log.lock().clone();
    order == [(1, 1), (2, 1), (1, 2), (2, 2), (1, 3), (2, 3)]
}

/// Everything that a handler may do with its bus, in every mode, and a close as its last deed.
fn everything_inside() -> bool {
    let modes = [Mode::Inline, Mode::Locked, Mode::Concurrent(2)];
    modes.into_iter().all(|mode| {
        let (bus, inside) = (Bus::new(), Arc::new(AtomicU64::new(0)));
        let (inner, counted) = (bus.clone(), inside.clone());
        let listener = on(&bus, mode, move |event| {
            // Both are errors once the last deed is done.
            let others = inner.on("*", |_: &Event| {});
            let _ = inner.publish(sample::event(event.time_ns() - 1)).is_ok();
            let _ = others.map(|others| others.unsubscribe(LIMIT)).is_ok();
            counted.fetch_add(1, Ordering::Relaxed);
            if event.time_ns() == 0 {
                inner.close(LIMIT);
            }
        });
        publish(&bus, 20);
        while !bus.stats().closed {
            std::thread::yield_now();
        }
        let complete = bus.close(LIMIT).complete;
        complete && inside.load(Ordering::Relaxed) >= 21 && listener.stats().books.balance()
    })
}
