//! A sink's or store's place on a bus.
//!
//! The bus holds the handler, the handler holds this, and this knows its place on the bus without holding
//! that: so an attachment lives as long as the bus unless somebody detaches it, and nobody needs to keep the
//! handle.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::Serialize;

use super::Sink;
use super::turns::Turns;
use crate::ambient;
use crate::bus::core::Core;
use crate::bus::stats::SubscriptionStats;
use crate::bus::{Bus, WeakListener};
use crate::delivery::Gap;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::filter::Filter;
use crate::handler::{Failure, Handler};
use crate::options::{HandlerOptions, check_name};
use crate::store::receipt::Promise;
use crate::store::{Keeper, StoreStats};
use crate::sync::plain::Mutex;

/// How long ending waits for the sink's current call.
const PATIENCE: Duration = Duration::from_secs(5);

/// A sink's or store's place on a bus; dropping the handle leaves it attached.
#[derive(Clone)]
pub struct Attachment(Place);

#[derive(Clone)]
enum Place {
    Sink(Arc<Attached>),
    /// A store, known by what is told at its end.
    Store {
        name: Arc<str>,
        core: Weak<Core>,
        ended: Arc<Promise>,
    },
}

/// A sink or store at one moment.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct AttachmentStats {
    /// How many events it has taken; of a store, written.
    pub taken: u64,
    /// How many it could not take.
    pub failed: u64,
    /// How many were dropped before it, for want of room in its queue.
    pub dropped: u64,
    /// How many wait for it.
    pub lag: u64,
    /// What is wrong with it; `None` while it is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Whether it was detached, or its bus has closed.
    pub detached: bool,
}

pub(crate) struct Attached {
    name: String,
    /// `None` once it has been ended.
    sink: Turns<Option<Box<dyn Sink>>>,
    listener: Mutex<Option<WeakListener>>,
    /// Whether the bus has had it end, which whoever flushes it may have yet to do.
    is_over: AtomicBool,
    /// What the bus, which had it end, was told by it; whoever detaches it gets that.
    unheard: Mutex<Option<Error>>,
}

impl Attachment {
    pub(super) fn open(
        bus: &Bus,
        name: String,
        sink: Box<dyn Sink>,
        mut options: HandlerOptions,
    ) -> Result<Self> {
        check_name(&name, "name")?;
        if options.queue.name.is_empty() {
            options.queue.name.clone_from(&name);
        }
        let attached = Arc::new(Attached {
            name,
            sink: Turns::new(Some(sink)),
            listener: Mutex::new(None),
            is_over: AtomicBool::new(false),
            unheard: Mutex::new(None),
        });
        let handler: Arc<dyn Handler> = attached.clone();
        let listener = bus.on_with(Filter::all(), options, handler)?;
        *attached.listener.lock() = Some(listener.weak());
        Ok(Self(Place::Sink(attached)))
    }

    pub(super) fn open_store(bus: &Bus, name: String, keeper: Box<dyn Keeper>) -> Result<Self> {
        check_name(&name, "name")?;
        let ended = bus.core.begin_keeping(&name, keeper)?;
        Ok(Self(Place::Store { name: name.into(), core: Arc::downgrade(&bus.core), ended }))
    }

    /// What it is called: the URL's scheme and address, without credentials and options, cut at
    /// [`SubscribeOptions::MAX_NAME`](crate::SubscribeOptions::MAX_NAME) bytes.
    pub fn name(&self) -> &str {
        match &self.0 {
            Place::Sink(sink) => &sink.name,
            Place::Store { name, .. } => name,
        }
    }

    /// This moment's numbers.
    pub fn stats(&self) -> AttachmentStats {
        let gone = AttachmentStats { detached: true, ..AttachmentStats::default() };
        match &self.0 {
            Place::Sink(sink) => {
                let stats = sink.listener.lock().as_ref().and_then(WeakListener::stats);
                let Some(SubscriptionStats { books, last_failure, closed, .. }) = stats else { return gone };
                let failed = books.failed + books.panicked + books.timed_out;
                let lag = books.queued + books.waiting + books.in_flight;
                let (taken, dropped) = (books.handled, books.dropped + books.discarded);
                AttachmentStats { taken, failed, dropped, lag, trouble: last_failure, detached: closed }
            }
            Place::Store { core, ended, .. } => {
                let stats = core.upgrade().and_then(|core| core.stats_of_store(ended));
                let Some(StoreStats { stored, dropped, lag, trouble, .. }) = stats else { return gone };
                let trouble = trouble.map(|trouble| trouble.to_string());
                AttachmentStats { taken: stored, dropped, lag, trouble, ..AttachmentStats::default() }
            }
        }
    }

