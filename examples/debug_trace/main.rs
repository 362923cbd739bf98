//! What led to an error: the last events from memory, and the run as a tree.
//!
//! The history is bounded, and costs nothing but memory; a subscription can begin in the past at any time.

use newswire::view::{TraceTree, View};
use newswire::{Bus, BusOptions, Delivery, Result, Start, SubscribeOptions};

fn main() -> Result<()> {
    let bus = Bus::with(BusOptions { history: 1_000, ..BusOptions::default() })?;
    if let Err(error) = work(&bus) {
        println!("failed: {error}");
        dump(&bus)?;
    }
    Ok(())
}

fn work(bus: &Bus) -> std::result::Result<(), String> {
    let emit = |result: Result<newswire::Published>| result.map(drop).map_err(|error| error.to_string());
    let run = bus.emitter().run("report", None);
    let agent = run.emitter().agent("researcher", None);
    emit(agent.emitter().tool_call("search", "c-1", None).complete(serde_json::json!({"hits": 0})))?;
    emit(agent.emitter().tool_call("fetch", "c-2", None).fail("no route to host"))?;
    // Nobody ends the other two: they are canceled when they go out of scope, innermost first.
    Err("nothing was found".into())
}

fn dump(bus: &Bus) -> Result<()> {
    let earliest = SubscribeOptions { start: Start::Earliest, ..SubscribeOptions::default() };
    let mut past = bus.subscribe_with("*", earliest)?;
    let mut tree = TraceTree::new();
    println!("events:");
    while let Some(delivery) = past.try_next()? {
        match delivery {
            Delivery::Event(event) => {
                let name = event.component().map_or("", |component| component.id());
                println!("  {} {} {name}", event.seq(), event.kind());
                tree.see(&event); // a view may be fed by hand, too
            }
            Delivery::Gap(gap) => println!("  {} events are no longer kept", gap.count),
        }
    }
    println!("tree:");
    for node in tree.snapshot().nodes {
        let said = node.said.map(|said| format!(": {said}")).unwrap_or_default();
        println!("  {}{} {} {}{said}", "  ".repeat(node.depth), node.scope, node.label, node.status);
    }
    Ok(())
}
