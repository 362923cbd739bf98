//! How long things take: sum and histogram for each middleware, step and call.

use std::time::Duration;

use newswire::view::LatencyProfile;
use newswire::{Bus, Event, Result};

/// What a middleware takes, in milliseconds. Guards measure by themselves; a script says it, so that the output
/// is the same every time.
const SCRIPT: [(&str, [u64; 4]); 3] =
    [("context_builder", [2, 2, 3, 2]), ("provider", [420, 380, 2_600, 410]), ("guardrail", [9, 11, 10, 9])];

fn main() -> Result<()> {
    let bus = Bus::new();
    let profile = bus.watch(LatencyProfile::new())?;
    let _slow = bus.on("middleware.completed and duration > 1s", |event: &Event| {
        println!("slow: {}", event.component().map_or("?", |component| component.id()));
    })?;

    let emitter = bus.emitter();
    for round in 0..4 {
        for (name, durations) in SCRIPT {
            let layer = emitter.middleware(name, None);
            let took = Duration::from_millis(durations[round]);
            layer.complete_with(None, |end| end.duration_ns = Some(took.as_nanos() as u64))?;
        }
    }

    // What has the same name and is something else has a row of its own.
    emitter.step("provider", None).complete_with(None, |step| step.duration_ns = Some(7_000_000))?;

    bus.close(Duration::from_secs(10));
    println!("{:<28} {:>5} {:>8} {:>8} {:>8}", "operation", "count", "total", "p50", "max");
    for row in profile.snapshot().rows {
        let name = format!("{} {}", row.operation, row.label.as_deref().unwrap_or("(others)"));
        // Sums are exact; histograms keep two significant digits.
        let ms = |nanos: u64| format!("{:.0} ms", nanos as f64 / 1e6);
        let total = ms(row.sum_ns);
        println!("{name:<28} {:>5} {total:>8} {:>8} {:>8}", row.count, ms(row.p50_ns), ms(row.max_ns));
    }
    Ok(())
}