    /// How many events wait for it.
    pub fn lag(&self) -> u64 {
        self.stats().lag
    }

    /// Waits, up to `timeout`, until a store has all that was published on the disk, whatever its durability is.
    /// A sink hands on what it holds back; what is still queued for it isn't waited for.
    ///
    /// # Errors
    /// `TimedOut`; what kept it from being written or handed on; `Closed` where it was detached; `WouldDeadlock` on a
    /// loop thread, where it could only wait.
    pub fn flush(&self, timeout: Duration) -> Result<()> {
        let closed = || Error::new(ErrorKind::Closed, format!("{:?} was detached", self.name()));
        match &self.0 {
            Place::Sink(sink) => {
                let flush = |place: &mut Option<Box<dyn Sink>>| place.as_mut().ok_or_else(closed)?.flush();
                let flushed = sink.sink.with(patience(timeout), flush);
                // A close on a loop thread doesn't wait for this one to have it end.
                sink.end_if_over(Duration::ZERO);
                flushed.ok_or_else(|| sink.is_busy())?
            }
            Place::Store { core, ended, .. } => {
                core.upgrade().ok_or_else(closed)?.flush_store(ended, timeout)
            }
        }
    }

    /// Takes it off the bus and ends it. What is still queued for a sink is discarded; a store is given up to 5 s
    /// to write it. Once is enough.
    ///
    /// # Errors
    /// What the sink says while it ends; `TimedOut` where its current call doesn't return; as
    /// [`Attachment::flush`] where a store couldn't write everything: it is detached nevertheless. `WouldDeadlock` on a
    /// loop thread: where a sink's call is under way, after which it ends all the same, and a store stays attached,
    /// because what it hasn't written would be lost to it.
    pub fn detach(&self) -> Result<()> {
        match &self.0 {
            Place::Sink(sink) => sink.detach(),
            Place::Store { core, ended, .. } => {
                core.upgrade().map_or(Ok(()), |core| core.detach_store(ended, PATIENCE))
            }
        }
    }
}

impl Attached {
    fn detach(&self) -> Result<()> {
        // Outside the lock, because unsubscribing may wait for a call that has begun.
        let listener = self.listener.lock().take();
        if let Some(listener) = listener {
            listener.unsubscribe();
        }
        self.finish()
    }

    fn is_busy(&self) -> Error {
        let is_on_loop = ambient::on_loop_thread();
        let kind = if is_on_loop { ErrorKind::WouldDeadlock } else { ErrorKind::TimedOut };
        let error = Error::new(kind, format!("the sink {:?} is still busy", self.name));
        if is_on_loop { error.expecting("another thread, which may wait for it") } else { error }
    }
}

impl Handler for Attached {
    fn on_event(&self, event: &Event) -> Result<(), Failure> {
        self.serve(|sink| sink.event(event)).map_err(Failure::from)
    }

    fn on_gap(&self, gap: &Gap) {
        // A sink that can't take an event says so by its books; a gap has no place there.
        let _ = self.serve(|sink| sink.gap(gap));
    }

    fn on_close(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.end_if_over(patience(PATIENCE));
    }
}

impl Attached {
    /// Has the sink do something, as long as that takes others; nothing where it was ended.
    fn serve(&self, serve: impl FnOnce(&mut dyn Sink) -> Result<()>) -> Result<()> {
        let served =
            self.sink.with(Duration::MAX, |place| place.as_mut().map_or(Ok(()), |sink| serve(&mut **sink)));
        served.unwrap_or(Ok(()))
    }

    /// Ends the sink where the bus has had it end, unless another has his turn for longer than `patience`, who then
    /// does it.
    fn end_if_over(&self, patience: Duration) {
        if self.is_over.load(Ordering::Relaxed) {
            // In the same turn, so that whoever detaches it meanwhile finds either the sink or what it said.
            self.sink.with(patience, |place| {
                if let Err(error) = end(place) {
                    *self.unheard.lock() = Some(error);
                }
            });
        }
    }

    /// Flushes and ends the sink, once; says also what it said where the bus has ended it.
    fn finish(&self) -> Result<()> {
        self.sink.with(patience(PATIENCE), end).ok_or_else(|| self.is_busy())??;
        self.unheard.lock().take().map_or(Ok(()), Err)
    }
}

/// How long this thread may wait for its turn.
fn patience(wanted: Duration) -> Duration {
    if ambient::on_loop_thread() { Duration::ZERO } else { wanted }
}

/// Ends the sink that is there.
fn end(place: &mut Option<Box<dyn Sink>>) -> Result<()> {
    place.take().map_or(Ok(()), |mut sink| sink.close())
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Attachment").field(&self.name()).finish()
    }
}
