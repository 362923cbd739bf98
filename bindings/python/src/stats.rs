//! Numbers and reports as dictionaries.

use pyo3::prelude::*;
use serde::Serialize;

use crate::decode;
use crate::error::raised;

/// What the facade says of it in JSON, as Python's objects.
pub(crate) fn object<'py>(py: Python<'py>, told: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    let json = newswire_facade::to_json(told).map_err(|error| raised(py, &error))?;
    decode::from_json(py, &json)
}
