//! The command line, on the process's own streams.

use std::ffi::OsString;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use newswire_facade::Stdio;
use pyo3::prelude::*;

use crate::gate;

/// The exit codes of a command that came to no end of its own.
const FAILED: u8 = 1;
const INTERRUPTED: u8 = 130;

/// Runs the command that `args` are for, their first being the program's name; gives the exit code. Ctrl-C ends it
/// early, twice at once.
#[pyfunction]
#[pyo3(signature = (args, /))]
pub(crate) fn run(py: Python<'_>, args: Vec<OsString>) -> PyResult<u8> {
    let stdio = Stdio::of_process();
    let stop = stdio.stop.clone();
    let (tell, told) = channel();
    // Only so that a wait without the interpreter's lock may look at it.
    let told = Mutex::new(told);
    std::thread::Builder::new().name("newswire-command".to_owned()).spawn(move || {
        // Who no longer waits was interrupted.
        let _ = tell.send(newswire_facade::run(args, stdio));
    })?;
    loop {
        match gate::elsewhere(py, || {
            let told = told.lock().unwrap_or_else(PoisonError::into_inner);
            told.recv_timeout(Duration::from_millis(50))
        }) {
            Ok(code) => return Ok(code),
            Err(RecvTimeoutError::Disconnected) => return Ok(FAILED),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if py.check_signals().is_err() && stop.swap(true, Ordering::Relaxed) {
            return Ok(INTERRUPTED);
        }
    }
}
