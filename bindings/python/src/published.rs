//! What a publish says, and word of lost events.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::fast::Last;

/// What became of a published event. Most programs don't keep it: so the last one that was made says what became of
/// the next event, unless somebody has it.
#[pyclass(frozen, eq, hash, module = "newswire._native")]
#[derive(Debug, Default)]
pub(crate) struct Published {
    /// 0 where it has none.
    seq: AtomicU64,
    matched: AtomicU32,
    delivered: AtomicU32,
    deferred: AtomicU32,
    dropped: AtomicU32,
    blocked: AtomicU32,
}

impl PartialEq for Published {
    fn eq(&self, other: &Self) -> bool {
        self.said() == other.said()
    }
}

impl Eq for Published {}

impl Hash for Published {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let newswire::Published { seq, matched, delivered, deferred, dropped, blocked } = self.said();
        (seq, matched, delivered, deferred, dropped, blocked).hash(hasher);
    }
}

impl From<newswire::Published> for Published {
    fn from(published: newswire::Published) -> Self {
        let made = Self::default();
        made.say(published);
        made
    }
}

impl Published {
    pub(crate) fn of(py: Python<'_>, published: newswire::Published) -> PyResult<Py<Self>> {
        static LAST: Last<Published> = Last::new();
        let object = LAST.get(py, || Bound::new(py, Self::default()))?;
        object.get().say(published);
        Ok(object.unbind())
    }

    fn say(&self, published: newswire::Published) {
        let newswire::Published { seq, matched, delivered, deferred, dropped, blocked } = published;
        self.seq.store(seq.unwrap_or(0), Ordering::Relaxed);
        self.matched.store(matched, Ordering::Relaxed);
        self.delivered.store(delivered, Ordering::Relaxed);
        self.deferred.store(deferred, Ordering::Relaxed);
        self.dropped.store(dropped, Ordering::Relaxed);
        self.blocked.store(blocked, Ordering::Relaxed);
    }

    fn said(&self) -> newswire::Published {
        newswire::Published {
            seq: Some(self.seq.load(Ordering::Relaxed)).filter(|seq| *seq > 0),
            matched: self.matched.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
            deferred: self.deferred.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            blocked: self.blocked.load(Ordering::Relaxed),
        }
    }

    /// What a publish says that nobody wanted: always the same object.
    pub(crate) fn nobody(py: Python<'_>) -> PyResult<&Py<Self>> {
        static NOBODY: PyOnceLock<Py<Published>> = PyOnceLock::new();
        NOBODY.get_or_try_init(py, || Py::new(py, Self::default()))
    }
}

#[pymethods]
impl Published {
    #[getter]
    fn seq(&self) -> Option<u64> {
        self.said().seq
    }

    #[getter]
    fn matched(&self) -> u32 {
        self.said().matched
    }

    #[getter]
    fn delivered(&self) -> u32 {
        self.said().delivered
    }

    #[getter]
    fn deferred(&self) -> u32 {
        self.said().deferred
    }

    #[getter]
    fn dropped(&self) -> u32 {
        self.said().dropped
    }

    #[getter]
    fn blocked(&self) -> u32 {
        self.said().blocked
    }

    fn __repr__(&self) -> String {
        let newswire::Published { seq, matched, delivered, deferred, dropped, blocked } = self.said();
        let seq = seq.map_or_else(|| "None".to_owned(), |seq| seq.to_string());
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
