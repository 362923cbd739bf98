//! Keywords of calls as the facade's options.

use std::time::Duration;

use newswire::{HandlerOptions, Host, SubscribeOptions};
use newswire_facade::{HandlerSpec, SubscribeSpec};
use pyo3::prelude::*;

use crate::error::{Raise, raised};
use crate::gate;

/// A time in seconds.
pub(crate) fn seconds(py: Python<'_>, seconds: f64, path: &str) -> PyResult<Duration> {
    // What is longer than there is time for is as long as that.
    if seconds > u32::MAX.into() {
        return Ok(Duration::from_secs(u32::MAX.into()));
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| {
        let message = format!("{seconds} is no time that can be waited for");
        let expected = Some("seconds, 0 or more");
        Raise { class: "InvalidError", message: &message, path: Some(path), expected, ..Raise::default() }
            .into_err(py)
    })
}

/// A time in seconds as the facade has it.
pub(crate) fn nanos(py: Python<'_>, time: f64, path: &str) -> PyResult<i64> {
    seconds(py, time, path).map(|time| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX))
}

/// Keywords of a subscription.
pub(crate) struct Queue<'a> {
    pub(crate) name: &'a str,
    pub(crate) when_full: &'a str,
    pub(crate) buffer: i64,
    pub(crate) buffer_bytes: i64,
    pub(crate) max_wait: f64,
    pub(crate) start: Option<&'a str>,
    pub(crate) internal: bool,
    pub(crate) priority: i32,
    pub(crate) coalesce: Option<f64>,
}

impl Queue<'_> {
    fn spec(&self, py: Python<'_>) -> PyResult<SubscribeSpec> {
        let defaults = SubscribeSpec::default();
        Ok(SubscribeSpec {
            name: self.name.to_owned(),
            when_full: self.when_full.to_owned(),
            buffer: self.buffer,
            buffer_bytes: self.buffer_bytes,
            max_wait_ns: nanos(py, self.max_wait, "options.max_wait")?,
            start: self.start.map_or(defaults.start, str::to_owned),
            internal: self.internal,
            priority: self.priority,
            coalesce_ns: self.coalesce.map(|window| nanos(py, window, "options.coalesce")).transpose()?,
            coalesce_bytes: defaults.coalesce_bytes,
        })
    }

    pub(crate) fn options(&self, py: Python<'_>) -> PyResult<SubscribeOptions> {
        self.spec(py)?.options().map_err(|error| raised(py, &error))
    }
}

/// Keywords of a handler.
pub(crate) struct Serving<'a> {
    pub(crate) mode: &'a str,
    pub(crate) key: Option<&'a str>,
    pub(crate) concurrency: Option<i64>,
    pub(crate) timeout: Option<f64>,
    pub(crate) once: bool,
    pub(crate) set_aside_after: Option<i64>,
}

impl Serving<'_> {
    pub(crate) fn options(&self, py: Python<'_>, queue: &Queue<'_>) -> PyResult<HandlerOptions> {
        let spec = HandlerSpec {
            queue: queue.spec(py)?,
            mode: self.mode.to_owned(),
            key: self.key.map(str::to_owned),
            // One call at a time is what the other modes do anyway.
            concurrency: self.concurrency.filter(|calls| *calls != 1 || self.mode == "concurrent"),
            timeout_ns: self.timeout.map(|time| nanos(py, time, "options.timeout")).transpose()?,
            once: self.once,
            set_aside_after: self.set_aside_after,
            ..HandlerSpec::default()
        };
        let mut options = spec.options().map_err(|error| raised(py, &error))?;
        options.host = Some(Host { is_here: gate::is_here, enter });
        Ok(options)
    }
}

/// Calls `serve` with Python, or without where there is none any more: handlers then say so.
fn enter(serve: &mut dyn FnMut()) {
    let mut serve = Some(serve);
    let _ = gate::enter(|_| {
        if let Some(serve) = serve.take() {
            gate::here(serve);
        }
    });
    if let Some(serve) = serve {
        serve();
    }
}

/// Bounds of a queue.
pub(crate) fn bounds(py: Python<'_>, buffer: i64, buffer_bytes: i64) -> PyResult<(usize, usize)> {
    let spec = SubscribeSpec { buffer, buffer_bytes, ..SubscribeSpec::default() };
    let options = spec.options().map_err(|error| raised(py, &error))?;
    Ok((options.buffer, options.buffer_bytes))
}
