//! Newswire beside its peers: the goals for speed (`bench`) and for reliability (`soak`).
//!
//! `newswire-benches bench|soak [--short] [ID...]`; without ids, all goals. One JSON line a goal on standard
//! output, tables on standard error. A goal that is missed is a result, told by `"pass":false`: the exit
//! code is 0 then too. It is 2 for an unknown id, 101 where a measurement itself fails.

mod clock;
mod contest;
mod fabric;
mod goals;
mod harness;
mod peers;
mod report;
mod sample;
mod scale;
mod soak;
mod structures;

use std::process::ExitCode;

use goals::Run;
use scale::Scale;

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let scale = if words.iter().any(|word| word == "--short") { Scale::Short } else { Scale::Full };
    words.retain(|word| word != "--short");
    let Some((set, ids)) = words.split_first() else { return usage("say bench or soak") };
    match set.as_str() {
        "bench" => play(goals::GOALS, ids, scale),
        "soak" => play(soak::GOALS, ids, scale),
        other => usage(&format!("{other:?} is neither bench nor soak")),
    }
}

/// Runs the goals of these ids, or all.
fn play(goals: &[(&str, Run)], ids: &[String], scale: Scale) -> ExitCode {
    let known: Vec<&str> = goals.iter().map(|(id, _)| *id).collect();
    if let Some(unknown) = ids.iter().find(|id| !known.contains(&id.as_str())) {
        return usage(&format!("no goal is called {unknown:?}; there are: {}", known.join(" ")));
    }
    for (id, run) in goals {
        if ids.is_empty() || ids.iter().any(|wanted| wanted == id) {
            run(scale).iter().for_each(report::Line::print);
        }
    }
    ExitCode::SUCCESS
}

fn usage(wrong: &str) -> ExitCode {
    eprintln!("{wrong}\nusage: cargo xtask bench|soak [--short] [ID...]");
    ExitCode::from(2)
}
