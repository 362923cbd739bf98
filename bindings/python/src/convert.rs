//! Python's values as JSON bytes, straight from the objects: this is where foreign payloads are checked.
//!
//! Plain JSON types are written here. An object that has `to_dict` is what that gives; for anything else
//! `newswire.events.encode` says what it is as JSON, or that it is none.

use std::cell::Cell;

use newswire::MAX_EVENT_BYTES;
use newswire::json::write_string;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::error::Raise;

/// How deep values may be nested; a cycle is found by it, too.
const DEPTH: usize = 64;

/// One step of the way to a part of a value.
enum Step {
    Key(String),
    Index(usize),
}

/// Why a value has no JSON form.
pub(crate) struct Fault {
    class: &'static str,
    message: String,
    expected: &'static str,
    /// From the inside out.
    way: Vec<Step>,
    cause: Option<PyErr>,
}

impl Fault {
    fn new(message: impl Into<String>, expected: &'static str) -> Box<Self> {
        let message = message.into();
        Box::new(Self { class: "PayloadError", message, expected, way: Vec::new(), cause: None })
    }

    /// The error as raised, for a value that stands at `place`.
    pub(crate) fn into_err(self, py: Python<'_>, place: &str) -> PyErr {
        let mut path = place.to_owned();
        for step in self.way.iter().rev() {
            match step {
                Step::Key(key) => {
                    path.push('.');
                    path.push_str(key);
                }
                Step::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        let expected = (!self.expected.is_empty()).then_some(self.expected);
        let (class, message) = (self.class, &self.message);
        let error = Raise { class, message, path: Some(&path), column: None, expected }.into_err(py);
        error.set_cause(py, self.cause);
        error
    }

    fn within(mut self: Box<Self>, step: Step) -> Box<Self> {
        self.way.push(step);
        self
    }
}

pub(crate) type Written = Result<(), Box<Fault>>;

thread_local! {
    /// Where JSON is written before its size is known.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The largest scratch that a thread keeps.
const KEPT: usize = 64 << 10;

/// The JSON that `write` writes, of something that stands at `place`.
pub(crate) fn written(
    py: Python<'_>,
    place: &str,
    write: impl FnOnce(&mut Vec<u8>) -> Written,
) -> PyResult<Box<str>> {
    // What is converted may publish itself: then it has a scratch of its own.
    let mut out = SCRATCH.take();
    out.clear();
    let result = match write(&mut out) {
        Ok(()) => std::str::from_utf8(&out)
            .map(Box::from)
            .map_err(|_| Fault::new("it is no text", "").into_err(py, place)),
        Err(fault) => Err(fault.into_err(py, place)),
    };
    if out.capacity() <= KEPT {
        SCRATCH.set(out);
    }
    result
}

/// The JSON of a value that stands at `place`.
pub(crate) fn to_json(value: &Bound<'_, PyAny>, place: &str) -> PyResult<Box<str>> {
    written(value.py(), place, |out| write(out, value, DEPTH))
}

/// Writes one member of an object, after a comma where it isn't the first.
pub(crate) fn write_member(out: &mut Vec<u8>, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> Written {
    member(out, key, value, DEPTH - 1)
}

fn write(out: &mut Vec<u8>, value: &Bound<'_, PyAny>, depth: usize) -> Written {
    // Before each value: a text that stands in a list many times over is one object.
    if out.len() > MAX_EVENT_BYTES {
        return Err(too_large());
    }
    if let Ok(value) = value.cast_exact::<PyString>() {
        return string(out, value);
    }
    if value.is_none() {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    if let Ok(value) = value.cast_exact::<PyInt>() {
        return integer(out, value);
    }
    if let Ok(value) = value.cast_exact::<PyBool>() {
        out.extend_from_slice(if value.is_true() { b"true" } else { b"false" });
        return Ok(());
    }
    if let Ok(value) = value.cast_exact::<PyFloat>() {
        return float(out, value.value());
    }
    nested(out, value, depth)
}

#[cold]
fn too_large() -> Box<Fault> {
    let message = format!("an event has at most {MAX_EVENT_BYTES} bytes");
    Box::new(Fault { class: "TooLargeError", ..*Fault::new(message, "") })
}

fn nested(out: &mut Vec<u8>, value: &Bound<'_, PyAny>, depth: usize) -> Written {
    let Some(inner) = depth.checked_sub(1) else {
        let message = format!("values are nested deeper than {DEPTH}, or contain themselves");
        return Err(Fault::new(message, "a payload without cycles"));
    };
    if let Ok(value) = value.cast::<PyDict>() {
        return object(out, value, inner);
    }
    if let Ok(list) = value.cast::<PyList>() {
        return array(out, list.iter(), inner);
    }
    if let Ok(tuple) = value.cast::<PyTuple>() {
        return array(out, tuple.iter(), inner);
    }
    // Subclasses of plain types are what these are, as they are for Python's own `json`.
    if let Ok(value) = value.cast::<PyString>() {
        return string(out, value);
    }
    if let Ok(value) = value.cast::<PyInt>() {
        return integer(out, value);
    }
    if let Ok(value) = value.cast::<PyFloat>() {
        return float(out, value.value());
    }
    let encoded = encoded(value).map_err(|cause| {
        let class = value.get_type().name().map_or_else(|_| "this".to_owned(), |name| name.to_string());
        let mut fault =
            Fault::new(format!("{class} is not JSON"), "dict, list, str, int, float, bool or None");
        fault.cause = (!cause.is_instance_of::<pyo3::exceptions::PyTypeError>(value.py())).then_some(cause);
        fault
    })?;
    write(out, &encoded, inner)
}

/// What stands for an object of no plain type.
fn encoded<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static ENCODE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = value.py();
    if let Some(to_dict) = value.getattr_opt(pyo3::intern!(py, "to_dict"))? {
        return to_dict.call0();
    }
    ENCODE.import(py, "newswire.events", "encode")?.call1((value,))
}

fn object(out: &mut Vec<u8>, value: &Bound<'_, PyDict>, depth: usize) -> Written {
    out.push(b'{');
    let (count, mut members) = (value.len(), value.iter());
    // What stands in it may change it, and so may another thread where there is no lock of the interpreter's.
    let mut next = || with_critical_section(value, || (value.len() == count).then(|| members.next()));
    while let Some((key, value)) = next().ok_or_else(changed)? {
        member(out, &key, &value, depth)?;
    }
    out.push(b'}');
    Ok(())
}

#[cold]
fn changed() -> Box<Fault> {
    Fault::new("the dict has changed while it was read", "a payload that nobody changes meanwhile")
}

fn member(out: &mut Vec<u8>, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>, depth: usize) -> Written {
    let Ok(key) = key.cast::<PyString>() else {
        let class = key.get_type().name().map_or_else(|_| "no str".to_owned(), |name| name.to_string());
        return Err(Fault::new(format!("a key is {class}"), "keys that are str"));
    };
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    string(out, key)?;
    out.push(b':');
    write(out, value, depth).map_err(|fault| fault.within(Step::Key(key.to_string_lossy().into_owned())))
}

fn array<'py>(out: &mut Vec<u8>, items: impl Iterator<Item = Bound<'py, PyAny>>, depth: usize) -> Written {
    out.push(b'[');
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, &item, depth).map_err(|fault| fault.within(Step::Index(index)))?;
    }
    out.push(b']');
    Ok(())
}

fn string(out: &mut Vec<u8>, value: &Bound<'_, PyString>) -> Written {
    let text = value.to_str().map_err(|_| {
        Fault::new("the text has a lone surrogate, which is no character", "text that UTF-8 can hold")
    })?;
    write_string(out, text);
    Ok(())
}

fn integer(out: &mut Vec<u8>, value: &Bound<'_, PyInt>) -> Written {
    let written = match value.extract::<i64>() {
        Ok(number) => serde_json::to_writer(out, &number),
        Err(_) => match value.extract::<u64>() {
            Ok(number) => serde_json::to_writer(out, &number),
            Err(_) => {
                return Err(Fault::new("the integer has more than 64 bits", "-2**63 to 2**64 - 1, or a str"));
            }
        },
    };
    written.map_err(|error| Fault::new(error.to_string(), ""))
}

fn float(out: &mut Vec<u8>, number: f64) -> Written {
    if !number.is_finite() {
        return Err(Fault::new(format!("{} is no JSON number", python_name(number)), "a finite number"));
    }
    // Writing to memory doesn't fail.
    let _ = serde_json::to_writer(out, &number);
    Ok(())
}

fn python_name(number: f64) -> &'static str {
    match number {
        number if number.is_nan() => "nan",
        f64::INFINITY => "inf",
        _ => "-inf",
    }
}
