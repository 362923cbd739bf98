//! The shape of PromptKit's Go bus, rendered in Rust: ten workers on one bounded channel of 1,000 events.
//!
//! Publish never waits and drops the newest where the channel is full; each worker calls the listeners of an
//! event one after the other, so events overtake each other. Go starts a goroutine for each call and awaits
//! it up to a timeout; a thread for each call would be far dearer than that, so here the worker calls the
//! listener itself and looks at the time afterwards, which flatters the original.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use newswire::{Event, Kind};
use parking_lot::RwLock;

const WORKERS: usize = 10;
const STRIKES: u64 = 3;
const TIMEOUT: Duration = Duration::from_secs(5);

/// How many events the shared channel holds.
pub(crate) const BUFFER: usize = 1000;

type Call = dyn Fn(&Event) + Send + Sync;

struct Listener {
    call: Box<Call>,
    strikes: AtomicU64,
}

#[derive(Default)]
struct Registry {
    by_kind: HashMap<Kind, Vec<Arc<Listener>>>,
    global: Vec<Arc<Listener>>,
}

/// The bus; its workers end when it is dropped.
pub(crate) struct GoBus {
    events: Sender<Event>,
    sequence: AtomicU64,
    registry: Arc<RwLock<Registry>>,
}

impl GoBus {
    /// A bus with its workers running.
    pub(crate) fn new() -> Self {
        let (events, queue) = bounded(BUFFER);
        let registry = Arc::new(RwLock::new(Registry::default()));
        for _ in 0..WORKERS {
            let (queue, registry) = (queue.clone(), registry.clone());
            thread::spawn(move || work(&queue, &registry));
        }
        Self { events, sequence: AtomicU64::new(0), registry }
    }

    /// Calls `call` for events of `kind`, or for all.
    pub(crate) fn on(&self, kind: Option<Kind>, call: impl Fn(&Event) + Send + Sync + 'static) {
        let listener = Arc::new(Listener { call: Box::new(call), strikes: AtomicU64::new(0) });
        let mut registry = self.registry.write();
        match kind {
            Some(kind) => registry.by_kind.entry(kind).or_default().push(listener),
            None => registry.global.push(listener),
        }
    }

    /// Publishes; false where the event is dropped.
    pub(crate) fn publish(&self, event: Event) -> bool {
        self.sequence.fetch_add(1, Ordering::Relaxed);
        self.events.try_send(event).is_ok()
    }
}

fn work(queue: &Receiver<Event>, registry: &RwLock<Registry>) {
    for event in queue {
        let listeners: Vec<_> = {
            let registry = registry.read();
            registry
                .by_kind
                .get(event.kind())
                .into_iter()
                .flatten()
                .chain(&registry.global)
                .cloned()
                .collect()
        };
        for listener in listeners {
            if listener.strikes.load(Ordering::Relaxed) < STRIKES {
                let began = Instant::now();
                (listener.call)(&event);
                if began.elapsed() > TIMEOUT {
                    listener.strikes.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}
