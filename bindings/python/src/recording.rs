//! Recordings and stores: reading what is in them, and playing it into a bus.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use newswire::{Delivery, ErrorKind};
use newswire_facade::{Play, PlaySpec, ReadSpec, Reader};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;

use crate::bus::Bus;
use crate::error::{argument, raised, timed_out};
use crate::event::Event;
use crate::gate::{self, Own};
use crate::options::{nanos, seconds};
use crate::pending::{Done, Pending};
use crate::published::Gap;
use crate::{convert, decode, stats};

/// How many items are read at a time, while others have the interpreter.
const AHEAD: usize = 64;

/// What is in a recording or store, in order: an iterator of events and gaps.
#[pyclass(frozen, weakref, module = "newswire._native")]
pub(crate) struct Recording(Own<Mutex<Reading>>);

struct Reading {
    reader: Reader,
    ahead: std::vec::IntoIter<newswire::Result<Delivery>>,
}

#[pymethods]
impl Recording {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let mut reading =
            self.0.get(py)?.lock_py_attached(py).unwrap_or_else(|poisoned| poisoned.into_inner());
        let Reading { reader, ahead } = &mut *reading;
        if ahead.len() == 0 {
            *ahead = gate::elsewhere(py, || reader.take(AHEAD).collect::<Vec<_>>()).into_iter();
        }
        match ahead.next() {
            None => Ok(None),
            Some(Err(error)) => Err(raised(py, &error)),
            Some(Ok(Delivery::Event(event))) => Ok(Some(Bound::new(py, Event::new(event))?.into_any())),
            Some(Ok(Delivery::Gap(gap))) => Ok(Some(Bound::new(py, Gap::from(gap))?.into_any())),
        }
    }

    /// What has been read so far: records, events, what was skipped; `None` of a store.
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let reading = self.0.get(py)?.lock_py_attached(py).unwrap_or_else(|poisoned| poisoned.into_inner());
        reading.reader.report().map(|report| stats::object(py, report)).transpose()
    }
}

fn open(py: Python<'_>, path: &str, spec: &ReadSpec) -> PyResult<Recording> {
    let reader = gate::elsewhere(py, || Reader::open(path, spec)).map_err(|error| raised(py, &error))?;
    Ok(Recording(Own::new(Mutex::new(Reading { reader, ahead: Vec::new().into_iter() }))))
}

/// Opens a recording of any format that is read. `strict` ends at the first broken record; otherwise these are
/// skipped and counted.
#[pyfunction]
#[pyo3(signature = (path, *, strict=true, format=None, filter="", limit=None))]
pub(crate) fn open_recording(
    path: std::path::PathBuf,
    py: Python<'_>,
    strict: bool,
    format: Option<&str>,
    filter: &str,
    limit: Option<i64>,
) -> PyResult<Recording> {
    let broken = if strict { "stop" } else { "skip" };
    let (format, filter) = (format.unwrap_or_default().to_owned(), filter.to_owned());
    let spec = ReadSpec { broken: broken.to_owned(), format, filter, limit, ..ReadSpec::default() };
    open(py, &text(py, &path)?, &spec)
}

/// Reads what a store has: of one bus, or of all.
#[pyfunction]
#[pyo3(signature = (path, *, filter="", start="earliest", limit=None, bus=""))]
pub(crate) fn read_store(
    path: std::path::PathBuf,
    py: Python<'_>,
    filter: &str,
    start: &str,
    limit: Option<i64>,
    bus: &str,
) -> PyResult<Recording> {
    let (filter, start, bus) = (filter.to_owned(), start.to_owned(), bus.to_owned());
    open(py, &text(py, &path)?, &ReadSpec { filter, start, limit, bus, ..ReadSpec::default() })
}

/// The runs that a store has, a dictionary each, the newest last.
#[pyfunction]
#[pyo3(signature = (path, *, bus=None, session=None, begins="", newest=None))]
pub(crate) fn read_runs<'py>(
    path: std::path::PathBuf,
    py: Python<'py>,
    bus: Option<&str>,
    session: Option<&str>,
    begins: &str,
    newest: Option<i64>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let query = PyDict::new(py);
    query.set_item("bus", bus)?;
    query.set_item("session", session)?;
    query.set_item("begins", begins)?;
    query.set_item("newest", newest)?;
    let (path, query) = (text(py, &path)?, convert::to_json(&query, "query")?);
    let runs =
        gate::elsewhere(py, || newswire_facade::runs(&path, &query)).map_err(|error| raised(py, &error))?;
    runs.lines().map(|run| decode::from_json(py, run)).collect()
}

