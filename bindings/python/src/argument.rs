//! Arguments as they come, read where their names are known: what is wrong with one is told with its path.
//!
//! What Python's own functions take is judged by `newswire._arguments`; here are those that programs call directly,
//! and whatever a value has inside.

use pyo3::exceptions::{PyOverflowError, PyUnicodeEncodeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyString};

use crate::error::{Raise, argument};

/// A text.
///
/// # Errors
/// `ArgumentError`, with the column where a character is none.
pub(crate) fn text<'a>(value: &'a Bound<'_, PyAny>, path: &str) -> PyResult<&'a str> {
    let py = value.py();
    let Ok(string) = value.cast::<PyString>() else { return Err(misfit(value, path, "a str")) };
    string.to_str().map_err(|error| {
        let start =
            error.is_instance_of::<PyUnicodeEncodeError>(py).then(|| error.value(py).getattr("start"));
        let start = start.and_then(Result::ok).and_then(|start| start.extract::<usize>().ok());
        let message = "the text has a lone surrogate, which is no character";
        let (path, expected) = (Some(path), Some("text that UTF-8 can hold"));
        Raise { class: "ArgumentError", message, path, column: start.map(|start| start + 1), expected }
            .into_err(py)
    })
}

/// A text, where there is one.
pub(crate) fn optional_text<'a>(
    value: Option<&'a Bound<'_, PyAny>>,
    path: &str,
) -> PyResult<Option<&'a str>> {
    value.filter(|value| !value.is_none()).map(|value| text(value, path)).transpose()
}

/// An integer.
///
/// # Errors
/// `ArgumentError`, also for one that 64 bits can't hold.
pub(crate) fn integer(value: &Bound<'_, PyAny>, path: &str) -> PyResult<i64> {
    value.extract::<i64>().map_err(|error| match error.is_instance_of::<PyOverflowError>(value.py()) {
        true => argument(value.py(), "the integer is too large", path, "an int of 64 bits"),
        false => misfit(value, path, "an int"),
    })
}

/// `True` or `False`.
///
/// # Errors
/// `ArgumentError`.
pub(crate) fn switch(value: &Bound<'_, PyAny>, path: &str) -> PyResult<bool> {
    value.cast::<PyBool>().map(|value| value.is_true()).map_err(|_| misfit(value, path, "True or False"))
}

/// An object of one class.
///
/// # Errors
/// `ArgumentError`.
pub(crate) fn object<'a, 'py, T: pyo3::PyClass>(
    value: &'a Bound<'py, PyAny>,
    path: &str,
    expected: &str,
) -> PyResult<&'a Bound<'py, T>> {
    value.cast::<T>().map_err(|_| misfit(value, path, expected))
}

/// Refuses keywords that there aren't.
///
/// # Errors
/// `ArgumentError` for the first.
pub(crate) fn no_others(others: Option<&Bound<'_, PyDict>>, names: &str) -> PyResult<()> {
    let Some((name, value)) = others.and_then(|others| others.iter().next()) else { return Ok(()) };
    let name = name.to_string();
    Err(argument(value.py(), &format!("there is no keyword {name:?}"), &name, names))
}

/// The error that it is of the wrong type.
pub(crate) fn misfit(value: &Bound<'_, PyAny>, path: &str, expected: &str) -> PyErr {
    let class = value.get_type().name().map_or_else(|_| "this".to_owned(), |name| name.to_string());
    argument(value.py(), &format!("it can't be of type {class}"), path, expected)
}
