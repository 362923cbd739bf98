//! The life of the process: where the module may be loaded, forks, and the end of the interpreter.

use std::time::{Duration, Instant};

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

use crate::options::seconds;
use crate::{buses, gate, wake};

/// Refuses interpreters beside the main one: the core's threads call into that only.
pub(crate) fn only_the_main_interpreter(py: Python<'_>) -> PyResult<()> {
    let Ok(interpreters) = py.import("_xxsubinterpreters").or_else(|_| py.import("_interpreters")) else {
        return Ok(());
    };
    let main = interpreters.call_method0("get_main")?;
    let current = interpreters.call_method0("get_current")?;
    if main.eq(current)? {
        return Ok(());
    }
    Err(PyImportError::new_err("newswire can be used in the main interpreter only"))
}

/// In a forked child: what there was is the parent's, and ids are drawn anew.
#[pyfunction]
pub(crate) fn after_fork() {
    gate::forked();
    wake::forked();
    buses::forked();
    newswire::reseed_ids();
}

/// Closes all buses, within `timeout` seconds; no native thread calls into Python afterwards.
#[pyfunction]
pub(crate) fn shutdown(py: Python<'_>, timeout: f64) -> PyResult<()> {
    let timeout = seconds(py, timeout, "timeout")?;
    let deadline = Instant::now() + timeout;
    gate::elsewhere(py, || buses::close_all(timeout));
    gate::shut(py, deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(50)));
    Ok(())
}
