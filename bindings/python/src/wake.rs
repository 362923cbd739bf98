//! Calling Python back when something has come that it waits for.
//!
//! Where the thread that brings it runs Python, it calls at once. Any other leaves the call to one thread of the
//! process, started when first needed, so that no publisher ever waits for the interpreter.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Wake, Waker};
use std::thread::Thread;

use pyo3::prelude::*;

use crate::gate;

/// A call that is made once.
struct Call(Mutex<Option<Py<PyAny>>>);

/// A waker that calls `wake`.
pub(crate) fn calling(wake: Py<PyAny>) -> Waker {
    Arc::new(Call(Mutex::new(Some(wake)))).into()
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        let call = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(call) = call else { return };
        if gate::is_here() {
            Python::attach(|py| make(py, &call));
        } else {
            Caller::current().leave(call);
        }
    }
}

fn make(py: Python<'_>, call: &Py<PyAny>) {
    if let Err(error) = call.call0(py) {
        error.write_unraisable(py, Some(call.bind(py)));
    }
}

/// A waker that unparks a thread.
pub(crate) fn unparking(thread: Thread) -> Waker {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    Arc::new(Unpark(thread)).into()
}

/// The thread that calls for others, and what it has to do.
#[derive(Default)]
struct Caller {
    state: Mutex<State>,
    came: Condvar,
}

#[derive(Default)]
struct State {
    calls: VecDeque<Py<PyAny>>,
    is_running: bool,
}

static CURRENT: AtomicPtr<Caller> = AtomicPtr::new(std::ptr::null_mut());

impl Caller {
    fn current() -> &'static Self {
        crate::fast::lasting(&CURRENT)
    }

    fn leave(&'static self, call: Py<PyAny>) {
        if !gate::is_open() {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.calls.push_back(call);
        if !state.is_running {
            let builder = std::thread::Builder::new().name("newswire-wake".to_owned());
            state.is_running = builder.spawn(|| self.run()).is_ok();
        }
        drop(state);
        self.came.notify_one();
    }

    fn run(&self) {
        loop {
            let calls = {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                while state.calls.is_empty() {
                    state = self.came.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                std::mem::take(&mut state.calls)
            };
            let made = gate::enter(|py| calls.iter().for_each(|call| make(py, call)));
            if made.is_none() {
                // The interpreter is about to end: what Python waited for, it no longer does.
                std::mem::forget(calls);
                return;
            }
        }
    }
}

/// In a forked child: the thread is the parent's.
pub(crate) fn forked() {
    CURRENT.store(std::ptr::null_mut(), Ordering::SeqCst);
}
