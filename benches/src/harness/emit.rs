//! A whole emission, from the caller's values to the last free: the publisher's share of it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::machine::{process_cpu, thread_cpu};

/// The columns of [`run`].
pub(crate) const EMIT_COLUMNS: [&str; 2] = ["publisher ns", "all threads ns"];

/// Events of a burst; every peer has room for so many.
pub(crate) const BURST: usize = 1024;

/// When the consumer takes what was emitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taking {
    /// At once, on the other processor: publisher and consumer also meet in the allocator.
    Beside,
    /// After each burst, so that the publisher's own work shows.
    Afterwards,
}

/// CPU per event, in ns, where `emit` builds and publishes one and `poll` is the awake consumer, which
/// tells how many it took, touched and let go.
pub(crate) fn run(
    emit: impl Fn(),
    mut poll: impl FnMut() -> usize + Send,
    taking: Taking,
    bursts: usize,
) -> [f64; 2] {
    let (taken, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let held = AtomicBool::new(false);
    let (warm_up, mut spent) = (bursts / 4 + 1, [Duration::ZERO; 2]);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Acquire) {
                let held = taking == Taking::Afterwards && held.load(Ordering::Acquire);
                match if held { 0 } else { poll() } {
                    0 => thread::yield_now(),
                    count => _ = taken.fetch_add(count as u64, Ordering::Release),
                }
            }
        });
        for burst in 0..warm_up + bursts {
            held.store(true, Ordering::Release);
            let (publisher, process) = (thread_cpu(), process_cpu());
            (0..BURST).for_each(|_| emit());
            let publisher = thread_cpu() - publisher;
            held.store(false, Ordering::Release);
            while taken.load(Ordering::Acquire) < ((burst + 1) * BURST) as u64 {
                thread::yield_now();
            }
            if burst >= warm_up {
                spent[0] += publisher;
                spent[1] += process_cpu() - process;
            }
        }
        stop.store(true, Ordering::Release);
    });
    spent.map(|spent| spent.as_nanos() as f64 / (bursts * BURST) as f64)
}
