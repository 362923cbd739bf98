//! Publishing to a consumer that sleeps: what the call takes when it has to wake somebody.

use std::thread;
use std::time::{Duration, Instant};

use super::consumers::{Consumers, Habit, STOP};
use crate::contest::median;
use crate::fabric::{Fabric, Opened};
use crate::machine::stay_on;
use crate::sample;

/// Longer than any fabric's consumer stays awake after its last event.
const FALL_ASLEEP: Duration = Duration::from_micros(400);

/// Wall time of publish calls, in ns: the median of first ones, which find the consumer asleep, and the
/// median of all `burst - 1` further ones, which find it woken already.
pub(crate) fn run<F: Fabric>((fabric, consumers): Opened<F>, bursts: usize, burst: usize) -> [f64; 2] {
    let consumers = Consumers::start(consumers, Habit::Blocking, Some(1));
    // A thread of its own, so that the caller's stays where it likes.
    let times = thread::scope(|scope| scope.spawn(|| publish(&fabric, &consumers, bursts, burst)).join());
    consumers.join();
    times.expect("the publisher failed").map(median)
}

fn publish(fabric: &impl Fabric, consumers: &Consumers, bursts: usize, burst: usize) -> [Vec<f64>; 2] {
    stay_on(0);
    let pool = sample::events(0, burst);
    let [mut first, mut further] = [Vec::new(), Vec::new()];
    for round in 0..bursts {
        while !consumers.have((round * burst) as u64) {
            thread::sleep(Duration::from_micros(20));
        }
        thread::sleep(FALL_ASLEEP);
        for (index, event) in pool.clone().into_iter().enumerate() {
            let before = Instant::now();
            fabric.publish(event);
            let spent = before.elapsed().as_nanos() as f64;
            if index == 0 { first.push(spent) } else { further.push(spent) }
        }
    }
    fabric.publish(sample::event(STOP));
    [first, further]
}