fn text(py: Python<'_>, path: &std::path::Path) -> PyResult<String> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| argument(py, "the path is no text", "path", "text in UTF-8"))
}

/// A recording that is being played into a bus; dropping it stops the play.
#[pyclass(frozen, weakref, module = "newswire._native")]
pub(crate) struct Player(Own<Arc<Play>>);

/// Plays a recording or store into a bus, on a thread of its own. `speed` is how many times as fast as it was
/// recorded, `None` as fast as it goes.
#[pyfunction]
#[pyo3(signature = (bus, source, *, speed=1.0, filter="", max_pause=None, begin="", end="", paused=false))]
#[expect(clippy::too_many_arguments, reason = "the keywords of a call")]
pub(crate) fn play(
    py: Python<'_>,
    bus: &Bound<'_, Bus>,
    source: std::path::PathBuf,
    speed: Option<f64>,
    filter: &str,
    max_pause: Option<f64>,
    begin: &str,
    end: &str,
    paused: bool,
) -> PyResult<Player> {
    let spec = PlaySpec {
        read: ReadSpec { filter: filter.to_owned(), ..ReadSpec::default() },
        pace: pace(speed),
        max_pause_ns: max_pause.map(|pause| nanos(py, pause, "options.max_pause")).transpose()?,
        from: begin.to_owned(),
        to: end.to_owned(),
        paused,
    };
    let (bus, source) = (bus.get().open(py)?, text(py, &source)?);
    let play =
        gate::elsewhere(py, || Play::start(bus, &source, &spec)).map_err(|error| raised(py, &error))?;
    Ok(Player(Own::new(Arc::new(play))))
}

fn pace(speed: Option<f64>) -> String {
    speed.map_or_else(|| "max".to_owned(), |speed| speed.to_string())
}

impl Player {
    fn tell(&self, py: Python<'_>, command: &str) -> PyResult<()> {
        self.0.get(py)?.command(command).map_err(|error| raised(py, &error))
    }
}

#[pymethods]
impl Player {
    fn pause(&self, py: Python<'_>) -> PyResult<()> {
        self.tell(py, "pause")
    }

    fn resume(&self, py: Python<'_>) -> PyResult<()> {
        self.tell(py, "resume")
    }

    /// Plays one event, and stands still again.
    fn step(&self, py: Python<'_>) -> PyResult<()> {
        self.tell(py, "step")
    }

    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        self.tell(py, "stop")
    }

    /// Goes on at a time, or at an offset such as `90s`.
    #[pyo3(signature = (place, /))]
    fn seek(&self, py: Python<'_>, place: &str) -> PyResult<()> {
        self.tell(py, &format!("seek:{place}"))
    }

    /// Goes on at another speed, `None` as fast as it goes.
    #[pyo3(signature = (speed, /))]
    fn set_speed(&self, py: Python<'_>, speed: Option<f64>) -> PyResult<()> {
        self.tell(py, &format!("pace:{}", pace(speed)))
    }

    /// How far it has come.
    fn position<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        stats::object(py, &self.0.get(py)?.position())
    }

    /// Waits for the end, and gives what it came to; Ctrl-C interrupts the wait.
    #[pyo3(signature = (timeout=None))]
    fn wait<'py>(&self, py: Python<'py>, timeout: Option<f64>) -> PyResult<Bound<'py, PyAny>> {
        let play = self.0.get(py)?;
        let timeout = timeout.map_or(Ok(Duration::MAX), |timeout| seconds(py, timeout, "timeout"))?;
        let played = gate::in_slices(py, timeout, |slice| match play.wait(slice) {
            Err(error) if error.kind() == ErrorKind::TimedOut && !slice.is_zero() => None,
            played => Some(played),
        })?;
        match played {
            Some(Ok(played)) => stats::object(py, &played),
            Some(Err(error)) => Err(raised(py, &error)),
            None => Err(timed_out(py, "the play has not ended in time")),
        }
    }

    /// What will be is the end.
    fn pending(&self, py: Python<'_>) -> PyResult<Pending> {
        // Whoever waits holds the play, which stops when nobody does.
        let play = self.0.get(py)?.clone();
        let mut ending = play.ending();
        Ok(Pending::new("await", move |context| {
            let _held = &play;
            Pin::new(&mut ending)
                .poll(context)
                .map(|played| newswire_facade::to_json(&played).map(Done::Told))
        }))
    }
}
