//! Which components run, and how the others ended: the loop that everybody writes, as a library part.

use newswire::view::{StatusTracker, Watch};
use newswire::{Bus, Result};

fn main() -> Result<()> {
    let bus = Bus::new();
    let tracker = bus.watch(StatusTracker::new())?;
    let emitter = bus.emitter();

    let agent = emitter.agent("researcher", None);
    let inner = agent.emitter();
    let scraper = inner.tool_call("web_scraper", "c-1", None);
    // The same tool twice at a time: status is kept by span, so that neither hides the other.
    let other = inner.tool_call("web_scraper", "c-2", None);
    scraper.progress("fetched page 3 of 10")?;
    show("while they run", &tracker);

    scraper.complete_with(None, |call| call.duration_ns = Some(12_000_000))?;
    other.fail_with("division by zero", |call| call.duration_ns = Some(4_000_000))?;
    inner.tool_call("delete_all", "c-3", None).cancel("not approved")?;
    show("afterwards", &tracker);
    drop(agent); // dropped while open
    show("at the end", &tracker);
    Ok(())
}

fn show(when: &str, tracker: &Watch<StatusTracker>) {
    let status = tracker.snapshot();
    println!("{when}: {} running, {} failed", status.running, status.failed);
    for one in status.components {
        let said = one.said.map(|said| format!(" ({said})")).unwrap_or_default();
        // What has not told its duration has been measured; so only told ones are shown here.
        let told = one.duration_ns.filter(|_| one.label == "web_scraper");
        let took = told.map(|nanos| format!(" {} ms", nanos / 1_000_000)).unwrap_or_default();
        println!("  {} {}: {}{took}{said}", one.scope, one.label, one.status);
    }
}
