//! The thin bus: a first line from publisher to subscriber, to be replaced by the delivery structure.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::*;

#[derive(Default)]
struct Queue {
    items: Mutex<VecDeque<Delivery>>,
    ready: Condvar,
    closed: AtomicBool,
}

type Inline = Arc<dyn Fn(&Event) -> Result<(), String> + Send + Sync>;

enum Target {
    Queue(Arc<Queue>),
    Handler(Inline),
}

struct Entry {
    id: u64,
    filter: Filter,
    internal: bool,
    target: Target,
}

#[derive(Default)]
struct State {
    seq: u64,
    closed: bool,
    next_id: u64,
    entries: Vec<Entry>,
}

/// Takes events, gives each its sequence number, hands them to subscriptions.
#[derive(Clone, Default)]
pub struct Bus(Arc<Mutex<State>>);

impl Bus {
    /// A bus with the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// A bus with these options.
    pub fn with(_options: BusOptions) -> Result<Self> {
        Ok(Self::default())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anybody could want events of `kind`.
    pub fn wants(&self, kind: &Kind) -> bool {
        self.state().entries.iter().any(|entry| entry.filter.admits_kind(kind))
    }

    /// Publishes.
    pub fn publish(&self, event: Event) -> Result<Published, Rejected<Event>> {
        let mut handlers = Vec::new();
        let mut state = self.state();
        if state.closed {
            return Err(Rejected { error: Error::new(ErrorKind::Closed, "the bus is closed"), value: event });
        }
        state.seq += 1;
        let event = event.sequenced(state.seq);
        let mut published = Published { seq: Some(state.seq), ..Published::default() };
        for entry in &state.entries {
            if (entry.internal || !event.internal()) && entry.filter.matches(&event) {
                published.matched += 1;
                published.delivered += 1;
                match &entry.target {
                    Target::Queue(queue) => {
                        queue
                            .items
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push_back(Delivery::Event(event.clone()));
                        queue.ready.notify_one();
                    }
                    Target::Handler(handler) => handlers.push(handler.clone()),
                }
            }
        }
        drop(state);
        for handler in handlers {
            let _ = handler(&event);
        }
        Ok(published)
    }

    /// Subscribes with the default options.
    pub fn subscribe(&self, filter: impl IntoFilter) -> Result<Subscription> {
        self.subscribe_with(filter, SubscribeOptions::default())
    }

    /// Subscribes.
    pub fn subscribe_with(&self, filter: impl IntoFilter, options: SubscribeOptions) -> Result<Subscription> {
        let queue = Arc::new(Queue::default());
        let id = self.add(filter.into_filter()?, options.internal, Target::Queue(queue.clone()));
        Ok(Subscription { bus: self.clone(), id, queue })
    }

    /// Calls `handler` for each matching event.
    pub fn on(
        &self,
        filter: impl IntoFilter,
        handler: impl Fn(&Event) -> Result<(), String> + Send + Sync + 'static,
    ) -> Result<Listener> {
        self.on_with(filter, HandlerOptions::default(), handler)
    }

    /// Calls `handler` for each matching event.
    pub fn on_with(
        &self,
        filter: impl IntoFilter,
        options: HandlerOptions,
        handler: impl Fn(&Event) -> Result<(), String> + Send + Sync + 'static,
    ) -> Result<Listener> {
        let id = self.add(filter.into_filter()?, options.queue.internal, Target::Handler(Arc::new(handler)));
        Ok(Listener { bus: self.clone(), id })
    }

    fn add(&self, filter: Filter, internal: bool, target: Target) -> u64 {
        let mut state = self.state();
        state.next_id += 1;
        let id = state.next_id;
        state.entries.push(Entry { id, filter, internal, target });
        id
    }

    fn remove(&self, id: u64) {
        self.state().entries.retain(|entry| entry.id != id);
    }

    /// Closes.
    pub fn close(&self, _timeout: Duration) {
        let mut state = self.state();
        state.closed = true;
        for entry in &state.entries {
            if let Target::Queue(queue) = &entry.target {
                queue.closed.store(true, Ordering::Release);
                queue.ready.notify_all();
            }
        }
    }
}

/// A bounded queue of matching events.
pub struct Subscription {
    bus: Bus,
    id: u64,
    queue: Arc<Queue>,
}

impl Subscription {
    /// Waits for the next item, up to a timeout.
    ///
    /// # Errors
    /// `TimedOut`; `Closed` when the bus has closed and all has been read.
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Delivery> {
        let deadline = Instant::now() + timeout;
        let mut items = self.queue.items.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(item) = items.pop_front() {
                return Ok(item);
            }
            if self.queue.closed.load(Ordering::Acquire) {
                return Err(Error::new(ErrorKind::Closed, "the subscription has ended"));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::new(ErrorKind::TimedOut, "no event came in time"));
            }
            items = self.queue.ready.wait_timeout(items, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What is there now.
    ///
    /// # Errors
    /// `Closed` when the bus has closed and all has been read.
    pub fn try_next(&mut self) -> Result<Option<Delivery>> {
        match self.next_timeout(Duration::ZERO) {
            Ok(delivery) => Ok(Some(delivery)),
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits for at least one item, takes up to `max` into `into`; 0 = ended.
    pub fn next_batch(&mut self, into: &mut Vec<Delivery>, max: usize) -> usize {
        let Some(first) = self.next() else { return 0 };
        into.push(first);
        let mut taken = 1;
        while taken < max
            && let Ok(Some(delivery)) = self.try_next()
        {
            into.push(delivery);
            taken += 1;
        }
        taken
    }
}

impl Iterator for Subscription {
    type Item = Delivery;

    fn next(&mut self) -> Option<Delivery> {
        loop {
            match self.next_timeout(Duration::from_secs(3600)) {
                Ok(delivery) => return Some(delivery),
                Err(error) if error.kind() == ErrorKind::Closed => return None,
                Err(_) => {}
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.bus.remove(self.id);
    }
}

/// A handler's place on a bus; dropping it unsubscribes.
#[must_use = "dropping it unsubscribes"]
pub struct Listener {
    bus: Bus,
    id: u64,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.bus.remove(self.id);
    }
}
