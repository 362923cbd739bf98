//! A sink's place on a bus.
//!
//! The bus holds the handler, the handler holds this, and this knows its place on the bus without holding
//! that: so an attachment lives as long as the bus unless somebody detaches it, and nobody needs to keep the
//! handle.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::Sink;
use crate::bus::{Bus, WeakListener};
use crate::delivery::Gap;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::filter::Filter;
use crate::handler::{Failure, Handler};
use crate::options::{HandlerOptions, check_name};

/// How long ending waits for the sink's current call.
const PATIENCE: Duration = Duration::from_secs(5);

/// A sink's place on a bus; dropping the handle leaves the sink attached.
#[derive(Clone)]
pub struct Attachment(Arc<Attached>);

pub(crate) struct Attached {
    name: String,
    /// `None` once it has been ended.
    sink: Mutex<Option<Box<dyn Sink>>>,
    listener: Mutex<Option<WeakListener>>,
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
        let attached = Arc::new(Attached { name, sink: Mutex::new(Some(sink)), listener: Mutex::new(None) });
        let handler: Arc<dyn Handler> = attached.clone();
        let listener = bus.on_with(Filter::all(), options, handler)?;
        *attached.listener.lock() = Some(listener.weak());
        Ok(Self(attached))
    }

    /// What it is called: the URL's scheme and address, without credentials and options, cut at
    /// [`SubscribeOptions::MAX_NAME`](crate::SubscribeOptions::MAX_NAME) bytes.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Takes the sink off the bus and ends it; what is still queued for it is discarded. Once is enough.
    ///
    /// # Errors
    /// What the sink says while it ends; `TimedOut` where its current call doesn't return.
    pub fn detach(&self) -> Result<()> {
        // Outside the lock, because unsubscribing may wait for a call that has begun.
        let listener = self.0.listener.lock().take();
        if let Some(listener) = listener {
            listener.unsubscribe();
        }
        self.0.finish()
    }
}

impl Handler for Attached {
    fn on_event(&self, event: &Event) -> Result<(), Failure> {
        self.sink.lock().as_mut().map_or(Ok(()), |sink| sink.event(event)).map_err(Failure::from)
    }

    fn on_gap(&self, gap: &Gap) {
        // A sink that can't take an event says so by its books; a gap has no place there.
        let _ = self.sink.lock().as_mut().map_or(Ok(()), |sink| sink.gap(gap));
    }

    fn on_close(&self) {
        // Nobody is left to be told; what `detach` finds, it returns.
        let _ = self.finish();
    }
}

impl Attached {
    /// Flushes and ends the sink, once: what the bus calls after the last event.
    fn finish(&self) -> Result<()> {
        let sink = self.sink.try_lock_for(PATIENCE).map(|mut place| place.take());
        match sink {
            Some(Some(mut sink)) => sink.close(),
            Some(None) => Ok(()),
            None => Err(Error::new(ErrorKind::TimedOut, format!("the sink {:?} is still busy", self.name))),
        }
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Attachment").field(&self.name()).finish()
    }
}
