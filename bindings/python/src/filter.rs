//! Which events a subscription wants.

use pyo3::prelude::*;

use crate::error::raised;
use crate::event::Event;

/// A filter, parsed.
#[pyclass(frozen, module = "newswire._native")]
pub(crate) struct Filter(newswire::Filter);

#[pymethods]
impl Filter {
    #[new]
    #[pyo3(signature = (text, /))]
    fn parse(py: Python<'_>, text: &str) -> PyResult<Self> {
        newswire::Filter::parse(text).map(Self).map_err(|error| raised(py, &error))
    }

    #[pyo3(signature = (event, /))]
    fn matches(&self, event: &Bound<'_, Event>) -> bool {
        self.0.matches(event.get().inner())
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("Filter({:?})", self.0.to_string())
    }
}
