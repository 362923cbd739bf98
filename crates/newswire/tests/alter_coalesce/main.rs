//! What happens to an event before it has its seq (enrichment, redaction), and to chunks of streams on
//! their way to one subscription.

mod coalescing;
mod enrichment;
mod flushing;
mod redaction;
mod redaction_by_class;

use std::time::{Duration, Instant};

use newswire::catalogue::message::MessageDelta;
use newswire::{Books, Bus, Coalesce, Delivery, Event, Kind, Result, SubscribeOptions};

/// Options that merge, with a window that no test waits out.
fn coalescing() -> SubscribeOptions {
    within(Duration::from_secs(600))
}

fn within(window: Duration) -> SubscribeOptions {
    let coalesce = Some(Coalesce { window, max_bytes: 1 << 16 });
    SubscribeOptions { coalesce, ..SubscribeOptions::default() }
}

fn delta(stream: &str, text: &str) -> Event {
    Event::of(MessageDelta::new(stream, text)).build().unwrap()
}

fn plain(kind: &str) -> Event {
    Event::builder(Kind::parse(kind).unwrap()).build().unwrap()
}

fn publish(bus: &Bus, event: Event) -> Result<u64> {
    Ok(bus.publish(event)?.seq.unwrap_or_default())
}

/// What was delivered, in short: the text of a delta, the kind of anything else, `gap`.
fn shown(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Gap(gap) => format!("gap {}-{} of {}", gap.first, gap.last, gap.count),
        Delivery::Event(event) => match event.payload::<MessageDelta>() {
            Ok(Some(delta)) => format!("{} {}", event.seq(), delta.text),
            _ => format!("{} {}", event.seq(), event.kind().as_str()),
        },
    }
}

fn balanced(books: Books) -> Books {
    assert!(books.balance(), "{books:?}");
    books
}

/// Waits for something that another thread does, as long as a slow machine may take.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
