//! The `newswire` command.

use std::process::ExitCode;

use newswire_cli::{Stdio, run};

fn main() -> ExitCode {
    ExitCode::from(run(std::env::args_os(), Stdio::of_process()))
}
