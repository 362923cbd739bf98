//! How payloads of a kind become objects.
//!
//! What was registered for the kind; else what `newswire.events.decoder_of` says of it, asked once a kind; else
//! they stay dictionaries.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use newswire::Kind;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use crate::decode;
use crate::kinds;

/// By the number of the kind; `None` where they stay dictionaries.
static DECODERS: Mutex<Option<HashMap<usize, Option<Py<PyAny>>>>> = Mutex::new(None);

/// Has payloads of `kind` become what `decode` makes of their dictionary.
#[pyfunction]
#[pyo3(signature = (kind, decode, /))]
pub(crate) fn register_payload(kind: &Bound<'_, PyString>, decode: Py<PyAny>) -> PyResult<()> {
    let kind = kinds::kind_of(kind)?;
    let before = lock().get_or_insert_default().insert(kind.slot(), Some(decode));
    drop(before);
    Ok(())
}

fn lock() -> MutexGuard<'static, Option<HashMap<usize, Option<Py<PyAny>>>>> {
    DECODERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The payload of an event of `kind` whose JSON is `json`.
pub(crate) fn decoded<'py>(py: Python<'py>, kind: &Kind, json: &str) -> PyResult<Bound<'py, PyAny>> {
    let value = decode::from_json(py, json)?;
    match decoder(py, kind)? {
        Some(decoder) if value.is_instance_of::<pyo3::types::PyDict>() => decoder.call1((value,)),
        _ => Ok(value),
    }
}

fn decoder<'py>(py: Python<'py>, kind: &Kind) -> PyResult<Option<Bound<'py, PyAny>>> {
    static DECODER_OF: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let is_numbered = kind.slot() < Kind::INTERNED;
    if is_numbered {
        let decoders = lock();
        if let Some(known) = decoders.as_ref().and_then(|decoders| decoders.get(&kind.slot())) {
            return Ok(known.as_ref().map(|decoder| decoder.bind(py).clone()));
        }
    }
    let found = DECODER_OF.import(py, "newswire.events", "decoder_of")?.call1((kind.as_str(),))?;
    let found = (!found.is_none()).then_some(found);
    if is_numbered {
        // What was registered while that was asked for stays.
        let asked = found.clone().map(Bound::unbind);
        lock().get_or_insert_default().entry(kind.slot()).or_insert(asked);
    }
    Ok(found)
}
