//! Automation of the workspace: `cargo xtask COMMAND`.
//!
//! - `bench [--short] [ID...]`: the goals for speed, beside their peers
//! - `soak [--short] [ID...]`: the goals for reliability
//! - `check`: the rules of the house that no compiler checks
//! - `codegen [--check]`: what is made of the catalogue: schemas, the reference page, types of other
//!   languages, samples; with `--check` it only says what is stale
//!
//! `bench` and `soak` print one JSON line a goal on standard output and tables on standard error. A goal
//! that is missed is told by `"pass":false` and leaves the exit code at 0; it is 2 for an unknown command or
//! id. `check` exits with 1 where a rule is broken, `codegen --check` where a file is stale.

mod check;
mod codegen;
mod measure;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND
  bench [--short] [ID...]   goals for speed; all without ids
  soak  [--short] [ID...]   goals for reliability
  check                     layers, unsafe budget, file lengths
  codegen [--check]         what is made of the catalogue";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.split_first() {
        Some((command, words)) if command == "bench" || command == "soak" => measure::run(command, words),
        Some((command, [])) if command == "check" => report(&check::all(root())),
        Some((command, [])) if command == "codegen" => {
            codegen::write(root()).iter().for_each(|told| println!("{told}"));
            ExitCode::SUCCESS
        }
        Some((command, [flag])) if command == "codegen" && flag == "--check" => {
            report(&codegen::check(root()))
        }
        Some((command, [])) if command == "help" || command == "--help" => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// The workspace's folder.
fn root() -> &'static Path {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    crates.and_then(Path::parent).expect("xtask lies two folders below the workspace")
}

fn report(broken: &[String]) -> ExitCode {
    for rule in broken {
        eprintln!("{rule}");
    }
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
