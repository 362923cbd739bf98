//! Ready-made subscribers: what most programs would write themselves.
//!
//! Each is a [`View`]: it looks at events and can say at any time what they came to. It may be fed by hand,
//! from a recording for instance, or put on a bus by [`Bus::watch`]. All are bounded, tell what they had to
//! forget, and key on run and span, since labels repeat. Where events have no span, what they are about stands
//! for it: label, call id, turn and step; what begins again after its end is another occurrence. Payloads are
//! read as far as they fit; those with a field that doesn't are counted as unreadable. Of names no more than 512 bytes
//! are kept, of what went wrong 4 KiB.

mod call_tally;
mod calls;
mod census;
mod durations;
mod groups;
mod latency;
mod ledger;
mod occurrence;
mod payload;
mod prices;
mod run;
mod runs;
mod says;
mod status;
mod trace;
mod usage;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

pub use call_tally::{CallTally, CallUsage};
pub use calls::{CallMeter, CallSnapshot};
pub use census::{Census, CensusSnapshot};
pub use latency::{LatencyProfile, LatencyRow, LatencySnapshot};
pub use prices::{Price, Prices};
pub use run::{RunFigures, RunRow, RunState};
pub use runs::{RunTable, RunsSnapshot};
pub use status::{ComponentStatus, StatusSnapshot, StatusTracker};
pub use trace::{TraceNode, TraceSnapshot, TraceTree};
pub use usage::{UsageMeter, UsageSnapshot, UsageTally};

use crate::bus::{Bus, Listener};
use crate::delivery::Gap;
use crate::error::Result;
use crate::event::Event;
use crate::filter::Filter;
use crate::handler::{Failure, Handler};
use crate::options::{HandlerOptions, Mode};

/// What can be learned from events as they go by.
pub trait View: Send + 'static {
    /// What has been learned, at one moment.
    type Snapshot: Serialize;

    /// The events that it needs to see.
    ///
    /// # Errors
    /// Those of [`Filter::parse`], for views of one's own.
    fn filter(&self) -> Result<Filter>;

    /// Looks at the next event.
    fn see(&mut self, event: &Event);

    /// Hears that events are missing here.
    fn miss(&mut self, gap: &Gap);

    /// What has been learned until now.
    fn snapshot(&self) -> Self::Snapshot;
}

/// A view that watches a bus, until it is dropped.
pub struct Watch<V: View> {
    view: Arc<Mutex<V>>,
    listener: Listener,
}

impl<V: View> Watch<V> {
    /// What has been learned until now.
    pub fn snapshot(&self) -> V::Snapshot {
        lock(&self.view).snapshot()
    }

    /// The subscription behind it.
    pub fn listener(&self) -> &Listener {
        &self.listener
    }
}

/// The handler of a watch.
struct Watcher<V>(Arc<Mutex<V>>);

impl<V: View> Handler for Watcher<V> {
    fn on_event(&self, event: &Event) -> std::result::Result<(), Failure> {
        lock(&self.0).see(event);
        Ok(())
    }

    fn on_gap(&self, gap: &Gap) {
        lock(&self.0).miss(gap);
    }
}

/// A view whose `see` panicked goes on with what it has.
fn lock<V>(view: &Mutex<V>) -> MutexGuard<'_, V> {
    view.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bus {
    /// Has `view` watch the bus from now on, in the publishers' threads: its snapshot includes what the
    /// calling thread has published.
    ///
    /// ```
    /// use newswire::Bus;
    /// use newswire::catalogue::Usage;
    /// use newswire::view::UsageMeter;
    ///
    /// let bus = Bus::new();
    /// let meter = bus.watch(UsageMeter::new())?;
    /// let call = bus.emitter().model_call("gpt-5", "openai");
    /// call.complete(Usage::tokens(1_200, 80))?;
    /// assert_eq!(meter.snapshot().total.tokens(), 1_280);
    /// # Ok::<(), newswire::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Bus::on_with`].
    pub fn watch<V: View>(&self, view: V) -> Result<Watch<V>> {
        self.watch_with(view, HandlerOptions { mode: Mode::Inline, ..HandlerOptions::default() })
    }

    /// As [`Bus::watch`], served otherwise: by a worker, or from an earlier event on.
    ///
    /// # Errors
    /// As [`Bus::on_with`].
    pub fn watch_with<V: View>(&self, view: V, options: HandlerOptions) -> Result<Watch<V>> {
        let filter = view.filter()?;
        let view = Arc::new(Mutex::new(view));
        let listener = self.on_with(filter, options, Watcher(view.clone()))?;
        Ok(Watch { view, listener })
    }
}
