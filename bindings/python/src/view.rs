//! Ready-made subscribers: what can be learned from events as they go by.

use std::sync::Mutex;

use newswire_facade::Watching;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;

use crate::error::{closed, raised};
use crate::gate::{self, Own};

/// A view that watches a bus, until it is stopped or dropped.
#[pyclass(frozen, weakref, module = "newswire._native")]
pub(crate) struct View(Own<Mutex<Option<Watching>>>);

impl View {
    pub(crate) fn open(py: Python<'_>, bus: &newswire::Bus, view: &str, options: &str) -> PyResult<Self> {
        let watching = gate::elsewhere(py, || newswire_facade::watch(bus, view, options));
        watching
            .map(|watching| Self(Own::new(Mutex::new(Some(watching)))))
            .map_err(|error| raised(py, &error))
    }
}

#[pymethods]
impl View {
    /// What has been learned until now, as JSON.
    fn snapshot(&self, py: Python<'_>) -> PyResult<String> {
        let watching = self.0.get(py)?.lock_py_attached(py).unwrap_or_else(|poisoned| poisoned.into_inner());
        let watching = watching.as_ref().ok_or_else(|| closed(py, "the view was stopped"))?;
        watching.snapshot().map_err(|error| raised(py, &error))
    }

    /// Watches no longer.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        let watching =
            self.0.get(py)?.lock_py_attached(py).unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        drop(watching);
        Ok(())
    }
}
