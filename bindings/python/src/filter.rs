//! Which events a subscription wants.

use pyo3::prelude::*;

use crate::argument;
use crate::error::raised;
use crate::event::Event;

/// A filter, parsed.
#[pyclass(frozen, module = "newswire._native")]
pub(crate) struct Filter(newswire::Filter);

#[pymethods]
impl Filter {
    #[new]
    #[pyo3(signature = (text, /))]
    fn parse(py: Python<'_>, text: &Bound<'_, PyAny>) -> PyResult<Self> {
        newswire::Filter::parse(argument::text(text, "filter")?).map(Self).map_err(|error| raised(py, &error))
    }

    #[pyo3(signature = (event, /))]
    fn matches(&self, event: &Bound<'_, PyAny>) -> PyResult<bool> {
        let event = argument::object::<Event>(event, "event", "an Event")?;
        Ok(self.0.matches(event.get().inner()))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("Filter({:?})", self.0.to_string())
    }
}
