//! How long things take: a histogram for each step and call.

use std::time::Duration;

use newswire::view::LatencyProfile;
use newswire::{Bus, Event, Result};

/// What a step takes, in milliseconds. Guards measure by themselves; a script says it, so that the output
/// is the same every time.
const SCRIPT: [(&str, [u64; 4]); 3] =
    [("context_builder", [2, 2, 3, 2]), ("provider", [420, 380, 2_600, 410]), ("guardrail", [9, 11, 10, 9])];

fn main() -> Result<()> {
    let bus = Bus::new();
    let profile = bus.watch(LatencyProfile::new())?;
    let _slow = bus.on("step.completed and duration > 1s", |event: &Event| {
        println!("slow: {}", event.component().map_or("?", |component| component.id()));
    })?;

    let emitter = bus.emitter();
    for round in 0..4 {
        for (name, durations) in SCRIPT {
            let step = emitter.step(name, None);
            let took = Duration::from_millis(durations[round]);
            step.complete_with(None, |step| step.duration_ns = Some(took.as_nanos() as u64))?;
        }
    }

    bus.close(Duration::from_secs(1));
    println!("{:<16} {:>5} {:>8} {:>8}", "step", "count", "p50", "max");
    for row in profile.snapshot().rows {
        let label = row.label.as_deref().unwrap_or("(others)");
        // Histograms keep two significant digits.
        let ms = |nanos: u64| format!("{:.0} ms", nanos as f64 / 1e6);
        println!("{label:<16} {:>5} {:>8} {:>8}", row.count, ms(row.p50_ns), ms(row.max_ns));
    }
    Ok(())
}
