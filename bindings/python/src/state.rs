//! The interpreter's state of each of our threads, kept from one entry to the next.
//!
//! Made and freed at each entry it costs eight microseconds, sixty times what entering alone does. It is freed when
//! the thread ends, unless the interpreter has begun to end: then it frees all states itself.

#![expect(unsafe_code, reason = "PyO3 makes and frees the state at each entry")]

use pyo3::ffi;

use crate::gate;

/// The state of a thread that isn't in the interpreter now.
struct Kept {
    ensured: ffi::PyGILState_STATE,
    saved: *mut ffi::PyThreadState,
}

thread_local! {
    static KEPT: Option<Kept> = Kept::new();
}

impl Kept {
    /// Enters and leaves the interpreter, but stays known to it; `None` where the thread is in it, or its own.
    fn new() -> Option<Self> {
        // SAFETY: the caller has made sure that the interpreter isn't ending; what `Ensure` gives goes back to
        // `Release` once, on this thread, and `SaveThread` is called while the thread is in the interpreter.
        unsafe {
            if !ffi::PyGILState_GetThisThreadState().is_null() {
                return None;
            }
            let ensured = ffi::PyGILState_Ensure();
            Some(Self { ensured, saved: ffi::PyEval_SaveThread() })
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        gate::unless_ending(|| {
            // SAFETY: the thread left the interpreter by the `SaveThread` that gave this state.
            unsafe {
                ffi::PyEval_RestoreThread(self.saved);
                ffi::PyGILState_Release(self.ensured);
            }
        });
    }
}

/// Makes the thread known to the interpreter until it ends; to be called while that isn't ending.
pub(crate) fn keep() {
    // A thread that is ending itself has no place for it any more.
    let _ = KEPT.try_with(|_| ());
}
