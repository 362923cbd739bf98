//! What a publish says, and word of lost events.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// What became of a published event.
#[pyclass(frozen, eq, hash, get_all, module = "newswire._native")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Published {
    seq: Option<u64>,
    matched: u32,
    delivered: u32,
    deferred: u32,
    dropped: u32,
    blocked: u32,
}

impl From<newswire::Published> for Published {
    fn from(published: newswire::Published) -> Self {
        let newswire::Published { seq, matched, delivered, deferred, dropped, blocked } = published;
        Self { seq, matched, delivered, deferred, dropped, blocked }
    }
}

impl Published {
    pub(crate) fn of(py: Python<'_>, published: newswire::Published) -> PyResult<Py<Self>> {
        Py::new(py, Self::from(published))
    }

    /// What a publish says that nobody wanted: always the same object.
    pub(crate) fn nobody(py: Python<'_>) -> PyResult<&Py<Self>> {
        static NOBODY: PyOnceLock<Py<Published>> = PyOnceLock::new();
        NOBODY.get_or_try_init(py, || Self::of(py, newswire::Published::default()))
    }
}

#[pymethods]
impl Published {
    fn __repr__(&self) -> String {
        let seq = self.seq.map_or_else(|| "None".to_owned(), |seq| seq.to_string());
        let Self { matched, delivered, deferred, dropped, blocked, .. } = self;
        format!(
            "Published(seq={seq}, matched={matched}, delivered={delivered}, deferred={deferred}, \
             dropped={dropped}, blocked={blocked})"
        )
    }
}

/// Events that a subscription should have got and didn't.
#[pyclass(frozen, eq, hash, get_all, module = "newswire._native")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Gap {
    first: u64,
    last: u64,
    count: u64,
    reason: &'static str,
}

impl From<newswire::Gap> for Gap {
    fn from(gap: newswire::Gap) -> Self {
        let newswire::Gap { first, last, count, reason } = gap;
        Self { first, last, count, reason: reason.as_str() }
    }
}

#[pymethods]
impl Gap {
    #[classattr]
    fn __match_args__() -> (&'static str, &'static str, &'static str, &'static str) {
        ("first", "last", "count", "reason")
    }

    fn __repr__(&self) -> String {
        let Self { first, last, count, reason } = self;
        format!("Gap(first={first}, last={last}, count={count}, reason={reason:?})")
    }
}
