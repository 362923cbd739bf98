//! Builds the measuring program as it would be shipped, and runs it.
//!
//! It is a program of its own so that xtask stays small: peers and the core are built only to be measured.

use std::process::{Command, ExitCode};

/// Runs `newswire-benches` with these words; gives its exit code.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--quiet", "--profile", "dist", "--package", "newswire-benches", "--"])
        .args(words)
        .current_dir(crate::root())
        .status();
    match status {
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        Err(error) => {
            eprintln!("cargo could not be started: {error}");
            ExitCode::FAILURE
        }
    }
}
