//! The subscribers' threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use newswire::Event;

use crate::fabric::Consumer;
use crate::machine::stay_on;
use crate::sample::touch;

/// How consumers wait when there is nothing for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// They ask again after giving up the processor: awake, so no publish has to wake them.
    Polling,
    /// They block in the fabric's own wait, as a user's loop over a subscription does.
    Blocking,
}

/// The mark of the event that tells blocking consumers to end.
pub(crate) const STOP: i64 = -1;

/// How many events a consumer takes before it tells how far it is.
const BATCH: usize = 64;

/// One consumer's progress, on a cache line of its own.
#[repr(align(128))]
#[derive(Default)]
struct Progress(AtomicU64);

/// The running consumers.
pub(crate) struct Consumers {
    progress: Arc<[Progress]>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<u64>>,
}

impl Consumers {
    /// Starts one thread a consumer, all on `processor` if that is given.
    pub(crate) fn start<C: Consumer>(consumers: Vec<C>, habit: Habit, processor: Option<usize>) -> Self {
        let progress: Arc<[Progress]> = consumers.iter().map(|_| Progress::default()).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let spawn = |(index, consumer): (usize, C)| {
            let (progress, stop) = (progress.clone(), stop.clone());
            thread::spawn(move || {
                if let Some(processor) = processor {
                    stay_on(processor);
                }
                consume(consumer, habit, &progress[index].0, &stop)
            })
        };
        let threads = consumers.into_iter().enumerate().map(spawn).collect();
        Self { progress, stop, threads }
    }

    /// Whether every consumer has had that many events.
    pub(crate) fn have(&self, count: u64) -> bool {
        self.progress.iter().all(|progress| progress.0.load(Ordering::Acquire) >= count)
    }

    /// Tells polling consumers to end; blocking ones end by the event [`STOP`].
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Waits for their end and makes sure that all saw the same events in the same order.
    pub(crate) fn join(self) {
        let mut orders: Vec<u64> =
            self.threads.into_iter().map(|thread| thread.join().expect("a consumer failed")).collect();
        orders.dedup();
        assert!(orders.len() <= 1, "two consumers disagree about the order of events");
    }
}

/// Takes events until told to stop; gives a digest of what came in which order.
fn consume(mut consumer: impl Consumer, habit: Habit, progress: &AtomicU64, stop: &AtomicBool) -> u64 {
    let (mut count, mut order, mut stopped, mut seq) = (0, 0u64, false, 0);
    while !stopped {
        let mut each = |event: &Event| {
            // Peers give no seq; ours must rise by one.
            assert!(event.seq() == 0 || event.seq() == seq + 1, "an event is missing or out of order");
            seq = event.seq();
            match touch(event) {
                STOP => stopped = true,
                mark => {
                    count += 1;
                    order = order.wrapping_mul(31).wrapping_add(mark.unsigned_abs());
                }
            }
        };
        let taken = match habit {
            Habit::Polling => consumer.poll(BATCH, &mut each),
            Habit::Blocking => consumer.wait(BATCH, &mut each),
        };
        progress.store(count, Ordering::Release);
        if taken == 0 {
            stopped |= stop.load(Ordering::Acquire);
            thread::yield_now();
        }
    }
    order
}
