//! The primitives that the delivery structure is built on, exchangeable for loom's.
//!
//! Everything concurrent in this crate takes its locks, atomics, cells, thread locals and parking from
//! here, so that the models in `models` check the very code that runs. In a model time does not pass, and
//! no threads are started but its own: it does by itself what workers would do.

/// The system's own locks, which are all in their places: a process that forks inherits no table of waiters that
/// another thread was about to change, so what a child makes anew always works.
pub(crate) mod plain {
    pub(crate) use std::sync::MutexGuard;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{PoisonError, TryLockError};
    use std::time::{Duration, Instant};

    /// How often a lock that is held is looked at again at once, each time after twice as long.
    const SPINS: u32 = 3;
    /// How often after that, others being let run in between.
    const YIELDS: u32 = 7;

    /// `std::sync::Mutex`, which stays good where a panic passes through.
    #[derive(Default)]
    pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(std::sync::Mutex::new(value))
        }

        #[inline]
        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.try_lock().unwrap_or_else(|| self.lock_later())
        }

        #[inline]
        fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            match self.0.try_lock() {
                Ok(guard) => Some(guard),
                Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            }
        }

        /// Who holds it lets go within some hundred instructions, unless its core was taken away: so others are let
        /// run a few times before the system is asked to wake this thread, which costs it thousands.
        #[cold]
        fn lock_later(&self) -> MutexGuard<'_, T> {
            for round in 0..SPINS + YIELDS {
                if round < SPINS {
                    (0..2 << round).for_each(|_| std::hint::spin_loop());
                } else {
                    std::thread::yield_now();
                }
                if let Some(guard) = self.try_lock() {
                    return guard;
                }
            }
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    /// `std::sync::Condvar`, likewise, which knows whether anybody waits: std's asks the system at each word, which
    /// costs what a whole publish does, and most words reach nobody. What is waited for must be under the mutex, as it
    /// must be for any: so whoever changed it finds everyone counted that hadn't seen the change.
    #[derive(Default)]
    pub(crate) struct Condvar {
        told: std::sync::Condvar,
        waiting: AtomicUsize,
    }

    impl Condvar {
        pub(crate) const fn new() -> Self {
            Self { told: std::sync::Condvar::new(), waiting: AtomicUsize::new(0) }
        }

        #[inline]
        pub(crate) fn notify_all(&self) {
            if self.waiting.load(Ordering::Relaxed) > 0 {
                self.told.notify_all();
            }
        }

        #[inline]
        pub(crate) fn notify_one(&self) {
            if self.waiting.load(Ordering::Relaxed) > 0 {
                self.told.notify_one();
            }
        }

        /// Waits until told, or the deadline.
        pub(crate) fn wait_until<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            deadline: Instant,
        ) -> MutexGuard<'a, T> {
            self.wait_for(guard, deadline.saturating_duration_since(Instant::now())).0
        }

        /// Waits until told, or for `timeout`; says whether that passed.
        pub(crate) fn wait_for<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            timeout: Duration,
        ) -> (MutexGuard<'a, T>, bool) {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            let (guard, waited) =
                self.told.wait_timeout(guard, timeout).unwrap_or_else(PoisonError::into_inner);
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            (guard, waited.timed_out())
        }
    }
}

#[cfg(not(feature = "loom"))]
mod real {
    pub(crate) use super::plain::{Condvar, Mutex, MutexGuard};
    pub(crate) use std::sync::Arc;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    pub(crate) use std::thread::{Thread, current as current_thread, park, park_timeout};
    pub(crate) use std::thread_local;
    use std::time::{Duration, Instant};

    /// Whether deadlines come.
    pub(crate) const TIME_PASSES: bool = true;

    /// Waits until told, or the deadline.
    pub(crate) fn wait_until<'a, T>(
        condvar: &Condvar,
        guard: MutexGuard<'a, T>,
        deadline: Instant,
    ) -> MutexGuard<'a, T> {
        condvar.wait_until(guard, deadline)
    }

    /// Waits until told, or for `timeout`; says whether that passed.
    pub(crate) fn wait_for<'a, T>(
        condvar: &Condvar,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> (MutexGuard<'a, T>, bool) {
        condvar.wait_for(guard, timeout)
    }

    /// Starts a thread.
    pub(crate) fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        std::thread::Builder::new().name(name).spawn(run).map(drop)
    }

    /// `std::cell::UnsafeCell` with loom's interface.
    pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
        }

        #[inline]
        pub(crate) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
            read(self.0.get())
        }

        #[inline]
        pub(crate) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
            write(self.0.get())
        }

        #[inline]
        pub(crate) fn into_inner(self) -> T {
            self.0.into_inner()
        }
    }
}

#[cfg(feature = "loom")]
mod real {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    pub(crate) use loom::sync::{Arc, MutexGuard};
    use std::sync::PoisonError;
    use std::time::{Duration, Instant};

    pub(crate) const TIME_PASSES: bool = false;

    /// `loom::sync::Mutex` with parking_lot's interface.
    #[derive(Default)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    /// `loom::sync::Condvar` with parking_lot's interface.
    #[derive(Default)]
    pub(crate) struct Condvar(loom::sync::Condvar);

    impl Condvar {
        pub(crate) fn new() -> Self {
            Self(loom::sync::Condvar::new())
        }

        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }

        pub(crate) fn notify_one(&self) {
            self.0.notify_one();
        }
    }

    /// Waits until told.
    pub(crate) fn wait_until<'a, T>(
        condvar: &Condvar,
        guard: MutexGuard<'a, T>,
        _deadline: Instant,
    ) -> MutexGuard<'a, T> {
        condvar.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until told.
    pub(crate) fn wait_for<'a, T>(
        condvar: &Condvar,
        guard: MutexGuard<'a, T>,
        _timeout: Duration,
    ) -> (MutexGuard<'a, T>, bool) {
        (condvar.0.wait(guard).unwrap_or_else(PoisonError::into_inner), false)
    }

    /// `loom::thread_local`, that takes what std's takes.
    macro_rules! locals {
        ($($(#[$meta:meta])* static $name:ident: $type:ty = const { $value:expr };)+) => {
            loom::thread_local! { $($(#[$meta])* static $name: $type = $value;)+ }
        };
        ($($rest:tt)+) => { loom::thread_local! { $($rest)+ } };
    }
    pub(crate) use locals as thread_local;

    /// `std::thread::Thread`, as far as waking it goes. `loom::thread`'s own would also pull a thread out
    /// of its wait for a lock.
    #[derive(Clone)]
    pub(crate) struct Thread(std::sync::Arc<loom::sync::Notify>);

    loom::thread_local! {
        static CURRENT: Thread = Thread(std::sync::Arc::default());
    }

    impl Thread {
        pub(crate) fn unpark(&self) {
            self.0.notify();
        }
    }

    pub(crate) fn current_thread() -> Thread {
        CURRENT.with(Clone::clone)
    }

    /// Waits until unparked; once a model also for no reason, as deadlines do.
    pub(crate) fn park() {
        current_thread().0.wait();
    }

    pub(crate) fn park_timeout(_timeout: Duration) {
        park();
    }

    /// Starts nothing.
    pub(crate) fn spawn(_name: String, _run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

pub(crate) use real::*;

/// Wakes a task. A waker is its executor's code: where that panics, the publish that came upon it goes on.
pub(crate) fn wake(waker: std::task::Waker) {
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| waker.wake()));
}
