//! Newswire beside its peers: the goals for speed (`bench`) and for reliability (`soak`).
//!
//! `newswire-benches bench|soak [--short] [ID...]`; without ids, all goals (comparisons run by name only). One JSON line a goal on standard
//! output, tables on standard error. A goal that is missed is a result, told by `"pass":false`: the exit
//! code is 0 then too. It is 2 for an unknown id, 101 where a measurement itself fails.

mod command;
mod contest;
mod fabric;
mod goals;
mod harness;
mod machine;
mod peers;
mod report;
mod sample;
mod scale;
mod soak;
mod structures;

use std::process::ExitCode;

use report::Goal;
use scale::Scale;

fn main() -> ExitCode {
    if soak::child::play() {
        return ExitCode::SUCCESS;
    }
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let scale = if words.iter().any(|word| word == "--short") { Scale::Short } else { Scale::Full };
    words.retain(|word| word != "--short");
    let Some((set, ids)) = words.split_first() else { return usage("say bench or soak") };
    match set.as_str() {
        "bench" => {
            end_at_any_panic();
            // Not for `soak`, which judges the memory, too.
            machine::keep_memory();
            play(goals::GOALS, goals::COMPARISONS, ids, scale)
        }
        "soak" => play(soak::GOALS, &[], ids, scale),
        other => usage(&format!("{other:?} is neither bench nor soak")),
    }
}

/// Runs what these ids name, or all goals.
fn play(goals: &[Goal], comparisons: &[Goal], ids: &[String], scale: Scale) -> ExitCode {
    let known = || goals.iter().chain(comparisons);
    if let Some(unknown) = ids.iter().find(|id| known().all(|(known, _)| known != id)) {
        let known: Vec<&str> = known().map(|(id, _)| *id).collect();
        return usage(&format!("no goal is called {unknown:?}; there are: {}", known.join(" ")));
    }
    if let Some(busy) = machine::busy() {
        eprintln!("{busy}");
    }
    let wanted = |id: &str| ids.iter().any(|wanted| wanted == id);
    for (_, measure) in known().filter(|(id, _)| wanted(id)).chain(goals.iter().filter(|_| ids.is_empty())) {
        measure(scale).iter().for_each(report::Line::print);
    }
    ExitCode::SUCCESS
}

/// A measurement that failed has no result, and its other threads would wait for the one that is gone.
fn end_at_any_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::exit(101);
    }));
}

fn usage(wrong: &str) -> ExitCode {
    eprintln!("{wrong}\nusage: cargo xtask bench|soak [--short] [ID...]");
    ExitCode::from(2)
}
