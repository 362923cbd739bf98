//! All buses of the process, so that they can be closed at its end.

use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use newswire::{Bus, WeakBus};

type Buses = Mutex<Vec<WeakBus>>;

static CURRENT: AtomicPtr<Buses> = AtomicPtr::new(std::ptr::null_mut());

fn buses() -> MutexGuard<'static, Vec<WeakBus>> {
    crate::fast::lasting(&CURRENT).lock().unwrap_or_else(PoisonError::into_inner)
}

/// In a forked child: those that there were are the parent's, to be closed by it alone.
pub(crate) fn forked() {
    CURRENT.store(std::ptr::null_mut(), Ordering::SeqCst);
}

/// Has the bus closed with all others.
pub(crate) fn remember(bus: &Bus) {
    let mut buses = buses();
    if buses.len() == buses.capacity() {
        buses.retain(|bus| bus.upgrade().is_some());
    }
    buses.push(bus.downgrade());
}

/// Closes all that there are, side by side, and waits up to `timeout` in all.
pub(crate) fn close_all(timeout: Duration) {
    let buses = std::mem::take(&mut *buses());
    let buses: Vec<Bus> = buses.iter().filter_map(WeakBus::upgrade).collect();
    // All begin before the first is waited for.
    let closings: Vec<_> = buses.iter().map(|bus| bus.close_async(timeout)).collect();
    let deadline = Instant::now() + timeout;
    for bus in &buses {
        bus.close(deadline.saturating_duration_since(Instant::now()));
    }
    drop(closings);
}
