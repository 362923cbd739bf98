//! What leaves the process: attachments, and receipts of stores.

use std::future::Future;
use std::pin::Pin;

use newswire::LoopThread;
use pyo3::prelude::*;

use crate::ambient;
use crate::error::raised;
use crate::gate::{self, Own};
use crate::options::seconds;
use crate::pending::{Done, Pending};
use crate::published::Published;
use crate::stats;

/// A sink's or store's place on a bus; dropping it leaves it attached.
#[pyclass(frozen, weakref, module = "newswire._native")]
pub(crate) struct Attachment(Own<newswire::Attachment>);

impl Attachment {
    pub(crate) fn new(attachment: newswire::Attachment) -> Self {
        Self(Own::new(attachment))
    }
}

#[pymethods]
impl Attachment {
    #[getter]
    fn name(&self, py: Python<'_>) -> PyResult<&str> {
        Ok(self.0.get(py)?.name())
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        stats::object(py, &self.0.get(py)?.stats())
    }

    /// How many events wait for it.
    fn lag(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.0.get(py)?.lag())
    }

    /// What will be is the moment when all that was published is on the disk.
    #[pyo3(signature = (timeout, /))]
    fn flushing(&self, py: Python<'_>, timeout: f64) -> PyResult<Pending> {
        let (attachment, timeout) = (self.0.get(py)?.clone(), seconds(py, timeout, "timeout")?);
        Ok(Pending::on_thread("flushing", move || attachment.flush(timeout).map(|()| Done::Nothing))?)
    }

    /// Waits until all that was published is on the disk; Ctrl-C interrupts.
    #[pyo3(signature = (timeout=5.0))]
    fn flush(&self, py: Python<'_>, timeout: f64) -> PyResult<()> {
        // In one piece: each piece would wait for what has been published by its beginning.
        self.flushing(py, timeout)?.wait(py, None).map(drop)
    }

    /// What will be is that it was taken off the bus, and has ended.
    fn detaching(&self, py: Python<'_>) -> PyResult<Pending> {
        let attachment = self.0.get(py)?.clone();
        Ok(Pending::on_thread("detaching", move || attachment.detach().map(|()| Done::Nothing))?)
    }

    /// Takes it off the bus, and ends it; on an event loop's thread it waits for nobody.
    fn detach(&self, py: Python<'_>) -> PyResult<()> {
        let (attachment, is_on_loop) = (self.0.get(py)?, ambient::is_on_loop(py)?);
        let detach = || {
            let _on_loop = is_on_loop.then(LoopThread::enter);
            attachment.detach()
        };
        gate::elsewhere(py, detach).map_err(|error| raised(py, &error))
    }
}

/// Word of one event that it is durable, or won't be.
#[pyclass(frozen, weakref, module = "newswire._native")]
pub(crate) struct Receipt(Own<newswire::Receipt>);

impl Receipt {
    pub(crate) fn new(receipt: newswire::Receipt) -> Self {
        Self(Own::new(receipt))
    }
}

#[pymethods]
impl Receipt {
    #[getter]
    fn published(&self, py: Python<'_>) -> PyResult<Published> {
        Ok(self.0.get(py)?.published().into())
    }

    /// `True` where it is durable, `None` while there is no word; raises what kept it from becoming so.
    #[getter]
    fn outcome(&self, py: Python<'_>) -> PyResult<Option<bool>> {
        match self.0.get(py)?.outcome() {
            None => Ok(None),
            Some(Ok(())) => Ok(Some(true)),
            Some(Err(error)) => Err(raised(py, &error)),
        }
    }

    /// What will be is the word.
    fn pending(&self, py: Python<'_>) -> PyResult<Pending> {
        let mut receipt = self.0.get(py)?.clone();
        Ok(Pending::new("await", move |context| Pin::new(&mut receipt).poll(context).map_ok(Done::Published)))
    }
}
