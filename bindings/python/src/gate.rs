//! When native code may call into Python: never from the exit of the interpreter on, and never for objects that a
//! forked child has inherited.
//!
//! A child has only the thread that forked. Locks of the core that other threads held stay held there for ever, so
//! nothing that was made before the fork is touched again, not even to be dropped.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::error::closed;
use crate::state;

/// How many forks lie between this process and the one that loaded the module.
static FORKS: AtomicU32 = AtomicU32::new(0);
/// Whether the interpreter is about to end.
static SHUT: AtomicBool = AtomicBool::new(false);
/// How many threads of ours are inside Python.
static INSIDE: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Whether this thread runs Python, as far as handlers go: it published from Python, or serves Python's handlers.
    static HERE: Cell<bool> = const { Cell::new(false) };
    /// Whether a thread of ours has entered Python here, rather than Python us.
    static ENTERED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread runs Python.
pub(crate) fn is_here() -> bool {
    HERE.get()
}

/// Whether this thread is Python's own, and in the middle of a publish: what a handler raises can be raised there.
pub(crate) fn is_callers_own() -> bool {
    HERE.get() && !ENTERED.get()
}

/// Runs `call`, in which Python's inline handlers are called on this thread.
#[inline]
pub(crate) fn here<R>(call: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            HERE.set(self.0);
        }
    }
    let _restore = Restore(HERE.replace(true));
    call()
}

/// Runs `call` as code that has let go of Python.
pub(crate) fn elsewhere<R: Send>(py: Python<'_>, call: impl FnOnce() -> R + Send) -> R {
    let before = HERE.replace(false);
    let result = py.detach(call);
    HERE.set(before);
    result
}

/// How long a wait lets signals wait.
pub(crate) const SLICE: Duration = Duration::from_millis(50);

/// Waits without Python, up to `timeout`, by `wait`, which says when it is over; Ctrl-C interrupts.
pub(crate) fn in_slices<R: Send>(
    py: Python<'_>,
    timeout: Duration,
    mut wait: impl FnMut(Duration) -> Option<R> + Send,
) -> PyResult<Option<R>> {
    let deadline = Instant::now().checked_add(timeout);
    loop {
        let left = deadline.map_or(SLICE, |deadline| deadline.saturating_duration_since(Instant::now()));
        let came = elsewhere(py, || wait(left.min(SLICE)));
        py.check_signals()?;
        if came.is_some() || left.is_zero() {
            return Ok(came);
        }
    }
}

/// Whether native threads may still call into Python.
pub(crate) fn is_open() -> bool {
    !SHUT.load(Ordering::SeqCst)
}

/// Runs `call` unless the interpreter is about to end; it doesn't before `call` has returned, as far as there is time.
pub(crate) fn unless_ending<R>(call: impl FnOnce() -> R) -> Option<R> {
    struct Inside;
    impl Drop for Inside {
        fn drop(&mut self) {
            INSIDE.fetch_sub(1, Ordering::SeqCst);
        }
    }
    INSIDE.fetch_add(1, Ordering::SeqCst);
    let _inside = Inside;
    is_open().then(call)
}

/// Runs `call` with Python, on a thread of ours; `None` where the interpreter is about to end, or has.
pub(crate) fn enter<R>(call: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    ENTERED.set(true);
    unless_ending(|| {
        state::keep();
        Python::try_attach(call)
    })?
}

/// Lets no thread of ours into Python any more, and waits for those inside, up to `timeout`.
pub(crate) fn shut(py: Python<'_>, timeout: Duration) {
    SHUT.store(true, Ordering::SeqCst);
    let deadline = Instant::now() + timeout;
    py.detach(|| {
        while INSIDE.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

/// In a forked child: all that there was is the parent's.
pub(crate) fn forked() {
    FORKS.fetch_add(1, Ordering::SeqCst);
    INSIDE.store(0, Ordering::SeqCst);
    HERE.set(false);
}

/// Something of the core's, which the process that made it may use.
pub(crate) struct Own<T> {
    born: u32,
    value: Option<T>,
}

impl<T> Own<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { born: FORKS.load(Ordering::Relaxed), value: Some(value) }
    }

    /// The thing itself, where this process made it.
    #[inline]
    pub(crate) fn mine(&self) -> Option<&T> {
        self.value.as_ref().filter(|_| self.born == FORKS.load(Ordering::Relaxed))
    }

    /// The thing itself.
    ///
    /// # Errors
    /// `ClosedError` in a child of the process that made it.
    #[inline]
    pub(crate) fn get(&self, py: Python<'_>) -> PyResult<&T> {
        self.mine().ok_or_else(|| closed(py, "it was inherited by fork, and belongs to the parent process"))
    }
}

impl<T> Drop for Own<T> {
    fn drop(&mut self) {
        if self.mine().is_none() {
            std::mem::forget(self.value.take());
        }
    }
}
