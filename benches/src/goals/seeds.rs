//! Beside the shape of a seed system: one listener that is called for every event. No goal, so no line.
//!
//! The original was measured at 1,176 ns per delivered event, with 2,228 of 5,000 events overtaken by a
//! neighbour; what is measured here is its shape in Rust, see [`crate::peers::go_bus`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use newswire::{Bus, Event, HandlerOptions, Mode};

use crate::contest::Contest;
use crate::machine::{process_cpu, thread_cpu};
use crate::peers::go_bus::{BUFFER, GoBus};
use crate::report::Line;
use crate::sample::{events, touch};
use crate::scale::Scale;

const COLUMNS: [&str; 4] = ["publisher ns", "all threads ns", "wall ns", "overtaken per 1000"];

/// What the listener has seen.
#[derive(Default)]
struct Seen {
    count: AtomicU64,
    last: AtomicI64,
    overtaken: AtomicU64,
}

impl Seen {
    fn call(&self, event: &Event) {
        let mark = touch(event);
        if self.last.swap(mark, Ordering::AcqRel) > mark && mark != 0 {
            self.overtaken.fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Release);
    }
}

/// Publishes bursts that fit the buffer and waits until each has been handled.
fn deliver(publish: impl Fn(Event), seen: &Seen, bursts: usize) -> [f64; 4] {
    let (pool, mut spent) = (events(0, BUFFER), [Duration::ZERO; 3]);
    for burst in 1..=bursts {
        let ready = pool.clone();
        let (publisher, process, wall) = (thread_cpu(), process_cpu(), Instant::now());
        ready.into_iter().for_each(&publish);
        spent[0] += thread_cpu() - publisher;
        while seen.count.load(Ordering::Acquire) < (burst * BUFFER) as u64 {
            thread::sleep(Duration::from_micros(20));
        }
        spent[1] += process_cpu() - process;
        spent[2] += wall.elapsed();
    }
    let events = (bursts * BUFFER) as f64;
    let [publisher, process, wall] = spent.map(|spent| spent.as_nanos() as f64 / events);
    [publisher, process, wall, seen.overtaken.load(Ordering::Relaxed) as f64 / events * 1000.0]
}

fn go_bus(bursts: usize) -> [f64; 4] {
    let (bus, seen) = (GoBus::new(), Arc::new(Seen::default()));
    let listener = seen.clone();
    bus.on(None, move |event| listener.call(event));
    deliver(|event| assert!(bus.publish(event), "the burst fits the buffer"), &seen, bursts)
}

fn newswire(mode: Mode, bursts: usize) -> [f64; 4] {
    let (bus, seen) = (Bus::new(), Arc::new(Seen::default()));
    let listener = seen.clone();
    let handler = move |event: &Event| listener.call(event);
    let options = HandlerOptions { mode, ..HandlerOptions::default() };
    let _listener = bus.on_with("*", options, handler).expect("valid options");
    deliver(|event| _ = bus.publish(event).expect("the bus is open"), &seen, bursts)
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let bursts = scale.pick(5, 50);
    Contest::new("seeds: one listener, called for every event", COLUMNS)
        .enter("PromptKit's shape", || go_bus(bursts))
        .enter("newswire, Locked", || newswire(Mode::Locked, bursts))
        .enter("newswire, Inline", || newswire(Mode::Inline, bursts))
        .hold(scale.rounds());
    Vec::new()
}
