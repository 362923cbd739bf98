//! User code that panics where no call of a handler catches it: when an event is freed.

use std::sync::atomic::{AtomicBool, Ordering};

use newswire::{Payload, WhenFull};
use serde::{Deserialize, Serialize};

use super::*;

/// Panics when it is freed, once.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Brittle {
    #[serde(skip)]
    breaks: Arc<AtomicBool>,
}

impl Payload for Brittle {
    fn kind(&self) -> newswire::Kind {
        newswire::Kind::parse("glass.dropped").unwrap()
    }

    fn size_bound(&self) -> usize {
        2
    }
}

impl Drop for Brittle {
    fn drop(&mut self) {
        if self.breaks.swap(false, Ordering::SeqCst) {
            panic!("it breaks");
        }
    }
}

/// A bus with a handler that is the last to hold each event.
fn serving(mode: Mode) -> (Bus, newswire::Listener, Arc<AtomicBool>) {
    let bus = Bus::new();
    let mut options = served(mode);
    options.queue.when_full = WhenFull::DropNewest;
    let listener = bus.on_with("*", options, |_: &Event| ()).unwrap();
    (bus, listener, Arc::new(AtomicBool::new(true)))
}

#[test]
fn a_worker_outlives_a_payload_that_panics_when_it_is_freed() {
    for mode in [Mode::Locked, Mode::Concurrent(2)] {
        let (bus, listener, breaks) = serving(mode);
        bus.publish(Event::of(Brittle { breaks: breaks.clone() }).build().unwrap()).unwrap();
        eventually("it is broken", || !breaks.load(Ordering::SeqCst));
        (0..100).for_each(|_| _ = say(&bus, "run.started", ""));
        eventually("all are handled", || listener.stats().books.handled == 101);
        assert!(bus.close(LONG).complete);
    }
}

#[test]
fn a_publisher_outlives_a_payload_that_panics_when_an_inline_handler_frees_it() {
    let (bus, listener, breaks) = serving(Mode::Inline);
    let published = bus.publish(Event::of(Brittle { breaks: breaks.clone() }).build().unwrap()).unwrap();
    assert_eq!((published.delivered, breaks.load(Ordering::SeqCst)), (1, false));
    let published = say(&bus, "run.started", "");
    assert_eq!((published.delivered, published.deferred), (1, 0));
    assert_eq!(listener.stats().books.handled, 2);
    assert!(bus.close(LONG).complete);
}
