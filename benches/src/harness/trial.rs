//! One trial: so many bursts through one fabric.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use newswire::Event;

use super::consumers::{Consumers, Habit, STOP};
use crate::fabric::{Fabric, Opened};
use crate::machine::{process_cpu, thread_cpu};
use crate::sample;

/// The work of one trial.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// How many threads publish.
    pub(crate) publishers: usize,
    /// How consumers wait.
    pub(crate) habit: Habit,
    /// Events of a burst, over all publishers.
    pub(crate) burst: usize,
    /// How many bursts are measured; a quarter as many go before, unmeasured.
    pub(crate) bursts: usize,
}

/// The columns of a [`Cost`].
pub(crate) const COLUMNS: [&str; 3] = ["publisher ns", "all threads ns", "wall ns"];
/// CPU of the publishing threads inside their publish calls.
pub(crate) const PUBLISHER: usize = 0;
/// CPU of all threads.
pub(crate) const ALL_THREADS: usize = 1;
/// From the first publish of a burst until every consumer has all of it.
pub(crate) const WALL: usize = 2;

/// What one event cost, in ns.
pub(crate) type Cost = [f64; 3];

/// Brings `load` through a fabric and tells what it cost.
pub(crate) fn run<F: Fabric>((fabric, consumers): Opened<F>, load: Load) -> Cost {
    let consumers = Consumers::start(consumers, load.habit, None);
    let share = load.burst / load.publishers;
    let pools: Vec<_> =
        (0..load.publishers).map(|publisher| sample::events((publisher * share) as i64, share)).collect();
    let burst = (share * load.publishers) as u64;
    let warm_up = load.bursts / 4 + 1;
    let mut spent = [Duration::ZERO; 3];
    let gate = Barrier::new(load.publishers);

    thread::scope(|scope| {
        let helpers: Vec<_> = pools[1..]
            .iter()
            .map(|pool| {
                scope.spawn(|| {
                    let mut spent = Duration::ZERO;
                    for round in 0..warm_up + load.bursts {
                        let ready = pool.to_vec();
                        gate.wait();
                        gate.wait();
                        let cost = publish(&fabric, ready);
                        if round >= warm_up {
                            spent += cost;
                        }
                        gate.wait();
                    }
                    spent
                })
            })
            .collect();
        for round in 0..warm_up + load.bursts {
            let ready = pools[0].clone();
            gate.wait();
            let (process, wall) = (process_cpu(), Instant::now());
            gate.wait();
            let publisher = publish(&fabric, ready);
            while !consumers.have(burst * (round as u64 + 1)) {
                match load.habit {
                    Habit::Polling => thread::yield_now(),
                    Habit::Blocking => thread::sleep(Duration::from_micros(20)),
                }
            }
            if round >= warm_up {
                spent[PUBLISHER] += publisher;
                spent[ALL_THREADS] += process_cpu() - process;
                spent[WALL] += wall.elapsed();
            }
            gate.wait();
        }
        for helper in helpers {
            spent[PUBLISHER] += helper.join().expect("a publisher failed");
        }
    });

    consumers.stop();
    if load.habit == Habit::Blocking {
        fabric.publish(sample::event(STOP));
    }
    consumers.join();
    spent.map(|spent| spent.as_nanos() as f64 / (burst * load.bursts as u64) as f64)
}

/// Publishes these events; gives the CPU time of the calls alone.
fn publish(fabric: &impl Fabric, ready: Vec<Event>) -> Duration {
    let before = thread_cpu();
    for event in ready {
        fabric.publish(event);
    }
    thread_cpu() - before
}
