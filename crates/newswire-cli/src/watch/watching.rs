//! The one subscriber that shows events and sums them up.

use newswire::view::{CallMeter, Census, View};
use newswire::{Bus, Delivery, Event, Filter, Gap, Result, SubscribeOptions, Subscription};

use super::summary::Summary;

/// The subscriber that every summary is made of. Whoever publishes has it [catch up](Watching::catch_up), many
/// events at a time: so each costs the least of its way over the bus, and none can be dropped.
pub(crate) struct Watching {
    events: Subscription,
    filter: Filter,
    /// Whether it gets internal events, too.
    internal: bool,
    /// None where nobody asks what it all came to.
    views: Option<Views>,
    missed: u64,
}

/// What was published since somebody caught up.
#[derive(Default)]
pub(crate) struct Unseen {
    events: usize,
    bytes: usize,
}

impl Unseen {
    /// How much may wait to be seen; what the subscription holds is more.
    const MAX_EVENTS: usize = 256;
    const MAX_BYTES: usize = 4 << 20;

    /// Counts one more event; whether it is time to catch up.
    pub(crate) fn add(&mut self, event: &Event) -> bool {
        self.events += 1;
        self.bytes += event.size();
        let is_time = self.events >= Self::MAX_EVENTS || self.bytes >= Self::MAX_BYTES;
        if is_time {
            *self = Self::default();
        }
        is_time
    }
}

/// The ready-made views, as one.
#[derive(Default)]
struct Views {
    census: Census,
    calls: CallMeter,
}

impl Views {
    fn see(&mut self, event: &Event) {
        self.census.see(event);
        // It looks itself for what it needs.
        self.calls.see(event);
    }

    fn miss(&mut self, gap: &Gap) {
        self.census.miss(gap);
        self.calls.miss(gap);
    }
}

impl Watching {
    /// Watches what the filter matches.
    ///
    /// # Errors
    /// Those of [`Bus::subscribe_with`].
    pub(crate) fn on(bus: &Bus, filter: &Filter) -> Result<Self> {
        Ok(Self { views: Some(Views::default()), ..Self::without_summary(bus, filter)? })
    }

    /// Watches what the filter matches, only to show it.
    ///
    /// # Errors
    /// Those of [`Bus::subscribe_with`].
    pub(crate) fn without_summary(bus: &Bus, filter: &Filter) -> Result<Self> {
        let events = subscribe(bus, filter, false)?;
        Ok(Self { events, filter: filter.clone(), internal: false, views: None, missed: 0 })
    }

    /// Whether it would miss the event, being internal: those of recordings count as well. Who wants them needs a
    /// queue of its own, which costs every event more, and few recordings have any.
    pub(crate) fn would_miss(&self, event: &Event) -> bool {
        event.internal() && !self.internal
    }

    /// Watches internal events, too, from now on; all that was published is to have been seen.
    ///
    /// # Errors
    /// Those of [`Bus::subscribe_with`].
    pub(crate) fn watch_internal(&mut self, bus: &Bus) -> Result<()> {
        self.events = subscribe(bus, &self.filter, true)?;
        self.internal = true;
        Ok(())
    }

    /// Sees all that has been published, and shows it to `each`.
    pub(crate) fn catch_up(&mut self, mut each: impl FnMut(Delivery<&Event>)) {
        let Self { events, views, missed, .. } = self;
        let seen = events.visit(usize::MAX, |delivery| {
            match (&delivery, &mut *views) {
                (Delivery::Event(event), Some(views)) => views.see(event),
                (Delivery::Event(_), None) => {}
                (Delivery::Gap(gap), views) => {
                    *missed = missed.saturating_add(gap.count);
                    views.iter_mut().for_each(|views| views.miss(gap));
                }
            }
            each(delivery);
        });
        // An error says that the bus has closed and nothing is left.
        drop(seen);
    }

    /// How many events it has missed.
    pub(crate) fn missed(&self) -> u64 {
        self.missed
    }

    /// What has been seen until now, of recordings that lack so many events; nothing where no summary was asked for.
    pub(crate) fn summary(&self, missing: u64) -> Summary {
        let snapshots = |views: &Views| Summary {
            census: views.census.snapshot(),
            calls: views.calls.snapshot(),
            missing,
        };
        self.views.as_ref().map(snapshots).unwrap_or_default()
    }
}

fn subscribe(bus: &Bus, filter: &Filter, internal: bool) -> Result<Subscription> {
    let options = SubscribeOptions { name: "summary".to_owned(), internal, ..SubscribeOptions::default() };
    bus.subscribe_with(filter.clone(), options)
}
