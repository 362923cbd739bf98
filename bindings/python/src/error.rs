//! The core's errors as Python's: a class for each remedy, with the same fields.

use newswire::{Error, ErrorKind, Rejected};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

/// What a failing call raises.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    Raise {
        class: class_of(error.kind()),
        message: error.message(),
        path: error.path(),
        column: error.column(),
        expected: error.expected(),
    }
    .into_err(py)
}

/// What a failing call raises that gives a value back, which Python still has.
pub(crate) fn rejected<T>(py: Python<'_>, rejected: Rejected<T>) -> PyErr {
    raised(py, &rejected.error)
}

/// An error of one class of `newswire.errors`, with its fields.
#[derive(Default)]
pub(crate) struct Raise<'a> {
    pub(crate) class: &'a str,
    pub(crate) message: &'a str,
    pub(crate) path: Option<&'a str>,
    pub(crate) column: Option<usize>,
    pub(crate) expected: Option<&'a str>,
}

impl Raise<'_> {
    pub(crate) fn into_err(self, py: Python<'_>) -> PyErr {
        self.make(py).unwrap_or_else(|error| error)
    }

    fn make(self, py: Python<'_>) -> PyResult<PyErr> {
        let fields = PyDict::new(py);
        fields.set_item("path", self.path)?;
        fields.set_item("column", self.column)?;
        fields.set_item("expected", self.expected)?;
        let error = errors(py)?.getattr(self.class)?.call((self.message,), Some(&fields))?;
        Ok(PyErr::from_value(error))
    }
}

/// A wrong argument.
pub(crate) fn argument(py: Python<'_>, message: &str, path: &str, expected: &str) -> PyErr {
    let (path, expected) = (Some(path), Some(expected));
    Raise { class: "ArgumentError", message, path, expected, ..Raise::default() }.into_err(py)
}

pub(crate) fn closed(py: Python<'_>, message: &str) -> PyErr {
    Raise { class: "ClosedError", message, ..Raise::default() }.into_err(py)
}

pub(crate) fn timed_out(py: Python<'_>, message: &str) -> PyErr {
    Raise { class: "TimedOutError", message, ..Raise::default() }.into_err(py)
}

/// Waiting here could never end.
pub(crate) fn would_deadlock(py: Python<'_>, message: &str, expected: &str) -> PyErr {
    let expected = Some(expected);
    Raise { class: "WouldDeadlockError", message, expected, ..Raise::default() }.into_err(py)
}

fn class_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::TooLarge => "TooLargeError",
        ErrorKind::Full => "FullError",
        ErrorKind::Closed => "ClosedError",
        ErrorKind::WouldDeadlock => "WouldDeadlockError",
        ErrorKind::TimedOut => "TimedOutError",
        ErrorKind::OutOfRange => "OutOfRangeError",
        ErrorKind::Io => "IoError",
        _ => "InvalidError",
    }
}

fn errors(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = MODULE.get_or_try_init(py, || py.import("newswire.errors").map(Bound::unbind))?;
    Ok(module.bind(py).clone())
}
