//! Several subscribers of one bus: each has its own filter, queue and pace, and none of them disturbs another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use newswire::{Bus, Delivery, Event, Result, SubscribeOptions};

fn main() -> Result<()> {
    let bus = Bus::new();

    // A user interface: only what people see, pulled when it has time.
    let mut ui = bus.subscribe("message.created")?;
    // A counter, on a worker of the bus; what fails or panics there is counted and harms nobody else.
    let counted = Arc::new(AtomicU64::new(0));
    let counter = counted.clone();
    let metrics = bus.on("*", move |event: &Event| {
        counter.fetch_add(1, Ordering::Relaxed);
        if event.kind().as_str() == "step.failed" { Err("the metrics server is away") } else { Ok(()) }
    })?;
    // A log that nobody reads, with room for three events.
    let narrow = SubscribeOptions { name: "log".into(), buffer: 3, ..SubscribeOptions::default() };
    let mut log = bus.subscribe_with("*", narrow)?;

    let emitter = bus.emitter();
    emitter.message_created("user", "How are you?")?;
    emitter.step("think", None).fail("too hard")?;
    emitter.model_call("scripted-1", "scripted").complete(None)?;
    emitter.message_created("assistant", "Fine.")?;
    bus.close(Duration::from_secs(10)); // what waits to be pulled stays readable

    while let Some(Delivery::Event(event)) = ui.next() {
        println!("ui: {} {}", event.seq(), event.payload_json().unwrap_or_default());
    }
    // Loss is never silent: it is told in its place.
    for delivery in log.by_ref() {
        match delivery {
            Delivery::Event(event) => println!("log: {} {}", event.seq(), event.kind()),
            Delivery::Gap(gap) => {
                println!("log: {} to {} are missing ({})", gap.first, gap.last, gap.reason.as_str())
            }
        }
    }
    let books = log.stats().books;
    println!("log: matched {} = handled {} + dropped {}", books.matched, books.handled, books.dropped);
    let books = metrics.stats().books;
    println!("metrics: called {}, failed {}", counted.load(Ordering::Relaxed), books.failed);
    Ok(())
}
