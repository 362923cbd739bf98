//! JSON as Python's values, straight into the objects; what has numbers that no 64 bits hold, by Python's own reader.

use std::cell::Cell;
use std::fmt;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::error::Raise;

/// What the JSON says; it was checked when the event was made.
///
/// Integers are exact, however long. A number with a fraction or exponent that is too large for a float is `inf`.
///
/// # Errors
/// `InvalidError` for an integer of more digits than Python converts (`sys.set_int_max_str_digits`).
pub(crate) fn from_json<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
    let is_rounded = Cell::new(false);
    let mut reader = serde_json::Deserializer::from_str(json);
    match (Value { py, is_rounded: &is_rounded }).deserialize(&mut reader) {
        Ok(value) if !is_rounded.get() => Ok(value),
        // What no 64 bits hold may have been rounded, or was refused since no float holds it.
        _ => by_python(py, json),
    }
}

#[cold]
fn by_python<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (json,)).map_err(|error| {
        if !error.is_instance_of::<PyValueError>(py) {
            return error;
        }
        let message = error.value(py).to_string();
        let expected = Some("an integer of fewer digits; json() and payload_json() have it as text");
        Raise { class: "InvalidError", message: &message, expected, ..Raise::default() }.into_err(py)
    })
}

/// From here on a float may be what an integer was rounded to: 2 to the power of 63.
const BEYOND: f64 = 9_223_372_036_854_775_808.0;

/// As a float it may be what an integer has become, too: `-0` is one.
const MINUS_ZERO: u64 = (-0.0_f64).to_bits();

#[derive(Clone, Copy)]
struct Value<'a, 'py> {
    py: Python<'py>,
    /// Whether an integer may have become a float.
    is_rounded: &'a Cell<bool>,
}

impl<'de, 'py> DeserializeSeed<'de> for Value<'_, 'py> {
    type Value = Bound<'py, PyAny>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de, 'py> Visitor<'de> for Value<'_, 'py> {
    type Value = Bound<'py, PyAny>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.py.None().into_bound(self.py))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(PyBool::new(self.py, value).to_owned().into_any())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(PyInt::new(self.py, value).into_any())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(PyInt::new(self.py, value).into_any())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        if value.abs() >= BEYOND || value.to_bits() == MINUS_ZERO {
            self.is_rounded.set(true);
        }
        Ok(PyFloat::new(self.py, value).into_any())
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(PyString::new(self.py, value).into_any())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let list = PyList::empty(self.py);
        while let Some(item) = items.next_element_seed(self)? {
            list.append(item).map_err(A::Error::custom)?;
        }
        Ok(list.into_any())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let dict = PyDict::new(self.py);
        while let Some(key) = members.next_key_seed(self)? {
            dict.set_item(key, members.next_value_seed(self)?).map_err(A::Error::custom)?;
        }
        Ok(dict.into_any())
    }
}
